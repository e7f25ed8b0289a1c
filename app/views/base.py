"""What a page can look at beside the frames: a view is one class, and says what it sends.

A page looks at some views of one panel (command `look`): they are computed only for whoever looks, every few frames.
Or it asks for one once (command `ask`), for instance when it costs too much to be done again and again. Either way
the answer is a binary message, whose kind is the view's id.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, is_dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, TypeVar

import numpy as np

from app import frames
from engine import Data, Trainer
from engine.component import Array, Component

if TYPE_CHECKING:
    from app.panel import Panel

# Type, shape and description of an array, see `app.frames`.
Tensor = tuple[str, str, str]


@dataclass(frozen=True)
class Scene:
    """What there is to see: the panels of a session, which of them is looked at, the points, and which of the panel's
    networks is meant where it has several seeds."""

    panels: Sequence["Panel"]
    place: int
    data: Data
    seed: int = 0

    @property
    def panel(self) -> "Panel":
        return self.panels[self.place]

    @cached_property
    def trainer(self) -> Trainer:
        """A trainer of one network, to be looked at and not to be changed; all seeds are in ``panel.trainer``. Of
        several seeds it is a copy, which is made once."""
        return self.panel.alone(self.seed)


@dataclass(frozen=True)
class Seen:
    """What a view sends: arrays, and texts beside them."""

    arrays: dict[str, Array]
    about: dict[str, str] = field(default_factory=dict)


class View(Component):
    """Base of all views. Subclasses are frozen dataclasses; their fields are what a page chooses about them."""

    family: ClassVar[str] = "views"
    every: ClassVar[int] = 2
    """Frames from one message to the next while it trains; 0: never by itself, only when asked for."""
    tensors: ClassVar[dict[str, Tensor]] = {}
    """The arrays it sends, by name."""
    about: ClassVar[dict[str, str]] = {}
    """The metadata it sends beside `run`, `panel`, `seed` and `epoch`, by name."""

    @abstractmethod
    def show(self, scene: Scene) -> Seen | None:
        """What there is to see now; None if nothing is. Raises Refused where it makes no sense for the panel."""


V = TypeVar("V", bound=View)
VIEWS: dict[str, type[View]] = {}


def view(cls: type[V]) -> type[V]:
    """Register a view (used as a decorator). Raises TypeError if it does not explain itself or its id is taken."""
    if not is_dataclass(cls) or not cls.id or not cls.description or cls.id in VIEWS:
        raise TypeError(f"{cls.__name__} needs to be a dataclass with an id of its own and a description")
    VIEWS[cls.id] = cls
    return cls


@np.errstate(all="ignore")  # a network that overflows is an event, not a warning
def message(chosen: View, scene: Scene, run: int, epoch: float) -> bytes | None:
    """The binary message of a view; None if there is nothing to see. Raises Refused."""
    seen = chosen.show(scene)
    if seen is None:
        return None
    about = {"kind": chosen.id, "run": str(run), "panel": str(scene.panel.id), "epoch": str(epoch)}
    about["seed"] = str(scene.seed)
    return frames.encode(seen.arrays, about | seen.about)
