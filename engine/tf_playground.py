"""TensorFlow Playground's randomness and its way of training, so that a link from there gives the run it gives there.

Everything random comes from one generator seeded with a string: first the points, then their shuffle, then the weights.
Training goes through the points in a fixed order, and what an epoch leaves over joins the next epoch's first update.
Numbers are float64, as in JavaScript. The dataset formulas and the way of training are TensorFlow Playground's
(Apache-2.0), the generator is that of the package seedrandom (MIT); the code is our own.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from engine.component import Array
from engine.data import Data, data_of
from engine.data import draw as draw_any
from engine.initializers import Uniform
from engine.network import Pass
from engine.regularizers import L1, Regularizer
from engine.shifts import NoShift
from engine.spec import DataSpec, NetworkSpec
from engine.trainer import Trainer

CLASS_POINTS, VALUE_POINTS = 500, 1200
"""How many points it draws for classification and for regression."""


class Seedrandom:
    """The generator of the JavaScript package seedrandom: ARC4, seeded with a string.

    The key is the string's character codes (UTF-16), folded onto 256 bytes; its first 256 bytes of output are thrown
    away. A number takes seven bytes or more, until its 52 binary digits after the first are filled.
    """

    def __init__(self, seed: str) -> None:
        codes = seed.encode("utf-16-le", "surrogatepass")[::2]  # the upper bytes never reach a key of bytes
        key: list[int] = []
        smear = 0
        for place, code in enumerate(codes):
            if place < 256:
                key.append(code)
            else:  # a second time round: what stands there already is mixed in
                smear ^= key[place % 256] * 19
                key[place % 256] = (smear + code) % 256
        self._permute(key or [0])
        self._next(256)

    def _permute(self, key: list[int]) -> None:
        """ARC4's key schedule."""
        self._s = list(range(256))
        self._i = self._j = j = 0
        for i, own in enumerate(self._s):
            j = (j + key[i % len(key)] + own) % 256
            self._s[i], self._s[j] = self._s[j], own

    def _next(self, count: int) -> int:
        """The next so many bytes, as one number."""
        s, i, j, number = self._s, self._i, self._j, 0
        for _ in range(count):
            i = (i + 1) & 255
            own = s[i]
            j = (j + own) & 255
            other = s[j]
            s[i], s[j] = other, own
            number = number << 8 | s[(own + other) & 255]
        self._i, self._j = i, j
        return number

    def random(self) -> float:
        """A number from 0 (included) to 1 (excluded)."""
        numerator, bits, last = self._next(6), 48, 0
        while numerator < 1 << 52:
            numerator = numerator + last << 8
            bits += 8
            last = self._next(1)
        surplus = numerator.bit_length() - 53
        if surplus > 0:  # drop digits before the last byte is added, so that nothing is rounded
            numerator, last, bits = numerator >> surplus, last >> surplus, bits - surplus
        return math.ldexp(numerator + last, -bits)

    def uniform(self, low: float, high: float) -> float:
        """A number between two bounds."""
        return self.random() * (high - low) + low

    def normal(self, mean: float, variance: float) -> float:
        """A normal number by the polar Box-Muller method, of whose pairs only the first is used."""
        square = 2.0
        while square > 1:
            first, second = 2 * self.random() - 1, 2 * self.random() - 1
            square = first * first + second * second
        length = math.sqrt(-2 * math.log(square) / square) if square else math.nan
        return mean + math.sqrt(variance) * (length * first)

    def shuffle(self, count: int) -> list[int]:
        """A random order of so many things, by exchanging from the end."""
        order = list(range(count))
        for left in range(count, 0, -1):
            chosen = math.floor(self.random() * left)
            order[left - 1], order[chosen] = order[chosen], order[left - 1]
        return order

    def copy(self) -> "Seedrandom":
        """Another generator that goes on with the same numbers."""
        twin = object.__new__(Seedrandom)
        twin._s, twin._i, twin._j = self._s.copy(), self._i, self._j
        return twin


Point = tuple[float, float, float]


def _circle(n: int, noise: float, rng: Seedrandom) -> list[Point]:
    points = []
    for number in range(n):
        inner = number < n / 2
        radius = rng.uniform(0, 2.5) if inner else rng.uniform(3.5, 5)
        angle = rng.uniform(0, 2 * math.pi)
        x, y = radius * math.sin(angle), radius * math.cos(angle)
        seen_x, seen_y = x + rng.uniform(-5, 5) * noise, y + rng.uniform(-5, 5) * noise
        points.append((x, y, float(math.sqrt(seen_x * seen_x + seen_y * seen_y) < 2.5)))
    return points


def _xor(n: int, noise: float, rng: Seedrandom) -> list[Point]:
    def away_from_zero(value: float) -> float:
        return value + 0.3 if value > 0 else value - 0.3

    points = []
    for _ in range(n):
        x, y = away_from_zero(rng.uniform(-5, 5)), away_from_zero(rng.uniform(-5, 5))
        seen_x, seen_y = x + rng.uniform(-5, 5) * noise, y + rng.uniform(-5, 5) * noise
        points.append((x, y, float(seen_x * seen_y >= 0)))
    return points


def _gaussian(n: int, noise: float, rng: Seedrandom) -> list[Point]:
    share = noise / 0.5
    variance = 0.5 * (1 - share) + 4 * share
    points = []
    for number in range(n):
        positive = number < n / 2
        centre = 2 if positive else -2
        points.append((rng.normal(centre, variance), rng.normal(centre, variance), float(positive)))
    return points


def _spiral(n: int, noise: float, rng: Seedrandom) -> list[Point]:
    half = n / 2
    points = []
    for number in range(n):
        positive = number < half
        along = (number if positive else number - math.ceil(half)) / half
        radius, angle = along * 5, 1.75 * along * 2 * math.pi + (0 if positive else math.pi)
        x = radius * math.sin(angle) + rng.uniform(-1, 1) * noise
        y = radius * math.cos(angle) + rng.uniform(-1, 1) * noise
        points.append((x, y, float(positive)))
    return points


def _function(value: Callable[[float, float], float]) -> "Draw":
    """Points over the plane, each with the value of a place near it."""

    def draw_values(n: int, noise: float, rng: Seedrandom) -> list[Point]:
        points = []
        for _ in range(n):
            x, y = rng.uniform(-6, 6), rng.uniform(-6, 6)
            seen_x, seen_y = x + rng.uniform(-6, 6) * noise, y + rng.uniform(-6, 6) * noise
            points.append((x, y, value(seen_x, seen_y)))
        return points

    return draw_values


def _plane(x: float, y: float) -> float:
    share = (x + y + 10) / 20
    return share - (1 - share)


_BUMPS = ((-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1))


def _bumps(x: float, y: float) -> float:
    highest = 0.0
    for centre_x, centre_y, sign in _BUMPS:
        dx, dy = x - centre_x, y - centre_y
        height = sign * (1 - min(math.sqrt(dx * dx + dy * dy) / 2, 1))
        if abs(height) > abs(highest):
            highest = height
    return highest


Draw = Callable[[int, float, Seedrandom], list[Point]]

_DRAW: dict[str, Draw] = {
    "circle": _circle,
    "xor": _xor,
    "gaussian": _gaussian,
    "spiral": _spiral,
    "plane": _function(_plane),
    "bumps": _function(_bumps),
}


def draw_points(dataset_id: str, n: int, noise: float, generator: Seedrandom) -> tuple[Array, Array]:
    """Shuffled points ``(2, n)`` and their labels ``(n,)``: classes 1 (+1 there) and 0 (−1 there), or values.

    ``dataset_id`` is ours; KeyError if it has no counterpart there. ``noise`` is a share, 0.5 for 50 %. With an odd n,
    which does not occur there, the first class gets the odd point.
    """
    points = _DRAW[dataset_id](n, noise, generator)
    x, y, labels = np.array([points[place] for place in generator.shuffle(n)], float).T
    return np.stack([x, y]), labels if dataset_id in ("plane", "bumps") else labels.astype(int)


def serves(spec: DataSpec) -> bool:
    """Whether the points of ``spec`` are TensorFlow Playground's: it has a seed of theirs, and asks for nothing that
    they do not have."""
    plain = spec.label_noise == 0 and spec.imbalance == 1 and isinstance(spec.shift, NoShift)
    return bool(spec.tf_seed) and spec.dataset.id in _DRAW and spec.dataset == type(spec.dataset)() and plain


@dataclass(frozen=True)
class Exact:
    """What goes with such points: the seed, and the generator as it was when they had been drawn."""

    seed: str
    generator: Seedrandom

    def generator_for(self, seed: int) -> Seedrandom:
        """The generator of the weights. Weight seed 1 goes on where the points ended, as there after opening a link;
        every other one, which there would be so many presses of Reset, gets one of its own."""
        return self.generator.copy() if seed == 1 else Seedrandom(f"{self.seed}#{seed}")


def draw(spec: DataSpec) -> Data:
    """The points of a `spec` that `serves`, split as there: the first ⌊n·percent/100⌋ are for training."""
    generator = Seedrandom(spec.tf_seed)
    points, labels = draw_points(spec.dataset.id, spec.samples, spec.noise, generator)
    percent = round(spec.train_share * 100, 9)  # 0.29 * 100 is a little less than 29
    learning = math.floor(spec.samples * percent / 100)
    n_validation = round(learning * spec.validation_share)
    exact = Exact(spec.tf_seed, generator)
    return data_of(
        spec.dataset, points, labels, learning - n_validation, spec.seed, n_validation=n_validation, exact=exact
    )


class Links(Regularizer):
    """L1 as TensorFlow Playground does it, for the regularizer ``l1`` (None if there is none any more).

    After the data's step a weight moves by −η·λ·sign(w), w being what it was before that step. If that takes it across
    zero it becomes zero and the link is ``dead``, ``(K, P)``: it never moves again.
    """

    id = "links"

    def __init__(self, l1: L1 | None, dead: Array) -> None:
        self.l1 = l1
        self.dead = dead
        self._signs = np.zeros(dead.shape)

    def penalty(self, w: Array, mask: Array) -> Array:
        return np.zeros(len(w), w.dtype) if self.l1 is None else self.l1.penalty(w, mask)

    def smooth_penalty(self, w: Array, mask: Array) -> Array:
        return np.zeros(len(w), w.dtype)

    def gradient(self, w: Array, mask: Array, out: Array) -> Array | None:
        np.sign(w, self._signs)  # asked for before every step, which is the time to note it
        return None

    def after_step(self, w: Array, mask: Array, learning_rate: Array, scratch: Array) -> None:
        if self.l1 is not None:
            np.multiply(mask, learning_rate * self.l1.strength, scratch)
            np.multiply(scratch, self._signs, scratch)
            np.subtract(w, scratch, scratch)
            self.dead |= w * scratch < 0
            np.copyto(w, scratch)
        w[self.dead] = 0


class PlaygroundTrainer(Trainer):
    """A `Trainer` for points of `draw` that starts and goes on as TensorFlow Playground does.

    Uniform weights come from the generator of the points, all biases start at ``spec.bias``, the order is fixed, and
    an update comes after every ``batch_size`` points: what is left over at the end of an epoch belongs to the first
    update of the next. L1 is that of `Links`. All else (optimizers, schedules, …) is as usual.
    """

    def __init__(
        self, data: Data, *specs: NetworkSpec, dtype: DTypeLike = np.float64, rows: Array | None = None
    ) -> None:
        """Raises ValueError for data that are not from `draw`, Refused as `Trainer` does."""
        if not isinstance(data.exact, Exact):
            raise ValueError("data: expected points drawn with a seed of TensorFlow Playground")
        self._exact = data.exact
        super().__init__(data, *specs, dtype=dtype, rows=rows)

    def _initialize(self, specs: Sequence[NetworkSpec]) -> None:
        super()._initialize(specs)
        network = self.network
        for k, spec in enumerate(specs):
            generator = self._exact.generator_for(spec.seed)
            for layer in range(network.depth + 1):
                if isinstance(spec.initializer, Uniform):
                    weights = network.unbiased(layer)[k]
                    draws = [generator.random() - 0.5 for _ in range(weights.size)]
                    weights[...] = spec.gain * 2 * spec.initializer.bound * np.reshape(draws, weights.shape)
                if network.has_bias(layer):
                    network.weights[layer][k, :, -1] = spec.bias

    def _reorder(self) -> None:
        """The order stays as it is."""

    def _configure(self, specs: tuple[NetworkSpec, ...]) -> None:
        if not hasattr(self, "_dead"):
            self._dead = np.zeros(self.network.parameters.shape, bool)
            # Last epoch's points and this epoch's side by side: a batch with what was left over is one view, too.
            self._both_x, self._shuffled_x = _twice(self._shuffled_x)
            self._both_targets, self._shuffled_targets = _twice(self._shuffled_targets)
            self._left = np.zeros(1, int)  # points that the last epoch left over
            self._leaving = 0  # points that this epoch leaves over
        super()._configure(specs)
        self._watch_links()

    def _watch_links(self) -> None:
        """Let `Links` act instead of L1, or instead of nothing where links have died already."""
        others = [one for one in self.regularizers if not isinstance(one, L1 | Links)]
        links = [one.l1 if isinstance(one, Links) else one for one in self.regularizers if isinstance(one, L1 | Links)]
        if links or self._dead.any():
            self.regularizers = [*others, Links(links[0] if links else None, self._dead)]

    @property
    def dead(self) -> Array:
        """The links that L1 has cut for good, ``(K, P)``."""
        return self._dead

    @property
    def epoch_steps(self) -> int:
        return max(1, self._count // self.batch_size)

    def _gather(self) -> None:
        self._both_x[..., : self._count] = self._shuffled_x
        self._both_targets[..., : self._count] = self._shuffled_targets
        super()._gather()

    def _partition(self, seen: int) -> list[tuple[Array, Array, Pass, int]]:
        stops = list(range(seen + self.batch_size, self._count + 1, self.batch_size)) or [self._count]
        self._leaving = self._count - stops[-1]
        start = seen if seen else -int(self._left[0])
        plan = []
        for stop in stops:
            columns = slice(self._count + start, self._count + stop)
            layout = self.layout(stop - start, training=True)
            plan.append((self._both_x[..., columns], self._both_targets[..., columns], layout, stop))
            start = stop
        plan[-1] = *plan[-1][:3], self._count  # with its last update an epoch is over
        return plan[::-1]

    def _next_epoch(self) -> None:
        if self._left[0] != self._leaving:
            self._left[0] = self._leaving
            self._epoch_plan = self._partition(0)
        super()._next_epoch()

    def go_on_from(self, source: Trainer) -> None:
        super().go_on_from(source)
        if isinstance(source, PlaygroundTrainer):
            self._dead[...] = source._dead
            self._watch_links()

    def _kept(self) -> dict[str, Array]:
        return super()._kept() | {"shuffled": self._both_x, "left": self._left, "dead": self._dead}

    def restore(self, state: Mapping[str, Any]) -> None:
        if not 0 <= np.asarray(state.get("left", -1)).item() < self._count:
            raise ValueError(f"left: {state.get('left')} is not fewer than the {self._count} training points")
        super().restore(state)
        self._watch_links()
        self._both_targets[..., : self._count] = self._shuffled_targets
        self._epoch_plan = self._partition(0)
        self._plan = self._partition(self._seen)


def _twice(array: Array) -> tuple[Array, Array]:
    """An array with twice the columns, in the same memory layout, and its right half."""
    order: Literal["F", "C"] = "F" if array.flags.f_contiguous else "C"
    both = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype, order)
    return both, both[..., array.shape[-1] :]


def trainer_for(data: Data | DataSpec, *specs: NetworkSpec, **options: Any) -> Trainer:
    """The trainer that goes with the data: a `PlaygroundTrainer` if they were drawn with a seed of TensorFlow
    Playground, else a `Trainer`. ``options`` are its keyword arguments."""
    drawn = draw_any(data) if isinstance(data, DataSpec) else data
    kind = PlaygroundTrainer if isinstance(drawn.exact, Exact) else Trainer
    return kind(drawn, *specs, **options)
