"""Other shapes, seldom used but telling: a rounded corner, a line cut off at both ends, a bump, a wave."""

from dataclasses import dataclass

import numpy as np

from engine.activations.base import ACTIVATIONS, MINUS_ONE, MINUS_TWO, ONE, ZERO, Activation
from engine.component import Array, Text


@ACTIVATIONS.add
@dataclass(frozen=True)
class Softplus(Activation):
    """ln(1 + e^z), a smooth ReLU, computed as logaddexp(z, 0), which cannot overflow. g'(z) = 1 − e^−a. Source: S0."""

    id = "softplus"
    label = Text("Softplus", "Softplus")
    formula = "ln(1 + eᶻ)"
    description = Text(
        "A smooth ReLU: never exactly zero, so no unit dies, but slower to compute.",
        "平滑的 ReLU：不会恰好为零，单元不会“失活”，但计算较慢。",
    )
    suits = Text("Where a smooth derivative is wanted and no unit may die.", "需要光滑导数又不希望单元失活时。")
    fails = Text(
        "Outputs are always positive, which shifts the next layer; it seldom beats ReLU.",
        "输出恒为正，使下一层发生偏移；很少优于 ReLU。",
    )
    program = "softplus(z)"
    rectifier = True

    def f(self, z: Array, out: Array) -> Array:
        return np.logaddexp(z, ZERO, out=out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        np.negative(a, out)
        np.expm1(out, out)
        return np.negative(out, out)


@ACTIVATIONS.add
@dataclass(frozen=True)
class HardTanh(Activation):
    """min(1, max(−1, z)): tanh from three straight lines. Cheap, but the gradient beyond ±1 is exactly 0, so that a
    saturated unit cannot come back by itself. Source: S0; Collobert 2004."""

    id = "hard_tanh"
    label = Text("Hard tanh", "Hard tanh")
    formula = "min(1, max(−1, z))"
    description = Text(
        "Tanh made of straight lines: cheap, but outside of ±1 there is no gradient at all.",
        "由直线段构成的 tanh：计算便宜，但在 ±1 之外完全没有梯度。",
    )
    suits = Text("A cheap tanh, and a plain picture of what saturation is.", "廉价的 tanh，也最直观地展示什么是饱和。")
    fails = Text(
        "Outside of ±1 the gradient is exactly zero: a unit that is driven there stays there.",
        "在 ±1 之外梯度恰为零：单元一旦进去就出不来。",
    )
    program = "clip(z, -1, 1)"
    bounded = True

    def f(self, z: Array, out: Array) -> Array:
        np.maximum(z, MINUS_ONE, out=out)
        return np.minimum(out, ONE, out=out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        np.absolute(a, out=out)
        np.less(out, ONE, out=out, casting="unsafe")
        return out


@ACTIVATIONS.add
@dataclass(frozen=True)
class RBF(Activation):
    """e^−z², a bump around the line z = 0; g'(z) = −2za. Saturates to 0 for most z, so that it is hard to optimise:
    units far from all the points get no gradient. Source: S0."""

    id = "rbf"
    label = Text("Radial basis", "径向基")
    formula = "exp(−z²)"
    description = Text(
        "A bump that answers only near z = 0; for most inputs it is flat, so it is hard to train.",
        "只在 z = 0 附近响应的“山包”；对大多数输入都饱和到 0，难以优化。",
    )
    suits = Text(
        "Small closed regions, when the inputs are scaled and the weights start small.",
        "输入已缩放且初始权重较小时，适合小的封闭区域。",
    )
    fails = Text(
        "Far from z = 0 it is flat, so large weights leave units that no gradient reaches.",
        "离 z = 0 较远时是平的，权重一大梯度就到不了。",
    )
    program = "exp(-z * z)"
    bounded = True

    def f(self, z: Array, out: Array) -> Array:
        np.multiply(z, z, out)
        np.negative(out, out)
        return np.exp(out, out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        np.multiply(z, a, out)
        return np.multiply(out, MINUS_TWO, out)


@ACTIVATIONS.add
@dataclass(frozen=True)
class Cos(Activation):
    """cos z, with g'(z) = −sin z. Works, against intuition; large weights make ripples, and no unit ever saturates for
    good. Source: S0."""

    id = "cos"
    label = Text("Cosine", "余弦")
    formula = "cos z"
    description = Text(
        "A wave: works surprisingly well, but large weights draw ripples.",
        "一种波：出人意料地有效，但权重大时边界会起涟漪。",
    )
    suits = Text("Repeating patterns such as the checkerboard or the spiral.", "棋盘、螺旋等重复的图案。")
    fails = Text(
        "It ripples between the points: training is right and the boundary is nonsense.",
        "点与点之间会起波纹：训练全对，边界却毫无意义。",
    )
    program = "cos(z)"

    def f(self, z: Array, out: Array) -> Array:
        return np.cos(z, out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        np.sin(z, out)
        return np.negative(out, out)
