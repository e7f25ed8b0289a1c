"""Several seeds of one network: their mean, how far they spread, and where they disagree (S3: small networks end up in
different minima, some of them poor; large ones agree).

A network whose numbers have overflowed is left out everywhere, so that one that diverges spoils nothing for the others.
"""

from dataclasses import dataclass

import numpy as np

from engine.component import Array
from engine.diagnostics import Metrics
from engine.trainer import Trainer

BAND = (0.1, 0.9)
"""Where the band of a population begins and ends: four fifths of its members are inside."""

SOLVED_ACCURACY = 0.95
SOLVED_R2 = 0.9


def standing(metrics: Metrics) -> Array:
    """Which networks have not overflowed, ``(K,)``."""
    return np.asarray(np.isfinite(metrics.train_loss))


def reached(accuracy: Array, r2: Array) -> Array:
    """Whether these test accuracies, or R² where the data carry values, count as solved: 95 %, or 0.9."""
    return np.asarray((accuracy >= SOLVED_ACCURACY) | (r2 >= SOLVED_R2))


def solved(metrics: Metrics) -> Array:
    """Which networks do well on points they have not seen, ``(K,)``."""
    return standing(metrics) & reached(metrics.test_accuracy, metrics.test_r2)


def mean(values: Array, standing: Array) -> Array:
    """Mean of ``(…, K)`` over the networks that stand, of which there is at least one; NaN where that is no number."""
    return np.asarray(values[..., standing].mean(axis=-1))


def band(values: Array, standing: Array) -> Array:
    """The `BAND` of ``(…, K)`` over the networks that stand, ``(2, …)``; NaN where they have no numbers."""
    return np.quantile(values[..., standing], BAND, axis=-1)


@dataclass(frozen=True)
class Consensus:
    """What K networks say together. ``mean``: class probabilities or values, ``(classes or 1, …)``.
    ``disagreement`` ``(…)``: the share of the networks that tell another class than the mean does; for values their
    standard deviation."""

    mean: Array
    disagreement: Array


def consensus(p: Array) -> Consensus:
    """The consensus of the predictions ``(K, classes or 1, …)`` of K networks. Those with a prediction that is not
    finite are left out; NaN if none is left."""
    together = p.mean(axis=0)
    if not np.isfinite(together).all():
        finite = np.isfinite(p).all(axis=tuple(range(1, p.ndim)))
        if not finite.any():
            return Consensus(together, np.full(p.shape[2:], np.nan))
        p = p[finite]
        together = p.mean(axis=0)
    if p.shape[1] == 1:
        return Consensus(together, p[:, 0].std(axis=0))
    if p.shape[1] == 2:  # the same as below, in fewer passes
        other = (p[:, 1] > 0.5) != (together[1] > 0.5)
    else:
        said = np.take_along_axis(p, together.argmax(axis=0)[np.newaxis, np.newaxis], axis=1)[:, 0]
        other = said < p.max(axis=1)
    return Consensus(together, other.mean(axis=0))


def said(trainer: Trainer) -> Array:
    """What all networks say together of every point: class probabilities ``(classes, n)``, or values ``(1, n)``."""
    with np.errstate(all="ignore"):
        p = trainer.loss.probabilities(trainer.logits(trainer.x), trainer.data.classes)
        return np.asarray(consensus(p).mean)


def predicted(trainer: Trainer) -> Array:
    """The class of every point by the mean of all networks, ``(n,)``; 0 where the data carry values."""
    if trainer.data.task == "values":
        return np.zeros(trainer.x.shape[1], np.intp)
    return np.asarray(said(trainer).argmax(axis=0))
