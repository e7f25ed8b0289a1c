"""Several seeds side by side: the boundary of every seed of a panel, and how each seed of every panel does."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from app.shades import shades
from app.views.base import Scene, Seen, Tensor, View, view
from engine import Trainer, seeds
from engine.component import Array, Text

RESOLUTION = 32


@view
@dataclass(frozen=True)
class Seeds(View):
    """See `engine.seeds`. Costs a grid of 32² places for one panel, and a look at all points for each."""

    id = "seeds"
    label = Text("Seeds", "种子")
    description = Text(
        "The boundary of every seed of a panel, and loss and accuracy of every seed of all panels.",
        "一个面板中每个种子的决策边界，以及所有面板中每个种子的损失与准确率。",
    )
    every = 4
    tensors: ClassVar[dict[str, Tensor]] = {
        "maps": ("U8", "(K, R, R)", "what every seed predicts over the plane, as in the frames' boundary"),
        "train_loss": ("F32", "(P, K)", "data loss on the training points, NaN for a seed that has overflowed"),
        "test_loss": ("F32", "(P, K)", "data loss on the test points"),
        "score": ("F32", "(P, K)", "test accuracy, or R² for values"),
        "validation": ("F32", "(P, K)", "the same of validation points, or of the fold a seed holds out; else NaN"),
        "vote": ("F32", "(P)", "test accuracy of the class that most of a panel's seeds vote for; NaN for values"),
        "solved": ("U8", "(P, K)", "1 where the test accuracy is at least 95 %, or R² 0.9"),
    }

    def show(self, scene: Scene) -> Seen | None:
        panels = [panel.trainer for panel in scene.panels]
        with np.errstate(all="ignore"):
            figures = np.array([_figures(trainer) for trainer in panels], np.float32)  # (P, 6, K)
            p = scene.panel.trainer.boundary(RESOLUTION)
        # Of a seed that has overflowed nothing is to be seen: no class rather than another, no value.
        p[~np.isfinite(p).all(axis=(1, 2, 3))] = 1 / p.shape[1] if scene.data.classes else 0
        names = ("train_loss", "test_loss", "score", "validation")
        arrays: dict[str, Array] = {name: figures[:, place] for place, name in enumerate(names)}
        arrays["solved"] = figures[:, 4].astype(np.uint8)
        arrays["vote"] = figures[:, 5, 0]
        return Seen({"maps": shades(p.swapaxes(0, 1), scene.data), **arrays})


def _figures(trainer: Trainer) -> Array:
    """Training loss, test loss, score, that of validation, whether it is solved, and the vote of all, of every network,
    ``(6, K)``."""
    known, classes = trainer.evaluate(), trainer.data.task == "classes"
    score = known.test_accuracy if classes else known.test_r2
    validation = known.validation_accuracy if classes else known.validation_r2
    found = np.stack([known.train_loss, known.test_loss, score, validation, seeds.solved(known), known.vote_accuracy])
    found[:4, ~seeds.standing(known)] = np.nan
    return found
