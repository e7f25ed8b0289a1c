"""The network from within: response map and statistics of every unit, and all weights."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from app.views.base import Scene, Seen, Tensor, View, view
from engine.component import Array, Text
from engine.inside import inside


@view
@dataclass(frozen=True)
class Inside(View):
    """See `engine.inside`."""

    id = "inside"
    label = Text("Network", "网络")
    description = Text(
        "The response map and the statistics of every unit, and all weights and biases.",
        "每个单元的响应图与统计量，以及全部权重和偏置。",
    )
    tensors: ClassVar[dict[str, Tensor]] = {
        "maps": (
            "U8",
            "(U, R, R)",
            "response g(z) of every unit over the plane, (v / scale + 1)/2 · 255; row 0 is the top",
        ),
        "scale": ("F32", "(U)", "the largest size of each unit's response"),
        "active": ("I32", "(U)", "training points at which the unit's output is not 0"),
        "mean": ("F32", "(U)", "mean output over the training points"),
        "spread": ("F32", "(U)", "standard deviation of the output over the training points"),
        "saturated": ("F32", "(U)", "share of the training points at which the unit's activation is flat"),
        "sizes": ("I32", "(L + 2)", "units in each layer, inputs and outputs included; they sum to U"),
        "shapes": ("I32", "(L + 1, 2)", "rows and columns of each layer's weights"),
        "weights": ("F32", "(W)", "the weights of all layers, row by row; what is off as it will come back"),
        "biases": ("F32", "(B)", "the biases of all layers, with batch normalization its shifts β"),
        "gamma": ("F32", "(H)", "of the hidden rows, batch normalization's scales γ; empty without it"),
        "learned": ("F32", "(U)", "what each unit's activation learns, 0 where that is nothing"),
        "off_units": ("I32", "(D)", "the units that are switched off"),
        "off_links": ("I32", "(F, 3)", "single weights that are switched off: layer, row, column, or -1 for the bias"),
    }
    about: ClassVar[dict[str, str]] = {"points": "number of training points, which `active` is counted out of"}

    def show(self, scene: Scene) -> Seen | None:
        seen = inside(scene.trainer)
        if not np.isfinite(seen.scale).all():
            return None
        off = seen.off.plain()
        arrays: dict[str, Array] = {
            "maps": ((seen.maps + 1) * 127.5).round().astype(np.uint8),
            "scale": seen.scale.astype(np.float32),
            "active": seen.active.astype(np.int32),
            "mean": seen.mean.astype(np.float32),
            "spread": seen.spread.astype(np.float32),
            "saturated": seen.saturated.astype(np.float32),
            "sizes": np.array(seen.sizes, np.int32),
            "shapes": np.array([weights.shape for weights in seen.weights], np.int32),
            "weights": np.concatenate([weights.ravel() for weights in seen.weights]).astype(np.float32),
            "biases": np.concatenate(seen.biases).astype(np.float32),
            "gamma": np.concatenate([np.zeros(0), *(own for own in seen.gamma if own is not None)]).astype(np.float32),
            "learned": np.concatenate(
                [
                    np.zeros(size) if own is None else own
                    for size, own in zip(seen.sizes, [None, *seen.learned], strict=True)
                ]
            ).astype(np.float32),
            "off_units": np.array(off["units"], np.int32),
            "off_links": np.array(
                [[layer, row, -1 if column is None else column] for layer, row, column in off["links"]], np.int32
            ).reshape(-1, 3),
        }
        return Seen(arrays, {"points": str(scene.trainer.n_train)})
