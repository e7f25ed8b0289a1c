"""A population of K networks of one shape: all parameters in one array ``(K, P)``, seen by the layers through views.

One flat array makes an optimizer a handful of NumPy calls; a leading axis makes K networks cost little more than one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from engine.activations import Activation, ReLU
from engine.component import Array
from engine.initializers import Initializer
from engine.layers import (
    Activate,
    ActivateLearned,
    ActivatePieces,
    BatchNorm,
    Dense,
    Layer,
    Noise,
    NoisePart,
    Residual,
)
from engine.regularizers import Regularizer
from engine.streams import WEIGHTS, stream


@dataclass(frozen=True)
class Shape:
    """What decides how many parameters a network has: inputs, hidden layers, outputs."""

    inputs: int
    widths: tuple[int, ...]
    outputs: int
    activations: tuple[Activation, ...] = ()
    """One a hidden layer; ReLU where none is given."""
    batch_norm: bool = False

    def activation(self, layer: int) -> Activation:
        return self.activations[layer] if self.activations else ReLU()


class Network:
    """K multilayer perceptrons of one shape.

    ``parameters`` and ``gradients`` are ``(K, P)``. ``weights[l]`` is the ``(K, n_out, n_in + 1)`` view of layer l,
    whose last column is the bias; with batch normalization hidden layers have no bias, and ``gamma[l]``, ``beta[l]``
    are ``(K, n_out, 1)``. ``learned[l]`` holds the activation's own parameters, ``(K, n, 1)``, or is empty. ``mask``
    ``(P,)`` is 1 for weights and 0 for all else. ``averages`` are the running means and variances, ``(2, K, units, 1)``
    a layer. With K = 1 the layers see 2-D views of the same arrays.
    """

    def __init__(self, shape: Shape, networks: int = 1, dtype: DTypeLike = np.float32) -> None:
        self.shape = shape
        self.networks = networks
        self.dtype = np.dtype(dtype)
        self.sizes = [shape.inputs, *shape.widths, shape.outputs]
        self.depth = len(shape.widths)
        self.blocks: list[dict[str, tuple[slice, tuple[int, int]]]] = []
        self.spans: list[slice] = []
        end = 0
        for layer in range(self.depth + 1):
            blocks, begin = {}, end
            for name, rows, columns in self._layer_blocks(layer):
                blocks[name] = slice(end, end + rows * columns), (rows, columns)
                end += rows * columns
            self.blocks.append(blocks)
            self.spans.append(slice(begin, end))
        self.parameters = np.zeros((networks, end), dtype)
        self.gradients = np.zeros_like(self.parameters)
        self.weights = self.views("weights", self.parameters)
        self.averages = [self._no_average(blocks) for blocks in self.blocks]
        self.mask = self.regularized([1.0] * (self.depth + 1), biases=False)

    def _layer_blocks(self, layer: int) -> list[tuple[str, int, int]]:
        n_in, n_out = self.sizes[layer], self.sizes[layer + 1]
        if layer == self.depth:
            return [("weights", n_out, n_in + 1)]
        activation = self.shape.activation(layer)
        rows = n_out * activation.pieces_per_unit()
        if self.shape.batch_norm:
            blocks = [("weights", rows, n_in), ("gamma", rows, 1), ("beta", rows, 1)]
        else:
            blocks = [("weights", rows, n_in + 1)]
        return blocks + [("learned", n_out, 1)] * activation.unit_parameters

    def _no_average(self, blocks: dict[str, tuple[slice, tuple[int, int]]]) -> Array:
        rows = blocks["gamma"][1][0] if "gamma" in blocks else 0
        averages = np.zeros((2, self.networks, rows, 1), self.dtype)
        averages[1] = 1
        return averages

    def views(self, name: str, flat: Array) -> list[Array]:
        """The ``(…, rows, columns)`` view of block ``name`` in every layer; ``flat``'s last axis is P."""
        found = []
        for blocks in self.blocks:
            span, shape = blocks.get(name, (slice(0, 0), (0, 1)))
            found.append(flat[..., span].reshape(*flat.shape[:-1], *shape))
        return found

    def has_bias(self, layer: int) -> bool:
        """Whether the last column of a layer's weights is its bias."""
        return layer == self.depth or not self.shape.batch_norm

    def regularized(self, strengths: Sequence[float], biases: bool) -> Array:
        """A mask ``(P,)``: each layer's strength at its weights, and at its biases if they are to be regularized."""
        mask = np.zeros(self.parameters.shape[1], self.dtype)
        for layer, (view, strength) in enumerate(zip(self.views("weights", mask), strengths, strict=True)):
            view[...] = strength
            if self.has_bias(layer) and not biases:
                view[:, -1] = 0
        return mask

    def unbiased(self, layer: int) -> Array:
        """A layer's weights without the bias, ``(K, n_out, n_in)``."""
        return self.weights[layer][..., :-1] if self.has_bias(layer) else self.weights[layer]

    def biases(self, layer: int) -> Array:
        """A layer's biases, ``(K, n_out)``; with batch normalization its shifts β, which take their place."""
        return (
            self.weights[layer][..., -1] if self.has_bias(layer) else self.views("beta", self.parameters)[layer][..., 0]
        )

    def initialize(
        self,
        initializers: Sequence[Initializer],
        seeds: Sequence[int],
        gains: Sequence[float] | None = None,
        biases: Sequence[float] | None = None,
    ) -> None:
        """Draw fresh weights for every network; every layer has a random stream of its own."""
        for k, (initializer, seed) in enumerate(zip(initializers, seeds, strict=True)):
            for layer in range(self.depth + 1):
                self.draw_layer(k, layer, initializer, seed, gains[k] if gains else 1.0, biases[k] if biases else 0.0)

    def draw_layer(self, k: int, layer: int, initializer: Initializer, seed: int, gain: float, bias: float) -> None:
        """Fresh weights for one layer of network k."""
        weights = self.unbiased(layer)[k]
        activation = self.shape.activation(layer) if layer < self.depth else None
        n_out, n_in = weights.shape
        weights[...] = gain * initializer.draw(n_out, n_in, stream(seed, WEIGHTS, layer), activation)
        if self.has_bias(layer):
            self.weights[layer][k, :, -1] = bias if layer < self.depth else 0
        self.views("gamma", self.parameters)[layer][k] = 1
        self.views("beta", self.parameters)[layer][k] = bias
        if activation is not None and activation.unit_parameters:
            (value,) = activation.initial_unit_parameters()
            self.views("learned", self.parameters)[layer][k] = np.asarray(value).reshape(-1)[k if np.ndim(value) else 0]

    def lay_out(
        self,
        activations: Sequence[Activation],
        m: int,
        *,
        training: bool = False,
        regularizers: Sequence[Regularizer] = (),
        noise: Noise | None = None,
        residual: bool = False,
    ) -> "Pass":
        """The network for ``m`` samples at a time; all layouts share the parameters."""
        return Pass(self, activations, m, training, regularizers, noise or Noise([]), residual)


class Pass:
    """A network laid out for ``m`` samples: its layers, each with its own buffers.

    ``training`` decides whether batch normalization uses the batch's statistics and whether signals are disturbed by
    the regularizers. ``dense`` and ``hidden`` are the affine maps and activations, for whoever wants to look inside.
    """

    def __init__(
        self,
        network: Network,
        activations: Sequence[Activation],
        m: int,
        training: bool,
        regularizers: Sequence[Regularizer],
        noise: Noise,
        residual: bool,
    ) -> None:
        def squeezed(arrays: list[Array]) -> list[Array]:
            return [array[..., 0, :, :] for array in arrays] if network.networks == 1 else arrays

        def both(name: str) -> tuple[list[Array], list[Array]]:
            views = network.views(name, network.parameters), network.views(name, network.gradients)
            return squeezed(views[0]), squeezed(views[1])

        def draws(regularizer: Regularizer, *purpose: int) -> NoisePart:
            return noise.part(*purpose) if regularizer.random else NoisePart([])

        def behind(x: Array, place: int) -> list[Layer]:
            """The layers that disturb a signal behind the inputs (place 0) or a hidden layer."""
            made = (
                regularizer.signal(place > 0, x, draws(regularizer, index, place), training)
                for index, regularizer in enumerate(regularizers)
            )
            return [layer for layer in made if layer is not None]

        weights, gradients = both("weights")
        gamma, d_gamma = both("gamma")
        beta, d_beta = both("beta")
        learned, d_learned = both("learned")
        averages = squeezed(network.averages)
        stack = () if network.networks == 1 else (network.networks,)
        x = np.empty((*stack, network.shape.inputs + 1, m), network.dtype)
        self.layers = behind(x, 0)
        self.dense: list[Dense] = []
        self.hidden: list[Activate] = []
        self.norms: list[BatchNorm] = []
        for index in range(network.depth + 1):
            dense = Dense(weights[index], gradients[index], m, first=index == 0, bias=network.has_bias(index))
            if training:
                for place, regularizer in enumerate(regularizers):
                    dense = regularizer.connections(dense, draws(regularizer, place, index)) or dense
            self.dense.append(dense)
            block: list[Layer] = [dense]
            if index == network.depth:
                self.layers += block
                break
            z = dense.z
            if network.shape.batch_norm:
                block.append(
                    norm := BatchNorm(
                        z, gamma[index], beta[index], d_gamma[index], d_beta[index], averages[index], training
                    )
                )
                self.norms.append(norm)
                z = norm.out
            activate = _activate(activations[index], z, learned[index], d_learned[index])
            block.append(activate)
            self.hidden.append(activate)
            x = activate.with_ones
            if residual and index and network.sizes[index] == network.sizes[index + 1]:
                block = [Residual(block, x)]
            self.layers += block
            self.layers += behind(x, index + 1)
        self.backwards = self.layers[::-1]
        self.logits = self.dense[-1].z
        self.d_logits = np.empty_like(self.logits)
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


def _activate(activation: Activation, z: Array, learned: Array, d_learned: Array) -> Activate:
    if activation.unit_parameters:
        return ActivateLearned(activation, z, learned, d_learned)
    pieces = activation.pieces_per_unit()
    return ActivatePieces(activation, z, pieces) if pieces > 1 else Activate(activation, z)
