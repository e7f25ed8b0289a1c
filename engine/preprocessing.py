"""Preprocessing: bringing the inputs to a size that a network learns well from.

Every method here is an affine map x ↦ M(x − c), fitted on the training points only; what is fitted on test points too
would leak what must stay unseen (S3).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.component import Array, Component, Registry, Text

PREPROCESSING: Registry["Preprocessing"] = Registry("preprocessing", Text("Preprocessing", "数据预处理"))


class Affine(NamedTuple):
    """x ↦ matrix (x − centre), samples in columns."""

    matrix: Array
    centre: Array

    def __call__(self, x: Array) -> Array:
        return self.matrix @ (x - self.centre[:, np.newaxis])


class Preprocessing(Component):
    """A way to choose the affine map from the training inputs."""

    family = "preprocessing"

    def fit(self, x: Array) -> Affine:
        """The map for training inputs ``x`` of shape ``(n, m)``."""
        raise NotImplementedError


@PREPROCESSING.add
@dataclass(frozen=True)
class Standardize(Preprocessing):
    """(x − mean) / standard deviation, feature by feature; a constant feature is only centred. Source: S3."""

    id = "standardize"
    label = Text("Standardization", "标准化")
    formula = "(x − μ) / σ"
    description = Text(
        "Every input gets mean 0 and standard deviation 1, measured on the training points.",
        "用训练集的统计量，把每个输入变为均值 0、标准差 1。",
    )

    def fit(self, x: Array) -> Affine:
        deviation = x.std(axis=1)
        constant = deviation <= 1e-12 * np.abs(x).max(axis=1)  # rounding leaves a little where there is nothing
        return Affine(np.diag(1 / np.where(constant, 1, deviation)), x.mean(axis=1))


@PREPROCESSING.add
@dataclass(frozen=True)
class NoPreprocessing(Preprocessing):
    """The inputs as they are."""

    id = "none"
    label = Text("None", "无")
    formula = "x"
    description = Text("Inputs go in as they are.", "输入保持原样。")

    def fit(self, x: Array) -> Affine:
        return Affine(np.eye(len(x)), np.zeros(len(x)))
