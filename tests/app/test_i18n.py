"""Texts: everything the code can say has a sentence in both languages, with every figure filled in."""

import ast
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

import app
from app import links, pages, protocol, tf_links
from app.i18n import LANGUAGES, negotiate, strings, technical, translate
from app.schema import CODES, Invalid, Problem, parse
from app.session import Session
from engine import NetworkSpec

PLACEHOLDER = re.compile(r"\{(\w+)\}")


def codes_in_source() -> set[str]:
    """Every code the web side can put into a problem: pydantic's translated, and all written down in the source."""
    found = set(CODES.values())
    for path in Path(app.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem" and len(node.args) > 1:
                found |= {part.value for part in ast.walk(node.args[1]) if isinstance(part, ast.Constant)}
    texts = {"not_text", "text_too_short", "text_too_long", "bad_character"}
    return found | texts | {"wrong_type", "not_integer", "not_number", "twice"}


def refused(message: Any) -> list[Problem]:
    """The problems of a message that a page could send."""
    try:
        protocol.decode(message if isinstance(message, str) else json.dumps(message))
    except Invalid as error:
        return list(error.problems)
    raise AssertionError(f"accepted: {message}")


def configure(**experiment: Any) -> dict[str, Any]:
    return {"type": "configure", "experiment": experiment}


def set_to(name: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"type": "set", "name": name, "value": value, **more}


# Refused before they reach a session.
MESSAGES: list[Any] = [
    "{",
    '{"a": 1, "a": 1}',
    "[]",
    '{"type": "nothing"}',
    '{"type": 3}',
    "{}",
    " " * (protocol.MAX_MESSAGE + 1),
    {"type": "open"},
    {"type": "open", "link": 3},
    {"type": "open", "link": "x" * 40_000},
    {"type": "play", "more": 1},
    {"type": "configure"},
    configure(speed=0),
    configure(speed=1e9),
    configure(speed="fast"),
    configure(version=2),
    configure(data=3),
    configure(data={"dataset": 3}),
    configure(data={"dataset": {}}),
    configure(data={"dataset": "nothing"}),
    configure(data={"seed": 1.5}),
    configure(panels=3),
    configure(panels=[]),
    configure(panels=[3]),
    configure(panels=[{}] * 7),
    configure(panels=[{"hidden": 3}]),
    configure(panels=[{"hidden": [3]}]),
    configure(panels=[{"hidden": [{"width": 0}]}]),
    configure(panels=[{"hidden": [{}] * 9}]),
    configure(panels=[{"features": []}]),
    configure(panels=[{"features": [{"id": "formula", "expression": 3}]}]),
    configure(panels=[{"features": [{"id": "formula", "expression": ""}]}]),
    configure(panels=[{"features": [{"id": "formula", "expression": "x1" * 60}]}]),
    configure(panels=[{"features": [{"id": "formula", "expression": "x1\t+ 1"}]}]),
    configure(panels=[{"features": [{"id": "formula", "expression": "x1 +"}]}]),
    configure(panels=[{"features": ["x1", "formula(expression=1/x1)"]}]),
    configure(panels=[{"optimizer": {"id": "adam", "beta1": 1}}]),
    configure(panels=[{"optimizer": {"id": "adam", "beta9": 1}}]),
    {"type": "speed", "value": None},
    {"type": "speed"},
    {"type": "remove"},
    {"type": "remove", "panel": -1},
    {"type": "remove", "panel": "0"},
    {"type": "remove", "panel": 1.5},
    {"type": "ack", "frame": -1},
    {"type": "ack", "frame": None},
    set_to("nothing", 1),
    set_to("seed", -1),
    set_to("seed", 1, panels=3),
    set_to("seed", 1, panels=[-1]),
    set_to("seed", 1, restart="yes"),
    {"type": "set", "name": 3, "value": 3},
    set_to("batch_norm", 1),
    set_to("regularizers", ["l2", "l2"]),
    set_to("regularizers", "l2"),
    {"type": "set_data", "name": "noise", "value": 1},
    {"type": "set_data", "name": "noise", "value": 0.1, "keep": 1},
    {"type": "vary", "variation": "width", "values": []},
    {"type": "vary", "variation": "width", "values": [1] * 7},
    {"type": "vary", "variation": 3, "values": [1]},
    {"type": "vary", "variation": "width", "values": 3},
]

# Refused by a session: link to open with, command.
COMMANDS: list[tuple[str, dict[str, Any]]] = [
    ("", {"type": "look", "panel": 0, "views": ["gradient_check"]}),
    ("", {"type": "remove", "panel": 0}),
    ("", {"type": "remove", "panel": 5}),
    ("b&c&d&e&f", {"type": "add"}),
    ("", {"type": "vary", "variation": "nothing", "values": [1]}),
    ("", {"type": "vary", "variation": "width", "values": [1000]}),
    ("", {"type": "vary", "variation": "learning_rate", "values": ["x"]}),
    ("loss=logistic", {"type": "set_data", "name": "dataset", "value": "arms"}),
    ("batch_norm=true", set_to("batch_size", 1)),
    ("", set_to("regularizers", ["dropout", "plain_dropout"])),
]

LINKS = ["v=2", "foo=1", "noise=x", "noise=9", "hidden=1000", "seed=1&" * 501]

TF_LINKS = [
    f"#activation=x&noise=99&batchSize=31&networkShape={'1,' * 9}&seed={'9' * 99}&x=false&y=false&cosX=true&foo=1",
    "#batchSize=300",
]
# What TensorFlow Playground cannot express: nothing of the default, no second network, no weights after a reset.
NOT_THERE = ["", "b", "tf_seed=1&seed=2"]


@pytest.fixture(scope="module")
def everything_said(driver: Any) -> list[dict[str, Any]]:
    """Errors and notices as events: kind, code, params, message."""
    said = [
        {"type": "error", "code": problem.code, "params": problem.params, "message": problem.message}
        for message in MESSAGES
        for problem in refused(message)
    ]
    for link, command in COMMANDS:
        said += driver.of("error", driver(link).say(command))
    losing = driver("loss=logistic").say({"type": "set_data", "name": "dataset", "value": "plane"})
    said += driver.of("notice", losing)
    for link in LINKS:
        said += driver.of("notice", driver(link).seen)
    about_theirs = [notice for link in TF_LINKS for notice in tf_links.decode(link, "").notices]
    about_theirs += [reason for link in NOT_THERE for reason in tf_links.encode(links.decode(link)[0])[1]]
    for problem in about_theirs:
        said.append({"type": "notice", "code": problem.code, "params": problem.params, "message": problem.message})
    session = Session()
    session.submit(protocol.Resume(b"no checkpoint"))
    session.apply()
    said += [json.loads(event) for event in session.messages(frame=False)]
    # test_api sends what is no link of theirs, test_shell a link without a seed, test_sharing too long a text
    long = {"maximum": 2953, "length": 3000}
    for code, params in (("not_a_playground_link", {}), ("fresh_seed", {"seed": "0.12345"}), ("qr_too_long", long)):
        problem = Problem((), code, params)
        kind = "notice" if code == "fresh_seed" else "error"
        said.append({"type": kind, "code": code, "params": params, "message": problem.message})
    with pytest.raises(Invalid) as infinite:  # JSON has no word for it, a link has
        parse(NetworkSpec, {"learning_rate": math.inf})
    for problem in infinite.value.problems:
        said.append({"type": "error", "code": problem.code, "params": problem.params, "message": problem.message})
    return said


def test_every_code_has_been_heard(everything_said: Any) -> None:
    """What follows holds for all codes: a new one needs a message here that provokes it."""
    assert codes_in_source() == {event["code"] for event in everything_said}


def test_every_message_of_this_list_is_refused(driver: Any) -> None:
    for message in MESSAGES:
        assert refused(message)
    for link, command in COMMANDS:
        assert driver.of("error", driver(link).say(command)), command


@pytest.mark.parametrize("lang", LANGUAGES)
def test_everything_said_has_a_text_with_all_its_figures(lang: str, everything_said: Any) -> None:
    lacking = set()
    for event in everything_said:
        key = f"{event['type']}.{event['code']}"
        if key not in strings(lang):
            lacking.add(f"{key}: no text")
            continue
        lacking |= {
            f"{key}: {{{name}}} is not among {sorted(event['params'])}"
            for name in PLACEHOLDER.findall(strings(lang)[key])
            if name not in event["params"]
        }
    assert not lacking, "\n".join(sorted(lacking))


def test_no_english_sentence_has_a_hole(everything_said: Any) -> None:
    holes = {event["message"] for event in everything_said if PLACEHOLDER.search(event["message"])}
    assert not holes, "\n".join(sorted(holes))


def test_divergence_has_a_text() -> None:
    for lang in LANGUAGES:
        assert set(PLACEHOLDER.findall(strings(lang)["diverged.text"])) <= {"epoch"}


def test_early_stopping_has_a_text() -> None:
    for lang in LANGUAGES:
        assert set(PLACEHOLDER.findall(strings(lang)["stopped.early_stopping"])) == {"epoch", "best"}


def test_both_languages_say_the_same_things() -> None:
    english, chinese = strings("en"), strings("zh")
    assert set(english) == set(chinese)
    for key in english:
        figures = [{name.removesuffix("_zh") for name in PLACEHOLDER.findall(text[key])} for text in (english, chinese)]
        assert figures[0] == figures[1], key
        assert english[key].strip() and chinese[key].strip(), key


def test_figures_are_filled_in_once() -> None:
    """A value that looks like a placeholder stays as it is."""
    problem = Problem((), "too_large", {"value": "{maximum}", "minimum": 1, "maximum": 128})
    assert problem.message.startswith("{maximum} is above 128")


def test_link_notices_quote_what_they_leave_out() -> None:
    (notice,) = links.decode("noise=lots")[1]
    assert "lots" in notice.message


@pytest.mark.parametrize(
    ("asked", "header", "expected"),
    [
        (None, "", "en"),
        ("zh", "en", "zh"),
        ("en", "zh", "en"),
        ("xx", "zh", "zh"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "fr,de;q=0.9", "en"),
        (None, "fr;q=1, en;q=0.2, zh;q=0.7", "zh"),
        (None, "en;q=0.2,zh-TW;q=0.3", "zh"),
        (None, "ZH", "zh"),
        (None, ";;;,q=,zh;q=x,,*;q=0.1", "en"),
        (None, "zh; q=0.9, en; q=0.1", "zh"),
        (None, "zh;q=0, en", "en"),
        (None, "zh;q=0", "en"),
    ],
)
def test_the_language_to_answer_in(asked: str | None, header: str, expected: str) -> None:
    assert negotiate(asked, header) == expected


def test_an_unknown_key_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        translate("en", "nothing.of.that.name")


def test_the_protocol_page_is_told_in_chinese() -> None:
    """Every sentence of it has its Chinese in `protocol.zh.json`, and that file says nothing else."""
    parts = (pages.commands, pages.events, pages.messages, pages.requests)
    english = {
        told
        for part in parts
        for item in part("en")
        for told in (item["description"], *(field["description"] for field in item["fields"]))
        if told
    }
    assert english == set(technical())
    assert all("一" <= max(chinese) or "=" in chinese or len(chinese) < 12 for chinese in technical().values())
