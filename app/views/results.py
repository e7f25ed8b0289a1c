"""How good the results are beyond counting them: probabilities, their calibration, and what the errors say."""

import json
from dataclasses import asdict, dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Interval

from app.views.base import Scene, Seen, Tensor, View, view
from engine.component import Array, Setting, Text
from engine.diagnosis import LEAST, errors, gaps
from engine.results import calibration

UNKNOWN = -1.0
BINS = 10


@view
@dataclass(frozen=True)
class Outcome(View):
    """See `engine.results` and `engine.diagnosis`. Where the data carry values, there are no probabilities."""

    id = "results"
    label = Text("Results", "结果")
    description = Text(
        "Probabilities at every point, their calibration on every part, and bias and variance read from the errors.",
        "每个点的概率、各部分上的概率校准，以及由误差读出的偏差与方差。",
    )
    every = 4
    tensors: ClassVar[dict[str, Tensor]] = {
        "predicted": ("U8", "(N)", "predicted class of every point; like the others empty for values"),
        "confidence": ("F32", "(N)", "probability of the predicted class"),
        "true": ("F32", "(N)", "probability of the true class"),
        "edges": ("F32", "(B + 1)", "ends of the bins of confidence"),
        "counts": (
            "I32",
            "(4, B)",
            "points in each bin, for training, test, validation (or what early stopping holds out) and train-dev part",
        ),
        "mean": ("F32", "(4, B)", "their mean confidence, NaN where there are none"),
        "right": ("F32", "(4, B)", "the share of them that is right"),
        "calibration": ("F32", "(4)", "expected calibration error of each part, NaN for one without points"),
    }
    about: ClassVar[dict[str, str]] = {
        "errors": "part → [error rate or root mean squared error, its standard error], in JSON",
        "gaps": "a list of {kind, before, after, size, uncertainty, matters}, in JSON",
    }

    best: Annotated[
        float,
        Interval(ge=UNKNOWN, le=1e6),
        Setting(
            Text("Best possible error", "可能的最小误差"),
            Text(
                "Error rate (or root mean squared error) of the best there could be, such as the Bayes error; "
                "-1 where nobody knows.",
                "最好情况下的错误率（或均方根误差），如贝叶斯误差；未知时为 -1。",
            ),
        ),
    ] = UNKNOWN

    def show(self, scene: Scene) -> Seen | None:
        trainer, data = scene.trainer, scene.data
        logits = trainer.logits(trainer.x)[0]
        if not np.isfinite(logits).all():
            return None
        classes = data.task == "classes"
        bins = BINS if classes else 0
        p = trainer.loss.probabilities(logits, data.classes) if classes else np.zeros((1, 0))
        labels = data.labels if classes else np.zeros(0, int)
        # What a network holds out is validation here, as it is in the errors and their gaps.
        found = trainer.parts()
        parts = (found["train"], found["test"], found["validation"], found["train_dev"]) if classes else ()
        tables = [calibration(p[:, part], labels[part], bins) for part in parts]

        def stacked(name: str) -> Array:
            return np.array([getattr(table, name) for table in tables]) if tables else np.zeros((4, 0))

        arrays: dict[str, Array] = {
            "predicted": (trainer.loss.predict(logits, data.classes) if classes else labels).astype(np.uint8),
            "confidence": p.max(axis=0).astype(np.float32),
            "true": p[labels, np.arange(p.shape[1])].astype(np.float32),
            "edges": (tables[0].edges if tables else np.zeros(1)).astype(np.float32),
            "counts": stacked("counts").astype(np.int32),
            "mean": stacked("confidence").astype(np.float32),
            "right": stacked("accuracy").astype(np.float32),
            "calibration": np.array([table.error for table in tables] or [np.nan] * 4, np.float32),
        }
        known = errors(trainer)
        least = LEAST * (1.0 if classes else float(data.labels.std()))
        read = gaps(known, None if self.best < 0 else self.best, least)
        about = {
            "errors": json.dumps({name: [error.value, error.uncertainty] for name, error in known.items()}),
            "gaps": json.dumps([asdict(gap) for gap in read]),
        }
        return Seen(arrays, about)
