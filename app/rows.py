"""Rows of the history as the frames carry them: the metrics of every panel at some epochs, as arrays. Of several seeds
the mean stands in the arrays that one seed fills alone, and the band beside it in arrays of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine import Metrics, seeds
from engine.component import Array

SCALARS = (
    "train_loss",
    "test_loss",
    "validation_loss",
    "train_dev_loss",
    "penalty",
    "train_accuracy",
    "test_accuracy",
    "validation_accuracy",
    "train_dev_accuracy",
    "vote_accuracy",
    "train_r2",
    "test_r2",
    "validation_r2",
    "train_dev_r2",
    "train_error",
    "test_error",
    "validation_error",
    "train_dev_error",
    "dead_ratio",
    "saturation_ratio",
    "zero_ratio",
)
PER_HIDDEN_LAYER = ("layer_dead_ratio", "layer_saturation_ratio", "layer_mean", "layer_spread")
PER_WEIGHT_LAYER = ("gradient_norm", "update_ratio")

BANDED = ("train_loss", "test_loss", "train_accuracy", "test_accuracy", "train_r2", "test_r2", "dead_ratio")
BANDED_LAYERS = ("gradient_norm",)


@dataclass(frozen=True)
class Row:
    """What is known at one epoch of every panel, by its id; a network that has diverged is missing."""

    epoch: float
    recorded: bool
    metrics: dict[int, Metrics]


def tables(rows: Sequence[Row], panels: Sequence[int], depth: int, count: int) -> dict[str, Array]:
    """The arrays of ``rows`` for the panels with these ids: the `SCALARS` ``(T, P)``, what there is of every layer of
    ``depth`` hidden ones ``(T, P, layers)``, and of several seeds, ``count`` of them, ``…_low`` and ``…_high`` for what
    is `BANDED`. NaN where there is nothing."""
    known = [((t, p), row.metrics.get(panel)) for t, row in enumerate(rows) for p, panel in enumerate(panels)]
    found = [(place, metrics) for place, metrics in known if metrics]
    shape = (len(rows), len(panels))
    numbers = np.full((*shape, len(SCALARS)), np.nan, np.float32)
    arrays: dict[str, Array] = {name: numbers[..., place] for place, name in enumerate(SCALARS)}
    blocks = []
    for names, layers in ((PER_HIDDEN_LAYER, depth), (PER_WEIGHT_LAYER, depth + 1)):
        block = np.full((*shape, len(names), layers), np.nan, np.float32)
        arrays |= {name: block[..., place, :] for place, name in enumerate(names)}
        blocks.append((names, block))
    if count > 1:
        for end in ("low", "high"):
            arrays |= {f"{name}_{end}": np.full_like(arrays[name], np.nan) for name in (*BANDED, *BANDED_LAYERS)}
    for place, metrics in found:
        if count == 1:
            numbers[place] = [getattr(metrics, name)[0] for name in SCALARS]
            for names, block in blocks:
                values = [getattr(metrics, name)[0] for name in names]
                block[place][:, : len(values[0])] = values
        else:
            _spread(arrays, numbers, place, metrics)
    return arrays


def _spread(arrays: dict[str, Array], numbers: Array, place: tuple[int, int], metrics: Metrics) -> None:
    """Fill in the mean and the band of one panel's seeds at one epoch."""
    standing = seeds.standing(metrics)
    with np.errstate(all="ignore"):
        numbers[place] = seeds.mean(np.stack([getattr(metrics, name) for name in SCALARS]), standing)
        for name in (*PER_HIDDEN_LAYER, *PER_WEIGHT_LAYER):
            values = getattr(metrics, name).T
            arrays[name][place][: len(values)] = seeds.mean(values, standing)
        banded = [getattr(metrics, name) for name in BANDED]
        layers = [getattr(metrics, name).T for name in BANDED_LAYERS]
        for end, values in zip(("low", "high"), seeds.band(np.vstack([*banded, *layers]), standing), strict=True):
            for name, value in zip(BANDED, values, strict=False):
                arrays[f"{name}_{end}"][place] = value
            at = len(BANDED)
            for name, block in zip(BANDED_LAYERS, layers, strict=True):
                arrays[f"{name}_{end}"][place][: len(block)] = values[at : at + len(block)]
                at += len(block)
