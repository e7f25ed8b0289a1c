"""The wire: every command, any nonsense, and whether the tables that the protocol page shows are true."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.frames import DTYPES, split
from app.protocol import COMMANDS, EVENTS, MAX_MESSAGE, MESSAGES, Ack, Command, Open, Set, Vary, decode
from app.schema import Invalid, dump
from app.views import VIEWS
from engine import Experiment

NAMES = [get_args(command.model_fields["type"].annotation)[0] for command in COMMANDS]

WRITTEN_DOWN = [  # /tmp/brief/wire.md, word for word where it has an example
    {"type": "open", "link": "v=1&dataset=spiral"},
    {"type": "open", "link": ""},
    {"type": "configure", "experiment": {}},
    {"type": "configure", "experiment": dump(Experiment())},
    {"type": "play"},
    {"type": "pause"},
    {"type": "step"},
    {"type": "epoch"},
    {"type": "reset"},
    {"type": "rewind"},
    {"type": "speed", "value": 20},
    {"type": "speed", "value": 0.1},
    {"type": "seeds", "value": 32},
    {"type": "slow", "rate": 2},
    {"type": "slow", "rate": None},
    {"type": "add"},
    {"type": "duplicate", "panel": 0},
    {"type": "remove", "panel": 1},
    {"type": "set", "name": "learning_rate", "value": 0.1, "panels": [0, 2]},
    {"type": "set", "name": "learning_rate", "value": 0.1, "panels": None},
    {"type": "set", "name": "learning_rate", "value": 0.1, "restart": True},
    {"type": "set", "name": "hidden", "value": [{"width": 3, "activation": {"id": "tanh"}}], "panels": []},
    {"type": "set", "name": "hidden", "value": []},
    {"type": "set", "name": "features", "value": [{"id": "x1"}]},
    {"type": "set_data", "name": "noise", "value": 0.2},
    {"type": "set_data", "name": "dataset", "value": {"id": "arms", "classes": 6}},
    {"type": "set_data", "name": "dataset", "value": "moons", "keep": True},
    {"type": "set", "name": "regularizers", "value": []},
    {"type": "set", "name": "regularizers", "value": [{"id": "l2", "strength": 0.1}, "dropout"]},
    {"type": "set", "name": "batch_norm", "value": True},
    {"type": "vary", "variation": "width", "values": [3, 6, 20], "panel": 0},
    {"type": "vary", "variation": "width", "values": [3]},
    {"type": "points", "points": [[-6, 6, 0], [0.5, -0.25, 5]]},
    {"type": "look", "panel": 0},
    {"type": "look", "panel": None},
    {"type": "look", "panel": 1, "views": []},
    {"type": "look", "panel": 1, "views": ["seeds"], "seed": 31},
    {"type": "ask", "panel": 0, "view": "inside"},
    {"type": "weigh", "panel": 0, "layer": 1, "unit": 0, "input": 3, "value": -0.5},
    {"type": "weigh", "panel": 0, "layer": 8, "unit": 639, "input": None, "value": 10000},
    {"type": "switch", "panel": 0, "on": False, "units": [3, 2047], "links": [[0, 1, 2], [8, 639, None]]},
    {"type": "switch", "panel": 5, "on": True},
    {"type": "ack", "frame": 17},
    {"type": "ack", "frame": 0},
]


@pytest.mark.parametrize("message", WRITTEN_DOWN, ids=json.dumps)
def test_every_command_is_understood(message: dict[str, Any]) -> None:
    command = decode(json.dumps(message))
    assert isinstance(command, Command)
    assert command.type == message["type"]  # type: ignore[attr-defined]


def test_no_command_is_left_out_above() -> None:
    assert {message["type"] for message in WRITTEN_DOWN} == set(NAMES)
    assert len(set(NAMES)) == len(NAMES)


def test_what_a_command_carries() -> None:
    command = decode('{"type": "set", "name": "learning_rate", "value": 1, "panels": [1], "restart": true}')
    assert isinstance(command, Set)
    assert (command.value, command.panels, command.restart) == (1.0, [1], True)
    assert type(command.value) is float
    command = decode('{"type": "vary", "variation": "depth", "values": [0]}')
    assert isinstance(command, Vary)
    assert command.panel == 0
    command = decode('{"frame": 3, "type": "ack"}')
    assert isinstance(command, Ack)
    assert command.frame == 3


def test_a_new_component_needs_no_new_command(legal: Any) -> None:
    """Every field of a network and of the data can be set by its name."""
    whole = dump(Experiment())
    for name, value in whole["panels"][0].items():
        assert decode(json.dumps({"type": "set", "name": name, "value": value}))
    for name, value in whole["data"].items():
        assert decode(json.dumps({"type": "set_data", "name": name, "value": value}))


def test_the_limit_is_sixty_four_kibibytes_of_utf8() -> None:
    def message(bytes_long: int, letter: str = " ") -> str:
        empty = '{"type": "play"}'
        return empty + letter * ((bytes_long - len(empty)) // len(letter.encode()))

    assert MAX_MESSAGE == 64 * 1024
    assert decode(message(MAX_MESSAGE)).__class__.__name__ == "Play"
    for text in (message(MAX_MESSAGE + 1), '"' + "图" * 22_000 + '"'):
        with pytest.raises(Invalid) as caught:
            decode(text)
        (problem,) = caught.value.problems
        assert (problem.code, problem.params["limit"]) == ("too_big", 64 * 1024)


def test_a_link_has_a_length() -> None:
    assert isinstance(decode(json.dumps({"type": "open", "link": "x" * 32_768})), Open)
    with pytest.raises(Invalid) as caught:
        decode(json.dumps({"type": "open", "link": "x" * 32_769}))
    (problem,) = caught.value.problems
    assert (problem.path, problem.code, problem.params["maximum"]) == (("link",), "too_long", 32_768)


@pytest.mark.parametrize(
    ("message", "path", "code"),
    [
        ({"type": "set", "name": "learning_rate", "value": 11}, ("panels", 0, "learning_rate"), "too_large"),
        ({"type": "set", "name": "seed", "value": -1, "panels": [2]}, ("panels", 2, "seed"), "too_small"),
        (
            {"type": "set", "name": "hidden", "value": [{}, {"width": 999}]},
            ("panels", 0, "hidden", 1, "width"),
            "too_large",
        ),
        (
            {"type": "set", "name": "optimizer", "value": {"id": "adam", "beta1": 2}},
            ("panels", 0, "optimizer", "beta1"),
            "too_large",
        ),
        ({"type": "set", "name": "momentum", "value": 1}, ("name",), "unknown_choice"),
        ({"type": "set", "name": "__class__", "value": 1}, ("name",), "unknown_choice"),
        ({"type": "set_data", "name": "noise", "value": 0.9}, ("data", "noise"), "too_large"),
        ({"type": "set_data", "name": "hidden", "value": []}, ("name",), "unknown_choice"),
        ({"type": "speed", "value": 0}, ("speed",), "too_small"),
        ({"type": "seeds", "value": 2}, ("seeds",), "unknown_choice"),
        ({"type": "look", "panel": 0, "seed": 32}, ("seed",), "too_large"),
        ({"type": "switch", "panel": 0, "on": False, "units": [0, -1]}, ("units", 1), "too_small"),
        ({"type": "switch", "panel": 0, "on": False, "links": [[0, 0, 0], [9, 0, None]]}, ("links", 1, 0), "too_large"),
        ({"type": "switch", "panel": 0, "on": 1}, ("on",), "wrong_type"),
        ({"type": "configure", "experiment": {"speed": 0}}, ("speed",), "too_small"),
        ({"type": "play", "now": True}, ("now",), "unknown_field"),
        ({"type": "remove"}, ("panel",), "missing"),
        ({"type": "Play"}, ("type",), "unknown_command"),
        ({"type": None}, ("type",), "unknown_command"),
        ({}, ("type",), "unknown_command"),
        ([], (), "unknown_command"),
        (None, (), "unknown_command"),
        ("play", (), "unknown_command"),
    ],
)
def test_what_is_wrong_is_said_where(message: Any, path: tuple[Any, ...], code: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode(json.dumps(message))
    assert [(problem.path, problem.code) for problem in caught.value.problems] == [(path, code)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
KEYS = sorted({name for command in COMMANDS for name in command.model_fields} - {"type"})
NEARLY = st.fixed_dictionaries(
    {"type": st.sampled_from(NAMES)},
    optional={name: JSON | st.integers(-1, 7) | st.sampled_from(["noise", "seed", "width", ""]) for name in KEYS}
    | {"value": JSON},
)


@settings(deadline=None, max_examples=250)
@given(JSON | NEARLY)
def test_any_json_value_is_a_command_or_refused(value: Any) -> None:
    try:
        command = decode(json.dumps(value))
    except Invalid as error:
        assert error.problems
        for problem in error.problems:
            assert json.dumps([problem.path, problem.code, problem.params, problem.message]).isascii()
    else:
        assert isinstance(command, COMMANDS)


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=80))
def test_any_text_is_a_command_or_refused(text: str) -> None:
    try:
        assert isinstance(decode(text), COMMANDS)
    except Invalid as error:
        assert error.problems[0].code in ("invalid_json", "unknown_command")


# ---- the tables ----


@pytest.fixture(scope="module")
def conversation(driver: Any, frame_type: Any) -> Any:
    """A session that has said everything it can say."""
    talk = driver("dataset=arms(classes=5)&hidden=4,4,4&b.hidden=&c.hidden=2&nonsense=1&noise=9")
    talk.train(3.4, 0.2)
    talk.say({"type": "set", "name": "learning_rate", "value": 0.5, "panels": [0, 1]})
    talk.say({"type": "weigh", "panel": 0, "layer": 0, "unit": 0, "input": None, "value": 0.5})
    talk.say({"type": "points", "points": [[0, 0, 0], [1, 1, 1], [2, 2, 2], [3, 3, 3], [4, 4, 4]]})
    talk.say({"type": "speed", "value": 0}, {"type": "remove", "panel": 5})
    talk.say({"type": "configure", "experiment": {"data": {"samples": 40}}})
    talk.say({"type": "open", "link": "learning_rate=10&hidden=128-linear,128-linear,128-linear&samples=40"})
    talk.train(50, 5)
    talk.say({"type": "open", "link": "samples=60&optimizer=adam&regularizers=early_stopping(patience=1)&b.seed=2"})
    talk.train(100, 5)
    talk.say({"type": "open", "link": "dataset=function&samples=40"}, {"type": "look", "panel": 0})
    talk.train(1, 1)
    talk.say({"type": "open", "link": "b.hidden=3"}, {"type": "ask", "panel": 0, "view": "difference"})
    for seeds in ("seeds=8&samples=40&b.hidden=3", "seeds=8&samples=40&dataset=function"):
        talk.say({"type": "open", "link": seeds})
        talk.train(2, 1)
    for view in VIEWS:
        talk.say({"type": "open", "link": ""}, {"type": "ask", "panel": 0, "view": view})
    talk.seen += map(frame_type, split(talk.session.checkpoint(), 1000))  # as the pump does it where the line is slow
    return talk


# The pump says how busy the server is and that it is there, not the session.
SAID_BY_PUMP = {"load", "alive"}


@pytest.mark.parametrize("name", sorted(set(EVENTS) - SAID_BY_PUMP))
def test_events_have_the_fields_that_the_table_says(name: str, conversation: Any, driver: Any) -> None:
    events = driver.of(name, conversation.seen)
    assert events
    for event in events:
        assert set(event) == {"type", *EVENTS[name][1]}


def test_panels_of_a_state_have_the_fields_that_the_table_says(conversation: Any, driver: Any) -> None:
    fields = EVENTS["state"][1]["panels"].partition("{")[2].partition("}")[0].split(", ")
    for state in driver.of("state", conversation.seen):
        for panel in state["panels"]:
            assert set(panel) == set(fields)


def test_there_are_no_other_events(conversation: Any) -> None:
    assert {message["type"] for message in conversation.seen if isinstance(message, dict)} == set(EVENTS) - SAID_BY_PUMP


def test_arrays_have_the_type_and_rank_that_the_table_says(conversation: Any, driver: Any, frame_type: Any) -> None:
    heard: dict[str, set[str]] = {}
    for message in conversation.seen:
        if not isinstance(message, frame_type):
            continue
        arrays = MESSAGES[message.kind][1]
        for name, array in message.arrays.items():
            dtype, shape, _ = arrays[name]
            assert array.dtype == DTYPES[dtype], name
            assert array.ndim == len(shape.strip("()").split(",")), name
            heard.setdefault(message.kind, set()).add(name)
    assert heard == {kind: set(arrays) for kind, (_, arrays) in MESSAGES.items() if arrays}


def test_views_send_the_metadata_that_they_say(conversation: Any, frame_type: Any) -> None:
    for message in conversation.seen:
        if isinstance(message, frame_type) and message.kind in VIEWS:
            assert set(message.metadata) == {"kind", "run", "panel", "seed", "epoch", *VIEWS[message.kind].about}


def test_sizes_that_share_a_letter_are_equal(conversation: Any, driver: Any) -> None:
    """P, N, T, G and L are one number each in a message; (1) is 1 and (N, 2) is 2 wide."""
    for kind, (_, arrays) in MESSAGES.items():
        for message in driver.of(kind, conversation.seen):
            sizes: dict[str, int] = {}
            for name, array in message.arrays.items():
                letters = [part.strip() for part in arrays[name][1].strip("()").split(",")]
                for letter, size in zip(letters, array.shape, strict=True):
                    if letter.isdigit():
                        assert size == int(letter)
                    elif letter.startswith("L + "):
                        more = int(letter[4:])
                        assert size == sizes.setdefault("L", size - more) + more
                    else:
                        assert size == sizes.setdefault(letter, size), (name, letter)
