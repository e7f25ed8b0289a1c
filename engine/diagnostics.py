"""Diagnostics: what is worth knowing about a run besides its loss. All numbers are per network, ``(K,)``, or per
network and layer, ``(K, layers)``.

Measured on the whole training part (losses and accuracies on the other parts, too), so that they do not flicker with
the batch.
"""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from engine.component import Array

if TYPE_CHECKING:
    from engine.trainer import Trainer

SATURATED_BELOW = 0.05
ZERO_BELOW = 1e-3


@dataclass(frozen=True)
class Metrics:
    """Losses are the data loss L without the penalty R, which stands beside them. What does not apply is NaN: numbers
    of a part without points, accuracies where the data carry values, R² and error where they carry classes.

    ``vote_accuracy``: test accuracy of the class that most of the networks vote for; the same number for each.
    ``…_r2``: 1 − Σ(ŷ − y)² / Σ(y − ȳ)², the share of the variance that is explained. ``…_error``: √mean (ŷ − y)².
    ``dead_ratio``: share of hidden units whose output is 0 for every training point (S3); NaN without hidden layers.
    ``saturation_ratio``: share of all (unit, training point) pairs whose activation is bounded and has |g'(z)| < 0.05.
    ``zero_ratio``: share of all weights (biases are not counted) with |w| < 1e-3: what L1 makes sparse.
    ``layer_mean`` and ``layer_spread``: of the outputs of all units of a hidden layer at all training points, mean and
    standard deviation (S4: activations that shrink or grow from layer to layer).
    ``gradient_norm``: ‖dL/dθ‖ of each weight layer's parameters, over the training part (S4: vanishing, exploding).
    ``update_ratio``: ‖last update‖ / ‖θ‖ of each weight layer's parameters; about 1e-3 is healthy.
    """

    train_loss: Array
    test_loss: Array
    validation_loss: Array
    train_dev_loss: Array
    penalty: Array
    train_accuracy: Array
    test_accuracy: Array
    validation_accuracy: Array
    train_dev_accuracy: Array
    vote_accuracy: Array
    train_r2: Array
    test_r2: Array
    validation_r2: Array
    train_dev_r2: Array
    train_error: Array
    test_error: Array
    validation_error: Array
    train_dev_error: Array
    dead_ratio: Array
    saturation_ratio: Array
    zero_ratio: Array
    layer_dead_ratio: Array
    layer_saturation_ratio: Array
    layer_mean: Array
    layer_spread: Array
    gradient_norm: Array
    update_ratio: Array
    predicted: Array
    """Predicted class of every point, ``(K, n)``; 0 where the data carry values."""

    def of(self, network: int) -> "Metrics":
        """The metrics of one network of a population, as if it were alone."""
        return Metrics(*(getattr(self, name)[network : network + 1] for name in _OWN))


# Who is alone votes as it predicts.
_OWN = ["test_accuracy" if field.name == "vote_accuracy" else field.name for field in fields(Metrics)]


@dataclass
class Part:
    """How K networks do on one part of the points."""

    loss: Array
    accuracy: Array
    r2: Array
    error: Array
    predicted: Array


def assess(trainer: "Trainer", part: slice | Array) -> Part:
    """Losses, accuracies or errors, and predicted classes on one part of the points, or on points of each network's
    own, ``(K, m)``."""
    k = trainer.network.networks
    if not isinstance(part, slice) and k == 1:
        part = part[0]
    labels, targets, x = trainer.data.labels[part], trainer.targets[:, part], trainer.x[:, part]
    if labels.ndim > 1:
        targets, x = targets.swapaxes(0, 1), x.swapaxes(0, 1)
    m = labels.shape[-1]
    unknown = np.full(k, np.nan)
    found = Part(unknown, unknown, unknown, unknown, np.zeros((k, m), np.intp))
    if m == 0:
        return found
    logits = trainer.layout(m).forward(x)
    found.loss = np.empty(k, trainer.dtype)
    found.loss[...] = trainer.loss.loss(logits, targets)
    if trainer.data.task == "classes":
        found.predicted = trainer.loss.predict(logits, trainer.data.classes).reshape(k, -1)
        found.accuracy = np.add.reduce(found.predicted == labels, axis=1) / m
    else:
        squares = np.square(logits - targets).reshape(k, m).mean(axis=1)
        variance = labels.var(axis=-1)
        found.error = np.sqrt(squares)
        found.r2 = 1 - squares / variance if np.all(variance > 0) else unknown
    return found


def _vote(predicted: Array, labels: Array, classes: int) -> float:
    """Accuracy of the class that most of ``predicted`` ``(K, m)`` say; of several that as many say, the first."""
    if not predicted.size or not classes:
        return np.nan
    votes = [np.add.reduce(predicted == label, axis=0) for label in range(classes)]
    return float(np.mean(np.argmax(votes, axis=0) == labels))


def measure(trainer: "Trainer") -> Metrics:
    """Measure a trainer's networks as they are. Its gradients are overwritten; nothing else changes."""
    network, data, loss = trainer.network, trainer.data, trainer.loss
    k = network.networks
    test, train_dev = assess(trainer, data.test), assess(trainer, data.train_dev)
    validation = assess(trainer, trainer.validation)
    train = assess(trainer, trainer.train_part)  # last, because the backward pass goes on from it
    learned, held = train, validation
    layout = trainer.layout(trainer.n_train)
    d = loss.gradient(layout.logits, trainer.targets[:, trainer.train_part], layout.d_logits)
    layout.backward(np.multiply(d, layout.one_over_m, out=d))
    # A network's own validation part was cut from the training part; that of the data comes after train-dev.
    own = trainer.validation.start < data.n_train
    between = [validation, train_dev] if own else [train_dev, validation]

    widths = np.array([layer.a.shape[-2] for layer in layout.hidden])
    dead = np.empty((k, len(layout.hidden)))
    saturated = np.zeros((k, len(layout.hidden)))
    mean, spread = np.empty_like(dead), np.empty_like(dead)
    for index, layer in enumerate(layout.hidden):
        n, m = layer.a.shape[-2:]
        dead[:, index] = 1 - np.add.reduce(np.logical_or.reduce(layer.a, axis=-1), axis=-1) / n
        middle = np.add.reduce(layer.a, axis=(-2, -1), keepdims=True) / (n * m)
        around = layer.a - middle
        mean[:, index] = middle[..., 0, 0]
        spread[:, index] = np.sqrt(np.einsum("...ij,...ij->...", around, around) / (n * m))
        if layer.activation.bounded:
            derivative = layer.activation.df(layer.z, layer.a, layer.dz)
            saturated[:, index] = (np.abs(derivative) < SATURATED_BELOW).mean(axis=(-2, -1))

    if trainer.fold is not None and trainer.rows is not None:
        learned, held = assess(trainer, trainer.rows), assess(trainer, trainer.fold)
    vote = test.accuracy
    if k > 1:
        vote = np.full(k, _vote(test.predicted[np.isfinite(train.loss)], data.labels[data.test], data.classes))

    starts = [span.start for span in network.spans]

    def norms(flat: Array) -> Array:
        return np.sqrt(np.add.reduceat(flat * flat, starts, axis=1, dtype=np.float64))

    weight_norms = norms(network.parameters)
    weights = network.mask > 0
    zeros = np.add.reduce(weights & (np.abs(network.parameters) < ZERO_BELOW), axis=1)
    units = widths.sum()
    return Metrics(
        train_loss=learned.loss,
        test_loss=test.loss,
        validation_loss=held.loss,
        train_dev_loss=train_dev.loss,
        penalty=trainer.penalty(),
        train_accuracy=learned.accuracy,
        test_accuracy=test.accuracy,
        validation_accuracy=held.accuracy,
        train_dev_accuracy=train_dev.accuracy,
        vote_accuracy=vote,
        train_r2=learned.r2,
        test_r2=test.r2,
        validation_r2=held.r2,
        train_dev_r2=train_dev.r2,
        train_error=learned.error,
        test_error=test.error,
        validation_error=held.error,
        train_dev_error=train_dev.error,
        dead_ratio=dead @ widths / units if units else np.full(k, np.nan),
        saturation_ratio=saturated @ widths / units if units else np.full(k, np.nan),
        zero_ratio=zeros / np.count_nonzero(weights),
        layer_dead_ratio=dead,
        layer_saturation_ratio=saturated,
        layer_mean=mean,
        layer_spread=spread,
        gradient_norm=norms(network.gradients),
        update_ratio=norms(trainer.update) / np.where(weight_norms > 0, weight_norms, 1),
        predicted=np.concatenate([part.predicted for part in (train, *between, test)], axis=1),
    )
