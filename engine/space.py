"""The space of a layer: where its units put the points of the plane, and how the plane's lattice is bent on the way. It
is what the layers behind get to see, in a residual network with what goes around the layer.

What the eye can see has two dimensions, so two units are chosen, or the first two principal components of what all
units put out at the training points: the directions in which they vary most.
"""

from dataclasses import dataclass

import numpy as np

from engine.component import Array
from engine.datasets import PLANE
from engine.inside import outputs
from engine.trainer import Trainer


@dataclass(frozen=True)
class Space:
    """``lattice`` ``(2, S, S)``: where the lattice of the plane goes, whose row 0 has the largest x2, and ``logits``
    ``(n_out, S, S)`` there. ``points`` ``(2, n)``: where all points go. ``axes`` ``(2, units)``: the two directions.
    ``share`` ``(2,)``: which share of the variance over the training points lies along each.
    """

    lattice: Array
    logits: Array
    points: Array
    axes: Array
    share: Array


def principal(values: Array, before: Array | None = None) -> Array:
    """The first two principal components ``(2, n)`` of ``values`` ``(n, m)``; the second is 0 for a single unit.

    A direction is as good as its opposite, and while a network trains the second can come to have more variance than
    the first. With ``before``, the components of a moment ago, each stays where it was and points to the side that it
    pointed to then, so that nothing changes places or turns over; otherwise the first has the most variance, and the
    largest entry of each is positive.
    """
    centred = values - values.mean(axis=1, keepdims=True)
    _, vectors = np.linalg.eigh(centred @ centred.T)
    axes = np.zeros((2, len(values)))
    found = vectors.T[::-1][:2]  # the largest eigenvalue comes last
    axes[: len(found)] = found
    if before is None or before.shape != axes.shape:
        before = np.zeros_like(axes)
    near = np.abs(before @ axes.T)
    if near[0, 1] + near[1, 0] > near[0, 0] + near[1, 1]:
        axes = axes[::-1].copy()
    for place, axis in enumerate(axes):
        side = axis[np.abs(axis).argmax()]
        if abs(before[place] @ axis) > 1e-3:
            side = before[place] @ axis
        if side < 0:
            axes[place] = -axis
    return axes


def space(
    trainer: Trainer,
    layer: int,
    units: tuple[int, int] | None = None,
    before: Array | None = None,
    steps: int = 48,
    network: int = 0,
) -> Space:
    """The space of a layer, 0 for the inputs and the last one for the outputs, in prediction: of two ``units``, or of
    the principal components where none are given (``before``: see `principal`); of a single unit the second axis is 0.
    The lattice has ``steps`` + 1 places along each side. Raises ValueError if there is no such layer or unit."""
    net = trainer.network
    if not 0 <= layer < len(net.sizes):
        raise ValueError(f"layer: {layer} is not from 0 to {len(net.sizes) - 1}")
    count = net.sizes[layer]
    if units is not None and not all(0 <= unit < count for unit in units):
        raise ValueError(f"units: {units} are not from 0 to {count - 1}")
    side = np.linspace(*PLANE, steps + 1)
    x1, x2 = np.meshgrid(side, side[::-1])
    grid = trainer.inputs(np.stack([x1.ravel(), x2.ravel()]), trainer.dtype)
    kept = net.handed_on(layer)
    with np.errstate(all="ignore"):
        over_plane = outputs(trainer, grid, network, around=True)
        at_points = outputs(trainer, trainer.x, network, around=True)[layer].astype(np.float64)
        lattice = over_plane[layer].astype(np.float64)
    if kept is not None:
        at_points, lattice = at_points * kept, lattice * kept
    seen = at_points[:, trainer.train_part]
    if units is not None:
        axes, centre = np.eye(count)[list(units)], 0.0
        if count == 1:
            axes[1] = 0
    elif np.isfinite(seen).all():
        axes, centre = principal(seen, before), seen.mean(axis=1, keepdims=True)
    else:
        axes, centre = np.full((2, count), np.nan), np.nan
    total = seen.var(axis=1).sum()
    return Space(
        (axes @ (lattice - centre)).reshape(2, steps + 1, steps + 1),
        over_plane[-1].reshape(-1, steps + 1, steps + 1),
        axes @ (at_points - centre),
        axes,
        (axes @ seen).var(axis=1) / (total if total > 0 else 1),
    )
