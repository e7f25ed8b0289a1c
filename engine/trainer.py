"""The trainer: K networks in lock-step on the same points, one update at a time, repeatable to the last bit.

Everything a run consists of is in `Trainer.state`: parameters, running averages, the optimizer's slots, the order of
the epoch, generators, counters. Two trainers with equal states go on with equal digits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from engine.ablation import Link, Off
from engine.activations import Activation
from engine.checks import refuse
from engine.component import Array
from engine.data import Data, Inputs, PartName, draw
from engine.datasets import PLANE
from engine.diagnostics import Metrics, measure
from engine.layers import Noise
from engine.network import Network, Pass, Shape
from engine.optimizers import Optimizer, clip
from engine.regularizers import Regularizer
from engine.spec import DataSpec, NetworkSpec
from engine.stopping import Stopping
from engine.streams import AUGMENTATION, ORDER, ROWS, stream

# A grid chunk's widest activation buffer stays within the cache: this many numbers.
CHUNK = 16_384

# Settings in which the networks of a population may differ as they like, besides any float parameter of a component.
OWN = ("seed", "initializer", "gain", "bias", "learning_rate", "clip_norm")


def _augmenting(spec: NetworkSpec) -> list[Regularizer]:
    return [regularizer for regularizer in spec.regularizers if type(regularizer).augment is not Regularizer.augment]


class Trainer:
    """Trains one or more networks of the same shape on ``data``.

    The networks may differ in seed, initializer, gain, bias, learning rate, clipping and any float parameter of their
    activations, optimizers, schedules and regularizers (but for augmentation); ValueError says where they differ in
    more. An epoch visits every training point once, in an order drawn
    anew each epoch from the data's seed, so that all trainers on the same data see the same batches. ``rows``, ``(K,
    n)``, gives each network training points of its own; with ``bootstrap`` they are drawn with replacement, with
    ``folds`` they are all but one fold, which is validation to that network (preprocessing sees all of them).
    """

    _slots: Array

    def __init__(
        self,
        data: Data | DataSpec,
        *specs: NetworkSpec,
        dtype: DTypeLike = np.float32,
        rows: Array | None = None,
    ) -> None:
        """Raises Refused if the settings make no sense together, or with the data."""
        self.data = draw(data) if isinstance(data, DataSpec) else data
        specs = specs or (NetworkSpec(),)
        first = specs[0]
        for spec in specs:
            refuse(spec, self.data)
        self.loss = first.loss.resolve(self.data)
        self.dtype = np.dtype(dtype)
        held_out = first.n_held_out(self.data)
        self.n_train = self.data.n_train - held_out
        self.validation = slice(self.n_train, self.data.n_train) if held_out else self.data.validation
        fitted = slice(None) if first.fit_on_all else self.train_part
        self.inputs = Inputs(first.features, first.preprocessing, self.data.points[:, fitted])
        self.x = self.inputs(self.data.points, dtype)
        self.targets = self.loss.targets(self.data.labels, self.data.classes, dtype)
        outputs = self.loss.outputs(self.data.classes)
        activations = tuple(self._stack_activations(specs))
        shape = Shape(len(self.inputs), first.widths(), outputs, activations, first.batch_norm)
        self.network = Network(shape, len(specs), dtype)
        self._initialize(specs)
        self.fold = self._own_fold(specs)
        self.rows = self._own_rows(specs) if rows is None else np.asarray(rows)
        self.steps = 0
        self._epoch = 0
        self._seen = 0  # training points seen in this epoch
        self._orderer = stream(self.data.seed, ORDER)
        self._augmenter = stream(self.data.seed, AUGMENTATION)
        self._noise = Noise([spec.seed for spec in specs])
        count = self.n_train if self.rows is None else self.rows.shape[1]
        self._count = count
        stack = () if self.rows is None or len(specs) == 1 else (len(specs),)
        self._order = np.arange(count)
        self._reorder()
        # For one network columns lie together, so that a batch of them is in one piece for `dot`.
        order: Literal["F", "C"] = "F" if len(specs) == 1 else "C"
        self._shuffled_x = np.empty((*stack, len(self.x), count), dtype, order)
        self._shuffled_targets = np.empty((*stack, len(self.targets), count), dtype)
        self.update = np.zeros_like(self.network.parameters)
        self._scratch = np.empty_like(self.network.parameters)
        self._grids: dict[int, Array] = {}
        self.stopping: Stopping | None = None
        self._configure(specs)
        self._gather()

    def _initialize(self, specs: Sequence[NetworkSpec]) -> None:
        """Draw the first weights."""
        self.network.initialize(
            [spec.initializer for spec in specs],
            [spec.seed for spec in specs],
            [spec.gain for spec in specs],
            [spec.bias for spec in specs],
        )

    def _own_fold(self, specs: Sequence[NetworkSpec]) -> Array | None:
        """The training points that each network holds out, ``(K, n)``: by its weight seed, so that seeds in a row take
        the folds in turn. A fold's points lie together, which keeps the shares of the classes (see `engine.data`)."""
        folds, size = specs[0].folds, specs[0].fold_size(self.data)
        return np.stack([spec.seed % folds * size + np.arange(size) for spec in specs]) if size else None

    def _own_rows(self, specs: Sequence[NetworkSpec]) -> Array | None:
        if self.fold is not None:
            return np.stack([np.setdiff1d(np.arange(self.n_train), fold) for fold in self.fold])
        if not specs[0].bootstrap:
            return None
        return np.stack([stream(spec.seed, ROWS).integers(0, self.n_train, self.n_train) for spec in specs])

    def _stack_activations(self, specs: Sequence[NetworkSpec]) -> list[Activation]:
        for spec in specs:
            if spec.widths() != specs[0].widths():
                raise ValueError("hidden: networks of one population must share their widths")
        return [
            type(layer[0]).stack(layer, self.dtype, axes=2)
            for layer in zip(*([hidden.activation for hidden in spec.hidden] for spec in specs), strict=True)
        ]

    def _configure(self, specs: tuple[NetworkSpec, ...]) -> None:
        """Take over the live settings. Nothing is changed before everything has been accepted."""
        first = specs[0]
        if len(specs) != self.network.networks:
            raise ValueError(f"expected {self.network.networks} networks, got {len(specs)}")
        activations = self._stack_activations(specs)
        strengths = [tuple(layer.strength for layer in spec.hidden) for spec in specs]
        if len(set(strengths)) > 1:
            raise ValueError("hidden: networks of one population must share their layers' strengths")
        shared = set(NetworkSpec.__dataclass_fields__) - {*OWN, "hidden", "optimizer", "regularizers", "schedule"}
        for name in sorted(shared):
            if any(getattr(spec, name) != getattr(first, name) for spec in specs):
                raise ValueError(f"{name}: networks of one population must share it")
        optimizer = type(first.optimizer).stack([spec.optimizer for spec in specs], np.float64, axes=1)
        optimizer = optimizer.for_type(self.dtype)
        schedule = type(first.schedule).stack([spec.schedule for spec in specs], np.float64, axes=0)
        kinds = {tuple(type(regularizer) for regularizer in spec.regularizers) for spec in specs}
        if len(kinds) > 1:
            raise ValueError("regularizers: networks of one population must share their kinds")
        for spec in specs:
            for one, other in zip(_augmenting(first), _augmenting(spec), strict=True):
                for field in fields(one):  # type: ignore[arg-type]
                    if getattr(one, field.name) != getattr(other, field.name):
                        raise ValueError(f"networks of one population must share {one.id}.{field.name}")
        flat, signal = (
            [
                type(alike[0]).stack(alike, self.dtype, axes)
                for alike in zip(*(spec.regularizers for spec in specs), strict=True)
            ]
            for axes in (1, 2)
        )
        before = getattr(self, "optimizer", None)
        if type(optimizer) is not type(before) or optimizer.slot_count() != len(self._slots):
            self._slots = np.zeros((optimizer.slot_count(), *self.network.parameters.shape), self.dtype)
            self._memory = tuple(self._slots)
            self._slot_steps = 0
        self.activations = activations
        self.optimizer: Optimizer = optimizer
        self.schedule = schedule
        self.regularizers: list[Regularizer] = flat
        self._signal_regularizers: list[Regularizer] = signal
        self.mask = self.network.regularized([*strengths[0], first.output_strength], first.regularize_biases)
        frozen = min(first.frozen, len(first.hidden))
        self._frozen = self.network.spans[frozen].start
        self._moving = self.mask.copy()
        self._moving[: self._frozen] = 0
        if self.network.still is not None:
            self.mask[self.network.still] = self._moving[self.network.still] = 0
        self._projected = [self.network.unbiased(layer) for layer in range(frozen, len(first.hidden) + 1)]
        self._base_rate = self._column([spec.learning_rate for spec in specs])
        clips = [spec.clip_norm or float(np.finfo(self.dtype).max) for spec in specs]
        self._clip = self._column(clips) if any(spec.clip_norm for spec in specs) else None
        self._disturbed = bool(flat) or self._clip is not None
        self._augments = bool(_augmenting(first))
        self.specs = specs
        self._passes: dict[tuple[int, bool], Pass] = {}
        self._set_rate()
        self._epoch_plan = self._partition(0)
        self._plan = self._partition(self._seen)
        self.stopping = Stopping.of(self, self.stopping)

    def _column(self, values: Sequence[float]) -> Array:
        """One number a network, in a shape that goes with ``(K, P)``: ``(K, 1)``, or 0-d if they all have the same."""
        array = np.array(values, self.dtype)
        return array[0].reshape(()) if len(set(values)) == 1 else array[:, np.newaxis]

    def _set_rate(self) -> None:
        factor = self._column(np.broadcast_to(self.schedule.factor(self._epoch), self.network.networks).tolist())
        self._learning_rate = np.asarray(self._base_rate * factor)

    # ---- training ----

    @property
    def train_part(self) -> slice:
        """The training points among all points."""
        return slice(0, self.n_train)

    @property
    def held_out(self) -> list[tuple[int, int]]:
        """Where the training points that validate instead begin and end: one span for all networks, or one for each."""
        if self.fold is not None:
            return [(int(fold[0]), int(fold[-1]) + 1) for fold in self.fold]
        return [(self.n_train, self.data.n_train)] if self.n_train < self.data.n_train else []

    def parts(self, network: int = 0) -> dict[PartName, Array]:
        """The places of all points by what they are to one of the networks: ``train``, ``train_dev``, ``validation``
        and ``test``, each perhaps empty."""
        places = np.arange(len(self.data.labels))
        train, validation = places[self.train_part], places[self.validation]
        if self.fold is not None:
            validation = self.fold[network]
            train = np.setdiff1d(train, validation)
        return {
            "train": train,
            "train_dev": places[self.data.train_dev],
            "validation": validation,
            "test": places[self.data.test],
        }

    @property
    def position(self) -> float:
        """Epochs trained so far, as a fraction: 2.5 is half-way through the third epoch."""
        return self._epoch + self._seen / self._count

    @property
    def next_position(self) -> float:
        """`position` after the next update."""
        return self._epoch + self._plan[-1][3] / self._count

    @property
    def batch_size(self) -> int:
        """Training points an update, the whole training part for a full-batch optimizer."""
        return self._count if self.optimizer.full_batch else min(self.specs[0].batch_size, self._count)

    @property
    def epoch_steps(self) -> int:
        """Updates in a whole epoch."""
        return -(-self._count // self.batch_size)

    @property
    def finished(self) -> bool:
        """Whether early stopping has ended all networks."""
        return self.stopping is not None and bool(self.stopping.stopped.all())

    @property
    def finite(self) -> Array:
        """Which networks have only finite parameters, ``(K,)``."""
        return np.asarray(np.isfinite(self.network.parameters).all(axis=1))

    def _gather(self) -> None:
        """Bring this epoch's points into order, once, so that every batch is a view."""
        x = self.x
        if self._augments:
            points = self.data.points[:, self.train_part]
            for regularizer in self.regularizers:
                points = regularizer.augment(points, self._augmenter)
            x = self.inputs(points, self.dtype)
        if self.rows is None:
            x.take(self._order, 1, self._shuffled_x, "clip")
            self.targets.take(self._order, 1, self._shuffled_targets, "clip")
        else:
            rows = self.rows[:, self._order]
            alone = self.network.networks == 1
            self._shuffled_x[...] = x[:, rows[0]] if alone else x[:, rows].swapaxes(0, 1)
            self._shuffled_targets[...] = self.targets[:, rows[0]] if alone else self.targets[:, rows].swapaxes(0, 1)

    def _partition(self, seen: int) -> list[tuple[Array, Array, Pass, int]]:
        """The batches from point ``seen`` of the epoch on, last first: inputs, targets, layout, points seen after.

        Batch normalization has nothing to normalize over in a batch of one, so a last point alone joins the batch
        before it.
        """
        plan = []
        starts = list(range(seen, self._count, self.batch_size))
        if self.specs[0].batch_norm and len(starts) > 1 and self._count - starts[-1] == 1:
            starts.pop()
        for start, stop in zip(starts, [*starts[1:], self._count], strict=True):
            views = self._shuffled_x[..., start:stop], self._shuffled_targets[..., start:stop]
            plan.append((*views, self.layout(stop - start, training=True), stop))
        return plan[::-1]

    def layout(self, m: int, training: bool = False) -> Pass:
        """The networks laid out for m samples, as they are in training or as they are in prediction."""
        if (m, training) not in self._passes:
            self._passes[m, training] = self.network.lay_out(
                self.activations,
                m,
                training=training,
                regularizers=self._signal_regularizers,
                noise=self._noise,
                residual=self.specs[0].residual,
            )
        return self._passes[m, training]

    def sampler(self, m: int, noise: Noise) -> Pass:
        """The networks laid out for m samples as dropout disturbs them in training, by numbers from ``noise`` instead
        of the run's own; batch normalization is as in prediction."""
        return self.network.lay_out(
            self.activations,
            m,
            sampling=True,
            regularizers=self._signal_regularizers,
            noise=noise,
            residual=self.specs[0].residual,
        )

    def step(self) -> None:
        """One update of every network: forward, backward, regularizers, optimizer."""
        x, targets, layout, seen = self._plan.pop()
        w, g, update = self.network.parameters, self.network.gradients, self.update
        self.steps += 1
        self._slot_steps += 1
        if self.optimizer.line_search:
            self._search(x, targets, layout)
        else:
            d = self.loss.gradient(layout.forward(x), targets, layout.d_logits)
            layout.backward(np.multiply(d, layout.one_over_m, d))
            if self._disturbed:
                self._disturb(g)
            self.optimizer.update(g, w, self.mask, self._learning_rate, self._slot_steps, self._memory, update)
            if self._frozen:
                update[:, : self._frozen] = 0
            if self.network.still is not None:
                np.copyto(update, 0, where=self.network.still)
            np.subtract(w, update, w)
        for regularizer in self.regularizers:
            regularizer.after_step(w, self._moving, self._learning_rate, self._scratch)
            regularizer.project(self._projected)
        self._seen = seen
        if not self._plan:
            self._next_epoch()
        if self.stopping is not None:
            self.stopping.hold(self.network)

    def _disturb(self, g: Array) -> None:
        """What changes the gradient before the optimizer sees it: penalties and clipping."""
        self._add_penalties(g)
        if self._clip is not None:
            clip(g, self._clip)

    def _reorder(self) -> None:
        """Bring the training points into the next epoch's order."""
        self._orderer.shuffle(self._order)

    def _next_epoch(self) -> None:
        self._epoch += 1
        self._seen = 0
        self._reorder()
        self._gather()
        if not self.schedule.constant:
            self._set_rate()
        self._plan = self._epoch_plan.copy()
        if self.stopping is not None:
            self.stopping.look(self)

    def _add_penalties(self, g: Array) -> None:
        for regularizer in self.regularizers:
            penalty = regularizer.gradient(self.network.parameters, self.mask, self._scratch)
            if penalty is not None:
                np.add(g, penalty, g)

    def _search(self, x: Array, targets: Array, layout: Pass) -> None:
        """One iteration of an optimizer that evaluates the objective where it likes."""
        w, g = self.network.parameters, self.network.gradients
        before = w.copy()

        def evaluate() -> tuple[Array, Array]:
            if self._frozen:
                w[:, : self._frozen] = before[:, : self._frozen]
            if self.network.still is not None:
                np.copyto(w, before, where=self.network.still)
            logits = layout.forward(x)
            objective = np.broadcast_to(self.loss.loss(logits, targets), len(w)) + self.penalty()
            d = self.loss.gradient(logits, targets, layout.d_logits)
            layout.backward(np.multiply(d, layout.one_over_m, d))
            self._add_penalties(g)
            if self._frozen:
                g[:, : self._frozen] = 0
            return objective, g

        self.optimizer.search(w, evaluate, self._slots, self._slot_steps, self._learning_rate)
        np.subtract(before, w, self.update)

    def penalty(self) -> Array:
        """The regularization loss R of every network, ``(K,)``."""
        w = self.network.parameters
        return np.asarray(sum((r.penalty(w, self.mask) for r in self.regularizers), np.zeros(len(w), self.dtype)))

    def advance(self, target: float, updates: int) -> bool:
        """Train up to ``updates`` updates without passing ``target`` epochs; True when no update fits before it."""
        count, limit, watched = self._count, target * self._count + 1e-6, self.stopping is not None
        with np.errstate(all="ignore"):  # overflow is an event, found by `finite`, not a warning
            for _ in range(updates):
                if self._epoch * count + self._plan[-1][3] > limit or (watched and self.finished):
                    return True
                self.step()
        return self._epoch * count + self._plan[-1][3] > limit or self.finished

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
        widest = max(weights.shape[1] for weights in self.network.weights) * self.network.networks
        chunk = max(256, min(m, CHUNK // widest))
        out = np.empty((self.network.networks, self.network.sizes[-1], m), self.dtype)
        with np.errstate(all="ignore"):
            for start in range(0, m, chunk):
                part = x[:, start : start + chunk]
                out[:, :, start : start + chunk] = self.layout(part.shape[1]).forward(part)
        return out

    def predict(self, points: Array) -> Array:
        """Class probabilities ``(K, classes, m)`` of points ``(2, m)``, or the values ``(K, 1, m)``."""
        with np.errstate(all="ignore"):
            return self.loss.probabilities(self.logits(self.inputs(np.asarray(points), self.dtype)), self.data.classes)

    def curve(self, resolution: int = 121) -> Array:
        """Predictions ``(K, classes or 1, resolution)`` along the x1 axis, ends included."""
        return self.predict(np.stack([np.linspace(*PLANE, resolution), np.zeros(resolution)]))

    def boundary(self, resolution: int = 64) -> Array:
        """Class probabilities ``(K, classes, resolution, resolution)`` over the plane, or the one predicted value ``(K,
        1, …)``; row 0 has the largest x2."""
        if resolution not in self._grids:
            side = np.linspace(*PLANE, 2 * resolution + 1)[1::2]  # centres of the cells
            x1, x2 = np.meshgrid(side, side[::-1])
            self._grids[resolution] = self.inputs(np.stack([x1.ravel(), x2.ravel()]), self.dtype)
        with np.errstate(all="ignore"):
            p = self.loss.probabilities(self.logits(self._grids[resolution]), self.data.classes)
        return p.reshape(*p.shape[:2], resolution, resolution)

    # ---- changing and keeping ----

    def change(self, *specs: NetworkSpec) -> None:
        """Go on with other live settings. Raises ValueError if a spec would have started elsewhere, Refused if it makes
        no sense; then nothing has changed.

        The optimizer keeps its memory unless it is replaced by another kind.
        """
        if [spec.start() for spec in specs] != [spec.start() for spec in self.specs]:
            raise ValueError("only live settings can change while a network trains")
        for spec in specs:
            refuse(spec, self.data)
        self._configure(specs)

    def switch(self, off: Off) -> None:
        """Switch off these units and links of all networks and nothing else, see `engine.ablation`. Early stopping
        watches from now on. Raises ValueError, with nothing changed, if there is no such unit or link."""
        self._switch(off)
        if self.stopping is not None:
            self.stopping.begin(self)

    def put(self, network: int, link: Link, value: float) -> None:
        """Give a weight or bias of one network a value; one that is off will come back with it. Early stopping watches
        that network from now on. Raises ValueError if there is no such weight or bias."""
        self.network.put(network, link, value)
        if self.stopping is not None:
            self.stopping.begin(self, network)

    def _switch(self, off: Off) -> None:
        self.network.switch(off)
        self._configure(self.specs)

    def adopt(self, source: "Trainer", layers: int) -> None:
        """Transfer learning: take over the first ``layers`` hidden layers of ``source``; the others stay freshly drawn.

        Raises ValueError if their shapes differ. With ``frozen`` they then stay as they are.
        """
        if not 0 <= layers <= min(self.network.depth, source.network.depth):
            raise ValueError(f"layers: {layers} is not from 0 to {min(self.network.depth, source.network.depth)}")
        mine, theirs = self.network, source.network
        if mine.networks != theirs.networks or mine.blocks[:layers] != theirs.blocks[:layers]:
            raise ValueError("layers: the networks' first layers differ in shape")
        end = mine.spans[layers].start
        mine.parameters[:, :end] = theirs.whole(copy=False)[:, :end]
        for own, given in zip(mine.averages[:layers], theirs.averages[:layers], strict=True):
            own[...] = given

    def go_on_from(self, source: "Trainer") -> None:
        """Train on where ``source`` stands, on other points: weights, averages, the optimizer's memory and the counters
        are taken over, a begun epoch begins anew. Raises ValueError if the networks differ in shape or optimizer."""
        if self.network.parameters.shape != source.network.parameters.shape or self._slots.shape != source._slots.shape:
            raise ValueError("networks and optimizers must be alike")
        if source.network.off != self.network.off:
            self._switch(source.network.off)
        for mine, theirs in (
            (self.network.parameters, source.network.whole(copy=False)),
            (self._slots, source._slots),
            (self.update, source.update),
            *zip(self.network.averages, source.network.averages, strict=True),
        ):
            mine[...] = theirs
        self.network.set_aside()
        self.steps, self._epoch, self._slot_steps = source.steps, source._epoch, source._slot_steps
        self._set_rate()
        if self.stopping is not None:
            self.stopping.begin(self)

    def alone(self, place: int) -> "Trainer":
        """One network of the population as a trainer of its own, which stands where it stands and goes on with the same
        digits. With one network it is a copy."""
        rows = None if self.rows is None else self.rows[place : place + 1]
        single = type(self)(self.data, self.specs[place], dtype=self.dtype, rows=rows)
        single.go_with(self, place)
        return single

    def go_with(self, source: "Trainer", place: int) -> None:
        """Stand where network ``place`` of ``source`` stands now, of which this has been made by `alone`."""
        single = {}
        for name, array in source.state(copy=False).items():
            if name == "noise":
                single[name] = {purpose: states[place : place + 1] for purpose, states in array.items()}
            elif (axis := source.member_axis(name)) is None:
                single[name] = array
            else:
                single[name] = array[(slice(None),) * axis + (slice(place, place + 1),)]
        if source.rows is not None and source.network.networks > 1:
            single["shuffled"] = single["shuffled"][0]
        self.restore(single)

    def member_axis(self, name: str) -> int | None:
        """Which axis of an array of the `state` counts the networks; None if they share it, or if it is no array."""
        if name == "shuffled":
            return 0 if self.rows is not None and self.network.networks > 1 else None
        if name in ("order", "left", "counters", "generators", "off"):
            return None
        return 1 if name == "slots" or name.startswith(("averages.", "stopping.averages.")) else 0

    @property
    def counters(self) -> tuple[int, int, int, int]:
        """Where it stands: updates, whole epochs, points seen of the epoch, updates of this optimizer."""
        return self.steps, self._epoch, self._seen, self._slot_steps

    @property
    def between_batches(self) -> bool:
        """Whether the next batch is one that this epoch would have had from its beginning on, too."""
        return self._seen in (0, *(batch[3] for batch in self._epoch_plan))

    def take(self, source: "Trainer", theirs: int, mine: int) -> None:
        """Take over one network's numbers: parameters, averages, the optimizer's memory and the last update. Both
        have to be of one shape and one kind of optimizer."""
        self.network.parameters[mine] = source.network.parameters[theirs]
        self.update[mine] = source.update[theirs]
        self._slots[:, mine] = source._slots[:, theirs]
        for own, given in zip(self.network.averages, source.network.averages, strict=True):
            own[:, mine] = given[:, theirs]

    def join(self, source: "Trainer") -> None:
        """Stand where another trainer on the same points stands: the epoch's order, the generator, the counters."""
        self._orderer.bit_generator.state = source._orderer.bit_generator.state
        self._order[...] = source._order
        self._shuffled_x[...] = source._shuffled_x
        self._shuffled_targets[...] = source._shuffled_targets
        self.count_with(source)
        self._set_rate()

    def count_with(self, source: "Trainer") -> None:
        """The counters of another trainer on the same points, and what is left of the epoch."""
        self.steps, self._epoch, self._seen, self._slot_steps = source.counters
        self._plan = self._epoch_plan[: len(source._plan)]

    def _kept(self) -> dict[str, Array]:
        """The arrays of the state, by name."""
        kept = {
            "parameters": self.network.parameters,
            "slots": self._slots,
            "update": self.update,
            "order": self._order,
            "shuffled": self._shuffled_x,
            **{f"averages.{layer}": average for layer, average in enumerate(self.network.averages)},
        }
        return kept | (self.stopping.kept() if self.stopping is not None else {})

    def state(self, copy: bool = True) -> dict[str, Any]:
        """Everything that decides how the run goes on, as arrays (the trainer's own, unless they are copied) and JSON
        values."""
        return {
            **{name: array.copy() if copy else array for name, array in self._kept().items()},
            "parameters": self.network.whole(copy),
            "off": self.network.off.plain(),
            "counters": [self.steps, self._epoch, self._seen, self._slot_steps],
            "generators": [generator.bit_generator.state for generator in (self._orderer, self._augmenter)],
            "noise": self._noise.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state` of a trainer with the same data and networks. Raises ValueError if it does not fit."""
        for name, array in self._kept().items():
            if name not in state:
                raise ValueError(f"{name}: missing from the state")
            if np.shape(state[name]) != array.shape:
                raise ValueError(f"{name}: expected shape {array.shape}, got {np.shape(state[name])}")
        off = Off.of(state["off"]) if "off" in state else Off()
        if off != self.network.off:
            self._switch(off)
        for name, array in self._kept().items():
            array[...] = state[name]
        self.network.set_aside()
        self.steps, self._epoch, self._seen, self._slot_steps = state["counters"]
        for generator, kept in zip((self._orderer, self._augmenter), state["generators"], strict=True):
            generator.bit_generator.state = kept
        self._noise.restore(state["noise"])
        if self.rows is None:
            np.take(self.targets, self._order, axis=1, out=self._shuffled_targets, mode="clip")
        else:
            rows = self.rows[:, self._order]
            alone = self.network.networks == 1
            self._shuffled_targets[...] = self.targets[:, rows[0]] if alone else self.targets[:, rows].swapaxes(0, 1)
        self._set_rate()
        self._plan = self._partition(self._seen)
