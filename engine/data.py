"""The points of a run: drawn from a dataset, split into training and test part, and turned into network inputs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from engine.component import Array
from engine.features import Feature
from engine.preprocessing import Preprocessing
from engine.spec import DataSpec
from engine.streams import POINTS, stream


@dataclass(frozen=True)
class Data:
    """Points ``(2, n)`` and labels ``(n,)``; the first ``n_train`` are the training part, the others the test part."""

    points: Array
    labels: Array
    n_train: int
    classes: int
    seed: int

    @property
    def train(self) -> slice:
        return slice(0, self.n_train)

    @property
    def test(self) -> slice:
        return slice(self.n_train, None)


def draw(spec: DataSpec) -> Data:
    """Draw the points of ``spec`` and split them at random, with the same share of every class in both parts.

    At least one point of every class goes to each part.
    """
    rng = stream(spec.seed, POINTS)
    points, labels = spec.dataset.sample(spec.samples, spec.noise, rng)
    order = rng.permutation(spec.samples)
    in_training = np.zeros(spec.samples, bool)
    classes = spec.dataset.class_count()
    for label in range(classes):
        members = order[labels[order] == label]
        count = round(len(members) * spec.train_share)
        in_training[members[: min(max(count, 1), len(members) - 1)]] = True
    order = np.concatenate([order[in_training[order]], order[~in_training[order]]])
    return Data(points[:, order], labels[order], int(in_training.sum()), classes, spec.seed)


class Inputs:
    """From points to what the first layer multiplies: features, preprocessing, and a last row of ones for the bias."""

    def __init__(self, features: Sequence[Feature], preprocessing: Preprocessing, train_points: Array) -> None:
        self._features = tuple(features)
        self._affine = preprocessing.fit(self._compute(train_points))

    def _compute(self, points: Array) -> Array:
        return np.stack([feature.compute(points[0], points[1]) for feature in self._features])

    def __len__(self) -> int:
        return len(self._features)

    def __call__(self, points: Array, dtype: DTypeLike) -> Array:
        """Inputs ``(n_in + 1, m)`` of points ``(2, m)``."""
        x = np.ones((len(self._features) + 1, points.shape[1]), dtype)
        x[:-1] = self._affine(self._compute(points))
        return x
