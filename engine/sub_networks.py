"""Dropout seen as an ensemble: every update trains another sub-network, in which some units or connections are missing,
and prediction with all of them stands for the mean of all sub-networks (S3; Srivastava et al. 2014).
"""

import numpy as np

from engine.component import Array
from engine.layers import Drop, DropConnect, Noise, NoisePart
from engine.trainer import Trainer


class _Choice(NoisePart):
    """What is missing from one sub-network, the same for all samples; there is no other noise."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__([rng])

    def units(self, out: Array) -> Array:
        out[...] = self.generators[0].random((*out.shape[:-1], 1), dtype=out.dtype)
        return out

    def normal(self, out: Array) -> Array:
        out[...] = 0
        return out


class _Choices(Noise):
    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__([])
        self.choice = _Choice(rng)

    def part(self, *purpose: int) -> NoisePart:
        return self.choice


def sub_networks(trainer: Trainer, count: int, x: Array, rng: np.random.Generator) -> Array | None:
    """Logits ``(count, n_out, m)`` of so many sub-networks for inputs ``(n_in + 1, m)``, drawn as training draws them,
    with their scale in training; None where nothing is dropped. Equal generators choose equal sub-networks as long as
    the network keeps its shape. Raises ValueError for a trainer of several networks."""
    if trainer.network.networks > 1:
        raise ValueError("expected one network")
    layout = trainer.sampler(x.shape[1], _Choices(rng))
    if not any(isinstance(layer, Drop | DropConnect) for layer in (*layout.layers, *layout.dense)):
        return None
    with np.errstate(all="ignore"):
        return np.stack([layout.forward(x).copy() for _ in range(count)])
