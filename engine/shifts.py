"""Distribution shift: training points that come from another distribution than the points the network is judged on.

A shift moves the points of the training part (and of train-dev, which is held out of it); validation and test part stay
as the dataset draws them. So train-dev shows what the shift costs, apart from overfitting (S1, S2).
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval

from engine.component import Array, Component, Registry, Setting, Text

SHIFTS: Registry["Shift"] = Registry("shifts", Text("Shifted training data", "训练数据偏移"))


class Shift(Component):
    """What happens to the training points."""

    family = "shifts"

    def move(self, points: Array, rng: np.random.Generator) -> Array:
        """Points ``(2, m)``, moved."""
        raise NotImplementedError


def _turned(points: Array, degrees: float) -> Array:
    """Points turned counter-clockwise about the origin."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(turn @ points)


_ANGLE = Annotated[
    float,
    Interval(ge=0.0, le=180.0),
    Setting(
        Text("Angle", "角度"),
        Text("How far the training points are turned, in degrees.", "训练数据旋转的角度（度）。"),
        step=5,
        unit="°",
        group="data",
    ),
]


@SHIFTS.add
@dataclass(frozen=True)
class NoShift(Shift):
    """Training and test points come from the same distribution."""

    id = "none"
    label = Text("None", "无")
    formula = "p(train) = p(test)"
    description = Text("Training and test points come from the same distribution.", "训练与测试数据来自同一分布。")

    def move(self, points: Array, rng: np.random.Generator) -> Array:
        return points


@SHIFTS.add
@dataclass(frozen=True)
class Rotated(Shift):
    """All training points are turned about the origin."""

    id = "rotated"
    label = Text("Rotated", "旋转")
    formula = "R(α) x"
    description = Text("The training points are turned about the centre.", "训练数据绕中心旋转。")

    angle: _ANGLE = 30.0

    def move(self, points: Array, rng: np.random.Generator) -> Array:
        return _turned(points, self.angle)


@SHIFTS.add
@dataclass(frozen=True)
class Noisier(Shift):
    """The training points carry additional normal noise of standard deviation σ."""

    id = "noisier"
    label = Text("Noisier", "噪声更大")
    formula = "x + N(0, σ²)"
    description = Text("The training points are noisier than the test points.", "训练数据比测试数据噪声更大。")

    sigma: Annotated[
        float,
        Interval(ge=0.0, le=3.0),
        Setting(
            Text("Extra noise σ", "额外噪声 σ"),
            Text("Standard deviation of the noise that is added.", "附加噪声的标准差。"),
            step=0.1,
            group="data",
        ),
    ] = 1.0

    def move(self, points: Array, rng: np.random.Generator) -> Array:
        return points + self.sigma * rng.standard_normal(points.shape)


@SHIFTS.add
@dataclass(frozen=True)
class Mixture(Shift):
    """A share of the training points comes from elsewhere: from the dataset turned by an angle."""

    id = "mixture"
    label = Text("Mixture", "混合")
    formula = "R(α) x with probability q, else x"
    description = Text(
        "A share of the training points comes from another source, the rest is like the test points.",
        "一部分训练数据来自其他来源，其余与测试数据相同。",
    )

    share: Annotated[
        float,
        Interval(ge=0.0, le=1.0),
        Setting(
            Text("Foreign share q", "外来比例 q"),
            Text("Share of the training points that is turned.", "被旋转的训练数据所占比例。"),
            step=0.05,
            unit="%",
            group="data",
        ),
    ] = 0.5
    angle: _ANGLE = 90.0

    def move(self, points: Array, rng: np.random.Generator) -> Array:
        return np.where(rng.uniform(0, 1, points.shape[1]) < self.share, _turned(points, self.angle), points)
