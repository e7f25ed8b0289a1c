"""Layers with a hand-written backward pass, laid out for a fixed number of samples.

A layer's ``forward(x)`` maps activations to activations, its ``backward(d)`` maps dL/d(output) to dL/d(input) and
writes its parameters' gradients. Samples are columns: ``x`` is ``(n, m)``, or ``(K, n, m)`` for a population.
Two habits make this fast in NumPy: every buffer is allocated once, in the constructor, and the bias is one more column
of the weights, multiplied by a last row of ones that every activation buffer carries.
"""

import numpy as np

from engine.activations import Activation
from engine.component import Array


class Layer:
    """The protocol: two methods."""

    def forward(self, x: Array) -> Array:
        raise NotImplementedError

    def backward(self, d: Array) -> Array:
        raise NotImplementedError


class Dense(Layer):
    """z = W x + b, as one product of ``weights = [W b]`` with ``x`` over a row of ones.

    dL/d[W b] = dz xᵀ and dL/dx = Wᵀ dz (S1, S2). For one network the 2-D ``ndarray.dot`` is used, for a population
    ``matmul`` over the stack; a stack of one would run at 0.6 of the speed.
    """

    def __init__(self, weights: Array, gradient: Array, m: int, first: bool) -> None:
        n_out, columns = weights.shape[-2:]
        stack = weights.shape[:-2]
        self.weights = weights
        self.gradient = gradient
        self.transposed = weights[..., :-1].mT
        self.z = np.empty((*stack, n_out, m), weights.dtype)
        self.dx = np.empty((*stack, 0 if first else columns - 1, m), weights.dtype)
        self.first = first
        self.product = np.matmul if stack else np.ndarray.dot

    def forward(self, x: Array) -> Array:
        self.x = x
        self.product(self.weights, x, self.z)
        return self.z

    def backward(self, d: Array) -> Array:
        self.product(d, self.x.mT, self.gradient)
        if not self.first:  # nobody asks for the gradient of the inputs
            self.product(self.transposed, d, self.dx)
        return self.dx


class Activate(Layer):
    """a = g(z), dL/dz = dL/da · g'(z)."""

    def __init__(self, activation: Activation, z: Array) -> None:
        *stack, n, m = z.shape
        self.activation = activation
        self.with_ones = np.ones((*stack, n + 1, m), z.dtype)
        self.a = self.with_ones[..., :-1, :]
        self.dz = np.empty_like(z)

    def forward(self, x: Array) -> Array:
        self.z = x
        self.activation.f(x, self.a)
        return self.with_ones

    def backward(self, d: Array) -> Array:
        dz = self.activation.df(self.z, self.a, self.dz)
        return np.multiply(dz, d, out=dz)
