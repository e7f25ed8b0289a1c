"""The catalog and the controls as JSON, in one language: all that the page knows about components comes from here."""

from typing import Annotated, Any, Literal, get_args, get_origin

import numpy as np
from annotated_types import Interval, Len

from app import __version__
from app.bounds import BOUNDS, Bounds
from app.i18n import strings
from app.schema import dump, fields_of
from app.tf_links import FIRST_WEIGHTS
from app.variations import bounds, variations
from engine import CATALOG
from engine.activations import Activation
from engine.component import Component, Setting, Text
from engine.datasets import PLANE, Dataset
from engine.losses import Loss
from engine.spec import DataSpec, Experiment, HiddenLayer, NetworkSpec

EXAMPLE_POINTS = 120
CURVE_POINTS = 81


def in_language(lang: str, text: Text) -> str:
    """A text in one of the two languages."""
    return text.zh if lang == "zh" else text.en


def catalog(lang: str) -> dict[str, list[dict[str, Any]]]:
    """Family → its components."""
    return {family: [_entry(cls, lang) for cls in registry.values()] for family, registry in CATALOG.items()}


def _entry(cls: type[Component], lang: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": cls.id,
        "label": in_language(lang, cls.label),
        "formula": cls.formula,
        "description": in_language(lang, cls.description),
        "parameters": _controls(cls, lang),
    }
    entry |= {name: in_language(lang, text) for name in ("suits", "fails") if (text := getattr(cls, name))}
    if issubclass(cls, Loss):
        entry["tasks"] = ["classes", "values"] if cls.values else ["classes"]
        entry["classes"] = list(cls.classes)
        entry["gradient"] = {"formula": cls.gradient_formula, "terms": in_language(lang, cls.gradient_terms)}
        entry["scores"] = cls.scores
        entry["output"] = in_language(lang, cls.output)
    if issubclass(cls, Activation):
        entry["curve"] = curve(cls())
        if cls.unit_parameters:
            learned = {"label": in_language(lang, cls.unit_label), "symbol": cls.unit_symbol}
            entry["learned"] = learned | {"gradient": cls.unit_gradient}
    if issubclass(cls, Dataset):
        points, labels = cls().sample(EXAMPLE_POINTS, 0.0, np.random.default_rng(0))
        entry["example"] = {"points": points.T.round(1).tolist(), "labels": labels.round(2).tolist()}
        entry |= {name: getattr(cls, name) for name in ("task", "dimensions", "given", "unused")}
    return entry


def curve(activation: Activation) -> dict[str, list[float]]:
    """g and g' of an activation over z from -4 to 4; maxout is shown with its pieces at slopes from -1 to 1."""
    z = np.linspace(-4, 4, CURVE_POINTS)
    pieces = activation.pieces_per_unit()
    slopes = np.linspace(-1, 1, pieces) if pieces > 1 else np.ones(1)
    stacked = slopes[:, np.newaxis] * z
    a, d = np.empty((1, len(z))), np.empty_like(stacked)
    if activation.unit_parameters:
        p = np.reshape(activation.initial_unit_parameters(), (1, 1))
        activation.f_with(stacked, p, a)
        activation.df_with(stacked, a, p, d)
    else:
        activation.f(stacked, a)
        activation.df(stacked, a, d)
    slope = (d * slopes[:, np.newaxis]).sum(axis=0)
    return {"z": z.round(3).tolist(), "g": a[0].round(4).tolist(), "dg": slope.round(4).tolist()}


def form(lang: str) -> dict[str, Any]:
    """The controls of the page: data, network, and one for each setting of the whole experiment by its name."""
    whole = {control["name"]: control for control in _controls(Experiment, lang)}
    return {"data": _controls(DataSpec, lang), "network": _controls(NetworkSpec, lang), **whole}


def _controls(cls: type, lang: str) -> list[dict[str, Any]]:
    defaults = cls()
    return [
        _control(name, hint, setting, interval, getattr(defaults, name), lang)
        for name, hint, setting, interval in fields_of(cls)
        if setting is not None
    ]


def _control(
    name: str, hint: Any, setting: Setting, interval: Interval | None, default: Any, lang: str
) -> dict[str, Any]:
    base, *metadata = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    family = None
    layer: list[dict[str, Any]] = []
    if get_origin(base) is tuple:
        item = get_args(base)[0]
        kind = "layers" if item is HiddenLayer else "components"
        family = None if item is HiddenLayer else item.family
        layer = _controls(HiddenLayer, lang) if item is HiddenLayer else []
    elif get_origin(base) is Literal:
        kind = "choice"
    elif issubclass(base, Component):
        kind, family = "component", base.family
    else:
        kind = {bool: "boolean", int: "integer", float: "number", str: "text"}[base]
    length = next((item for item in metadata if isinstance(item, Len)), None)
    low, high = _ends(interval) if interval else (length.min_length, length.max_length) if length else (None, None)
    return {
        "name": name,
        "kind": setting.control or kind,
        "label": in_language(lang, setting.label),
        "description": in_language(lang, setting.description),
        "default": dump(default),
        "minimum": low,
        "maximum": high,
        "scale": setting.scale,
        "step": setting.step,
        "suggestions": list(setting.suggestions),
        "unit": setting.unit,
        "live": setting.live,
        "group": setting.group,
        "family": family,
        **({"layer": layer} if kind == "layers" else {}),
        **({"options": _options(setting, lang)} if kind == "choice" else {}),
    }


def _options(setting: Setting, lang: str) -> list[dict[str, str | int]]:
    return [{"value": value, "label": in_language(lang, label)} for value, label in setting.options]


def _ends(interval: Interval) -> tuple[Any, Any]:
    return (
        interval.ge if interval.ge is not None else interval.gt,
        interval.le if interval.le is not None else interval.lt,
    )


def _variation_entries(lang: str) -> list[dict[str, Any]]:
    entries = []
    for variation in variations():
        interval = bounds(variation.hint)
        low, high = _ends(interval) if interval else (None, None)
        held = get_args(variation.hint)[0] if get_origin(variation.hint) is Annotated else variation.hint
        kind = {int: "integer", float: "number", bool: "boolean"}.get(held, "component")
        entries.append(
            {
                "id": variation.id,
                "label": in_language(lang, variation.label),
                "description": in_language(lang, variation.description),
                "kind": kind,
                "family": variation.family,
                "values": list(variation.values),
                "minimum": low,
                "maximum": high,
            }
        )
    return entries


def boot(lang: str, bounds: Bounds = BOUNDS) -> dict[str, Any]:
    """Everything the page needs to draw itself, on a server with these bounds."""
    return {
        "lang": lang,
        "version": __version__,
        "strings": strings(lang),
        "catalog": catalog(lang),
        "form": form(lang),
        "variations": _variation_entries(lang),
        "limits": {"panels": bounds.panels, "moment": bounds.moment},
        "plane": list(PLANE),
        "tf_weights": {name: [dump(value) for value in values] for name, values in FIRST_WEIGHTS.items()},
    }
