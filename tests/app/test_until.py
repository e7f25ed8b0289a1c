"""Playing to an epoch: it ends exactly there, whatever the pace, so all who run the same see the same numbers."""

import json
from typing import Any

import numpy as np
import pytest

from app import protocol
from app.session import Session

LINK = "samples=60&hidden=3&batch_size=3&b.batch_size=20&c.optimizer=adam"


def play(until: Any = None) -> dict[str, Any]:
    return {"type": "play", "until": until}


def run_out(talk: Any, pace: float, updates: int = 1000) -> list[Any]:
    """Frames until it stops by itself."""
    seen = []
    for _ in range(1000):
        if not talk.session.playing:
            return seen
        talk.session.aim(pace)
        seen += talk.work(updates)
    raise AssertionError("it plays on")


def test_it_ends_at_the_epoch_with_the_same_digits_at_any_pace(driver: Any) -> None:
    ends = []
    for pace, updates in ((0.3, 1), (0.3, 1000), (1.7, 8), (50, 1000), (50, 3)):
        talk = driver(LINK)
        (state,) = driver.of("state", talk.say(play(7)))
        assert (state["playing"], state["until"]) == (True, 7)
        seen = run_out(talk, pace, updates)
        (state,) = driver.of("state", seen)
        assert (state["playing"], state["until"]) == (False, None)
        frame = driver.of("frame", seen)[-1]
        assert frame["epoch"][-1] == 7
        ends.append(
            (talk.history, frame["test_loss"][-1].tobytes(), [talk.weights(place).tobytes() for place in range(3)])
        )
    assert all(end == ends[0] for end in ends)


def test_it_ends_before_an_epoch_that_no_update_meets(driver: Any) -> None:
    talk = driver("samples=60&hidden=3&batch_size=7")
    talk.say(play(2.5))
    run_out(talk, 0.4)
    (panel,) = talk.session.panels
    assert panel.trainer.position <= 2.5 < panel.trainer.next_position
    assert not talk.session.unfinished


def test_who_is_there_already_stays(driver: Any) -> None:
    talk = driver(LINK)
    talk.train(3)
    before = [talk.weights(place).tobytes() for place in range(3)]
    for until in (3, 1, 0):
        (state,) = driver.of("state", talk.say(play(until)))
        assert (state["playing"], state["until"]) == (False, None)
        talk.session.aim(5)
        talk.work()
        talk.say({"type": "play"})
    assert [talk.weights(place).tobytes() for place in range(3)] == before


@pytest.mark.parametrize("command", [{"type": "play"}, play(9), {"type": "rewind"}, {"type": "reset"}], ids=json.dumps)
def test_another_aim_takes_its_place(driver: Any, command: dict[str, Any]) -> None:
    talk = driver(LINK)
    talk.say(play(4))
    talk.say(command)
    assert talk.session.playing
    for _ in range(8):
        talk.session.aim(1)
        talk.work()
    assert talk.session.playing and talk.session.position == 8


@pytest.mark.parametrize("kind", ["pause", "step", "epoch"])
def test_what_stops_it_before_ends_the_matter(driver: Any, kind: str) -> None:
    talk = driver(LINK)
    talk.say(play(4))
    talk.session.aim(1)
    talk.work()
    state = driver.of("state", talk.say({"type": kind}))[-1]
    assert (state["playing"], state["until"]) == (False, None)
    talk.train(6)
    assert talk.session.position > 4


def test_changes_on_the_way_do_not_move_the_end(driver: Any) -> None:
    talk = driver(LINK)
    talk.say(play(6))
    talk.session.aim(2)
    talk.work()
    talk.say({"type": "set", "name": "learning_rate", "value": 0.1, "panels": None}, {"type": "speed", "value": 900})
    run_out(talk, 45)
    assert talk.session.position == 6


def test_in_slow_motion_it_ends_there_too(driver: Any) -> None:
    talk = driver("samples=60&hidden=3&batch_size=20")
    talk.say({"type": "slow", "rate": 10}, play(2))
    run_out(talk, 1)
    (panel,) = talk.session.panels
    assert (panel.trainer.steps, talk.session.position) == (4, 2)


def test_a_checkpoint_keeps_it(driver: Any) -> None:
    talk = driver(LINK)
    talk.say(play(4))
    talk.session.aim(1)
    talk.work()
    (saved,) = [m for m in talk.session.messages(frame=False, save=True) if isinstance(m, bytes)][-1:]
    again = Session()
    again.submit(protocol.Resume(saved))
    again.apply()
    while again.playing:
        again.aim(3)
        while not again.work(50):
            pass
    run_out(talk, 0.5)
    assert again.position == talk.session.position == 4
    for panel, other in zip(again.panels, talk.session.panels, strict=True):
        np.testing.assert_array_equal(panel.trainer.network.parameters, other.trainer.network.parameters)


@pytest.mark.parametrize("until", [-1, 2e9, "soon", True])
def test_an_epoch_that_is_none_is_refused_with_the_range(driver: Any, until: object) -> None:
    talk = driver(LINK)
    (error,) = driver.of("error", talk.say(play(until)))
    assert error["path"] == ["until"]
    assert not talk.session.playing
