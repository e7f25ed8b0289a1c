"""Bias and variance, read from the errors on the parts of the points (S1, S2).

best possible → training = avoidable bias, training → train-dev = variance, train-dev → validation or test = data
mismatch, validation → test = overfitting the validation part. Where a part is missing, its neighbours are compared:
without train-dev the step from training to the next part is variance (and mismatch, if there is any). Errors on few
points are uncertain, so a gap counts only where it is larger than chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.component import Array
from engine.data import PartName
from engine.trainer import Trainer

Kind = Literal["avoidable_bias", "variance", "data_mismatch", "validation_overfitting"]
Name = Literal["best", PartName]

LEAST = 0.01
"""A smaller gap between error rates is not worth the work; of values, a smaller share of their spread."""
SURE = 2.0
"""How many standard errors a gap must have to be more than chance."""


@dataclass(frozen=True)
class Error:
    """The error on a part: an error rate, or the root mean squared error of values. ``uncertainty`` is its standard
    error, for a part of so many points."""

    value: float
    uncertainty: float = 0.0


@dataclass(frozen=True)
class Gap:
    """From one part to the next: how much larger the error is, and whether that matters."""

    kind: Kind
    before: Name
    after: Name
    size: float
    uncertainty: float
    matters: bool


def rate(wrong: int, points: int) -> Error:
    """The error rate of so many wrong points. Its standard error is √p(1 − p)/n, with p = (wrong + 1)/(n + 2), so that
    no mistake among few points is not taken for certainty."""
    p = (wrong + 1) / (points + 2)
    return Error(wrong / points, float(np.sqrt(p * (1 - p) / points)))


def deviation(residuals: Array) -> Error:
    """The root mean squared error of values; its standard error is about σ/√2n."""
    value = float(np.sqrt(np.mean(np.square(residuals))))
    return Error(value, value / float(np.sqrt(2 * len(residuals))))


def errors(trainer: Trainer, network: int = 0) -> dict[Name, Error]:
    """The errors of one network on all parts that have points."""
    data, loss = trainer.data, trainer.loss
    logits = trainer.logits(trainer.x)[network]
    there = {name: part for name, part in trainer.parts(network).items() if len(part)}
    if data.task == "values":
        residuals = loss.probabilities(logits, 0)[0] - data.labels
        return {name: deviation(residuals[part]) for name, part in there.items()}
    wrong = loss.predict(logits, data.classes) != data.labels
    return {name: rate(int(wrong[part].sum()), len(part)) for name, part in there.items()}


def gaps(found: Mapping[Name, Error], best: float | None = None, least: float = LEAST) -> tuple[Gap, ...]:
    """The steps between the parts that there are, in their order. ``best`` is the smallest error that is possible, if
    someone knows; without it nobody can tell how much of the training error is avoidable."""
    known: dict[Name, Error] = {**found}
    steps: list[tuple[Kind, Name, Name]] = []
    if best is not None:
        known["best"] = Error(best)
        steps.append(("avoidable_bias", "best", "train"))
    at: Name = "train"
    following: tuple[tuple[Kind, Name], ...] = (
        ("variance", "train_dev"),
        ("data_mismatch" if "train_dev" in known else "variance", "validation"),
    )
    for kind, name in following:
        if name in known:
            steps.append((kind, at, name))
            at = name
    if "test" in known:
        last: dict[Name, Kind] = {"train_dev": "data_mismatch", "validation": "validation_overfitting"}
        steps.append((last.get(at, "variance"), at, "test"))
    return tuple(_gap(kind, known, before, after, least) for kind, before, after in steps)


def _gap(kind: Kind, known: Mapping[Name, Error], before: Name, after: Name, least: float) -> Gap:
    size = known[after].value - known[before].value
    uncertainty = float(np.hypot(known[after].uncertainty, known[before].uncertainty))
    return Gap(kind, before, after, size, uncertainty, size > max(least, SURE * uncertainty))
