"""A population of K networks of one shape: all parameters in one array ``(K, P)``, seen by the layers through views.

One flat array makes an optimizer a handful of NumPy calls; a leading axis makes K networks cost little more than one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from engine.ablation import Link, Off
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
    a layer. With K = 1 the layers see 2-D views of the same arrays. ``off`` says what is switched off, and ``still``
    ``(P,)`` which parameters therefore stay as they are; it is None where nothing is off.
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
        self.off = Off()
        self.still: Array | None = None
        self._cut = np.zeros(end, bool)
        self._aside = self.parameters[:, self._cut]

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

    # ---- ablation, see `engine.ablation` ----

    def switch(self, off: Off) -> None:
        """Switch off these units and links and nothing else. Raises ValueError, with nothing changed, if there is no
        such unit or link."""
        cut = np.zeros(self.parameters.shape[1], bool)
        weights = self.views("weights", cut)
        for link in off.links:
            cut[self.place_of(link)] = True
        still = cut.copy()
        for unit in off.units:
            layer, index = self.locate(unit)
            leading_to = self._of_unit(layer, index)
            still[leading_to] = True
            if layer <= self.depth:
                weights[layer][:, index] = True
            else:
                cut[leading_to] = True
        still |= cut
        self.parameters[:, self._cut] = self._aside
        self.off, self._cut = off, cut
        self.still = still if still.any() else None
        self.set_aside()

    def set_aside(self) -> None:
        """Put to 0 what is off, after all parameters have been written anew."""
        self._aside = self.parameters[:, self._cut]
        self.parameters[:, self._cut] = 0

    def whole(self, copy: bool = True) -> Array:
        """All parameters ``(K, P)``, those that are off as they will come back."""
        if self.still is None:
            return self.parameters.copy() if copy else self.parameters
        parameters = self.parameters.copy()
        parameters[:, self._cut] = self._aside
        return parameters

    def put(self, k: int, link: Link, value: float) -> None:
        """Give a weight or bias of network k a value; one that is off will come back with it."""
        place = self.place_of(link)
        if self._cut[place]:
            self._aside[k, np.count_nonzero(self._cut[:place])] = value
        else:
            self.parameters[k, place] = value

    def locate(self, unit: int) -> tuple[int, int]:
        """Layer (0 the inputs, the last one the outputs) and place in it of a unit. Raises ValueError."""
        index = unit
        for layer, size in enumerate(self.sizes):
            if 0 <= index < size:
                return layer, index
            index -= size
        raise ValueError(f"unit: {unit} is not from 0 to {sum(self.sizes) - 1}")

    def place_of(self, link: Link) -> int:
        """The place of a weight or bias among the parameters. Raises ValueError if there is none."""
        layer, row, column = link
        if not 0 <= layer <= self.depth:
            raise ValueError(f"layer: {layer} is not from 0 to {self.depth}")
        block = "weights" if column is not None or self.has_bias(layer) else "beta"
        span, (rows, columns) = self.blocks[layer][block]
        if not 0 <= row < rows:
            raise ValueError(f"unit: {row} is not from 0 to {rows - 1}")
        if column is None:
            return int(span.start + row * columns + columns - 1)
        inputs = columns - self.has_bias(layer)
        if not 0 <= column < inputs:
            raise ValueError(f"input: {column} is not from 0 to {inputs - 1}")
        return int(span.start + row * columns + column)

    def _of_unit(self, layer: int, index: int) -> Array:
        """The places of a unit's own parameters: the weights that lead to it, its bias and all else that is its own."""
        if layer == 0:
            return np.zeros(0, np.intp)
        found = []
        for span, (rows, columns) in self.blocks[layer - 1].values():
            places = np.arange(span.start, span.stop).reshape(rows, columns)
            found.append(places[index :: self.sizes[layer]].ravel())  # a row for each piece of its activation
        return np.concatenate(found)

    def handed_on(self, layer: int) -> Array | None:
        """1 for the units of a layer that are on and 0 for the others, ``(n, 1)``; None where all are on."""
        first = sum(self.sizes[:layer])
        lost = [unit - first for unit in self.off.units if first <= unit < first + self.sizes[layer]]
        if not lost:
            return None
        kept = np.ones((self.sizes[layer], 1), self.dtype)
        kept[lost] = 0
        return kept

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
        sampling: bool = False,
    ) -> "Pass":
        """The network for ``m`` samples at a time; all layouts share the parameters."""
        return Pass(self, activations, m, training, regularizers, noise or Noise([]), residual, sampling)


class Pass:
    """A network laid out for ``m`` samples: its layers, each with its own buffers.

    ``training`` decides whether batch normalization uses the batch's statistics and whether signals are disturbed by
    the regularizers; with ``sampling`` only the latter is so. ``dense`` and ``hidden`` are the affine maps and
    activations, for whoever wants to look inside; ``layer_outputs`` is what comes out of the hidden layers: g(z), and
    in a residual layer what goes around it as well.
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
        sampling: bool,
    ) -> None:
        self.network = network
        disturbed = training or sampling

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
                regularizer.signal(place > 0, x, draws(regularizer, index, place), disturbed)
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
        self.layer_outputs: list[Array] = []
        self.norms: list[BatchNorm] = []
        for index in range(network.depth + 1):
            dense = Dense(weights[index], gradients[index], m, first=index == 0, bias=network.has_bias(index))
            if disturbed:
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
            self.layer_outputs.append(activate.a)
            if residual and index and network.sizes[index] == network.sizes[index + 1]:
                around = Residual(block, x, network.handed_on(index))
                self.layer_outputs[-1] = around.out
                block = [around]
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
        if self.network.still is not None:
            np.copyto(self.network.gradients, 0, where=self.network.still)


def _activate(activation: Activation, z: Array, learned: Array, d_learned: Array) -> Activate:
    if activation.unit_parameters:
        return ActivateLearned(activation, z, learned, d_learned)
    pieces = activation.pieces_per_unit()
    return ActivatePieces(activation, z, pieces) if pieces > 1 else Activate(activation, z)
