"""Optimizers: how a gradient becomes an update. All write ``out``, and the trainer subtracts it from the parameters.

Arrays are the flat ``(K, P)`` ones, so an optimizer is a handful of NumPy calls for all layers of all networks.
``slots`` is the optimizer's memory, ``(number of slots, K, P)``, zero at the start; ``t`` counts updates from 1.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Interval

from engine.component import Array, Component, Registry, Setting, Text

OPTIMIZERS: Registry["Optimizer"] = Registry("optimizers", Text("Optimizer", "优化算法"))


def _decay(label: Text, description: Text) -> tuple[Interval, Setting]:
    setting = Setting(
        label,
        description,
        step=0.001,
        suggestions=(0.0, 0.5, 0.9, 0.99, 0.999),
        compare=(0.0, 0.9, 0.99),
        live=True,
    )
    return Interval(ge=0.0, le=0.9999), setting


class Optimizer(Component):
    """One rule for turning gradients into updates."""

    family = "optimizers"

    slots: ClassVar[int] = 0

    def update(self, g: Array, learning_rate: Array, t: int, slots: Array, out: Array) -> None:
        """Write the update for gradient ``g`` into ``out``; ``g`` may be used as scratch afterwards."""
        raise NotImplementedError


@OPTIMIZERS.add
@dataclass(frozen=True)
class SGD(Optimizer):
    """w ← w − ηg on mini-batches. Source: S1, S2, S3."""

    id = "sgd"
    label = Text("SGD", "随机梯度下降")
    formula = "w ← w − η g"
    description = Text(
        "Steps straight down the gradient of each mini-batch.",
        "沿每个小批量的梯度方向直接下降。",
    )

    def update(self, g: Array, learning_rate: Array, t: int, slots: Array, out: Array) -> None:
        np.multiply(g, learning_rate, out=out)


@OPTIMIZERS.add
@dataclass(frozen=True)
class Momentum(Optimizer):
    """v ← βv + (1 − β)g, w ← w − ηv: the exponential average of the gradients (S1, S2). The classical form has no
    (1 − β); it equals this one at a learning rate 1/(1 − β) times larger."""

    id = "momentum"
    label = Text("Momentum", "动量")
    formula = "v ← βv + (1−β) g,  w ← w − η v"
    description = Text(
        "Averages past gradients, so that zigzags cancel and steady directions go on.",
        "对历史梯度取指数平均，抵消来回震荡，保持稳定方向。",
    )
    slots = 1

    beta: Annotated[
        float,
        *_decay(
            Text("Momentum β", "动量 β"),
            Text("Share of the old average that is kept at every update.", "每次更新保留旧平均值的比例。"),
        ),
    ] = 0.9

    def update(self, g: Array, learning_rate: Array, t: int, slots: Array, out: Array) -> None:
        (v,) = slots
        np.subtract(g, v, out=out)  # v + (1 − β)(g − v) is the same average with one product less
        np.multiply(out, 1 - self.beta, out=out)
        np.add(v, out, out=v)
        np.multiply(v, learning_rate, out=out)


@OPTIMIZERS.add
@dataclass(frozen=True)
class Adam(Optimizer):
    """Averages of the gradient (m) and of its square (v), each divided by 1 − βᵗ because they start at zero;
    w ← w − η m̂ / (√v̂ + ε), ε = 1e-8. Source: S1, S2; Kingma & Ba 2015."""

    id = "adam"
    label = Text("Adam", "Adam")
    formula = "w ← w − η m̂ / (√v̂ + ε)"
    description = Text(
        "Momentum with its own step size for every weight; works well with little tuning.",
        "带动量，并为每个权重自动调节步长；几乎不用调参。",
    )
    slots = 2
    epsilon: ClassVar[float] = 1e-8

    beta1: Annotated[
        float,
        *_decay(
            Text("β₁", "β₁"),
            Text("Share of the old average of the gradient that is kept.", "梯度平均值的保留比例。"),
        ),
    ] = 0.9
    beta2: Annotated[
        float,
        *_decay(
            Text("β₂", "β₂"),
            Text("Share of the old average of the squared gradient that is kept.", "梯度平方平均值的保留比例。"),
        ),
    ] = 0.999

    def update(self, g: Array, learning_rate: Array, t: int, slots: Array, out: Array) -> None:
        m, v = slots
        np.subtract(g, m, out=out)
        np.multiply(out, 1 - self.beta1, out=out)
        np.add(m, out, out=m)
        np.multiply(g, g, out=g)
        np.subtract(g, v, out=g)
        np.multiply(g, 1 - self.beta2, out=g)
        np.add(v, g, out=v)
        np.divide(v, 1 - self.beta2**t, out=out)
        np.sqrt(out, out=out)
        np.add(out, self.epsilon, out=out)
        np.divide(m, out, out=out)
        np.multiply(out, learning_rate / (1 - self.beta1**t), out=out)
