"""Laws of the specs: plain, comparable, hashable data whose defaults are what they say."""

from dataclasses import FrozenInstanceError, fields, replace
from typing import get_type_hints

import pytest

from engine import DataSpec, Experiment, HiddenLayer, NetworkSpec, draw
from engine.regularizers import L2

DATA = draw(DataSpec())


@pytest.mark.parametrize("spec", [DataSpec, HiddenLayer, NetworkSpec, Experiment])
def test_equal_specs_are_equal_and_cannot_change(spec):
    assert spec() == spec()
    assert hash(spec()) == hash(spec())
    with pytest.raises(FrozenInstanceError):
        setattr(spec(), fields(spec)[0].name, None)


def test_widths():
    assert NetworkSpec(hidden=()).widths() == ()
    assert NetworkSpec(hidden=(HiddenLayer(3), HiddenLayer(6), HiddenLayer(20))).widths() == (3, 6, 20)


def live(name):
    return get_type_hints(NetworkSpec, include_extras=True)[name].__metadata__[-1].live


def test_every_setting_has_another_value_to_try(others):
    assert set(others) == {field.name for field in fields(NetworkSpec)}
    for name, value in others.items():
        assert value != getattr(NetworkSpec(), name)


def test_start_is_shared_by_specs_that_differ_in_live_settings_only(others):
    spec = NetworkSpec()
    for name, value in others.items():
        other = replace(spec, **{name: value})
        assert other != spec
        assert (other.start() == spec.start()) == live(name), name


def test_parts_of_a_layer_are_live_by_themselves(default_activation):
    spec = NetworkSpec()
    stronger = replace(spec, hidden=tuple(replace(layer, strength=2.0) for layer in spec.hidden))
    assert stronger.start() == spec.start()
    bent = replace(spec, hidden=tuple(replace(layer, activation=default_activation) for layer in spec.hidden))
    plain = default_activation.unit_parameters == 0 and default_activation.pieces_per_unit() == 1
    assert (bent.start() == spec.start()) == plain  # one that brings parameters of its own needs them drawn


def test_a_regularizer_that_holds_points_out_needs_a_fresh_start(default_regularizer):
    spec = NetworkSpec()
    held = replace(spec, regularizers=(default_regularizer,))
    assert held.held_out(DATA) == default_regularizer.held_out
    assert held.held_out(draw(DataSpec(validation_share=0.2))) == 0  # the data hold out enough
    assert (held.start() == spec.start()) == (default_regularizer.held_out == 0)
    several = replace(spec, regularizers=(L2(), default_regularizer))
    assert several.held_out(DATA) == default_regularizer.held_out


def test_nothing_is_held_out_without_a_regularizer():
    assert NetworkSpec().held_out(DATA) == 0
