"""Regularizers: the price of large weights. The objective is J = L + R.

``w`` is the flat parameter array ``(K, P)``; ``mask`` has the same width, 0 for biases (they are not regularized by
default, S3) and 1 for weights. A regularizer adds to the gradient, or acts after the step, or both.
"""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

import numpy as np
from annotated_types import Interval

from engine.activations import ZERO
from engine.component import Array, Component, Registry, Setting, Text

REGULARIZERS: Registry["Regularizer"] = Registry("regularizers", Text("Regularization", "正则化"))

Strength: TypeAlias = Annotated[
    float,
    Interval(ge=0.0, le=10.0),
    Setting(
        Text("Strength λ", "强度 λ"),
        Text(
            "How much large weights cost; more makes the boundary smoother.",
            "大权重的代价；越大，决策边界越平滑。",
        ),
        scale="log",
        suggestions=(0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
        compare=(0.0, 0.001, 0.01, 0.1),
        live=True,
    ),
]


class Regularizer(Component):
    """Penalty R on the weights."""

    family = "regularizers"

    def penalty(self, w: Array, mask: Array) -> Array:
        """R of every network, shape ``(K,)``."""
        return np.zeros(len(w), w.dtype)

    def gradient(self, w: Array, mask: Array, out: Array) -> Array | None:
        """Write dR/dw into ``out`` and return it, or return None if the gradient has no part in the step."""
        return None

    def after_step(self, w: Array, mask: Array, learning_rate: Array, scratch: Array) -> None:
        """Change the weights in place after the optimizer's step."""


@REGULARIZERS.add
@dataclass(frozen=True)
class NoRegularizer(Regularizer):
    """R = 0."""

    id = "none"
    label = Text("None", "无")
    formula = "R = 0"
    description = Text("Weights may grow as they like.", "不限制权重大小。")


@REGULARIZERS.add
@dataclass(frozen=True)
class L2(Regularizer):
    """R = ½λ Σw², so that dR/dw = λw: every step shrinks the weights in proportion. Source: S0, S1, S2, S3."""

    id = "l2"
    label = Text("L2", "L2")
    formula = "R = ½ λ Σ w²"
    description = Text(
        "Shrinks large weights in proportion, which smooths the boundary (weight decay).",
        "按比例缩小大权重，使决策边界变平滑（权重衰减）。",
    )
    strength: Strength = 0.01

    def penalty(self, w: Array, mask: Array) -> Array:
        return np.asarray(0.5 * np.add.reduce(self.strength * mask * w * w, axis=-1))

    def gradient(self, w: Array, mask: Array, out: Array) -> Array:
        np.multiply(w, self.strength, out=out)
        return np.multiply(out, mask, out=out)


@REGULARIZERS.add
@dataclass(frozen=True)
class L1(Regularizer):
    """R = λ Σ|w|, by the proximal (soft-threshold) step: after the update every weight moves towards zero by ηλ (η the
    learning rate) and stops there. Subgradient steps (S3) only flicker around zero; this one reaches exact zeros.
    Source: S0, S3; Beck & Teboulle 2009 for the proximal step."""

    id = "l1"
    label = Text("L1", "L1")
    formula = "R = λ Σ |w|"
    description = Text(
        "Pulls every weight towards zero by the same amount; many become exactly zero (sparse).",
        "以相同幅度把每个权重拉向零，许多权重恰好变为零（稀疏）。",
    )
    strength: Strength = 0.01

    def penalty(self, w: Array, mask: Array) -> Array:
        return np.asarray(np.add.reduce(self.strength * mask * np.abs(w), axis=-1))

    def after_step(self, w: Array, mask: Array, learning_rate: Array, scratch: Array) -> None:
        np.multiply(mask, learning_rate, out=scratch)
        np.multiply(scratch, self.strength, out=scratch)
        shrunk = np.abs(w)
        np.subtract(shrunk, scratch, out=shrunk)
        np.maximum(shrunk, ZERO, out=shrunk)
        np.copysign(shrunk, w, out=w)
