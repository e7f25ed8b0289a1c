"""Switching units and links off and on in a session: what it says of it, what it keeps, and what it refuses."""

from typing import Any

import numpy as np
import pytest

from app import protocol
from engine.ablation import Off

LINK = "v=1&samples=60&hidden=4-tanh,3&noise=0.1"


def switch(on: bool = False, panel: int = 0, **what: Any) -> dict[str, Any]:
    return {"type": "switch", "panel": panel, "on": on, **what}


def off(talk: Any, panel: int = 0) -> Off:
    found = talk.session.panels[panel].trainer.network.off
    assert isinstance(found, Off)
    return found


def test_what_is_off_changes_the_picture_and_comes_back(driver: Any) -> None:
    talk = driver(LINK)
    talk.train(3)
    (before,) = driver.of("frame", talk.say({"type": "pause"}, {"type": "look", "panel": 0}))
    answer = talk.say(switch(units=[3], links=[[1, 2, 0], [2, 0, None]]))
    assert not driver.of("error", answer)
    (state,), (frame,), (inside,) = (driver.of(kind, answer) for kind in ("state", "frame", "inside"))
    assert [panel["off"] for panel in state["panels"]] == [3]
    assert not np.array_equal(frame["boundary"], before["boundary"])
    assert frame["train_loss"][-1, 0] != before["train_loss"][-1, 0]
    assert inside["off_units"].tolist() == [3]
    assert inside["off_links"].tolist() == [[1, 2, 0], [2, 0, -1]]
    (change,) = driver.of("change", answer)
    assert (change["what"], change["changes"][0]["before"], change["changes"][0]["after"]) == ("switch", 0, 3)
    (state,) = driver.of("state", talk.say(switch(on=True, links=[[1, 2, 0]])))
    assert state["panels"][0]["off"] == 2
    (frame,) = driver.of("frame", talk.say(switch(on=True)))
    assert not off(talk)
    for name in ("boundary", "train_loss", "dead_ratio", "predicted"):
        np.testing.assert_array_equal(frame[name][-1], before[name][-1])


def test_nothing_is_said_where_nothing_changes(driver: Any) -> None:
    talk = driver(LINK)
    talk.say(switch(units=[3]))
    assert not driver.of("state", talk.say(switch(units=[3])))
    assert not driver.of("state", talk.say(switch(on=True, units=[4])))
    assert off(talk) == Off(frozenset({3}))


def test_the_inside_tells_the_weights_as_they_will_come_back(driver: Any) -> None:
    talk = driver(LINK)
    (before,) = driver.of("inside", talk.say({"type": "ask", "panel": 0, "view": "inside"}))
    talk.say(switch(units=[3], links=[[0, 0, 1]]))
    (after,) = driver.of("inside", talk.say({"type": "ask", "panel": 0, "view": "inside"}))
    for name in ("weights", "biases"):
        np.testing.assert_array_equal(after[name], before[name])


def test_a_weight_is_typed_while_it_is_off(driver: Any) -> None:
    talk = driver(LINK)
    weigh = {"type": "weigh", "panel": 0, "layer": 0, "unit": 0, "input": 1, "value": 2.5}
    talk.train(1)
    talk.say(switch(links=[[0, 0, 1]]))
    (change,) = driver.of("change", talk.say(weigh))
    assert change["changes"][0]["before"] != 0
    network = talk.session.panels[0].trainer.network
    assert network.unbiased(0)[0, 0, 1] == 0
    talk.say(switch(on=True))
    assert network.unbiased(0)[0, 0, 1] == 2.5


def test_it_trains_on_from_a_checkpoint_with_what_is_off(driver: Any) -> None:
    talk = driver(f"{LINK}&optimizer=adam")
    talk.train(2)
    talk.say(switch(units=[3], links=[[1, 2, 0], [2, 0, None]]))
    talk.train(2)
    saved = talk.session.checkpoint()
    other = driver(None)
    other.session.submit(protocol.Resume(saved))
    other.session.apply()
    (state,) = driver.of("state", other.read())
    assert state["panels"][0]["off"] == 3
    assert off(other) == off(talk)
    for each in (talk, other):
        each.train(2)
    np.testing.assert_array_equal(other.weights(), talk.weights())
    for each in (talk, other):
        each.say(switch(on=True))
    np.testing.assert_array_equal(other.weights(), talk.weights())


def test_it_stays_off_where_the_network_stays_and_not_where_it_is_another(driver: Any) -> None:
    talk = driver(LINK)
    talk.say(switch(units=[3]))
    talk.say({"type": "duplicate", "panel": 0}, {"type": "set", "name": "learning_rate", "value": 0.2})
    talk.say({"type": "points", "points": [[0, 0, 0], [1, 1, 1], [2, 2, 0], [-1, 3, 1]]})
    assert off(talk) == off(talk, 1) == Off(frozenset({3}))
    talk.say(switch(on=True, panel=1))
    assert (len(off(talk)), len(off(talk, 1))) == (1, 0)
    (state,) = driver.of("state", talk.say({"type": "rewind"}))
    assert [panel["off"] for panel in state["panels"]] == [0, 0]


def test_all_seeds_of_a_panel_are_switched_together(driver: Any) -> None:
    talk = driver(f"{LINK}&seeds=8")
    talk.say(switch(units=[3]))
    (seen,) = driver.of("inside", talk.say({"type": "ask", "panel": 0, "view": "inside", "seed": 5}))
    assert seen["off_units"].tolist() == [3]
    network = talk.session.panels[0].trainer.network
    assert not network.weights[1][:, :, 1].any()
    talk.train(1)
    assert not network.weights[1][:, :, 1].any()


@pytest.mark.parametrize(
    ("what", "path", "code"),
    [
        ({"units": [0, 11]}, ["units", 1], "unknown_choice"),
        ({"links": [[0, 4, 0]]}, ["links", 0], "unknown_choice"),
        ({"links": [[1, 0, 3], [1, 0, 4]]}, ["links", 1], "unknown_choice"),
        ({"links": [[4, 0, None]]}, ["links", 0], "unknown_choice"),
        ({"units": [3], "panel": 1}, ["panel"], "no_such_panel"),
    ],
)
def test_what_there_is_not_is_refused(driver: Any, what: dict[str, Any], path: list[Any], code: str) -> None:
    talk = driver(LINK)
    (error,) = driver.of("error", talk.say(switch(**what)))
    assert (error["path"], error["code"]) == (path, code)
    assert not off(talk)


def test_single_weights_that_are_off_are_bounded(driver: Any) -> None:
    talk = driver("v=1&samples=40&hidden=64,64")
    every = [[1, row, column] for row in range(17) for column in range(64)]
    talk.say(switch(links=every[:1000]))
    (error,) = driver.of("error", talk.say(switch(links=every[500:1088])))
    assert (error["code"], error["params"]["maximum"]) == ("too_long", protocol.MAX_OFF)
    assert len(off(talk)) == 1000


def test_numbers_follow_at_once_while_it_plays(driver: Any) -> None:
    talk = driver(LINK)
    talk.train(1)
    (frame,) = driver.of("frame", talk.say(switch(units=[3, 4])))
    assert frame["train_loss"][-1, 0] == talk.session.panels[0].trainer.evaluate().train_loss[0]


def test_a_network_that_stopped_early_goes_on_without_what_is_off(driver: Any) -> None:
    talk = driver(f"{LINK}&regularizers=early_stopping(patience=1)&learning_rate=1")
    talk.train(200, 10)
    assert talk.session.panels[0].stopped
    (frame,) = driver.of("frame", talk.say(switch(units=[3])))
    assert frame["stopped"].tolist() == [0]
    steps = talk.session.panels[0].trainer.steps
    talk.train(1)
    assert talk.session.panels[0].trainer.steps > steps


def test_the_other_panels_keep_what_one_has_lost(driver: Any) -> None:
    """Panels of one shape train together; one of them alone has something off."""
    talk, alone = driver(f"{LINK}&b.learning_rate=0.02"), driver(f"{LINK}&b.learning_rate=0.02")
    for each in (talk, alone):
        each.train(2)
    talk.say(switch(units=[3]))
    for each in (talk, alone):
        each.train(2)
    np.testing.assert_allclose(talk.weights(1), alone.weights(1), rtol=1e-4, atol=1e-6)
    assert not np.allclose(talk.weights(0), alone.weights(0))
    network = talk.session.panels[0].trainer.network
    assert not network.weights[1][:, :, 1].any()
