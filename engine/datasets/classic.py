"""The classics of TensorFlow Playground, and moons: two classes, from a straight cut to two wound arms."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval

from engine.component import Array, Setting, Text
from engine.datasets.base import DATASETS, ClassCount, Classes, evenly, polar


@DATASETS.add
@dataclass(frozen=True)
class Circle(Classes):
    """A disc of radius 2.5 (class 1) inside a ring from 3.5 to 5 (class 0). Noise moves points by σ = 3ν."""

    id = "circle"
    label = Text("Circle", "圆形")
    formula = "r < 2.5 ∣ 3.5 < r < 5"
    description = Text(
        "A disc inside a ring: no straight line separates them.",
        "圆盘在圆环之内：没有一条直线能把它们分开。",
    )

    def place(self, labels: Array, rng: np.random.Generator) -> Array:
        n = len(labels)
        radius = np.where(labels == 1, rng.uniform(0, 2.5, n), rng.uniform(3.5, 5, n))
        return polar(radius, rng.uniform(0, 2 * np.pi, n))

    def sigma(self, noise: float) -> tuple[float, float]:
        return 3 * noise, 3 * noise


@DATASETS.add
@dataclass(frozen=True)
class Xor(Classes):
    """Four squares, 0.3 away from the axes; class 1 where the signs agree. Noise moves points by σ = 3ν."""

    id = "xor"
    label = Text("Xor", "异或")
    formula = "sign x₁ = sign x₂"
    description = Text(
        "Opposite quadrants share a class: the classic problem that a linear model cannot solve.",
        "对角象限同类：线性模型无法解决的经典问题。",
    )

    def place(self, labels: Array, rng: np.random.Generator) -> Array:
        n = len(labels)
        size = rng.uniform(0.3, 5, (2, n))
        first = rng.choice([-1.0, 1.0], n)
        return np.stack([first, np.where(labels == 1, first, -first)]) * size

    def sigma(self, noise: float) -> tuple[float, float]:
        return 3 * noise, 3 * noise


@DATASETS.add
@dataclass(frozen=True)
class Gaussian(Classes):
    """Two round normal clouds at (2, 2), class 1, and (−2, −2), class 0, of variance 0.5 + 7ν."""

    id = "gaussian"
    label = Text("Gaussian", "高斯")
    formula = "N(±(2, 2), (0.5 + 7ν) I)"
    description = Text(
        "Two clouds that one straight line separates; the noise widens them until they overlap.",
        "两团点，一条直线即可分开；噪声越大，重叠越多。",
    )

    def place(self, labels: Array, rng: np.random.Generator) -> Array:
        return np.where(labels == 1, 2.0, -2.0) * np.ones((2, 1))

    def sigma(self, noise: float) -> tuple[float, float]:
        spread = float(np.sqrt(0.5 + 7 * noise))
        return spread, spread


def _wound(labels: Array, arms: int, turns: float, rng: np.random.Generator) -> Array:
    along = evenly(labels, rng)
    return polar(5 * along, 2 * np.pi * (turns * along + labels / arms))


@DATASETS.add
@dataclass(frozen=True)
class Spiral(Classes):
    """Two arms of 1.75 turns (by default), r from 0 to 5. Noise moves points by σ = 1.2ν."""

    id = "spiral"
    label = Text("Spiral", "螺旋")
    formula = "r = 5t, φ = 2π(Tt + k/2)"
    description = Text(
        "Two arms wound around each other: the hardest of the classics.",
        "两条缠绕的螺旋臂：经典数据集中最难的一个。",
    )

    turns: Annotated[
        float,
        Interval(ge=0.25, le=3.0),
        Setting(
            Text("Turns T", "圈数 T"),
            Text("How far each arm winds; more turns are harder.", "每条臂缠绕的圈数；越多越难。"),
            step=0.25,
            group="data",
        ),
    ] = 1.75

    def place(self, labels: Array, rng: np.random.Generator) -> Array:
        return _wound(labels, 2, self.turns, rng)

    def sigma(self, noise: float) -> tuple[float, float]:
        return 1.2 * noise, 1.2 * noise


@DATASETS.add
@dataclass(frozen=True)
class Moons(Classes):
    """Two interleaved half circles of radius 3. Noise moves points by σ = 2ν."""

    id = "moons"
    label = Text("Moons", "双月")
    formula = "±(3 cos t − 1.5, 3 sin t − 0.75)"
    description = Text(
        "Two half moons that reach into each other: a curved boundary is enough.",
        "两个互相嵌入的半月：一条弯曲的边界即可分开。",
    )

    def place(self, labels: Array, rng: np.random.Generator) -> Array:
        t = rng.uniform(0, np.pi, len(labels))
        upper = np.stack([3 * np.cos(t) - 1.5, 3 * np.sin(t) - 0.75])
        return np.where(labels == 1, -upper, upper)

    def sigma(self, noise: float) -> tuple[float, float]:
        return 2 * noise, 2 * noise


@DATASETS.add
@dataclass(frozen=True)
class Arms(Classes):
    """Two to six spiral arms of two thirds of a turn, one class each. Noise moves points by σ = 1.2ν."""

    id = "arms"
    label = Text("Spiral arms", "多类螺旋")
    formula = "r = 5t, φ = 2π(⅔t + k/C)"
    description = Text(
        "A spiral with as many arms as classes, from two to six.",
        "每个类别一条螺旋臂，可选二至六类。",
    )

    classes: ClassCount = 3

    def class_count(self) -> int:
        return self.classes

    def place(self, labels: Array, rng: np.random.Generator) -> Array:
        return _wound(labels, self.classes, 2 / 3, rng)

    def sigma(self, noise: float) -> tuple[float, float]:
        return 1.2 * noise, 1.2 * noise
