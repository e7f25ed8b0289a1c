"""What "vary…" can do: turn one network into several that differ in exactly one thing.

Read from the specs: every number and every choice of a network can be varied, and every parameter of a chosen
component. Width, depth and activation act on all hidden layers at once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, get_args, get_origin

from annotated_types import Interval, Len

from app.schema import fields_of, parse
from engine import CATALOG
from engine.component import Component, Text
from engine.spec import HiddenLayer, NetworkSpec


@dataclass(frozen=True)
class Variation:
    """One thing to vary: ``apply`` gives the network with another value of it. ``hint`` is what a value must be."""

    id: str
    label: Text
    description: Text
    hint: Any
    family: str | None
    values: tuple[Any, ...]
    apply: Callable[[NetworkSpec, Any], NetworkSpec]


def _width(spec: NetworkSpec, value: int) -> NetworkSpec:
    layers = spec.hidden or (HiddenLayer(),)
    return replace(spec, hidden=tuple(replace(layer, width=value) for layer in layers))


def _depth(spec: NetworkSpec, value: int) -> NetworkSpec:
    last = spec.hidden[-1] if spec.hidden else HiddenLayer()
    return replace(spec, hidden=(spec.hidden + (last,) * value)[:value])


def _activation(spec: NetworkSpec, value: Any) -> NetworkSpec:
    return replace(spec, hidden=tuple(replace(layer, activation=value) for layer in spec.hidden or (HiddenLayer(),)))


def _field(name: str) -> Callable[[NetworkSpec, Any], NetworkSpec]:
    return lambda spec, value: replace(spec, **{name: value})


def _parameter(name: str, cls: type[Component], parameter: str) -> Callable[[NetworkSpec, Any], NetworkSpec]:
    def apply(spec: NetworkSpec, value: Any) -> NetworkSpec:
        current = getattr(spec, name)
        component: Any = current if type(current) is cls else cls()
        return _field(name)(spec, replace(component, **{parameter: value}))

    return apply


def _only(name: str) -> Callable[[NetworkSpec, Any], NetworkSpec]:
    """For a set of components: exactly this one."""
    return lambda spec, value: _field(name)(spec, (value,))


def _member_parameter(name: str, cls: type[Component], parameter: str) -> Callable[[NetworkSpec, Any], NetworkSpec]:
    """For a set of components: this parameter of one of them, which joins the set if it is not there."""

    def apply(spec: NetworkSpec, value: Any) -> NetworkSpec:
        members: list[Any] = list(getattr(spec, name))
        if not any(type(member) is cls for member in members):
            members.append(cls())
        for place, member in enumerate(members):
            if isinstance(member, cls):
                members[place] = replace(member, **{parameter: value})  # type: ignore[type-var]
        return _field(name)(spec, tuple(members))

    return apply


def _base(hint: Any) -> tuple[Any, bool]:
    """What an annotation holds, and whether it holds a set of them."""
    base = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return (get_args(base)[0], True) if get_origin(base) is tuple else (base, False)


def _family(base: Any) -> str | None:
    return base.family if isinstance(base, type) and issubclass(base, Component) else None


def variations() -> Iterator[Variation]:
    """Everything that can be varied now, in the order in which it is offered."""
    network = {name: (hint, setting) for name, hint, setting, _ in fields_of(NetworkSpec)}
    layer = {name: (hint, setting) for name, hint, setting, _ in fields_of(HiddenLayer)}
    hint, setting = layer["width"]
    assert setting
    yield Variation(
        "width",
        Text("Width of the hidden layers", "隐藏层宽度"),
        Text("Few units draw simple boundaries, many can draw any.", "单元少则边界简单，单元多则可任意复杂。"),
        hint,
        None,
        setting.compare,
        _width,
    )
    hidden = network["hidden"][0]
    limits = next(item for item in get_args(hidden) if isinstance(item, Len))
    yield Variation(
        "depth",
        Text("Number of hidden layers", "隐藏层数"),
        Text("The same width, more or fewer layers.", "宽度不变，增减层数。"),
        Annotated[int, Interval(ge=limits.min_length, le=limits.max_length)],
        None,
        (0, 1, 2, 4),
        _depth,
    )
    hint, setting = layer["activation"]
    assert setting
    yield Variation("activation", setting.label, setting.description, hint, _family(_base(hint)[0]), (), _activation)
    for name, (hint, setting) in network.items():
        if setting is None or name in ("hidden", "features"):
            continue
        base, several = _base(hint)
        family = _family(base)
        values: tuple[Any, ...] = (False, True) if base is bool else setting.compare
        if family or values:
            apply = _only(name) if several else _field(name)
            yield Variation(name, setting.label, setting.description, base if several else hint, family, values, apply)
        for cls in CATALOG[family].values() if family else ():
            for parameter, inner, shown, _ in fields_of(cls):
                if shown and shown.compare:
                    label = Text(f"{cls.label.en}: {shown.label.en}", f"{cls.label.zh}：{shown.label.zh}")
                    make = _member_parameter if several else _parameter
                    apply = make(name, cls, parameter)
                    yield Variation(
                        f"{name}.{cls.id}.{parameter}", label, shown.description, inner, None, shown.compare, apply
                    )


def vary(spec: NetworkSpec, variation: Variation, values: list[Any]) -> tuple[NetworkSpec, ...]:
    """Copies of ``spec`` that differ in one thing. Raises Invalid for an illegal value."""
    return tuple(variation.apply(spec, parse(variation.hint, value)) for value in values)


def bounds(hint: Any) -> Interval | None:
    """The range in an annotation."""
    metadata = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((item for item in metadata if isinstance(item, Interval)), None)
