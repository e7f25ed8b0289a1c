"""One point through the network: every intermediate value forwards, and backwards the four equations of
back-propagation (S0-S2)

    dz_L = dL/dz_L,   da_(l-1) = W_lᵀ dz_l,   dz_l = da_l ∘ g'(z_l),   dW_l = dz_l a_(l-1)ᵀ and db_l = dz_l.

Three settings put something between them, and the values say so: batch normalization between z_l and g, a shortcut
from a_(l-1) around layer l, and plain dropout's factor on what a layer hands on. Whatever else is learned has its
gradient too: γ and β of batch normalization, and what units learn besides (`Activation.unit_parameters`). What is
switched off, see `engine.ablation`, takes no part in it: a unit hands on 0 and takes no shortcut, and what stays has no
gradient.
"""

from dataclasses import dataclass

import numpy as np

from engine.component import Array
from engine.layers import Activate, ActivateLearned, Residual, Scale
from engine.network import Pass
from engine.trainer import Trainer


@dataclass(frozen=True)
class Normalization:
    """Batch normalization in prediction, with its running averages: ``normalized = (z − mean) / deviation``, and
    ``u = gamma · normalized + beta`` goes into the activation. With ``du = da ∘ g'(u)`` the gradients are
    ``d_gamma = du ∘ normalized``, ``d_beta = du`` and ``dz = du ∘ gamma / deviation``."""

    mean: Array
    deviation: Array
    gamma: Array
    beta: Array
    normalized: Array
    du: Array
    d_gamma: Array
    d_beta: Array


@dataclass(frozen=True)
class LayerValues:
    """One layer's values for one point; vectors have one number a unit. ``dz`` is dL/dz, and so on.

    ``inputs`` is what W multiplies: ``factor`` times the last layer's ``a``, to which that layer's own ``inputs`` are
    added if it has a ``shortcut``; 0 for units that are off. ``slope`` is g'(z), 1 in the output layer. Where an
    activation chooses among several affine pieces, ``z``, ``dz`` and ``slope`` have a number for each piece, those of
    piece 1 first. ``off`` says which of the layer's units are switched off: to these nothing comes back, also not
    around the layer behind. ``still`` and ``still_bias`` say which weights and biases (with batch normalization: shifts
    β) therefore have no gradient. ``learned`` is what the units learn besides, and ``d_learned`` its gradient.
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
    still_bias: Array
    slope: Array
    factor: float
    shortcut: bool
    normalization: Normalization | None
    learned: Array | None
    d_learned: Array | None


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
    flags = np.zeros(net.mask.shape, bool) if net.still is None else net.still
    still, still_shift = net.views("weights", flags), net.views("beta", flags)
    values, gradients = (
        {name: net.views(name, flat[network]) for name in ("gamma", "beta", "learned")}
        for flat in (net.parameters, net.gradients)
    )
    layers = []
    for index, dense in enumerate(layout.dense):
        last = index == net.depth
        gradient = own(dense.gradient)
        biased = net.has_bias(index)
        after = d_logits if last else layout.dense[index + 1].dx
        slope = np.ones_like(own(dense.z)[:, 0]) if last else own(slopes[index])[:, 0]
        da = own(after)[:, 0]
        normalization = None
        if layout.norms and not last:
            norm = layout.norms[index]
            normalization = Normalization(
                mean=own(norm.mean)[:, 0],
                deviation=1 / own(norm.scale)[:, 0],
                gamma=values["gamma"][index][:, 0].copy(),
                beta=values["beta"][index][:, 0].copy(),
                normalized=own(norm.normalized)[:, 0],
                du=np.tile(da, len(slope) // len(da)) * slope,
                d_gamma=gradients["gamma"][index][:, 0].copy(),
                d_beta=gradients["beta"][index][:, 0].copy(),
            )
        learns = not last and net.shape.activation(index).unit_parameters > 0
        layers.append(
            LayerValues(
                weights=np.array(net.unbiased(index)[network]),
                bias=net.weights[index][network, :, -1].copy() if biased else None,
                inputs=(own(dense.x) if dense.x.ndim > 2 else dense.x)[: net.sizes[index], 0] * on[index],
                z=own(dense.z)[:, 0],
                a=own(dense.z if last else layout.hidden[index].a)[:, 0],
                da=da,
                dz=own(d_logits if last else (layout.norms or layout.hidden)[index].dz)[:, 0],
                d_weights=gradient[:, :-1] if biased else gradient,
                d_bias=gradient[:, -1] if biased else None,
                off=on[index + 1] == 0,
                still=np.array(still[index][:, :-1] if biased else still[index]),
                still_bias=(still[index][:, -1] if biased else still_shift[index][:, 0]).copy(),
                slope=slope,
                factor=factors[index],
                shortcut=shortcuts[index],
                normalization=normalization,
                learned=values["learned"][index][:, 0].copy() if learns else None,
                d_learned=gradients["learned"][index][:, 0].copy() if learns else None,
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
