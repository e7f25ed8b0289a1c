"""What ReLU was generalized to: still straight pieces, but the negative side has a slope, chosen or learned."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval

from engine.activations.base import ACTIVATIONS, ONE, ZERO, Activation
from engine.component import Array, Setting, Text


@ACTIVATIONS.add
@dataclass(frozen=True)
class LeakyReLU(Activation):
    """max(αz, z) for a small slope α: the negative side keeps a little gradient, so that units do not die. The slope is
    chosen, not learned (that is PReLU), with g'(0) = α; libraries use 0.01 (ours, PyTorch), 0.2 or 0.3 (Keras 2). On
    the flat side learning is 1/α times slower. Source: S0, S3; Maas et al. 2013."""

    id = "leaky_relu"
    label = Text("Leaky ReLU", "Leaky ReLU")
    formula = "max(αz, z)"
    description = Text(
        "ReLU with a small slope on the negative side, so that no unit dies.",
        "负半轴保留一个很小的斜率的 ReLU，单元不会“失活”。",
    )
    suits = Text("Wherever ReLU units die.", "凡是 ReLU 单元会失活的地方。")
    fails = Text(
        "A slope near 1 makes it nearly linear, and a network of it nearly a straight cut.",
        "斜率接近 1 时几乎是线性的，网络也就只剩一条直线。",
    )
    program = "where(z > 0, z, {slope} * z)"
    rectifier = True

    slope: Annotated[
        float,
        Interval(ge=0.0, le=0.9),
        Setting(
            Text("Slope α", "斜率 α"),
            Text("Slope of the negative side; 0 is ReLU.", "负半轴的斜率；0 即为 ReLU。"),
            step=0.01,
            suggestions=(0.01, 0.1, 0.3),
            compare=(0.0, 0.01, 0.1, 0.3),
            live=True,
        ),
    ] = 0.01

    def f(self, z: Array, out: Array) -> Array:
        np.multiply(z, self.slope, out)
        return np.maximum(z, out, out=out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        np.greater(z, ZERO, out=out, casting="unsafe")
        return np.maximum(out, self.slope, out=out)


@ACTIVATIONS.add
@dataclass(frozen=True)
class PReLU(Activation):
    """Leaky ReLU whose slope α is learned, one for every unit: z for z > 0, αz otherwise; dL/dα = Σ dL/da · min(z, 0).
    α is not regularized, which would push it towards ReLU; nothing keeps it below 1 or above 0, and on little data the
    extra parameters can overfit. Source: S0, S3, S4; He et al. 2015."""

    id = "prelu"
    label = Text("PReLU", "PReLU")
    formula = "max(0, z) + α min(0, z), α learned"
    description = Text(
        "Leaky ReLU in which every unit learns the slope of its negative side.",
        "每个单元自己学习负半轴斜率的 Leaky ReLU。",
    )
    suits = Text(
        "When it is unclear which slope is best and there are points enough to learn it.",
        "不确定斜率取多少、且数据足够学习它的时候。",
    )
    fails = Text(
        "With few points the additional parameters are one more way to overfit.",
        "数据很少时，多出的参数又是一种过拟合的途径。",
    )
    program = "where(z > 0, z, p * z)"
    rectifier = True
    unit_parameters = 1
    unit_label = Text("Learned slope α", "学到的斜率 α")
    unit_symbol = "α"
    unit_gradient = "da · min(z, 0)"

    slope: Annotated[
        float,
        Interval(ge=0.0, le=0.9),
        Setting(
            Text("Initial slope α", "初始斜率 α"),
            Text("Where the slope of every unit starts before it is learned.", "每个单元的斜率在学习之前的初值。"),
            step=0.01,
            suggestions=(0.0, 0.1, 0.25, 0.5),
            compare=(0.0, 0.25, 0.5),
        ),
    ] = 0.25

    def initial_unit_parameters(self) -> tuple[float, ...]:
        return (self.slope,)

    def f(self, z: Array, out: Array) -> Array:
        return self._f(z, self.slope, out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        return self._df(z, self.slope, out)

    def f_with(self, z: Array, p: Array, out: Array) -> Array:
        return self._f(z, p, out)

    def df_with(self, z: Array, a: Array, p: Array, out: Array) -> Array:
        return self._df(z, p, out)

    def dp_with(self, z: Array, a: Array, d: Array, p: Array, out: Array) -> Array:
        negative = np.minimum(z, ZERO)
        np.multiply(negative, d, negative)
        return np.add.reduce(negative, axis=-1, keepdims=True, out=out)

    def _f(self, z: Array, slope: float | Array, out: Array) -> Array:
        np.multiply(z, slope, out)  # max(αz, z) would be wrong for a learned slope above 1
        np.copyto(out, z, where=z > ZERO)
        return out

    def _df(self, z: Array, slope: float | Array, out: Array) -> Array:
        np.copyto(out, slope)
        np.copyto(out, ONE, where=z > ZERO)
        return out


@ACTIVATIONS.add
@dataclass(frozen=True)
class Abs(Activation):
    """|z|, absolute value rectification: leaky ReLU with α = −1, and g'(0) = 0. A unit answers to a feature and to its
    negative alike and cannot die, but never tells the two apart. Source: S0; Jarrett et al. 2009."""

    id = "abs"
    label = Text("Absolute value", "绝对值")
    formula = "|z|"
    description = Text(
        "Folds the negative side up: sees how strong a feature is, not its sign.",
        "把负半轴翻折上来：只看特征的强弱，不看正负。",
    )
    suits = Text(
        "Where the size of a feature matters and not its sign, as for symmetric shapes.",
        "只看特征强弱不看正负的情形，例如对称图形。",
    )
    fails = Text(
        "The kink at zero flips the gradient's sign, so large steps jump to and fro across it.",
        "零点处梯度变号，步长大时会在两侧来回跳。",
    )
    program = "abs(z)"

    def f(self, z: Array, out: Array) -> Array:
        return np.absolute(z, out=out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        return np.sign(z, out)


@ACTIVATIONS.add
@dataclass(frozen=True)
class Maxout(Activation):
    """max(z₁, …, z_k) over k affine pieces, each with weights of its own: a unit learns its convex activation. ReLU is
    the pieces z and 0, |z| the pieces z and −z. Neither saturates nor dies, but has k times the weights. Ties go to the
    first piece. Not called a rectifier: the largest of k keeps the variance, it does not lose half. Source: S0, S3, S4;
    Goodfellow et al. 2013."""

    id = "maxout"
    label = Text("Maxout", "Maxout")
    formula = "max(z₁, …, zₖ)"
    description = Text(
        "Takes the largest of several linear pieces, so each unit learns the shape of its own activation.",
        "取多个线性片段中的最大值，每个单元自己学出激活函数的形状。",
    )
    suits = Text(
        "When a unit should find its own convex activation; it neither saturates nor dies.",
        "希望单元自己学出凸的激活函数时；它不饱和也不失活。",
    )
    fails = Text(
        "Every piece has its own weights: k times the parameters, and sooner overfitting.",
        "每一段都有自己的权重：参数是 k 倍，更容易过拟合。",
    )
    program = "pieces(z, {pieces})"

    pieces: Annotated[
        int,
        Interval(ge=2, le=5),
        Setting(
            Text("Pieces k", "片段数 k"),
            Text("Linear pieces of every unit, each with its own weights.", "每个单元的线性片段数，各有自己的权重。"),
            step=1,
            suggestions=(2, 3, 4, 5),
            compare=(2, 3, 5),
        ),
    ] = 2

    def pieces_per_unit(self) -> int:
        return self.pieces

    def _split(self, array: Array) -> list[Array]:
        """Views of the pieces, each ``(…, n, m)``."""
        n = array.shape[-2] // self.pieces
        return [array[..., j * n : (j + 1) * n, :] for j in range(self.pieces)]

    def f(self, z: Array, out: Array) -> Array:
        first, second, *others = self._split(z)
        np.maximum(first, second, out=out)
        for piece in others:
            np.maximum(out, piece, out=out)
        return out

    def df(self, z: Array, a: Array, out: Array) -> Array:
        free = np.ones(a.shape, bool)  # no piece has won yet
        won = np.empty(a.shape, bool)
        for piece, winner in zip(self._split(z), self._split(out), strict=True):
            np.equal(piece, a, out=won)
            np.logical_and(won, free, out=won)
            np.copyto(winner, won)
            np.logical_xor(free, won, out=free)
        return out
