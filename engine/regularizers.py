"""Regularizers: what keeps a network from fitting the noise. Any number of them may be combined.

A regularizer may act in four places, and most use one: the objective (``penalty`` and ``gradient``, J = L + R), the
weights after each step (``after_step``, ``project``), the signals between the layers while training (``signal``,
``connections``), and the training points of each epoch (``augment``). Early stopping holds out validation points.

``w`` is the flat parameter array ``(K, P)``; ``mask`` has the same width: 0 where nothing is to be regularized (biases
by default, S3), 1 for weights, or the layer's own multiplier of the strength.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, TypeAlias

import numpy as np
from annotated_types import Interval

from engine.activations import ZERO
from engine.component import Array, Component, Registry, Setting, Text
from engine.layers import Dense, Drop, DropConnect, InputNoise, Layer, NoisePart, Scale

REGULARIZERS: Registry["Regularizer"] = Registry("regularizers", Text("Regularization", "正则化"))


def _strength(label: Text, description: Text) -> tuple[Interval, Setting]:
    setting = Setting(
        label,
        description,
        scale="log",
        suggestions=(0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
        compare=(0.0, 0.001, 0.01, 0.1),
        live=True,
    )
    return Interval(ge=0.0, le=10.0), setting


Strength: TypeAlias = Annotated[
    float,
    *_strength(
        Text("Strength λ", "强度 λ"),
        Text(
            "How much large weights cost; more makes the boundary smoother.",
            "大权重的代价；越大，决策边界越平滑。",
        ),
    ),
]


def _keep(label: Text, description: Text) -> tuple[Interval, Setting]:
    setting = Setting(
        label, description, step=0.05, suggestions=(0.5, 0.8, 1.0), compare=(0.3, 0.5, 0.8, 1.0), live=True
    )
    return Interval(ge=0.05, le=1.0), setting


InputKeep: TypeAlias = Annotated[
    float,
    *_keep(
        Text("Keep inputs", "输入保留概率"),
        Text("Probability that an input is kept in an update.", "每次更新中保留一个输入的概率。"),
    ),
]
HiddenKeep: TypeAlias = Annotated[
    float,
    *_keep(
        Text("Keep hidden units", "隐藏单元保留概率"),
        Text("Probability that a hidden unit is kept in an update.", "每次更新中保留一个隐藏单元的概率。"),
    ),
]


class Regularizer(Component):
    """One way of regularizing. What a subclass does not override has no effect."""

    family = "regularizers"

    random: ClassVar[bool] = False
    """True where the objective itself becomes random, so that no line search can work on it."""

    proximal: ClassVar[bool] = False
    """True where the penalty acts by `after_step` and not through the gradient."""

    exclusive: ClassVar[bool] = False
    """True for the forms of one method, of which only one makes sense at a time."""

    held_out: ClassVar[float] = 0.0
    """Share of the training points that are held out as validation part."""

    def penalty(self, w: Array, mask: Array) -> Array:
        """R of every network, shape ``(K,)``."""
        return np.zeros(len(w), w.dtype)

    def smooth_penalty(self, w: Array, mask: Array) -> Array:
        """The part of R that acts through the gradient."""
        return self.penalty(w, mask)

    def gradient(self, w: Array, mask: Array, out: Array) -> Array | None:
        """Write the derivative of `smooth_penalty` into ``out`` and return it, or return None where there is none."""
        return None

    def after_step(self, w: Array, mask: Array, learning_rate: Array, scratch: Array) -> None:
        """Change the flat parameters in place after the optimizer's step."""

    def project(self, weights: Sequence[Array]) -> None:
        """Change the layers' ``(K, n_out, n_in)`` weights, biases left out, in place after the optimizer's step."""

    def signal(self, hidden: bool, x: Array, noise: NoisePart, training: bool) -> Layer | None:
        """A layer behind the inputs or, with ``hidden``, behind each hidden layer; ``x`` is the signal's buffer."""
        return None

    def connections(self, dense: Dense, noise: NoisePart) -> Dense | None:
        """What takes the place of an affine map in training."""
        return None

    def augment(self, points: Array, rng: np.random.Generator) -> Array:
        """The training points ``(2, m)`` as an epoch sees them."""
        return points


@REGULARIZERS.add
@dataclass(frozen=True)
class L2(Regularizer):
    """R = ½λ Σw², so that dR/dw = λw: every step shrinks the weights in proportion. Source: S0, S1, S2, S3."""

    id = "l2"
    label = Text("L2", "L2")
    formula = "R = ½ λ Σ w²"
    description = Text(
        "Shrinks large weights in proportion, which smooths the boundary (weight decay).",
        "按比例缩小大权重，使决策边界变平滑（权重衰减）。",
    )
    suits = Text("The first thing to try against overfitting.", "对付过拟合的首选。")
    fails = Text(
        "Too strong, and the boundary becomes a straight line or everything one class.",
        "太强时边界变成直线，甚至全归为一类。",
    )
    strength: Strength = 0.01

    def penalty(self, w: Array, mask: Array) -> Array:
        return np.asarray(0.5 * np.add.reduce(self.strength * mask * w * w, axis=-1))

    def gradient(self, w: Array, mask: Array, out: Array) -> Array:
        np.multiply(w, self.strength, out)
        return np.multiply(out, mask, out)


def _shrink(w: Array, mask: Array, strength: Array | float, learning_rate: Array, scratch: Array) -> None:
    """The proximal (soft-threshold) step: every weight moves towards zero by η·strength and stops there."""
    np.multiply(mask, learning_rate, scratch)
    np.multiply(scratch, strength, scratch)
    shrunk = np.abs(w)
    np.subtract(shrunk, scratch, shrunk)
    np.maximum(shrunk, ZERO, out=shrunk)
    np.copysign(shrunk, w, w)


@REGULARIZERS.add
@dataclass(frozen=True)
class L1(Regularizer):
    """R = λ Σ|w|, by the proximal (soft-threshold) step: after the update every weight moves towards zero by ηλ (η the
    learning rate) and stops there. Subgradient steps (S3) only flicker around zero; this one reaches exact zeros.
    Source: S0, S3; Beck & Teboulle 2009 for the proximal step."""

    id = "l1"
    label = Text("L1", "L1")
    formula = "R = λ Σ |w|"
    description = Text(
        "Pulls every weight towards zero by the same amount; many become exactly zero (sparse).",
        "以相同幅度把每个权重拉向零，许多权重恰好变为零（稀疏）。",
    )
    suits = Text(
        "To find out which inputs and units are needed: the others become exactly zero.",
        "想知道哪些输入和单元有用：其余会恰好变为零。",
    )
    fails = Text(
        "Of two alike inputs it keeps one at random, and units at zero do not come back.",
        "两个相近的输入只随机留一个；变为零的单元很难回来。",
    )
    proximal = True
    strength: Strength = 0.01

    def penalty(self, w: Array, mask: Array) -> Array:
        return np.asarray(np.add.reduce(self.strength * mask * np.abs(w), axis=-1))

    def smooth_penalty(self, w: Array, mask: Array) -> Array:
        return np.zeros(len(w), w.dtype)

    def after_step(self, w: Array, mask: Array, learning_rate: Array, scratch: Array) -> None:
        _shrink(w, mask, self.strength, learning_rate, scratch)


@REGULARIZERS.add
@dataclass(frozen=True)
class ElasticNet(Regularizer):
    """R = λ₁ Σ|w| + λ₂ Σw²: the L1 part by the proximal step, the L2 part (dR/dw = 2λ₂w) through the gradient.
    Source: S3; Zou & Hastie 2005."""

    id = "elastic_net"
    label = Text("Elastic net", "弹性网")
    formula = "R = λ₁ Σ |w| + λ₂ Σ w²"
    description = Text(
        "L1 and L2 together: sparse, but correlated weights shrink together.",
        "L1 与 L2 的组合：既稀疏，又让相关的权重一起缩小。",
    )
    suits = Text("Sparse networks with inputs that resemble each other.", "输入彼此相近、又要稀疏时。")
    fails = Text("Two strengths have to be found instead of one.", "要调的强度从一个变成两个。")
    proximal = True
    absolute: Annotated[float, *_strength(Text("λ₁", "λ₁"), Text("Strength of the L1 part.", "L1 部分的强度。"))] = (
        0.001
    )
    square: Annotated[float, *_strength(Text("λ₂", "λ₂"), Text("Strength of the L2 part.", "L2 部分的强度。"))] = 0.001

    def penalty(self, w: Array, mask: Array) -> Array:
        return np.asarray(np.add.reduce(mask * (self.absolute * np.abs(w) + self.square * w * w), axis=-1))

    def smooth_penalty(self, w: Array, mask: Array) -> Array:
        return np.asarray(np.add.reduce(mask * (self.square * w * w), axis=-1))

    def gradient(self, w: Array, mask: Array, out: Array) -> Array:
        np.multiply(w, 2 * self.square, out)
        return np.multiply(out, mask, out)

    def after_step(self, w: Array, mask: Array, learning_rate: Array, scratch: Array) -> None:
        _shrink(w, mask, self.absolute, learning_rate, scratch)


@REGULARIZERS.add
@dataclass(frozen=True)
class MaxNorm(Regularizer):
    """‖w‖₂ ≤ c for the incoming weights of every unit, by projection after each step: weights cannot explode even where
    the learning rate is too large. Source: S3 (c = 3 or 4); Srebro & Shraibman 2005."""

    id = "max_norm"
    label = Text("Max norm", "最大范数约束")
    formula = "‖w‖₂ ≤ c"
    description = Text(
        "Caps the length of every unit's weight vector, so that weights cannot explode.",
        "限制每个单元权重向量的长度，权重不会爆炸。",
    )
    suits = Text("High learning rates, and together with dropout.", "学习率较高时，或与 Dropout 合用。")
    fails = Text(
        "A small c leaves too little slope to tell the classes apart sharply.", "c 太小时斜率不够，分不清类别。"
    )
    limit: Annotated[
        float,
        Interval(ge=0.1, le=10.0),
        Setting(
            Text("Cap c", "上限 c"),
            Text("Largest length of a unit's weight vector.", "单元权重向量的最大长度。"),
            step=0.1,
            suggestions=(1.0, 2.0, 3.0, 4.0),
            compare=(0.5, 1.0, 3.0),
            live=True,
        ),
    ] = 3.0

    def project(self, weights: Sequence[Array]) -> None:
        limit = np.asarray(self.limit)[..., np.newaxis]  # (K, 1, 1), or (1,) for all networks alike
        for layer in weights:
            norm = np.sqrt(np.add.reduce(layer * layer, axis=-1, keepdims=True))
            layer *= np.minimum(limit / np.maximum(norm, limit), 1)


@REGULARIZERS.add
@dataclass(frozen=True)
class Dropout(Regularizer):
    """Inverted dropout: in every update each unit is kept with probability p and its output divided by p, so that
    prediction needs no change. Each update trains another sub-network; prediction averages them all. Inputs are kept
    by default (0.8 is usual for many of them): of two, one that is dropped is half of what is known.
    Source: S3; Srivastava et al. 2014."""

    id = "dropout"
    label = Text("Dropout", "随机失活")
    formula = "a ← a · mask / p"
    description = Text(
        "Drops random units in every update, which trains many sub-networks at once.",
        "每次更新随机丢弃部分单元，相当于同时训练许多子网络。",
    )
    suits = Text("Wide layers that learn the points by heart.", "很宽、会死记数据点的层。")
    fails = Text(
        "In small networks too little is left in each update: they underfit and learn slowly.",
        "网络很小时每次剩下的太少：欠拟合，学得慢。",
    )
    random = True
    exclusive = True
    inputs: InputKeep = 1.0
    hidden: HiddenKeep = 0.5

    def signal(self, hidden: bool, x: Array, noise: NoisePart, training: bool) -> Layer | None:
        keep = self.hidden if hidden else self.inputs
        return Drop(x, keep, noise, inverted=True) if training and np.any(np.less(keep, 1)) else None


@REGULARIZERS.add
@dataclass(frozen=True)
class PlainDropout(Regularizer):
    """The original form: units are dropped in training without rescaling, and at prediction every output is multiplied
    by p instead. Source: S3 (not recommended there: prediction has to know about it)."""

    id = "plain_dropout"
    label = Text("Plain dropout", "普通随机失活")
    formula = "a ← a · mask;  prediction: p a"
    description = Text(
        "Dropout as first published: outputs are scaled by p at prediction instead of in training.",
        "最初的形式：训练时不缩放，预测时把输出乘以 p。",
    )
    suits = Text(
        "To compare with the published form; inverted dropout is the usual one.",
        "用来与最初发表的形式比较；通常用反向 Dropout。",
    )
    fails = Text(
        "As dropout; and the outputs at prediction have another scale than in training.",
        "同 Dropout；而且预测时与训练时输出尺度不同。",
    )
    random = True
    exclusive = True
    inputs: InputKeep = 1.0
    hidden: HiddenKeep = 0.5

    def signal(self, hidden: bool, x: Array, noise: NoisePart, training: bool) -> Layer | None:
        keep = self.hidden if hidden else self.inputs
        if not np.any(np.less(keep, 1)):
            return None
        return Drop(x, keep, noise, inverted=False) if training else Scale(x, keep)


@REGULARIZERS.add
@dataclass(frozen=True)
class DropConnected(Regularizer):
    """Single weights are dropped instead of whole units, and the others divided by p. Source: S3; Wan et al. 2013."""

    id = "drop_connect"
    label = Text("DropConnect", "DropConnect")
    formula = "W ← W ∘ mask / p"
    description = Text(
        "Drops random connections instead of whole units in every update.",
        "每次更新随机丢弃部分连接，而不是整个单元。",
    )
    suits = Text("As dropout, with finer steps between none and much.", "同 Dropout，但力度更细。")
    fails = Text(
        "Prediction with the mean weight is a rougher stand-in for the average than dropout's.",
        "用平均权重预测，比 Dropout 的近似更粗。",
    )
    random = True
    keep: Annotated[
        float,
        *_keep(
            Text("Keep connections", "连接保留概率"),
            Text("Probability that a connection is kept in an update.", "每次更新中保留一个连接的概率。"),
        ),
    ] = 0.8

    def connections(self, dense: Dense, noise: NoisePart) -> Dense | None:
        return DropConnect(dense, self.keep, noise) if np.any(np.less(self.keep, 1)) else None


@REGULARIZERS.add
@dataclass(frozen=True)
class GaussianNoise(Regularizer):
    """x ← x + N(0, σ²) on the network's (preprocessed) inputs, drawn anew in every update. For small σ it acts like a
    penalty on the slope of the output. Source: S3; Bishop 1995."""

    id = "input_noise"
    label = Text("Input noise", "输入噪声")
    formula = "x ← x + N(0, σ²)"
    description = Text(
        "Adds fresh noise to the inputs in every update, so that no single point can be learned by heart.",
        "每次更新给输入加上新的噪声，使网络无法死记单个点。",
    )
    suits = Text("Few points, when nearby places should have the same class.", "数据点少、且附近的点应属同类时。")
    fails = Text("Noise larger than the gap between the classes blurs the boundary.", "噪声大于类间距离时边界会模糊。")
    random = True
    deviation: Annotated[
        float,
        Interval(ge=0.0, le=2.0),
        Setting(
            Text("Deviation σ", "标准差 σ"),
            Text("Spread of the noise, in units of the preprocessed inputs.", "噪声的标准差，以预处理后的输入为单位。"),
            step=0.05,
            compare=(0.0, 0.1, 0.3, 1.0),
            live=True,
        ),
    ] = 0.1

    def signal(self, hidden: bool, x: Array, noise: NoisePart, training: bool) -> Layer | None:
        return InputNoise(x, self.deviation, noise) if training and not hidden else None


@REGULARIZERS.add
@dataclass(frozen=True)
class Augmentation(Regularizer):
    """Every epoch sees the training points a little moved, turned, scaled and perhaps mirrored (x1 → −x1), as if there
    were more of them. It helps where the true classes do not change under that. Source: S1, S3."""

    id = "augmentation"
    label = Text("Data augmentation", "数据增强")
    formula = "x ← s R(φ) x + N(0, σ²)"
    description = Text(
        "Moves, turns, scales or mirrors the training points anew in every epoch.",
        "每一轮对训练点重新做平移抖动、旋转、缩放或镜像。",
    )
    suits = Text("When the classes really do not change under the movement.", "类别确实不随这种变换而改变时。")
    fails = Text(
        "Turning or mirroring where the sides differ teaches wrong labels.",
        "左右本就不同却去旋转或镜像，等于教错标签。",
    )
    random = True
    jitter: Annotated[
        float,
        Interval(ge=0.0, le=2.0),
        Setting(
            Text("Jitter σ", "抖动 σ"),
            Text("Spread of a random move, in units of the plane.", "随机移动的标准差，以平面坐标为单位。"),
            step=0.05,
            compare=(0.0, 0.2, 0.5),
            live=True,
        ),
    ] = 0.2
    rotation: Annotated[
        float,
        Interval(ge=0.0, le=180.0),
        Setting(
            Text("Rotation", "旋转"),
            Text("Largest random turn about the centre, in degrees.", "绕中心随机旋转的最大角度（度）。"),
            step=5,
            unit="°",
            live=True,
        ),
    ] = 0.0
    scaling: Annotated[
        float,
        Interval(ge=0.0, le=0.5),
        Setting(
            Text("Scaling", "缩放"),
            Text("Largest random change of size.", "随机缩放的最大比例。"),
            step=0.05,
            unit="%",
            live=True,
        ),
    ] = 0.0
    mirror: Annotated[
        bool,
        Setting(
            Text("Mirror", "镜像"),
            Text("Flip left and right at random.", "随机左右翻转。"),
            live=True,
        ),
    ] = False

    def augment(self, points: Array, rng: np.random.Generator) -> Array:
        m = points.shape[1]
        angle = np.radians(self.rotation) * rng.uniform(-1, 1, m)
        size = 1 + self.scaling * rng.uniform(-1, 1, m)
        x1 = points[0] * np.where(rng.random(m) < 0.5, -1.0, 1.0) if self.mirror else points[0]
        cos, sin = size * np.cos(angle), size * np.sin(angle)
        turned = np.stack([cos * x1 - sin * points[1], sin * x1 + cos * points[1]])
        return turned + self.jitter * rng.standard_normal(points.shape)


@REGULARIZERS.add
@dataclass(frozen=True)
class EarlyStopping(Regularizer):
    """A fifth of the training points is held out as validation part. When the loss on it has not fallen for
    ``patience`` epochs, training stops and the weights of the best epoch come back. Source: S1, S2; Prechelt 1998."""

    id = "early_stopping"
    label = Text("Early stopping", "早停")
    formula = "stop when L(validation) stops falling"
    description = Text(
        "Stops when the loss on held-out points no longer falls, and goes back to the best weights.",
        "当留出验证点上的损失不再下降时停止，并恢复最佳权重。",
    )
    suits = Text("Nearly always: it costs nothing but some points to watch.", "几乎总是合适：只需留出一些点来观察。")
    fails = Text(
        "With few held-out points the curve is noisy and it stops by chance; it also mixes fitting and regularizing.",
        "留出的点太少时曲线有噪声，会偶然停下；它还把拟合和正则化混在一起。",
    )
    held_out = 0.2
    patience: Annotated[
        int,
        Interval(ge=1, le=500),
        Setting(
            Text("Patience", "耐心"),
            Text("Epochs without a new best before it stops.", "没有新的最佳值后再等待的轮数。"),
            scale="log",
            step=1,
            suggestions=(1, 2, 5, 10, 20, 50, 100, 200, 500),
            live=True,
        ),
    ] = 20
