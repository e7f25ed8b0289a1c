"""An experiment as a link: ``v=1&dataset=spiral&noise=0.2&hidden=20&b.hidden=3``, for the address's fragment.

Only what differs from the default is written; settings of panel B and on are written with their letter, and only where
they differ from panel A. Keys are the fields' own names, values the short forms of `app.schema`. An unknown key or an
illegal value is left out with a notice, so that an old or damaged link still opens.
"""

import json
import re
from dataclasses import fields, replace
from typing import Any
from urllib.parse import quote, unquote_plus

from app.i18n import LANGUAGES
from app.schema import Invalid, Problem, entries, fields_of, literal, parse, refusal, short
from engine.component import Component, Refused
from engine.datasets import Own
from engine.own import CHARACTERS, MAX_LINK_POINTS
from engine.spec import DataSpec, Experiment, HiddenLayer, NetworkSpec

VERSION = 1
LETTERS = "abcdef"
DATA_PREFIX = "data."
MAX_PAIRS = 500
_WHOLE = ("speed", "seeds")  # settings of the experiment itself

# width, activation unless it is the default, and the layer's share of the regularization strength: 8-tanh*0.5
_LAYER = re.compile(r"(\d+)(?:-([^*]+))?(?:\*([^*]+))?", re.DOTALL)


def encode(experiment: Experiment) -> str:
    """The link of an experiment, without ``#``. Own points beyond 400 are left out, see `complete`."""
    default = Experiment()
    if not complete(experiment):
        experiment = replace(experiment, data=replace(experiment.data, dataset=Own()))
    pairs = [("v", str(VERSION))]
    pairs += [(_data_key(name), text) for name, text in _changes(experiment.data, default.data)]
    first = experiment.panels[0]
    pairs += _changes(first, default.panels[0])
    for letter, panel in zip(LETTERS[1:], experiment.panels[1:], strict=False):
        pairs += [(f"{letter}.{name}", text) for name, text in _changes(panel, first)] or [(letter, "")]
    for name in _WHOLE:
        if getattr(experiment, name) != getattr(default, name):
            pairs.append((name, _text(getattr(experiment, name))))
    return "&".join(f"{key}={quote(text, safe='(),=-.*')}" for key, text in pairs)


def complete(experiment: Experiment) -> bool:
    """Whether `encode` leaves nothing out."""
    dataset = experiment.data.dataset
    return not (isinstance(dataset, Own) and len(dataset.points) > MAX_LINK_POINTS * CHARACTERS)


def decode(link: str) -> tuple[Experiment, list[Problem]]:
    """The experiment of a link, and what had to be left out (codes ``unknown_key``, ``bad_link_value``,
    ``future_version``, ``too_many_keys``). Never raises."""
    notices: list[Problem] = []
    experiment = Experiment()
    given: dict[str, str] = {}
    pairs = [pair for pair in link.rpartition("#")[2].lstrip("?").split("&") if pair]
    if len(pairs) > MAX_PAIRS:
        notices.append(Problem((), "too_many_keys", {"maximum": MAX_PAIRS}))
    for pair in pairs[:MAX_PAIRS]:
        key, _, value = pair.partition("=")
        if key:
            given[unquote_plus(key)] = unquote_plus(value)
    version = given.pop("v", str(VERSION))
    if version != str(VERSION):
        notices.append(Problem((), "future_version", {"version": version[:20]}))

    def apply(spec: Any, key: str, name: str) -> Any:
        given_text = given.pop(key)
        try:
            hint = next(hint for field, hint, _, _ in fields_of(type(spec)) if field == name)
            return replace(spec, **{name: parse(hint, _value(getattr(spec, name), given_text))})
        except (Invalid, Refused) as error:
            why = error.problems[0] if isinstance(error, Invalid) else refusal(error)
            reason = {lang: why.sentence(lang) for lang in LANGUAGES}
            params = {"key": key[:40], "value": given_text[:40], "reason": reason}
            notices.append(Problem((), "bad_link_value", params))
            return spec

    data = experiment.data
    for field in fields(DataSpec):
        if (key := _data_key(field.name)) in given:
            data = apply(data, key, field.name)
    first = experiment.panels[0]
    for field in fields(NetworkSpec):
        if field.name in given:
            first = apply(first, field.name, field.name)
    panels = [first]
    for letter in LETTERS[1:]:
        keys = [key for key in given if key == letter or key.startswith(f"{letter}.")]
        if not keys:
            break
        panel = first
        given.pop(letter, None)
        for field in fields(NetworkSpec):
            if (key := f"{letter}.{field.name}") in given:
                panel = apply(panel, key, field.name)
        panels.append(panel)
    experiment = replace(experiment, data=data, panels=tuple(panels))
    for name in _WHOLE:
        if name in given:
            experiment = apply(experiment, name, name)
    notices += [Problem((), "unknown_key", {"key": key[:40]}) for key in given]
    return experiment, notices


def _data_key(name: str) -> str:
    """The key of a data setting: its name, with a prefix where a network has a setting of that name too."""
    return DATA_PREFIX + name if name in {field.name for field in fields(NetworkSpec)} else name


def _changes(spec: Any, base: Any) -> list[tuple[str, str]]:
    return [
        (field.name, _text(getattr(spec, field.name)))
        for field in fields(spec)
        if getattr(spec, field.name) != getattr(base, field.name)
    ]


def _text(value: Any) -> str:
    if isinstance(value, Component):
        return short(value)
    if isinstance(value, tuple):
        return ",".join(_text(item) for item in value)
    if isinstance(value, HiddenLayer):
        default = HiddenLayer()
        activation = "" if value.activation == default.activation else f"-{short(value.activation)}"
        return f"{value.width}{activation}" + ("" if value.strength == default.strength else f"*{value.strength}")
    if isinstance(value, str) and not value.startswith('"'):
        return value
    return json.dumps(value, ensure_ascii=False)


def _value(current: Any, text: str) -> object:
    """What a text stands for, given the value it replaces: the JSON form that `parse` validates."""
    if isinstance(current, Component):
        return text
    if isinstance(current, tuple):
        return [_layer(entry) if _LAYER.fullmatch(entry) else entry for entry in entries(text)]
    if isinstance(current, str):  # a text needs no quotes here, as nothing follows it
        return literal(text) if text.startswith('"') else text
    return literal(text)


def _layer(text: str) -> dict[str, object]:
    match = _LAYER.fullmatch(text)
    assert match is not None
    layer: dict[str, object] = {"width": int(match[1][:9])}
    if match[2]:
        layer["activation"] = match[2]
    if match[3]:
        layer["strength"] = literal(match[3])
    return layer
