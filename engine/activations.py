"""Activations g(z): what turns a stack of affine maps into something that can bend.

An element-wise activation is two methods: ``f`` writes g(z), ``df`` writes g'(z); ``df`` may use the stored output
``a``, which is cheaper for most. Arrays are ``(n, m)`` or ``(K, n, m)``: units in rows, samples in columns.
Constants are 0-d arrays because a Python number costs NumPy 0.2-0.3 µs a call, which shows in a small network.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Interval

from engine.component import Array, Component, Registry, Setting, Text

ACTIVATIONS: Registry["Activation"] = Registry("activations", Text("Activation", "激活函数"))

# Exact in every float type, so one array serves float32 and float64.
ZERO, HALF, ONE = (np.array(value, np.float32) for value in (0.0, 0.5, 1.0))


class Activation(Component):
    """Element-wise activation a = g(z)."""

    family = "activations"

    bounded: ClassVar[bool] = False
    """A bounded activation saturates: its derivative vanishes on both sides. "Saturated" means |g'(z)| < 0.05.
    Unbounded ones are never called saturated; a rectifier's flat side shows in the dead ratio instead."""

    rectifier: ClassVar[bool] = False
    """True for the ReLU family: half of the variance is lost, so that He's initialization fits."""

    def f(self, z: Array, out: Array) -> Array:
        """Write g(z) into ``out`` and return it."""
        raise NotImplementedError

    def df(self, z: Array, a: Array, out: Array) -> Array:
        """Write g'(z) into ``out`` and return it; ``a`` is g(z)."""
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
        "保留正值、截断负值；收敛快，是首选，但单元可能“死亡”。",
    )
    rectifier = True

    def f(self, z: Array, out: Array) -> Array:
        return np.maximum(z, ZERO, out=out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        return np.sign(a, out=out)  # a >= 0, so its sign is the derivative, without a detour through bool


@ACTIVATIONS.add
@dataclass(frozen=True)
class LeakyReLU(Activation):
    """max(αz, z) for a small slope α: the negative side keeps a little gradient, so that units do not die.
    Some libraries use 0.01 (ours, PyTorch), others 0.2 or 0.3 (Keras 2). Source: S0, S3; Maas et al. 2013."""

    id = "leaky_relu"
    label = Text("Leaky ReLU", "Leaky ReLU")
    formula = "max(αz, z)"
    description = Text(
        "ReLU with a small slope on the negative side, so that no unit dies.",
        "负半轴保留一个很小的斜率的 ReLU，单元不会“死亡”。",
    )
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
        np.multiply(z, self.slope, out=out)
        return np.maximum(z, out, out=out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        np.greater(z, ZERO, out=out, casting="unsafe")
        return np.maximum(out, self.slope, out=out)


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
    bounded = True

    def f(self, z: Array, out: Array) -> Array:
        return np.tanh(z, out=out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        np.multiply(a, a, out=out)
        return np.subtract(ONE, out, out=out)


@ACTIVATIONS.add
@dataclass(frozen=True)
class Sigmoid(Activation):
    """σ(z) = 1/(1 + e^−z), computed as (1 + tanh(z/2))/2, which cannot overflow. Saturates and is not zero-centred, so
    gradients vanish in deep stacks. Source: S0, S3."""

    id = "sigmoid"
    label = Text("Sigmoid", "Sigmoid")
    formula = "1 / (1 + e⁻ᶻ)"
    description = Text(
        "Squashes to (0, 1); saturates and is not zero-centred, so deep stacks learn slowly.",
        "压缩到 (0, 1)；会饱和且不以零为中心，深层网络学得很慢。",
    )
    bounded = True

    def f(self, z: Array, out: Array) -> Array:
        np.multiply(z, HALF, out=out)
        np.tanh(out, out=out)
        np.multiply(out, HALF, out=out)
        return np.add(out, HALF, out=out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        np.subtract(ONE, a, out=out)
        return np.multiply(out, a, out=out)


@ACTIVATIONS.add
@dataclass(frozen=True)
class Softplus(Activation):
    """ln(1 + e^z), a smooth ReLU, computed as logaddexp(z, 0), which cannot overflow. g'(z) = 1 − e^−a. Source: S0."""

    id = "softplus"
    label = Text("Softplus", "Softplus")
    formula = "ln(1 + eᶻ)"
    description = Text(
        "A smooth ReLU: never exactly zero, so no unit dies, but slower to compute.",
        "平滑的 ReLU：不会恰好为零，单元不会“死亡”，但计算较慢。",
    )
    rectifier = True

    def f(self, z: Array, out: Array) -> Array:
        return np.logaddexp(z, ZERO, out=out)

    def df(self, z: Array, a: Array, out: Array) -> Array:
        np.negative(a, out=out)
        np.expm1(out, out=out)
        return np.negative(out, out=out)


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

    def f(self, z: Array, out: Array) -> Array:
        np.copyto(out, z)
        return out

    def df(self, z: Array, a: Array, out: Array) -> Array:
        out.fill(1)
        return out
