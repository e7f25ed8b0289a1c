"""For every component a link that shows it at work: the default experiment with that one thing chosen, on the first
dataset that goes with it.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, get_args, get_origin

from app import links
from app.schema import fields_of
from engine import DataSpec, Experiment, HiddenLayer, NetworkSpec, draw
from engine.checks import refuse
from engine.component import Component, Refused
from engine.datasets import DATASETS

_KNOWN: dict[type[Component], str] = {}


def showcase(cls: type[Component]) -> str:
    """The link's fragment. Raises LookupError if no setting takes the component, or no dataset goes with it."""
    if cls not in _KNOWN:
        _KNOWN[cls] = _find(cls)
    return _KNOWN[cls]


def _find(cls: type[Component]) -> str:
    for spec, data in _choices(cls()):
        for dataset in [data.dataset, *(other() for other in DATASETS.values())]:
            tried = data if cls.family == "datasets" else replace(data, dataset=dataset)
            try:
                refuse(spec, draw(tried))
            except Refused:
                continue
            return links.encode(Experiment(tried, (spec,)))
    raise LookupError(f"nothing shows {cls.family}.{cls.id}")


def _choices(component: Component) -> Iterator[tuple[NetworkSpec, DataSpec]]:
    """Experiments with the component in the setting of its family; everything else is at its default."""
    for name, value in _settings(NetworkSpec(), component):
        yield replace(NetworkSpec(), **{name: value}), DataSpec()
    for name, value in _settings(DataSpec(), component):
        yield NetworkSpec(), replace(DataSpec(), **{name: value})
    for name, value in _settings(HiddenLayer(), component):
        layers = tuple(replace(layer, **{name: value}) for layer in NetworkSpec().hidden)
        yield replace(NetworkSpec(), hidden=layers), DataSpec()


def _settings(spec: NetworkSpec | DataSpec | HiddenLayer, component: Component) -> Iterator[tuple[str, Any]]:
    for name, hint, _, _ in fields_of(type(spec)):
        base = get_args(hint)[0] if get_origin(hint) is Annotated else hint
        if get_origin(base) is tuple and getattr(get_args(base)[0], "family", None) == component.family:
            usual = [each for each in getattr(spec, name) if type(each) is not type(component)]
            yield name, (*usual, component)
            yield name, (component,)
        elif isinstance(base, type) and getattr(base, "family", None) == component.family:
            yield name, component
