"""Texts and choices as parameters of a component: what is accepted, and that they survive short forms and links."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Len
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.i18n import LANGUAGES
from app.links import decode, encode
from app.schema import MAX_TEXT, Invalid, dump, entries, literal, load, parse, short
from engine import Experiment, NetworkSpec
from engine.component import Array, Refused, Setting, Text
from engine.features import FEATURES, X1, Feature
from tests.app.conftest import texts


def refusal(value: Any) -> Any:
    """The one problem that parsing ends with."""
    with pytest.raises(Invalid) as caught:
        parse(Experiment, value)
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


@dataclass(frozen=True)
class Spelled(Feature):
    """A feature with a text and a choice, added for these tests."""

    id = "spelled"
    label = Text("Spelled", "拼写")
    formula = "?"
    description = Text("For tests.", "测试用。")

    word: Annotated[str, Len(2, MAX_TEXT), Setting(Text("Word", "词"), Text("A text.", "文本。"))] = "default"
    free: str = ""
    kind: Annotated[
        Literal["plain", "b-c", "true", "1", "with, comma"],
        Setting(Text("Kind", "种类"), Text("One of five.", "五选一。")),
    ] = "plain"

    def __post_init__(self) -> None:
        if self.word == "refused":
            raise Refused("word", Text("not this word", "不能用这个词"))

    def compute(self, x1: Array, x2: Array) -> Array:
        return x1


@pytest.fixture(scope="module", autouse=True)
def spelled() -> Iterator[None]:
    FEATURES.add(Spelled)
    yield
    FEATURES.remove(Spelled.id)


KINDS = st.sampled_from(["plain", "b-c", "true", "1", "with, comma"])


@settings(deadline=None, max_examples=300)
@given(texts(2), texts(), KINDS)
@example("12", "true", "1")
@example("NaN", "-Infinity", "true")
@example('a"b', "\\", "with, comma")
@example(")(", "),x1,(", "b-c")
@example('="', "=", "plain")
def test_texts_and_choices_survive_the_short_form_alone_and_in_a_list(word: str, free: str, kind: Any) -> None:
    component = Spelled(word, free, kind)
    assert parse(Feature, short(component)) == component
    assert parse(Feature, load(json.dumps(dump(component)))) == component
    listed = ",".join(["x1", short(component), "x2", short(Spelled(free + "..", word))])
    assert entries(listed) == ["x1", short(component), "x2", short(Spelled(free + "..", word))]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(texts(2), texts(), KINDS), min_size=1, max_size=3, unique=True))
def test_texts_and_choices_survive_a_link(parameters: Any) -> None:
    features = (X1(), *(Spelled(*each) for each in parameters))
    experiment = replace(Experiment(), panels=(NetworkSpec(features=features), NetworkSpec(features=features[1:])))
    link = encode(experiment)
    assert decode(link) == (experiment, [])
    assert link.isascii()
    assert not set(link) & set(" \"<>#\\^`{|}'")


def test_plain_words_are_written_without_quotes_and_others_with() -> None:
    points = "Ab0-_" * 2000
    assert short(Spelled(points)) == f"spelled(word={points})"
    assert parse(Feature, short(Spelled(points))).word == points
    assert short(Spelled("x1*x2", "", "b-c")) == 'spelled(word="x1*x2",kind=b-c)'
    for word in ("123", "true", "null", "NaN", "Infinity", "-1", "1e5", "9" * 40):
        assert short(Spelled(word)) == f'spelled(word="{word}")'
    assert short(Spelled("中文")) == 'spelled(word="中文")'


def test_texts_may_be_written_by_hand() -> None:
    for text in (
        "spelled(word=max(x1, x2))",
        "spelled( word = max(x1, x2) )",
        'spelled(word="max(x1, x2)")',
        ' spelled ( word = "max(x1, x2)" , kind = plain )',
        r'spelled(word="max\u0028x1, x2)")',
    ):
        assert parse(Feature, text) == Spelled("max(x1, x2)"), text
    assert parse(Feature, 'spelled(word="a,b",kind="true")') == Spelled("a,b", "", "true")


def test_entries_are_split_where_they_end() -> None:
    assert entries("") == entries(",,") == []
    assert entries("a,b(c,d(e,f),g),h") == ["a", "b(c,d(e,f),g)", "h"]
    assert entries('a(b="),(",c),d') == ['a(b="),(",c)', "d"]
    assert entries(r'"\",a",b') == [r'"\",a"', "b"]
    assert entries('a,"b,c') == ["a", '"b,c']
    assert entries("a),b(,c") == ["a)", "b(,c"]


@settings(deadline=None, max_examples=300)
@given(st.text(st.sampled_from('ab=,()"\\')))
def test_splitting_loses_nothing_but_commas(text: str) -> None:
    assert "".join(entries(text)).replace(",", "") == text.replace(",", "")


@pytest.mark.parametrize("piece", ['"', "(", ")", '("', '\\"', '"\\', '(")"', ",", '"a",', 'a="(', "(,"])
def test_splitting_a_long_text_takes_one_pass(piece: str) -> None:
    begun = time.thread_time()
    entries(piece * 30_000)
    with pytest.raises(Invalid):
        parse(Feature, f"spelled(word={piece * 15_000}")
    assert time.thread_time() - begun < 1.0  # trying again at every bracket would take minutes


def test_words_numbers_and_quoted_texts() -> None:
    assert [literal(text) for text in ("1", " .5 ", "true", "x1", "", '"1"', '"', "1 2", '"a" b')] == [
        *[1, ".5", True, "x1", "", "1", '"', "1 2", '"a" b'],
    ]
    for length in (41, 11_998, MAX_TEXT):
        text = '"' * length
        assert literal(json.dumps(text)) == text
        assert literal("1" * length) == "1" * length
    assert literal("[" * 30_000) == "[" * 30_000
    assert literal('"' + "[" * 30_000) == '"' + "[" * 30_000


def spelled_with(**settings: Any) -> Any:
    return refusal({"panels": [{"features": ["x1", {"id": "spelled", **settings}]}]})


@pytest.mark.parametrize(
    ("word", "code", "params"),
    [
        ("", "text_too_short", {"minimum": 2, "length": 0}),
        ("a", "text_too_short", {"minimum": 2, "maximum": MAX_TEXT, "length": 1}),
        ("a" * (MAX_TEXT + 1), "text_too_long", {"maximum": MAX_TEXT, "length": MAX_TEXT + 1}),
        ("ab\0", "bad_character", {"position": 2}),
        ("\nab", "bad_character", {"position": 0}),
        ("a\tb", "bad_character", {"position": 1}),
        ("abc\x7f", "bad_character", {"position": 3}),
        ("abc\x85", "bad_character", {"position": 3}),
        ("ab\ud800", "bad_character", {"position": 2}),
        (12, "not_text", {"value": "12"}),
        (True, "not_text", {"value": "true"}),
        (None, "not_text", {"value": "null"}),
        (["ab"], "not_text", {}),
        ({}, "not_text", {}),
        (b"ab", "not_text", {}),
    ],
)
def test_texts_that_are_none_are_refused(word: Any, code: str, params: dict[str, Any]) -> None:
    problem = spelled_with(word=word)
    assert (problem.path, problem.code) == (("panels", 0, "features", 1, "word"), code)
    assert params.items() <= problem.params.items()
    for lang in LANGUAGES:
        assert "{" not in problem.sentence(lang).replace('"{}"', "").replace("{} ", "")
        for figure in ("position", "length"):
            assert str(params.get(figure, "")) in problem.sentence(lang)
    assert spelled_with(free=5).path[-1] == "free"


@pytest.mark.parametrize("kind", ["", "Plain", "plain ", 1, True, None, [], {}, ["plain"], "no, comma"])
def test_only_the_choices_can_be_chosen(kind: Any) -> None:
    problem = spelled_with(kind=kind)
    assert (problem.path, problem.code) == (("panels", 0, "features", 1, "kind"), "unknown_choice")
    assert problem.params["expected"] == "plain, b-c, true, 1, with, comma"
    assert "b-c" in problem.sentence("zh")


def test_what_a_component_refuses_itself_is_a_problem_of_its_field() -> None:
    problem = spelled_with(word="refused", kind="true")
    assert (problem.path, problem.code) == (("panels", 0, "features", 1, "word"), "impossible")
    assert problem.params["reason"] == {"en": "not this word", "zh": "不能用这个词"}
    assert "not this word" in problem.message
    assert "不能用这个词" in problem.sentence("zh")
    assert json.loads(json.dumps(problem.params)) == problem.params
    with pytest.raises(Invalid) as caught:
        parse(Experiment, {"speed": 0, "panels": [{"features": ["spelled(word=refused)"]}, {"seed": -1}]})
    assert {problem.path for problem in caught.value.problems} == {
        ("speed",),
        ("panels", 0, "features", 0, "word"),
        ("panels", 1, "seed"),
    }
