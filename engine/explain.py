"""One point through the network: every intermediate value forwards, and backwards the four equations of
back-propagation (S0-S2)

    dz_L = dL/dz_L,   da_(l-1) = W_lᵀ dz_l,   dz_l = da_l ∘ g'(z_l),   dW_l = dz_l a_(l-1)ᵀ and db_l = dz_l.
"""

from dataclasses import dataclass

import numpy as np

from engine.component import Array
from engine.trainer import Trainer


@dataclass(frozen=True)
class LayerValues:
    """One layer's values for one point; vectors have one number a unit. ``dz`` is dL/dz, and so on."""

    weights: Array
    bias: Array | None
    inputs: Array
    z: Array
    a: Array
    da: Array
    dz: Array
    d_weights: Array
    d_bias: Array | None


@dataclass(frozen=True)
class Explanation:
    """A point's way through a network."""

    inputs: Array
    layers: tuple[LayerValues, ...]
    logits: Array
    probabilities: Array
    loss: float


def explain(trainer: Trainer, point: Array, label: int, network: int = 0) -> Explanation:
    """Forward and backward pass of one point ``(2,)`` of class ``label`` through one network of a trainer.

    As in prediction: nothing is dropped, and batch normalization uses its running averages. In a layer with batch
    normalization ``z`` and ``dz`` belong to the affine map's value, before it is normalized.
    """
    net, loss = trainer.network, trainer.loss
    x = trainer.inputs(np.asarray(point, float).reshape(2, 1), trainer.dtype)
    targets = loss.targets(np.array([label]), trainer.data.classes, trainer.dtype)
    layout = trainer.layout(1)
    with np.errstate(all="ignore"):
        logits = layout.forward(x).copy()
        d_logits = loss.gradient(logits, targets, layout.d_logits).copy()
        layout.backward(layout.d_logits)

    def own(array: Array) -> Array:
        return np.array(array if net.networks == 1 else array[network])

    layers = []
    for index, dense in enumerate(layout.dense):
        last = index == net.depth
        gradient = own(dense.gradient)
        biased = net.has_bias(index)
        after = d_logits if last else layout.dense[index + 1].dx
        layers.append(
            LayerValues(
                weights=np.array(net.unbiased(index)[network]),
                bias=net.weights[index][network, :, -1].copy() if biased else None,
                inputs=(own(dense.x) if dense.x.ndim > 2 else dense.x.copy())[: net.sizes[index], 0],
                z=own(dense.z)[:, 0],
                a=own(dense.z if last else layout.hidden[index].a)[:, 0],
                da=own(after)[:, 0],
                dz=own(d_logits if last else (layout.norms or layout.hidden)[index].dz)[:, 0],
                d_weights=gradient[:, :-1] if biased else gradient,
                d_bias=gradient[:, -1] if biased else None,
            )
        )
    probabilities = loss.probabilities(logits, trainer.data.classes)
    value = np.broadcast_to(loss.loss(logits, targets), (net.networks,))[network]
    return Explanation(x[:-1, 0], tuple(layers), own(logits)[:, 0], own(probabilities)[:, 0], float(value))
