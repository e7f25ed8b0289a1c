"""Losses: how wrong the network is. The output layer is linear; the loss owns the output non-linearity.

``logits`` and ``targets`` are ``(n_out, m)`` or ``(K, n_out, m)``. ``loss`` is the mean over the m samples (what a
sample costs is summed over its outputs); ``gradient`` is that of the *sum*, the caller divides by m (it has 1/m at hand
as an array).
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias

import numpy as np
from annotated_types import Interval

from engine.activations import HALF, ONE, TWO, ZERO, sigmoid
from engine.component import Array, Component, Registry, Setting, Text

if TYPE_CHECKING:
    from engine.data import Data

LOSSES: Registry["Loss"] = Registry("losses", Text("Loss", "损失函数"))

Tree: TypeAlias = "int | tuple[Tree, Tree]"


class Loss(Component):
    """Data loss L of logits against targets."""

    family = "losses"

    classes: ClassVar[tuple[int, int]] = (2, 6)
    """Fewest and most classes it can tell apart."""

    values: ClassVar[bool] = False
    """Whether it also serves for regression, where there are 0 classes and the labels are numbers."""

    gradient_formula: ClassVar[str] = ""
    """dL/dz of one output, in the quantities of `terms`; the products are written out."""

    gradient_terms: ClassVar[Text] = Text("", "")
    """What these quantities are."""

    scores: ClassVar[bool] = False
    """Whether the outputs are scores that were never asked to become probabilities."""

    def resolve(self, data: "Data") -> "Loss":
        """The loss that these data are trained with: itself, but for the automatic choice."""
        return self

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

    def terms(self, logits: Array, targets: Array) -> dict[str, Array]:
        """The quantities in `gradient_formula` by name, in shapes that broadcast to that of ``logits``."""
        raise NotImplementedError

    def probabilities(self, logits: Array, classes: int | None = None) -> Array:
        """Class probabilities ``(…, classes, m)``. ``classes`` matters to losses whose outputs could tell apart more
        classes than there are; left out, it is as many as they can."""
        raise NotImplementedError

    def written(self, classes: int) -> tuple[str, dict[str, Array]]:
        """`probabilities` as an exported program writes them: an expression of the logits ``z`` in the words of
        `engine.programs`, and the constants in it. Empty: a network with it cannot be exported as a program."""
        return "", {}

    def predict(self, logits: Array, classes: int | None = None) -> Array:
        """Most probable class of every sample."""
        if logits.shape[-2] == 2:
            return (logits[..., 1, :] > logits[..., 0, :]).astype(np.intp)
        return np.argmax(logits, axis=-2)

    def least(self, posterior: Array) -> Array | None:
        """The smallest loss ``(m,)`` that any prediction can expect, where the classes are as probable as ``(classes,
        m)`` says; None where no formula for it is known here."""
        return None


def entropy(p: Array) -> Array:
    """−Σ p ln p over the first axis, in nats."""
    return np.asarray(-np.sum(p * np.log(np.where(p > 0, p, 1)), axis=0))


@LOSSES.add
@dataclass(frozen=True)
class AutomaticLoss(Loss):
    """Whatever suits the data: softmax cross-entropy for classes, attribute logistic where a class is a set of yes/no
    labels, squared error for values. Source: S3."""

    id = "auto"
    label = Text("Automatic", "自动")
    formula = "L = −ln softmax(z)ᵧ ∣ ½ Σ (ŷ − y)²"
    description = Text(
        "Softmax cross-entropy for classes, attribute logistic for several labels a point, squared error for values.",
        "分类用 Softmax 交叉熵，多标签用属性逻辑回归损失，数值用平方误差。",
    )
    suits = Text("Unless there is a reason for another: it follows the data.", "没有特别理由时就用它：随数据而定。")
    fails = Text("Nowhere by itself; what it chose has its own limits.", "它本身不会失败；所选损失的局限见各自条目。")
    values = True

    def resolve(self, data: "Data") -> Loss:
        if data.task == "values":
            return SquaredError()
        return AttributeLogistic() if data.attributes else SoftmaxCrossEntropy()


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

    def outputs(self, classes: int) -> int:
        return classes

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

    def outputs(self, classes: int) -> int:
        return 1

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

    def outputs(self, classes: int) -> int:
        return 1

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


class Hinge(OneOutputPerClass):
    """Losses that ask for a margin of 1 between the right score and every other: s_j = max(0, 1 + z_j − z_y), j ≠ y.

    The scores of a support vector machine are no probabilities; `probabilities` gives their softmax all the same, to
    have something to shade the plane with.
    """

    scores = True

    def _shortfall(self, logits: Array, targets: Array, out: Array) -> Array:
        """Write s into ``out``: what is missing of the margin; 0 in the row of the right class."""
        right = np.add.reduce(logits * targets, axis=-2, keepdims=True)
        np.subtract(logits, right, out)
        np.add(out, ONE, out)
        np.subtract(out, targets, out)
        return np.maximum(out, ZERO, out=out)

    def _against_the_right_class(self, slopes: Array, targets: Array) -> Array:
        """From dL/ds to dL/dz, in place: what pushes the others down pushes the right score up."""
        return np.subtract(slopes, np.add.reduce(slopes, axis=-2, keepdims=True) * targets, slopes)


@LOSSES.add
@dataclass(frozen=True)
class MulticlassHinge(Hinge):
    """L = Σ_{j≠y} max(0, 1 + z_j − z_y): the multiclass support vector machine of Weston and Watkins, margin 1. Points
    beyond the margin cost nothing and teach nothing; the kinks have subgradient 0. Some libraries divide by the number
    of classes (PyTorch); here the sum stays a sum. Source: S3; Weston & Watkins 1999."""

    id = "multiclass_hinge"
    label = Text("Multiclass hinge (SVM)", "多类合页损失（SVM）")
    formula = "L = Σⱼ≠ᵧ max(0, 1 + zⱼ − zᵧ)"
    description = Text(
        "The right score must beat every other by a margin of 1; points beyond it no longer count. "
        "Shading is the softmax of the scores, not a probability.",
        "正确类别的得分须比其他类别至少高 1，超出间隔的点不再起作用；底色是得分的 Softmax，并非概率。",
    )
    suits = Text("When only the boundary counts and not the probability.", "只关心边界、不需要概率时。")
    fails = Text(
        "Points beyond the margin say nothing, and the kinks make large steps noisy.",
        "间隔之外的点不起作用；折点使大步长噪声更大。",
    )
    gradient_formula = "v − n·y"
    gradient_terms = Text(
        "v is 1 where the margin is violated (1 + z − zᵧ > 0) and 0 elsewhere, n how many of them there "
        "are; y is 1 for the true class.",
        "v：违反间隔处（1 + z − zᵧ > 0）为 1，其余为 0；n：违反的个数；y：真实类别为 1，其余为 0。",
    )

    def loss(self, logits: Array, targets: Array) -> Array:
        shortfall = self._shortfall(logits, targets, np.empty_like(logits))
        return np.asarray(np.add.reduce(shortfall, axis=-2).mean(axis=-1))

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        self._shortfall(logits, targets, out)
        return self._against_the_right_class(np.sign(out, out), targets)

    def terms(self, logits: Array, targets: Array) -> dict[str, Array]:
        violated = np.sign(self._shortfall(logits, targets, np.empty_like(logits)))
        return {"v": violated, "n": np.add.reduce(violated, axis=-2, keepdims=True), "y": targets}

    def least(self, posterior: Array) -> Array | None:
        return 2 * posterior.min(axis=0) if len(posterior) == 2 else None


@LOSSES.add
@dataclass(frozen=True)
class SquaredHinge(Hinge):
    """L = Σ_{j≠y} max(0, 1 + z_j − z_y)²: punishes large violations more and small ones less than the hinge, and has no
    kink. Outliers weigh heavily. Source: S3; Tang 2013."""

    id = "squared_hinge"
    label = Text("Squared hinge", "平方合页损失")
    formula = "L = Σⱼ≠ᵧ max(0, 1 + zⱼ − zᵧ)²"
    description = Text(
        "The hinge squared: smooth, and hard on large violations. "
        "Shading is the softmax of the scores, not a probability.",
        "合页损失的平方：光滑，对严重违反间隔的点惩罚更重；底色是得分的 Softmax，并非概率。",
    )
    suits = Text("As the hinge, where a smooth loss trains better.", "同合页损失，希望损失光滑时。")
    fails = Text("One far outlier or wrong label dominates everything.", "一个远离的异常点或错误标签就会主导一切。")
    gradient_formula = "2·(s − S·y)"
    gradient_terms = Text(
        "s = max(0, 1 + z − zᵧ), what is missing of the margin, S its sum over the classes; y is 1 for "
        "the true class, where s is 0.",
        "s = max(0, 1 + z − zᵧ)，即距间隔的差额；S：其对各类别之和；y：真实类别为 1（该处 s 为 0），其余为 0。",
    )

    def loss(self, logits: Array, targets: Array) -> Array:
        shortfall = self._shortfall(logits, targets, np.empty_like(logits))
        np.multiply(shortfall, shortfall, shortfall)
        return np.asarray(np.add.reduce(shortfall, axis=-2).mean(axis=-1))

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        self._shortfall(logits, targets, out)
        return self._against_the_right_class(np.multiply(out, TWO, out), targets)

    def terms(self, logits: Array, targets: Array) -> dict[str, Array]:
        shortfall = self._shortfall(logits, targets, np.empty_like(logits))
        return {"s": shortfall, "S": np.add.reduce(shortfall, axis=-2, keepdims=True), "y": targets}

    def least(self, posterior: Array) -> Array | None:
        return 4 * posterior.prod(axis=0) if len(posterior) == 2 else None


class Regression(OneOutputPerClass):
    """Losses of the residual r = ŷ − y. With 0 classes the labels are values, and there is one output, which is the
    prediction. On class labels the network regresses on one-hot targets, one output a class.

    Such outputs are no probabilities, but near 0 and 1 after training: clipped to [0, 1] and scaled to sum 1 they serve
    as such (all alike where none is above 0). The largest output is predicted, also where clipping makes it a tie.
    """

    values = True

    def outputs(self, classes: int) -> int:
        return max(classes, 1)

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


@cache
def digits(classes: int) -> Array:
    """The binary digits of the numbers of the classes, ``(⌈log₂ classes⌉, classes)``, highest digit first."""
    count = (classes - 1).bit_length()
    return np.array([[c >> shift & 1 for c in range(classes)] for shift in reversed(range(count))], np.float32)


class Attributes(Loss):
    """Losses that see a class as a set of independent yes/no answers: class c is described by the binary digits of c
    (highest first), one output for each digit. So a point can carry several labels at once (S3).

    An answer is yes with probability σ(z); a class is as probable as all its answers together, which makes its
    logarithm Σ digit · z up to what all classes share. Over the classes that exist it is therefore a softmax. Two
    classes that differ in one digit are told apart by one output alone, so the numbering matters.
    """

    def outputs(self, classes: int) -> int:
        return len(digits(classes))

    def _scores(self, logits: Array, classes: int | None) -> Array:
        if classes is None:
            classes = min(2 ** logits.shape[-2], self.classes[1])
        return digits(classes).T.astype(logits.dtype) @ logits

    def written(self, classes: int) -> tuple[str, dict[str, Array]]:
        return "softmax(matmul(z, DIGITS))", {"DIGITS": digits(classes)}

    def probabilities(self, logits: Array, classes: int | None = None) -> Array:
        return softmax(self._scores(logits, classes))

    def predict(self, logits: Array, classes: int | None = None) -> Array:
        return np.argmax(self._scores(logits, classes), axis=-2)


@LOSSES.add
@dataclass(frozen=True)
class AttributeHinge(Attributes):
    """L = Σ max(0, 1 − yz) over the attributes, y in {−1, 1}: a support vector machine for each yes/no question. Its
    scores are no probabilities; σ(z) is used as one for shading. Source: S3."""

    id = "attribute_hinge"
    label = Text("Attribute hinge", "属性合页损失")
    formula = "L = Σᵢ max(0, 1 − yᵢ zᵢ)"
    description = Text(
        "Describes a class by yes/no attributes and asks each answer for a margin of 1. "
        "Shading is the sigmoid of the scores, not a probability.",
        "用若干“是/否”属性描述类别，每个属性要求间隔为 1；底色是得分的 Sigmoid，并非概率。",
    )
    suits = Text(
        "Several yes/no labels a point, when only the answer counts.", "每个点有多个是/否标签、只看判断结果时。"
    )
    fails = Text(
        "No probabilities, and attributes that depend on each other are learned apart.",
        "给不出概率；互相有关的属性也被分开学习。",
    )
    scores = True
    gradient_formula = "−y·v"
    gradient_terms = Text(
        "y is +1 where the class has the attribute and −1 where not; v is 1 where 1 − y z > 0 and 0 elsewhere.",
        "y：类别具有该属性时为 +1，否则为 −1；v：1 − y z > 0 时为 1，否则为 0。",
    )

    def targets(self, labels: Array, classes: int, dtype: Any) -> Array:
        return np.ascontiguousarray((2 * digits(classes) - 1)[:, labels]).astype(dtype)

    def _shortfall(self, logits: Array, targets: Array, out: Array) -> Array:
        np.multiply(logits, targets, out)
        np.subtract(ONE, out, out)
        return np.maximum(out, ZERO, out=out)

    def loss(self, logits: Array, targets: Array) -> Array:
        shortfall = self._shortfall(logits, targets, np.empty_like(logits))
        return np.asarray(np.add.reduce(shortfall, axis=-2).mean(axis=-1))

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        np.sign(self._shortfall(logits, targets, out), out)
        np.multiply(out, targets, out)
        return np.negative(out, out)

    def terms(self, logits: Array, targets: Array) -> dict[str, Array]:
        return {"y": targets, "v": np.sign(self._shortfall(logits, targets, np.empty_like(logits)))}

    def least(self, posterior: Array) -> Array:
        yes = digits(len(posterior)) @ posterior
        return np.asarray(2 * np.minimum(yes, 1 - yes).sum(axis=0))


@LOSSES.add
@dataclass(frozen=True)
class AttributeLogistic(Attributes):
    """L = Σ ln(1 + e^z) − yz over the attributes, y in {0, 1}: a logistic regression for each yes/no question;
    dL/dz = σ(z) − y. With two classes it is the logistic loss. Source: S3."""

    id = "attribute_logistic"
    label = Text("Attribute logistic", "属性逻辑回归损失")
    formula = "L = Σᵢ ln(1 + exp zᵢ) − yᵢ zᵢ"
    description = Text(
        "Describes a class by yes/no attributes, each with a probability of its own.",
        "用若干“是/否”属性描述类别，每个属性各有自己的概率。",
    )
    suits = Text("Several yes/no labels a point, with a probability each.", "每个点有多个是/否标签、各需一个概率时。")
    fails = Text("It does not know of combinations that never occur.", "它不知道哪些组合从不出现。")
    gradient_formula = "p − y"
    gradient_terms = Text(
        "p = σ(z); y is 1 where the class has the attribute and 0 where not.",
        "p = σ(z)；y：类别具有该属性时为 1，否则为 0。",
    )

    def targets(self, labels: Array, classes: int, dtype: Any) -> Array:
        return np.ascontiguousarray(digits(classes)[:, labels]).astype(dtype)

    def loss(self, logits: Array, targets: Array) -> Array:
        each = np.logaddexp(logits, ZERO)
        each -= targets * logits
        return np.asarray(np.add.reduce(each, axis=-2).mean(axis=-1))

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        return np.subtract(sigmoid(logits, out), targets, out)

    def terms(self, logits: Array, targets: Array) -> dict[str, Array]:
        return {"p": sigmoid(logits, np.empty_like(logits)), "y": targets}

    def least(self, posterior: Array) -> Array:
        yes = digits(len(posterior)) @ posterior
        return np.asarray(sum(entropy(np.stack([answer, 1 - answer])) for answer in yes))


def balanced(first: int, classes: int) -> Tree:
    """The balanced binary tree over so many classes from ``first`` on; the left half is the larger one."""
    if classes == 1:
        return first
    left = (classes + 1) // 2
    return balanced(first, left), balanced(first + left, classes - left)


@cache
def turns(classes: int) -> Array:
    """How to get to each class in the tree, ``(classes − 1, classes)``: at inner node i (rows, in the order of reading
    the tree: a node, its left part, its right part) class c (columns) goes right (1), left (−1), or does not pass (0).
    """
    rows: list[list[float]] = []

    def walk(tree: Tree) -> list[int]:
        """The classes below; every inner node adds its row."""
        if isinstance(tree, int):
            return [tree]
        row = [0.0] * classes
        rows.append(row)
        left, right = map(walk, tree)
        for leaf in left:
            row[leaf] = -1.0
        for leaf in right:
            row[leaf] = 1.0
        return left + right

    walk(balanced(0, classes))
    return np.array(rows, np.float32)


@LOSSES.add
@dataclass(frozen=True)
class HierarchicalSoftmax(Loss):
    """A balanced binary tree over the classes (see `tree`) with one output z at each inner node, σ(z) the probability
    of going right there. A class is as probable as its path, the product of its turns, so that all classes sum to 1;
    L = Σ ln(1 + e^∓z) over the path. Costs log₂(classes) instead of classes, which pays for thousands of them; classes
    that are alike should stand together, because the first turns must separate whole groups.
    Source: S3; Morin & Bengio 2005."""

    id = "hierarchical_softmax"
    label = Text("Hierarchical softmax", "分层 Softmax")
    formula = "L = Σ ln(1 + exp(∓z)) over the path to y"
    description = Text(
        "A binary tree of classes: at each fork one output decides between left and right.",
        "把类别排成二叉树，每个分叉处由一个输出决定向左还是向右。",
    )
    suits = Text(
        "Very many classes: the cost grows with the tree's depth, not with their number.",
        "类别极多时：代价随树的深度而非类别数增长。",
    )
    fails = Text(
        "A tree that splits alike classes early makes them hard to tell; with few classes nothing is gained.",
        "树若过早把相近的类分开就难以学好；类别少时没有好处。",
    )
    gradient_formula = "w·(p − y)"
    gradient_terms = Text(
        "p = σ(z), the probability of going right at this fork; y is 1 where the path to the true class "
        "goes right; w is 1 for forks on that path and 0 elsewhere.",
        "p = σ(z)，即在该分叉处向右的概率；y：通往真实类别的路径向右时为 1；w：在该路径上的分叉处为 1，其余为 0。",
    )

    def tree(self, classes: int) -> Tree:
        """The tree as nested pairs of class numbers: ``((0, 1), (2, 3))`` for four. Its inner nodes are the outputs, in
        the order of reading: the whole pair, all of its left part, all of its right part."""
        return balanced(0, classes)

    def outputs(self, classes: int) -> int:
        return classes - 1

    def targets(self, labels: Array, classes: int, dtype: Any) -> Array:
        return np.ascontiguousarray(turns(classes)[:, labels]).astype(dtype)

    def loss(self, logits: Array, targets: Array) -> Array:
        cost = np.logaddexp(-targets * logits, ZERO)
        np.multiply(cost, np.absolute(targets), cost)  # nodes off the path cost nothing
        return np.asarray(np.add.reduce(cost, axis=-2).mean(axis=-1))

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        np.multiply(logits, HALF, out)  # −tσ(−tz) = ½(|t| tanh(z/2) − t), t in {−1, 0, 1}
        np.tanh(out, out)
        np.multiply(out, np.absolute(targets), out)
        np.subtract(out, targets, out)
        return np.multiply(out, HALF, out)

    def terms(self, logits: Array, targets: Array) -> dict[str, Array]:
        p = sigmoid(logits, np.empty_like(logits))
        return {"w": np.absolute(targets), "p": p, "y": np.maximum(targets, ZERO)}

    def _log_probabilities(self, logits: Array) -> Array:
        paths = turns(logits.shape[-2] + 1).T.astype(logits.dtype)
        cost = np.maximum(-paths, ZERO) @ np.logaddexp(logits, ZERO)
        cost += np.maximum(paths, ZERO) @ np.logaddexp(-logits, ZERO)
        return np.negative(cost, cost)

    def written(self, classes: int) -> tuple[str, dict[str, Array]]:
        return "paths(z, TURNS)", {"TURNS": turns(classes)}

    def probabilities(self, logits: Array, classes: int | None = None) -> Array:
        p = self._log_probabilities(logits)
        return np.exp(p, p)

    def predict(self, logits: Array, classes: int | None = None) -> Array:
        return np.argmax(self._log_probabilities(logits), axis=-2)

    def least(self, posterior: Array) -> Array:
        return entropy(posterior)
