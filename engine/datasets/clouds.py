"""Clouds, rings, boards and regions: datasets of two to six classes, and one whose points carry two labels at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Interval

from engine.component import Array, Setting, Text
from engine.datasets.base import DATASETS, ClassCount, Classes, polar, uniform_in_regions


@DATASETS.add
@dataclass(frozen=True)
class Blobs(Classes):
    """Round normal clouds on a circle of radius 3.5, one a class, of variance 0.3 + 5ν."""

    id = "blobs"
    label = Text("Blobs", "团簇")
    formula = "N(3.5 (sin 2πk/C, cos 2πk/C), (0.3 + 5ν) I)"
    description = Text(
        "One cloud a class, from two to six: straight cuts separate them.",
        "每类一团点，二至六类：用直线即可分开。",
    )

    classes: ClassCount = 4

    def class_count(self) -> int:
        return self.classes

    def place(self, labels: Array, rng: np.random.Generator) -> Array:
        return polar(np.full(len(labels), 3.5), 2 * np.pi * labels / self.classes)

    def sigma(self, noise: float) -> tuple[float, float]:
        spread = float(np.sqrt(0.3 + 5 * noise))
        return spread, spread


@DATASETS.add
@dataclass(frozen=True)
class Rings(Classes):
    """Concentric rings out to radius 5, one a class, with gaps a third as wide as a ring. Noise: σ = 2ν."""

    id = "rings"
    label = Text("Rings", "圆环")
    formula = "k ≤ r/w ≤ k + ¾, w = 5 / (C − ¼)"
    description = Text(
        "Rings inside rings, one a class: each must be closed all the way round.",
        "环环相套，每类一环：每条边界都必须闭合。",
    )

    classes: ClassCount = 3

    def class_count(self) -> int:
        return self.classes

    def place(self, labels: Array, rng: np.random.Generator) -> Array:
        n = len(labels)
        width = 5 / (self.classes - 0.25)
        inner, outer = labels * width, (labels + 0.75) * width
        radius = np.sqrt(rng.uniform(inner**2, outer**2))  # even over the area
        return polar(radius, rng.uniform(0, 2 * np.pi, n))

    def sigma(self, noise: float) -> tuple[float, float]:
        return 2 * noise, 2 * noise


@DATASETS.add
@dataclass(frozen=True)
class Checkerboard(Classes):
    """A board of n × n squares over [-5, 5]², coloured in turn with the classes. Noise moves points by σ = 2ν."""

    id = "checkerboard"
    label = Text("Checkerboard", "棋盘")
    formula = "(⌊x₁/w⌋ + s⌊x₂/w⌋) mod C, s = 1 for C = 2, else 2"
    description = Text(
        "Squares in turn: many small regions, which only a wide or deep network can tell apart.",
        "方格相间：许多小区域，只有较宽或较深的网络才能分清。",
    )

    classes: ClassCount = 2
    squares: Annotated[
        int,
        Interval(ge=3, le=8),
        Setting(
            Text("Squares", "格数"),
            Text("Squares along a side.", "每边的方格数。"),
            step=1,
            suggestions=(3, 4, 5, 6, 7, 8),
            group="data",
        ),
    ] = 4

    def class_count(self) -> int:
        return self.classes

    def place(self, labels: Array, rng: np.random.Generator) -> Array:
        column, row = np.meshgrid(np.arange(self.squares), np.arange(self.squares))
        # Neighbours differ, and even the smallest board has every class.
        colour = (column + (1 if self.classes == 2 else 2) * row) % self.classes
        points = np.empty((2, len(labels)))
        for label in np.unique(labels):
            members = np.flatnonzero(labels == label)
            chosen = rng.choice(np.flatnonzero(colour.ravel() == label), len(members))
            corner = np.stack([column.ravel()[chosen], row.ravel()[chosen]])
            points[:, members] = (corner + rng.uniform(0, 1, corner.shape)) * (10 / self.squares) - 5
        return points

    def sigma(self, noise: float) -> tuple[float, float]:
        return 2 * noise, 2 * noise


CURVES: dict[str, Callable[[Array], Array]] = {
    "line": lambda x: 0.8 * x,
    "sine": lambda x: 3 * np.sin(x),
    "cubic": lambda x: 0.12 * x**3 - 1.2 * x,
    "absolute": lambda x: 1.5 * np.abs(x) - 3.5,
}


@DATASETS.add
@dataclass(frozen=True)
class AboveCurve(Classes):
    """The square [-5, 5]², cut by the graph of a function: class 1 above it, class 0 below. Noise: σ = 2ν."""

    id = "curve"
    label = Text("Above a curve", "曲线上下")
    formula = "x₂ > f(x₁)"
    description = Text(
        "Above or below the graph of a function: see which shapes so many units can follow.",
        "在函数曲线之上或之下：看看这么多单元能画出怎样的形状。",
    )

    function: Annotated[
        Literal["line", "sine", "cubic", "absolute"],
        Setting(
            Text("Function f", "函数 f"),
            Text("The curve between the classes.", "两类之间的曲线。"),
            options=(
                ("line", Text("line 0.8x", "直线 0.8x")),
                ("sine", Text("sine 3 sin x", "正弦 3 sin x")),
                ("cubic", Text("cubic 0.12x³ − 1.2x", "三次 0.12x³ − 1.2x")),
                ("absolute", Text("absolute 1.5|x| − 3.5", "绝对值 1.5|x| − 3.5")),
            ),
            group="data",
        ),
    ] = "sine"

    def place(self, labels: Array, rng: np.random.Generator) -> Array:
        curve = CURVES[self.function]
        return uniform_in_regions(labels, rng, 5, lambda points: (points[1] > curve(points[0])).astype(int))

    def sigma(self, noise: float) -> tuple[float, float]:
        return 2 * noise, 2 * noise


@DATASETS.add
@dataclass(frozen=True)
class Valley(Classes):
    """Two clouds whose difference lies half along x1 and half along x2, but x2 is 25 times as small: centres
    ±(1.5, 0.06), standard deviations (1.5, 0.06)·√(0.3 + 4ν). Without scaling, the loss is a narrow valley. Source: S3.
    """

    id = "valley"
    label = Text("Stretched valley", "狭长山谷")
    formula = "x₂ ≈ x₁ / 25, N(±(1.5, 0.06), …)"
    description = Text(
        "One input is 25 times as large as the other: training crawls unless the inputs are scaled.",
        "两个输入的大小相差 25 倍：若不做缩放，训练会非常缓慢。",
    )

    def place(self, labels: Array, rng: np.random.Generator) -> Array:
        return np.where(labels == 1, 1.0, -1.0) * np.array([[1.5], [0.06]])

    def sigma(self, noise: float) -> tuple[float, float]:
        spread = float(np.sqrt(0.3 + 4 * noise))
        return 1.5 * spread, 0.06 * spread


@DATASETS.add
@dataclass(frozen=True)
class Attributes(Classes):
    """Two yes/no labels on each point of [-5, 5]²: right of the curve x1 = sin x2, and within 3.2 of the centre. A
    class is both answers together, the first being the higher binary digit: 2·right + inside. Noise: σ = 2ν.
    Source: S3 (attribute classification)."""

    id = "attributes"
    label = Text("Two attributes", "双属性")
    formula = "2·[x₁ > sin x₂] + [r < 3.2]"
    description = Text(
        "Two independent yes/no labels a point, right of a wave and inside a circle: four combinations.",
        "每个点有两个独立的“是/否”标签（在波浪线右侧、在圆内），共四种组合。",
    )
    attributes = True

    def class_count(self) -> int:
        return 4

    def place(self, labels: Array, rng: np.random.Generator) -> Array:
        def region(points: Array) -> Array:
            return 2 * (points[0] > np.sin(points[1])) + (np.hypot(*points) < 3.2)

        return uniform_in_regions(labels, rng, 5, region)

    def sigma(self, noise: float) -> tuple[float, float]:
        return 2 * noise, 2 * noise
