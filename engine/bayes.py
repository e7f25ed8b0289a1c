"""The Bayes error: how well anyone could do who knew the distribution that the points are drawn from.

A dataset of classes places its points and noise moves them by a normal of known standard deviation, so the density of
class c is the placement smoothed by that normal, p(x | c) = E[N(x; place(c), σ²)]. It is computed on a fine grid: many
placed points are counted in its cells and smoothed by the fast Fourier transform. From the densities and the class
frequencies follow the posterior P(c | x), the best class everywhere, its error 1 − E[max_c P(c | x)], and the smallest
expected value of every loss that has a formula for it (`Loss.least`).
"""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from engine.component import Array
from engine.datasets import PLANE, Classes, Values
from engine.datasets.base import priors
from engine.losses import LOSSES, Regression
from engine.spec import DataSpec

CELLS = 512  # along a side, over all that the noise can reach
COARSE = 256  # for the best class over the plane
PLACED = 100_000  # points a class
BEYOND = 6  # standard deviations of noise that still count
SEED = 0


@dataclass(frozen=True)
class Bayes:
    """``error`` is the smallest error rate any classifier can expect, None for values. ``losses`` gives the smallest
    expected loss by the loss's id, where it is known. ``best`` is the best class ``(resolution, resolution)`` over the
    plane, row 0 the largest x2; None for values."""

    error: float | None
    losses: dict[str, float] = field(default_factory=dict)
    best: Array | None = None


def bayes(spec: DataSpec, resolution: int = 100) -> Bayes | None:
    """What is best possible on test points of ``spec``; None where the distribution is not known (points given one by
    one, or drawn as TensorFlow Playground draws them). Neither seed nor number of points matter."""
    dataset = spec.dataset
    if spec.tf_seed:
        return None
    if isinstance(dataset, Values):
        return Bayes(
            None,
            {name: cls().least_of_noise(spec.noise) for name, cls in LOSSES.items() if issubclass(cls, Regression)},
        )
    if not isinstance(dataset, Classes):
        return None
    return _of_classes(dataset, spec.noise, spec.label_noise, spec.imbalance, resolution)


@lru_cache(maxsize=64)
def _of_classes(dataset: Classes, noise: float, label_noise: float, imbalance: float, resolution: int) -> Bayes:
    frequency = priors(dataset.class_count(), imbalance)[:, np.newaxis, np.newaxis]
    joint = frequency * densities(dataset, noise, None, CELLS)  # P(c, x)
    total = joint.sum(axis=0)
    there = total > 1e-9 * total.max()
    posterior = joint[:, there] / total[there]
    if not any(dataset.sigma(noise)):  # classes that nothing moves do not overlap; only cells on a border are shared
        posterior = np.eye(len(joint))[:, posterior.argmax(axis=0)]
    posterior = _flipped(posterior, label_noise)
    weight = total[there] / total[there].sum()
    found = {name: cls().least(posterior) for name, cls in LOSSES.items()}
    losses = {name: float(weight @ least) for name, least in found.items() if least is not None}
    if len(joint) > 2:
        losses.pop("logistic", None)
        losses.pop("squared_tanh", None)
    error = max(0.0, float(1 - weight @ posterior.max(axis=0)))  # rounding may leave a little less than nothing
    return Bayes(error, losses, _best(dataset, noise, frequency, resolution))


def _flipped(posterior: Array, share: float) -> Array:
    """Probabilities of the labels where a share of them is replaced by one of the others."""
    return (1 - share) * posterior + share / (len(posterior) - 1) * (1 - posterior)


def densities(dataset: Classes, noise: float, reach: float | None, cells: int) -> Array:
    """p(x | c) on a grid, ``(classes, cells, cells)``, each summing to 1; rows are x2, upwards. The grid covers
    [-reach, reach]², or without a reach just what there is along each axis."""
    rng = np.random.default_rng(SEED)
    sigma = np.array(dataset.sigma(noise))
    placed = [dataset.place(np.full(PLACED, label), rng) for label in range(dataset.class_count())]
    farthest = np.max([np.abs(points).max(axis=1) for points in placed], axis=0)
    ends = farthest + BEYOND * sigma + 1e-3 if reach is None else np.full(2, reach)
    width = 2 * ends / cells
    counts = np.stack([_deposit(points, ends, width, cells) for points in placed])
    if not sigma.any():
        return counts
    # The transform of a normal is a normal; sharing a point among cells has already added a little variance.
    # A normal much narrower than a cell would leave ripples all over the grid; a coarse one must be smooth.
    variance = np.maximum(sigma**2 - width**2 / 6, (width * (0.5 if reach is None else 1.3)) ** 2)
    k1, k2 = 2 * np.pi * np.fft.rfftfreq(cells, width[0]), 2 * np.pi * np.fft.fftfreq(cells, width[1])
    kernel = np.exp(-0.5 * variance[1] * k2**2)[:, np.newaxis] * np.exp(-0.5 * variance[0] * k1**2)
    return np.maximum(np.fft.irfft2(np.fft.rfft2(counts) * kernel, s=counts.shape[1:]), 0)


def _deposit(points: Array, ends: Array, width: Array, cells: int) -> Array:
    """Share of the points in each cell; a point counts for the four cells around it by nearness, so that its place is
    not rounded."""
    at = (points + ends[:, np.newaxis]) / width[:, np.newaxis] - 0.5
    low = np.clip(np.floor(at).astype(int), 0, cells - 2)
    part = np.clip(at - low, 0, 1)
    grid = np.zeros(cells * cells)
    for up in (0, 1):
        for right in (0, 1):
            share = np.abs(1 - right - part[0]) * np.abs(1 - up - part[1])
            grid += np.bincount((low[1] + up) * cells + low[0] + right, share, cells * cells)
    return grid.reshape(cells, cells) / points.shape[1]


def _best(dataset: Classes, noise: float, frequency: Array, resolution: int) -> Array:
    """The more probable class at the centres of a grid over the plane. Where there is nothing, wider and wider
    smoothing brings the nearest density there."""
    reach = 1.5 * PLANE[1]
    joint = frequency * densities(dataset, noise, reach, COARSE)
    side = np.linspace(*PLANE, 2 * resolution + 1)[1::2]
    cell = ((side + reach) / (2 * reach) * COARSE).astype(int)
    places = (slice(None), cell[::-1, np.newaxis], cell)
    best = joint[places].argmax(axis=0)
    empty = joint[places].max(axis=0) <= 1e-3 * joint.max()
    k = 2 * np.pi * np.fft.fftfreq(COARSE, 2 * reach / COARSE)
    for spread in (0.2, 0.5, 1.0, 3.0):
        if empty.any():
            blur = np.exp(-0.5 * (spread * k) ** 2)
            wide = np.fft.ifft2(np.fft.fft2(joint) * blur[:, np.newaxis] * blur).real[places]
            best = np.where(empty, wide.argmax(axis=0), best)
            empty &= wide.max(axis=0) <= 1e-9 * joint.max()
    return np.asarray(best.astype(np.uint8))
