"""A crew's members come to what they would have come to alone, and are trainers of their own whenever one looks."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine import DataSpec, HiddenLayer, NetworkSpec, Trainer, draw
from engine.activations import ACTIVATIONS
from engine.crew import Crew, crews, kind
from engine.optimizers import OPTIMIZERS
from engine.regularizers import REGULARIZERS
from engine.schedules import SCHEDULES

DATA = draw(DataSpec(samples=90))
BASE = NetworkSpec(hidden=(HiddenLayer(5), HiddenLayer(4)), batch_size=16)

ALIKE = [
    *(replace(BASE, optimizer=cls()) for cls in OPTIMIZERS.values() if not cls.line_search),
    *(replace(BASE, schedule=cls()) for cls in SCHEDULES.values()),
    *(replace(BASE, hidden=(HiddenLayer(4, cls()), HiddenLayer(4, cls()))) for cls in ACTIVATIONS.values()),
    *(replace(BASE, regularizers=(cls(),)) for cls in REGULARIZERS.values() if not cls.random),
    replace(BASE, batch_norm=True),
    replace(BASE, frozen=1, regularize_biases=True),
    replace(BASE, hidden=(HiddenLayer(4), HiddenLayer(4)), residual=True),
    replace(BASE, clip_norm=0.1),
    replace(BASE, hidden=()),
]


def members(spec: NetworkSpec, count: int = 3) -> list[Trainer]:
    return [Trainer(DATA, replace(spec, seed=k, learning_rate=0.02 * (k + 1))) for k in range(count)]


def assert_alike(one: Trainer, other: Trainer) -> None:
    assert one.counters == other.counters
    assert (one.position, one.next_position, one.between_batches) == (
        other.position,
        other.next_position,
        other.between_batches,
    )
    mine, theirs = one.state(), other.state()
    assert mine.keys() == theirs.keys()
    for name, value in theirs.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_allclose(mine[name], value, rtol=1e-4, atol=1e-6, err_msg=name)
        else:
            assert mine[name] == value, name


@pytest.mark.parametrize("spec", ALIKE, ids=str)
def test_members_come_to_what_they_would_have_come_to_alone(spec: NetworkSpec) -> None:
    together, alone = members(spec), members(spec)
    if kind(together[0]) is None:
        pytest.skip("trains alone")
    crew = Crew(together)
    for target in (0.5, 3, 4.2):  # within an epoch, at its end, and beyond
        assert crew.advance(target, 1000)
        crew.settle()
        for mine, theirs in zip(together, alone, strict=True):
            theirs.advance(target, 1000)
            assert_alike(mine, theirs)
    together[0].advance(6, 1000)  # it can leave at any time
    alone[0].advance(6, 1000)
    assert_alike(together[0], alone[0])


def test_a_crew_may_form_in_the_middle_of_an_epoch() -> None:
    together, alone = members(BASE), members(BASE)
    for trainer in (*together, *alone):
        trainer.advance(1.4, 1000)
    (found,) = crews(together)
    assert isinstance(found[0], Crew) and found[1] == [0, 1, 2]
    found[0].advance(5, 1000)
    found[0].settle()
    for mine, theirs in zip(together, alone, strict=True):
        theirs.advance(5, 1000)
        assert_alike(mine, theirs)


def test_one_that_overflows_does_not_touch_the_others() -> None:
    together, alone = members(BASE), members(BASE)
    for trainers in (together, alone):
        trainers[1].network.parameters[...] = 1e30
    crew = Crew(together)
    crew.advance(3, 1000)
    crew.settle()
    assert crew.finite.tolist() == [True, False, True]
    for place in (0, 2):
        alone[place].advance(3, 1000)
        assert_alike(together[place], alone[place])


@pytest.mark.parametrize(
    "change",
    [
        {"hidden": (HiddenLayer(1),)},
        {"optimizer": OPTIMIZERS["lbfgs"]()},
        {"bootstrap": True},
        *({"regularizers": (cls(),)} for cls in REGULARIZERS.values() if cls.random),
        {"regularizers": (REGULARIZERS["early_stopping"](),)},
    ],
    ids=str,
)
def test_who_has_something_of_its_own_trains_alone(change: dict[str, Any]) -> None:
    trainers = members(replace(BASE, **change))
    assert kind(trainers[0]) is None
    assert crews(trainers) == [(trainer, [place]) for place, trainer in enumerate(trainers)]


@pytest.mark.parametrize(
    "change",
    [{"batch_size": 8}, {"hidden": (HiddenLayer(5), HiddenLayer(3))}, {"optimizer": OPTIMIZERS["adam"]()}],
    ids=str,
)
def test_others_are_left_out(change: dict[str, Any]) -> None:
    trainers = [*members(BASE, 2), Trainer(DATA, replace(BASE, **change)), Trainer(DATA, replace(BASE, seed=9))]
    found = crews(trainers)
    assert [places for _, places in found] == [[0, 1, 3], [2]]
    assert found[1][0] is trainers[2]


def test_who_stands_elsewhere_is_left_out() -> None:
    trainers = members(BASE, 3)
    trainers[1].step()
    assert [places for _, places in crews(trainers)] == [[0, 2], [1]]
