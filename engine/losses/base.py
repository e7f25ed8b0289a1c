"""What a loss is: how wrong the network is. The output layer is linear; the loss owns the output non-linearity.

``logits`` and ``targets`` are ``(n_out, m)`` or ``(K, n_out, m)``. ``loss`` is the mean over the m samples (what a
sample costs is summed over its outputs); ``gradient`` is that of the *sum*, the caller divides by m (it has 1/m at hand
as an array).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from engine.component import Array, Component, Registry, Text

if TYPE_CHECKING:
    from engine.data import Data

LOSSES: Registry["Loss"] = Registry("losses", Text("Loss", "损失函数"))

Sides: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]
"""Two groups of classes that one output decides between."""


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

    output: ClassVar[Text] = Text("Output", "输出")
    """What one of its outputs is called."""

    def resolve(self, data: "Data") -> "Loss":
        """The loss that these data are trained with: itself, but for the automatic choice."""
        return self

    def sides(self, classes: int) -> tuple[Sides, ...]:
        """What each output stands for: the classes that become less probable as it grows, and those that become more
        so. An output that is a value has none."""
        raise NotImplementedError

    def outputs(self, classes: int) -> int:
        """Number of output units for so many classes."""
        return len(self.sides(classes))

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
            chosen = "squared_error"
        else:
            chosen = "attribute_logistic" if data.attributes else "softmax_cross_entropy"
        return LOSSES[chosen]()  # by id, as their modules import this one
