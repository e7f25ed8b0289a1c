"""The gradient check of a running network. It costs two passes a parameter, so it is only done for who asks."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from app.views.base import Scene, Seen, Tensor, View, view
from engine.component import Array, Text
from engine.gradient_check import RIGHT, WRONG, check_now

BLOCKS = ("weights", "bias", "gamma", "beta", "learned")


@view
@dataclass(frozen=True)
class Check(View):
    """See `engine.gradient_check`."""

    id = "gradient_check"
    label = Text("Gradient check", "梯度检验")
    description = Text(
        "Gradients by back-propagation beside central differences (J(w + δ) − J(w − δ)) / 2δ, in float64.",
        "反向传播的梯度与中心差分 (J(w + δ) − J(w − δ)) / 2δ 的对比，以 float64 计算。",
    )
    every = 0
    tensors: ClassVar[dict[str, Tensor]] = {
        "errors": ("F64", "(L)", "relative error ‖a − n‖ / (‖a‖ + ‖n‖) of each layer"),
        "norms": ("F64", "(L)", "norm of the analytic gradient ‖a‖ over the parameters that were checked"),
        "checked": ("I32", "(L)", "parameters that were checked"),
        "parameters": ("I32", "(L)", "parameters there are"),
        "off": ("I32", "(L)", "those of them that stay as they are because something is switched off"),
        "worst": (
            "I32",
            "(L, 3)",
            "what differs most: kind (0 weight, 1 bias, 2 γ, 3 β, 4 the activation’s own), row, column; "
            "-1 in a layer of which nothing was checked",
        ),
        "analytic": ("F64", "(L)", "its gradient by back-propagation, or NaN"),
        "numerical": ("F64", "(L)", "its gradient by central differences, or NaN"),
        "outputs": ("I32", "(1)", "output units"),
    }
    about: ClassVar[dict[str, str]] = {
        "error": "relative error over all that was checked",
        "layer": "the layer, from 0, with the parameter that differs most; -1 where nothing was checked",
        "points": "training points that the objective was taken over",
        "of": "training points there are",
        "right": "below this an error is as small as rounding allows",
        "wrong": "above this there is a mistake",
    }

    def show(self, scene: Scene) -> Seen | None:
        trainer = scene.trainer
        found = check_now(trainer)
        if not np.isfinite(found.numerical).all() or not np.isfinite(found.analytic).all():
            return None
        still = trainer.network.still
        worst, gradients = np.full((len(found.spans), 3), -1, np.int32), np.full((2, len(found.spans)), np.nan)
        for layer, span in enumerate(found.spans):
            if span.stop > span.start:
                place = int(found.worst_in(span)[0])
                parameter = found.parameters[place]
                worst[layer] = BLOCKS.index(parameter.block), parameter.row, parameter.column
                gradients[:, layer] = found.analytic[0, place], found.numerical[0, place]
        layer = found.parameters[int(found.worst_in(slice(None))[0])].layer if found.parameters else -1
        arrays: dict[str, Array] = {
            "errors": found.layer_errors[0],
            "norms": np.array([np.linalg.norm(found.analytic[0, span]) for span in found.spans]),
            "checked": np.array([span.stop - span.start for span in found.spans], np.int32),
            "parameters": np.array([span.stop - span.start for span in trainer.network.spans], np.int32),
            "off": np.array([0 if still is None else still[span].sum() for span in trainer.network.spans], np.int32),
            "worst": worst,
            "analytic": gradients[0],
            "numerical": gradients[1],
            "outputs": np.array([trainer.network.sizes[-1]], np.int32),
        }
        about = {
            "error": repr(float(found.relative_error[0])),
            "layer": str(layer),
            "points": str(found.points),
            "of": str(trainer.n_train),
            "right": repr(RIGHT),
            "wrong": repr(WRONG),
        }
        return Seen(arrays, about)
