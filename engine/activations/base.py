"""What an activation is: g(z), which turns a stack of affine maps into something that can bend.

An element-wise activation is two methods: ``f`` writes g(z), ``df`` writes g'(z); ``df`` may use the stored output
``a``, which is cheaper for most. Arrays are ``(n, m)`` or ``(K, n, m)``: units in rows, samples in columns.
Constants are 0-d arrays because a Python number costs NumPy 0.2-0.3 µs a call, which shows in a small network.

Two protocols go beyond that. An activation with ``unit_parameters`` learns numbers of its own, one set a unit (PReLU);
one with several ``pieces_per_unit`` makes one unit's output of several pre-activations (maxout).
"""

from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from engine.component import Array, Component, Registry, Text

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

    unit_label: ClassVar[Text] = Text("", "")
    unit_symbol: ClassVar[str] = ""
    unit_gradient: ClassVar[str] = ""
    """What the learned number is called, its letter, and its gradient for one sample, `dp_with` written down: with
    ``da`` for dL/da, ``z``, numbers, min, max, + − · ( ) , and ². The page fills it in."""

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
