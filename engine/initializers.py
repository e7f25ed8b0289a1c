"""Initializers: where the weights start. What the biases start with, and a gain on top, are settings of the network.

Every layer draws from a generator of its own, a stream of seed and layer, so that two networks with the same seed start
from the same draw in every layer that has the same shape. The normal ones differ only in scale then, and so do the
uniform ones.
"""

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval

from engine.activations import SELU, Activation
from engine.component import Array, Component, Registry, Setting, Text

INITIALIZERS: Registry["Initializer"] = Registry("initializers", Text("Initialization", "权重初始化"))

CUT = 2.0  # where the truncated normal distribution ends, in standard deviations


def _spread(label: Text, description: Text) -> tuple[Interval, Setting]:
    setting = Setting(
        label,
        description,
        scale="log",
        suggestions=(0.001, 0.01, 0.03, 0.1, 0.3, 0.5, 1.0, 3.0),
        compare=(0.01, 0.1, 0.5, 1.0),
        group="training",
    )
    return Interval(ge=0.001, le=3.0), setting


class Initializer(Component):
    """A distribution for the weights ``(n_out, n_in)`` of one layer, which may depend on the activation after it."""

    family = "initializers"

    def variance(self, n_out: int, n_in: int, activation: Activation | None = None) -> float:
        """What to expect of a weight's square."""
        raise NotImplementedError

    def draw(self, n_out: int, n_in: int, rng: np.random.Generator, activation: Activation | None = None) -> Array:
        """Fresh weights as float64. ``activation`` is the one after the layer, None for the output layer."""
        raise NotImplementedError


class NormalInitializer(Initializer):
    """Independent normal numbers with mean 0 and the given `variance`."""

    def draw(self, n_out: int, n_in: int, rng: np.random.Generator, activation: Activation | None = None) -> Array:
        return rng.standard_normal((n_out, n_in)) * math.sqrt(self.variance(n_out, n_in, activation))


class UniformInitializer(Initializer):
    """Independent numbers between ±√(3 · variance), which have mean 0 and the given `variance`."""

    def draw(self, n_out: int, n_in: int, rng: np.random.Generator, activation: Activation | None = None) -> Array:
        return rng.uniform(-1.0, 1.0, (n_out, n_in)) * math.sqrt(3 * self.variance(n_out, n_in, activation))


@INITIALIZERS.add
@dataclass(frozen=True)
class He(NormalInitializer):
    """N(0, 2/n_in): keeps the variance of ReLU layers, which lose half of it. Under tanh it saturates deep stacks.
    Source: S1, S3; He et al. 2015."""

    id = "he"
    label = Text("He", "He")
    formula = "N(0, 2 / nᵢₙ)"
    description = Text(
        "Keeps the signal's size from layer to layer; made for the ReLU family.",
        "使信号逐层保持大小；为 ReLU 类激活函数设计。",
    )
    suits = Text("Layers of the ReLU family.", "ReLU 一族的层。")
    fails = Text(
        "With tanh or sigmoid the units start out too near to saturation.", "配 tanh 或 sigmoid 时一开始就接近饱和。"
    )

    def variance(self, n_out: int, n_in: int, activation: Activation | None = None) -> float:
        return 2 / n_in


@INITIALIZERS.add
@dataclass(frozen=True)
class HeUniform(UniformInitializer):
    """U(±√(6/n_in)): the variance of He, 2/n_in, without large outliers. Source: S1, S3; He et al. 2015."""

    id = "he_uniform"
    label = Text("He uniform", "He 均匀")
    formula = "U(±√(6 / nᵢₙ))"
    description = Text(
        "As He, but drawn evenly from an interval: no weight starts very large.",
        "方差与 He 相同，但在区间内均匀抽取，不会出现特别大的初始权重。",
    )
    suits = Text("As He; small networks vary a little less.", "同 He；小网络的差异略小。")
    fails = Text("As He.", "同 He。")

    def variance(self, n_out: int, n_in: int, activation: Activation | None = None) -> float:
        return 2 / n_in


@INITIALIZERS.add
@dataclass(frozen=True)
class Glorot(NormalInitializer):
    """N(0, 2/(n_in + n_out)): a compromise between forward and backward signal, for tanh and sigmoid. With ReLU the
    signal halves in every layer. Source: S1, S3; Glorot & Bengio 2010."""

    id = "glorot"
    label = Text("Glorot (Xavier)", "Glorot（Xavier）")
    formula = "N(0, 2 / (nᵢₙ + nₒᵤₜ))"
    description = Text(
        "Balances the signal forwards and the gradient backwards; made for tanh and sigmoid.",
        "兼顾前向信号与反向梯度；适合 tanh 与 sigmoid。",
    )
    suits = Text("Layers of tanh, sigmoid and softmax outputs.", "tanh、sigmoid 的层以及 softmax 输出。")
    fails = Text("In deep ReLU networks the signal halves from layer to layer.", "在深的 ReLU 网络里信号逐层减半。")

    def variance(self, n_out: int, n_in: int, activation: Activation | None = None) -> float:
        return 2 / (n_in + n_out)


@INITIALIZERS.add
@dataclass(frozen=True)
class GlorotUniform(UniformInitializer):
    """U(±√(6/(n_in + n_out))): the form in which Glorot and Bengio published it; the variance is the same.
    Source: S1, S3; Glorot & Bengio 2010."""

    id = "glorot_uniform"
    label = Text("Glorot uniform", "Glorot 均匀")
    formula = "U(±√(6 / (nᵢₙ + nₒᵤₜ)))"
    description = Text(
        "As Glorot, but drawn evenly from an interval.",
        "方差与 Glorot 相同，但在区间内均匀抽取。",
    )
    suits = Text("As Glorot.", "同 Glorot。")
    fails = Text("As Glorot.", "同 Glorot。")

    def variance(self, n_out: int, n_in: int, activation: Activation | None = None) -> float:
        return 2 / (n_in + n_out)


@INITIALIZERS.add
@dataclass(frozen=True)
class InverseSqrt(NormalInitializer):
    """N(0, 1)/√n_in (LeCun): a unit's pre-activation has the variance of its inputs. Right for linear units and SELU;
    ReLU then halves the variance in every layer. Source: S1, S3; LeCun et al. 1998."""

    id = "inverse_sqrt"
    label = Text("1/√n (LeCun)", "1/√n（LeCun）")
    formula = "N(0, 1 / nᵢₙ)"
    description = Text(
        "Divides by the root of the number of inputs, so that wide layers do not start louder.",
        "除以输入个数的平方根，使宽层的初始输出不会更大。",
    )
    suits = Text("Linear layers and SELU.", "线性层和 SELU。")
    fails = Text("With ReLU half of the signal is lost in every layer.", "配 ReLU 时每层丢失一半信号。")

    def variance(self, n_out: int, n_in: int, activation: Activation | None = None) -> float:
        return 1 / n_in


@INITIALIZERS.add
@dataclass(frozen=True)
class Auto(NormalInitializer):
    """What the literature recommends for the activation after the layer: He for the ReLU family, 1/n_in for SELU,
    Glorot for all others and for the output layer. The recommendation is about deep stacks; a shallow network learns
    from almost anything. Source: S1, S3; Klambauer et al. 2017 for SELU."""

    id = "auto"
    label = Text("Automatic", "自动")
    formula = "He, 1/√n or Glorot"
    description = Text(
        "Chooses for each layer what is recommended for its activation.",
        "为每一层选择文献为其激活函数推荐的方式。",
    )
    suits = Text("Unless initialization is what you want to study.", "除非你要研究的正是初始化。")
    fails = Text("Nowhere by itself; it is as good as the rule it chose.", "它本身不会失败；效果取决于所选规则。")

    def variance(self, n_out: int, n_in: int, activation: Activation | None = None) -> float:
        if activation is not None and activation.rectifier:
            return He().variance(n_out, n_in)
        if isinstance(activation, SELU):
            return InverseSqrt().variance(n_out, n_in)
        return Glorot().variance(n_out, n_in)


@INITIALIZERS.add
@dataclass(frozen=True)
class SmallNormal(NormalInitializer):
    """N(0, 0.01²): fine for one layer, but the signal dies away in a deep stack. Source: S1, S3."""

    id = "small_normal"
    label = Text("Small random", "小随机数")
    formula = "N(0, 0.01²)"
    description = Text(
        "Tiny random weights; in deep networks signal and gradient fade to nothing.",
        "很小的随机数；在深层网络中信号与梯度会逐层消失。",
    )
    suits = Text("One hidden layer, as older textbooks do it.", "只有一个隐藏层时，旧教材的做法。")
    fails = Text("In deep networks outputs and gradients fade towards zero.", "在深层网络里输出和梯度逐层趋于零。")

    def variance(self, n_out: int, n_in: int, activation: Activation | None = None) -> float:
        return 0.01**2


@INITIALIZERS.add
@dataclass(frozen=True)
class Normal(NormalInitializer):
    """N(0, 1): in a wide layer the pre-activations are large, so that sigmoid and tanh saturate from the start and the
    outputs of ReLU layers explode. Source: S0, S3."""

    id = "normal"
    label = Text("Large random", "大随机数")
    formula = "N(0, 1)"
    description = Text(
        "Large random weights; units saturate from the start, or the signal explodes.",
        "较大的随机数；单元一开始就饱和，或信号爆炸。",
    )
    suits = Text("To see saturation and explosion.", "用来观察饱和与爆炸。")
    fails = Text(
        "Wide layers multiply the signal; tanh saturates and ReLU overflows.",
        "层一宽信号就成倍放大：tanh 饱和，ReLU 溢出。",
    )

    def variance(self, n_out: int, n_in: int, activation: Activation | None = None) -> float:
        return 1.0


@INITIALIZERS.add
@dataclass(frozen=True)
class Uniform(UniformInitializer):
    """U(−b, b), variance b²/3, whatever the layer's size: what suits one width is too much or too little for another.
    Source: S0, S1."""

    id = "uniform"
    label = Text("Uniform", "均匀分布")
    formula = "U(−b, b)"
    description = Text(
        "Drawn evenly between −b and b, whatever the width of the layer.",
        "在 −b 与 b 之间均匀抽取，与层的宽度无关。",
    )
    suits = Text("To try a fixed scale by hand.", "想手动试某个固定尺度时。")
    fails = Text("What is right for one width is wrong for another.", "对一种宽度合适，对另一种就不合适。")

    bound: Annotated[
        float,
        *_spread(Text("Bound b", "边界 b"), Text("Largest weight that can occur.", "权重可能的最大绝对值。")),
    ] = 0.5

    def variance(self, n_out: int, n_in: int, activation: Activation | None = None) -> float:
        return self.bound**2 / 3


@INITIALIZERS.add
@dataclass(frozen=True)
class TruncatedNormal(Initializer):
    """N(0, σ²) without what lies beyond 2σ, which is drawn anew. σ is that of the whole distribution, as in PyTorch and
    TensorFlow; cut off, 0.774 σ² is left as variance. Source: +."""

    id = "truncated_normal"
    label = Text("Truncated normal", "截断正态")
    formula = "N(0, σ²), |w| ≤ 2σ"
    description = Text(
        "Normal numbers without the rare large ones.",
        "去掉少见大值的正态随机数。",
    )
    suits = Text("Where single large weights would saturate a unit.", "个别大权重会使单元饱和时。")
    fails = Text("Its scale does not follow the width either.", "它的尺度也不随宽度变化。")

    std: Annotated[
        float,
        *_spread(
            Text("Deviation σ", "标准差 σ"),
            Text("Standard deviation before the cut at 2σ.", "在 2σ 处截断之前的标准差。"),
        ),
    ] = 0.3

    def variance(self, n_out: int, n_in: int, activation: Activation | None = None) -> float:
        density, inside = math.exp(-0.5 * CUT**2) / math.sqrt(2 * math.pi), math.erf(CUT / math.sqrt(2))
        return self.std**2 * (1 - 2 * CUT * density / inside)

    def draw(self, n_out: int, n_in: int, rng: np.random.Generator, activation: Activation | None = None) -> Array:
        w = rng.standard_normal((n_out, n_in))
        while (beyond := np.abs(w) > CUT).any():
            w[beyond] = rng.standard_normal(np.count_nonzero(beyond))
        return w * self.std


@INITIALIZERS.add
@dataclass(frozen=True)
class Orthogonal(Initializer):
    """A random rotation, by QR: W Wᵀ = I if there are more inputs than units, WᵀW = I otherwise. A stack of them
    neither stretches nor shrinks anything, so that deep linear networks learn as fast as shallow ones; ReLU still
    halves the variance (a gain of √2 helps). Source: Saxe et al. 2014."""

    id = "orthogonal"
    label = Text("Orthogonal", "正交")
    formula = "W Wᵀ = I"
    description = Text(
        "A random rotation: no direction is stretched or lost.",
        "随机旋转矩阵：任何方向都不会被拉伸或丢失。",
    )
    suits = Text("Deep networks, above all linear ones and tanh.", "深的网络，尤其是线性层和 tanh。")
    fails = Text("Between layers of different widths only part of a rotation fits.", "层宽不同时只容得下旋转的一部分。")

    def variance(self, n_out: int, n_in: int, activation: Activation | None = None) -> float:
        return 1 / max(n_in, n_out)

    def draw(self, n_out: int, n_in: int, rng: np.random.Generator, activation: Activation | None = None) -> Array:
        tall = rng.standard_normal((max(n_out, n_in), min(n_out, n_in)))
        q, r = np.linalg.qr(tall)
        q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)  # without it the rotations would not be evenly spread
        return np.ascontiguousarray(q if n_out >= n_in else q.T)


@INITIALIZERS.add
@dataclass(frozen=True)
class Sparse(Initializer):
    """Every unit listens to k random inputs with weights from N(0, σ²); the rest start at 0. So its pre-activation has
    the same size however many inputs there are. A layer with fewer than k inputs is full; with few units, some
    inputs may not be heard at all. Source: S3; Martens 2010."""

    id = "sparse"
    label = Text("Sparse", "稀疏")
    formula = "k weights N(0, σ²) per unit, the rest 0"
    description = Text(
        "Connects every unit to a few random inputs only.",
        "每个单元只与少数随机选取的输入相连。",
    )
    suits = Text("Wide layers whose units should differ from the start.", "很宽、希望单元一开始就各不相同的层。")
    fails = Text(
        "With few inputs nothing is left out; and the weights must not be too large.",
        "输入很少时没有可省的；权重也不能太大。",
    )

    incoming: Annotated[
        int,
        Interval(ge=1, le=128),
        Setting(
            Text("Connections k", "连接数 k"),
            Text("Incoming weights of a unit that are not zero.", "每个单元非零输入权重的个数。"),
            scale="log",
            step=1,
            suggestions=(1, 2, 3, 4, 8, 15, 32, 64, 128),
            compare=(1, 2, 4),
            group="training",
        ),
    ] = 4
    std: Annotated[
        float,
        *_spread(
            Text("Deviation σ", "标准差 σ"),
            Text("Standard deviation of the weights that are not zero.", "非零权重的标准差。"),
        ),
    ] = 0.5

    def variance(self, n_out: int, n_in: int, activation: Activation | None = None) -> float:
        return self.std**2 * min(self.incoming / n_in, 1.0)

    def draw(self, n_out: int, n_in: int, rng: np.random.Generator, activation: Activation | None = None) -> Array:
        w = rng.standard_normal((n_out, n_in)) * self.std
        rank = rng.random((n_out, n_in)).argsort(axis=1).argsort(axis=1)
        w[rank >= self.incoming] = 0.0
        return w


@INITIALIZERS.add
@dataclass(frozen=True)
class Constant(Initializer):
    """One value everywhere: every unit of a layer computes the same, gets the same gradient and stays identical for
    ever, whatever the value. Source: S1, S2, S3."""

    id = "constant"
    label = Text("Constant", "常数")
    formula = "c"
    description = Text(
        "A mistake worth seeing: the signal passes, but all units of a layer stay identical.",
        "值得一看的错误：信号能通过，但同层单元始终相同。",
    )
    suits = Text("To see why symmetry has to be broken.", "用来说明为什么必须打破对称。")
    fails = Text(
        "Every unit of a layer computes the same for ever: a wide layer works like one unit.",
        "一层中所有单元永远相同：再宽也只相当于一个单元。",
    )

    value: Annotated[
        float,
        Interval(ge=-1.0, le=1.0),
        Setting(
            Text("Value c", "取值 c"),
            Text("Where every weight starts.", "每个权重的初值。"),
            step=0.01,
            suggestions=(-1.0, -0.1, 0.01, 0.1, 1.0),
            compare=(0.01, 0.1, 1.0),
            group="training",
        ),
    ] = 0.1

    def variance(self, n_out: int, n_in: int, activation: Activation | None = None) -> float:
        return self.value**2

    def draw(self, n_out: int, n_in: int, rng: np.random.Generator, activation: Activation | None = None) -> Array:
        return np.full((n_out, n_in), self.value)


@INITIALIZERS.add
@dataclass(frozen=True)
class Zeros(Initializer):
    """All zero: every unit of a layer gets the same gradient and stays identical for ever. Source: S1, S2, S3."""

    id = "zeros"
    label = Text("Zeros", "全零")
    formula = "0"
    description = Text(
        "A mistake worth seeing: all units stay identical, so the network cannot learn.",
        "值得一看的错误：所有单元始终相同，网络学不到东西。",
    )
    suits = Text("For biases; for weights only to see it fail.", "用于偏置；用于权重只是为了看它失败。")
    fails = Text(
        "No gradient tells the units apart, and behind ReLU none arrives at all.",
        "没有梯度能区分各单元；经过 ReLU 则根本没有梯度。",
    )

    def variance(self, n_out: int, n_in: int, activation: Activation | None = None) -> float:
        return 0.0

    def draw(self, n_out: int, n_in: int, rng: np.random.Generator, activation: Activation | None = None) -> Array:
        return np.zeros((n_out, n_in))
