"""The course: lessons, and the cases of the clinic, one JSON file each in ``app/lessons``, in both languages.

A file holds what a learner reads, the prepared panels, the task with its conditions, a solution, and every claim the
texts make, as data: the tests train the panels with several seeds and hold the claims against what comes out.

Conditions and claims speak one small closed language: a quantity of a panel (`QUANTITIES`) is at least or at most a
number. The page judges the same conditions in ``static/js/judge.js``; a test holds the two against each other.
"""

import math
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, Field, model_validator

from app import links
from app.i18n import LANGUAGES
from app.resources import LESSONS
from app.schema import STRICT, Invalid, Problem, dump, load, parse, shown
from engine import Experiment, Metrics, NetworkSpec, Trainer, seeds
from engine.gradient_check import check_now
from engine.spec import MAX_PANELS, DataSpec

Section = Literal[
    "activations",
    "capacity",
    "inputs",
    "initialization",
    "regularization",
    "losses",
    "optimization",
    "strategy",
    "clinic",
]
SECTIONS: tuple[str, ...] = get_args(Section)

# As a frame tells them.
Measured = Literal[
    "train_loss",
    "test_loss",
    "validation_loss",
    "train_accuracy",
    "test_accuracy",
    "validation_accuracy",
    "train_dev_accuracy",
    "vote_accuracy",
    "train_r2",
    "test_r2",
    "validation_r2",
    "dead_ratio",
    "saturation_ratio",
    "zero_ratio",
]
# Of a frame's figures: accuracy lost from the training to the test part; how much the vote of the seeds is above their
# mean; ‖dL/dθ‖ of the first weight layer, and as a multiple of the last one's; ‖last update‖ / ‖θ‖ of the first layer,
# and the mean output of its units. Of the experiment: hidden layers, their units. All else speaks for itself.
Derived = Literal[
    "gap",
    "vote_gain",
    "first_gradient",
    "gradient_share",
    "first_update",
    "first_mean",
    "epoch",
    "depth",
    "hidden_units",
    "parameters",
]
QUANTITIES: tuple[str, ...] = (*get_args(Measured), *get_args(Derived))
# Of the gradient check, which a page has to ask for: the relative error over all layers, and that of the first.
Checked = Literal["check_error", "first_check_error"]
CHECKED: tuple[str, ...] = get_args(Checked)
# What only claims can be about, since a network that has overflowed has no figures: the share of a panel that has.
Lost = Literal["lost_ratio"]
Quantity = Literal[Measured, Derived, Checked]

NETWORK_SETTINGS = tuple(field.name for field in fields(NetworkSpec))
DATA_SETTINGS = tuple(f"data.{field.name}" for field in fields(DataSpec))
MAX_EPOCHS = 1000
SLACK = 1e-6  # the page has its figures in single precision

Panel = Annotated[int, Field(ge=0, lt=MAX_PANELS)]
Epoch = Annotated[int, Field(ge=0, le=MAX_EPOCHS)]


class Both(BaseModel):
    """A text in both languages."""

    model_config = STRICT

    en: Annotated[str, Field(min_length=1, max_length=900)]
    zh: Annotated[str, Field(min_length=1, max_length=500)]


class Bounds(BaseModel):
    """A range, open at one end or none."""

    model_config = STRICT

    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> "Bounds":
        if self.at_least is None and self.at_most is None:
            raise ValueError("expected at_least or at_most")
        return self

    def hold(self, value: float) -> bool:
        """Whether a number lies in the range; what is not known (NaN) does not."""
        low = -math.inf if self.at_least is None else self.at_least
        high = math.inf if self.at_most is None else self.at_most
        return low - SLACK <= value <= high + SLACK


class Condition(Bounds):
    """A quantity of one panel that has to lie in a range."""

    quantity: Quantity


class Task(BaseModel):
    """What to bring about. Solved when one panel, at one time, meets all conditions and differs from the first of the
    prepared panels in none of the settings to ``keep``: names of network settings, ``data.noise`` for one of the data,
    ``data`` for all of them, ``seeds`` for their number."""

    model_config = STRICT

    text: Both
    keep: list[str] = []
    conditions: Annotated[list[Condition], Field(min_length=1)]

    @model_validator(mode="after")
    def _known(self) -> "Task":
        unknown = set(self.keep) - {"data", "seeds", *NETWORK_SETTINGS, *DATA_SETTINGS}
        if unknown:
            raise ValueError(f"keep: no such settings: {', '.join(sorted(unknown))}")
        return self


class Claim(Bounds):
    """A quantity of a prepared panel, at an epoch, that lies in a range; with ``minus``, how far it is above that of
    another panel. It holds for each seed that is tried, or for their mean, or it is about their spread: the standard
    deviation over 32 weight seeds."""

    panel: Panel
    quantity: Literal[Quantity, Lost]
    epoch: Epoch
    minus: Panel | None = None
    over: Literal["each", "mean", "spread"] = "each"


class Question(BaseModel):
    """A prediction to make before anything runs; in the clinic, the diagnosis."""

    model_config = STRICT

    text: Both
    choices: Annotated[list[Both], Field(min_length=2, max_length=4)]
    right: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _exists(self) -> "Question":
        if self.right >= len(self.choices):
            raise ValueError("right: no such choice")
        return self


class Source(BaseModel):
    """Where in the course notes it comes from: which of them, and the heading there."""

    model_config = STRICT

    notes: Literal["S0", "S1", "S2", "S3", "S4"]
    heading: Both


def _experiment(value: object) -> dict[str, Any]:
    dumped: dict[str, Any] = dump(parse(Experiment, value))
    return dumped


def _sensible(value: Any) -> Any:
    try:
        return _experiment(value)
    except Invalid as error:
        raise ValueError(str(error)) from None


Prepared = Annotated[dict[str, Any], AfterValidator(_sensible)]


class Pretraining(BaseModel):
    """What panels train on before they go on to their own data with the hidden layers they have by then (transfer
    learning): the same networks, with other data and other live settings, for so many epochs."""

    model_config = STRICT

    experiment: Prepared
    epochs: Annotated[int, Field(ge=1, le=MAX_EPOCHS)]

    def suits(self, experiment: Mapping[str, Any]) -> bool:
        """Whether the panels of an experiment can go on from here."""
        first, then = (parse(Experiment, each) for each in (self.experiment, experiment))
        starts = [[spec.start() for spec in each.panels] for each in (first, then)]
        return starts[0] == starts[1] and first.seeds == then.seeds


class Lesson(BaseModel):
    """One file of ``app/lessons``. ``epochs``: how long the prepared panels run, and the solution at most. Either may
    have a pretraining before it."""

    model_config = STRICT

    section: Section
    title: Both
    sources: Annotated[list[Source], Field(min_length=1)]
    look: Both
    question: Question
    pretraining: Pretraining | None = None
    experiment: Prepared
    epochs: Annotated[int, Field(ge=1, le=MAX_EPOCHS)]
    why: Annotated[list[Both], Field(min_length=1, max_length=4)]
    claims: Annotated[list[Claim], Field(min_length=1)]
    task: Task
    hint: Both
    solution_pretraining: Pretraining | None = None
    solution: Prepared

    @model_validator(mode="after")
    def _consistent(self) -> "Lesson":
        count = len(self.experiment["panels"])
        for claim in self.claims:
            if max(claim.panel, claim.minus or 0) >= count:
                raise ValueError(f"claims: there is no panel {max(claim.panel, claim.minus or 0)}")
            if claim.epoch > self.epochs:
                raise ValueError(f"claims: epoch {claim.epoch} is after the end, {self.epochs}")
        for first, then in ((self.pretraining, self.experiment), (self.solution_pretraining, self.solution)):
            if first and not first.suits(then):
                raise ValueError("pretraining: expected the same networks, but for live settings")
            if first and "data" not in self.task.keep:
                raise ValueError("keep: a task after a pretraining is about the data it ends with")
        return self

    @property
    def checks(self) -> bool:
        """Whether its claims or its task are about the gradient check."""
        named = [claim.quantity for claim in self.claims] + [condition.quantity for condition in self.task.conditions]
        return not set(named).isdisjoint(CHECKED)

    @property
    def clinical(self) -> bool:
        """Whether it is a case of the clinic."""
        return self.section == "clinic"


@cache
def lessons() -> Mapping[str, Lesson]:
    """All of them by id, in order. The id is the file's name without the number that orders it."""
    files = sorted(LESSONS.glob("*.json"))
    return {path.stem.partition("-")[2]: read(path.read_text("utf-8")) for path in files}


def read(text: str) -> Lesson:
    """The lesson in a file. Raises Invalid for what is no JSON and ValueError for what is no lesson."""
    return Lesson.model_validate(load(text))


def find(name: str) -> Lesson:
    """Raises Invalid if there is none of that id."""
    if name not in lessons():
        raise Invalid(Problem(("name",), "unknown_choice", {"value": shown(name), "expected": ", ".join(lessons())}))
    return lessons()[name]


# ---- judging ----


def quantities(spec: NetworkSpec, parameters: int, epoch: float, metrics: Metrics) -> dict[str, float]:
    """Every quantity of a panel; of several seeds the mean, as the page has it."""
    standing = seeds.standing(metrics)
    if not standing.any():
        standing = ~standing
    found = {name: float(seeds.mean(getattr(metrics, name), standing)) for name in get_args(Measured)}
    gradients = seeds.mean(metrics.gradient_norm.T, standing)
    found["gap"] = found["train_accuracy"] - found["test_accuracy"]
    found["vote_gain"] = found["vote_accuracy"] - found["test_accuracy"]
    found["first_gradient"] = float(gradients[0])
    found["gradient_share"] = float(gradients[0] / gradients[-1]) if gradients[-1] > 0 else math.nan
    found["first_update"] = float(seeds.mean(metrics.update_ratio.T, standing)[0])
    found["first_mean"] = float(seeds.mean(metrics.layer_mean.T, standing)[0]) if spec.hidden else math.nan
    found["lost_ratio"] = float(1 - seeds.standing(metrics).mean())
    widths = spec.widths()
    return found | {
        "epoch": epoch,
        "depth": float(len(widths)),
        "hidden_units": float(sum(widths)),
        "parameters": float(parameters),
    }


def checked(trainer: Trainer) -> dict[str, float]:
    """The quantities of the gradient check, as the page has it."""
    found = check_now(trainer)
    return {"check_error": float(found.relative_error[0]), "first_check_error": float(found.layer_errors[0, 0])}


def kept(task: Task, prepared: Mapping[str, Any], experiment: Mapping[str, Any], panel: int) -> list[str]:
    """The settings of ``task.keep`` in which a panel of an experiment (both in JSON form) differs from the prepared."""
    first, own = prepared["panels"][0], experiment["panels"][panel]
    changed = []
    for name in task.keep:
        if name in ("data", "seeds"):
            same = experiment[name] == prepared[name]
        elif name.startswith("data."):
            same = experiment["data"][name[5:]] == prepared["data"][name[5:]]
        else:
            same = own[name] == first[name]
        if not same:
            changed.append(name)
    return changed


def solved(lesson: Lesson, experiment: Mapping[str, Any], panel: int, measured: Mapping[str, float]) -> bool:
    """Whether a panel with these quantities solves the lesson's task."""
    if kept(lesson.task, lesson.experiment, experiment, panel):
        return False
    return all(condition.hold(measured[condition.quantity]) for condition in lesson.task.conditions)


# ---- for the page ----


def _in(value: Any, lang: str) -> Any:
    """A dumped model with every text in one language."""
    if isinstance(value, dict):
        if set(value) == set(LANGUAGES):
            return value[lang]
        return {name: _in(item, lang) for name, item in value.items()}
    return [_in(item, lang) for item in value] if isinstance(value, list) else value


def overview(lang: str) -> list[dict[str, Any]]:
    """Every section with its lessons: id, title, what is asked or, of a case, told; and sources, which name a fault."""
    return [
        {
            "id": section,
            "lessons": [
                {
                    "id": name,
                    "title": getattr(lesson.title, lang),
                    "about": getattr(lesson.look if lesson.clinical else lesson.question.text, lang),
                    "clinical": lesson.clinical,
                    "sources": _in([source.model_dump() for source in lesson.sources], lang),
                }
                for name, lesson in lessons().items()
                if lesson.section == section
            ],
        }
        for section in SECTIONS
    ]


def describe(name: str, lang: str) -> dict[str, Any]:
    """A lesson as the page shows it, with the link of its prepared panels and the lesson after it. Raises Invalid."""
    lesson = find(name)
    names = list(lessons())
    after = names.index(name) + 1
    following = names[after] if after < len(names) else None
    return {
        **_in(lesson.model_dump(), lang),
        "id": name,
        "clinical": lesson.clinical,
        "number": after,
        "count": len(names),
        "link": links.encode(parse(Experiment, lesson.experiment)),
        "next": following and {"id": following, "title": getattr(lessons()[following].title, lang)},
    }
