"""How a layer bends the plane: its lattice and all points in the space of the layer's units."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Interval

from app.shades import shades
from app.views.base import Scene, Seen, Tensor, View, view
from engine.component import Setting, Text
from engine.space import space
from engine.spec import MAX_DEPTH

MOST = 2047


def _unit(label: Text) -> Setting:
    english = "A unit of the layer, from 0; the last one where there are fewer."
    return Setting(label, Text(english, "层中的单元，从 0 起；没有这么多时取最后一个。"))


@view
@dataclass(frozen=True)
class LayerSpace(View):
    """See `engine.space`. The places and sides of the principal components are kept from message to message."""

    id = "space"
    label = Text("Space", "空间")
    description = Text(
        "How a layer bends the plane: a lattice of the plane and all points, by two of its units or its first two "
        "principal components.",
        "一层如何弯折平面：平面网格与所有数据点，按该层的两个单元或前两个主成分表示。",
    )
    every = 2
    tensors: ClassVar[dict[str, Tensor]] = {
        "lattice": ("F32", "(2, S, S)", "where 49 × 49 places of the plane go; row 0 is the top"),
        "shade": ("U8", "(S, S)", "what is predicted there, as in a frame's boundary"),
        "points": ("F32", "(2, N)", "where all points go"),
        "share": ("F32", "(2)", "share of the variance over the training points along each axis"),
    }
    about: ClassVar[dict[str, str]] = {
        "layer": "the layer, 0 for the inputs",
        "units": "how many units it has",
        "first": "the unit along the first axis, or empty for principal components",
        "second": "the unit along the second axis, likewise",
    }

    layer: Annotated[
        int,
        Interval(ge=0, le=MAX_DEPTH + 1),
        Setting(
            Text("Layer", "层"),
            Text("0 for the inputs; the last one where there are fewer.", "0 为输入；没有这么多层时取最后一层。"),
        ),
    ] = 1
    first: Annotated[int, Interval(ge=0, le=MOST), _unit(Text("First axis", "第一轴"))] = 0
    second: Annotated[int, Interval(ge=0, le=MOST), _unit(Text("Second axis", "第二轴"))] = 1
    components: Annotated[
        bool,
        Setting(
            Text("Principal components", "主成分"),
            Text("The first two instead of two units.", "用前两个主成分代替两个单元。"),
        ),
    ] = False

    def show(self, scene: Scene) -> Seen | None:
        trainer, memory = scene.trainer, scene.panel.memory
        sizes = trainer.network.sizes
        layer = min(self.layer, len(sizes) - 1)
        count = sizes[layer]
        units = None if self.components else (min(self.first, count - 1), min(self.second, count - 1))
        key = (self.id, layer, scene.seed)
        found = space(trainer, layer, units, memory.get(key))
        if not np.isfinite(found.lattice).all() or not np.isfinite(found.points).all():
            return None
        if units is None:
            memory[key] = found.axes
        flat = found.logits.reshape(len(found.logits), -1)
        predicted = trainer.loss.probabilities(flat, scene.data.classes)
        return Seen(
            {
                "lattice": found.lattice.astype(np.float32),
                "shade": shades(predicted, scene.data).reshape(found.lattice.shape[1:]),
                "points": found.points.astype(np.float32),
                "share": found.share.astype(np.float32),
            },
            {
                "layer": str(layer),
                "units": str(count),
                "first": "" if units is None else str(units[0]),
                "second": "" if units is None else str(units[1]),
            },
        )
