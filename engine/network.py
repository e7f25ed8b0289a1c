"""A population of K networks of one shape: all parameters in one array ``(K, P)``, seen by the layers through views.

One flat array makes an optimizer a handful of NumPy calls; a leading axis makes K networks cost little more than one.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike

from engine.activations import Activation
from engine.component import Array
from engine.initializers import Initializer
from engine.layers import Activate, Dense, Layer
from engine.streams import WEIGHTS, stream


class Network:
    """K multilayer perceptrons with ``n_in`` inputs, the given hidden widths and ``n_out`` outputs.

    ``parameters`` and ``gradients`` are ``(K, P)``; ``weights[l]`` is the ``(K, n_out, n_in + 1)`` view of layer l,
    whose last column is the bias; ``mask`` ``(P,)`` is 1 for weights and 0 for biases. With K = 1 the layers see 2-D
    views of the same arrays.
    """

    def __init__(
        self, n_in: int, widths: Sequence[int], n_out: int, networks: int = 1, dtype: DTypeLike = np.float32
    ) -> None:
        sizes = [n_in, *widths, n_out]
        self.shapes = [(rows, columns + 1) for columns, rows in pairwise(sizes)]
        ends = np.cumsum([0, *(rows * columns for rows, columns in self.shapes)]).tolist()
        self.spans = [slice(start, end) for start, end in pairwise(ends)]
        self.networks = networks
        self.dtype = np.dtype(dtype)
        self.parameters = np.zeros((networks, ends[-1]), dtype)
        self.gradients = np.zeros_like(self.parameters)
        self.mask = np.zeros(self.parameters.shape[1], dtype)
        self.weights = self.views(self.parameters)
        for view in self.views(self.mask[np.newaxis]):
            view[..., :-1] = 1

    def views(self, flat: Array) -> list[Array]:
        """The per-layer ``(…, n_out, n_in + 1)`` views of an array whose last axis is P."""
        return [
            flat[..., span].reshape(*flat.shape[:-1], *shape)
            for span, shape in zip(self.spans, self.shapes, strict=True)
        ]

    def initialize(self, initializers: Sequence[Initializer], seeds: Sequence[int]) -> None:
        """Draw fresh weights for every network; every layer has a random stream of its own."""
        for k, (initializer, seed) in enumerate(zip(initializers, seeds, strict=True)):
            for index, weights in enumerate(self.weights):
                n_out, columns = weights.shape[1:]
                rng = stream(seed, WEIGHTS, index)
                weights[k, :, :-1] = initializer.draw(n_out, columns - 1, rng)
                weights[k, :, -1] = 0

    def lay_out(self, activations: Sequence[Activation], m: int) -> "Pass":
        """The network for ``m`` samples at a time; all layouts share the parameters."""
        return Pass(self, activations, m)


class Pass:
    """A network laid out for ``m`` samples: its layers, each with its own buffers."""

    def __init__(self, network: Network, activations: Sequence[Activation], m: int) -> None:
        flat = (network.parameters, network.gradients)
        parameters, gradients = (array[0] if network.networks == 1 else array for array in flat)
        self.dense = [
            Dense(weights, gradient, m, first=index == 0)
            for index, (weights, gradient) in enumerate(
                zip(network.views(parameters), network.views(gradients), strict=True)
            )
        ]
        self.hidden = [Activate(g, dense.z) for g, dense in zip(activations, self.dense, strict=False)]
        self.layers: list[Layer] = [layer for pair in zip(self.dense, self.hidden, strict=False) for layer in pair]
        self.layers.append(self.dense[-1])
        self.backwards = self.layers[::-1]
        self.d_logits = np.empty_like(self.dense[-1].z)
        self.one_over_m = np.array(1 / m, network.dtype)

    def forward(self, x: Array) -> Array:
        """Logits of inputs ``(n_in + 1, m)``, or ``(K, n_in + 1, m)`` where each network has its own."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, d: Array) -> None:
        """Fill the network's gradients from dL/d(logits)."""
        for layer in self.backwards:
            d = layer.backward(d)
