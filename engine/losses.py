"""Losses: how wrong the network is. The output layer is linear; the loss owns the output non-linearity.

``logits`` and ``targets`` are ``(n_out, m)`` or ``(K, n_out, m)``. ``loss`` is the mean over the m samples;
``gradient`` is that of the *sum*, the caller divides by m (it has 1/m at hand as an array).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.activations import HALF, ZERO
from engine.component import Array, Component, Registry, Text

LOSSES: Registry["Loss"] = Registry("losses", Text("Loss", "损失函数"))


class Loss(Component):
    """Data loss L of logits against targets."""

    family = "losses"

    classes: ClassVar[tuple[int, int]] = (2, 6)
    """Fewest and most classes it can tell apart."""

    def outputs(self, classes: int) -> int:
        """Number of output units for so many classes."""
        raise NotImplementedError

    def targets(self, labels: Array, classes: int, dtype: Any) -> Array:
        """Labels ``(m,)`` as the ``(n_out, m)`` array that the loss compares with."""
        raise NotImplementedError

    def loss(self, logits: Array, targets: Array) -> Array:
        """Mean loss over the samples, one number a network."""
        raise NotImplementedError

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        """Write d(sum of losses)/d(logits) into ``out``."""
        raise NotImplementedError

    def probabilities(self, logits: Array) -> Array:
        """Class probabilities ``(…, classes, m)``."""
        raise NotImplementedError

    def predict(self, logits: Array) -> Array:
        """Most probable class of every sample."""
        return np.argmax(logits, axis=-2)


@LOSSES.add
@dataclass(frozen=True)
class SoftmaxCrossEntropy(Loss):
    """L = −ln p_y with p = softmax(z), by log-sum-exp (the largest logit is subtracted first). dL/dz = p − y.
    Source: S1, S2, S3."""

    id = "softmax_cross_entropy"
    label = Text("Softmax cross-entropy", "Softmax 交叉熵")
    formula = "L = −ln softmax(z)ᵧ"
    description = Text(
        "One output a class; the outputs become probabilities that sum to one.",
        "每个类别一个输出，输出化为总和为 1 的概率。",
    )

    def outputs(self, classes: int) -> int:
        return classes

    def targets(self, labels: Array, classes: int, dtype: Any) -> Array:
        return np.ascontiguousarray(np.eye(classes, dtype=dtype)[:, labels])

    def _shifted(self, logits: Array) -> Array:
        return logits - np.maximum.reduce(logits, axis=-2, keepdims=True)

    def loss(self, logits: Array, targets: Array) -> Array:
        z = self._shifted(logits)
        log_sum = np.log(np.add.reduce(np.exp(z), axis=-2))
        return np.asarray((log_sum - np.add.reduce(z * targets, axis=-2)).mean(axis=-1))

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        np.subtract(logits, np.maximum.reduce(logits, axis=-2, keepdims=True), out=out)
        np.exp(out, out=out)
        np.divide(out, np.add.reduce(out, axis=-2, keepdims=True), out=out)
        return np.subtract(out, targets, out=out)

    def probabilities(self, logits: Array) -> Array:
        p = self._shifted(logits)
        np.exp(p, out=p)
        p /= np.add.reduce(p, axis=-2, keepdims=True)
        return p


@LOSSES.add
@dataclass(frozen=True)
class Logistic(Loss):
    """L = ln(1 + e^z) − yz for one output and labels y in {0, 1}; p = σ(z), dL/dz = p − y. Source: S1, S2, S3."""

    id = "logistic"
    label = Text("Logistic", "逻辑回归损失")
    formula = "L = ln(1 + eᶻ) − yz"
    description = Text(
        "One output for two classes: its sigmoid is the probability of the second class.",
        "两个类别只用一个输出，其 Sigmoid 值是第二类的概率。",
    )
    classes = (2, 2)

    def outputs(self, classes: int) -> int:
        return 1

    def targets(self, labels: Array, classes: int, dtype: Any) -> Array:
        return np.ascontiguousarray(labels[np.newaxis]).astype(dtype)

    def loss(self, logits: Array, targets: Array) -> Array:
        return np.asarray((np.logaddexp(logits, ZERO) - targets * logits).mean(axis=(-2, -1)))

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        np.multiply(logits, HALF, out=out)
        np.tanh(out, out=out)
        np.multiply(out, HALF, out=out)
        np.add(out, HALF, out=out)
        return np.subtract(out, targets, out=out)

    def probabilities(self, logits: Array) -> Array:
        p = HALF + HALF * np.tanh(HALF * logits)
        return np.concatenate([1 - p, p], axis=-2)

    def predict(self, logits: Array) -> Array:
        return (logits[..., 0, :] > 0).astype(np.intp)
