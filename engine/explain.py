"""One point through the network: every intermediate value forwards, and backwards the four equations of
back-propagation (S0-S2)

    dz_L = dL/dz_L,   da_(l-1) = W_lᵀ dz_l,   dz_l = da_l ∘ g'(z_l),   dW_l = dz_l a_(l-1)ᵀ and db_l = dz_l.

Three settings put something between them, and the values say so: batch normalization between z_l and g, a shortcut
from a_(l-1) around layer l, and plain dropout's factor on what a layer hands on. What is switched off, see
`engine.ablation`, takes no part in it: a unit hands on 0 and takes no shortcut, and what stays has no gradient.
"""

from dataclasses import dataclass

import numpy as np

from engine.component import Array
from engine.layers import Activate, ActivateLearned, Residual, Scale
from engine.network import Pass
from engine.trainer import Trainer


@dataclass(frozen=True)
class Normalization:
    """Batch normalization in prediction: ``u = scale · (z − mean) + shift`` goes into the activation."""

    mean: Array
    scale: Array
    shift: Array


@dataclass(frozen=True)
class LayerValues:
    """One layer's values for one point; vectors have one number a unit. ``dz`` is dL/dz, and so on.

    ``inputs`` is what W multiplies: ``factor`` times the last layer's ``a``, to which that layer's own ``inputs`` are
    added if it has a ``shortcut``; 0 for units that are off. ``slope`` is g'(z), 1 in the output layer. Where an
    activation chooses among several affine pieces, ``z``, ``dz`` and ``slope`` have a number for each piece, those of
    piece 1 first. ``off`` says which of the layer's units are switched off: to these nothing comes back, also not
    around the layer behind. ``still`` and ``still_bias`` say which weights and biases therefore have no gradient.
    """

    weights: Array
    bias: Array | None
    inputs: Array
    z: Array
    a: Array
    da: Array
    dz: Array
    d_weights: Array
    d_bias: Array | None
    off: Array
    still: Array
    still_bias: Array | None
    slope: Array
    factor: float
    shortcut: bool
    normalization: Normalization | None


@dataclass(frozen=True)
class Explanation:
    """A point's way through a network. ``off`` says which inputs are switched off. ``target`` is what the loss compares
    the logits with, and ``terms`` are the quantities in its `Loss.gradient_formula`, one number an output."""

    inputs: Array
    off: Array
    layers: tuple[LayerValues, ...]
    logits: Array
    probabilities: Array
    loss: float
    target: Array
    terms: dict[str, Array]


def explain(trainer: Trainer, point: Array, label: float, network: int = 0) -> Explanation:
    """Forward and backward pass of one point ``(2,)`` of class (or with value) ``label`` through one network.

    As in prediction: nothing is dropped, and batch normalization uses its running averages. In a layer with batch
    normalization ``z`` and ``dz`` belong to the affine map's value, before it is normalized.
    """
    net, loss = trainer.network, trainer.loss
    x = trainer.inputs(np.asarray(point, float).reshape(2, 1), trainer.dtype)
    labels = np.array([int(label) if trainer.data.classes else label])
    targets = loss.targets(labels, trainer.data.classes, trainer.dtype)
    layout = trainer.layout(1)
    with np.errstate(all="ignore"):
        logits = layout.forward(x).copy()
        d_logits = loss.gradient(logits, targets, layout.d_logits).copy()
        slopes = [_slope(layer) for layer in layout.hidden]
        layout.backward(layout.d_logits)
        terms = loss.terms(logits, targets)

    def own(array: Array) -> Array:
        return np.array(array if net.networks == 1 else array[network])

    factors, shortcuts = _between(layout, network)
    on = [
        np.ones(size, net.dtype) if (kept := net.handed_on(k)) is None else kept[:, 0]
        for k, size in enumerate(net.sizes)
    ]
    still = net.views("weights", np.zeros(net.mask.shape, bool) if net.still is None else net.still)
    layers = []
    for index, dense in enumerate(layout.dense):
        last = index == net.depth
        gradient = own(dense.gradient)
        biased = net.has_bias(index)
        after = d_logits if last else layout.dense[index + 1].dx
        normalization = None
        if layout.norms and not last:
            norm = layout.norms[index]
            parts = norm.mean, norm.gamma * norm.scale, norm.beta
            normalization = Normalization(*(own(np.broadcast_to(part, norm.out.shape))[:, 0] for part in parts))
        layers.append(
            LayerValues(
                weights=np.array(net.unbiased(index)[network]),
                bias=net.weights[index][network, :, -1].copy() if biased else None,
                inputs=(own(dense.x) if dense.x.ndim > 2 else dense.x)[: net.sizes[index], 0] * on[index],
                z=own(dense.z)[:, 0],
                a=own(dense.z if last else layout.hidden[index].a)[:, 0],
                da=own(after)[:, 0],
                dz=own(d_logits if last else (layout.norms or layout.hidden)[index].dz)[:, 0],
                d_weights=gradient[:, :-1] if biased else gradient,
                d_bias=gradient[:, -1] if biased else None,
                off=on[index + 1] == 0,
                still=np.array(still[index][:, :-1] if biased else still[index]),
                still_bias=still[index][:, -1].copy() if biased else None,
                slope=np.ones_like(own(dense.z)[:, 0]) if last else own(slopes[index])[:, 0],
                factor=factors[index],
                shortcut=shortcuts[index],
                normalization=normalization,
            )
        )
    probabilities = loss.probabilities(logits, trainer.data.classes)
    value = np.broadcast_to(loss.loss(logits, targets), (net.networks,))[network]
    return Explanation(
        x[:-1, 0],
        on[0] == 0,
        tuple(layers),
        own(logits)[:, 0],
        own(probabilities)[:, 0],
        float(value),
        targets[:, 0].copy(),
        {name: own(np.broadcast_to(term, logits.shape))[:, 0] for name, term in terms.items()},
    )


def _slope(layer: Activate) -> Array:
    """g'(z) of a layer's activation where it stands, in the shape of z."""
    out = np.empty_like(layer.z)
    if isinstance(layer, ActivateLearned):
        return layer.activation.df_with(layer.z, layer.a, layer.p, out)
    return layer.activation.df(layer.z, layer.a, out)


def _between(layout: Pass, network: int) -> tuple[list[float], list[bool]]:
    """For every weight layer, the factor on what comes in, and whether there is a shortcut around it."""
    factors, shortcuts = [1.0], []
    for layer in layout.layers:
        if isinstance(layer, Scale):
            factor = np.ravel(layer.factor)
            factors[-1] *= float(factor[network % len(factor)])
        elif isinstance(layer, Activate | Residual):
            factors.append(1.0)
            shortcuts.append(isinstance(layer, Residual))
    return factors, [*shortcuts, False]
