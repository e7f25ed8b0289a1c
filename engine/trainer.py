"""The trainer: K networks in lock-step on the same points, one update at a time, repeatable to the last bit.

Everything a run consists of is in `Trainer.state`: parameters, the optimizer's slots, the order of the epoch, the
generator that shuffles, counters. Two trainers with equal states go on with equal digits.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from engine.activations import Activation
from engine.component import Array, Refused, Text
from engine.data import Data, Inputs, draw
from engine.datasets import PLANE
from engine.diagnostics import Metrics, measure
from engine.network import Network, Pass
from engine.optimizers import Optimizer
from engine.regularizers import Regularizer
from engine.spec import DataSpec, NetworkSpec
from engine.streams import ORDER, stream

# A grid chunk's widest activation buffer stays within the cache: this many numbers.
CHUNK = 65_536


class Trainer:
    """Trains one or more networks of the same shape on ``data``.

    The networks may differ in seed, initializer, learning rate and any float parameter of a component; ValueError says
    where they differ in more. An epoch visits every training point once, in an order drawn anew each epoch
    from the data's seed, so that all trainers on the same data see the same batches.
    """

    def __init__(self, data: Data | DataSpec, *specs: NetworkSpec, dtype: DTypeLike = np.float32) -> None:
        """Raises Refused if the loss cannot tell the data's classes apart."""
        self.data = draw(data) if isinstance(data, DataSpec) else data
        specs = specs or (NetworkSpec(),)
        low, high = specs[0].loss.classes
        if not low <= self.data.classes <= high:
            raise Refused(
                "loss",
                Text(
                    f"{specs[0].loss.label.en} takes at most {high} classes, the data have {self.data.classes}. "
                    "Choose another loss, or data with fewer classes.",
                    f"{specs[0].loss.label.zh}最多支持 {high} 类，而数据有 {self.data.classes} 类。"
                    "请选择其他损失函数，或类别更少的数据。",
                ),
            )
        self.loss = specs[0].loss
        self.dtype = np.dtype(dtype)
        self.inputs = Inputs(specs[0].features, specs[0].preprocessing, self.data.points[:, self.data.train])
        self.x = self.inputs(self.data.points, dtype)
        self.targets = self.loss.targets(self.data.labels, self.data.classes, dtype)
        self.network = Network(
            len(self.inputs), specs[0].widths(), self.loss.outputs(self.data.classes), len(specs), dtype
        )
        self.network.initialize([spec.initializer for spec in specs], [spec.seed for spec in specs])
        self.steps = 0
        self._epoch = 0
        self._seen = 0  # training points seen in this epoch
        self._rng = stream(self.data.seed, ORDER)
        self._order = self._rng.permutation(self.data.n_train)
        self._shuffled_x = np.empty_like(self.x[:, self.data.train])
        self._shuffled_targets = np.empty_like(self.targets[:, self.data.train])
        self._gather()
        self._update = np.zeros_like(self.network.parameters)
        self._scratch = np.empty_like(self.network.parameters)
        self._grid: tuple[int, Array] = (0, self.x[:, :0])
        self._configure(specs)

    def _configure(self, specs: tuple[NetworkSpec, ...]) -> None:
        """Take over the live settings."""
        first = specs[0]
        for spec in specs[1:]:
            if spec.widths() != first.widths():
                raise ValueError("hidden: networks of one population must share their widths")
            for name in ("features", "preprocessing", "loss", "batch_size"):
                if getattr(spec, name) != getattr(first, name):
                    raise ValueError(f"{name}: networks of one population must share it")
        if len(specs) != self.network.networks:
            raise ValueError(f"expected {self.network.networks} networks, got {len(specs)}")
        activations = [
            type(layer[0]).stack(layer, self.dtype, axes=2)
            for layer in zip(*([hidden.activation for hidden in spec.hidden] for spec in specs), strict=True)
        ]
        optimizer = type(first.optimizer).stack([spec.optimizer for spec in specs], np.float64, axes=1)
        regularizer = type(first.regularizer).stack([spec.regularizer for spec in specs], self.dtype, axes=1)
        # nothing is changed before everything has been accepted
        if type(optimizer) is not type(getattr(self, "optimizer", None)):
            self._slots = np.zeros((optimizer.slots, *self.network.parameters.shape), self.dtype)
            self._slot_steps = 0
        self.activations: list[Activation] = activations
        self.optimizer: Optimizer = optimizer
        self.regularizer: Regularizer = regularizer
        rates = np.array([spec.learning_rate for spec in specs], self.dtype)
        self._learning_rate = rates.reshape(()) if len(specs) == 1 else rates[:, np.newaxis]
        self.specs = specs
        self._passes: dict[int, Pass] = {}
        self._epoch_plan = self._partition(0)
        self._plan = self._partition(self._seen)

    # ---- training ----

    @property
    def position(self) -> float:
        """Epochs trained so far, as a fraction: 2.5 is half-way through the third epoch."""
        return self._epoch + self._seen / self.data.n_train

    @property
    def epoch_steps(self) -> int:
        """Updates in a whole epoch."""
        return -(-self.data.n_train // self.specs[0].batch_size)

    @property
    def next_position(self) -> float:
        """`position` after the next update."""
        return self._epoch + self._plan[-1][3] / self.data.n_train

    @property
    def finite(self) -> Array:
        """Which networks have only finite parameters, ``(K,)``."""
        return np.asarray(np.isfinite(self.network.parameters).all(axis=1))

    def _gather(self) -> None:
        """Bring this epoch's points into order, once, so that every batch is a view."""
        np.take(self.x, self._order, axis=1, out=self._shuffled_x, mode="clip")
        np.take(self.targets, self._order, axis=1, out=self._shuffled_targets, mode="clip")

    def _partition(self, seen: int) -> list[tuple[Array, Array, Pass, int]]:
        """The batches from point ``seen`` of the epoch on, last first: inputs, targets, layout, points seen after."""
        n, size = self.data.n_train, self.specs[0].batch_size
        plan = []
        for start in range(seen, n, size):
            stop = min(start + size, n)
            views = self._shuffled_x[:, start:stop], self._shuffled_targets[:, start:stop]
            plan.append((*views, self._pass(stop - start), stop))
        return plan[::-1]

    def _pass(self, m: int) -> Pass:
        if m not in self._passes:
            self._passes[m] = self.network.lay_out(self.activations, m)
        return self._passes[m]

    def step(self) -> None:
        """One update of every network: forward, backward, regularizer, optimizer."""
        x, targets, layout, seen = self._plan.pop()
        network, update = self.network, self._update
        logits = layout.forward(x)
        d = self.loss.gradient(logits, targets, layout.d_logits)
        layout.backward(np.multiply(d, layout.one_over_m, out=d))
        penalty = self.regularizer.gradient(network.parameters, network.mask, self._scratch)
        if penalty is not None:
            np.add(network.gradients, penalty, out=network.gradients)
        self.steps += 1
        self._slot_steps += 1
        self.optimizer.update(network.gradients, self._learning_rate, self._slot_steps, self._slots, update)
        np.subtract(network.parameters, update, out=network.parameters)
        self.regularizer.after_step(network.parameters, network.mask, self._learning_rate, self._scratch)
        self._seen = seen
        if not self._plan:
            self._epoch += 1
            self._seen = 0
            self._rng.shuffle(self._order)
            self._gather()
            self._plan = self._epoch_plan.copy()

    def advance(self, target: float, updates: int) -> bool:
        """Train up to ``updates`` updates without passing ``target`` epochs; True when no update fits before it."""
        n = self.data.n_train
        limit = target * n + 1e-6
        with np.errstate(all="ignore"):  # overflow is an event, found by `finite`, not a warning
            for _ in range(updates):
                if self._epoch * n + self._plan[-1][3] > limit:
                    return True
                self.step()
        return self._epoch * n + self._plan[-1][3] > limit

    def train(self, epochs: float = 1) -> None:
        """Train for so many epochs."""
        target = self.position + epochs
        while not self.advance(target, 1000):
            pass

    # ---- seeing ----

    def evaluate(self) -> Metrics:
        """Losses, accuracies and diagnostics on all points, see `engine.diagnostics`."""
        with np.errstate(all="ignore"):
            return measure(self)

    def logits(self, x: Array) -> Array:
        """Logits ``(K, n_out, m)`` of inputs ``(n_in + 1, m)``, computed in chunks that fit the cache."""
        m = x.shape[1]
        widest = max(rows for rows, _ in self.network.shapes) * self.network.networks
        chunk = max(256, min(m, CHUNK // widest))
        out = np.empty((self.network.networks, self.network.shapes[-1][0], m), self.dtype)
        with np.errstate(all="ignore"):
            for start in range(0, m, chunk):
                part = x[:, start : start + chunk]
                out[:, :, start : start + chunk] = self._pass(part.shape[1]).forward(part)
        return out

    def predict(self, points: Array) -> Array:
        """Class probabilities ``(K, classes, m)`` of points ``(2, m)``."""
        with np.errstate(all="ignore"):
            return self.loss.probabilities(self.logits(self.inputs(np.asarray(points), self.dtype)))

    def boundary(self, resolution: int = 64) -> Array:
        """Class probabilities ``(K, classes, resolution, resolution)`` over the plane; row 0 has the largest x2."""
        if self._grid[0] != resolution:
            side = np.linspace(*PLANE, 2 * resolution + 1)[1::2]  # centres of the cells
            x1, x2 = np.meshgrid(side, side[::-1])
            self._grid = resolution, self.inputs(np.stack([x1.ravel(), x2.ravel()]), self.dtype)
        with np.errstate(all="ignore"):
            p = self.loss.probabilities(self.logits(self._grid[1]))
        return p.reshape(*p.shape[:2], resolution, resolution)

    # ---- changing and keeping ----

    def change(self, *specs: NetworkSpec) -> None:
        """Go on with other live settings. Raises ValueError if a spec would have started elsewhere.

        The optimizer keeps its memory unless it is replaced by another kind.
        """
        if [spec.start() for spec in specs] != [spec.start() for spec in self.specs]:
            raise ValueError("only live settings can change while a network trains")
        self._configure(specs)

    def state(self) -> dict[str, Any]:
        """Everything that decides how the run goes on, as arrays and JSON values."""
        return {
            "parameters": self.network.parameters.copy(),
            "slots": self._slots.copy(),
            "update": self._update.copy(),
            "order": self._order.copy(),
            "counters": [self.steps, self._epoch, self._seen, self._slot_steps],
            "generator": self._rng.bit_generator.state,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state` of a trainer with the same data and networks. Raises ValueError if it does not fit."""
        arrays = {
            "parameters": self.network.parameters,
            "slots": self._slots,
            "update": self._update,
            "order": self._order,
        }
        for name, array in arrays.items():
            if np.shape(state[name]) != array.shape:
                raise ValueError(f"{name}: expected shape {array.shape}, got {np.shape(state[name])}")
        for name, array in arrays.items():
            array[...] = state[name]
        self.steps, self._epoch, self._seen, self._slot_steps = state["counters"]
        self._rng.bit_generator.state = state["generator"]
        self._gather()
        self._plan = self._partition(self._seen)
