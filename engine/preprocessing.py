"""Preprocessing: bringing the inputs to a size that a network learns well from.

Every method here is an affine map x ↦ M(x − c), to be fitted on the training points only; what is fitted on test points
too leaks what must stay unseen (S3). `NetworkSpec.fit_on_all` makes that mistake on purpose.
"""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Interval

from engine.component import Array, Component, Registry, Setting, Text

PREPROCESSING: Registry["Preprocessing"] = Registry("preprocessing", Text("Preprocessing", "数据预处理"))


class Affine(NamedTuple):
    """x ↦ matrix (x − centre), samples in columns."""

    matrix: Array
    centre: Array

    def __call__(self, x: Array) -> Array:
        return self.matrix @ (x - self.centre[:, np.newaxis])


def _scale(size: Array, x: Array) -> Array:
    """1/size for every input, 1 where it is constant (rounding leaves a little where there is nothing)."""
    constant = size <= 1e-12 * np.abs(x).max(axis=1)
    return np.asarray(1 / np.where(constant, 1, size))


def _principal(x: Array) -> tuple[Array, Array]:
    """Variances along the principal axes, largest first, and the axes as rows; an axis points to where its largest
    component is positive, so that equal points give equal axes."""
    variances, axes = np.linalg.eigh(np.atleast_2d(np.cov(x, bias=True)))
    variances, axes = np.maximum(variances[::-1], 0), axes.T[::-1]
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, np.newaxis], axis=1)
    return variances, axes * np.sign(largest)


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
    suits = Text(
        "Nearly always: inputs of different sizes become comparable.", "几乎总是合适：不同尺度的输入变得可比。"
    )
    fails = Text("Outliers widen the spread, and rare features are magnified.", "异常值会拉大标准差；罕见特征被放大。")

    def fit(self, x: Array) -> Affine:
        return Affine(np.diag(_scale(x.std(axis=1), x)), x.mean(axis=1))


@PREPROCESSING.add
@dataclass(frozen=True)
class MeanSubtraction(Preprocessing):
    """x − mean: the cloud's centre comes to 0, its shape stays. Source: S3."""

    id = "mean_subtraction"
    label = Text("Mean subtraction", "减去均值")
    formula = "x − μ"
    description = Text("Every input gets mean 0; its spread stays.", "每个输入的均值变为 0，分布范围不变。")
    suits = Text("Inputs that have the same scale already.", "尺度已经相同的输入。")
    fails = Text("Different scales stay, and so does the narrow valley.", "尺度差别仍在，狭长的谷也仍在。")

    def fit(self, x: Array) -> Affine:
        return Affine(np.eye(len(x)), x.mean(axis=1))


@PREPROCESSING.add
@dataclass(frozen=True)
class MinMax(Preprocessing):
    """2 (x − min)/(max − min) − 1, input by input: the training points fill [-1, 1]; a constant input is only centred.
    One outlier decides the scale. Source: S3."""

    id = "min_max"
    label = Text("Min–max scaling", "最小—最大缩放")
    formula = "2 (x − min) / (max − min) − 1"
    description = Text(
        "Every input is brought to the range from −1 to 1; one outlier decides the scale.",
        "把每个输入缩放到 −1 至 1；一个离群点就会左右比例。",
    )
    suits = Text("Inputs with firm limits.", "有明确上下界的输入。")
    fails = Text("A single outlier squeezes all others together.", "一个异常值就把其余的挤在一起。")

    def fit(self, x: Array) -> Affine:
        low, high = x.min(axis=1), x.max(axis=1)
        return Affine(np.diag(_scale((high - low) / 2, x)), (low + high) / 2)


@PREPROCESSING.add
@dataclass(frozen=True)
class PCA(Preprocessing):
    """U(x − mean), the rows of U being the eigenvectors of the covariance, largest eigenvalue first: a turn that makes
    the inputs uncorrelated. All axes are kept. Source: S3."""

    id = "pca"
    label = Text("PCA", "主成分分析（PCA）")
    formula = "U (x − μ)"
    description = Text(
        "Turns the inputs to their principal axes, so that they are no longer correlated.",
        "把输入旋转到主轴方向，使其互不相关。",
    )
    suits = Text("Inputs that are correlated.", "彼此相关的输入。")
    fails = Text("It only turns: unequal scales stay until they are whitened.", "它只旋转：尺度不均要靠白化。")

    def fit(self, x: Array) -> Affine:
        return Affine(_principal(x)[1], x.mean(axis=1))


@PREPROCESSING.add
@dataclass(frozen=True)
class Whitening(Preprocessing):
    """Λ^(−½) U(x − mean) with Λ = eigenvalues + ε: the cloud becomes round, with unit variance along every axis. Where
    an eigenvalue is small, what is blown up to full size is noise; ε ≫ eigenvalue holds it down. Source: S3."""

    id = "whitening"
    label = Text("Whitening", "白化")
    formula = "(Λ + ε)^−½ U (x − μ)"
    description = Text(
        "Principal axes scaled to unit variance; it also magnifies noise, which ε holds down.",
        "主轴方向缩放为单位方差；同时会放大噪声，可用 ε 抑制。",
    )
    suits = Text("Correlated inputs of unequal scale: the valley becomes a bowl.", "既相关又尺度不均的输入：谷变成碗。")
    fails = Text(
        "Directions without meaning are blown up to the same size; then raise ε.",
        "没有意义的方向也被放大到同样大小；此时应增大 ε。",
    )

    epsilon: Annotated[
        float,
        Interval(ge=1e-8, le=10.0),
        Setting(
            Text("Smoothing ε", "平滑项 ε"),
            Text(
                "Added to the variances; larger values magnify small directions less.",
                "加到方差上；越大，对小方差方向的放大越弱。",
            ),
            scale="log",
            suggestions=(1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0),
            compare=(1e-8, 0.01, 1.0),
            group="inputs",
        ),
    ] = 1e-5

    def fit(self, x: Array) -> Affine:
        variances, axes = _principal(x)
        return Affine(axes / np.sqrt(variances + self.epsilon)[:, np.newaxis], x.mean(axis=1))


@PREPROCESSING.add
@dataclass(frozen=True)
class NoPreprocessing(Preprocessing):
    """The inputs as they are."""

    id = "none"
    label = Text("None", "无")
    formula = "x"
    description = Text("Inputs go in as they are.", "输入保持原样。")
    suits = Text(
        "When the inputs lie around 0 with a spread near 1 already.", "输入本来就以 0 为中心、标准差接近 1 时。"
    )
    fails = Text(
        "Large or shifted inputs saturate units and stretch the loss into a valley.",
        "输入太大或有偏移时，单元饱和，损失被拉成狭谷。",
    )

    def fit(self, x: Array) -> Affine:
        return Affine(np.eye(len(x)), np.zeros(len(x)))
