"""Datasets: points in the plane [-6, 6]² with a class each. The two-class ones go back to TensorFlow Playground's.

A dataset draws ``n`` points from an explicit generator. ``noise`` is a share from 0 to 0.5; each dataset says what it
spreads. Labels are decided before the noise moves a point, so noise makes classes overlap.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval

from engine.component import Array, Component, Registry, Setting, Text

DATASETS: Registry["Dataset"] = Registry("datasets", Text("Dataset", "数据集"))

PLANE = (-6.0, 6.0)


class Dataset(Component):
    """A distribution of labelled points."""

    family = "datasets"

    def class_count(self) -> int:
        """Number of classes."""
        return 2

    def sample(self, n: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
        """Points ``(2, n)`` and labels ``(n,)``, the classes as even in number as n allows."""
        raise NotImplementedError


def _polar(radius: Array, angle: Array) -> Array:
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)])


def _spread(points: Array, scale: float, rng: np.random.Generator) -> Array:
    return points + scale * rng.standard_normal(points.shape)


@DATASETS.add
@dataclass(frozen=True)
class Circle(Dataset):
    """A disc of radius 2.5 (class 1) inside a ring from 3.5 to 5 (class 0). Noise moves points by σ = 3ν."""

    id = "circle"
    label = Text("Circle", "圆形")
    formula = "r < 2.5 ∣ 3.5 < r < 5"
    description = Text(
        "A disc inside a ring: no straight line separates them.",
        "圆盘在圆环之内：没有一条直线能把它们分开。",
    )

    def sample(self, n: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
        labels = np.arange(n) % 2
        radius = np.where(labels == 1, rng.uniform(0, 2.5, n), rng.uniform(3.5, 5, n))
        return _spread(_polar(radius, rng.uniform(0, 2 * np.pi, n)), 3 * noise, rng), labels


@DATASETS.add
@dataclass(frozen=True)
class Xor(Dataset):
    """Four squares, 0.3 away from the axes; class 1 where the signs agree. Noise moves points by σ = 3ν."""

    id = "xor"
    label = Text("Xor", "异或")
    formula = "sign x₁ = sign x₂"
    description = Text(
        "Opposite quadrants share a class: the classic problem that a linear model cannot solve.",
        "对角象限同类：线性模型无法解决的经典问题。",
    )

    def sample(self, n: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
        labels = np.arange(n) % 2
        size = rng.uniform(0.3, 5, (2, n))
        first = rng.choice([-1.0, 1.0], n)
        points = np.stack([first, np.where(labels == 1, first, -first)]) * size
        return _spread(points, 3 * noise, rng), labels


@DATASETS.add
@dataclass(frozen=True)
class Gaussian(Dataset):
    """Two round normal clouds at (2, 2), class 1, and (−2, −2), class 0, of variance 0.5 + 7ν."""

    id = "gaussian"
    label = Text("Gaussian", "高斯")
    formula = "N(±(2, 2), (0.5 + 7ν) I)"
    description = Text(
        "Two clouds that one straight line separates; the noise widens them until they overlap.",
        "两团点，一条直线即可分开；噪声越大，重叠越多。",
    )

    def sample(self, n: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
        labels = np.arange(n) % 2
        centres = np.where(labels == 1, 2.0, -2.0) * np.ones((2, 1))
        return _spread(centres, float(np.sqrt(0.5 + 7 * noise)), rng), labels


def _arms(n: int, arms: int, turns: float, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
    labels = np.arange(n) % arms
    along = (np.arange(n) // arms + rng.uniform(0, 1, n)) / (np.ceil(n / arms))
    points = _polar(5 * along, 2 * np.pi * (turns * along + labels / arms))
    return _spread(points, 1.2 * noise, rng), labels


@DATASETS.add
@dataclass(frozen=True)
class Spiral(Dataset):
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

    def sample(self, n: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
        return _arms(n, 2, self.turns, noise, rng)


@DATASETS.add
@dataclass(frozen=True)
class Moons(Dataset):
    """Two interleaved half circles of radius 3. Noise moves points by σ = 2ν."""

    id = "moons"
    label = Text("Moons", "双月")
    formula = "(3 cos t, 3 sin t) ∣ (3 − 3 cos t, 1.5 − 3 sin t)"
    description = Text(
        "Two half moons that reach into each other: a curved boundary is enough.",
        "两个互相嵌入的半月：一条弯曲的边界即可分开。",
    )

    def sample(self, n: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
        labels = np.arange(n) % 2
        t = rng.uniform(0, np.pi, n)
        upper = np.stack([3 * np.cos(t) - 1.5, 3 * np.sin(t) - 0.75])
        return _spread(np.where(labels == 1, -upper, upper), 2 * noise, rng), labels


@DATASETS.add
@dataclass(frozen=True)
class Arms(Dataset):
    """Two to six spiral arms of two thirds of a turn, one class each. Noise moves points by σ = 1.2ν."""

    id = "arms"
    label = Text("Spiral arms", "多类螺旋")
    formula = "r = 5t, φ = 2π(⅔t + k/C)"
    description = Text(
        "A spiral with as many arms as classes, from two to six.",
        "每个类别一条螺旋臂，可选二至六类。",
    )

    classes: Annotated[
        int,
        Interval(ge=2, le=6),
        Setting(
            Text("Classes", "类别数"),
            Text("Number of arms, one class each.", "螺旋臂的条数，每条一类。"),
            step=1,
            suggestions=(2, 3, 4, 5, 6),
            group="data",
        ),
    ] = 3

    def class_count(self) -> int:
        return self.classes

    def sample(self, n: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
        return _arms(n, self.classes, 2 / 3, noise, rng)
