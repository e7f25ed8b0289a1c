"""The loss landscape: the training loss over a plane through a network's weights (Li et al. 2018).

The plane is spanned by two random directions. They are normalized filter by filter: a unit's weights and bias are one
filter, and the direction's part for it is as long as the filter itself. So one step has the same meaning in a layer of
large and one of small weights, and pictures of different networks can be compared. Numbers that are no weights (γ and
β of batch normalization, learned slopes) stay as they are, and so does what is switched off.

Of a way through thousands of dimensions, two random directions show next to nothing. `along_ways` therefore finds the
two that hold most of several ways (their principal components), which is where optimizers can be seen to race.

Many places of the plane are computed at once, as a population.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.component import Array
from engine.network import Network
from engine.trainer import Trainer

CELLS, FEWEST = 31, 7
"""Places along a side, for small networks and at least."""
BUDGET = 1.5e9
"""Multiplications that a landscape may cost; larger networks get fewer places, and the largest fewer points."""
FEWEST_POINTS = 16
MARGIN = 1.2
"""How much farther than the farthest point a picture along ways goes."""
FAR = 1e30
"""Farther away nothing is shown: a direction that long would overflow itself."""
CHUNK = 65_536
"""Numbers in the widest layer's signal, over all places that are computed at once."""


@dataclass(frozen=True)
class Landscape:
    """``loss[i, j]`` is the training loss at ``centre + steps[j] · directions[0] + steps[i] · directions[1]``; the
    middle is the network as it is. ``centre`` ``(P,)``, ``directions`` ``(2, P)``, ``steps`` ``(G,)``, ``loss`` ``(G,
    G)``, which is not finite where the loss has overflowed; it was taken over ``points`` training points."""

    steps: Array
    loss: Array
    centre: Array
    directions: Array
    points: int


def directions(trainer: Trainer, rng: np.random.Generator, network: int = 0) -> Array:
    """Two random directions ``(2, P)``, each filter as long as the network's own."""
    net = trainer.network
    found = np.zeros((2, net.parameters.shape[1]), net.dtype)
    for mine, own in zip(net.views("weights", found), net.weights, strict=True):
        drawn = rng.standard_normal(mine.shape)
        length = np.linalg.norm(own[network], axis=-1, keepdims=True)
        mine[...] = drawn * (length / np.linalg.norm(drawn, axis=-1, keepdims=True))
    if net.still is not None:
        found[:, net.still] = 0
    return found


def along_ways(trainer: Trainer, points: Array, rng: np.random.Generator, network: int = 0) -> Array:
    """The two directions ``(2, P)`` that hold most of the way from the network to other parameters ``(n, P)``, at right
    angles and so long that all of them lie within ±1. Random ones take the place of what there is not, and points
    that have overflowed, or nearly so, are left out."""
    net = trainer.network
    points = points[(np.abs(points) < FAR).all(axis=1)]
    away = points.astype(np.float64) - net.parameters[network]
    if net.still is not None:
        away[:, net.still] = 0
    drawn = directions(trainer, rng, network)
    basis: list[Array] = []
    for candidate in [*_principal(away), *drawn.astype(np.float64)]:
        rest = candidate - sum((candidate @ one) * one for one in basis)
        length = np.linalg.norm(rest)
        if length > 1e-6 * np.linalg.norm(candidate) and len(basis) < 2:
            basis.append(rest / length)
    spanned = np.stack(basis) if len(basis) == 2 else drawn
    farthest = np.abs(away @ spanned.T).max(initial=0)
    if len(basis) < 2 or farthest < 1e-9:
        return drawn
    return (spanned * (MARGIN * farthest)).astype(net.dtype)


def _principal(away: Array) -> list[Array]:
    """The principal directions of displacements, longest first, without those that are only rounding."""
    _, sizes, rows = np.linalg.svd(away, full_matrices=False)
    return [row for size, row in zip(sizes, rows, strict=True) if size > 1e-6 * max(sizes[0], 1e-12)]


def places(trainer: Trainer) -> int:
    """How many places along a side a landscape of this network has: an odd number, so that one is the middle."""
    cost = trainer.network.parameters.shape[1] * trainer.n_train
    side = int(min(max((BUDGET / cost) ** 0.5, FEWEST), CELLS))
    return side - (side % 2 == 0)


def chosen(trainer: Trainer, side: int) -> Array:
    """The training points over which a landscape with so many places along a side takes the loss: all, or always the
    same ones where that would cost more than the `BUDGET`."""
    affordable = max(FEWEST_POINTS, int(BUDGET / (trainer.network.parameters.shape[1] * side**2)))
    if affordable >= trainer.n_train:
        return np.arange(trainer.n_train)
    return np.sort(np.random.default_rng(0).choice(trainer.n_train, affordable, replace=False))


@np.errstate(all="ignore")
def landscape(
    trainer: Trainer,
    seed: int,
    reach: float = 1.0,
    side: int | None = None,
    network: int = 0,
    points: Array | None = None,
) -> Landscape:
    """The landscape around one of the trainer's networks, ``reach`` far to all sides: along random directions, or with
    ``points`` along the ways to those parameters."""
    net = trainer.network
    rng = np.random.default_rng(seed)
    spanned = directions(trainer, rng, network) if points is None else along_ways(trainer, points, rng, network)
    centre = net.parameters[network].copy()
    steps = np.linspace(-reach, reach, side or places(trainer)).astype(net.dtype)
    steps[len(steps) // 2] = 0
    rows = chosen(trainer, len(steps))
    along = np.stack([np.tile(steps, len(steps)), np.repeat(steps, len(steps))], axis=1)
    losses = _losses(trainer, network, rows, lambda part: centre + along[part] @ spanned, len(along))
    return Landscape(steps, losses.reshape(len(steps), -1), centre, spanned, len(rows))


def _losses(trainer: Trainer, network: int, points: Array, parameters: Callable[[slice], Array], count: int) -> Array:
    """The loss on some training points of so many networks like this one, whose parameters are asked for in parts."""
    net, spec, m = trainer.network, trainer.specs[network], len(points)
    x, targets = np.ascontiguousarray(trainer.x[:, points]), trainer.targets[:, points]
    widest = max(weights.shape[1] for weights in net.weights)
    at_once = max(2, CHUNK // (widest * m))
    found = np.empty(count, np.float64)
    population = layout = None
    for start in range(0, count, at_once):
        rows = slice(start, min(start + at_once, count))
        size = rows.stop - rows.start
        if population is None or population.networks != size:
            population = Network(net.shape, size, net.dtype)
            population.switch(net.off)
            for mine, own in zip(population.averages, net.averages, strict=True):
                mine[...] = own[:, network : network + 1]
            layout = population.lay_out(
                [layer.activation for layer in spec.hidden], m, regularizers=spec.regularizers, residual=spec.residual
            )
        assert layout is not None
        population.parameters[...] = parameters(rows)
        with np.errstate(all="ignore"):
            found[rows] = trainer.loss.loss(layout.forward(x), targets)
    return found


def coordinates(found: Landscape, parameters: Array) -> Array:
    """Where other parameters ``(n, P)`` come to lie in the plane of a landscape, ``(n, 2)``: the nearest place, by
    least squares. What is off the plane is lost."""
    spanned = found.directions.astype(np.float64)
    away = (np.atleast_2d(parameters) - found.centre).astype(np.float64)
    return np.linalg.lstsq(spanned @ spanned.T, spanned @ away.T, rcond=None)[0].T
