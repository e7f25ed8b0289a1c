"""A session: one to six networks on the same data, in step, and what a page sees of them. No socket and no clock.

Commands come in, messages go out. Commands wait in an inbox and are carried out by the one thread that trains, between
two updates; so nothing changes while an update runs. All networks stand at the same epoch (to within an update,
where batch sizes differ), and rows of the history are recorded at fixed epochs, whatever the pace of the frames: equal
links give equal curves.
"""

import json
import math
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, ClassVar

import numpy as np

from app import checkpoint, frames, links, picture, protocol, views
from app.bounds import BOUNDS, Bounds
from app.i18n import translate
from app.panel import Groups, Panel, shares
from app.rows import Row, tables
from app.schema import Invalid, Problem, dump, refusal, shown
from app.variations import variations, vary
from engine import Data, Experiment, Trainer, draw, seeds
from engine.ablation import Off
from engine.checks import refuse, refuse_size
from engine.component import Array, Refused
from engine.crew import Crew, crews
from engine.datasets import Own
from engine.losses import AutomaticLoss
from engine.own import encode
from engine.results import size
from engine.spec import MAX_SEED
from engine.tf_playground import serves, trainer_for

RECORDS_PER_DOUBLING = 128
MEASURE_EVERY = 4  # frames
WAITING = 64_000  # bytes of moments that wait to be handed out, from which no more are kept
LONG, SHORT = 0.25, 0.15  # seconds on the line from which pictures are coarse, and to which they are fine again


def next_recorded(position: float) -> int:
    """The first epoch after ``position`` that is recorded: each at first, then 128 for every doubling."""
    epoch = math.floor(position + 1e-9) + 1
    stride = max(1, 2 ** (epoch.bit_length() - RECORDS_PER_DOUBLING.bit_length()))
    return -(-epoch // stride) * stride


class Session:
    """See the module. `submit` may be called from any thread, everything else from one thread at a time."""

    def __init__(self, bounds: Bounds = BOUNDS) -> None:
        self.bounds = bounds
        self.inbox: deque[protocol.Command | protocol.Resume] = deque()
        self.experiment = Experiment()
        self.panels: list[Panel] = []
        self.data: Data = draw(self.experiment.data)
        self.playing = False
        self.slow: float | None = None
        """Updates a second, where each is to be seen; None: the experiment's speed holds."""
        self.run = 0
        self.saved = 0
        """Bytes of all checkpoints that were handed out."""
        self.trained = 0
        """Updates of single networks in this session, whatever they began with."""
        self._target = 0.0  # epochs
        self._until = math.inf  # the epoch to stop at
        self._recorded = 0.0  # the latest recorded epoch
        self._ids = 0
        self._looked_at: int | None = None  # a panel's id,
        self._looked_seed = 0  # which of its networks,
        self._looks: tuple[views.View, ...] = ()  # and what of it
        self._frames = 0
        self._coarse = False  # the line is slow
        self._rows: list[Row] = []
        self._latest: Row | None = None  # the latest measured row,
        self._measured_at = 0  # and the number of frames before it
        self._events: list[str | bytes] = []
        self._crews: list[tuple[Crew | Trainer, list[Panel]]] | None = None  # who trains together; None: not known
        self._changed = False  # something to show that no frame has shown
        self._stale = False  # the latest row was measured before a change of panels or settings
        self._jumps = 0
        self._unsaved = False  # something has changed since the latest checkpoint
        self._begun = False  # a run has begun that is in no checkpoint yet
        self._moments: list[bytes] = []  # checkpoints to be handed out: of its beginning, of what was gone away from

    # ---- in ----

    def submit(self, command: protocol.Command | protocol.Resume) -> None:
        """Put a command into the inbox."""
        self.inbox.append(command)

    def apply(self) -> None:
        """Carry out all waiting commands."""
        if self.inbox:
            self._disband()
        while self.inbox:
            command = self.inbox.popleft()
            before = self._said
            try:
                self._handlers[type(command)](self, command)
            except Invalid as error:
                for problem in error.problems:
                    self.report("error", problem)
            else:
                self._unsaved |= not isinstance(command, protocol.Look | protocol.Ask)
            opened = isinstance(command, protocol.Open | protocol.Resume) and self.panels
            if opened or before != self._said:
                self._say_state()
            self._changed = True
        if self._begun:  # taken before anything is trained, so that it can always be gone back to
            self._begun, self._unsaved = False, False
            self._moments = [saved] if (saved := self.checkpoint()) else []

    @property
    def _said(self) -> tuple[object, ...]:
        """What the page is told of when a command has changed it."""
        return self.experiment, self.playing, self._until, self.slow, self.run, len(self.panels)

    @property
    def _stops_at(self) -> float | None:
        return self._until if self._until < math.inf else None

    def report(self, kind: str, problem: Problem) -> None:
        """Say that something was refused or left out."""
        self._events.append(report(kind, problem))

    # ---- training ----

    @property
    def networks(self) -> int:
        """How many networks there are in all panels."""
        return sum(panel.seeds for panel in self.panels)

    @property
    def in_training(self) -> int:
        """How many of them can train on."""
        return sum(panel.seeds for panel in self._healthy)

    @property
    def position(self) -> float:
        """Epochs that the furthest healthy network has trained; where none is left, the furthest of all."""
        standing = self._healthy or self.panels
        return max((panel.own.position for panel in standing), default=self._target)

    @property
    def _next_update(self) -> float:
        """Where the next update of any network leads to."""
        return min((panel.own.next_position for panel in self._healthy), default=self._target)

    @property
    def _here(self) -> float:
        """Where it stands, as an aim: all come to where the furthest is. But who was set going again far behind the
        others while nothing plays stays there; it catches up when they are asked to go on."""
        if self.playing:
            return self.position
        behind = [panel for panel in self._healthy if panel.own.next_position <= self._recorded + 1e-9]
        return min((panel.own.position for panel in behind), default=self.position)

    @property
    def _healthy(self) -> list[Panel]:
        """The panels that can train on."""
        return [panel for panel in self.panels if not (panel.diverged or panel.stopped)]

    @property
    def pace(self) -> float:
        """Epochs a second."""
        if not self._healthy:
            return self.experiment.speed
        if self.slow is None:
            updates = sum(panel.own.epoch_steps * panel.seeds for panel in self._healthy)
            return min(self.experiment.speed, self.bounds.updates / updates)
        return self.slow / max(panel.own.epoch_steps for panel in self._healthy)

    def aim(self, epochs: float) -> None:
        """Have the networks train on by so many epochs (a fraction counts), if the session plays; in slow motion by one
        update at most."""
        if not (self.playing and self._healthy):
            return
        self._target = min(self._target + epochs, self._until)
        if self.slow is not None:
            self._target = min(self._target, self._next_update)

    def work(self, updates: int) -> bool:
        """A slice of training: at most so many updates for each network. True when there is nothing left to do."""
        healthy = self._healthy
        if not healthy:
            return True
        stop = min(self._target, float(next_recorded(self._recorded)))
        before = sum(panel.own.steps * panel.seeds for panel in healthy)
        if self._crews is None:
            self._crews = []
            for crew, places in crews([panel.trainer for panel in healthy]):
                self._crews.append((crew, [healthy[place] for place in places]))
                for place in places:
                    healthy[place].crew = crew if isinstance(crew, Crew) else None
        arrived = all([crew.advance(stop, updates) for crew, _ in self._crews])
        if done := sum(panel.own.steps * panel.seeds for panel in healthy) - before:
            self.trained += done
            self._changed = self._unsaved = True
            for crew, panels in self._crews:
                for panel, finite in zip(panels, shares(crew.finite, panels), strict=True):
                    if not finite.any():
                        self._diverge(panel)
                    elif panel.own.finished:
                        self._stop(panel)
        if arrived and stop < self._target + 1e-9 and stop == next_recorded(self._recorded):
            self._recorded = stop
            self._rows.append(self._measure(min(stop, self.position), recorded=True))
            arrived = stop >= self._target
        if arrived and self.playing and self._target >= self._until:
            self._halt()
            self._say_state()
        return arrived

    def _halt(self) -> None:
        """Nothing trains from here on."""
        self.playing, self._until = False, math.inf

    def _groups(self) -> Groups:
        """All networks with numbers, and for each the panels it is shown in."""
        together = [(crew.population, panels) for crew, panels in self._crews or () if isinstance(crew, Crew)]
        seen = {panel.id for _, panels in together for panel in panels}
        alone = [panel for panel in self.panels if panel.id not in seen and not panel.diverged]
        return together + [(panel.trainer, [panel]) for panel in alone]

    def _disband(self) -> None:
        """From here on every panel's trainer may be changed by itself; crews are formed anew with the next work."""
        for panel in self.panels:
            if panel.crew is not None:
                panel.crew.settle()
                panel.crew = None
        self._crews = None

    def give_up(self) -> None:
        """Time is up. While it plays, what could not be trained is given up, so that no debt is carried along; an epoch
        that was asked for by itself goes on with the next frame."""
        if self.playing:
            self._target = self.position

    @property
    def unfinished(self) -> bool:
        """Whether an update or epoch that was asked for by itself is not done yet."""
        return not self.playing and any(panel.own.next_position <= self._target + 1e-9 for panel in self._healthy)

    # ---- out ----

    def messages(self, frame: bool, save: bool = False, keep: bool = False) -> list[str | bytes]:
        """Everything there is to send: events, with ``frame`` a frame if there is anything new to see, with ``save`` a
        checkpoint, and with ``keep`` those of moments that a page may want to come back to one by one: the beginning of
        a run, and while it stands still or in slow motion every change."""
        frame_bytes = self._frame() if frame and self._changed and self.panels else None
        out, self._events = self._events, []
        if frame_bytes:
            out.append(frame_bytes)
            out += self._views()
        checkpoints = []
        if save or keep:
            checkpoints, self._moments = self._moments, []
        if save or (keep and self._unsaved and not self._flows and not self.unfinished):
            checkpoints += [saved] if (saved := self.checkpoint()) else []
            self._unsaved = False
        self.saved += sum(map(len, checkpoints))
        return out + checkpoints

    @property
    def unsaved(self) -> bool:
        """Whether there is something that is in no checkpoint."""
        return self._unsaved or bool(self._moments)

    @property
    def _flows(self) -> bool:
        """It trains, and faster than each update could be looked at."""
        return self.playing and self.slow is None

    @property
    def frame_number(self) -> int:
        """Number of the latest frame."""
        return self._frames

    def suit(self, rate: float) -> None:
        """Have the pictures fit a line of so many bytes a second: coarser ones where fine ones take long."""
        seconds = len(self.panels) * picture.GRID**2 / rate
        self._coarse = seconds > (SHORT if self._coarse else LONG)

    def checkpoint(self) -> bytes | None:
        """Everything this session consists of, for `protocol.Resume`; None if it is too big to be handed about."""
        if not self.panels:
            return None
        plain = {
            "playing": self.playing,
            "slow": self.slow,
            "run": self.run,
            "target": self._target,
            "until": self._stops_at,
            "recorded": self._recorded,
            "ids": self._ids,
        }
        panels = [
            {"id": panel.id, "copy_of": panel.copy_of, "diverged": panel.diverged, "stopped": panel.stopped}
            for panel in self.panels
        ]
        trainers = [panel.trainer for panel in self.panels]
        message = checkpoint.encode(plain, self.experiment, trainers, panels, self.position, self._jumps)
        return message if len(message) <= self.bounds.checkpoint else None

    def _say_state(self) -> None:
        shown_panels: list[dict[str, Any]] = [
            {
                "id": panel.id,
                "copy_of": panel.copy_of,
                **asdict(size(panel.trainer.network)),
                "loss": panel.trainer.loss.id,
                "batch_size": panel.own.batch_size,
                "outputs": panel.trainer.loss.sides(self.data.classes),
                "off": len(panel.trainer.network.off),
                "held_out": panel.own.held_out,
            }
            for panel in self.panels
        ]
        state = {
            "type": "state",
            "experiment": dump(self.experiment),
            "playing": self.playing,
            "until": self._stops_at,
            "slow": self.slow,
            "run": self.run,
            "jump": self._jumps,
            "link": links.encode(self.experiment),
            "link_complete": links.complete(self.experiment),
            "panels": shown_panels,
        }
        self._events.append(json.dumps(state, ensure_ascii=False))

    def _say_change(self, what: str, changes: list[dict[str, Any]], place: dict[str, Any] | None) -> None:
        """Say that something was changed from outside while the run went on; before its first update nothing was."""
        if changes and self.position > 0:
            event = {"type": "change", "epoch": self.position, "what": what, "place": place, "changes": changes}
            self._events.append(json.dumps(event, ensure_ascii=False))

    def _say_data(self) -> None:
        data = self.data
        classes = data.task == "classes"
        arrays: dict[str, Array] = {
            "points": np.ascontiguousarray(data.points.T, np.float32),
            "labels": data.labels.astype(np.uint8) if classes else np.zeros(len(data.labels), np.uint8),
            "part": data.parts,
            "classes": np.array([data.classes], np.int32),
        }
        if not classes:
            arrays["values"] = data.labels.astype(np.float32)
        about = {"kind": "data", "run": str(self.run), "task": data.task, "dimensions": str(data.dimensions)}
        self._events.append(frames.encode(arrays, about))

    def _measure(self, epoch: float, recorded: bool) -> Row:
        metrics = {}
        for trainer, panels in self._groups():
            measured = trainer.evaluate()
            for place, panel in enumerate(panels):
                own = measured.of(place) if len(panels) > 1 else measured
                if seeds.standing(own).any():
                    metrics[panel.id] = own
                elif recorded:  # what a frame in between finds must not change the run
                    self._diverge(panel)
        self._latest, self._measured_at = Row(epoch, recorded, metrics), self._frames
        return self._latest

    def _now(self, position: float) -> Row:
        """What is known now. While it plays, the numbers between two recorded epochs are measured for every fourth
        frame only: they cost more than a frame's updates, and nobody reads them twenty times a second."""
        latest = self._latest
        if self._flows and not self._stale and latest and self._frames - self._measured_at < MEASURE_EVERY:
            return replace(latest, epoch=position, recorded=False)
        return self._measure(position, recorded=False)

    def _frame(self) -> bytes:
        position = self.position
        if self._stale or not self._rows or self._rows[-1].epoch != position:
            self._rows.append(self._now(position))
        rows, self._rows = self._rows, []
        for panel in self.panels:
            if metrics := rows[-1].metrics.get(panel.id):
                if panel.seeds == 1:
                    panel.predicted = metrics.predicted[0].astype(np.uint8)
                elif panel.predicted is None or self._measured_at == self._frames:
                    panel.predicted = seeds.predicted(panel.trainer).astype(np.uint8)
        grid = picture.grid_size(self.panels, self._flows, self._coarse)
        arrays: dict[str, Array] = {
            **picture.pictures(self.panels, self._groups(), self.data, grid),
            "predicted": picture.predictions(self.panels, len(self.data.labels)),
            "epoch": np.array([row.epoch for row in rows]),
            "recorded": np.array([row.recorded for row in rows], np.uint8),
            "step": np.array([panel.own.steps for panel in self.panels], np.float64),
            "diverged": np.array([panel.diverged for panel in self.panels], np.uint8),
            "stopped": np.array([panel.stopped for panel in self.panels], np.uint8),
        }
        count = self.experiment.seeds
        if count > 1:
            known = [rows[-1].metrics.get(panel.id) for panel in self.panels]
            standing = [seeds.standing(each).sum() if each else 0 for each in known]
            arrays["lost"] = np.array([count - each for each in standing], np.uint8)
            arrays["solved"] = np.array([seeds.solved(each).sum() if each else 0 for each in known], np.uint8)
        depth = max(len(panel.spec.hidden) for panel in self.panels)
        arrays |= tables(rows, [panel.id for panel in self.panels], depth, count)
        self._frames += 1
        self._changed = self._stale = False
        return frames.encode(arrays, {"kind": "frame", "frame": str(self._frames), "run": str(self.run)})

    def _views(self) -> list[bytes]:
        """What is looked at and is due, every few frames while it plays."""
        scene = self._scene(self._looked_at, self._looked_seed)
        if scene is None or scene.panel.diverged:
            return []
        due = [view for view in self._looks if not (self._flows and self._frames % view.every)]
        seen = []
        for view in due:
            try:
                seen.append(views.message(view, scene, self.run, self.position))
            except Refused as error:  # it has come to make no sense, for instance because the network is another now
                self._looks = tuple(each for each in self._looks if each != view)
                self.report("error", refusal(error, "views"))
        return [message for message in seen if message]

    def _scene(self, panel_id: int | None, seed: int) -> views.Scene | None:
        places = [place for place, panel in enumerate(self.panels) if panel.id == panel_id]
        return views.Scene(self.panels, places[0], self.data, min(seed, self.experiment.seeds - 1)) if places else None

    # ---- commands ----

    def _build(self, experiment: Experiment, data: Data) -> list[Trainer]:
        self._refuse(experiment, data)
        return [trainer_for(data, *spec.seeded(experiment.seeds)) for spec in experiment.panels]

    def _refuse(self, experiment: Experiment, data: Data) -> None:
        self.bounds.check(experiment, data)
        for place, spec in enumerate(experiment.panels):
            try:
                refuse(spec, data)
            except Refused as error:
                params = {"reason": error.reason._asdict()}
                raise Invalid(Problem(("panels", place, error.field), "impossible", params)) from None
        try:
            refuse_size(experiment)
        except Refused as error:
            raise Invalid(refusal(error)) from None

    def _start(self, experiment: Experiment, keep: bool = False) -> None:
        """Begin anew with an experiment; with ``keep`` the networks' hidden layers stay as they are. Raises Invalid,
        with nothing changed, if it makes no sense."""
        fresh_data = not self.panels or experiment.data != self.experiment.data
        data = draw(experiment.data) if fresh_data else self.data
        trainers = self._build(experiment, data)
        if keep:
            for panel, trainer in zip(self.panels, trainers, strict=False):
                if not panel.diverged:
                    trainer.adopt(panel.trainer, trainer.network.depth)
        self.experiment, self.data = experiment, data
        ids = [panel.id for panel in self.panels[: len(trainers)]]
        while len(ids) < len(trainers):
            ids.append(self._new_id())
        self.panels = [Panel(panel_id, trainer) for panel_id, trainer in zip(ids, trainers, strict=True)]
        self.run += 1
        self._target = 0.0
        self._until = math.inf
        self._recorded = 0.0
        if fresh_data:
            self._say_data()
        self._rows = [self._measure(0.0, recorded=True)]
        self._begun = True

    def _new_id(self) -> int:
        self._ids += 1
        return self._ids

    def _open(self, command: protocol.Open) -> None:
        experiment, notices = links.decode(command.link)
        for notice in notices:
            self.report("notice", notice)
        try:
            self._start(experiment)
        except Invalid:
            if not self.panels:
                self._start(Experiment())
            raise

    def _resume(self, command: protocol.Resume) -> None:
        """Go on where a checkpoint was taken; in a session that has begun, go there and stay, at the speed of now.
        Raises Invalid, with nothing changed, if it is none."""
        restored = checkpoint.decode(command.message, self.bounds)
        state = restored.state
        begun = bool(self.panels)
        self._keep_moment()
        seen = begun and state.experiment.data == self.experiment.data
        experiment = replace(state.experiment, speed=self.experiment.speed) if begun else state.experiment
        self.experiment, self.data = experiment, restored.data
        memories = {panel.id: panel.memory for panel in self.panels}
        self.panels = [
            Panel(panel.id, trainer, panel.copy_of, panel.diverged, panel.stopped)
            for panel, trainer in zip(state.panels, restored.trainers, strict=True)
        ]
        for panel in self.panels:
            panel.memory = memories.get(panel.id, panel.memory)
        self.run, self._target, self._recorded, self._ids = state.run, state.target, state.recorded, state.ids
        if begun:
            self._halt()
            self._target = self._here
        else:
            self.playing, self.slow = state.playing and bool(self._healthy), state.slow
            self._until = math.inf if state.until is None else state.until
        self._jumps += 1
        self._rows = []
        self._stale = True
        self._begun = False
        if not seen:
            self._say_data()
        for panel in self.panels:
            if not panel.diverged and not panel.own.finite.any():
                self._diverge(panel)

    def _keep_moment(self) -> None:
        """Before the session goes away or on from where it stands: what no checkpoint has can be come back to."""
        waiting = sum(map(len, self._moments))
        if self._unsaved and waiting < WAITING and (left := self.checkpoint()):
            self._moments.append(left)

    def _configure(self, command: protocol.Configure) -> None:
        self._start(command.experiment)

    def _play(self, command: protocol.Play) -> None:
        self._go_on()
        self._target = self.position
        until = math.inf if command.until is None else command.until
        self._halt()
        if self._healthy and self._next_update <= until + 1e-9:
            self.playing, self._until = True, until

    def _pause(self, command: protocol.Pause) -> None:
        self._halt()
        self._target = self._here

    def _go_on(self) -> None:
        """Where it stands still, every change is a moment of its own, also where training goes on at once."""
        if not self.playing and not self.unfinished:
            self._keep_moment()

    def _step(self, command: protocol.Step) -> None:
        self._go_on()
        self._halt()
        self._target = self._next_update

    def _epoch(self, command: protocol.Epoch) -> None:
        self._go_on()
        self._halt()
        self._target = math.floor(self.position + 1e-9) + 1.0

    def _reset(self, command: protocol.Reset) -> None:
        further = self.experiment.seeds
        fresh = tuple(replace(spec, seed=(spec.seed + further) % (MAX_SEED + 1)) for spec in self.experiment.panels)
        self._start(replace(self.experiment, panels=fresh))

    def _rewind(self, command: protocol.Rewind) -> None:
        self._start(self.experiment)

    def _speed(self, command: protocol.Speed) -> None:
        self.experiment = replace(self.experiment, speed=float(command.value))

    def _seeds(self, command: protocol.Seeds) -> None:
        if command.value != self.experiment.seeds:
            self._start(replace(self.experiment, seeds=command.value))

    def _slow(self, command: protocol.Slow) -> None:
        self.slow = command.rate
        self._target = self._here

    def _add(self, command: protocol.Add) -> None:
        self._room()
        self._start(replace(self.experiment, panels=(*self.experiment.panels, self.experiment.panels[-1])))

    def _duplicate(self, command: protocol.Duplicate) -> None:
        self._room()
        original = self._panel(command.panel)
        self._refuse(replace(self.experiment, panels=(*self.experiment.panels, original.spec)), self.data)
        copy = trainer_for(self.data, *original.trainer.specs)
        copy.restore(original.trainer.state())
        panel = replace(original, id=self._new_id(), own=copy, copy_of=original.id)
        self.panels.insert(command.panel + 1, panel)
        self._stale = True
        self.experiment = replace(self.experiment, panels=tuple(panel.spec for panel in self.panels))

    def _remove(self, command: protocol.Remove) -> None:
        self._panel(command.panel)
        if len(self.panels) == 1:
            raise Invalid(Problem(("panels",), "last_panel", {}))
        del self.panels[command.panel]
        if not self._healthy:
            self._halt()
        self.experiment = replace(self.experiment, panels=tuple(panel.spec for panel in self.panels))

    def _set(self, command: protocol.Set) -> None:
        self._panel(0)  # there is none before the first experiment
        places = range(len(self.panels)) if command.panels is None else command.panels
        specs = list(self.experiment.panels)
        for place in places:
            specs[place] = replace(self._panel(place).spec, **{command.name: command.value})
        experiment = replace(self.experiment, panels=tuple(specs))
        if experiment == self.experiment and not command.restart:
            return
        live = all(spec.start() == panel.spec.start() for spec, panel in zip(specs, self.panels, strict=True))
        if command.restart or not live:
            self._start(experiment)
            return
        self._refuse(experiment, self.data)
        changes = []
        for spec, panel in zip(specs, self.panels, strict=True):
            if spec != panel.spec:
                before, after = (dump(each)[command.name] for each in (panel.spec, spec))
                changes.append({"panel": panel.id, "before": before, "after": after})
                panel.trainer.change(*spec.seeded(experiment.seeds))
                self._set_going(panel)
        self._say_change("setting", changes, {"name": command.name})
        self._stale = True
        self.experiment = experiment

    def _set_data(self, command: protocol.SetData) -> None:
        data = replace(self.experiment.data, **{command.name: command.value})
        if data != self.experiment.data:
            self._start(self._suited(replace(self.experiment, data=data)), keep=command.keep)

    def _suited(self, experiment: Experiment) -> Experiment:
        """The experiment with the automatic loss where data of another kind leave no sense to the chosen one, and
        without a seed of TensorFlow Playground's for data that it does not have."""
        data = experiment.data
        if data.tf_seed and not serves(data):
            experiment = replace(experiment, data=replace(data, tf_seed=""))
        if data.dataset.task == self.experiment.data.dataset.task:
            return experiment
        values = data.dataset.task == "values"
        auto = AutomaticLoss()
        panels = tuple(spec if spec.loss.values and values else replace(spec, loss=auto) for spec in experiment.panels)
        if any(old.loss not in (new.loss, auto) for old, new in zip(experiment.panels, panels, strict=True)):
            self.report("notice", Problem((), "loss_by_data", {}))
        return replace(experiment, panels=panels)

    def _points(self, command: protocol.Points) -> None:
        """Own points, drawn one by one: the networks keep their weights and train on, if their outputs still fit."""
        table = np.array(command.points, float)
        own = Own(encode(table[:, :2].T, table[:, 2].astype(int)))
        experiment = self._suited(replace(self.experiment, data=replace(self.experiment.data, dataset=own, tf_seed="")))
        if experiment == self.experiment:
            return
        data = draw(experiment.data)
        kinds = [(each.task, each.classes, each.attributes) for each in (data, self.data)]
        # Where no network stands, because none was opened or all have diverged, there is nothing to go on from.
        standing = any(not panel.diverged for panel in self.panels)
        if kinds[0] != kinds[1] or self.experiment.data.tf_seed or not standing:
            self._start(experiment, keep=True)
            return
        trainers = self._build(experiment, data)
        for panel, trainer in zip(self.panels, trainers, strict=True):
            if panel.diverged:
                panel.diverged = False
            else:
                trainer.go_on_from(panel.trainer)
            panel.own, panel.predicted, panel.stopped = trainer, None, False
        counts = [len(each.labels) for each in (self.data, data)]
        self.experiment, self.data = experiment, data
        self._target = self._here
        self._stale = True
        self._say_data()
        changes = [{"panel": panel.id, "before": counts[0], "after": counts[1]} for panel in self.panels]
        self._say_change("points", changes, None)

    def _vary(self, command: protocol.Vary) -> None:
        known = {variation.id: variation for variation in variations()}
        if command.variation not in known:
            params = {"value": shown(command.variation), "expected": ", ".join(known)}
            raise Invalid(Problem(("variation",), "unknown_choice", params))
        base = self._panel(command.panel).spec
        self._start(replace(self.experiment, panels=vary(base, known[command.variation], command.values)))

    def _look(self, command: protocol.Look) -> None:
        for place, view in enumerate(command.views):
            if not view.every:
                raise Invalid(Problem(("views", place), "only_asked", {"value": view.id}))
        looked_at = None if command.panel is None else self._panel(command.panel).id
        seed = self._seed(command.seed)
        self._looked_at, self._looked_seed, self._looks = looked_at, seed, command.views

    def _ask(self, command: protocol.Ask) -> None:
        panel = self._panel(command.panel)
        scene = self._scene(panel.id, self._seed(command.seed))
        assert scene is not None
        try:
            answer = None if panel.diverged else views.message(command.view, scene, self.run, self.position)
        except Refused as error:
            raise Invalid(refusal(error, "view")) from None
        if answer:
            self._events.append(answer)

    def _weigh(self, command: protocol.Weigh) -> None:
        panel = self._panel(command.panel)
        network = panel.trainer.network
        if command.layer > network.depth:
            params = {"value": command.layer, "minimum": 0, "maximum": network.depth}
            raise Invalid(Problem(("layer",), "too_large", params))
        seed = self._seed(command.seed)
        weights = network.unbiased(command.layer)[seed]
        for name, place, count in zip(("unit", "input"), (command.unit, command.input), weights.shape, strict=True):
            if place is not None and place >= count:
                raise Invalid(Problem((name,), "too_large", {"value": place, "minimum": 0, "maximum": count - 1}))
        link = (command.layer, command.unit, command.input)
        before = network.whole()[seed, network.place_of(link)]
        panel.trainer.put(seed, link, command.value)
        self._set_going(panel)
        change = {"panel": panel.id, "before": float(before), "after": command.value}
        self._stale = True
        place = {name: getattr(command, name) for name in ("layer", "unit", "input")}
        self._say_change("weight", [change], place)

    def _switch(self, command: protocol.Switch) -> None:
        panel = self._panel(command.panel)
        network = panel.trainer.network
        for name, items, refused in (
            ("units", command.units, network.locate),
            ("links", command.links, network.place_of),
        ):
            for place, item in enumerate(items):
                try:
                    refused(item)
                except ValueError:
                    params = {"value": shown(item), "expected": f"one of the {name} of this network"}
                    raise Invalid(Problem((name, place), "unknown_choice", params)) from None
        before = network.off
        chosen = Off(frozenset(command.units), frozenset(command.links))
        off = Off() if command.on and not chosen else before.with_switched(chosen, command.on)
        if off == before:
            return
        if len(off.links) > protocol.MAX_OFF:
            raise Invalid(Problem(("links",), "too_long", {"value": len(off.links), "maximum": protocol.MAX_OFF}))
        panel.trainer.switch(off)
        self._set_going(panel)
        self._stale = True
        self._say_state()
        change = {"panel": panel.id, "before": len(before), "after": len(off)}
        self._say_change("switch", [change], None)

    def _set_going(self, panel: Panel) -> None:
        """After a change to a panel that may have stopped early: whether it goes on now."""
        stopped, panel.stopped = panel.stopped, panel.trainer.finished
        if stopped and not panel.stopped:
            self._target = self._here

    def _panel(self, place: int) -> Panel:
        if place >= len(self.panels):
            params = {"value": place, "minimum": 0, "maximum": len(self.panels) - 1}
            raise Invalid(Problem(("panel",), "no_such_panel", params))
        return self.panels[place]

    def _seed(self, seed: int) -> int:
        if seed >= self.experiment.seeds:
            params = {"value": seed, "minimum": 0, "maximum": self.experiment.seeds - 1}
            raise Invalid(Problem(("seed",), "too_large", params))
        return seed

    def _room(self) -> None:
        if len(self.panels) >= self.bounds.panels:
            raise Invalid(Problem(("panels",), "too_many_panels", {"maximum": self.bounds.panels}))

    def _diverge(self, panel: Panel) -> None:
        self._disband()
        panel.diverged = True
        epoch = round(panel.trainer.position, 3)
        message = translate("en", "diverged.text", epoch=epoch)
        event = {"type": "diverged", "panel": panel.id, "epoch": epoch, "code": "overflow", "message": message}
        self._events.append(json.dumps(event))
        self._pause_if_nothing_trains()

    def _stop(self, panel: Panel) -> None:
        self._disband()
        panel.stopped = True
        assert panel.trainer.stopping is not None
        best, epoch = panel.trainer.stopping.best_epoch, int(panel.trainer.position)
        code, params = "early_stopping", {"epoch": epoch, "best": int(best[0])}
        if panel.seeds > 1:
            code, params = "early_stopping_seeds", {"epoch": epoch, "first": int(best.min()), "last": int(best.max())}
        message = translate("en", f"stopped.{code}", **params)
        event = {"type": "stopped", "panel": panel.id, "epoch": epoch, "code": code}
        self._events.append(json.dumps(event | {"params": params, "message": message}))
        self._pause_if_nothing_trains()

    def _pause_if_nothing_trains(self) -> None:
        if self.playing and not self._healthy:
            self._halt()
            self._say_state()

    _handlers: ClassVar[dict[type[protocol.Command | protocol.Resume], Callable[["Session", Any], None]]] = {
        protocol.Open: _open,
        protocol.Resume: _resume,
        protocol.Configure: _configure,
        protocol.Play: _play,
        protocol.Pause: _pause,
        protocol.Step: _step,
        protocol.Epoch: _epoch,
        protocol.Reset: _reset,
        protocol.Rewind: _rewind,
        protocol.Speed: _speed,
        protocol.Seeds: _seeds,
        protocol.Slow: _slow,
        protocol.Add: _add,
        protocol.Duplicate: _duplicate,
        protocol.Remove: _remove,
        protocol.Set: _set,
        protocol.SetData: _set_data,
        protocol.Points: _points,
        protocol.Vary: _vary,
        protocol.Look: _look,
        protocol.Ask: _ask,
        protocol.Weigh: _weigh,
        protocol.Switch: _switch,
    }


def report(kind: str, problem: Problem) -> str:
    """The event that says what was refused (``error``) or left out (``notice``)."""
    where = {"path": problem.path} if kind == "error" else {}
    event = {"type": kind, **where, "code": problem.code, "params": problem.params, "message": problem.message}
    return json.dumps(event)
