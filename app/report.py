"""A report: one HTML file with the settings, the boundaries, the curves and the results of a run, that opens anywhere
and without a network. Text, style, script and Plotly are all in it.

The server has no history and the shell has no page, so both make the same file out of parts: the document with the
settings in words from here, and the results as JSON from whoever has them. The page keeps its results to itself and
puts them in by itself, see ``static/js/report.js``.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from app.describe import in_language
from app.i18n import strings, translate
from app.picture import CURVE
from app.resources import STATIC, TEMPLATES
from app.rows import Row, tables
from app.schema import dump, fields_of
from app.shades import shades
from engine import Data, DataSpec, Experiment, HiddenLayer, Metrics, NetworkSpec, Trainer, seeds
from engine.component import Component, Setting
from engine.datasets import PLANE
from engine.results import size

LETTERS = "ABCDEF"
LONGEST = 40
"""Characters of a text of the user's own that are shown."""
SIDE = 100
PLOTLY, RESULTS = "/*plotly*/", "/*results*/"
"""Where a document that is not filled in has the source of Plotly, and the results."""

_pages = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)


@dataclass(frozen=True)
class Chosen:
    """One setting: its name, and its value in every panel (one for all if they share it)."""

    label: str
    values: list[str]
    changed: bool
    bare: bool = False
    """The values say nothing without the label: numbers, on and off."""

    def title(self, place: int) -> str:
        """What a panel is called by this setting."""
        return f"{self.label} {self.values[place]}" if self.bare else self.values[place]


def settings(experiment: Experiment, lang: str) -> list[Chosen]:
    """Dataset and layers, and what else is not at its default or differs between the panels; but not the speed, which
    decides nothing."""
    rows = [
        *_rows(DataSpec, [experiment.data], lang),
        *_rows(NetworkSpec, experiment.panels, lang),
        *(row for row in _rows(Experiment, [experiment], lang) if row[0] == "seeds"),
    ]
    return [row for name, row in rows if row.changed or name in ("dataset", "hidden")]


def _rows(cls: type, specs: Sequence[Any], lang: str) -> list[tuple[str, Chosen]]:
    default = cls()
    rows = []
    for name, _, setting, _ in fields_of(cls):
        if setting is None:
            continue
        values = [getattr(spec, name) for spec in specs]
        changed = any(value != getattr(default, name) for value in values)
        texts = [_said(value, setting, lang) for value in values]
        same = all(value == values[0] for value in values)
        bare = isinstance(values[0], int | float)
        rows.append((name, Chosen(in_language(lang, setting.label), texts[:1] if same else texts, changed, bare)))
    return rows


def _said(value: Any, setting: Setting, lang: str) -> str:
    """A value in words: components by their name, with the parameters that are not at their default."""
    if isinstance(value, bool):
        return translate(lang, "value.on" if value else "value.off")
    if isinstance(value, Component):
        parts = []
        for name, _, inner, _ in fields_of(type(value)):
            own = getattr(value, name)
            if inner is not None and own != getattr(type(value)(), name):
                parts.append(f"{in_language(lang, inner.label)} {_said(own, inner, lang)}")
        return in_language(lang, value.label) + (f" ({', '.join(parts)})" if parts else "")
    if isinstance(value, tuple):
        if value and isinstance(value[0], HiddenLayer):
            return " · ".join(f"{layer.width} {_said(layer.activation, setting, lang)}" for layer in value)
        return ", ".join(_said(one, setting, lang) for one in value) or translate(lang, "report.none")
    if isinstance(value, float | int):
        return f"{value * 100:g}\u2009%" if setting.unit == "%" else f"{value:g} {setting.unit}".strip()
    text = next((in_language(lang, label) for option, label in setting.options if option == value), str(value))
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def document(experiment: Experiment, lang: str, results: str = RESULTS, plotly: str = PLOTLY) -> str:
    """The report; without results and Plotly, a document that has their places."""
    rows = settings(experiment, lang)
    words = {key: text for key, text in strings(lang).items() if key.startswith(("report.", "numbers.", "charts."))}
    titles = [_title(rows, place) for place in range(len(experiment.panels))]
    words |= {"class": translate(lang, "legend.class")}
    return _pages.get_template("report.html").render(
        lang=lang,
        t=lambda key, **params: translate(lang, key, **params),
        rows=rows,
        letters=LETTERS[: len(experiment.panels)],
        words=_json(json.dumps({**words, "titles": titles}, ensure_ascii=False)),
        results=_json(results),
        script=_script((STATIC / "js" / "report-file.js").read_text("utf-8")),
        plotly=_script(plotly),
    )


def _title(rows: Sequence[Chosen], place: int) -> str:
    """What sets a panel apart from the others; nothing where it is alone."""
    return " · ".join(row.title(place) for row in rows if len(row.values) > 1)


def _script(text: str) -> Markup:
    """A program for the inside of a script element, which nothing in it may end."""
    return Markup(text.replace("</", "<\\/").replace("<!--", "<\\!--"))


def _json(text: str) -> Markup:
    """JSON for the same place."""
    return Markup(text.replace("<", "\\u003c"))


@dataclass(frozen=True)
class Run:
    """One panel's way: its measured epochs, and the trainer where it stands."""

    trainer: Trainer
    epochs: list[float]
    metrics: list[Metrics]


def results(experiment: Experiment, runs: Sequence[Run], address: str) -> str:
    """The results of networks trained here, as the report's script reads them; of several seeds their means."""
    data = runs[0].trainer.data
    classes = data.task == "classes"
    return json.dumps(
        {
            "date": datetime.now().astimezone().isoformat(timespec="minutes"),
            "address": address,
            "experiment": dump(experiment),
            "plane": list(PLANE),
            "classes": data.classes,
            "dimensions": data.dimensions,
            "x1": data.points[0].round(4).tolist(),
            "x2": data.points[1].round(4).tolist(),
            "labels": data.labels.astype(int).tolist() if classes else data.labels.round(4).tolist(),
            "part": data.parts.tolist(),
            "panels": [_panel(run, data) for run in runs],
        },
        ensure_ascii=False,
    )


def _panel(run: Run, data: Data) -> dict[str, Any]:
    trainer, known = run.trainer, [metrics if seeds.standing(metrics).any() else None for metrics in run.metrics]
    rows = [Row(epoch, True, {0: each} if each else {}) for epoch, each in zip(run.epochs, known, strict=True)]
    arrays = tables(rows, [0], trainer.network.depth, len(trainer.specs))
    columns = {name: list(map(_number, array[:, 0])) for name, array in arrays.items() if array.ndim == 2}
    p = seeds.consensus(trainer.boundary(SIDE)).mean
    whole = bool(np.isfinite(p).all())
    return {
        "epoch": trainer.position,
        "parameters": size(trainer.network).parameters,
        "diverged": not trainer.finite.any(),
        "side": SIDE,
        "boundary": base64.b64encode(shades(p, data).tobytes()).decode() if whole else None,
        "curve": seeds.consensus(trainer.curve(CURVE)).mean[0].tolist() if data.dimensions == 1 and whole else None,
        "columns": {"epoch": run.epochs, **columns},
    }


def _number(value: Any) -> float | None:
    """A figure with six digits; JSON has no word for what is not finite."""
    return float(f"{value:.6g}") if np.isfinite(value) else None
