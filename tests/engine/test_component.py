"""Laws of components and registries: what acts as one, what is refused, and by which name."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from engine import CATALOG
from engine.activations import ACTIVATIONS, Activation, LeakyReLU, ReLU
from engine.component import Component, Refused, Registry, Setting, Text


@dataclass(frozen=True)
class Example(Component):
    family = "examples"
    id = "example"
    label = Text("Example", "例子")
    formula = "x"
    description = Text("An example.", "一个例子。")
    strength: float = 0.5
    pieces: int = 2
    mode: str = "plain"


@pytest.fixture
def registry():
    return Registry("examples", Text("Examples", "例子"))


def test_one_component_or_equal_ones_stack_to_themselves():
    assert Example.stack([Example()], np.float32, axes=1) == Example()
    assert Example.stack([Example(0.3)] * 3, np.float32, axes=2) == Example(0.3)


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_float_that_differs_becomes_an_array_that_broadcasts(axes, dtype):
    stacked = Example.stack([Example(0.1), Example(0.2), Example(0.1)], dtype, axes=axes)
    assert stacked.strength.shape == (3,) + (1,) * axes
    assert stacked.strength.dtype == dtype
    np.testing.assert_array_equal(stacked.strength.ravel(), np.array([0.1, 0.2, 0.1], dtype))
    assert (stacked.pieces, stacked.mode) == (2, "plain")


@pytest.mark.parametrize(("field", "value"), [("pieces", 3), ("mode", "fancy")])
def test_anything_else_that_differs_is_refused_by_name(field, value):
    with pytest.raises(ValueError, match=rf"example\.{field}"):
        Example.stack([Example(), replace(Example(), **{field: value})], np.float32, axes=1)


def test_components_of_different_kinds_are_refused_by_the_name_of_their_family():
    with pytest.raises(ValueError, match="activations"):
        Activation.stack([ReLU(), LeakyReLU()], np.float32, axes=2)


def test_stacking_leaves_the_members_alone():
    members = [Example(0.1), Example(0.2)]
    Example.stack(members, np.float32, axes=1)
    assert members == [Example(0.1), Example(0.2)]


def test_a_registry_is_a_mapping_in_the_order_of_registration(registry):
    @dataclass(frozen=True)
    class Another(Example):
        id = "another"

    assert registry.add(Example) is Example
    registry.add(Another)
    assert list(registry) == ["example", "another"]
    assert registry["example"] is Example
    assert len(registry) == 2
    assert dict(registry) == {"example": Example, "another": Another}
    with pytest.raises(KeyError):
        registry["missing"]
    registry.remove("example")
    assert "example" not in registry


@pytest.mark.parametrize("attribute", ["id", "label", "formula", "description"])
def test_a_component_that_does_not_explain_itself_is_refused(registry, attribute):
    silent = dataclass(frozen=True)(type("Silent", (Example,), {attribute: None}))
    with pytest.raises(TypeError, match=f"Silent has no {attribute}"):
        registry.add(silent)
    assert not registry


def test_a_component_is_registered_once(registry):
    registry.add(Example)
    with pytest.raises(TypeError, match="already has 'example'"):
        registry.add(Example)


def test_a_class_that_is_no_dataclass_is_refused(registry):
    class Plain(Component):
        family, id, label, formula = "examples", "plain", Text("a", "b"), "x"
        description = Text("a", "b")

    with pytest.raises(TypeError, match="not a dataclass"):
        registry.add(Plain)


def test_a_component_of_another_family_is_refused(registry):
    with pytest.raises(TypeError, match="ReLU belongs to activations, not examples"):
        registry.add(ReLU)


def test_a_component_added_for_a_while_can_be_removed():
    @dataclass(frozen=True)
    class Cosine(Activation):
        id, label, formula = "cos-for-a-while", Text("cos", "cos"), "cos z"
        description = Text("A wave.", "一个波。")

    before = list(ACTIVATIONS)
    ACTIVATIONS.add(Cosine)
    assert CATALOG["activations"]["cos-for-a-while"] is Cosine
    ACTIVATIONS.remove("cos-for-a-while")
    assert list(ACTIVATIONS) == before


def test_a_refusal_names_the_field_and_speaks_both_languages():
    refusal = Refused("loss", Text("too many classes", "类别太多"))
    assert isinstance(refusal, ValueError)
    assert str(refusal) == "loss: too many classes"
    assert (refusal.field, refusal.reason.zh) == ("loss", "类别太多")


def test_settings_are_still_unless_they_say_otherwise():
    assert not Setting(Text("a", "b"), Text("a", "b")).live
