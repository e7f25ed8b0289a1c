"""What a dataset is: a distribution of points in the plane [-6, 6]², each with a class or with a value.

A dataset of classes says where points of given classes lie and by how much noise moves them; a dataset of values is a
function over the plane (or over the x1 axis) to which noise is added. Everything else follows from that: samples,
balance, flipped labels, the thumbnail in the page, the Bayes error. ``noise`` is a share ν from 0 to 0.8; each dataset
says what it makes of it. Labels are decided before the noise moves a point, so noise makes classes overlap.
"""

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Interval

from engine.component import Array, Component, Registry, Setting, Text

DATASETS: Registry["Dataset"] = Registry("datasets", Text("Dataset", "数据集"))

PLANE = (-6.0, 6.0)

Task = Literal["classes", "values"]

ClassCount = Annotated[
    int,
    Interval(ge=2, le=6),
    Setting(
        Text("Classes", "类别数"),
        Text("How many classes the points belong to.", "数据点分属多少个类别。"),
        step=1,
        suggestions=(2, 3, 4, 5, 6),
        group="data",
    ),
]
"""The annotation of a dataset's number of classes."""


class Dataset(Component):
    """A distribution of points with a class or a value each."""

    family = "datasets"

    task: ClassVar[Task] = "classes"
    """Whether points carry a class (classification) or a value of about -1 to 1 (regression)."""

    attributes: ClassVar[bool] = False
    """Whether a class stands for a set of independent yes/no labels, its binary digits."""

    dimensions: ClassVar[int] = 2
    """1 if all points lie on the x1 axis."""

    given: ClassVar[bool] = False
    """Whether the points are given one by one, in an order that means something, rather than drawn."""

    unused: ClassVar[tuple[str, ...]] = ()
    """Settings of the data that mean nothing here."""

    def class_count(self) -> int:
        """Number of classes; 0 where points carry values."""
        return 2

    def sample(
        self, n: int, noise: float, rng: np.random.Generator, imbalance: float = 1.0, label_noise: float = 0.0
    ) -> tuple[Array, Array]:
        """Points ``(2, n)`` and their classes or values ``(n,)``."""
        raise NotImplementedError


class Classes(Dataset):
    """A dataset of classes. Noise is normal, independent of everything, and moves every point by `sigma`."""

    def place(self, labels: Array, rng: np.random.Generator) -> Array:
        """Where points of these classes lie before noise moves them, ``(2, n)``."""
        raise NotImplementedError

    def sigma(self, noise: float) -> tuple[float, float]:
        """Standard deviation, along x1 and along x2, by which noise moves a point."""
        raise NotImplementedError

    def sample(
        self, n: int, noise: float, rng: np.random.Generator, imbalance: float = 1.0, label_noise: float = 0.0
    ) -> tuple[Array, Array]:
        """The classes are as frequent as `priors` says, as evenly as n allows. A share ``label_noise`` of the labels
        is replaced by one of the other classes."""
        classes = self.class_count()
        labels = _allot(n, priors(classes, imbalance))
        points = self.place(labels, rng)
        points = points + np.reshape(self.sigma(noise), (2, 1)) * rng.standard_normal(points.shape)
        if label_noise:
            flipped = rng.permutation(n)[: round(label_noise * n)]
            labels[flipped] = (labels[flipped] + rng.integers(1, classes, len(flipped))) % classes
        return points, labels


class Values(Dataset):
    """A dataset of values: a function over the plane, plus normal noise of standard deviation ν. Wrong labels are
    outliers: see `engine.data.draw`, which spoils training points only, so that tests say how far off that leads."""

    task = "values"
    unused = ("imbalance",)

    def class_count(self) -> int:
        return 0

    def value(self, points: Array) -> Array:
        """The function at points ``(2, m)``, about -1 to 1."""
        raise NotImplementedError

    def sample(
        self, n: int, noise: float, rng: np.random.Generator, imbalance: float = 1.0, label_noise: float = 0.0
    ) -> tuple[Array, Array]:
        points = rng.uniform(*PLANE, (2, n))
        if self.dimensions == 1:
            points[1] = 0
        return points, self.value(points) + noise * rng.standard_normal(n)


def priors(classes: int, imbalance: float) -> Array:
    """How frequent the classes are: the first is ``imbalance`` times as frequent as the last, those between follow in
    equal ratios. They sum to 1."""
    weights = imbalance ** -np.linspace(0, 1, classes)
    return np.asarray(weights / weights.sum())


def _allot(n: int, shares: Array) -> Array:
    """Labels of n points, the classes taking turns in proportion to their shares, at least one each."""
    counts = np.maximum(np.floor(shares * n), 1)
    while counts.sum() != n:
        counts[np.argmax(shares * n - counts) if counts.sum() < n else np.argmax(counts)] += np.sign(n - counts.sum())
    turns = np.concatenate([(np.arange(count) + 0.5) / count for count in counts])
    labels = np.repeat(np.arange(len(shares)), counts.astype(int))
    return np.asarray(labels[np.argsort(turns, kind="stable")])


def evenly(labels: Array, rng: np.random.Generator) -> Array:
    """For each point a number from 0 to 1, spread evenly over every class: one in each of as many equal parts."""
    along = np.empty(len(labels))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        along[members] = (np.arange(len(members)) + rng.uniform(0, 1, len(members))) / len(members)
    return along


def polar(radius: Array, angle: Array) -> Array:
    """Points by radius and angle, from the x2 axis clockwise."""
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)])


def uniform_in_regions(labels: Array, rng: np.random.Generator, side: float, region: Callable[[Array], Array]) -> Array:
    """Points of the square [-side, side]², uniform in the part of it where ``region(points)`` is the wanted label."""
    points = np.empty((2, len(labels)))
    missing = np.ones(len(labels), bool)
    while missing.any():
        candidates = rng.uniform(-side, side, (2, 4 * len(labels) + 64))
        found = region(candidates)
        for label in np.unique(labels[missing]):
            places = np.flatnonzero(missing & (labels == label))
            chosen = candidates[:, found == label][:, : len(places)]
            points[:, places[: chosen.shape[1]]] = chosen
            missing[places[: chosen.shape[1]]] = False
    return points
