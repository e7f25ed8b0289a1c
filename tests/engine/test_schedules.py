"""Laws of every learning-rate schedule: a share of the learning rate, the same for the same epoch, in one direction."""

from dataclasses import fields
from typing import get_type_hints

import numpy as np
import pytest
from annotated_types import Interval

from engine.schedules import SCHEDULES, Constant, Cosine, Exponential, InverseTime, Schedule, Step, WarmUp

EPOCHS = [*range(300), 1000, 9999, 10_000, 123_456, 10**7]


def factors(schedule, epochs=EPOCHS):
    return np.array([schedule.factor(epoch) for epoch in epochs])


def test_a_factor_is_a_share(schedule):
    for epoch in EPOCHS:
        factor = schedule.factor(epoch)
        assert type(factor) is float
        assert 0 <= factor <= 1


def test_the_same_epoch_has_the_same_factor(schedule):
    np.testing.assert_array_equal(factors(schedule), factors(schedule, EPOCHS[::-1])[::-1])


def test_a_schedule_goes_in_one_direction(schedule):
    changes = np.diff(factors(schedule))
    assert (changes <= 1e-15).all() or (changes >= -1e-15).all()


def test_the_whole_learning_rate_is_used_at_one_end(schedule):
    assert factors(schedule)[[0, -1]].max() == pytest.approx(1)


def test_stacked_schedules_act_network_by_network(default_schedule):
    cls = type(default_schedule)
    hints = get_type_hints(cls, include_extras=True)
    for field in fields(cls):
        if isinstance(field.default, float):
            interval = next(note for note in hints[field.name].__metadata__ if isinstance(note, Interval))
            members = [
                cls(**{field.name: interval.ge + share * (interval.le - interval.ge)}) for share in (0.1, 0.5, 0.9)
            ]
            stacked = Schedule.stack(members, np.float64, axes=0)
            for epoch in EPOCHS:
                expected = [member.factor(epoch) for member in members]
                np.testing.assert_allclose(stacked.factor(epoch), expected, rtol=1e-12, atol=1e-300)


def test_every_parameter_matters(default_schedule, schedule):
    if type(schedule) is type(default_schedule) and schedule != default_schedule:
        assert (factors(schedule) != factors(default_schedule)).any()


def test_constant_is_the_one_to_begin_with():
    assert next(iter(SCHEDULES)) == "constant"
    assert (factors(Constant()) == 1).all()


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (Step(every=3, share=0.5), [1, 1, 1, 0.5, 0.5, 0.5, 0.25]),
        (Exponential(share=0.9), [1, 0.9, 0.81, 0.729]),
        (InverseTime(decay=0.5), [1, 1 / 1.5, 1 / 2, 1 / 2.5, 1 / 3]),
        (Cosine(period=3, floor=0.2), [1, 0.2 + 0.8 * 0.75, 0.2 + 0.8 * 0.25, 0.2, 0.2, 0.2]),  # cos 60° = ½
        (WarmUp(epochs=4, start=0.2), [0.2, 0.4, 0.6, 0.8, 1, 1]),
    ],
)
def test_by_hand(member, expected):
    np.testing.assert_allclose(factors(member, range(len(expected))), expected, rtol=1e-15)
