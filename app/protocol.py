"""The wire: what a page may say (commands, JSON text) and what a session answers (events, JSON text, and binary
messages, see `app.frames`). The protocol page is drawn from these models and tables.
"""

import re
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, Field, PlainValidator, ValidationError

from app.rows import BANDED, BANDED_LAYERS
from app.schema import STRICT, Invalid, Problem, fields_of, load, parse, problems, real, shown, whole
from app.views import VIEWS, View
from app.views.base import Tensor
from engine.datasets import PLANE
from engine.own import MAX_CLASSES, MAX_POINTS
from engine.spec import MAX_DEPTH, MAX_PANELS, MAX_SEEDS, MAX_WIDTH, DataSpec, Experiment, NetworkSpec

MAX_MESSAGE = 64 * 1024
MAX_WEIGHT = 1e4
MAX_UNITS = 2048  # in one network, inputs and outputs included
MAX_OFF = 1024  # single weights of one network that are switched off
MAX_EPOCH = 1e9
SLOW = (0.2, 10.0)  # updates a second in slow motion

Panel: Any = whole(0, MAX_PANELS - 1, "Place of the panel, from 0.")
Seed: Any = whole(0, MAX_SEEDS - 1, "Which of the panel's networks, from 0, where it has several seeds.")
OwnClass: Any = whole(0, MAX_CLASSES - 1, "Class of a point, from 0.")
Coordinate: Any = real(*PLANE, "Coordinate of a point.")


def _at(place: str, kind: Any, value: object) -> Any:
    """Validate a part of a command. Raises Invalid with its place."""
    try:
        return parse(kind, value)
    except Invalid as error:
        raise Invalid(*(problem.under(place) for problem in error.problems)) from None


def _views(value: object) -> tuple[View, ...]:
    """The views to look at, each kind once: what a page may have computed for every frame is bounded by their number.
    Raises Invalid."""
    chosen: tuple[View, ...] = _at("views", tuple[View, ...], value)
    kinds = [view.id for view in chosen]
    for place, kind in enumerate(kinds):
        if kind in kinds[:place]:
            raise Invalid(Problem(("views", place), "twice", {}))
    return chosen


class Command(BaseModel):
    """Base of all commands."""

    model_config = STRICT


class Open(Command):
    """Begin with the experiment of a link; the first message of a page. If it makes no sense, what runs stays."""

    type: Literal["open"]
    link: Annotated[str, Field(max_length=32_768, description="The address's fragment, without #; empty for default.")]


class Configure(Command):
    """Replace the whole experiment and start it anew."""

    type: Literal["configure"]
    experiment: Annotated[
        Any,
        PlainValidator(partial(parse, Experiment)),
        Field(
            description="Data, panels, speed and seeds, as the state event shows them; what is left out has a default."
        ),
    ]


class Play(Command):
    """Train on, at the chosen speed."""

    type: Literal["play"]
    until: Annotated[
        real(0, MAX_EPOCH, "An epoch.") | None,  # type: ignore[valid-type]
        Field(description="The epoch to stop at, exactly; left out or null, it goes on until it is told to stop."),
    ] = None


class Pause(Command):
    """Stop training; everything stays as it is."""

    type: Literal["pause"]


class Step(Command):
    """Pause, and make one update."""

    type: Literal["step"]


class Epoch(Command):
    """Pause, and train to the end of the epoch."""

    type: Literal["epoch"]


class Reset(Command):
    """Start again with new weights: every network's seed moves on by one, by as many as there are of several seeds."""

    type: Literal["reset"]


class Rewind(Command):
    """Start again with the weights the link draws."""

    type: Literal["rewind"]


class Speed(Command):
    """Set the speed."""

    type: Literal["speed"]
    value: Annotated[Any, Field(description="Epochs per second.")]


class Seeds(Command):
    """Train so many networks in each panel, alike but for the seeds of their first weights; all start anew."""

    type: Literal["seeds"]
    value: Annotated[Any, Field(description="How many: 1, 8, 16 or 32.")]


class Slow(Command):
    """Slow motion: make one update at a time, so many a second, whatever the speed."""

    type: Literal["slow"]
    rate: Annotated[
        real(*SLOW, "Updates a second.") | None,  # type: ignore[valid-type]
        Field(description="Updates a second, from 0.2 to 10; null to train at the experiment's speed again."),
    ]


class Add(Command):
    """Add a panel like the last one; all start anew."""

    type: Literal["add"]


class Duplicate(Command):
    """Add a copy of a panel with its weights; all go on."""

    type: Literal["duplicate"]
    panel: Panel


class Remove(Command):
    """Remove a panel."""

    type: Literal["remove"]
    panel: Panel


class Set(Command):
    """Change one setting of some or all networks. A live setting changes while they train."""

    type: Literal["set"]
    name: Annotated[str, Field(description="A field of a network.")]
    value: Annotated[Any, Field(description="Its new value.")]
    panels: Annotated[list[Panel] | None, Field(description="Which panels; null for all.")] = None
    restart: Annotated[bool, Field(description="Start anew even if the setting is a live one.")] = False


class SetData(Command):
    """Change one setting of the data; all start anew."""

    type: Literal["set_data"]
    name: Annotated[str, Field(description="A field of the data.")]
    value: Annotated[Any, Field(description="Its new value.")]
    keep: Annotated[
        bool,
        Field(description="Transfer learning: keep the hidden layers as they are, draw only the output layer anew."),
    ] = False


class Points(Command):
    """Replace the points by the user's own, given one by one. The networks keep their weights and train on, unless the
    number of classes changes."""

    type: Literal["points"]
    points: Annotated[
        list[Annotated[tuple[Coordinate, Coordinate, OwnClass], Field(strict=False)]],  # JSON has lists only
        Field(min_length=2, max_length=MAX_POINTS, description="From 2 to 2,000 of [x1, x2, class]."),
    ]


class Vary(Command):
    """Replace the panels by copies of one that differ in exactly one thing."""

    type: Literal["vary"]
    variation: Annotated[str, Field(description="One of the catalog's variations.")]
    values: Annotated[
        list[Any], Field(min_length=1, max_length=MAX_PANELS, description="One for each panel, from 1 to 6 of them.")
    ]
    panel: Panel = 0


class Look(Command):
    """Look at one network: the messages of the chosen views come with every few frames, until another is looked at."""

    type: Literal["look"]
    panel: Annotated[Panel | None, Field(description="Place of the panel, from 0; null to stop looking.")]
    views: Annotated[
        Any,
        PlainValidator(_views),
        Field(description="The views, as texts or objects with an id, each id once.", validate_default=True),
    ] = ["inside"]
    seed: Seed = 0


class Ask(Command):
    """Ask for one view of a network once."""

    type: Literal["ask"]
    panel: Panel
    view: Annotated[Any, PlainValidator(partial(_at, "view", View)), Field(description="The view, as text or object.")]
    seed: Seed = 0


class Weigh(Command):
    """Put a weight or a bias of one network to a value. The networks train on."""

    type: Literal["weigh"]
    panel: Panel
    layer: whole(0, MAX_DEPTH, "Weight layer, from 0; the last one leads to the outputs.")  # type: ignore[valid-type]
    unit: whole(0, 5 * MAX_WIDTH - 1, "Row of the layer's weights: the unit it leads to.")  # type: ignore[valid-type]
    input: Annotated[
        whole(0, MAX_WIDTH - 1, "Column.") | None,  # type: ignore[valid-type]
        Field(description="Column of the layer's weights: the unit it comes from; null for the bias."),
    ]
    value: real(-MAX_WEIGHT, MAX_WEIGHT, "The new value.")  # type: ignore[valid-type]
    seed: Seed = 0


_Layer: Any = whole(0, MAX_DEPTH, "Weight layer.")
_Row: Any = whole(0, 5 * MAX_WIDTH - 1, "Row.")
_Column: Any = whole(0, MAX_WIDTH - 1, "Column.")
_Unit: Any = whole(0, MAX_UNITS - 1, "A unit.")


class Switch(Command):
    """Switch units, weights or biases of all networks of a panel off, so that they are 0, or on again; all go on."""

    type: Literal["switch"]
    panel: Panel
    on: Annotated[bool, Field(description="Whether they come back; with neither units nor links, all that is off.")]
    units: Annotated[
        list[_Unit],
        Field(max_length=MAX_UNITS, description="Units, counted through from the inputs to the outputs."),
    ] = []
    links: Annotated[
        list[Annotated[tuple[_Layer, _Row, _Column | None], Field(strict=False)]],  # JSON has lists only
        Field(max_length=MAX_OFF, description="Weights as [layer, row, column]; null for the column: the bias."),
    ] = []


class Ack(Command):
    """A frame has been drawn; at most two may be on their way."""

    type: Literal["ack"]
    frame: whole(0, 2**53, "Its number.")  # type: ignore[valid-type]


@dataclass(frozen=True)
class Resume:
    """A checkpoint, the one binary message a page sends. As the first one of a connection the run goes on where it was
    taken; later on the session goes to that moment and stays there."""

    message: bytes


COMMANDS: tuple[type[Command], ...] = tuple(Command.__subclasses__())

_BY_NAME = {get_args(command.model_fields["type"].annotation)[0]: command for command in COMMANDS}

# What a session says in JSON: name → (description, fields).
EVENTS: dict[str, tuple[str, dict[str, str]]] = {
    "state": (
        "The whole state, after every command that changed it; the server is authoritative.",
        {
            "experiment": "data, panels, speed and seeds, as `configure` takes them",
            "playing": "whether training goes on",
            "until": "the epoch at which it will stop by itself, or null",
            "slow": "updates a second in slow motion, or null",
            "run": "counts fresh starts; history of an earlier run is void",
            "jump": "counts the checkpoints gone to in this connection: what follows may lie before what came before",
            "link": "the experiment as a link",
            "link_complete": "whether the link holds everything; own points beyond 400 are left out",
            "panels": "a list of {id, copy_of, units, parameters, bytes, loss, batch_size, outputs, off, held_out}, in "
            "the order of the frames' arrays; bytes is what the parameters take, loss and batch_size are those in use, "
            "which the settings need not be, outputs says for each output which classes (from 0) become less probable "
            "as it grows and which more, off how many units and links are switched off, held_out where the "
            "training points begin and end that validate instead, once for all seeds or once for each",
        },
    ),
    "error": (
        "A message was refused; nothing has changed.",
        {
            "path": "where in the experiment or command, as a list",
            "code": "what is wrong",
            "params": "figures: value, minimum, maximum, expected, …",
            "message": "the same as an English sentence",
        },
    ),
    "notice": (
        "Something was left out and the rest applied.",
        {"code": "what", "params": "figures", "message": "the same as an English sentence"},
    ),
    "change": (
        "Something was changed from outside while the run went on: a live setting, a weight, the points, what is off.",
        {
            "epoch": "when",
            "what": "setting, weight, points or switch",
            "changes": "a list of {panel, before, after}: the panel's id, and the values, or numbers of points "
            "or of what is off",
            "place": "{name} of a setting, {layer, unit, input} of a weight (input is null for a bias), else null",
        },
    ),
    "stopped": (
        "Early stopping has ended a network and restored its best weights; the others go on.",
        {
            "panel": "the panel's id",
            "epoch": "when",
            "code": "why",
            "params": "epoch, and best: the epoch of the restored weights; of several seeds first and last of them",
            "message": "the same as an English sentence",
        },
    ),
    "diverged": (
        "A network's numbers have overflowed; it is paused, the others go on.",
        {"panel": "the panel's id", "epoch": "when", "code": "why", "message": "what to try, as an English sentence"},
    ),
    "load": (
        "Sessions wait for each other, so all of them train less and get fewer frames. Said to pages that play, at "
        "most every five seconds, and once when it is over.",
        {"busy": "whether it is so now", "rate": "frames a second that this page got of late"},
    ),
    "alive": ("Said when there was nothing else to say for five seconds: a line that is silent for longer is cut.", {}),
}


def _end(name: str, end: str) -> Tensor:
    """The description of one end of the band of several seeds."""
    shape = "(T, P, L + 1)" if name in BANDED_LAYERS else "(T, P)"
    return "F32", shape, f"of several seeds: a tenth of them have a {end}er {name}"


# What the binary messages are for, and their arrays: kind → (description, name → (type, shape, description)).
MESSAGES: dict[str, tuple[str, dict[str, Tensor]]] = {
    "data": (
        "All points; sent when they change.",
        {
            "points": ("F32", "(N, 2)", "coordinates of every point"),
            "labels": ("U8", "(N)", "class of every point, 0 where they carry values"),
            "values": ("F32", "(N)", "value of every point, only where the metadata's task is values"),
            "part": (
                "U8",
                "(N)",
                "0 training (with the points that early stopping holds out), 1 test, 2 validation, 3 train-dev",
            ),
            "classes": ("I32", "(1)", "number of classes, 0 where they carry values"),
        },
    ),
    "frame": (
        "What the panels show now, and the rows of the history since the frame before.",
        {
            "boundary": (
                "U8",
                "(P, G, G)",
                "class·Q + level with Q = ⌊256 / classes⌋; level is the confidence from 0 to Q − 1; row 0 is the top; "
                "for values (v + 1)/2 · 255, cut off at ±1",
            ),
            "curve": ("F32", "(P, 121)", "prediction along the x1 axis from -6 to 6, only for data of 1 dimension"),
            "predicted": ("U8", "(P, N)", "predicted class of every point"),
            "epoch": ("F64", "(T)", "epochs trained at each row; the last row is now, with numbers up to 4 frames old"),
            "recorded": ("U8", "(T)", "1 where the row belongs into the history"),
            "train_loss": ("F32", "(T, P)", "data loss on the training points"),
            "test_loss": ("F32", "(T, P)", "data loss on the test points"),
            "validation_loss": ("F32", "(T, P)", "data loss on the validation points, NaN where there are none"),
            "train_dev_loss": ("F32", "(T, P)", "data loss on the train-dev points, NaN where there are none"),
            "penalty": ("F32", "(T, P)", "regularization loss R"),
            "train_accuracy": ("F32", "(T, P)", "share of training points classified correctly"),
            "test_accuracy": ("F32", "(T, P)", "share of test points classified correctly"),
            "validation_accuracy": ("F32", "(T, P)", "share of validation points classified correctly"),
            "train_dev_accuracy": ("F32", "(T, P)", "share of train-dev points classified correctly"),
            "vote_accuracy": ("F32", "(T, P)", "share of test points right by the vote of a panel's seeds"),
            "train_r2": ("F32", "(T, P)", "R² on the training points, for values"),
            "test_r2": ("F32", "(T, P)", "R² on the test points, for values"),
            "validation_r2": ("F32", "(T, P)", "R² on the validation points, for values"),
            "train_dev_r2": ("F32", "(T, P)", "R² on the train-dev points, for values"),
            "validation_error": ("F32", "(T, P)", "root mean squared error on the validation points, for values"),
            "train_dev_error": ("F32", "(T, P)", "root mean squared error on the train-dev points, for values"),
            "train_error": ("F32", "(T, P)", "root mean squared error on the training points, for values"),
            "test_error": ("F32", "(T, P)", "root mean squared error on the test points, for values"),
            "dead_ratio": ("F32", "(T, P)", "share of hidden units that are 0 for every training point"),
            "saturation_ratio": ("F32", "(T, P)", "share of outputs of bounded units with |g′(z)| < 0.05"),
            "zero_ratio": ("F32", "(T, P)", "share of weights with |w| < 0.001, biases not counted"),
            "layer_dead_ratio": ("F32", "(T, P, L)", "the same for each hidden layer, NaN where there is none"),
            "layer_saturation_ratio": ("F32", "(T, P, L)", "the same for each hidden layer"),
            "layer_mean": ("F32", "(T, P, L)", "mean of the outputs of each hidden layer at the training points"),
            "layer_spread": ("F32", "(T, P, L)", "their standard deviation"),
            "gradient_norm": ("F32", "(T, P, L + 1)", "norm of the gradient of each weight layer"),
            "update_ratio": ("F32", "(T, P, L + 1)", "norm of the last update over norm of the weights"),
            **{f"{name}_{end}": _end(name, end) for name in (*BANDED, *BANDED_LAYERS) for end in ("low", "high")},
            "disagreement": (
                "U8",
                "(P, G, G)",
                "of several seeds: share · 255 that tell another class than the mean "
                "of all, which the boundary shows; for values their standard deviation, at most 1",
            ),
            "solved": ("U8", "(P)", "of several seeds: how many have a test accuracy of at least 95 %, or R² of 0.9"),
            "lost": ("U8", "(P)", "of several seeds: how many have overflowed, and are left out of all else"),
            "curve_low": ("F32", "(P, 121)", "of several seeds: a tenth of their curves are lower"),
            "curve_high": ("F32", "(P, 121)", "of several seeds: a tenth of their curves are higher"),
            "step": ("F64", "(P)", "updates so far"),
            "diverged": ("U8", "(P)", "1 where the network has diverged"),
            "stopped": ("U8", "(P)", "1 where early stopping has ended the network"),
        },
    ),
    "part": (
        "A piece of a checkpoint, where the line is slow; in order, from `at` 0, and `of` is the whole length.",
        {"bytes": ("U8", "(B)", "the piece")},
    ),
    **{name: (chosen.description.en, chosen.tensors) for name, chosen in VIEWS.items()},
}


# What pages write twenty times a second is known at sight.
_ACK = re.compile(r'\{"type":"ack","frame":([0-9]{1,15})\}')


def decode(text: str) -> Command:
    """The command in a text message, fully validated. Raises Invalid."""
    if ack := _ACK.fullmatch(text):
        return Ack.model_construct(type="ack", frame=int(ack[1]))  # nothing is left to be validated
    size = len(text.encode(errors="replace"))
    if size > MAX_MESSAGE:
        raise Invalid(Problem((), "too_big", {"value": size, "limit": MAX_MESSAGE}))
    value = load(text)
    if not isinstance(value, dict):
        params = {"value": shown(value), "expected": "an object with a type"}
        raise Invalid(Problem((), "unknown_command", params))
    name = value.get("type")
    if not isinstance(name, str) or name not in _BY_NAME:
        params = {"value": shown(name), "expected": ", ".join(_BY_NAME)}
        raise Invalid(Problem(("type",), "unknown_command", params))
    try:
        command = _BY_NAME[name].model_validate(value)
    except ValidationError as error:
        raise Invalid(*problems(error)) from None
    if isinstance(command, Set):
        places = command.panels if command.panels is not None else [0]
        where: tuple[str | int, ...] = ("panels", places[0] if places else 0)
        command.value = _field(NetworkSpec, command.name, command.value, where)
    elif isinstance(command, SetData):
        command.value = _field(DataSpec, command.name, command.value, ("data",))
    elif isinstance(command, Speed):
        command.value = _field(Experiment, "speed", command.value, ())
    elif isinstance(command, Seeds):
        command.value = _field(Experiment, "seeds", command.value, ())
    return command


def _field(cls: type, name: str, value: object, where: tuple[str | int, ...]) -> Any:
    hints = {field: hint for field, hint, setting, _ in fields_of(cls) if setting}
    if name not in hints:
        expected = ", ".join(hints)
        raise Invalid(Problem(("name",), "unknown_choice", {"value": shown(name), "expected": expected}))
    try:
        return parse(hints[name], value)
    except Invalid as error:
        raise Invalid(*(problem.under(*where, name) for problem in error.problems)) from None
