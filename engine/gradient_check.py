"""Gradient check: back-propagation against central differences, (J(w + δ) − J(w − δ)) / 2δ (S1, S2)."""

from dataclasses import dataclass, replace

import numpy as np

from engine.component import Array
from engine.trainer import Trainer


@dataclass(frozen=True)
class GradientCheck:
    """Analytic and numerical gradient of the objective, ``(K, P)`` each, and the layers' places in them."""

    analytic: Array
    numerical: Array
    spans: tuple[slice, ...]
    names: tuple[str, ...]
    """What each parameter is, in words."""

    @property
    def relative_error(self) -> Array:
        """‖a − n‖ / (‖a‖ + ‖n‖) of every network; below 1e-7 is right, above 1e-3 is a bug (in float64)."""
        return self._error(slice(None))

    @property
    def layer_errors(self) -> Array:
        """The same for every weight layer, ``(K, layers)``."""
        return np.stack([self._error(span) for span in self.spans], axis=1)

    @property
    def worst(self) -> tuple[str, ...]:
        """The parameter of each network that differs most, relative to the larger of its two gradients and the mean."""
        size = np.maximum(np.abs(self.analytic), np.abs(self.numerical))
        size = size + size.mean(axis=1, keepdims=True) + 1e-300
        places = np.argmax(np.abs(self.analytic - self.numerical) / size, axis=1)
        return tuple(self.names[place] for place in places)

    @np.errstate(all="ignore")
    def _error(self, span: slice) -> Array:
        analytic, numerical = self.analytic[:, span], self.numerical[:, span]
        difference = np.linalg.norm(analytic - numerical, axis=1)
        size = np.linalg.norm(analytic, axis=1) + np.linalg.norm(numerical, axis=1)
        return np.asarray(difference / np.where(size > 0, size, 1))


@np.errstate(all="ignore")
def check(trainer: Trainer, delta: float = 1e-6) -> GradientCheck:
    """Check the gradient of the objective of the networks as they are, on their whole training part.

    The objective is the data loss with the penalties that act through the gradient; random disturbances (dropout,
    noise) are switched off, batch normalization uses the statistics of the training part. The check runs in float64,
    whatever the trainer's own type, and changes nothing in it. At a kink (a ReLU's z = 0) the two rightly differ.
    """
    calm = [replace(spec, regularizers=tuple(r for r in spec.regularizers if not r.random)) for spec in trainer.specs]
    twin = Trainer(trainer.data, *calm, dtype=np.float64)
    network = twin.network
    network.parameters[...] = trainer.network.parameters
    x, targets = twin.x[:, twin.train_part], twin.targets[:, twin.train_part]
    layout = twin.layout(x.shape[1], training=True)

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
    numerical = np.empty_like(analytic)
    for index in range(analytic.shape[1]):
        kept = network.parameters[:, index].copy()
        network.parameters[:, index] = kept + delta
        above = objective()
        network.parameters[:, index] = kept - delta
        numerical[:, index] = (above - objective()) / (2 * delta)
        network.parameters[:, index] = kept
    return GradientCheck(analytic, numerical, tuple(network.spans), tuple(_names(trainer)))


def _names(trainer: Trainer) -> list[str]:
    names = []
    for layer, blocks in enumerate(trainer.network.blocks):
        for block, (_, (rows, columns)) in blocks.items():
            for row in range(rows):
                for column in range(columns):
                    if block != "weights":
                        names.append(f"layer {layer + 1}, {block} of unit {row + 1}")
                    elif trainer.network.has_bias(layer) and column == columns - 1:
                        names.append(f"layer {layer + 1}, bias of unit {row + 1}")
                    else:
                        names.append(f"layer {layer + 1}, weight from {column + 1} to unit {row + 1}")
    return names
