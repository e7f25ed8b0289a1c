"""The classics: ReLU, the first choice, no bend at all, and the two squashing ones that came before."""

from dataclasses import dataclass

import numpy as np

from engine.activations.base import ACTIVATIONS, LARGE, ONE, ZERO, Activation, sigmoid, zeros
from engine.component import Array, Text


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
