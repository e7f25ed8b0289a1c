"""Initializers: where the weights start. Biases start at zero.

Every layer draws from a generator of its own, a stream of seed and layer, so that two networks with the same seed start
from the same draw in every layer that has the same shape, and initializers differ only in scale.
"""

from dataclasses import dataclass

import numpy as np

from engine.component import Array, Component, Registry, Text

INITIALIZERS: Registry["Initializer"] = Registry("initializers", Text("Initialization", "权重初始化"))


class Initializer(Component):
    """A distribution for the weights ``(n_out, n_in)`` of one layer."""

    family = "initializers"

    def draw(self, n_out: int, n_in: int, rng: np.random.Generator) -> Array:
        """Fresh weights as float64."""
        raise NotImplementedError


@INITIALIZERS.add
@dataclass(frozen=True)
class He(Initializer):
    """N(0, 2/n_in): keeps the variance of ReLU layers, which lose half of it. Source: S1, S3; He et al. 2015."""

    id = "he"
    label = Text("He", "He")
    formula = "N(0, 2 / nᵢₙ)"
    description = Text(
        "Keeps the signal's size from layer to layer; made for the ReLU family.",
        "使信号逐层保持大小；为 ReLU 类激活函数设计。",
    )

    def draw(self, n_out: int, n_in: int, rng: np.random.Generator) -> Array:
        return rng.standard_normal((n_out, n_in)) * np.sqrt(2 / n_in)


@INITIALIZERS.add
@dataclass(frozen=True)
class Glorot(Initializer):
    """N(0, 2/(n_in + n_out)): a compromise between forward and backward signal, for tanh and sigmoid.
    Source: S1, S3; Glorot & Bengio 2010."""

    id = "glorot"
    label = Text("Glorot (Xavier)", "Glorot（Xavier）")
    formula = "N(0, 2 / (nᵢₙ + nₒᵤₜ))"
    description = Text(
        "Balances the signal forwards and the gradient backwards; made for tanh and sigmoid.",
        "兼顾前向信号与反向梯度；适合 tanh 与 sigmoid。",
    )

    def draw(self, n_out: int, n_in: int, rng: np.random.Generator) -> Array:
        return rng.standard_normal((n_out, n_in)) * np.sqrt(2 / (n_in + n_out))


@INITIALIZERS.add
@dataclass(frozen=True)
class SmallNormal(Initializer):
    """N(0, 0.01²): fine for one layer, but the signal dies away in a deep stack. Source: S1, S3."""

    id = "small_normal"
    label = Text("Small random", "小随机数")
    formula = "N(0, 0.01²)"
    description = Text(
        "Tiny random weights; in deep networks signal and gradient fade to nothing.",
        "很小的随机数；在深层网络中信号与梯度会逐层消失。",
    )

    def draw(self, n_out: int, n_in: int, rng: np.random.Generator) -> Array:
        return rng.standard_normal((n_out, n_in)) * 0.01


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

    def draw(self, n_out: int, n_in: int, rng: np.random.Generator) -> Array:
        return np.zeros((n_out, n_in))
