"""Laws of the specs: plain, comparable, hashable data whose defaults are what they say."""

from dataclasses import FrozenInstanceError, fields, replace

import pytest

from engine import DataSpec, Experiment, HiddenLayer, NetworkSpec
from engine.activations import Tanh
from engine.initializers import Zeros
from engine.regularizers import L2


@pytest.mark.parametrize("spec", [DataSpec, HiddenLayer, NetworkSpec, Experiment])
def test_equal_specs_are_equal_and_cannot_change(spec):
    assert spec() == spec()
    assert hash(spec()) == hash(spec())
    with pytest.raises(FrozenInstanceError):
        setattr(spec(), fields(spec)[0].name, None)


def test_widths():
    assert NetworkSpec(hidden=()).widths() == ()
    assert NetworkSpec(hidden=(HiddenLayer(3), HiddenLayer(6), HiddenLayer(20))).widths() == (3, 6, 20)


def test_start_is_shared_by_specs_that_differ_in_live_settings_only():
    spec = NetworkSpec()
    for live in (
        replace(spec, learning_rate=1.0),
        replace(spec, batch_size=1),
        replace(spec, regularizer=L2()),
        replace(spec, hidden=tuple(replace(layer, activation=Tanh()) for layer in spec.hidden)),
    ):
        assert live != spec and live.start() == spec.start()
    for still in (
        replace(spec, seed=2),
        replace(spec, hidden=spec.hidden[:1]),
        replace(spec, initializer=Zeros()),
        replace(spec, features=spec.features[:1]),
    ):
        assert still.start() != spec.start()
