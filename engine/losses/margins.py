"""Support vector machines: losses for exclusive classes that ask for a margin and are content beyond it."""

from dataclasses import dataclass

import numpy as np

from engine.activations import ONE, TWO, ZERO
from engine.component import Array, Text
from engine.losses.base import LOSSES
from engine.losses.classes import OneOutputPerClass


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
