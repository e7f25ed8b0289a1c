"""One point on its way through the network and back, with all numbers."""

import json
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Interval

from app.views.base import Scene, Seen, Tensor, View, view
from engine.component import Array, Setting, Text
from engine.datasets import PLANE
from engine.explain import LayerValues, explain

REACH = 4 * PLANE[1]  # noise may carry points beyond the plane
WORST = 1e6


def _coordinate(name: str) -> Setting:
    return Setting(Text(name, name), Text(f"Coordinate {name} of the point.", f"点的坐标 {name}。"))


@view
@dataclass(frozen=True)
class Point(View):
    """See `engine.explain`. Weights are sent whole, so that a page can show any unit without asking again."""

    id = "point"
    label = Text("One point", "单个点")
    description = Text(
        "Forward and backward pass of one point: z, a, dL/da, dL/dz of every unit, the loss, and all weights.",
        "一个点的前向与反向传播：每个单元的 z、a、dL/da、dL/dz，损失，以及全部权重。",
    )
    every = 4
    tensors: ClassVar[dict[str, Tensor]] = {
        "inputs": ("F32", "(I)", "the point's features after preprocessing"),
        "sizes": ("I32", "(L + 2)", "units in each layer, inputs and outputs included"),
        "shapes": ("I32", "(L + 1, 2)", "rows and columns of each layer's weights"),
        "weights": ("F32", "(W)", "the weights of all layers, row by row"),
        "biases": ("F32", "(Z)", "the biases of all layers, with batch normalization its shifts β"),
        "entering": ("F32", "(E)", "what each layer's weights multiply, 0 for units that are off"),
        "z": ("F32", "(Z)", "weights times what enters, plus bias: one number a row of the weights"),
        "slope": ("F32", "(Z)", "derivative g′ of the activation, 1 for the outputs"),
        "dz": ("F32", "(Z)", "dL/dz"),
        "a": ("F32", "(A)", "outputs of the units of hidden layers and output layer"),
        "da": ("F32", "(A)", "dL/da"),
        "factor": ("F32", "(L + 1)", "plain dropout's factor on what enters each layer, 1 without it"),
        "shortcut": ("U8", "(L + 1)", "1 where what enters a layer is added to its output, too"),
        "off": ("U8", "(U)", "of all units with the inputs, 1 for those that are off; empty if nothing is off"),
        "still": ("U8", "(S)", "of all weights, 1 for those that have no gradient therefore; likewise"),
        "still_biases": ("U8", "(B)", "of all biases, likewise"),
        "mean": ("F32", "(H)", "of the hidden rows' z, by batch normalization; empty without it"),
        "deviation": ("F32", "(H)", "√(v + ε), likewise"),
        "gamma": ("F32", "(H)", "γ, likewise"),
        "normalized": ("F32", "(H)", "(z − mean) / deviation, likewise"),
        "du": ("F32", "(H)", "dL/du, where u = γ · normalized + β goes into the activation; likewise"),
        "d_gamma": ("F32", "(H)", "dL/dγ, likewise"),
        "d_beta": ("F32", "(H)", "dL/dβ, likewise"),
        "learned": ("F32", "(A)", "what each unit's activation learns, 0 where that is nothing"),
        "d_learned": ("F32", "(A)", "its gradient"),
        "target": ("F32", "(O)", "what the loss compares the outputs with"),
        "terms": ("F32", "(T, O)", "the quantities in the formula of the loss's gradient"),
        "probabilities": ("F32", "(C)", "probability of each class, or the value"),
        "loss": ("F32", "(1)", "the loss of this point"),
    }
    about: ClassVar[dict[str, str]] = {
        "x1": "coordinate of the point",
        "x2": "coordinate of the point",
        "label": "the class it is taken to have, from 0, or its value",
        "loss": "the loss in use",
        "terms": "names of the terms, a list in JSON",
    }

    x1: Annotated[float, Interval(ge=-REACH, le=REACH), _coordinate("x₁")] = 0.0
    x2: Annotated[float, Interval(ge=-REACH, le=REACH), _coordinate("x₂")] = 0.0
    truth: Annotated[
        float,
        Interval(ge=-WORST, le=WORST),
        Setting(
            Text("Label", "标签"),
            Text("Its class, from 0 (the last one where there are fewer), or value.", "其类别（从 0 起）或数值。"),
        ),
    ] = 0.0

    def show(self, scene: Scene) -> Seen | None:
        data = scene.data
        label = min(max(round(self.truth), 0), data.classes - 1) if data.classes else self.truth
        found = explain(scene.trainer, np.array([self.x1, self.x2]), label)
        layers, hidden = found.layers, found.layers[:-1]
        if not all(np.isfinite(layer.z).all() and np.isfinite(layer.dz).all() for layer in layers):
            return None
        normalized = [layer.normalization for layer in hidden if layer.normalization]

        def joined(parts: list[Array]) -> Array:
            return np.concatenate([np.ravel(part) for part in parts], dtype=np.float32) if parts else np.zeros(0, "f4")

        def bias(layer: LayerValues) -> Array:
            if layer.normalization:
                return layer.normalization.beta
            assert layer.bias is not None
            return layer.bias

        def whole(layer: LayerValues, own: Array | None) -> Array:
            return np.zeros_like(layer.a) if own is None else own

        def flags(parts: list[Array]) -> Array:
            found = np.concatenate([np.ravel(part) for part in parts]).astype(np.uint8)
            return found if scene.trainer.network.still is not None else found[:0]

        arrays: dict[str, Array] = {
            "inputs": joined([found.inputs]),
            "sizes": np.array(scene.trainer.network.sizes, np.int32),
            "shapes": np.array([layer.weights.shape for layer in layers], np.int32),
            "weights": joined([layer.weights for layer in layers]),
            "biases": joined([bias(layer) for layer in layers]),
            "entering": joined([layer.inputs for layer in layers]),
            "z": joined([layer.z for layer in layers]),
            "slope": joined([layer.slope for layer in layers]),
            "dz": joined([layer.dz for layer in layers]),
            "a": joined([layer.a for layer in layers]),
            "da": joined([layer.da for layer in layers]),
            "factor": np.array([layer.factor for layer in layers], np.float32),
            "shortcut": np.array([layer.shortcut for layer in layers], np.uint8),
            "off": flags([found.off, *(layer.off for layer in layers)]),
            "still": flags([layer.still for layer in layers]),
            "still_biases": flags([layer.still_bias for layer in layers]),
            "mean": joined([each.mean for each in normalized]),
            "deviation": joined([each.deviation for each in normalized]),
            "gamma": joined([each.gamma for each in normalized]),
            "normalized": joined([each.normalized for each in normalized]),
            "du": joined([each.du for each in normalized]),
            "d_gamma": joined([each.d_gamma for each in normalized]),
            "d_beta": joined([each.d_beta for each in normalized]),
            "learned": joined([whole(layer, layer.learned) for layer in layers]),
            "d_learned": joined([whole(layer, layer.d_learned) for layer in layers]),
            "target": joined([found.target]),
            "terms": np.array([*found.terms.values()], np.float32),
            "probabilities": joined([found.probabilities]),
            "loss": np.array([found.loss], np.float32),
        }
        about = {
            "x1": repr(self.x1),
            "x2": repr(self.x2),
            "label": repr(label),
            "loss": scene.trainer.loss.id,
            "terms": json.dumps([*found.terms], ensure_ascii=False),
        }
        return Seen(arrays, about)
