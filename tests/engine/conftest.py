"""What the engine's tests share. Components are never listed by hand: a test that asks for ``activation`` runs once for
every member of that family in the catalog, at its defaults and at 25 %, 50 % and 75 % of each parameter's range, so
that a component added later is tested without editing a test."""

import json
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from annotated_types import Interval

from engine import CATALOG, DataSpec, HiddenLayer, NetworkSpec, Trainer, draw
from engine.checks import refuse
from engine.component import Component, Refused
from engine.datasets import Classes, Dataset, Values
from engine.initializers import Glorot
from engine.layers import BatchNorm
from engine.losses import AutomaticLoss, Logistic, Loss
from engine.optimizers import Adam
from engine.preprocessing import NoPreprocessing
from engine.regularizers import L2

FIGURES = Path(__file__).resolve().parents[1] / "figures"

FAMILIES = {
    "activation": "activations",
    "loss": "losses",
    "regularizer": "regularizers",
    "optimizer": "optimizers",
    "initializer": "initializers",
    "preprocessing": "preprocessing",
    "dataset": "datasets",
    "value_dataset": "datasets",
    "any_dataset": "datasets",
    "any_shift": "shifts",
    "feature": "features",
    "schedule": "schedules",
}

# What a test that asks for the left gets: those members of the family for which the law is meant.
MEANT: dict[str, Callable[[type[Component]], bool]] = {
    "dataset": lambda cls: issubclass(cls, Classes),
    "value_dataset": lambda cls: issubclass(cls, Values),
    "any_dataset": lambda cls: issubclass(cls, Dataset),
    "loss": lambda cls: issubclass(cls, Loss) and cls is not AutomaticLoss,  # which only stands for another
}


def variants(cls: type) -> Iterator[tuple[str, Any]]:
    """The component at its defaults, and with one parameter at a time inside its range."""
    default = cls()
    yield cls.id, default
    hints = get_type_hints(cls, include_extras=True)
    for field in fields(cls):
        if isinstance(value := getattr(default, field.name), bool):
            yield f"{cls.id}-{field.name}={not value}", replace(default, **{field.name: not value})
        hint = hints[field.name]
        choices = get_args(hint)[0] if getattr(hint, "__metadata__", ()) else hint
        for choice in get_args(choices) if get_origin(choices) is Literal else ():
            if choice != value:
                yield f"{cls.id}-{field.name}={choice}", replace(default, **{field.name: choice})
        for note in getattr(hints[field.name], "__metadata__", ()):
            if not isinstance(note, Interval):
                continue
            low = note.ge if note.ge is not None else note.gt
            high = note.le if note.le is not None else note.lt
            for share in (0.25, 0.5, 0.75):
                value = type(getattr(default, field.name))(low + share * (high - low))
                yield f"{cls.id}-{field.name}={value:g}", replace(default, **{field.name: value})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for singular, family in FAMILIES.items():
        meant = MEANT.get(singular, lambda cls: True)
        registry = {name: cls for name, cls in CATALOG[family].items() if meant(cls)}
        if singular in metafunc.fixturenames:
            cases = [case for cls in registry.values() for case in variants(cls)]
            metafunc.parametrize(singular, [case for _, case in cases], ids=[name for name, _ in cases])
        if f"default_{singular}" in metafunc.fixturenames:  # where one test of each kind is enough
            metafunc.parametrize(f"default_{singular}", [cls() for cls in registry.values()], ids=list(registry))


@pytest.fixture(scope="session")
def central_difference() -> Callable[..., np.ndarray]:
    """``central_difference(f, w)``: the gradient of a scalar function at ``w``, number by number (S1, S2)."""

    def difference(f: Callable[[np.ndarray], Any], w: np.ndarray, delta: float = 1e-6) -> np.ndarray:
        result = np.empty_like(w)
        for index in np.ndindex(w.shape):
            above, below = w.copy(), w.copy()
            above[index] += delta
            below[index] -= delta
            result[index] = (f(above) - f(below)) / (2 * delta)
        return result

    return difference


@pytest.fixture(scope="session")
def spec_with() -> Callable[..., NetworkSpec]:
    """``spec_with(activations, **settings)``: a spec with one hidden layer of five units for each activation."""

    def spec(activations: Any = (), width: int = 5, **settings: Any) -> NetworkSpec:
        hidden = tuple(HiddenLayer(width, activation) for activation in activations)
        return NetworkSpec(hidden=hidden, **{"initializer": Glorot(), **settings})

    return spec


@pytest.fixture(scope="session")
def few() -> DataSpec:
    """Little data, with a training part (30) that batches of 10 fill and batches of 7 do not."""
    return DataSpec(samples=60)


@pytest.fixture(scope="session")
def figures() -> Callable[[str], dict[str, Any]]:
    """``figures("network")``: what PyTorch and scikit-learn say, from tests/figures."""
    return lambda name: json.loads((FIGURES / f"{name}.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def others() -> dict[str, Any]:
    """Every field of NetworkSpec with a value other than the default, which still makes sense with all the defaults."""
    return {
        "hidden": (HiddenLayer(8), HiddenLayer(9)),
        "residual": True,
        "batch_norm": True,
        "regularizers": (L2(strength=0.1),),
        "regularize_biases": True,
        "output_strength": 3.0,
        "bootstrap": True,
        "folds": 4,
        "learning_rate": 0.1,
        "optimizer": Adam(),
        "schedule": next(cls() for cls in list(CATALOG["schedules"].values())[::-1]),
        "clip_norm": 0.1,
        "frozen": 1,
        "batch_size": 7,
        "loss": Logistic(),
        "initializer": Glorot(),
        "gain": 0.5,
        "bias": 0.1,
        "seed": 2,
        "features": (CATALOG["features"]["x1"](),),
        "preprocessing": NoPreprocessing(),
        "fit_on_all": True,
    }


@pytest.fixture(scope="session")
def sensible() -> Callable[[NetworkSpec, DataSpec], bool]:
    """Whether the engine takes a network with such data."""

    def accepted(spec: NetworkSpec, data: DataSpec) -> bool:
        try:
            refuse(spec, draw(data))
        except Refused:
            return False
        return True

    return accepted


@pytest.fixture(scope="session")
def by_hand() -> Callable[..., tuple[list[dict[str, np.ndarray]], np.ndarray]]:
    """``by_hand(trainer, k, points)``: network k's prediction in float64, written down once more as the textbook has
    it.

    One dict a hidden layer (inputs, z, normalized, a, out; all without the row of ones), and the logits.
    ``parameters`` takes the place of the network's own.
    """

    def forward(
        trainer: Trainer, k: int, points: np.ndarray, parameters: np.ndarray | None = None
    ) -> tuple[list[dict[str, np.ndarray]], np.ndarray]:
        net, spec = trainer.network, trainer.specs[k]
        flat = (net.parameters[k] if parameters is None else parameters).astype(np.float64)
        keep = next(((r.inputs, r.hidden) for r in spec.regularizers if r.id == "plain_dropout"), (1.0, 1.0))
        signal = keep[0] * trainer.inputs(points, np.float64)[:-1]
        layers = []
        for index, blocks in enumerate(net.blocks):
            own = {name: flat[span].reshape(shape) for name, (span, shape) in blocks.items()}
            w = own["weights"] if not net.has_bias(index) else own["weights"][:, :-1]
            z = w @ signal + (own["weights"][:, -1:] if net.has_bias(index) else 0)
            if index == net.depth:
                return layers, z
            normalized = z
            if "gamma" in own:
                mean, variance = net.averages[index][:, k].astype(np.float64)
                normalized = own["gamma"] * (z - mean) / np.sqrt(variance + BatchNorm.EPSILON) + own["beta"]
            activation = spec.hidden[index].activation
            a = np.empty((net.sizes[index + 1], signal.shape[1]))
            if "learned" in own:
                activation.f_with(normalized, own["learned"], a)
            else:
                activation.f(normalized, a)
            out = a + signal if spec.residual and index and a.shape == signal.shape else a
            layers.append({"inputs": signal, "z": z, "normalized": normalized, "a": a, "out": out})
            signal = keep[1] * out
        raise AssertionError

    return forward
