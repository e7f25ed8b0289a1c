"""Rows of the history as the frames carry them: the metrics of every panel at some epochs, as arrays. Of several seeds
the mean stands in the arrays that one seed fills alone, and the band beside it in arrays of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter

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

_SCALARS, _PER_HIDDEN_LAYER, _PER_WEIGHT_LAYER = (
    attrgetter(*names) for names in (SCALARS, PER_HIDDEN_LAYER, PER_WEIGHT_LAYER)
)


@dataclass(frozen=True)
class Row:
    """What is known at one epoch of every panel, by its id; a network that has diverged is missing."""

    epoch: float
    recorded: bool
    metrics: dict[int, Metrics]
    kept: dict[int, tuple[Array, ...]] = field(default_factory=dict, compare=False, repr=False)
    """What `packed` has made; shared with this row's copies at later epochs."""

    def packed(self, panel: int) -> tuple[Array, ...]:
        """A panel's one network in float32: `SCALARS`, `PER_HIDDEN_LAYER` and `PER_WEIGHT_LAYER`, each in one array.
        Kept, because several frames show the same."""
        if panel not in self.kept:
            metrics = self.metrics[panel]
            scalars = np.array([values[0] for values in _SCALARS(metrics)], np.float32)
            layers = (np.concatenate(of(metrics)).astype(np.float32) for of in (_PER_HIDDEN_LAYER, _PER_WEIGHT_LAYER))
            self.kept[panel] = (scalars, *layers)
        return self.kept[panel]


def tables(rows: Sequence[Row], panels: Sequence[int], depth: int, count: int) -> dict[str, Array]:
    """The arrays of ``rows`` for the panels with these ids: the `SCALARS` ``(T, P)``, what there is of every layer of
    ``depth`` hidden ones ``(T, P, layers)``, and of several seeds, ``count`` of them, ``…_low`` and ``…_high`` for what
    is `BANDED`. NaN where there is nothing."""
    shape = (len(rows), len(panels))
    blocks = []
    arrays: dict[str, Array] = {}
    for names, layers in ((SCALARS, ()), (PER_HIDDEN_LAYER, (depth,)), (PER_WEIGHT_LAYER, (depth + 1,))):
        block = np.full((len(names), *shape, *layers), np.nan, np.float32)
        arrays |= zip(names, block, strict=True)
        blocks.append(block)
    if count > 1:
        for end in ("low", "high"):
            arrays |= {f"{name}_{end}": np.full_like(arrays[name], np.nan) for name in (*BANDED, *BANDED_LAYERS)}
    for t, row in enumerate(rows):
        for p, panel in enumerate(panels):
            if panel not in row.metrics:
                continue
            if count > 1:
                _spread(arrays, blocks[0], (t, p), row.metrics[panel])
                continue
            numbers, *layered = row.packed(panel)
            blocks[0][:, t, p] = numbers
            for block, values in zip(blocks[1:], layered, strict=True):
                block[:, t, p, : values.shape[1]] = values
    return arrays


def _spread(arrays: dict[str, Array], numbers: Array, place: tuple[int, int], metrics: Metrics) -> None:
    """Fill in the mean and the band of one panel's seeds at one epoch."""
    standing = seeds.standing(metrics)
    with np.errstate(all="ignore"):
        numbers[:, *place] = seeds.mean(np.stack(_SCALARS(metrics)), standing)
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
