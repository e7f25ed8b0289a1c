"""Results in numbers: confusion matrix, precision, recall, F1, misclassified points (S1); ensembles and spread over
seeds (S3); histograms and sparsity of weights and activations; size of a network.
"""

from dataclasses import dataclass

import numpy as np

from engine.component import Array
from engine.diagnostics import ZERO_BELOW
from engine.network import Network
from engine.trainer import Trainer


@dataclass(frozen=True)
class Results:
    """``confusion[i, j]``: points of class i predicted as class j. Precision, recall and F1 are per class, 0 where
    there is nothing to divide by; ``misclassified`` are places among all points."""

    confusion: Array
    precision: Array
    recall: Array
    f1: Array
    misclassified: Array


def results(trainer: Trainer, part: slice | Array, network: int = 0) -> Results:
    """How one network does on a part of the points, a slice of them or their places. Raises ValueError where the data
    carry values."""
    if trainer.data.task != "classes":
        raise ValueError("data: a confusion matrix needs classes")
    predicted = trainer.loss.predict(trainer.logits(trainer.x[:, part])[network], trainer.data.classes)
    labels = trainer.data.labels[part]
    classes = trainer.data.classes
    confusion = np.zeros((classes, classes), int)
    np.add.at(confusion, (labels, predicted), 1)
    right = np.diag(confusion)
    precision = right / np.maximum(confusion.sum(axis=0), 1)
    recall = right / np.maximum(confusion.sum(axis=1), 1)
    f1 = 2 * precision * recall / np.where(right > 0, precision + recall, 1)
    wrong = np.arange(len(trainer.data.labels))[part][predicted != labels]
    return Results(confusion, precision, recall, f1, wrong)


@dataclass(frozen=True)
class Calibration:
    """Whether probabilities mean what they say: of the points predicted with about 80 %, about 80 % should be right.

    Predictions are binned by their confidence, the probability of the predicted class, from 1/classes to 1. For every
    bin the number of points, their mean confidence and the share that is right, NaN where there are none. ``error`` is
    the expected calibration error, the mean distance of the two weighted by the number of points (Naeini et al. 2015).
    """

    edges: Array
    counts: Array
    confidence: Array
    accuracy: Array
    error: float


def calibration(probabilities: Array, labels: Array, bins: int = 10) -> Calibration:
    """The calibration of class probabilities ``(classes, m)`` for points of these classes ``(m,)``."""
    classes, m = probabilities.shape
    sure, right = probabilities.max(axis=0), probabilities.argmax(axis=0) == labels
    edges = np.linspace(1 / classes, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, sure, side="right") - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(place, sure, bins) / counts
        accuracy = np.bincount(place, right, bins) / counts
    distance = np.nansum(counts * np.abs(confidence - accuracy)) if m else np.nan
    return Calibration(edges, counts, confidence, accuracy, float(distance / max(m, 1)))


def ensemble(trainer: Trainer, points: Array) -> Array:
    """Mean class probabilities ``(classes, m)`` of all networks: the prediction of the ensemble."""
    return trainer.predict(points).mean(axis=0)


def vote(trainer: Trainer, points: Array) -> Array:
    """Share of the networks that vote for each class, ``(classes, m)``: bagging's vote."""
    votes = trainer.predict(points).argmax(axis=1)
    return np.stack([(votes == label).mean(axis=0) for label in range(trainer.data.classes)])


def spread(values: Array) -> tuple[float, float]:
    """Mean and standard deviation over the finite members of a population."""
    finite = values[np.isfinite(values)]
    return (float(finite.mean()), float(finite.std())) if len(finite) else (float("nan"), float("nan"))


@dataclass(frozen=True)
class Histogram:
    """How finite values are spread: ``counts`` ``(bins,)`` between ``edges`` ``(bins + 1,)`` without those that are
    exactly 0, of which there are ``zeros``: with ReLU half of all activations, beside which nothing else could be seen.

    The edges go from or to 0, on both sides as far, and to a round number, so that they stay while a network trains.
    """

    counts: Array
    edges: Array
    zeros: int


@dataclass(frozen=True)
class LayerHistograms:
    """A layer's weights (without biases), the outputs of its units (of the last layer the logits) at the training
    points, and the gradient of the data loss on the training part with respect to the weights."""

    weights: Histogram
    activations: Histogram
    gradients: Histogram
    near_zero: float
    """Share of weights with |w| < 1e-3."""
    weight_norm: float


def histograms(trainer: Trainer, network: int = 0, bins: int = 30) -> list[LayerHistograms]:
    """Distributions in every layer of one network. Its gradients are overwritten; nothing else changes."""
    layout, part = trainer.layout(trainer.n_train), trainer.train_part
    net = trainer.network
    with np.errstate(all="ignore"):
        d = trainer.loss.gradient(layout.forward(trainer.x[:, part]), trainer.targets[:, part], layout.d_logits)
        outputs = [*(layer.a for layer in layout.hidden), layout.logits]
        activations = [np.array(a if net.networks == 1 else a[network]) for a in outputs]
        layout.backward(np.multiply(d, layout.one_over_m, d))
    found = []
    for index, gradient in enumerate(net.views("weights", net.gradients)):
        w = net.unbiased(index)[network]
        slopes = gradient[network, :, :-1] if net.has_bias(index) else gradient[network]
        found.append(
            LayerHistograms(
                _histogram(w, bins),
                _histogram(activations[index], bins),
                _histogram(slopes, bins),
                float((np.abs(w) < ZERO_BELOW).mean()),
                float(np.linalg.norm(w)),
            )
        )
    return found


ROUND = np.array([1, 1.5, 2, 3, 4, 5, 6, 8, 10])


def _histogram(values: Array, bins: int) -> Histogram:
    finite = values[np.isfinite(values)].astype(np.float64)
    others = finite[finite != 0]
    reach = float(np.abs(others).max()) if len(others) else 1.0
    power = 10.0 ** np.floor(np.log10(reach))
    end = float(ROUND[np.argmax(ROUND * power >= reach * (1 - 1e-9))]) * power
    low = 0.0 if len(others) and others.min() > 0 else -end
    high = 0.0 if len(others) and others.max() < 0 else end
    counts, edges = np.histogram(np.clip(others, low, high), bins, (low, high))
    return Histogram(counts, edges, len(finite) - len(others))


@dataclass(frozen=True)
class Size:
    """Units (inputs are not counted, S3), learnable parameters, and bytes they take."""

    units: int
    parameters: int
    bytes: int


def size(network: Network) -> Size:
    """The size of one network: 3-4-2 has 6 units and 26 parameters (S3)."""
    parameters = network.parameters.shape[1]
    return Size(sum(network.sizes[1:]), parameters, parameters * network.dtype.itemsize)
