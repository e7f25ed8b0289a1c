"""What the engine's tests share. Components are never listed by hand: a test that asks for ``activation`` runs once for
every member of that family in the catalog, at its defaults and at 25 %, 50 % and 75 % of each parameter's range, so
that a component added later is tested without editing a test."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any, get_type_hints

import numpy as np
import pytest
from annotated_types import Interval

from engine import CATALOG, DataSpec, HiddenLayer, NetworkSpec
from engine.initializers import Glorot

FAMILIES = {
    "activation": "activations",
    "loss": "losses",
    "regularizer": "regularizers",
    "optimizer": "optimizers",
    "initializer": "initializers",
    "preprocessing": "preprocessing",
    "dataset": "datasets",
    "feature": "features",
    "schedule": "schedules",
}


def variants(cls: type) -> Iterator[tuple[str, Any]]:
    """The component at its defaults, and with one parameter at a time inside its range."""
    default = cls()
    yield cls.id, default
    hints = get_type_hints(cls, include_extras=True)
    for field in fields(cls):
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
        registry = CATALOG[family]
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
