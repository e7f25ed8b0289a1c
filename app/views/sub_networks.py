"""Dropout seen as an ensemble: the boundaries of a few sub-networks, and what they say together."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from app.shades import shades
from app.views.base import Scene, Seen, Tensor, View, view
from engine.component import Array, Text
from engine.datasets import PLANE
from engine.sub_networks import sub_networks

RESOLUTION = 32
COUNT = 10


@view
@dataclass(frozen=True)
class SubNetworks(View):
    """See `engine.sub_networks`. Costs 11 looks at a grid of 32² places and at all points."""

    id = "sub_networks"
    label = Text("Sub-networks", "子网络")
    description = Text(
        "Ten of the sub-networks that dropout trains, beside the whole network and the mean of the ten.",
        "Dropout 训练的十个子网络，以及完整网络和这十个的平均。",
    )
    every = 6
    tensors: ClassVar[dict[str, Tensor]] = {
        "maps": (
            "U8",
            "(2 + N, R, R)",
            "what is predicted over the plane, as in the frames' boundary: by the whole network, by the mean of the "
            "sub-networks, by each of them; no map (N = -2) where nothing is dropped",
        ),
        "score": ("F32", "(2 + N)", "test accuracy of each, or R² for values"),
    }

    def show(self, scene: Scene) -> Seen | None:
        trainer, data = scene.trainer, scene.data
        side = np.linspace(*PLANE, 2 * RESOLUTION + 1)[1::2]
        x1, x2 = np.meshgrid(side, side[::-1])
        points = np.hstack([np.stack([x1.ravel(), x2.ravel()]), data.points[:, data.test]])
        x = trainer.inputs(points, trainer.dtype)
        drawn = sub_networks(trainer, COUNT, x, np.random.default_rng(0))
        if drawn is None:
            return Seen({"maps": np.zeros((0, RESOLUTION, RESOLUTION), np.uint8), "score": np.zeros(0, np.float32)})
        p = trainer.loss.probabilities(np.concatenate([trainer.logits(x), drawn]), data.classes)
        p = np.concatenate([p[:1], p[1:].mean(axis=0, keepdims=True), p[1:]])
        if not np.isfinite(p).all():
            return None
        maps = p[..., : RESOLUTION**2].reshape(*p.shape[:2], RESOLUTION, RESOLUTION)
        score = np.array([_score(each, data.labels[data.test]) for each in p[..., RESOLUTION**2 :]], np.float32)
        return Seen({"maps": shades(maps.swapaxes(0, 1), data), "score": score})


def _score(p: Array, labels: Array) -> float:
    """Accuracy of class probabilities ``(classes, m)``, or R² of values ``(1, m)``."""
    if not len(labels):
        return float("nan")
    if len(p) > 1:
        return float((p.argmax(axis=0) == labels).mean())
    spread = ((labels - labels.mean()) ** 2).sum()
    return float(1 - ((p[0] - labels) ** 2).sum() / spread) if spread else float("nan")
