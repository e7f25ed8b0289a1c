"""Checkpoints: everything a session consists of, in one binary message that the browser keeps.

The server keeps nothing that matters. Whoever is handed a checkpoint, this process, one that was started anew, or
another machine, goes on with the same digits. It is in the safetensors layout: the arrays of every trainer's state, and
in the header one JSON text with all that is not an array. What comes back has been through other hands, so all of it is
looked at before anything is used.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal, get_args

import numpy as np
from pydantic import BaseModel, Field, PlainValidator, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors

from app import frames
from app.bounds import BOUNDS, Bounds
from app.protocol import MAX_OFF, MAX_UNITS, SLOW
from app.schema import STRICT, Invalid, Problem, dump, load, parse, problems
from engine import Data, Experiment, NetworkSpec, Trainer, draw
from engine.checks import refuse_size
from engine.component import Array, Refused
from engine.tf_playground import trainer_for

VERSION = 1
MAX_COUNT = 2**40  # of updates or epochs: a million a second for twelve days
MAX_ID = 2**30  # views send ids as 32-bit numbers
_PURPOSE = re.compile(r"\d{1,3}(\.\d{1,3}){0,3}")
MAX_PURPOSES = 200

# Arrays that networks on the same points mostly have in common.
Shared = Literal["order", "shuffled"]

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Id = Annotated[int, Field(ge=0, le=MAX_ID)]
Epochs = Annotated[float, Field(ge=0, le=MAX_COUNT)]


class OffState(BaseModel):
    """What is switched off."""

    model_config = STRICT

    units: Annotated[list[Count], Field(max_length=MAX_UNITS)]
    links: Annotated[list[Annotated[tuple[Count, Count, Count | None], Field(strict=False)]], Field(max_length=MAX_OFF)]


class PanelState(BaseModel):
    """A network, but for its arrays."""

    model_config = STRICT

    id: Id
    copy_of: Id | None
    diverged: bool
    stopped: bool
    counters: Annotated[list[Count], Field(min_length=4, max_length=4)]
    generators: Annotated[list[dict[str, Any]], Field(min_length=2, max_length=2)]
    noise: dict[Annotated[str, Field(max_length=15)], list[dict[str, Any]]]
    off: OffState | None = None
    same: dict[Shared, Count] = {}
    """Arrays that an earlier network has as well, and which one."""


class SessionState(BaseModel):
    """A session, but for its arrays."""

    model_config = STRICT

    version: Literal[1]
    experiment: Annotated[Any, PlainValidator(partial(parse, Experiment))]
    playing: bool
    slow: Annotated[float, Field(ge=SLOW[0], le=SLOW[1])] | None = None
    run: Count
    target: Epochs
    until: Epochs | None = None
    recorded: Epochs
    ids: Id
    panels: Annotated[list[PanelState], Field(min_length=1)]


@dataclass(frozen=True)
class Restored:
    """A checkpoint that has been looked at, with trainers that stand where it was taken."""

    state: SessionState
    data: Data
    trainers: list[Trainer]


def encode(
    state: dict[str, Any],
    experiment: Experiment,
    trainers: list[Trainer],
    panels: list[dict[str, Any]],
    epoch: float,
    jumps: int,
) -> bytes:
    """A checkpoint of a session. ``state`` and ``panels`` are the plain fields of `SessionState` and `PanelState`;
    ``epoch`` and ``jumps``, the checkpoints gone to before, are for whoever keeps it, to know which moment it is of."""
    arrays: dict[str, Array] = {}
    described = []
    for place, (trainer, panel) in enumerate(zip(trainers, panels, strict=True)):
        plain: dict[str, Any] = {"same": {}}
        for name, value in trainer.state().items():
            if not isinstance(value, np.ndarray):
                plain[name] = value
            elif name in get_args(Shared) and (twin := _twin(arrays, place, name, value)) is not None:
                plain["same"][name] = twin
            else:
                arrays[f"{place}.{name}"] = value
        described.append(panel | plain)
    document = {"version": VERSION, "experiment": dump(experiment), **state, "panels": described}
    about = {"kind": "checkpoint", "run": str(state["run"]), "epoch": str(epoch), "jump": str(jumps)}
    return frames.encode(arrays, about | {"session": json.dumps(document)})


def _twin(arrays: dict[str, Array], place: int, name: str, value: Array) -> int | None:
    """Which of the networks before has just this array."""
    return next((other for other in range(place) if np.array_equal(arrays.get(f"{other}.{name}", ()), value)), None)


def decode(message: bytes, bounds: Bounds = BOUNDS) -> Restored:
    """The session in a checkpoint. Raises Invalid for anything that `encode` could not have made, or that is larger
    than the bounds, before what it costs is paid.

    Any number may be one that has overflowed: who was saved with such numbers diverges or not as it would have."""
    if len(message) > bounds.checkpoint:
        raise Invalid(Problem((), "too_big", {"value": len(message), "limit": bounds.checkpoint}))
    try:
        arrays = load_tensors(message)
        length = int.from_bytes(message[:8], "little")
        document = load(load(message[8 : 8 + length].decode())["__metadata__"]["session"])
        state = SessionState.model_validate(document)
    except (SafetensorError, KeyError, TypeError, UnicodeDecodeError):
        raise _bad("not the layout of a checkpoint") from None
    except ValidationError as error:
        raise Invalid(*problems(error)) from None
    experiment: Experiment = state.experiment
    if len(state.panels) != len(experiment.panels):
        raise _bad(f"{len(state.panels)} states for {len(experiment.panels)} networks")
    if len({panel.id for panel in state.panels}) < len(state.panels) or max(p.id for p in state.panels) > state.ids:
        raise _bad("the panels' ids are not all different")
    try:
        refuse_size(experiment)
    except Refused as error:
        raise _bad(str(error)) from None
    data = draw(experiment.data)
    bounds.check(experiment, data)
    for place, panel in enumerate(state.panels):
        for name, twin in panel.same.items():
            if twin >= place or f"{twin}.{name}" not in arrays or f"{place}.{name}" in arrays:
                raise _bad(f"{name}: not where it is said to be")
            arrays[f"{place}.{name}"] = arrays[f"{twin}.{name}"]
    trainers = []
    known = set()
    for place, (spec, panel) in enumerate(zip(experiment.panels, state.panels, strict=True)):
        specs = spec.seeded(experiment.seeds)
        prefix = f"{place}."
        own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
        known |= {prefix + name for name in own}
        trainers.append(_restored(data, specs, panel, own))
    if set(arrays) != known:
        raise _bad("arrays that belong to no network")
    return Restored(state, data, trainers)


def _bad(reason: str) -> Invalid:
    return Invalid(Problem((), "bad_checkpoint", {"reason": reason}))


def _restored(data: Data, specs: Sequence[NetworkSpec], panel: PanelState, arrays: dict[str, Array]) -> Trainer:
    """A trainer as the panel's state has it."""
    try:
        trainer = trainer_for(data, *specs)
    except Refused as error:
        raise _bad(str(error)) from None
    expected = {name: value for name, value in trainer.state().items() if isinstance(value, np.ndarray)}
    if set(arrays) != set(expected):
        raise _bad(f"arrays {sorted(set(arrays) ^ set(expected))[:3]} are missing or too many")
    for name, array in arrays.items():
        if array.dtype != expected[name].dtype or array.shape != expected[name].shape:
            raise _bad(f"{name}: expected {expected[name].dtype} {list(expected[name].shape)}")
    if not np.array_equal(np.sort(arrays["order"]), np.sort(expected["order"])):
        raise _bad("order: not every point once")
    steps, epoch, seen, since = panel.counters
    if not (seen < len(expected["order"]) and since <= steps):
        raise _bad("counters that do not fit together")
    best = arrays.get("stopping.best_epoch", np.zeros(1))
    if not ((best >= 0) & (best <= epoch + 1)).all():
        raise _bad("a best epoch that has not been")
    if len(panel.noise) > MAX_PURPOSES or not all(map(_PURPOSE.fullmatch, panel.noise)):
        raise _bad("noise for unknown purposes")
    state = {**arrays, "counters": panel.counters, "generators": panel.generators, "noise": panel.noise}
    if panel.off:
        state["off"] = panel.off.model_dump()
    try:
        trainer.restore(state)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise _bad(f"{type(error).__name__}: {error}"[:120]) from None
    return trainer
