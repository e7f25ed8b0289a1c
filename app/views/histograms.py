"""How weights, activations and gradients are spread in every layer."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from app.views.base import Scene, Seen, Tensor, View, view
from engine.component import Text
from engine.results import histograms


@view
@dataclass(frozen=True)
class Histograms(View):
    """See `engine.results.histograms`."""

    id = "histograms"
    label = Text("Histograms", "直方图")
    description = Text(
        "Histograms of the weights, activations and gradients of every layer.",
        "每一层的权重、激活值和梯度的直方图。",
    )
    every = 6
    tensors: ClassVar[dict[str, Tensor]] = {
        "counts": (
            "I32",
            "(L + 1, 3, B)",
            "values in each bin, but for those that are exactly 0: of the weights, of the units' outputs at the "
            "training points (of the logits in the last layer), of the loss's gradient for the weights",
        ),
        "ends": ("F64", "(L + 1, 3, 2)", "where the first bin begins and the last one ends"),
        "zeros": ("I32", "(L + 1, 3)", "values that are exactly 0"),
        "near_zero": ("F64", "(L + 1)", "share of the weights with |w| < 1e-3"),
        "weight_norm": ("F64", "(L + 1)", "norm of the weights"),
    }

    def show(self, scene: Scene) -> Seen | None:
        found = histograms(scene.trainer)
        each = [[layer.weights, layer.activations, layer.gradients] for layer in found]
        if not np.isfinite([layer.weight_norm for layer in found]).all():
            return None
        return Seen(
            {
                "counts": np.array([[one.counts for one in layer] for layer in each], np.int32),
                "ends": np.array([[[one.edges[0], one.edges[-1]] for one in layer] for layer in each]),
                "zeros": np.array([[one.zeros for one in layer] for layer in each], np.int32),
                "near_zero": np.array([layer.near_zero for layer in found]),
                "weight_norm": np.array([layer.weight_norm for layer in found]),
            }
        )
