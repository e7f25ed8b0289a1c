"""Looking inside: what every unit of a network computes over the plane, and how it fares on the training points.

Units are counted through: the inputs first, then every hidden layer's, then the outputs. A response map is a unit's
output over a grid of the plane; a unit that is 0 for every training point is dead (S3), one whose activation is flat at
most training points is saturated (S4).
"""

from dataclasses import dataclass

import numpy as np

from engine.ablation import Off
from engine.component import Array
from engine.datasets import PLANE
from engine.diagnostics import SATURATED_BELOW
from engine.trainer import Trainer


@dataclass(frozen=True)
class Inside:
    """One network from within. U counts all units, H the hidden ones, L the weight layers.

    ``maps`` ``(U, R, R)``: output of every unit over the plane, row 0 the largest x2, divided by ``scale`` ``(U,)``,
    its largest size, so that it lies in [-1, 1]. ``active`` ``(U,)``: at how many training points the output is not
    0. ``mean`` and ``spread`` ``(U,)``: of its output over the training points. ``saturated`` ``(U,)``: share of the
    training points at which its activation is flat, 0 for unbounded activations, inputs and outputs.
    ``weights`` and ``biases``: those of each weight layer, ``(n_out, n_in)`` and ``(n_out,)``, the biases with batch
    normalization its shifts β; ``gamma`` ``(n_out,)``: its scales, None without it; ``learned`` ``(n,)``: what units of
    each weight layer learn besides, None where that is nothing. What is ``off`` (`engine.ablation`) has the values it
    will come back with. The map and the numbers of a unit that is off are those
    that it would hand on. A unit's output is its own, g(z): what goes around a residual layer is not counted in, or no
    unit behind a shortcut would ever be seen to be dead.
    """

    sizes: tuple[int, ...]
    maps: Array
    scale: Array
    active: Array
    mean: Array
    spread: Array
    saturated: Array
    weights: list[Array]
    biases: list[Array]
    gamma: list[Array | None]
    learned: list[Array | None]
    off: Off


def inside(trainer: Trainer, resolution: int = 32, network: int = 0) -> Inside:
    """See `Inside`. Costs two forward passes, over ``resolution``² and over the training points."""
    net = trainer.network
    side = np.linspace(*PLANE, 2 * resolution + 1)[1::2]
    x1, x2 = np.meshgrid(side, side[::-1])
    grid = trainer.inputs(np.stack([x1.ravel(), x2.ravel()]), trainer.dtype)
    with np.errstate(all="ignore"):
        over_plane = np.concatenate(outputs(trainer, grid, network))
        over_points = outputs(trainer, trainer.x[:, trainer.train_part], network)
        scale = np.abs(over_plane).max(axis=1)
        maps = over_plane / np.where(scale > 0, scale, 1)[:, np.newaxis]
        at_points = np.concatenate(over_points)
        saturated = np.concatenate([np.zeros(net.sizes[0]), *_saturated(trainer, network), np.zeros(net.sizes[-1])])
    whole = net.whole()[network]
    beta, gamma, learned = (net.views(name, whole) for name in ("beta", "gamma", "learned"))
    weights, biases = [], []
    for layer, full in enumerate(net.views("weights", whole)):
        weights.append(full[:, :-1] if net.has_bias(layer) else full)
        biases.append(full[:, -1] if net.has_bias(layer) else beta[layer][:, 0])
    return Inside(
        tuple(net.sizes),
        maps.reshape(-1, resolution, resolution),
        scale,
        np.count_nonzero(at_points, axis=1),
        at_points.mean(axis=1),
        at_points.std(axis=1),
        saturated,
        weights,
        biases,
        [own[:, 0] if own.size else None for own in gamma],
        [own[:, 0] if own.size else None for own in learned],
        net.off,
    )


def outputs(trainer: Trainer, x: Array, network: int, around: bool = False) -> list[Array]:
    """The outputs ``(units, m)`` of inputs, hidden layers and output layer, in prediction: of a residual layer's units
    their own, or with ``around`` what the layer hands on."""
    layout = trainer.layout(x.shape[1])
    layout.forward(x)
    alone = trainer.network.networks == 1
    hidden = layout.layer_outputs if around else [layer.a for layer in layout.hidden]
    parts = [x[:-1], *(a if alone else a[network] for a in hidden)]
    return [*map(np.array, parts), np.array(layout.logits if alone else layout.logits[network])]


def _saturated(trainer: Trainer, network: int) -> list[Array]:
    """For each hidden layer, the share of the training points at which each unit's activation is flat."""
    layout = trainer.layout(trainer.n_train)
    found = []
    for layer in layout.hidden:
        shares = np.zeros(layer.a.shape[:-1])
        if layer.activation.bounded:
            derivative = layer.activation.df(layer.z, layer.a, layer.dz)
            shares = (np.abs(derivative) < SATURATED_BELOW).mean(axis=-1)
        found.append(shares if shares.ndim == 1 else shares[network])
    return found
