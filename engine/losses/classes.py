"""Losses for exclusive classes: outputs that become probabilities, and what TensorFlow Playground does instead."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.activations import HALF, ONE, ZERO, sigmoid
from engine.component import Array, Text
from engine.losses.base import LOSSES, Loss, Sides, entropy


def softmax(logits: Array) -> Array:
    """e^z / Σ e^z over the outputs; the largest logit is subtracted first, so that nothing overflows. For two outputs
    it is the sigmoid of their difference, in half the time."""
    if logits.shape[-2] == 2:
        p = np.empty_like(logits)
        first, second = p[..., 0, :], p[..., 1, :]
        sigmoid(np.subtract(logits[..., 1, :], logits[..., 0, :], second), second)
        np.subtract(ONE, second, first)
        return p
    p = logits - np.maximum.reduce(logits, axis=-2, keepdims=True)
    np.exp(p, p)
    p /= np.add.reduce(p, axis=-2, keepdims=True)
    return p


class OneOutputPerClass(Loss):
    """A loss with one output a class and one-hot targets."""

    def sides(self, classes: int) -> tuple[Sides, ...]:
        return tuple((tuple(other for other in range(classes) if other != c), (c,)) for c in range(classes))

    def targets(self, labels: Array, classes: int, dtype: Any) -> Array:
        return np.ascontiguousarray(np.eye(classes, dtype=dtype)[:, labels])

    def written(self, classes: int) -> tuple[str, dict[str, Array]]:
        return "softmax(z)", {}

    def probabilities(self, logits: Array, classes: int | None = None) -> Array:
        return softmax(logits)


@LOSSES.add
@dataclass(frozen=True)
class SoftmaxCrossEntropy(OneOutputPerClass):
    """L = −ln p_y with p = softmax(z), by log-sum-exp (the largest logit is subtracted first). dL/dz = p − y.
    Source: S1, S2, S3."""

    id = "softmax_cross_entropy"
    label = Text("Softmax cross-entropy", "Softmax 交叉熵")
    formula = "L = −ln softmax(z)ᵧ"
    description = Text(
        "One output a class; the outputs become probabilities that sum to one.",
        "每个类别一个输出，输出化为总和为 1 的概率。",
    )
    suits = Text("Exclusive classes, and when probabilities are wanted.", "类别互斥、且需要概率时。")
    fails = Text(
        "Never content: even right points pull the weights ever larger, and a wrong label costs without bound.",
        "永不满足：分对的点也不断推大权重，而一个错误标签的代价没有上限。",
    )
    gradient_formula = "p − y"
    gradient_terms = Text(
        "p = softmax(z); y is 1 for the true class and 0 for the others.",
        "p = softmax(z)；y 在真实类别处为 1，其余为 0。",
    )

    def loss(self, logits: Array, targets: Array) -> Array:
        z = logits - np.maximum.reduce(logits, axis=-2, keepdims=True)
        log_sum = np.log(np.add.reduce(np.exp(z), axis=-2))
        log_sum -= np.add.reduce(z * targets, axis=-2)
        return np.asarray(np.add.reduce(log_sum, axis=-1) / log_sum.shape[-1])

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        if logits.shape[-2] == 2:  # what pulls one output up pushes the other down as much
            first, second = out[..., 0, :], out[..., 1, :]
            p = np.subtract(logits[..., 1, :], logits[..., 0, :])
            np.subtract(sigmoid(p, p), targets[..., 1, :], second)
            np.negative(second, first)
            return out
        np.subtract(logits, np.maximum.reduce(logits, axis=-2, keepdims=True), out)
        np.exp(out, out)
        np.divide(out, np.add.reduce(out, axis=-2, keepdims=True), out)
        return np.subtract(out, targets, out)

    def terms(self, logits: Array, targets: Array) -> dict[str, Array]:
        return {"p": softmax(logits), "y": targets}

    def least(self, posterior: Array) -> Array:
        return entropy(posterior)


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
    suits = Text("Two classes, with one output instead of two.", "两个类别，只用一个输出。")
    fails = Text("More than two classes are refused.", "超过两个类别时会被拒绝。")
    gradient_formula = "p − y"
    gradient_terms = Text(
        "p = σ(z), the probability of the second class; y is 1 for that class and 0 for the first.",
        "p = σ(z)，即第二类的概率；y 对第二类为 1，对第一类为 0。",
    )
    classes = (2, 2)

    def sides(self, classes: int) -> tuple[Sides, ...]:
        return (((0,), (1,)),)

    def targets(self, labels: Array, classes: int, dtype: Any) -> Array:
        """y − ½, because σ(z) − y = tanh(z/2)/2 − (y − ½) is one call shorter."""
        return (labels[np.newaxis] - 0.5).astype(dtype)

    def loss(self, logits: Array, targets: Array) -> Array:
        y = targets + HALF
        return np.asarray((np.logaddexp(logits, ZERO) - y * logits).mean(axis=(-2, -1)))

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        np.multiply(logits, HALF, out)
        np.tanh(out, out)
        np.multiply(out, HALF, out)
        return np.subtract(out, targets, out)

    def terms(self, logits: Array, targets: Array) -> dict[str, Array]:
        return {"p": sigmoid(logits, np.empty_like(logits)), "y": targets + HALF}

    def written(self, classes: int) -> tuple[str, dict[str, Array]]:
        return "pair(sigmoid(z))", {}

    def probabilities(self, logits: Array, classes: int | None = None) -> Array:
        p = sigmoid(logits, np.empty_like(logits))
        return np.concatenate([1 - p, p], axis=-2)

    def predict(self, logits: Array, classes: int | None = None) -> Array:
        return (logits[..., 0, :] > 0).astype(np.intp)

    def least(self, posterior: Array) -> Array:
        return entropy(posterior)


@LOSSES.add
@dataclass(frozen=True)
class SquaredTanh(Loss):
    """L = ½(tanh z − t)² for one output and t = ±1, +1 being the second class: what TensorFlow Playground minimizes.
    Where tanh saturates on the wrong side the gradient (tanh z − t)(1 − tanh² z) vanishes, so a network that is very
    wrong learns slowly; cross-entropy does not have that fault (S3)."""

    id = "squared_tanh"
    label = Text("Squared error of tanh", "tanh 平方误差")
    formula = "L = ½ (tanh z − t)²"
    description = Text(
        "TensorFlow Playground's loss: squared distance of a tanh output to ±1; slow where the output is very wrong.",
        "TensorFlow Playground 所用：tanh 输出与 ±1 之差的平方；输出错得很离谱时学得慢。",
    )
    suits = Text("To get the same run as TensorFlow Playground.", "想得到与 TensorFlow Playground 相同的训练过程时。")
    fails = Text(
        "Where the output is saturated on the wrong side the gradient is nearly zero, so mistakes are corrected late.",
        "输出饱和在错误一侧时梯度接近零，错误迟迟得不到纠正。",
    )
    gradient_formula = "(a − t)·(1 − a²)"
    gradient_terms = Text(
        "a = tanh(z); t is +1 for the second class and −1 for the first.",
        "a = tanh(z)；t 对第二类为 +1，对第一类为 −1。",
    )
    classes = (2, 2)

    def sides(self, classes: int) -> tuple[Sides, ...]:
        return (((0,), (1,)),)

    def targets(self, labels: Array, classes: int, dtype: Any) -> Array:
        return (2 * labels[np.newaxis] - 1).astype(dtype)

    def loss(self, logits: Array, targets: Array) -> Array:
        residual = np.tanh(logits) - targets
        np.multiply(residual, residual, residual)
        return np.asarray(0.5 * residual.mean(axis=(-2, -1)))

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        np.tanh(logits, out)
        slope = ONE - out * out
        np.subtract(out, targets, out)
        return np.multiply(out, slope, out)

    def terms(self, logits: Array, targets: Array) -> dict[str, Array]:
        return {"a": np.tanh(logits), "t": targets}

    def written(self, classes: int) -> tuple[str, dict[str, Array]]:
        return "pair((tanh(z) + 1) / 2)", {}

    def probabilities(self, logits: Array, classes: int | None = None) -> Array:
        p = HALF * (np.tanh(logits) + ONE)
        return np.concatenate([1 - p, p], axis=-2)

    def predict(self, logits: Array, classes: int | None = None) -> Array:
        return (logits[..., 0, :] > 0).astype(np.intp)

    def least(self, posterior: Array) -> Array:
        return np.asarray(2 * posterior[0] * posterior[1])
