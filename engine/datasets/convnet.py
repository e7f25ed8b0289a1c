"""The data of ConvNetJS's two-dimensional demo, by its formulas: a handful of points, a circle, a spiral."""

from dataclasses import dataclass

import numpy as np

from engine.component import Array, Text
from engine.datasets.base import DATASETS, Classes, evenly, polar


@DATASETS.add
@dataclass(frozen=True)
class ConvNetSimple(Classes):
    """Two neighbouring clouds, one of them in two parts: class 0 about (2.4, 0.7), class 1 about (0.2, 0.8) and
    (0.8, 3.3), standard deviation √(0.4 + 4ν). Best with few points, as there."""

    id = "convnet_simple"
    label = Text("ConvNetJS simple", "ConvNetJS 简单")
    formula = "N((2.4, 0.7), σ²) ∣ N((0.2, 0.8) or (0.8, 3.3), σ²)"
    description = Text(
        "Two small clouds side by side, like the demo's handful of points; try it with 20 points.",
        "并列的两小团点，类似该演示中的少量数据点；可试试只用 20 个点。",
    )

    def place(self, labels: Array, rng: np.random.Generator) -> Array:
        upper = rng.uniform(0, 1, len(labels)) < 0.4
        other = np.where(upper, [[0.8], [3.3]], [[0.2], [0.8]])
        return np.where(labels == 1, other, [[2.4], [0.7]])

    def sigma(self, noise: float) -> tuple[float, float]:
        spread = float(np.sqrt(0.4 + 4 * noise))
        return spread, spread


@DATASETS.add
@dataclass(frozen=True)
class ConvNetCircle(Classes):
    """r from 0 to 2 (class 1) and from 3 to 5 (class 0), with the points at even angles. Noise: σ = 3ν."""

    id = "convnet_circle"
    label = Text("ConvNetJS circle", "ConvNetJS 圆形")
    formula = "r < 2 ∣ 3 < r < 5"
    description = Text(
        "A disc inside a ring, with a wide gap between them.",
        "圆环中的圆盘，两者之间间隔较宽。",
    )

    def place(self, labels: Array, rng: np.random.Generator) -> Array:
        n = len(labels)
        radius = np.where(labels == 1, rng.uniform(0, 2, n), rng.uniform(3, 5, n))
        return polar(radius, 2 * np.pi * evenly(labels, rng))

    def sigma(self, noise: float) -> tuple[float, float]:
        return 3 * noise, 3 * noise


@DATASETS.add
@dataclass(frozen=True)
class ConvNetSpiral(Classes):
    """Two arms of 1.25 turns whose radius and angle each stray by up to 0.1. Noise moves points by σ = 1.2ν."""

    id = "convnet_spiral"
    label = Text("ConvNetJS spiral", "ConvNetJS 螺旋")
    formula = "r = 5t ± 0.1, φ = 2.5πt + πk ± 0.1"
    description = Text(
        "Two arms of one and a quarter turns, slightly frayed.",
        "两条一又四分之一圈的螺旋臂，略有毛边。",
    )

    def place(self, labels: Array, rng: np.random.Generator) -> Array:
        along = evenly(labels, rng)
        radius = 5 * along + rng.uniform(-0.1, 0.1, len(labels))
        return polar(radius, 2.5 * np.pi * along + np.pi * labels + rng.uniform(-0.1, 0.1, len(labels)))

    def sigma(self, noise: float) -> tuple[float, float]:
        return 1.2 * noise, 1.2 * noise
