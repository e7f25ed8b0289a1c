"""Losses for regression, where the labels are values; on classes they regress on one-hot targets."""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Interval

from engine.activations import HALF, ONE, ZERO
from engine.component import Array, Setting, Text
from engine.losses.base import LOSSES, Sides
from engine.losses.classes import OneOutputPerClass


class Regression(OneOutputPerClass):
    """Losses of the residual r = ŷ − y. With 0 classes the labels are values, and there is one output, which is the
    prediction. On class labels the network regresses on one-hot targets, one output a class.

    Such outputs are no probabilities, but near 0 and 1 after training: clipped to [0, 1] and scaled to sum 1 they serve
    as such (all alike where none is above 0). The largest output is predicted, also where clipping makes it a tie.
    """

    values = True

    def sides(self, classes: int) -> tuple[Sides, ...]:
        return super().sides(classes) if classes else (((), ()),)

    def targets(self, labels: Array, classes: int, dtype: Any) -> Array:
        return super().targets(labels, classes, dtype) if classes else labels[np.newaxis].astype(dtype)

    def least_of_noise(self, sigma: float) -> float:
        """The smallest loss that can be expected where the values carry normal noise of this standard deviation: the
        expected loss of the noise itself, by Gauss-Hermite quadrature."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(80)
        cost = self.loss(sigma * nodes.reshape(-1, 1, 1), np.zeros((1, 1)))
        return float(weights @ cost / weights.sum())

    def written(self, classes: int) -> tuple[str, dict[str, Array]]:
        return ("shares(clip(z, 0, 1))", {}) if classes else ("z", {})

    def probabilities(self, logits: Array, classes: int | None = None) -> Array:
        if classes == 0:
            return logits
        p = np.clip(logits, 0.0, 1.0)
        total = np.add.reduce(p, axis=-2, keepdims=True)
        none = total == ZERO
        np.copyto(p, 1 / p.shape[-2], where=none)
        np.copyto(total, ONE, where=none)
        return np.divide(p, total, p)


@LOSSES.add
@dataclass(frozen=True)
class SquaredError(Regression):
    """L = ½ Σ(ŷ − y)², dL/dŷ = ŷ − y. For classes it works, but also punishes outputs that are right by too much; an
    outlier counts with the square of its distance. The ½ makes the gradient plain. Source: S1, S3."""

    id = "squared_error"
    label = Text("Squared error", "平方误差")
    formula = "L = ½ Σ (ŷ − y)²"
    description = Text(
        "Distance to the target, squared; meant for regression, and punishes being right by too much.",
        "与目标之差的平方；本用于回归，会惩罚“过于正确”的输出。",
    )
    suits = Text("Regression with noise like a bell curve.", "噪声近似正态的回归。")
    fails = Text(
        "Outliers count squared; on classes it also punishes scores that are too right.",
        "异常值按平方计；用于分类时还会惩罚分得太对的点。",
    )
    gradient_formula = "ŷ − y"
    gradient_terms = Text(
        "ŷ = z, the prediction; y is the target (for classes 1 for the true one, 0 for the others).",
        "ŷ = z，即预测值；y 为目标值（分类时真实类别为 1，其余为 0）。",
    )

    def loss(self, logits: Array, targets: Array) -> Array:
        residual = logits - targets
        np.multiply(residual, residual, residual)
        return np.asarray(0.5 * np.add.reduce(residual, axis=-2).mean(axis=-1))

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        return np.subtract(logits, targets, out)

    def terms(self, logits: Array, targets: Array) -> dict[str, Array]:
        return {"ŷ": logits, "y": targets}

    def least(self, posterior: Array) -> Array:
        return np.asarray(0.5 * (posterior * (1 - posterior)).sum(axis=0))


@LOSSES.add
@dataclass(frozen=True)
class AbsoluteError(Regression):
    """L = Σ|ŷ − y|, dL/dŷ = sign(ŷ − y), 0 at 0. Aims at the median, so that outliers hardly matter; but the gradient
    has one size however near the target is, and large steps jump over it. Source: S3."""

    id = "absolute_error"
    label = Text("Absolute error", "绝对误差")
    formula = "L = Σ |ŷ − y|"
    description = Text(
        "Distance to the target: hardly bothered by outliers, but its gradient never gets smaller.",
        "与目标之差的绝对值：不易受离群点影响，但梯度不会随误差变小。",
    )
    suits = Text("Regression with outliers: it aims at the median.", "有异常值的回归：它逼近中位数。")
    fails = Text(
        "The gradient keeps its size near the goal, so it jitters unless the learning rate decays.",
        "接近目标时梯度不变小，不降低学习率就会抖动。",
    )
    scores = True
    gradient_formula = "sign(ŷ − y)"
    gradient_terms = Text(
        "ŷ = z, the prediction; y is the target (for classes 1 for the true one, 0 for the others).",
        "ŷ = z，即预测值；y 为目标值（分类时真实类别为 1，其余为 0）。",
    )

    def loss(self, logits: Array, targets: Array) -> Array:
        residual = logits - targets
        np.absolute(residual, out=residual)
        return np.asarray(np.add.reduce(residual, axis=-2).mean(axis=-1))

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        np.subtract(logits, targets, out)
        return np.sign(out, out)

    def terms(self, logits: Array, targets: Array) -> dict[str, Array]:
        return {"ŷ": logits, "y": targets}

    def least(self, posterior: Array) -> Array:
        return np.asarray(np.minimum(posterior, 1 - posterior).sum(axis=0))


@LOSSES.add
@dataclass(frozen=True)
class Huber(Regression):
    """½r² for |r| ≤ δ and δ(|r| − ½δ) beyond: squared error near the target, absolute error far from it, with a
    gradient clipped to ±δ. With c = clip(r, ±δ) both parts are c(r − ½c). PyTorch's smooth L1 loss is this over δ;
    one more thing to choose. Source: Huber 1964."""

    id = "huber"
    label = Text("Huber", "Huber 损失")
    formula = "L = Σ ½r² if |r| ≤ δ, else δ(|r| − ½δ)"
    description = Text(
        "Squared error for small differences, absolute error for large ones.",
        "误差小时用平方，误差大时用绝对值。",
    )
    suits = Text("Regression with some outliers, and a smooth end.", "有少量异常值的回归，收尾也平稳。")
    fails = Text(
        "A δ far from the noise's size makes it one of the other two.", "δ 与噪声大小相差太远时，就退化成另外两种之一。"
    )
    gradient_formula = "clip(ŷ − y, −δ, δ)"
    gradient_terms = Text(
        "ŷ = z, the prediction; y is the target (for classes 1 for the true one, 0 for the others); clip "
        "cuts off at ±δ.",
        "ŷ = z，即预测值；y 为目标值（分类时真实类别为 1，其余为 0）；clip 在 ±δ 处截断。",
    )

    delta: Annotated[
        float,
        Interval(ge=0.05, le=5.0),
        Setting(
            Text("Threshold δ", "阈值 δ"),
            Text("Differences beyond this count in proportion only.", "超过此值的误差只按比例计入。"),
            scale="log",
            suggestions=(0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0),
            compare=(0.1, 1.0, 5.0),
            group="training",
        ),
    ] = 1.0

    def loss(self, logits: Array, targets: Array) -> Array:
        residual = logits - targets
        clipped = np.clip(residual, -self.delta, self.delta)
        residual -= HALF * clipped
        np.multiply(residual, clipped, residual)
        return np.asarray(np.add.reduce(residual, axis=-2).mean(axis=-1))

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        np.subtract(logits, targets, out)
        return np.clip(out, -self.delta, self.delta, out=out)

    def terms(self, logits: Array, targets: Array) -> dict[str, Array]:
        return {"ŷ": logits, "y": targets, "δ": np.full_like(logits, self.delta)}

    def least(self, posterior: Array) -> Array | None:
        if self.delta < 1:  # residuals of one-hot targets reach 1
            return None
        return np.asarray(0.5 * (posterior * (1 - posterior)).sum(axis=0))
