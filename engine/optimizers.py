"""Optimizers: how a gradient becomes an update. All write ``out``, and the trainer subtracts it from the parameters.

Arrays are the flat ``(K, P)`` ones, so an optimizer is a handful of NumPy calls for all layers of all networks.
``slots`` is the optimizer's memory, so many arrays ``(K, P)``, zero at the start; ``t`` counts updates from 1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self, TypeAlias

import numpy as np
from annotated_types import Interval
from numpy.typing import DTypeLike

from engine.activations import HALF, ZERO
from engine.component import Array, Component, Registry, Setting, Text

OPTIMIZERS: Registry["Optimizer"] = Registry("optimizers", Text("Optimizer", "优化算法"))

Evaluate: TypeAlias = Callable[[], tuple[Array, Array]]
Slots: TypeAlias = Sequence[Array]


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


MOMENTUM = _decay(
    Text("Momentum β", "动量 β"),
    Text("Share of the old average that is kept at every update.", "每次更新保留旧平均值的比例。"),
)
VELOCITY = _decay(
    Text("Momentum β", "动量 β"),
    Text("Share of the old velocity that is kept at every update.", "每次更新保留旧速度的比例。"),
)
FIRST_MOMENT = _decay(
    Text("β₁", "β₁"),
    Text("Share of the old average of the gradient that is kept.", "梯度平均值的保留比例。"),
)
SECOND_MOMENT = _decay(
    Text("β₂", "β₂"),
    Text("Share of the old average of the squared gradient that is kept.", "梯度平方平均值的保留比例。"),
)


def clip(g: Array, longest: Array) -> Array:
    """Cut every network's gradient, all layers together, to a length: g ← g min(1, c/‖g‖), in place. ``longest`` is one
    c, or one for each network, ``(K, 1)``. Source: Pascanu et al. 2013."""
    norm = np.sqrt(np.add.reduce(g * g, axis=1, keepdims=True))
    return np.multiply(g, np.minimum(longest / np.maximum(norm, longest), 1), g)


class Optimizer(Component):
    """One rule for turning gradients into updates."""

    family = "optimizers"

    slots: ClassVar[int] = 0

    full_batch: ClassVar[bool] = False
    """True if every update is to see all training points, whatever the batch size."""

    line_search: ClassVar[bool] = False
    """True if it evaluates the objective as it goes: the trainer then calls `search` instead of `update`."""

    dtype: ClassVar[np.dtype[Any]] = np.dtype(np.float64)
    """The type of its constants."""

    def for_type(self, dtype: DTypeLike) -> Self:
        """The same optimizer for parameters of this type."""
        optimizer = replace(self)  # type: ignore[type-var]
        object.__setattr__(optimizer, "dtype", np.dtype(dtype))
        return optimizer

    def numbers(self) -> tuple[float, ...]:
        """What every update multiplies by or adds, besides the learning rate."""
        return ()

    @cached_property
    def constants(self) -> tuple[Array, ...]:
        """Its `numbers` as arrays, because a Python number costs NumPy 0.3 µs a call."""
        return tuple(np.asarray(number, self.dtype) for number in self.numbers())

    def slot_count(self) -> int:
        """How many arrays of the parameters' shape it has to remember."""
        return self.slots

    def update(self, g: Array, w: Array, mask: Array, learning_rate: Array, t: int, slots: Slots, out: Array) -> None:
        """Write the update for gradient ``g`` at the parameters ``w`` into ``out``. ``mask`` ``(P,)`` is how strongly
        each parameter is regularized: its layer's strength, 0 for biases unless they are to be, too. ``g`` may be used
        as scratch; ``w`` stays as it is."""
        raise NotImplementedError

    def search(self, w: Array, evaluate: Evaluate, slots: Array, t: int, learning_rate: Array) -> None:
        """One iteration that changes the parameters ``w`` in place. ``evaluate()`` gives objective ``(K,)`` and
        gradient ``(K, P)`` at the present ``w``; both may be overwritten by the next call."""
        raise NotImplementedError


@OPTIMIZERS.add
@dataclass(frozen=True)
class SGD(Optimizer):
    """w ← w − ηg on mini-batches: noisy, cheap steps. With η too large it diverges, along narrow valleys it zigzags.
    Source: S1, S2, S3."""

    id = "sgd"
    label = Text("SGD", "随机梯度下降")
    formula = "w ← w − η g"
    description = Text(
        "Steps straight down the gradient of each mini-batch.",
        "沿每个小批量的梯度方向直接下降。",
    )
    suits = Text(
        "Small, well-scaled problems, and to understand all the others.",
        "规模小、缩放良好的问题，也是理解其他方法的基础。",
    )
    fails = Text(
        "In narrow valleys it zigzags; one learning rate has to do for all directions.",
        "在狭长的谷里来回折返；所有方向只有一个学习率。",
    )

    def update(self, g: Array, w: Array, mask: Array, learning_rate: Array, t: int, slots: Slots, out: Array) -> None:
        np.multiply(g, learning_rate, out)


@OPTIMIZERS.add
@dataclass(frozen=True)
class GradientDescent(SGD):
    """w ← w − ηg with the gradient of all training points: the rule of SGD without its noise. Every update costs a
    whole epoch, and nothing shakes it out of a poor minimum. Source: S1, S2, S4."""

    id = "gradient_descent"
    label = Text("Gradient descent (full batch)", "梯度下降（全批量）")
    formula = "w ← w − η g, all points"
    description = Text(
        "Steps down the gradient of all training points at once, one update an epoch.",
        "沿全部训练点的梯度下降，每轮只更新一次。",
    )
    suits = Text("To see the descent without the batches' noise.", "想看没有小批量噪声的下降过程时。")
    fails = Text(
        "One update an epoch is slow, and without noise it stays in flat places.",
        "每轮只更新一次，很慢；没有噪声也更易停在平坦处。",
    )
    full_batch = True


@OPTIMIZERS.add
@dataclass(frozen=True)
class Momentum(Optimizer):
    """v ← βv + (1 − β)g, w ← w − ηv: the exponential average of the gradients (S1, S2). Classical momentum has no (1 −
    β); it equals this one at a learning rate 1/(1 − β) times larger. From v = 0 the first steps are small. PyTorch:
    momentum = dampening = β, but with v starting at the first gradient."""

    id = "momentum"
    label = Text("Momentum", "动量")
    formula = "v ← βv + (1−β) g,  w ← w − η v"
    description = Text(
        "Averages past gradients, so that zigzags cancel and steady directions go on.",
        "对历史梯度取指数平均，抵消来回震荡，保持稳定方向。",
    )
    suits = Text("Narrow valleys and noisy gradients.", "狭长的谷和噪声大的梯度。")
    fails = Text("A β near 1 takes long to start and long to turn.", "β 接近 1 时起步慢，转向也慢。")
    slots = 1

    beta: Annotated[float, *MOMENTUM] = 0.9

    def numbers(self) -> tuple[float, ...]:
        return (1 - self.beta,)

    def update(self, g: Array, w: Array, mask: Array, learning_rate: Array, t: int, slots: Slots, out: Array) -> None:
        (v,), (rest,) = slots, self.constants
        np.subtract(g, v, out)  # v + (1 − β)(g − v) is the same average with one product less
        np.multiply(out, rest, out)
        np.add(v, out, v)
        np.multiply(v, learning_rate, out)


@OPTIMIZERS.add
@dataclass(frozen=True)
class ClassicalMomentum(Optimizer):
    """v ← βv + g, w ← w − ηv, the heavy ball: steady gradients add up to steps 1/(1 − β) times longer than SGD's, so
    that η must be smaller; overshoots narrow minima. PyTorch's form (momentum = β). Source: Polyak 1964."""

    id = "classical_momentum"
    label = Text("Classical momentum", "经典动量")
    formula = "v ← βv + g,  w ← w − η v"
    description = Text(
        "Rolls like a heavy ball: gradients add up to a velocity, which can overshoot.",
        "像滚动的重球：梯度累积成速度，可能冲过头。",
    )
    suits = Text(
        "As momentum; its steps are larger by 1 / (1 − β), so lower the learning rate.",
        "同动量；步长大了 1 / (1 − β) 倍，应降低学习率。",
    )
    fails = Text("It overshoots and swings around the minimum.", "会冲过头，在最小值附近摆动。")
    slots = 1

    beta: Annotated[float, *VELOCITY] = 0.9

    def numbers(self) -> tuple[float, ...]:
        return (self.beta,)

    def update(self, g: Array, w: Array, mask: Array, learning_rate: Array, t: int, slots: Slots, out: Array) -> None:
        (v,), (beta,) = slots, self.constants
        np.multiply(v, beta, v)
        np.add(v, g, v)
        np.multiply(v, learning_rate, out)


@OPTIMIZERS.add
@dataclass(frozen=True)
class Nesterov(Optimizer):
    """v ← βv + g, w ← w − η(g + βv): momentum that looks where the velocity will carry it. PyTorch's form, in which the
    weights kept are those looked ahead to, so that the gradient is taken at w itself; Nesterov's own takes it at
    w − ηβv. It brakes earlier than classical momentum, but tolerates a smaller η. Source: Nesterov 1983; Sutskever et
    al. 2013."""

    id = "nesterov"
    label = Text("Nesterov momentum", "Nesterov 动量")
    formula = "v ← βv + g,  w ← w − η (g + βv)"
    description = Text(
        "Momentum that looks one step ahead, so that it brakes before it overshoots.",
        "先向前看一步的动量，冲过头之前就会减速。",
    )
    suits = Text("As classical momentum, where it overshoots.", "同经典动量，用在它冲过头的时候。")
    fails = Text("With noisy small batches the look ahead is worth little.", "小批量噪声大时，前瞻没有多少用处。")
    slots = 1

    beta: Annotated[float, *VELOCITY] = 0.9

    def numbers(self) -> tuple[float, ...]:
        return (self.beta,)

    def update(self, g: Array, w: Array, mask: Array, learning_rate: Array, t: int, slots: Slots, out: Array) -> None:
        (v,), (beta,) = slots, self.constants
        np.multiply(v, beta, v)
        np.add(v, g, v)
        np.multiply(v, beta, out)
        np.add(out, g, out)
        np.multiply(out, learning_rate, out)


@OPTIMIZERS.add
@dataclass(frozen=True)
class AdaGrad(Optimizer):
    """v ← v + g², w ← w − ηg/(√v + ε), ε = 1e-8 outside the root: weights that have had large gradients take small
    steps. v only grows, so that learning may stop before the minimum is reached. Source: S4; Duchi et al. 2011."""

    id = "adagrad"
    label = Text("AdaGrad", "AdaGrad")
    formula = "v ← v + g²,  w ← w − η g / (√v + ε)"
    description = Text(
        "Gives every weight a step that shrinks with all gradients it has seen.",
        "每个权重的步长随其历史梯度的累积而缩小。",
    )
    suits = Text("Inputs that are rarely active, and short runs.", "很少激活的输入，以及短的训练。")
    fails = Text(
        "The steps only ever shrink: in long runs learning comes to a stop.", "步长只减不增：训练一长就停了下来。"
    )
    slots = 1
    epsilon: ClassVar[float] = 1e-8

    def numbers(self) -> tuple[float, ...]:
        return (self.epsilon,)

    def update(self, g: Array, w: Array, mask: Array, learning_rate: Array, t: int, slots: Slots, out: Array) -> None:
        (v,), (epsilon,) = slots, self.constants
        np.multiply(g, g, out)
        np.add(v, out, v)
        np.sqrt(v, out)
        np.add(out, epsilon, out)
        np.divide(g, out, out)
        np.multiply(out, learning_rate, out)


@OPTIMIZERS.add
@dataclass(frozen=True)
class RMSProp(Optimizer):
    """v ← βv + (1 − β)g², w ← w − ηg/(√v + ε): AdaGrad that forgets. ε = 1e-8 stands outside the root, as in PyTorch;
    TensorFlow has it inside, which damps small gradients more. v starts at 0 and is not corrected, so that the
    first steps are up to 1/√(1 − β) times too long; near the minimum it goes on jumping by about η.
    Source: S1, S2, S4; Hinton 2012."""

    id = "rmsprop"
    label = Text("RMSProp", "RMSProp")
    formula = "v ← βv + (1−β) g²,  w ← w − η g / (√v + ε)"
    description = Text(
        "Divides every gradient by its recent size, so that all weights move at a similar pace.",
        "用梯度近期的大小去除梯度，使各权重以相近的速度移动。",
    )
    suits = Text("Gradients of very different sizes, and noisy ones.", "梯度大小相差很大或噪声较大时。")
    fails = Text(
        "Without a decaying learning rate it keeps jittering around the minimum.",
        "不降低学习率时会一直在最小值附近抖动。",
    )
    slots = 1
    epsilon: ClassVar[float] = 1e-8

    beta: Annotated[float, *SECOND_MOMENT] = 0.9

    def numbers(self) -> tuple[float, ...]:
        return 1 - self.beta, self.epsilon

    def update(self, g: Array, w: Array, mask: Array, learning_rate: Array, t: int, slots: Slots, out: Array) -> None:
        (v,), (rest, epsilon) = slots, self.constants
        np.multiply(g, g, out)
        np.subtract(out, v, out)
        np.multiply(out, rest, out)
        np.add(v, out, v)
        np.sqrt(v, out)
        np.add(out, epsilon, out)
        np.divide(g, out, out)
        np.multiply(out, learning_rate, out)


@OPTIMIZERS.add
@dataclass(frozen=True)
class Adam(Optimizer):
    """Averages of the gradient (m) and of its square (v), each divided by 1 − βᵗ because they start at zero; w ← w − η
    m̂ / (√v̂ + ε), ε = 1e-8. An L2 penalty passes through the same division, so that weights with large gradients
    decay less (AdamW decays all alike). Without the correction both averages are too small at first, √v more so: the
    first step is (1 − β1)/√(1 − β2) = 3.2 times too long. Need not converge with large β1 and small β2. Source: S1,
    S2; Kingma & Ba 2015."""

    id = "adam"
    label = Text("Adam", "Adam")
    formula = "w ← w − η m̂ / (√v̂ + ε)"
    description = Text(
        "Momentum with its own step size for every weight; works well with little tuning.",
        "带动量，并为每个权重自动调节步长；几乎不用调参。",
    )
    suits = Text("When there is no time to tune: it works for most things.", "没有时间调参时：大多数情形都行。")
    fails = Text(
        "L2 inside its fraction is weakened where gradients are large; the last bit of accuracy often goes to SGD.",
        "L2 被放进分式后在梯度大处变弱；最后一点精度常常不如 SGD。",
    )
    slots = 2
    epsilon: ClassVar[float] = 1e-8

    beta1: Annotated[float, *FIRST_MOMENT] = 0.9
    beta2: Annotated[float, *SECOND_MOMENT] = 0.999
    bias_correction: Annotated[
        bool,
        Setting(
            Text("Bias correction", "偏差修正"),
            Text(
                "Makes up for averages that start at zero; without it the first steps are too long.",
                "补偿从零开始的平均值；不修正则最初几步过大。",
            ),
            live=True,
        ),
    ] = True

    def numbers(self) -> tuple[float, ...]:
        return 1 - self.beta1, 1 - self.beta2

    @cached_property
    def _corrected(self) -> tuple[Array, Array]:
        """Room for two numbers that the bias correction makes anew for every update."""
        shape = np.broadcast_shapes(np.shape(self.beta1), np.shape(self.beta2))
        return np.empty(shape, self.dtype), np.empty(shape, self.dtype)

    def update(self, g: Array, w: Array, mask: Array, learning_rate: Array, t: int, slots: Slots, out: Array) -> None:
        m, v = slots
        rest1, rest2 = self.constants[:2]
        np.subtract(g, m, out)
        np.multiply(out, rest1, out)
        np.add(m, out, m)
        np.multiply(g, g, g)
        np.subtract(g, v, g)
        np.multiply(g, rest2, g)
        np.add(v, g, v)
        np.sqrt(v, out)
        # √v̂ + ε = (√v + ε√c) / √c with c = 1 − β₂ᵗ, which saves a division of the whole array
        root = (1 - self.beta2**t) ** 0.5 if self.bias_correction else 1.0
        epsilon, factor = self._corrected
        epsilon[...] = self.epsilon * root
        np.add(out, epsilon, out)
        np.divide(m, out, out)
        if self.bias_correction:
            factor[...] = root / (1 - self.beta1**t)
            np.multiply(out, factor, out)
        np.multiply(out, learning_rate, out)


@OPTIMIZERS.add
@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with weight decay beside the gradient instead of in it: w ← w − η (m̂/(√v̂ + ε) + λw). With Adam and an L2
    penalty λ would be divided by √v̂ as well, and weights with large gradients would hardly decay. As in PyTorch the
    decay is multiplied by η; unlike there biases decay only if they are to be regularized, and a layer's strength
    multiplies its λ, as with L2. An L2 penalty on top decays twice. Source: Loshchilov & Hutter 2019."""

    id = "adamw"
    label = Text("AdamW", "AdamW")
    formula = "w ← w − η (m̂ / (√v̂ + ε) + λw)"
    description = Text(
        "Adam that also shrinks all weights by the same share at every step.",
        "在 Adam 之外，每一步把所有权重按同一比例缩小。",
    )
    suits = Text("Adam with weight decay that means what it says.", "需要真正意义上权重衰减的 Adam。")
    fails = Text(
        "Decay and learning rate belong together: change one, and the other's effect changes too.",
        "衰减与学习率相互牵连：改一个，另一个的效果也变。",
    )

    weight_decay: Annotated[
        float,
        Interval(ge=0.0, le=1.0),
        Setting(
            Text("Weight decay λ", "权重衰减 λ"),
            Text("Share of a weight, times η, that every step takes off.", "每步减去的权重比例（再乘以 η）。"),
            scale="log",
            suggestions=(0.0, 0.001, 0.01, 0.03, 0.1, 0.3, 1.0),
            compare=(0.0, 0.01, 0.1, 1.0),
            live=True,
        ),
    ] = 0.01

    def numbers(self) -> tuple[float, ...]:
        return *super().numbers(), self.weight_decay

    def update(self, g: Array, w: Array, mask: Array, learning_rate: Array, t: int, slots: Slots, out: Array) -> None:
        super().update(g, w, mask, learning_rate, t, slots, out)
        np.multiply(w, mask, g)
        np.multiply(g, self.constants[2], g)
        np.multiply(g, learning_rate, g)
        np.add(out, g, out)


def _dot(a: Array, b: Array) -> Array:
    """The product of every network's vectors, ``(K, 1)``."""
    return np.add.reduce(a * b, axis=1, keepdims=True)


@OPTIMIZERS.add
@dataclass(frozen=True)
class LBFGS(Optimizer):
    """Newton's method without second derivatives: w ← w + αd, d = −Hg, where the inverse curvature H is what the last
    changes s of the weights and y of the gradient tell about it (y ≈ H⁻¹s), applied by the two-loop recursion. All
    training points, and one call of `search` is one iteration.

    The step α is found by backtracking: from 1 (from min(1, 1/‖g‖₁) without a memory, when the length of d means
    nothing), halved until J falls by 1e-4 of what the slope promises; after 20 halvings a network stays where it is. So
    the learning rate has no part in it, and J never rises. Pairs with sᵀy ≤ 1e-10 ‖s‖‖y‖ would spoil H; they are
    stored as zeros, which have no effect. At a kink (ReLU, L1) the curvature is wrong and steps get short; in float32
    it stops at about six digits of J. Source: S0; Liu & Nocedal 1989; Nocedal & Wright 2006, ch. 7.
    """

    id = "lbfgs"
    label = Text("L-BFGS", "L-BFGS")
    formula = "w ← w − α H g"
    description = Text(
        "Learns the curvature from its last steps and finds its own step size; the learning rate has no part in it.",
        "由最近几步估计曲率并自动确定步长，不使用学习率。",
    )
    suits = Text(
        "Small smooth problems without randomness: it needs very few iterations.",
        "小而光滑、没有随机性的问题：迭代次数极少。",
    )
    fails = Text(
        "Noise breaks its picture of the curvature: it takes all training points and refuses dropout and the like.",
        "噪声会破坏它对曲率的估计：它总是使用全部训练点，并拒绝 Dropout 之类的方法。",
    )
    full_batch = True
    line_search = True
    halvings: ClassVar[int] = 20
    enough: ClassVar[float] = 1e-4
    flattest: ClassVar[float] = 1e-10

    memory: Annotated[
        int,
        Interval(ge=3, le=20),
        Setting(
            Text("Memory", "记忆长度"),
            Text("Past steps from which the curvature is estimated.", "用来估计曲率的历史步数。"),
            step=1,
            suggestions=(3, 5, 10, 20),
            compare=(3, 10, 20),
            live=True,
        ),
    ] = 10

    def slot_count(self) -> int:
        return 2 * self.memory

    def search(self, w: Array, evaluate: Evaluate, slots: Array, t: int, learning_rate: Array) -> None:
        steps, changes = slots[: self.memory], slots[self.memory :]
        objective, gradient = (array.copy() for array in evaluate())
        start, objective = w.copy(), objective[:, np.newaxis]
        direction, length = self._direction(gradient, steps, changes, t)
        slope = _dot(gradient, direction)
        done = np.zeros(len(w), bool)[:, np.newaxis]
        for _ in range(self.halvings + 1):
            np.multiply(direction, length, w)
            np.add(w, start, w)
            reached, now = evaluate()
            done |= reached[:, np.newaxis] <= objective + self.enough * length * slope
            if done.all():
                break
            np.multiply(length, HALF, out=length, where=~done)
        np.copyto(w, start, where=~done)
        s, y = steps[(t - 1) % self.memory], changes[(t - 1) % self.memory]
        np.subtract(w, start, s)
        np.subtract(now, gradient, y)
        curved = _dot(s, y) > self.flattest * np.sqrt(_dot(s, s) * _dot(y, y))
        np.copyto(s, ZERO, where=~curved)
        np.copyto(y, ZERO, where=~curved)

    def _direction(self, gradient: Array, steps: Array, changes: Array, t: int) -> tuple[Array, Array]:
        """−Hg by the two-loop recursion, and the step length to try first."""
        newest_first = [(t - 2 - age) % self.memory for age in range(self.memory)]
        d, scale = -gradient, np.zeros_like(gradient[:, :1])
        weights, inverse = np.zeros((2, self.memory, *scale.shape), gradient.dtype)
        for i in newest_first:
            s, y = steps[i], changes[i]
            curvature = _dot(s, y)
            there = curvature > ZERO  # a pair stored as zeros, or not stored yet, is left out
            np.divide(1.0, curvature, out=inverse[i], where=there)
            np.multiply(inverse[i], _dot(s, d), out=weights[i])
            d -= weights[i] * y
            np.divide(curvature, _dot(y, y), out=scale, where=there & (scale == ZERO))
        none = scale == ZERO
        d *= np.where(none, 1.0, scale)
        for i in reversed(newest_first):
            d += steps[i] * (weights[i] - inverse[i] * _dot(changes[i], d))
        lost = none | ~(_dot(gradient, d) < ZERO)  # rounding can turn d uphill
        np.copyto(d, -gradient, where=lost)
        size = np.add.reduce(np.absolute(gradient), axis=1, keepdims=True)
        return d, np.where(lost, 1 / np.maximum(size, 1.0), 1.0).astype(gradient.dtype)
