"""The points of a run: drawn from a dataset, split into parts, and turned into network inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from engine.component import Array
from engine.datasets import Dataset
from engine.datasets.base import Task
from engine.features import Feature
from engine.own import stable_split
from engine.preprocessing import Preprocessing
from engine.shifts import NoShift
from engine.spec import DataSpec
from engine.streams import POINTS, SHIFT, stream

TRAIN_DEV_SHARE = 0.2
"""Share of shifted training points that is held out as train-dev part."""

STUCK = 1.0
"""What a wrong value reads: the end of the scale, as of an instrument that is stuck."""

# What points can be to a network.
PartName = Literal["train", "train_dev", "validation", "test"]


@dataclass(frozen=True)
class Data:
    """Points ``(2, n)`` and their classes or values ``(n,)``, in this order: training part, train-dev part (training
    points held out, where the training distribution is shifted), validation part, test part. All but the first can be
    empty."""

    points: Array
    labels: Array
    n_train: int
    classes: int
    seed: int
    n_train_dev: int = 0
    n_validation: int = 0
    task: Task = "classes"
    attributes: bool = False
    dimensions: int = 2
    exact: Any = None
    """What `engine.tf_playground` needs to go on as TensorFlow Playground does; None otherwise."""

    @property
    def train(self) -> slice:
        return slice(0, self.n_train)

    @property
    def train_dev(self) -> slice:
        return slice(self.n_train, self.n_train + self.n_train_dev)

    @property
    def validation(self) -> slice:
        return slice(self.train_dev.stop, self.train_dev.stop + self.n_validation)

    @property
    def test(self) -> slice:
        return slice(self.validation.stop, len(self.labels))

    @property
    def parts(self) -> Array:
        """Which part each point belongs to: 0 training, 1 test, 2 validation, 3 train-dev."""
        part = np.zeros(len(self.labels), np.uint8)
        part[self.test], part[self.validation], part[self.train_dev] = 1, 2, 3
        return part


def draw(spec: DataSpec) -> Data:
    """Draw the points of ``spec`` and split them at random, with the same share of every class in all parts.

    What is for learning and the test part get at least one point of every class where it has two; what is held out
    of the former for validation may leave a class of very few without one to train on. Any number of points at the
    end of the training part is as good as stratified, too. Points that are given one by one stay in the part they
    are in when others are added. Wrong values are training points only, and read `STUCK`. With a seed of TensorFlow
    Playground's, its points and its split.
    """
    from engine import tf_playground  # which needs this module

    if tf_playground.serves(spec):
        return tf_playground.draw(spec)
    dataset = spec.dataset
    points, labels = dataset.sample(
        spec.samples, spec.noise, stream(spec.seed, POINTS), spec.imbalance, spec.label_noise
    )
    rng = stream(spec.seed, SHIFT)
    strata = labels if dataset.task == "classes" else np.zeros(len(labels), int)
    order = rng.permutation(len(labels))
    if dataset.given:
        learning = stable_split(strata, spec.train_share, spec.seed)
    else:
        learning = _share_of_each(strata, order, spec.train_share)
    learn, test = order[learning[order]], order[~learning[order]]
    shifted = not isinstance(spec.shift, NoShift)
    learn = learn[_interleaved(strata[learn])]

    def hold_out(learn: Array, share: float) -> list[Array]:
        """The points for learning that are left, and those held out."""
        if not dataset.given:
            return np.split(learn, [len(learn) - round(share * len(learn))])
        members = np.sort(learn)  # in the order in which they were given
        stays = np.isin(learn, members[stable_split(strata[members], 1 - share, spec.seed)])
        return [learn[stays], learn[~stays]]

    train, validation = hold_out(learn, spec.validation_share)
    train, train_dev = hold_out(train, TRAIN_DEV_SHARE if shifted else 0.0)
    if dataset.task == "values" and spec.label_noise and not dataset.given:
        count = round(spec.label_noise * len(train))
        labels[train[np.linspace(0, len(train), count, endpoint=False, dtype=int)]] = STUCK  # in any part of it as many
    if shifted:
        foreign = np.concatenate([train, train_dev])
        points[:, foreign] = spec.shift.move(points[:, foreign], rng)
        points[dataset.dimensions :] = 0  # points on a line stay on it
    order = np.concatenate([train, train_dev, validation, test])
    sizes = len(train), spec.seed, len(train_dev), len(validation)
    return data_of(dataset, points[:, order], labels[order], *sizes)


def data_of(
    dataset: Dataset,
    points: Array,
    labels: Array,
    n_train: int,
    seed: int,
    n_train_dev: int = 0,
    n_validation: int = 0,
    exact: Any = None,
) -> Data:
    """The points of a dataset in their parts."""
    kind = (dataset.task, dataset.attributes, dataset.dimensions)
    return Data(points, labels, n_train, dataset.class_count(), seed, n_train_dev, n_validation, *kind, exact)


def _share_of_each(strata: Array, order: Array, share: float) -> Array:
    """Which points are for learning: this share of every class, at least one of it and not the last one."""
    chosen = np.zeros(len(strata), bool)
    for label in np.unique(strata):
        members = order[strata[order] == label]
        count = round(len(members) * share)
        chosen[members[: min(max(count, 1), max(len(members) - 1, 1))]] = True
    return chosen


def _interleaved(strata: Array) -> Array:
    """An order in which the classes take turns in proportion, so that cutting anywhere keeps their shares; within a
    class the order stays."""
    place = np.empty(len(strata))
    for label in np.unique(strata):
        members = np.flatnonzero(strata == label)
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.argsort(place, kind="stable")


class Inputs:
    """From points to what the first layer multiplies: features, preprocessing, and a last row of ones for the bias."""

    def __init__(self, features: Sequence[Feature], preprocessing: Preprocessing, points: Array) -> None:
        """The preprocessing is fitted on ``points``, which should be training points."""
        self._features = tuple(features)
        self.affine = preprocessing.fit(self.compute(points))

    def compute(self, points: Array) -> Array:
        """The features of points ``(2, m)`` before preprocessing, ``(n_in, m)``."""
        return np.stack([feature.compute(points[0], points[1]) for feature in self._features])

    def __len__(self) -> int:
        return len(self._features)

    def __call__(self, points: Array, dtype: DTypeLike) -> Array:
        """Inputs ``(n_in + 1, m)`` of points ``(2, m)``."""
        x = np.ones((len(self._features) + 1, points.shape[1]), dtype)
        x[:-1] = self.affine(self.compute(points))
        return x
