"""Diagnostics: what is worth knowing about a run besides its loss. All numbers are per network, ``(K,)``, or per
network and layer, ``(K, layers)``.

Measured on the whole training part (losses and accuracies on the test part, too), so that they do not flicker with the
batch.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.component import Array

if TYPE_CHECKING:
    from engine.trainer import Trainer

SATURATED_BELOW = 0.05


@dataclass(frozen=True)
class Metrics:
    """``train_loss`` and ``test_loss`` are the data loss L without the penalty R, which stands beside them.

    ``dead_ratio``: share of hidden units whose output is 0 for every training point (S3); NaN without hidden layers.
    ``saturation_ratio``: share of all (unit, training point) pairs whose activation is bounded and has |g'(z)| < 0.05.
    ``gradient_norm``: ‖dL/dθ‖ of each weight layer's parameters, over the training part (S4: vanishing, exploding).
    ``update_ratio``: ‖last update‖ / ‖θ‖ of each weight layer's parameters; about 1e-3 is healthy.
    """

    train_loss: Array
    test_loss: Array
    penalty: Array
    train_accuracy: Array
    test_accuracy: Array
    dead_ratio: Array
    saturation_ratio: Array
    layer_dead_ratio: Array
    layer_saturation_ratio: Array
    gradient_norm: Array
    update_ratio: Array
    predicted: Array
    """Predicted class of every point, ``(K, n)``."""


def measure(trainer: "Trainer") -> Metrics:
    """Measure a trainer's networks as they are. Its gradients are overwritten; nothing else changes."""
    network, data, loss = trainer.network, trainer.data, trainer.loss
    k = network.networks

    def one_each(values: Array) -> Array:
        return np.broadcast_to(np.asarray(values), (k,)).copy()

    def forward(part: slice) -> tuple[Array, Array]:
        x = trainer.x[:, part]
        logits = trainer.layout(x.shape[1]).forward(x)
        predicted = loss.predict(logits, data.classes).reshape(k, -1)
        return one_each(loss.loss(logits, trainer.targets[:, part])), predicted

    test_loss, test_predicted = forward(data.test)
    held_out = forward(trainer.validation)[1] if trainer.validation.start < data.n_train else np.empty((k, 0), int)
    train_loss, train_predicted = forward(trainer.train_part)
    layout = trainer.layout(trainer.n_train)
    d = loss.gradient(layout.logits, trainer.targets[:, trainer.train_part], layout.d_logits)
    layout.backward(np.multiply(d, layout.one_over_m, out=d))

    widths = np.array([layer.a.shape[-2] for layer in layout.hidden])
    dead = np.empty((k, len(layout.hidden)))
    saturated = np.zeros((k, len(layout.hidden)))
    for index, layer in enumerate(layout.hidden):
        dead[:, index] = 1 - np.any(layer.a, axis=-1).mean(axis=-1)
        if layer.activation.bounded:
            derivative = layer.activation.df(layer.z, layer.a, layer.dz)
            saturated[:, index] = (np.abs(derivative) < SATURATED_BELOW).mean(axis=(-2, -1))

    def norms(flat: Array) -> Array:
        squares = flat * flat
        return np.sqrt(np.stack([squares[:, span].sum(axis=1) for span in network.spans], axis=1))

    weight_norms = norms(network.parameters)
    predicted = np.concatenate([train_predicted, held_out, test_predicted], axis=1)
    correct = predicted == data.labels
    units = widths.sum()
    return Metrics(
        train_loss=train_loss,
        test_loss=test_loss,
        penalty=trainer.penalty(),
        train_accuracy=correct[:, trainer.train_part].mean(axis=1),
        test_accuracy=correct[:, data.test].mean(axis=1),
        dead_ratio=dead @ widths / units if units else np.full(k, np.nan),
        saturation_ratio=saturated @ widths / units if units else np.full(k, np.nan),
        layer_dead_ratio=dead,
        layer_saturation_ratio=saturated,
        gradient_norm=norms(network.gradients),
        update_ratio=norms(trainer.update) / np.where(weight_norms > 0, weight_norms, 1),
        predicted=predicted,
    )
