"""Input features: what the network is given of a point (x1, x2). The right feature can replace a hidden layer (S0)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Len

from engine.component import Array, Component, Refused, Registry, Setting, Text
from engine.formula import MAX_LENGTH, MAX_VALUE, FormulaError, checked, parse

FEATURES: Registry["Feature"] = Registry("features", Text("Input features", "输入特征"))


class Feature(Component):
    """One number computed from the coordinates of each point."""

    family = "features"

    program: ClassVar[str] = ""
    """The feature as an expression of NumPy; empty where there is none."""

    def written(self) -> str:
        """The feature as an exported program writes it, an expression of NumPy in the arrays ``x1`` and ``x2``; empty
        where it has none."""
        return self.program

    def compute(self, x1: Array, x2: Array) -> Array:
        """The feature of every point."""
        raise NotImplementedError


@FEATURES.add
@dataclass(frozen=True)
class X1(Feature):
    """The horizontal coordinate."""

    id = "x1"
    label = Text("x₁", "x₁")
    formula = "x₁"
    description = Text("The horizontal coordinate.", "横坐标。")
    program = "x1"

    def compute(self, x1: Array, x2: Array) -> Array:
        return x1


@FEATURES.add
@dataclass(frozen=True)
class X2(Feature):
    """The vertical coordinate."""

    id = "x2"
    label = Text("x₂", "x₂")
    formula = "x₂"
    description = Text("The vertical coordinate.", "纵坐标。")
    program = "x2"

    def compute(self, x1: Array, x2: Array) -> Array:
        return x2


@FEATURES.add
@dataclass(frozen=True)
class X1Squared(Feature):
    """The square of x1."""

    id = "x1_squared"
    label = Text("x₁²", "x₁²")
    formula = "x₁²"
    description = Text("Helps with anything round or left-right symmetric.", "适合圆形或左右对称的数据。")
    program = "x1 * x1"

    def compute(self, x1: Array, x2: Array) -> Array:
        return x1 * x1


@FEATURES.add
@dataclass(frozen=True)
class X2Squared(Feature):
    """The square of x2."""

    id = "x2_squared"
    label = Text("x₂²", "x₂²")
    formula = "x₂²"
    description = Text("Helps with anything round or up-down symmetric.", "适合圆形或上下对称的数据。")
    program = "x2 * x2"

    def compute(self, x1: Array, x2: Array) -> Array:
        return x2 * x2


@FEATURES.add
@dataclass(frozen=True)
class Product(Feature):
    """The product x1·x2, positive where the signs agree."""

    id = "x1x2"
    label = Text("x₁x₂", "x₁x₂")
    formula = "x₁ x₂"
    description = Text(
        "Positive where both signs agree: xor becomes one straight cut.",
        "同号为正：异或问题因此线性可分。",
    )
    program = "x1 * x2"

    def compute(self, x1: Array, x2: Array) -> Array:
        return x1 * x2


@FEATURES.add
@dataclass(frozen=True)
class SinX1(Feature):
    """sin x1, x1 in radians."""

    id = "sin_x1"
    label = Text("sin x₁", "sin x₁")
    formula = "sin x₁"
    description = Text("A wave from left to right.", "沿横轴的波。")
    program = "np.sin(x1)"

    def compute(self, x1: Array, x2: Array) -> Array:
        return np.asarray(np.sin(x1))


@FEATURES.add
@dataclass(frozen=True)
class SinX2(Feature):
    """sin x2, x2 in radians."""

    id = "sin_x2"
    label = Text("sin x₂", "sin x₂")
    formula = "sin x₂"
    description = Text("A wave from bottom to top.", "沿纵轴的波。")
    program = "np.sin(x2)"

    def compute(self, x1: Array, x2: Array) -> Array:
        return np.asarray(np.sin(x2))


@FEATURES.add
@dataclass(frozen=True)
class Formula(Feature):
    """A formula of the user's in x1 and x2, read by `engine.formula`.

    It has a finite value of at most 10⁶ in size wherever the plane was probed; a point that lies beside the plane, or
    between the probes, where it has none counts as 0, and larger values as ±10⁶: one such point spoils no training.
    """

    id = "formula"
    label = Text("Formula", "公式")
    formula = "f(x₁, x₂)"
    description = Text(
        "Your own formula of x1 and x2, with + - * / ^ and sin, cos, exp, log, sqrt, abs, tanh, min, max and others.",
        "自己写的 x1、x2 的公式，可用 + - * / ^ 以及 sin、cos、exp、log、sqrt、abs、tanh、min、max 等。",
    )

    expression: Annotated[
        str,
        Len(1, MAX_LENGTH),
        Setting(
            Text("Formula", "公式"),
            Text(
                "For instance max(x1, x2), exp(-x1^2) or x1/(abs(x2)+1).",
                "例如 max(x1, x2)、exp(-x1^2) 或 x1/(abs(x2)+1)。",
            ),
            suggestions=(
                "x1*x2 + sin(3*x1)",
                "x1^2 - x2^2",
                "sqrt(x1^2 + x2^2)",
                "exp(-(x1^2 + x2^2)/4)",
                "max(x1, x2)",
                "abs(x1) + abs(x2)",
                "tanh(3*x1)",
                "cos(2*x2)",
            ),
            group="inputs",
        ),
    ] = "x1*x2 + sin(3*x1)"

    def __post_init__(self) -> None:
        """Raises Refused if the formula has an error, or no finite value somewhere in the plane."""
        try:
            checked(self.expression)
        except FormulaError as error:
            raise Refused("expression", error.reason, error.position) from None

    def written(self) -> str:
        return f"np.clip(np.nan_to_num({parse(self.expression).written()}), -{MAX_VALUE}, {MAX_VALUE})"

    def compute(self, x1: Array, x2: Array) -> Array:
        values = parse(self.expression)(x1, x2)
        np.nan_to_num(values, copy=False, posinf=MAX_VALUE, neginf=-MAX_VALUE)
        return np.clip(values, -MAX_VALUE, MAX_VALUE, out=values)
