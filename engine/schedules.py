"""Learning-rate schedules: a factor on the learning rate over the epochs.

Long steps get near a minimum fast, short ones settle in it. A schedule knows nothing but the number of the epoch, from
0; the same holds for the whole epoch, and learning rate times factor is the rate of all its updates.
"""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Interval

from engine.component import Component, Registry, Setting, Text

SCHEDULES: Registry["Schedule"] = Registry("schedules", Text("Learning-rate schedule", "学习率衰减"))


class Schedule(Component):
    """A factor on the learning rate over the epochs."""

    family = "schedules"

    constant: ClassVar[bool] = False
    """True where the factor never changes, so that nobody needs to ask for it every epoch."""

    def factor(self, epoch: int) -> float:
        """The factor in this epoch, counted from 0; between 0 and 1. Of stacked schedules, one for each network."""
        raise NotImplementedError


@SCHEDULES.add
@dataclass(frozen=True)
class Constant(Schedule):
    """η as it is. With mini-batches the weights go on jumping about the minimum, the wider the larger η is."""

    id = "constant"
    label = Text("Constant", "恒定")
    formula = "η"
    description = Text("The learning rate stays as it is.", "学习率保持不变。")
    suits = Text("As long as the loss still falls.", "只要损失还在下降。")
    fails = Text("At the end the noise of the batches keeps it from settling.", "到最后小批量的噪声使它停不下来。")
    constant = True

    def factor(self, epoch: int) -> float:
        return 1.0


@SCHEDULES.add
@dataclass(frozen=True)
class Step(Schedule):
    """η · f^⌊t/k⌋: falls by a factor every k epochs, as one would do by hand whenever the loss stops falling. Steps
    that come too early freeze the network where it is. Source: S1, S2, S3."""

    id = "step"
    label = Text("Steps", "阶梯衰减")
    formula = "η · f^⌊t / k⌋"
    description = Text(
        "Cuts the learning rate by a factor every so many epochs.",
        "每隔若干轮把学习率乘以一个系数。",
    )
    suits = Text("When the loss has levelled off and you know about when.", "知道损失大约何时走平时。")
    fails = Text("Cut too early, and it freezes far from the minimum.", "降得太早，会冻结在离最小值很远的地方。")

    every: Annotated[
        int,
        Interval(ge=1, le=10_000),
        Setting(
            Text("Every k epochs", "间隔轮数 k"),
            Text("Epochs between two cuts.", "两次下降之间的轮数。"),
            scale="log",
            step=1,
            suggestions=(1, 10, 20, 50, 100, 200, 500, 1000, 10_000),
            compare=(20, 50, 200),
            live=True,
            group="training",
        ),
    ] = 50
    share: Annotated[
        float,
        Interval(ge=0.01, le=1.0),
        Setting(
            Text("Factor f", "系数 f"),
            Text("What is left of the learning rate after a cut.", "每次下降后学习率剩下的比例。"),
            step=0.05,
            suggestions=(0.1, 0.2, 0.5, 0.8, 1.0),
            compare=(0.1, 0.5, 1.0),
            live=True,
            group="training",
        ),
    ] = 0.5

    def factor(self, epoch: int) -> float:
        return self.share ** (epoch // self.every)


@SCHEDULES.add
@dataclass(frozen=True)
class Exponential(Schedule):
    """η · f^t: falls by the same share every epoch. Never large steps again: with f = 0.95 nothing moves after 200
    epochs. Source: S1, S2, S3."""

    id = "exponential"
    label = Text("Exponential", "指数衰减")
    formula = "η · fᵗ"
    description = Text(
        "Takes the same share off the learning rate in every epoch.",
        "每一轮都把学习率乘以同一个系数。",
    )
    suits = Text("A smooth decay over a known number of epochs.", "轮数已知、希望平滑衰减时。")
    fails = Text("It soon is so small that nothing moves any more.", "很快就小得什么都不动了。")

    share: Annotated[
        float,
        Interval(ge=0.5, le=1.0),
        Setting(
            Text("Factor f", "系数 f"),
            Text("What an epoch leaves of the learning rate.", "每轮之后学习率剩下的比例。"),
            step=0.001,
            suggestions=(0.5, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0),
            compare=(0.9, 0.99, 0.999),
            live=True,
            group="training",
        ),
    ] = 0.99

    def factor(self, epoch: int) -> float:
        return self.share**epoch


@SCHEDULES.add
@dataclass(frozen=True)
class InverseTime(Schedule):
    """η / (1 + kt): falls fast at first and ever more slowly, so that the weights can still get anywhere; the decay for
    which stochastic approximation is proved to converge. Source: S1, S2, S3; Robbins & Monro 1951."""

    id = "inverse_time"
    label = Text("1/t", "1/t 衰减")
    formula = "η / (1 + k t)"
    description = Text(
        "Divides the learning rate by a number that grows with the epochs: fast at first, then slowly.",
        "学习率除以随轮数增长的数：先快后慢地下降。",
    )
    suits = Text("Long runs: it falls ever more slowly.", "较长的训练：越降越慢。")
    fails = Text(
        "It falls fastest at the start, where large steps are worth most.", "开头降得最快，而那时大步最有价值。"
    )

    decay: Annotated[
        float,
        Interval(ge=0.0, le=10.0),
        Setting(
            Text("Decay k", "衰减率 k"),
            Text("After 1/k epochs the learning rate is halved.", "经过 1/k 轮，学习率减半。"),
            scale="log",
            suggestions=(0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
            compare=(0.0, 0.01, 0.1, 1.0),
            live=True,
            group="training",
        ),
    ] = 0.01

    def factor(self, epoch: int) -> float:
        return 1.0 / (1.0 + self.decay * epoch)


@SCHEDULES.add
@dataclass(frozen=True)
class Cosine(Schedule):
    """η (f + (1 − f)(1 + cos(πt/T))/2): half a wave from η down to fη over T epochs, slow at both ends, and then fη for
    good (no restarts; PyTorch's CosineAnnealingLR would come up again). The floor f is a share of η here, in PyTorch a
    rate. Good when it is known how long one will train. Source: S2; Loshchilov & Hutter 2017."""

    id = "cosine"
    label = Text("Cosine", "余弦退火")
    formula = "η (f + (1−f) (1 + cos(π t / T)) / 2)"
    description = Text(
        "Follows half a cosine wave down to a floor: gentle at the start and at the end.",
        "沿半个余弦波降到下限：起始与结束时都较平缓。",
    )
    suits = Text("A run whose length is fixed beforehand.", "训练长度事先定好时。")
    fails = Text(
        "Beyond its length it stays at the floor; stopped early, it never got there.",
        "超过设定长度就停在下限；提前停止则根本没降到。",
    )

    period: Annotated[
        int,
        Interval(ge=1, le=10_000),
        Setting(
            Text("Epochs T", "轮数 T"),
            Text("Epochs until the floor is reached.", "降到下限所需的轮数。"),
            scale="log",
            step=1,
            suggestions=(10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000),
            compare=(50, 200, 1000),
            live=True,
            group="training",
        ),
    ] = 200
    floor: Annotated[
        float,
        Interval(ge=0.0, le=1.0),
        Setting(
            Text("Floor f", "下限 f"),
            Text("Share of the learning rate that is left at the end.", "最后剩下的学习率比例。"),
            step=0.01,
            suggestions=(0.0, 0.01, 0.1, 0.5, 1.0),
            compare=(0.0, 0.1, 0.5),
            live=True,
            group="training",
        ),
    ] = 0.0

    def factor(self, epoch: int) -> float:
        wave = 0.5 * (1.0 + math.cos(math.pi * min(epoch / self.period, 1.0)))
        return self.floor + (1.0 - self.floor) * wave


@SCHEDULES.add
@dataclass(frozen=True)
class WarmUp(Schedule):
    """η (s + (1 − s) t/T), then η: rises in a straight line over T epochs, so that the first steps, when gradients are
    large and Adam's averages young, do no harm. Does not decay afterwards. Source: S2; Goyal et al. 2017."""

    id = "warm_up"
    label = Text("Warm-up", "线性预热")
    formula = "η min(1, s + (1−s) t / T)"
    description = Text(
        "Starts with a small learning rate that rises in a straight line to the full one.",
        "从较小的学习率开始，直线上升到设定值。",
    )
    suits = Text("Large learning rates and Adam's first steps.", "学习率较大时，以及 Adam 的最初几步。")
    fails = Text("By itself it does not decay, and a long one only wastes epochs.", "它自身不衰减；太长只会浪费轮数。")

    epochs: Annotated[
        int,
        Interval(ge=1, le=1000),
        Setting(
            Text("Epochs T", "轮数 T"),
            Text("Epochs until the full learning rate is reached.", "升到设定学习率所需的轮数。"),
            scale="log",
            step=1,
            suggestions=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
            compare=(1, 10, 100),
            live=True,
            group="training",
        ),
    ] = 10
    start: Annotated[
        float,
        Interval(ge=0.0, le=1.0),
        Setting(
            Text("Start s", "起点 s"),
            Text("Share of the learning rate in the first epoch.", "第一轮所用的学习率比例。"),
            step=0.01,
            suggestions=(0.0, 0.01, 0.1, 0.5, 1.0),
            compare=(0.01, 0.1, 1.0),
            live=True,
            group="training",
        ),
    ] = 0.1

    def factor(self, epoch: int) -> float:
        return self.start + (1.0 - self.start) * min(epoch / self.epochs, 1.0)
