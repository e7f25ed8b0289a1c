"""ReLU with a curve below zero in place of the flat side: for deeper networks, at the price of an exponential."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Interval

from engine.activations.base import ACTIVATIONS, FOUR, HALF, MINUS_HALF, ONE, TWO, ZERO, Activation, sigmoid
from engine.component import Array, Setting, Text


def _polynomial(coefficients: tuple[float, ...], x: Array, out: Array) -> Array:
    """Write a polynomial of ``x`` into ``out``, highest power first."""
    highest, second, *others = coefficients
    np.multiply(x, highest, out)
    np.add(out, second, out)
    for coefficient in others:
        np.multiply(out, x, out)
        np.add(out, coefficient, out)
    return out


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
