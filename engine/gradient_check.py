"""Gradient check: back-propagation against central differences, (J(w + δ) − J(w − δ)) / 2δ (S1, S2)."""

from dataclasses import dataclass

import numpy as np

from engine.component import Array
from engine.trainer import Trainer


@dataclass(frozen=True)
class GradientCheck:
    """Analytic and numerical gradient of the objective, ``(K, P)`` each."""

    analytic: Array
    numerical: Array

    @property
    def relative_error(self) -> Array:
        """‖a − n‖ / (‖a‖ + ‖n‖) of every network; below 1e-7 is right, above 1e-3 is a bug (in float64)."""
        difference = np.linalg.norm(self.analytic - self.numerical, axis=1)
        size = np.linalg.norm(self.analytic, axis=1) + np.linalg.norm(self.numerical, axis=1)
        return np.asarray(difference / np.where(size > 0, size, 1))


def check(trainer: Trainer, delta: float = 1e-6) -> GradientCheck:
    """Check the gradient of the data loss of a float64 trainer on its whole training part."""
    network, part = trainer.network, trainer.data.train
    x, targets = trainer.x[:, part], trainer.targets[:, part]
    layout = network.lay_out(trainer.activations, x.shape[1])

    def objective() -> Array:
        return np.broadcast_to(trainer.loss.loss(layout.forward(x), targets), (network.networks,)).copy()

    logits = layout.forward(x)
    d = trainer.loss.gradient(logits, targets, layout.d_logits)
    layout.backward(np.multiply(d, layout.one_over_m, out=d))
    analytic = network.gradients.copy()
    numerical = np.empty_like(analytic)
    for index in range(analytic.shape[1]):
        kept = network.parameters[:, index].copy()
        network.parameters[:, index] = kept + delta
        above = objective()
        network.parameters[:, index] = kept - delta
        numerical[:, index] = (above - objective()) / (2 * delta)
        network.parameters[:, index] = kept
    return GradientCheck(analytic, numerical)
