"""What every part of a network has in common: a name, a formula, an explanation and parameters with legal ranges.

A component is one frozen dataclass. Its class attributes say what it is, in both languages; its fields are its
parameters, and each field's annotation carries the legal range (``annotated_types``) and a `Setting` that explains it.
The catalog, the validation, the controls in the page, the link and the tests are all read from here, so that
a new method is written down in exactly one place.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, ClassVar, Generic, Literal, NamedTuple, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array: TypeAlias = NDArray[Any]


class Text(NamedTuple):
    """One sentence or label in English and in Simplified Chinese."""

    en: str
    zh: str


@dataclass(frozen=True)
class Setting:
    """Annotation of a field that a user can change: what it is called, what it does, and how a control shows it.

    ``live`` fields can change while a network trains; the others need a fresh start.
    ``suggestions`` are values worth trying, in order; ``compare`` are values worth seeing side by side.
    ``options`` are the choices of a ``Literal`` field with their names. ``control`` is the kind of control a page needs
    where the field's type does not say it.
    """

    label: Text
    description: Text
    scale: Literal["linear", "log"] = "linear"
    step: float | None = None
    suggestions: tuple[float | str, ...] = ()
    compare: tuple[float, ...] = ()
    unit: str = ""
    live: bool = False
    group: str = "network"
    options: tuple[tuple[str | int, Text], ...] = ()
    control: str = ""


class Refused(ValueError):
    """Settings that are legal one by one but make no sense together. ``field`` is the one to change, ``position`` the
    character of it that is at fault, counted from 0, where it is a text."""

    def __init__(self, field: str, reason: Text, position: int | None = None) -> None:
        super().__init__(f"{field}: {reason.en}")
        self.field = field
        self.reason = reason
        self.position = position


class Component:
    """Base of all components. Subclasses are frozen dataclasses whose fields are their parameters."""

    family: ClassVar[str] = ""
    id: ClassVar[str]
    label: ClassVar[Text]
    formula: ClassVar[str]
    description: ClassVar[Text]
    suits: ClassVar[Text | None] = None
    """When to use it,"""
    fails: ClassVar[Text | None] = None
    """and when it fails; both where there is something to choose between."""

    @classmethod
    def stack(cls, components: Sequence[Self], dtype: DTypeLike, axes: int) -> Self:
        """One component that acts for K networks at once.

        A float parameter in which they differ becomes an array that broadcasts along the population axis: shape
        ``(K, 1, …)`` with ``axes`` trailing ones. Raises ValueError where they differ in anything else.
        """
        first = components[0]
        if any(type(component) is not type(first) for component in components):
            raise ValueError(f"networks of one population must share their {first.family}")
        stacked: dict[str, Array] = {}
        for field in fields(first):  # type: ignore[arg-type]
            values = [getattr(component, field.name) for component in components]
            if len(set(values)) > 1:
                if not all(isinstance(value, int | float) for value in values) or all(map(_whole, values)):
                    raise ValueError(f"networks of one population must share {first.id}.{field.name}: {values}")
                stacked[field.name] = np.array(values, dtype).reshape((-1,) + (1,) * axes)
        return replace(first, **stacked) if stacked else first  # type: ignore[type-var]


def _whole(value: object) -> bool:
    return isinstance(value, int)


C = TypeVar("C", bound=Component)
D = TypeVar("D", bound=Component)


class Registry(Mapping[str, type[C]], Generic[C]):
    """The components of one family by id, in the order in which they are presented."""

    def __init__(self, family: str, label: Text) -> None:
        self.family = family
        self.label = label
        self._classes: dict[str, type[C]] = {}

    def add(self, cls: type[D]) -> type[D]:
        """Register a component class (used as a decorator). Raises TypeError if it does not explain itself."""
        for attribute in ("id", "label", "formula", "description"):
            if not getattr(cls, attribute, None):
                raise TypeError(f"{cls.__name__} has no {attribute}")
        if not is_dataclass(cls):
            raise TypeError(f"{cls.__name__} is not a dataclass")
        if cls.family != self.family:
            raise TypeError(f"{cls.__name__} belongs to {cls.family}, not {self.family}")
        if cls.id in self._classes:
            raise TypeError(f"{self.family} already has {cls.id!r}")
        self._classes[cls.id] = cls
        return cls

    def remove(self, component_id: str) -> None:
        """Forget a component (for tests and notebooks that add one for a while)."""
        del self._classes[component_id]

    def __getitem__(self, component_id: str) -> type[C]:
        return self._classes[component_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)
