"""How large an experiment may be on this server: as large as the engine can, or less where the settings say so."""

from dataclasses import dataclass

from app.schema import Invalid, Problem
from engine import Data, Experiment
from engine.own import MAX_POINTS
from engine.spec import MAX_DEPTH, MAX_PANELS, MAX_WIDTH

MAX_UPDATES = 1e6  # a second, which no core reaches
MAX_CHECKPOINT = 16 * 1024 * 1024  # bytes
MAX_MOMENT = 1024 * 1024  # bytes of a message that is not the first one of its connection, whatever it is


@dataclass(frozen=True)
class Bounds:
    """The most that one session may have."""

    panels: int = MAX_PANELS
    depth: int = MAX_DEPTH
    width: int = MAX_WIDTH
    points: int = MAX_POINTS
    updates: float = MAX_UPDATES
    """A second, of all networks together."""
    checkpoint: int = MAX_CHECKPOINT
    """Bytes of a checkpoint."""

    @property
    def moment(self) -> int:
        """Bytes of a checkpoint that a session which has begun can be told to go to."""
        return min(self.checkpoint, MAX_MOMENT)

    def check(self, experiment: Experiment, data: Data) -> None:
        """Raises Invalid, with the place and the bound, for an experiment that is larger."""
        if len(experiment.panels) > self.panels:
            raise Invalid(Problem(("panels",), "too_many_panels", {"maximum": self.panels}))
        if len(data.labels) > self.points:
            params = {"value": len(data.labels), "minimum": 1, "maximum": self.points}
            raise Invalid(Problem(("data", "samples"), "too_large", params))
        found = []
        for place, spec in enumerate(experiment.panels):
            where = ("panels", place, "hidden")
            if len(spec.hidden) > self.depth:
                found.append(Problem(where, "too_long", {"maximum": self.depth}))
            for layer, hidden in enumerate(spec.hidden):
                if hidden.width > self.width:
                    params = {"value": hidden.width, "minimum": 1, "maximum": self.width}
                    found.append(Problem((*where, layer, "width"), "too_large", params))
        if found:
            raise Invalid(*found)


BOUNDS = Bounds()
