"""A panel of a session: a network on screen, or several that differ in their seeds alone, and what is shown of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine import NetworkSpec, Trainer
from engine.component import Array
from engine.crew import Crew


@dataclass
class Panel:
    """See the module."""

    id: int
    own: Trainer
    """Its counters are always right; its numbers are behind while it trains in a crew."""
    copy_of: int | None = None
    diverged: bool = False
    stopped: bool = False
    """Early stopping has ended it."""
    boundary: Array | None = None
    """The last boundary with finite numbers, which stays on screen when the network diverges."""
    predicted: Array | None = None
    crew: Crew | None = None
    """Who it trains with."""
    disagreement: Array | None = None
    """How much several networks disagreed on that boundary."""
    memory: dict[Any, Array] = field(default_factory=dict, init=False)
    """What views keep from one message to the next; nothing depends on it but how smooth they look."""
    _single: Trainer | None = field(default=None, init=False)

    @property
    def trainer(self) -> Trainer:
        """The trainer, up to date."""
        if self.crew is not None:
            self.crew.settle()
        return self.own

    @property
    def spec(self) -> NetworkSpec:
        """The network's, of several the first one's."""
        return self.own.specs[0]

    @property
    def seeds(self) -> int:
        """How many networks there are."""
        return len(self.own.specs)

    def alone(self, seed: int) -> Trainer:
        """One of the networks, to be looked at: where there are several, a trainer that stands as it stands now."""
        if self.seeds == 1:
            return self.trainer
        single, trainer = self._single, self.trainer
        if single is None or single.specs[0] != trainer.specs[seed] or single.data is not trainer.data:
            single = self._single = trainer.alone(seed)
        else:
            single.go_with(trainer, seed)
        return single


# Networks with numbers, and for each trainer the panels that show them: the panels of a crew are seen at once.
Groups = Sequence[tuple[Trainer, list[Panel]]]


def shares(values: Array, panels: Sequence[Panel]) -> Sequence[Array]:
    """What belongs to each panel of values ``(K, …)``: one network's if there are several panels, else all."""
    return [values] if len(panels) == 1 else [values[place : place + 1] for place in range(len(panels))]
