"""Activations g(z): what turns a stack of affine maps into something that can bend.

An element-wise activation is two methods: ``f`` writes g(z), ``df`` writes g'(z); ``df`` may use the stored output
``a``, which is cheaper for most. Arrays are ``(n, m)`` or ``(K, n, m)``: units in rows, samples in columns.
Constants are 0-d arrays because a Python number costs NumPy 0.2-0.3 µs a call, which shows in a small network.

Two protocols go beyond that. An activation with ``unit_parameters`` learns numbers of its own, one set a unit (PReLU);
one with several ``pieces_per_unit`` makes one unit's output of several pre-activations (maxout).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Interval

from engine.component import Array, Component, Registry, Setting, Text

ACTIVATIONS: Registry["Activation"] = Registry("activations", Text("Activation", "激活函数"))

# Exact in every float type, so one array serves float32 and float64.
ZERO, HALF, ONE, TWO, FOUR = (np.array(value, np.float32) for value in (0.0, 0.5, 1.0, 2.0, 4.0))
MINUS_HALF, MINUS_ONE, MINUS_TWO = (np.array(value, np.float32) for value in (-0.5, -1.0, -2.0))


def sigmoid(z: Array, out: Array) -> Array:
    """Write σ(z) = 1/(1 + e^−z) into ``out`` as (1 + tanh(z/2))/2, which cannot overflow."""
    np.multiply(z, HALF, out)
    np.tanh(out, out)
    np.multiply(out, HALF, out)
    return np.add(out, HALF, out)


def _polynomial(coefficients: tuple[float, ...], x: Array, out: Array) -> Array:
    """Write a polynomial of ``x`` into ``out``, highest power first."""
    highest, second, *others = coefficients
    np.multiply(x, highest, out)
    np.add(out, second, out)
    for coefficient in others:
        np.multiply(out, x, out)
        np.add(out, coefficient, out)
    return out


LARGE = 2048  # numbers from which on NumPy's vectorized loops are worth what they cost to set up


@lru_cache(maxsize=64)
def zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Zeros to compare with: NumPy's maximum is vectorized for two whole arrays only."""
    return np.zeros(shape, dtype)


class Activation(Component):
    """Element-wise activation a = g(z)."""

    family = "activations"

    bounded: ClassVar[bool] = False
    """A bounded activation saturates: its derivative vanishes on both sides. "Saturated" means |g'(z)| < 0.05.
    Unbounded ones are never called saturated; a rectifier's flat side shows in the dead ratio instead."""

    rectifier: ClassVar[bool] = False
    """True for the ReLU family: half of the variance is lost, so that He's initialization fits."""

    unit_parameters: ClassVar[int] = 0
    """How many numbers every unit learns besides its weights: 0 or 1. With 1, the layer calls `f_with`, `df_with` and
    `dp_with`, where ``p`` is the units' parameter, ``(…, n, 1)``; `f` and `df` show the activation as it starts."""

    program: ClassVar[str] = ""
    """The activation as an exported program writes it, in the words of `engine.programs`: ``{name}`` stands for a
    parameter, ``p`` for what the units learn. Empty: a network with it cannot be exported as a program."""

    def initial_unit_parameters(self) -> tuple[float, ...]:
        """Where the learned numbers of a unit start."""
        return ()

    def pieces_per_unit(self) -> int:
        """How many pre-activations a unit has. With k > 1, ``z`` has k·n rows, of which row j·n + i is piece j of unit
        i, and ``a`` has n; ``df`` writes da/dz for every piece, in the shape of ``z``."""
        return 1

    def f(self, z: Array, out: Array) -> Array:
        """Write g(z) into ``out`` and return it."""
        raise NotImplementedError

    def df(self, z: Array, a: Array, out: Array) -> Array:
        """Write g'(z) into ``out`` and return it; ``a`` is g(z)."""
        raise NotImplementedError

    def f_with(self, z: Array, p: Array, out: Array) -> Array:
        """`f` with the units' own parameters."""
        raise NotImplementedError

    def df_with(self, z: Array, a: Array, p: Array, out: Array) -> Array:
        """`df` with the units' own parameters."""
        raise NotImplementedError

    def dp_with(self, z: Array, a: Array, d: Array, p: Array, out: Array) -> Array:
        """Write dL/dp, summed over the samples, into ``out`` ``(…, n, 1)`` and return it; ``d`` is dL/da."""
        raise NotImplementedError


@ACTIVATIONS.add
@dataclass(frozen=True)
class ReLU(Activation):
    """max(0, z), with g'(0) = 0. Cheap, does not saturate for z > 0, and can die: a unit that is 0 for every training
    point gets no gradient and never comes back. Source: S0, S3, S4; Nair & Hinton 2010."""

    id = "relu"
    label = Text("ReLU", "ReLU")
    formula = "max(0, z)"
    description = Text(
        "Passes positive values and blocks negative ones; fast and a good first choice, but units can die.",
        "保留正值、截断负值；收敛快，是首选，但单元可能“失活”。",
    )
    suits = Text("The first choice for hidden layers, with He initialization.", "隐藏层的首选，配合 He 初始化。")
    fails = Text(
        "A learning rate too high, or very negative biases, push units below zero for all points: they are dead.",
        "学习率过大或偏置过负时，单元对所有点都为负，从此失活。",
    )
    program = "relu(z)"
    rectifier = True

    def f(self, z: Array, out: Array) -> Array:
        return np.maximum(z, ZERO if z.size < LARGE else zeros(z.shape, z.dtype), out=out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        if z.size < LARGE:
            return np.sign(a, out)  # a >= 0, so its sign is the derivative, without a detour through bool
        np.greater(z, ZERO, out=out, casting="unsafe")  # the detour, which is vectorized
        return out


@ACTIVATIONS.add
@dataclass(frozen=True)
class Linear(Activation):
    """The identity. A stack of linear layers is one linear map, whatever its depth: xor stays unsolved. Source: S0."""

    id = "linear"
    label = Text("Linear", "线性")
    formula = "z"
    description = Text(
        "No bend at all: any number of linear layers is still one straight cut.",
        "没有非线性：无论多少层，线性网络仍只是一条直线。",
    )
    suits = Text(
        "To show what depth alone does not do, and for the outputs of regression.",
        "用来说明只有深度没有非线性是不够的，也用于回归的输出。",
    )
    fails = Text(
        "As a hidden layer it adds nothing: xor and circle stay out of reach at any depth.",
        "作隐藏层毫无作用：无论多深都学不会异或和圆环。",
    )
    program = "z"

    def f(self, z: Array, out: Array) -> Array:
        np.copyto(out, z)
        return out

    def df(self, z: Array, a: Array, out: Array) -> Array:
        out.fill(1)
        return out


@ACTIVATIONS.add
@dataclass(frozen=True)
class Sigmoid(Activation):
    """σ(z) = 1/(1 + e^−z). Saturates and is not zero-centred, so gradients vanish in deep stacks. Source: S0, S3."""

    id = "sigmoid"
    label = Text("Sigmoid", "Sigmoid")
    formula = "1 / (1 + e⁻ᶻ)"
    description = Text(
        "Squashes to (0, 1); saturates and is not zero-centred, so deep stacks learn slowly.",
        "压缩到 (0, 1)；会饱和且不以零为中心，深层网络学得很慢。",
    )
    suits = Text(
        "Where a unit should answer like a probability, and to see gradients vanish.",
        "需要像概率一样的输出时，或用来观察梯度消失。",
    )
    fails = Text(
        "Its slope is at most 1/4, so the gradient shrinks with every layer; positive outputs make the descent zigzag.",
        "斜率最大只有 1/4，每过一层梯度就缩小；输出恒为正，使下降路线来回折返。",
    )
    program = "sigmoid(z)"
    bounded = True

    def f(self, z: Array, out: Array) -> Array:
        return sigmoid(z, out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        np.subtract(ONE, a, out)
        return np.multiply(out, a, out)


@ACTIVATIONS.add
@dataclass(frozen=True)
class Tanh(Activation):
    """tanh z = 2σ(2z) − 1: zero-centred, saturates towards −1 and 1. Source: S0, S3."""

    id = "tanh"
    label = Text("Tanh", "Tanh")
    formula = "tanh z"
    description = Text(
        "Squashes to (−1, 1) around zero; smooth, but its gradient vanishes for large |z|.",
        "压缩到 (−1, 1)，以零为中心；平滑，但 |z| 很大时梯度消失。",
    )
    suits = Text(
        "Shallow networks and smooth boundaries, with Glorot initialization.",
        "浅层网络和平滑的边界，配合 Glorot 初始化。",
    )
    fails = Text(
        "Large weights or unscaled inputs saturate it, and deep stacks then stop learning.",
        "权重过大或输入未缩放会使它饱和，深层网络随之停止学习。",
    )
    program = "tanh(z)"
    bounded = True

    def f(self, z: Array, out: Array) -> Array:
        return np.tanh(z, out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        np.multiply(a, a, out)
        return np.subtract(ONE, out, out)


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


@ACTIVATIONS.add
@dataclass(frozen=True)
class ELU(Activation):
    """z for z > 0, α(e^z − 1) otherwise: negative outputs bring the mean of a layer nearer to zero. g'(z) = a + α on
    the negative side, so that the derivative jumps at 0 unless α = 1; saturates at −α. Source: Clevert et al. 2016."""

    id = "elu"
    label = Text("ELU", "ELU")
    formula = "z > 0: z;  z ≤ 0: α (eᶻ − 1)"
    description = Text(
        "ReLU with a smooth negative side that levels off at −α and brings the mean nearer to zero.",
        "负半轴平滑地趋于 −α 的 ReLU，使输出均值更接近零。",
    )
    suits = Text(
        "When ReLU units die and outputs around zero help the next layer.", "ReLU 失活、且希望输出以零为中心时。"
    )
    fails = Text(
        "The exponential costs time, and far below zero it is flat all the same.",
        "指数运算较慢，而且很负时照样是平的。",
    )
    program = "where(z > 0, z, {alpha} * expm1(z))"
    rectifier = True

    alpha: Annotated[
        float,
        Interval(ge=0.1, le=3.0),
        Setting(
            Text("Depth α", "深度 α"),
            Text("How far down the negative side goes.", "负半轴最低能到多深。"),
            step=0.1,
            suggestions=(0.1, 0.5, 1.0, 2.0, 3.0),
            compare=(0.1, 1.0, 3.0),
            live=True,
        ),
    ] = 1.0

    def f(self, z: Array, out: Array) -> Array:
        np.minimum(z, ZERO, out=out)
        np.expm1(out, out)
        np.multiply(out, self.alpha, out)
        np.copyto(out, z, where=z > ZERO)
        return out

    def df(self, z: Array, a: Array, out: Array) -> Array:
        np.add(a, self.alpha, out)
        np.copyto(out, ONE, where=z > ZERO)
        return out


@ACTIVATIONS.add
@dataclass(frozen=True)
class SELU(Activation):
    """λ·ELU with the λ and α for which mean 0 and variance 1 reproduce themselves from layer to layer, if the weights
    start with variance 1/n_in (LeCun): normalization without a normalization layer. With other initial weights or
    ordinary dropout that is lost. Source: Klambauer et al. 2017."""

    id = "selu"
    label = Text("SELU", "SELU")
    formula = "λ · ELU(z), λ ≈ 1.0507, α ≈ 1.6733"
    description = Text(
        "A scaled ELU that keeps mean 0 and variance 1 from layer to layer by itself.",
        "经过缩放的 ELU，能自动使各层保持均值 0、方差 1。",
    )
    suits = Text(
        "Deep plain networks with 1/√n initialization and standardized inputs.",
        "深的普通网络，配合 1/√n 初始化和标准化的输入。",
    )
    fails = Text(
        "With other initializations, dropout or residual connections its balance is lost.",
        "换用其他初始化、Dropout 或残差连接时，它的平衡就没有了。",
    )
    program = "{scale} * where(z > 0, z, {alpha} * expm1(z))"
    scale: ClassVar[float] = 1.0507009873554805
    alpha: ClassVar[float] = 1.6732632423543772

    def f(self, z: Array, out: Array) -> Array:
        np.minimum(z, ZERO, out=out)
        np.expm1(out, out)
        np.multiply(out, self.alpha, out)
        np.copyto(out, z, where=z > ZERO)
        return np.multiply(out, self.scale, out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        np.add(a, self.scale * self.alpha, out)
        np.copyto(out, self.scale, where=z > ZERO)
        return out


@ACTIVATIONS.add
@dataclass(frozen=True)
class GELU(Activation):
    """z Φ(z), Φ the normal distribution: the exact (erf) form, not the tanh approximation, which differs by up to
    5e-4. g'(z) = Φ(z) + z φ(z). Dips below zero around z = −0.75, and costs several times a ReLU.

    NumPy has no erf, but tanh: Φ(z) = (1 + tanh(z R(z²)))/2, where R is smooth and is replaced by a rational function
    (minimax, weighted with what is left of it in zΦ). Φ is right to 2e-15, absolute. Source: Hendrycks & Gimpel 2016.
    """

    id = "gelu"
    label = Text("GELU", "GELU")
    formula = "z Φ(z)"
    description = Text(
        "Weighs z by the normal distribution: a smooth ReLU that dips a little below zero.",
        "以正态分布函数对 z 加权：平滑的 ReLU，在零以下略有下凹。",
    )
    suits = Text("Deeper networks where a smooth ReLU trains more evenly.", "较深的网络，光滑的 ReLU 训练更平稳。")
    fails = Text(
        "In networks as small as these it costs more and gains little.", "在这样小的网络里代价更高而收益很小。"
    )
    program = "gelu(z)"
    rectifier = True

    # Highest power of z² first; all are positive, so that nothing cancels.
    numerator: ClassVar[tuple[float, ...]] = (
        2.8647359959024763e-12,
        1.991920405205101e-09,
        1.6882554488038065e-07,
        6.4145887427586285e-06,
        0.0001508246408919714,
        0.0023162184723355453,
        0.025534971972023007,
        0.17306764847126108,
        0.7978845608029008,
    )
    denominator: ClassVar[tuple[float, ...]] = (
        4.49371628166447e-10,
        8.261816803599683e-08,
        3.877770459725982e-06,
        0.0001125272917031346,
        0.0018721223459453608,
        0.024245594727611508,
        0.17136820641927186,
        1.0,
    )

    def _distribution(self, z: Array, out: Array) -> Array:
        """Write Φ(z) into ``out``."""
        clipped = np.clip(z, -8.5, 8.5)  # beyond that, Φ is 0 or 1 in double precision
        squared = np.multiply(clipped, clipped)
        _polynomial(self.numerator, squared, out)
        np.multiply(out, clipped, out)
        np.divide(out, _polynomial(self.denominator, squared, clipped), out)
        np.tanh(out, out)
        np.multiply(out, HALF, out)
        return np.add(out, HALF, out)

    def f(self, z: Array, out: Array) -> Array:
        return np.multiply(self._distribution(z, out), z, out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        density = np.multiply(z, z)
        np.multiply(density, MINUS_HALF, density)
        np.exp(density, density)
        np.multiply(density, z, density)
        np.multiply(density, 0.3989422804014327, density)  # 1/√(2π)
        return np.add(self._distribution(z, out), density, out)


@ACTIVATIONS.add
@dataclass(frozen=True)
class SiLU(Activation):
    """z σ(z), also called Swish (with β = 1): a smooth ReLU with a dip to −0.28 at z = −1.28. With σ = σ(z),
    g'(z) = σ + a(1 − σ). Slower than ReLU, and not monotonic. Source: Elfwing et al. 2018; Ramachandran et al. 2017."""

    id = "silu"
    label = Text("SiLU (Swish)", "SiLU（Swish）")
    formula = "z / (1 + e⁻ᶻ)"
    description = Text(
        "Weighs z by its own sigmoid: a smooth ReLU with a small dip below zero.",
        "以 z 自身的 Sigmoid 加权：平滑的 ReLU，在零以下有一个小凹陷。",
    )
    suits = Text("As GELU: smooth, without dead units.", "同 GELU：光滑，没有失活单元。")
    fails = Text("Strongly negative inputs still pass next to no gradient.", "输入很负时仍几乎没有梯度。")
    program = "z * sigmoid(z)"
    rectifier = True

    def f(self, z: Array, out: Array) -> Array:
        return np.multiply(sigmoid(z, out), z, out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        s = sigmoid(z, np.empty_like(z))
        np.subtract(ONE, s, out)
        np.multiply(out, a, out)
        return np.add(out, s, out)


@ACTIVATIONS.add
@dataclass(frozen=True)
class Mish(Activation):
    """z tanh(ln(1 + e^z)), another smooth ReLU, with a dip to −0.31. With n = e^z and w = n(n + 2) the tanh is
    w/(w + 2), which needs no logarithm and does not cancel; its derivative is 4n(n + 1)/(w + 2)². z is capped at 30
    in e^z, where the tanh is 1 to the last digit. Slower than ReLU. Source: Misra 2019."""

    id = "mish"
    label = Text("Mish", "Mish")
    formula = "z tanh(ln(1 + eᶻ))"
    description = Text(
        "A smooth ReLU much like SiLU, with a slightly deeper dip below zero.",
        "与 SiLU 相近的平滑 ReLU，零以下的凹陷略深。",
    )
    suits = Text("As SiLU, where the smoothest surface is wanted.", "同 SiLU，追求最光滑的损失曲面时。")
    fails = Text("The dearest of all to compute, and seldom better than SiLU.", "计算最贵，却很少比 SiLU 更好。")
    program = "z * tanh(softplus(z))"
    rectifier = True
    cap: ClassVar[float] = 30.0

    def f(self, z: Array, out: Array) -> Array:
        n = np.minimum(z, self.cap)
        np.exp(n, n)
        np.add(n, TWO, out)
        np.multiply(out, n, out)
        np.add(out, TWO, n)
        np.divide(out, n, out)
        return np.multiply(out, z, out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        n = np.minimum(z, self.cap)
        np.exp(n, n)
        w = n + TWO
        np.multiply(w, n, w)
        np.add(w, TWO, out)
        np.divide(w, out, w)  # the tanh
        slope = n + ONE
        np.divide(slope, out, slope)
        np.divide(n, out, out)  # not over (w + 2)², which float32 cannot hold
        np.multiply(out, slope, out)
        np.multiply(out, FOUR, out)
        np.multiply(out, z, out)
        return np.add(out, w, out)
