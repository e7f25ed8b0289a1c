"""Crews: trainers of single networks that are stepped together, as one population, because that costs far less.

Most of what a small network's update takes are NumPy's calls, and a population of K makes K times fewer of them. A
crew's members stay trainers of their own: between two turns of training each is brought up to date and can be looked
at, changed or taken elsewhere; it would have come to the same digits alone.
"""

from collections.abc import Sequence

from engine.component import Array
from engine.trainer import Trainer

NARROWEST = 2  # units of a layer; a stack's products with a single row or column may round differently


def kind(trainer: Trainer) -> object:
    """What trainers of one crew have in common; None for one that has to train alone.

    Alone is who has randomness of its own, watches itself (early stopping), searches along lines, has something
    switched off or already is a population, and whoever stands within an epoch where no batch begins.
    """
    spec = trainer.specs[0]
    if (
        type(trainer) is not Trainer
        or trainer.network.networks != 1
        or trainer.rows is not None
        or trainer.stopping is not None
        or trainer.optimizer.line_search
        or any(regularizer.random for regularizer in trainer.regularizers)
        or min(trainer.network.sizes) < NARROWEST
        or trainer.network.off
        or not trainer.between_batches
    ):
        return None
    return (
        id(trainer.data),
        trainer.counters,
        spec.batch_size,
        spec.features,
        spec.preprocessing,
        spec.fit_on_all,
        tuple((layer.width, type(layer.activation), layer.strength) for layer in spec.hidden),
        spec.residual,
        spec.batch_norm,
        spec.frozen,
        spec.regularize_biases,
        spec.output_strength,
        trainer.loss,
        type(spec.optimizer),
        type(spec.schedule),
        tuple(type(regularizer) for regularizer in spec.regularizers),
    )


class Crew:
    """Trainers of one `kind` in lock-step. Raises ValueError if they differ in more than a population can."""

    def __init__(self, members: Sequence[Trainer]) -> None:
        self.members = list(members)
        self.population = Trainer(members[0].data, *(member.specs[0] for member in members), dtype=members[0].dtype)
        for place, member in enumerate(members):
            self.population.take(member, 0, place)
        self.population.join(members[0])
        self._behind = False

    @property
    def finite(self) -> Array:
        """Which members have only finite parameters, ``(K,)``."""
        return self.population.finite

    def advance(self, target: float, updates: int) -> bool:
        """See `Trainer.advance`. The members' counters move along; their numbers stay behind until `settle`."""
        before = self.population.steps
        arrived = self.population.advance(target, updates)
        if self.population.steps != before:
            self._behind = True
            for member in self.members:
                member.count_with(self.population)
        return arrived

    def settle(self) -> None:
        """Bring every member up to date."""
        if not self._behind:
            return
        self._behind = False
        for place, member in enumerate(self.members):
            member.take(self.population, place, 0)
            member.join(self.population)


def crews(trainers: Sequence[Trainer]) -> list[tuple[Crew | Trainer, list[int]]]:
    """Those who can train together in crews, everybody else alone; with each the places of its members, in order."""
    groups: dict[object, list[int]] = {}
    for place, trainer in enumerate(trainers):
        key = kind(trainer)
        groups.setdefault(("alone", place) if key is None else key, []).append(place)
    found: list[tuple[Crew | Trainer, list[int]]] = []
    for places in groups.values():
        members = [trainers[place] for place in places]
        try:
            if len(places) > 1:
                found.append((Crew(members), places))
                continue
        except ValueError:  # they differ in something that a population has to share
            pass
        found += [(member, [place]) for member, place in zip(members, places, strict=True)]
    return found
