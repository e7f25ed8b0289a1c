"""Ablation: units, single weights and biases that are switched off, to see what they are there for.

A unit that is off hands on 0 in training and in prediction: all weights that lead from it are 0, and so is the shortcut
of a residual layer. An output that is off is 0: all that leads to it is 0. A weight or bias that is off is 0. What has
been put to 0 is set aside and comes back as it was. Until then nothing of it moves: gradients through what is off are
0, and what belongs to a unit that is off (the weights that lead to it, its bias, its own parameters) stays as it is
and does not count in the penalty. The parameters themselves are 0 meanwhile, so that nothing else in the engine has to
know, and nothing is paid for while nothing is off.
"""

from dataclasses import dataclass
from typing import Any, Self

Link = tuple[int, int, int | None]


@dataclass(frozen=True)
class Off:
    """What is off. ``units`` are counted through from the inputs to the outputs; ``links`` are (weight layer, row,
    column), with None for the column the row's bias (with batch normalization its β)."""

    units: frozenset[int] = frozenset()
    links: frozenset[Link] = frozenset()

    def __len__(self) -> int:
        return len(self.units) + len(self.links)

    def with_switched(self, off: "Off", on: bool) -> "Off":
        """This and all of ``off``, or with ``on`` this without it."""
        if on:
            return Off(self.units - off.units, self.links - off.links)
        return Off(self.units | off.units, self.links | off.links)

    def plain(self) -> dict[str, Any]:
        """As JSON values, in order."""
        links = sorted(self.links, key=lambda link: (link[0], link[1], -1 if link[2] is None else link[2]))
        return {"units": sorted(self.units), "links": [list(link) for link in links]}

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Self:
        """The reverse of `plain`."""
        return cls(frozenset(plain["units"]), frozenset((layer, row, column) for layer, row, column in plain["links"]))
