"""Input features: what the network is given of a point (x1, x2). The right feature can replace a hidden layer (S0)."""

from dataclasses import dataclass

import numpy as np

from engine.component import Array, Component, Registry, Text

FEATURES: Registry["Feature"] = Registry("features", Text("Input features", "输入特征"))


class Feature(Component):
    """One number computed from the coordinates of each point."""

    family = "features"

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

    def compute(self, x1: Array, x2: Array) -> Array:
        return np.asarray(np.sin(x2))
