"""Gradient check: back-propagation against central differences, (J(w + δ) − J(w − δ)) / 2δ (S1, S2)."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from engine.component import Array
from engine.trainer import Trainer

RIGHT = 1e-7
"""A relative error below this is as small as rounding allows (in float64)."""
WRONG = 1e-3
"""A relative error above this is a mistake in the derivative; between the two, kinks and rounding are suspects, too."""

WORK = 6e8  # multiplications that `affordable` allows, about 0.15 s
OVERHEAD = 80_000  # as many multiplications as a pass costs besides its own


class Parameter(NamedTuple):
    """Which one a parameter is: its weight layer, from 0; ``weights``, ``bias``, or the block it belongs to; the row
    (for weights and biases that of [W b], otherwise the unit); and for weights the column, else 0."""

    layer: int
    block: str
    row: int
    column: int

    def __str__(self) -> str:
        if self.block == "weights":
            return f"layer {self.layer + 1}, weight from {self.column + 1} to unit {self.row + 1}"
        return f"layer {self.layer + 1}, {self.block} of unit {self.row + 1}"


@dataclass(frozen=True)
class GradientCheck:
    """Analytic and numerical gradient of the objective for the parameters that were checked, ``(K, C)`` each, and the
    layers' places in them."""

    analytic: Array
    numerical: Array
    spans: tuple[slice, ...]
    parameters: tuple[Parameter, ...]
    points: int = 0
    """How many training points the objective was taken over."""

    @property
    def names(self) -> tuple[str, ...]:
        """What each parameter is, in words."""
        return tuple(map(str, self.parameters))

    @property
    def relative_error(self) -> Array:
        """‖a − n‖ / (‖a‖ + ‖n‖) of every network; below `RIGHT` is right, above `WRONG` is a bug (in float64)."""
        return self._error(slice(None))

    @property
    def layer_errors(self) -> Array:
        """The same for every weight layer, ``(K, layers)``."""
        return np.stack([self._error(span) for span in self.spans], axis=1)

    def worst_in(self, span: slice) -> Array:
        """The place ``(K,)`` of the parameter that differs most, relative to the larger of its two gradients and the
        mean of these. Raises ValueError where none was checked."""
        analytic, numerical = self.analytic[:, span], self.numerical[:, span]
        size = np.maximum(np.abs(analytic), np.abs(numerical))
        size = size + size.mean(axis=1, keepdims=True) + 1e-300
        return np.asarray(np.argmax(np.abs(analytic - numerical) / size, axis=1) + (span.start or 0))

    @property
    def worst(self) -> tuple[str, ...]:
        """The worst parameter of each network, in words; none where none was checked."""
        if not self.parameters:
            return ()
        return tuple(str(self.parameters[place]) for place in self.worst_in(slice(None)))

    @np.errstate(all="ignore")
    def _error(self, span: slice) -> Array:
        analytic, numerical = self.analytic[:, span], self.numerical[:, span]
        difference = np.linalg.norm(analytic - numerical, axis=1)
        size = np.linalg.norm(analytic, axis=1) + np.linalg.norm(numerical, axis=1)
        return np.asarray(difference / np.where(size > 0, size, 1))


@np.errstate(all="ignore")
def check(
    trainer: Trainer,
    delta: float = 1e-6,
    sample: int | None = None,
    points: int | None = None,
    rng: np.random.Generator | None = None,
) -> GradientCheck:
    """Check the gradient of the objective of the networks as they are, on the training points, each once.

    The objective is the data loss with the penalties that act through the gradient; random disturbances (dropout,
    noise) are left out, batch normalization uses the statistics of the points it is taken over. What is switched off
    (`engine.ablation`) has no gradient and is not checked, so that a layer may have no parameters to check; frozen
    layers have one and are. The check runs in float64, whatever the trainer's own type, and changes nothing in it. At a
    kink (a ReLU's z = 0) the two rightly differ.

    The numerical gradient costs two forward passes a parameter. With ``sample`` at most so many parameters of each
    layer are checked, with ``points`` on at most so many training points, both drawn by ``rng`` (equal ones for equal
    seeds, which is the default); see `affordable`.
    """
    rng = rng or np.random.default_rng(0)
    calm = [replace(spec, regularizers=tuple(r for r in spec.regularizers if not r.random)) for spec in trainer.specs]
    twin = Trainer(trainer.data, *calm, dtype=np.float64)
    network = twin.network
    twin.switch(trainer.network.off)
    network.parameters[...] = trainer.network.parameters
    chosen = np.arange(twin.n_train)
    if points is not None and points < len(chosen):
        chosen = np.sort(rng.choice(chosen, points, replace=False))
    x, targets = np.ascontiguousarray(twin.x[:, chosen]), twin.targets[:, chosen]
    layout = twin.layout(len(chosen), training=True)

    def objective() -> Array:
        loss = np.broadcast_to(twin.loss.loss(layout.forward(x), targets), (network.networks,))
        penalties = (r.smooth_penalty(network.parameters, twin.mask) for r in twin.regularizers)
        return loss + sum(penalties, np.zeros(network.networks))

    d = twin.loss.gradient(layout.forward(x), targets, layout.d_logits)
    layout.backward(np.multiply(d, layout.one_over_m, out=d))
    analytic = network.gradients.copy()
    for regularizer in twin.regularizers:
        penalty = regularizer.gradient(network.parameters, twin.mask, np.empty_like(analytic))
        if penalty is not None:
            analytic += penalty
    places = [_drawn(span, network.still, sample, rng) for span in network.spans]
    flat = np.concatenate(places)
    numerical = np.empty((network.networks, len(flat)))
    for index, place in enumerate(flat):
        kept = network.parameters[:, place].copy()
        network.parameters[:, place] = kept + delta
        above = objective()
        network.parameters[:, place] = kept - delta
        numerical[:, index] = (above - objective()) / (2 * delta)
        network.parameters[:, place] = kept
    ends = np.cumsum([0, *map(len, places)]).tolist()
    spans = tuple(slice(*ends[layer : layer + 2]) for layer in range(len(places)))
    names = _names(trainer)
    return GradientCheck(analytic[:, flat], numerical, spans, tuple(names[place] for place in flat), len(chosen))


def affordable(trainer: Trainer) -> tuple[int, int]:
    """How many parameters of each layer, and how many training points, `check` can take in about 0.15 s: all of a small
    network, at most 300 a layer (and never fewer than 8, or 16 points, which the largest networks pay for)."""
    size, layers = trainer.network.parameters.size, len(trainer.network.spans)
    points = int(min(trainer.n_train, max(16, 500_000 // size)))
    return int(min(300, max(8, WORK // (2 * layers * (size * points + OVERHEAD))))), points


def check_now(trainer: Trainer) -> GradientCheck:
    """The check of a network as it stands, as large as is `affordable`. What is drawn depends on the number of updates,
    so that the same network always gets the same answer and asking again later checks others."""
    sample, points = affordable(trainer)
    return check(trainer, sample=sample, points=points, rng=np.random.default_rng(trainer.steps))


def _drawn(span: slice, still: Array | None, sample: int | None, rng: np.random.Generator) -> Array:
    places = np.arange(span.start, span.stop)
    if still is not None:
        places = places[~still[span]]
    if sample is None or sample >= len(places):
        return places
    return np.sort(rng.choice(places, sample, replace=False))


def _names(trainer: Trainer) -> list[Parameter]:
    names = []
    for layer, blocks in enumerate(trainer.network.blocks):
        for block, (_, (rows, columns)) in blocks.items():
            for row in range(rows):
                for column in range(columns):
                    bias = block == "weights" and trainer.network.has_bias(layer) and column == columns - 1
                    names.append(Parameter(layer, "bias" if bias else block, row, 0 if bias else column))
    return names
