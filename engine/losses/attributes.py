"""Losses for points that carry several labels at once: a class is a set of yes/no answers, one output each."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from engine.activations import ONE, ZERO, sigmoid
from engine.component import Array, Text
from engine.losses.base import LOSSES, Loss, Sides, entropy
from engine.losses.classes import softmax


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

    output = Text("Attribute", "属性")

    def sides(self, classes: int) -> tuple[Sides, ...]:
        no, yes = ([tuple(np.flatnonzero(row == digit).tolist()) for row in digits(classes)] for digit in (0, 1))
        return tuple(zip(no, yes, strict=True))

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
