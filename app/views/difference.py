"""Where two networks differ: over the plane, and at which points they do not say the same."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Interval

from app.views.base import Scene, Seen, Tensor, View, view
from engine import seeds
from engine.component import Array, Refused, Setting, Text
from engine.spec import MAX_PANELS

RESOLUTION = 64
FURTHEST = 40  # points of values that are listed
LEAST = 0.1  # difference of values that is drawn at full strength, at least

ITSELF = Text("a network does not differ from itself; choose another panel", "网络与自身没有差异，请选择另一个面板")
MISSING = Text("there is no such panel", "没有这个面板")


@view
@dataclass(frozen=True)
class Difference(View):
    """Of two classes the difference of the second one's probability, p₁ - p₂; of more the total variation
    ½ Σ |p₁ - p₂|, which has no sign; of values their difference. Of several seeds the means are compared."""

    id = "difference"
    label = Text("Difference", "差异")
    description = Text(
        "A panel against another: the difference over the plane, and the points at which they do not agree.",
        "两个面板的比较：平面上的差异，以及二者判断不一致的数据点。",
    )
    every = 4
    tensors: ClassVar[dict[str, Tensor]] = {
        "map": ("U8", "(R, R)", "(difference / scale + 1)/2 · 255 over the plane; row 0 is the top"),
        "scale": ("F32", "(1)", "the difference at full strength: 1 for classes"),
        "disagree": ("U8", "(R, R)", "1 where the predicted classes differ, 0 everywhere for values"),
        "points": ("I32", "(D)", "points whose predicted class differs; of values those with the largest difference"),
        "own": ("F32", "(D)", "predicted class of each in the panel, or the value"),
        "theirs": ("F32", "(D)", "the same of the other panel"),
        "own_sure": ("F32", "(D)", "probability of that class, 1 for values"),
        "their_sure": ("F32", "(D)", "the same of the other panel"),
    }
    about: ClassVar[dict[str, str]] = {"other": "the other panel's id"}

    other: Annotated[
        int,
        Interval(ge=0, le=MAX_PANELS - 1),
        Setting(
            Text("Other panel", "另一个面板"),
            Text("Place of the panel to compare with, from 0.", "要比较的面板的位置，从 0 开始。"),
        ),
    ] = 1

    def show(self, scene: Scene) -> Seen | None:
        if self.other == scene.place:
            raise Refused("other", ITSELF)
        if self.other >= len(scene.panels):
            raise Refused("other", MISSING)
        panels = scene.panel, scene.panels[self.other]
        if any(panel.diverged for panel in panels):
            return None
        with np.errstate(all="ignore"):
            own, theirs = (seeds.consensus(panel.trainer.boundary(RESOLUTION)).mean for panel in panels)
            own_said, their_said = (seeds.said(panel.trainer) for panel in panels)
        if not all(np.isfinite(p).all() for p in (own, theirs, own_said, their_said)):
            return None
        values = scene.data.task == "values"
        if values:
            gap = own[0] - theirs[0]
            scale = max(LEAST, float(np.abs(gap).max()))
            disagree = np.zeros(gap.shape, bool)
            apart = np.abs(own_said[0] - their_said[0])
            points = np.argsort(-apart, kind="stable")[:FURTHEST]
        else:
            gap = own[1] - theirs[1] if len(own) == 2 else np.abs(own - theirs).sum(axis=0) / 2
            scale = 1.0
            disagree = own.argmax(axis=0) != theirs.argmax(axis=0)
            points = np.flatnonzero(own_said.argmax(axis=0) != their_said.argmax(axis=0))
        arrays: dict[str, Array] = {
            "map": ((np.clip(gap / scale, -1, 1) + 1) * 127.5).round().astype(np.uint8),
            "scale": np.array([scale], np.float32),
            "disagree": disagree.astype(np.uint8),
            "points": points.astype(np.int32),
        }
        for name, sure, p in (("own", "own_sure", own_said), ("theirs", "their_sure", their_said)):
            at = p[:, points]
            arrays[name] = (at[0] if values else at.argmax(axis=0)).astype(np.float32)
            arrays[sure] = np.ones(len(points), np.float32) if values else at.max(axis=0).astype(np.float32)
        return Seen(arrays, {"other": str(panels[1].id)})
