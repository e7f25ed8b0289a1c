"""Layers with a hand-written backward pass, laid out for a fixed number of samples.

A layer's ``forward(x)`` maps activations to activations, its ``backward(d)`` maps dL/d(output) to dL/d(input) and
writes its parameters' gradients. Samples are columns: ``x`` is ``(n, m)``, or ``(K, n, m)`` for a population.
Two habits make this fast in NumPy: every buffer is allocated once, in the constructor, and the bias is one more column
of the weights, multiplied by a last row of ones that every signal between layers carries.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.activations import Activation
from engine.component import Array
from engine.streams import NOISE, stream

PIECE = 512  # numbers of one network's activations above which they need no buffer apart from the ones


class Layer:
    """The protocol: two methods."""

    def forward(self, x: Array) -> Array:
        raise NotImplementedError

    def backward(self, d: Array) -> Array:
        raise NotImplementedError


def with_ones(like: Array, n: int) -> Array:
    """A signal buffer for n units: ``(…, n + 1, m)`` whose last row is one."""
    *stack, _, m = like.shape
    return np.ones((*stack, n + 1, m), like.dtype)


class Dense(Layer):
    """z = W x + b, as one product of ``weights = [W b]`` with ``x`` over a row of ones.

    dL/d[W b] = dz xᵀ and dL/dx = Wᵀ dz (S1, S2). With ``bias`` False the row of ones is left out. For one network the
    2-D ``ndarray.dot`` is used, for a population ``matmul`` over the stack; a stack of one would run at 0.6 of the
    speed.
    """

    def __init__(self, weights: Array, gradient: Array, m: int, first: bool, bias: bool = True) -> None:
        n_out, columns = weights.shape[-2:]
        stack = weights.shape[:-2]
        self.weights = weights
        self.gradient = gradient
        self.z = np.empty((*stack, n_out, m), weights.dtype)
        # One network multiplies by the whole of [W b]ᵀ and leaves the bias's row unread: without that row the matrix is
        # not in one piece, and `dot` would copy it every time. `matmul` over a stack does not mind.
        whole = not bias or not stack
        self.transposed = (weights if whole else weights[..., :-1]).mT
        self.product_dx = np.empty((*stack, 0 if first else columns - (not whole), m), weights.dtype)
        self.dx = self.product_dx[..., : columns - bias, :]
        self.first = first
        self.bias = bias
        self.x = self.x_transposed = np.empty(0, weights.dtype)
        # Behind inputs that all networks of a stack share, their gradients are one product.
        self.may_share = first and bool(stack)
        self.shared = False
        self.together = np.empty(weights.shape if self.may_share else (0, columns), weights.dtype)
        self.rows = self.together.reshape(-1, columns)
        self.product = np.matmul if stack else np.ndarray.dot
        # Wᵀ dz of a single output unit is an outer product, for which a stack is faster with a broadcast multiply.
        self.product_back = np.multiply if stack and n_out == 1 else self.product

    def forward(self, x: Array) -> Array:
        if not self.bias:
            x = x[..., :-1, :]
        if x is not self.x:  # behind a hidden layer it is always the same buffer
            self.x, self.x_transposed = x, x.mT
            self.shared = self.may_share and x.ndim == 2
        self.product(self.weights, x, self.z)
        return self.z

    def backward(self, d: Array) -> Array:
        if self.shared:
            d.reshape(len(self.rows), -1).dot(self.x_transposed, self.rows)
            self.gradient[...] = self.together
            return self.dx
        self.product(d, self.x_transposed, self.gradient)
        if not self.first:  # nobody asks for the gradient of the inputs
            self.product_back(self.transposed, d, self.product_dx)
        return self.dx


class Activate(Layer):
    """a = g(z), dL/dz = dL/da · g'(z)."""

    def __init__(self, activation: Activation, z: Array) -> None:
        self.activation = activation
        self._hold(z, z.shape[-2])
        self.dz = np.empty_like(z)

    def _hold(self, z: Array, n: int) -> None:
        """The buffers for n units. Over a stack the ones part the networks' activations, and operations on many small
        pieces cost more than one copy into them."""
        self.with_ones = with_ones(z, n)
        self.handed_on = self.with_ones[..., :-1, :]
        self.apart = z.ndim > 2 and n * z.shape[-1] < PIECE
        self.a = np.empty(self.handed_on.shape, z.dtype) if self.apart else self.handed_on

    def forward(self, x: Array) -> Array:
        self.z = x
        self.activation.f(x, self.a)
        if self.apart:
            self.handed_on[...] = self.a
        return self.with_ones

    def backward(self, d: Array) -> Array:
        dz = self.activation.df(self.z, self.a, self.dz)
        return np.multiply(dz, d, dz)


class ActivateLearned(Activate):
    """a = g(z, p) with a learned parameter p for every unit; dL/dp is summed over the samples."""

    def __init__(self, activation: Activation, z: Array, p: Array, dp: Array) -> None:
        super().__init__(activation, z)
        self.p = p
        self.dp = dp

    def forward(self, x: Array) -> Array:
        self.z = x
        self.activation.f_with(x, self.p, self.a)
        if self.apart:
            self.handed_on[...] = self.a
        return self.with_ones

    def backward(self, d: Array) -> Array:
        self.activation.dp_with(self.z, self.a, d, self.p, self.dp)
        dz = self.activation.df_with(self.z, self.a, self.p, self.dz)
        return np.multiply(dz, d, dz)


class ActivatePieces(Activate):
    """a = max over k pieces of z, which has k·n rows; only the winning piece gets the gradient."""

    def __init__(self, activation: Activation, z: Array, pieces: int) -> None:
        *stack, rows, m = z.shape
        self.activation = activation
        self._hold(z, rows // pieces)
        self.dz = np.empty_like(z)
        self.by_piece = self.dz.reshape(*stack, pieces, rows // pieces, m)

    def backward(self, d: Array) -> Array:
        self.activation.df(self.z, self.a, self.dz)
        np.multiply(self.by_piece, d[..., np.newaxis, :, :], self.by_piece)
        return self.dz


class BatchNorm(Layer):
    """ẑ = (z − μ)/√(v + ε), out = γẑ + β, with the batch's mean μ and variance v in training and running averages at
    prediction (S0-S3; Ioffe & Szegedy 2015).

    The averages move by ``MOMENTUM`` = 0.1 towards each batch (PyTorch's convention; others call 0.9 the momentum), the
    variance with the correction m/(m − 1). In training the gradient flows through μ and v as well.
    """

    EPSILON = 1e-5
    MOMENTUM = 0.1

    def __init__(
        self, z: Array, gamma: Array, beta: Array, d_gamma: Array, d_beta: Array, averages: Array, training: bool
    ) -> None:
        self.gamma, self.beta, self.d_gamma, self.d_beta = gamma, beta, d_gamma, d_beta
        self.mean, self.variance = averages
        self.training = training
        self.normalized = np.empty_like(z)
        self.out = np.empty_like(z)
        self.dz = np.empty_like(z)

    def forward(self, x: Array) -> Array:
        m = x.shape[-1]
        mean, variance = self.mean, self.variance
        if self.training:
            mean = np.add.reduce(x, axis=-1, keepdims=True) / m
            np.subtract(x, mean, self.normalized)
            variance = np.add.reduce(self.normalized * self.normalized, axis=-1, keepdims=True) / m
            self.mean += self.MOMENTUM * (mean - self.mean)
            self.variance += self.MOMENTUM * (variance * (m / max(m - 1, 1)) - self.variance)
        else:
            np.subtract(x, mean, self.normalized)
        self.scale = 1 / np.sqrt(variance + self.EPSILON)
        np.multiply(self.normalized, self.scale, self.normalized)
        np.multiply(self.normalized, self.gamma, self.out)
        return np.add(self.out, self.beta, self.out)

    def backward(self, d: Array) -> Array:
        np.add.reduce(d, axis=-1, keepdims=True, out=self.d_beta)
        np.multiply(d, self.normalized, self.dz)
        np.add.reduce(self.dz, axis=-1, keepdims=True, out=self.d_gamma)
        if self.training:  # dz = γ/√(v + ε) (d − mean(d) − ẑ mean(d ẑ))
            m = d.shape[-1]
            np.multiply(self.normalized, self.d_gamma / -m, self.dz)
            np.add(self.dz, d, self.dz)
            np.subtract(self.dz, self.d_beta / m, self.dz)
        else:
            np.copyto(self.dz, d)
        return np.multiply(self.dz, self.gamma * self.scale, self.dz)


class Residual(Layer):
    """out = x + layers(x): a shortcut around a hidden layer of the same width (S1; He et al. 2016). What ``kept``
    ``(n, 1)`` has a 0 for does not take it."""

    def __init__(self, layers: Sequence[Layer], x: Array, kept: Array | None = None) -> None:
        self.layers = list(layers)
        self.kept = kept
        self.with_ones = np.ones_like(x)
        self.out = self.with_ones[..., :-1, :]

    def forward(self, x: Array) -> Array:
        y = x
        for layer in self.layers:
            y = layer.forward(y)
        shortcut = x[..., :-1, :] if self.kept is None else x[..., :-1, :] * self.kept
        np.add(shortcut, y[..., :-1, :], self.out)
        return self.with_ones

    def backward(self, d: Array) -> Array:
        through = d
        for layer in reversed(self.layers):
            through = layer.backward(through)
        return np.add(through, d if self.kept is None else d * self.kept, through)


class Noise:
    """Random numbers for K networks from generators of their own, one for each purpose: a network draws the same
    numbers alone as in a population, and a layer that is not there draws nothing from the others' streams."""

    def __init__(self, seeds: Sequence[int]) -> None:
        self.seeds = list(seeds)
        self.parts: dict[str, NoisePart] = {}

    def part(self, *purpose: int) -> "NoisePart":
        """The generators for one purpose, made when they are first asked for."""
        key = ".".join(map(str, purpose))
        if key not in self.parts:
            self.parts[key] = NoisePart([stream(seed, NOISE, *purpose) for seed in self.seeds])
        return self.parts[key]

    def state(self) -> dict[str, list[Any]]:
        """Where all generators stand, as JSON values."""
        return {
            key: [generator.bit_generator.state for generator in part.generators] for key, part in self.parts.items()
        }

    def restore(self, state: Mapping[str, Sequence[Any]]) -> None:
        """Put all generators back to where a `state` found them."""
        for key, states in state.items():
            part = self.part(*map(int, key.split(".")))
            for generator, kept in zip(part.generators, states, strict=True):
                generator.bit_generator.state = kept


class NoisePart:
    """One generator a network."""

    def __init__(self, generators: Sequence[np.random.Generator]) -> None:
        self.generators = list(generators)

    def uniform(self, out: Array) -> Array:
        """Fill ``out`` with uniform numbers from [0, 1)."""
        return self._fill(np.random.Generator.random, out)

    def units(self, out: Array) -> Array:
        """Fill ``out``, ``(…, n, m)``, with uniform numbers for n units, anew for each sample."""
        return self.uniform(out)

    def normal(self, out: Array) -> Array:
        """Fill ``out`` with standard normal numbers."""
        return self._fill(np.random.Generator.standard_normal, out)

    def _fill(self, draw: Callable[..., Array], out: Array) -> Array:
        parts = [out] if len(self.generators) == 1 else out
        for generator, part in zip(self.generators, parts, strict=True):
            draw(generator, out=part, dtype=part.dtype)
        return out


class _Signal(Layer):
    """A layer that only changes a signal, beside its row of ones."""

    def __init__(self, x: Array) -> None:
        self.with_ones = np.ones_like(x)
        self.out = self.with_ones[..., :-1, :]


class Drop(_Signal):
    """Each unit of each sample is kept with probability ``keep``; ``inverted`` divides what is kept by it."""

    def __init__(self, x: Array, keep: Array | float, noise: NoisePart, inverted: bool) -> None:
        super().__init__(x)
        self.keep = keep
        self.kept = 1 / np.asarray(keep, x.dtype) if inverted else np.ones((), x.dtype)
        self.noise = noise
        self.mask = np.empty_like(self.out)

    def forward(self, x: Array) -> Array:
        self.noise.units(self.mask)
        np.less(self.mask, self.keep, out=self.mask, casting="unsafe")
        np.multiply(self.mask, self.kept, self.mask)
        np.multiply(x[..., :-1, :], self.mask, self.out)
        return self.with_ones

    def backward(self, d: Array) -> Array:
        return np.multiply(d, self.mask, d) if d.size else d


class Scale(_Signal):
    """out = factor · x: plain dropout's prediction."""

    def __init__(self, x: Array, factor: Array | float) -> None:
        super().__init__(x)
        self.factor = factor

    def forward(self, x: Array) -> Array:
        np.multiply(x[..., :-1, :], self.factor, self.out)
        return self.with_ones

    def backward(self, d: Array) -> Array:
        return np.multiply(d, self.factor, d) if d.size else d


class InputNoise(_Signal):
    """out = x + deviation · N(0, 1)."""

    def __init__(self, x: Array, deviation: Array | float, noise: NoisePart) -> None:
        super().__init__(x)
        self.deviation = deviation
        self.noise = noise

    def forward(self, x: Array) -> Array:
        self.noise.normal(self.out)
        np.multiply(self.out, self.deviation, self.out)
        np.add(self.out, x[..., :-1, :], self.out)
        return self.with_ones

    def backward(self, d: Array) -> Array:
        return d


class DropConnect(Dense):
    """A dense layer whose single weights are kept with probability ``keep`` and divided by it; biases always stay."""

    def __init__(self, dense: Dense, keep: Array | float, noise: NoisePart) -> None:
        m = dense.z.shape[-1]
        self.dropped = np.empty_like(dense.weights)
        super().__init__(self.dropped, dense.gradient, m, dense.first, dense.bias)
        self.original = dense.weights
        self.mask = np.empty_like(dense.weights)
        self.keep = keep
        self.noise = noise

    def forward(self, x: Array) -> Array:
        self.noise.uniform(self.mask)
        np.less(self.mask, self.keep, out=self.mask, casting="unsafe")
        np.divide(self.mask, self.keep, self.mask)
        if self.bias:
            self.mask[..., -1] = 1
        np.multiply(self.original, self.mask, self.dropped)
        return super().forward(x)

    def backward(self, d: Array) -> Array:
        dx = super().backward(d)
        np.multiply(self.gradient, self.mask, self.gradient)
        return dx
