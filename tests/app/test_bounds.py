"""How large an experiment may be: at the bound it is accepted, one past it is refused with the place and the bound."""

import json
from typing import Any

import pytest

from app import protocol
from app.bounds import MAX_MOMENT, Bounds
from app.describe import boot
from app.session import Session
from app.settings import Settings
from engine import Experiment
from engine.spec import MAX_PANELS

TIGHT = Bounds(panels=2, depth=2, width=8, points=500, updates=1000)


def session(*commands: dict[str, Any], bounds: Bounds = TIGHT) -> tuple[Session, list[dict[str, Any]]]:
    """A session after some commands, and the errors it gave."""
    made = Session(bounds)
    for command in commands:
        made.submit(protocol.decode(json.dumps(command)))
    made.apply()
    events = [json.loads(message) for message in made.messages(frame=False) if isinstance(message, str)]
    return made, [event for event in events if event["type"] == "error"]


AT = [
    {"type": "open", "link": "b.seed=2&hidden=8,8&samples=500"},
    {"type": "add"},
    {"type": "duplicate", "panel": 0},
    {"type": "set", "name": "hidden", "value": [{"width": 8}, {"width": 8}]},
    {"type": "set_data", "name": "samples", "value": 500},
    {"type": "vary", "variation": "width", "values": [3, 8]},
]
PAST: list[tuple[dict[str, Any], list[Any], str, int]] = [
    ({"type": "open", "link": "b.seed=2&c.seed=3"}, ["panels"], "too_many_panels", 2),
    ({"type": "open", "link": "hidden=9,8"}, ["panels", 0, "hidden", 0, "width"], "too_large", 8),
    ({"type": "open", "link": "hidden=8,8,8"}, ["panels", 0, "hidden"], "too_long", 2),
    ({"type": "open", "link": "samples=501"}, ["data", "samples"], "too_large", 500),
    (
        {"type": "set", "name": "hidden", "value": [{}, {"width": 9}]},
        ["panels", 0, "hidden", 1, "width"],
        "too_large",
        8,
    ),
    ({"type": "set", "name": "hidden", "value": [{}, {}, {}]}, ["panels", 0, "hidden"], "too_long", 2),
    ({"type": "set_data", "name": "samples", "value": 501}, ["data", "samples"], "too_large", 500),
    ({"type": "points", "points": [[n / 100, 0, n % 2] for n in range(501)]}, ["data", "samples"], "too_large", 500),
    ({"type": "vary", "variation": "width", "values": [3, 4, 5]}, ["panels"], "too_many_panels", 2),
    (
        {"type": "configure", "experiment": {"panels": [{"hidden": [{"width": 9}]}]}},
        ["panels", 0, "hidden", 0, "width"],
        "too_large",
        8,
    ),
]


@pytest.mark.parametrize("command", AT, ids=lambda command: command["type"])
def test_at_the_bound(command: dict[str, Any]) -> None:
    assert session({"type": "open", "link": ""}, command)[1] == []


@pytest.mark.parametrize(("command", "path", "code", "bound"), PAST)
def test_one_past_it(command: dict[str, Any], path: list[Any], code: str, bound: int) -> None:
    made, (error, *_) = session({"type": "open", "link": ""}, command)
    assert (error["path"], error["code"], error["params"]["maximum"]) == (path, code, bound)
    assert str(bound) in error["message"]
    assert made.experiment == Experiment()  # as it was


@pytest.mark.parametrize("kind", ["add", "duplicate"])
def test_one_panel_too_many(kind: str) -> None:
    command = {"type": kind} | ({"panel": 0} if kind == "duplicate" else {})
    made, errors = session({"type": "open", "link": "b.seed=2"}, command)
    assert [error["code"] for error in errors] == ["too_many_panels"]
    assert len(made.panels) == 2


def test_a_page_whose_link_is_too_large_begins_with_the_default() -> None:
    made, errors = session({"type": "open", "link": "hidden=100"})
    assert [error["code"] for error in errors] == ["too_large"]
    assert made.experiment == Experiment()


def test_a_checkpoint_beyond_the_bounds_is_refused() -> None:
    large, _ = session({"type": "open", "link": "hidden=100"}, bounds=Bounds())
    saved = large.checkpoint()
    assert saved
    made, _ = session({"type": "open", "link": ""})
    made.submit(protocol.Resume(saved))
    made.apply()
    assert any('"too_large"' in message for message in made.messages(frame=False) if isinstance(message, str))
    assert made.experiment == Experiment()


def test_updates_a_second_are_those_of_all_networks() -> None:
    """250 training points in batches of ten are 25 updates an epoch; two networks make 50, so 20 epochs a second."""
    made, _ = session({"type": "open", "link": "b.seed=2&speed=1000"})
    assert made.pace == 20
    made, _ = session({"type": "open", "link": "b.seed=2&speed=5"})
    assert made.pace == 5


def test_by_default_the_engine_itself_is_the_bound() -> None:
    assert Settings().bounds == Bounds()


def test_the_settings_are_the_bounds() -> None:
    tight = Settings(max_panels=2, max_depth=2, max_width=8, max_points=500, max_updates=1000)
    assert tight.bounds == TIGHT


def test_the_page_is_told_the_bounds_that_hold() -> None:
    assert boot("en")["limits"] == {"panels": MAX_PANELS, "moment": MAX_MOMENT}
    for most, moment in ((100_000, 100_000), (2 * MAX_MOMENT, MAX_MOMENT)):
        tight = Settings(max_panels=2, max_checkpoint=most)
        assert boot("en", tight.bounds)["limits"] == {"panels": 2, "moment": moment}


def test_the_default_experiment_is_always_within_them() -> None:
    lowest = {"max_panels": 1, "max_depth": 2, "max_width": 8, "max_points": 500, "max_updates": 100}
    made, errors = session({"type": "open", "link": ""}, bounds=Settings(**lowest).bounds)  # type: ignore[arg-type]
    assert made.panels and not errors
