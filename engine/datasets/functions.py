"""Regression: functions over the plane, and one over a line, that a network is to approximate."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from engine.component import Array, Setting, Text
from engine.datasets.base import DATASETS, Values


@DATASETS.add
@dataclass(frozen=True)
class Plane(Values):
    """y = (x1 + x2)/10: a tilted plane, which a network without hidden layers fits exactly."""

    id = "plane"
    label = Text("Plane", "平面")
    formula = "y = (x₁ + x₂) / 10"
    description = Text(
        "A tilted plane: regression that needs no hidden layer.",
        "倾斜的平面：不需要隐藏层的回归问题。",
    )

    def value(self, points: Array) -> Array:
        return np.asarray((points[0] + points[1]) / 10)


BUMPS = np.array([[-4, 2.5, 1], [0, 2.5, -1], [4, 2.5, 1], [-4, -2.5, -1], [0, -2.5, 1], [4, -2.5, -1]])


@DATASETS.add
@dataclass(frozen=True)
class Bumps(Values):
    """Six cones of radius 2 and height ±1 at x1 in {-4, 0, 4}, x2 = ±2.5, signs alternating; 0 elsewhere."""

    id = "bumps"
    label = Text("Gaussian bumps", "高斯凸起")
    formula = "y = ± max(0, 1 − d/2)"
    description = Text(
        "Three hills and three hollows in turn: regression with many places to get wrong.",
        "三座山丘与三个凹坑相间：处处容易出错的回归问题。",
    )

    def value(self, points: Array) -> Array:
        distance = np.hypot(points[0] - BUMPS[:, :1], points[1] - BUMPS[:, 1:2])
        return np.asarray((BUMPS[:, 2:] * np.maximum(0, 1 - distance / 2)).sum(axis=0))  # they do not overlap


FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "sine": lambda x: 0.9 * np.sin(1.5 * x),
    "waves": lambda x: 0.6 * np.sin(x) + 0.35 * np.sin(3 * x),
    "bump": lambda x: 1.8 * np.exp(-(x**2) / 2) - 0.9,
    "step": lambda x: np.where(x > 0, 0.8, -0.8),
    "absolute": lambda x: np.abs(x) / 3.5 - 0.9,
}


@DATASETS.add
@dataclass(frozen=True)
class Function(Values):
    """A function of x1 alone, drawn as a curve: a hidden layer that is wide enough comes as close to it as one likes
    (universal approximation). Source: S1, S3; Cybenko 1989, Hornik 1991."""

    id = "function"
    label = Text("Function of x₁", "一元函数")
    formula = "y = f(x₁)"
    description = Text(
        "A curve to approximate: add units and watch the network bend to it, piece by piece.",
        "待逼近的曲线：增加单元，看网络如何一段一段地弯折贴近。",
    )
    dimensions = 1

    function: Annotated[
        Literal["sine", "waves", "bump", "step", "absolute"],
        Setting(
            Text("Function f", "函数 f"),
            Text("The curve to approximate.", "要逼近的曲线。"),
            options=(
                ("sine", Text("sine", "正弦")),
                ("waves", Text("two waves", "双波")),
                ("bump", Text("bump", "钟形")),
                ("step", Text("step", "阶跃")),
                ("absolute", Text("absolute value", "绝对值")),
            ),
            group="data",
        ),
    ] = "waves"

    def value(self, points: Array) -> Array:
        return np.asarray(FUNCTIONS[self.function](points[0]))
