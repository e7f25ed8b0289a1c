"""Links: whatever the page can show fits into one, and whatever stands in one opens."""

import re
import time
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.links import decode, encode
from app.schema import parse
from engine import Experiment

QUICK = settings(deadline=None, max_examples=60)


@QUICK
@given(data=st.data())
def test_a_link_opens_as_the_experiment_it_was_made_from(experiments, data) -> None:
    experiment = data.draw(experiments)
    assert decode(encode(experiment)) == (experiment, [])


@QUICK
@given(data=st.data())
def test_a_link_survives_what_mail_and_chat_do_to_it(experiments, data) -> None:
    experiment = data.draw(experiments)
    link = encode(experiment)
    whole = f"https://school.example:8000/nn/?lang=zh#{link}"
    escaped = quote(link, safe="=&%")
    lower = re.sub("%..", lambda escape: escape[0].lower(), escaped)
    for form in (whole, "#" + link, "#?" + link, escaped, lower):
        assert decode(form) == (experiment, []), form


@QUICK
@given(data=st.data())
def test_links_are_plain_ascii_without_blanks(experiments, data) -> None:
    link = encode(data.draw(experiments))
    assert link.isascii()
    assert not set(link) & set(' "<>#\\^`{|}')


def test_the_default_experiment_has_the_shortest_link() -> None:
    assert encode(Experiment()) == "v=1"
    for nothing in ("", "#", "v=1", "?", "&&&", "=", "https://school.example/#"):
        assert decode(nothing) == (Experiment(), [])


def test_links_are_short() -> None:
    panels = [{"hidden": [{"width": width}]} for width in (3, 6, 20)]
    link = encode(parse(Experiment, {"data": {"dataset": "spiral"}, "panels": panels}))
    assert len(link) < 120
    assert [panel.widths() for panel in decode(link)[0].panels] == [(3,), (6,), (20,)]


def test_a_link_can_be_written_by_hand() -> None:
    experiment, notices = decode("dataset=spiral&noise=.5&noise=0.2&hidden=20,3-tanh&b.hidden=&c&speed=5")
    assert not notices
    assert (experiment.data.dataset.id, experiment.data.noise, experiment.speed) == ("spiral", 0.2, 5.0)
    assert [panel.widths() for panel in experiment.panels] == [(20, 3), (), (20, 3)]
    assert experiment.panels[0].hidden[1].activation.id == "tanh"


def test_layers_and_regularizers_written_by_hand() -> None:
    link = (
        "hidden=8-tanh*0.5,4*2,3-leaky_relu(slope=0.3),2-leaky_relu(slope=0.3)*0&regularizers=l2(strength=0.1),dropout"
    )
    experiment, notices = decode(f"{link}&batch_norm=true&b.regularizers=&b.residual=true")
    assert not notices
    first, second = experiment.panels
    assert [layer.strength for layer in first.hidden] == [0.5, 2.0, 1.0, 0.0]
    assert [layer.width for layer in first.hidden] == [8, 4, 3, 2]
    assert [layer.activation.id for layer in first.hidden] == ["tanh", "relu", "leaky_relu", "leaky_relu"]
    assert [(r.id, getattr(r, "strength", None)) for r in first.regularizers] == [("l2", 0.1), ("dropout", None)]
    assert (first.batch_norm, first.residual) == (True, False)
    assert (second.regularizers, second.batch_norm, second.residual) == ((), True, True)
    assert encode(experiment) == (
        "v=1&hidden=8-tanh*0.5,4*2.0,3-leaky_relu(slope=0.3),2-leaky_relu(slope=0.3)*0.0"
        "&batch_norm=true&regularizers=l2(strength=0.1),dropout&b.residual=true&b.regularizers="
    )


def test_blanks_may_be_written_as_plus() -> None:
    experiment, notices = decode("hidden=4-leaky_relu(slope+=+0.5)")
    assert not notices
    assert (
        experiment.panels[0].hidden[0].activation
        == parse(Experiment, {"panels": [{"hidden": [{"activation": "leaky_relu(slope=0.5)"}]}]})
        .panels[0]
        .hidden[0]
        .activation
    )


BAD = [
    "learning_rate=11",
    "learning_rate=NaN",
    "learning_rate=1e400",
    "learning_rate=true",
    "learning_rate=null",
    "learning_rate=",
    "learning_rate=[[",
    "batch_size=10.0",
    "hidden=129",
    "hidden=1,2,3,4,5,6,7,8,9",
    "hidden=99999999999999999999",
    "hidden=4-nothing",
    "hidden=4-leaky_relu(slope=2)",
    "hidden=x",
    "hidden=4*11",
    "hidden=4*",
    "hidden=4**2",
    "hidden=4*x",
    "hidden=4*1*2",
    "hidden=4*0.5-tanh",
    "regularizers=l2,l2",
    "regularizers=none",
    "regularizers=l2(strength=11)",
    "batch_norm=1",
    "batch_norm=yes",
    "frozen=9",
    "bias=-2.1",
    "optimizer=nothing",
    "optimizer=adam(beta3=1)",
    "features=",
    "features=x1,x9",
    "features=x1,formula(expression=x1*)",
    'features=x1,formula(expression="x1*x2, really")',
    "features=x1,formula(expression=1/x1)",
    "features=formula,formula",
    'features=x1,formula(expression="x1)',
    "dataset=arms(classes=7)",
    "data.seed=-1",
    "noise=%FF",
    "speed=0",
]


@pytest.mark.parametrize("pair", BAD)
def test_a_bad_value_gives_a_notice_and_the_rest_applies(pair: str) -> None:
    experiment, notices = decode(f"v=1&seed=7&{pair}&samples=40&b.seed=8")
    assert [notice.code for notice in notices] == ["bad_link_value"]
    assert notices[0].params["key"] == pair.partition("=")[0]
    assert pair.partition("=")[0] in notices[0].message
    expected, none = decode("v=1&seed=7&samples=40&b.seed=8")
    assert not none
    assert experiment == expected


def test_a_bad_value_of_a_later_panel_leaves_the_panel() -> None:
    experiment, notices = decode("b.seed=2&c.seed=-5&d.seed=4")
    assert [notice.params["key"] for notice in notices] == ["c.seed"]
    assert [panel.seed for panel in experiment.panels] == [1, 2, 1, 4]


@pytest.mark.parametrize("key", ["foo", "b.foo", "g.seed", "c.seed", "B.seed", "data.noise", "version", "😀"])
def test_an_unknown_key_gives_a_notice_and_the_rest_applies(key: str) -> None:
    given_too = "b.seed=2&" if key == "b.foo" else ""
    experiment, notices = decode(f"{given_too}noise=0.3&{key}=1&seed=5")
    assert [(notice.code, notice.params["key"]) for notice in notices] == [("unknown_key", key)]
    assert key in notices[0].message
    assert (experiment.data.noise, experiment.panels[0].seed) == (0.3, 5)


def test_a_future_version_gives_a_notice_and_the_rest_applies() -> None:
    experiment, notices = decode("v=2&seed=5")
    assert [(notice.code, notice.params["version"]) for notice in notices] == [("future_version", "2")]
    assert experiment.panels[0].seed == 5


PIECES = st.sampled_from(
    [
        "v=",
        "hidden=",
        "b.",
        "c",
        "dataset=",
        "noise=",
        "regularizers=",
        "l2",
        "*",
        "(",
        ")",
        "-",
        ",",
        "&",
        "=",
        "#",
        "%",
        "%ff",
        "NaN",
        "1e999",
    ]
)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60) | st.lists(PIECES | st.text(max_size=4) | st.integers().map(str), max_size=12).map("".join))
@example("hidden=²,٣,8")
@example("noise=\ud800&\udfff=1")
@example("noise=%ed%a0%80")
@example("version=1&panels=1&data=1&hidden=1-1-1")
def test_no_text_makes_it_raise(text: str) -> None:
    experiment, notices = decode(text)
    assert decode(encode(experiment)) == (experiment, [])
    assert all(notice.message for notice in notices)


LONG = {
    "layers": "hidden=" + "1," * 5000,
    "panels": "b=" + "&c=" * 1000,
    "digits": "noise=" + "9" * 5000,
    "nested": "noise=" + "[" * 30_000,
    "nested in a short form": "dataset=arms(classes=" + "[" * 30_000 + ")",
    "brackets": "dataset=" + "arms(" * 5000,
}


@pytest.mark.parametrize("name", LONG)
def test_no_long_text_makes_it_raise(name: str) -> None:
    experiment, notices = decode(LONG[name])
    assert decode(encode(experiment)) == (experiment, [])
    assert all(notice.message for notice in notices)


def test_a_long_link_of_blanks_is_judged_at_once() -> None:
    begun = time.thread_time()
    decode("dataset=xor" + "+" * 20_000 + "!")
    assert time.thread_time() - begun < 0.3


def test_so_long_a_link_cannot_say_so_much() -> None:
    """Notices are for people: a thousand unknown keys must not become a message of megabytes."""
    _, notices = decode("&".join(f"{'x' * 1000}{n}=1" for n in range(1000)))
    assert sum(len(notice.message) for notice in notices) < 100_000


def test_a_link_with_too_many_keys_says_that_it_was_cut() -> None:
    many = "&".join(["seed=3"] + ["noise=0.1"] * 499)
    assert decode(many)[1] == []
    assert decode(many + "&" * 1000)[1] == []
    experiment, notices = decode(many + "&seed=4")
    assert [(notice.code, notice.params["maximum"]) for notice in notices] == [("too_many_keys", 500)]
    assert "500" in notices[0].message
    assert "500" in notices[0].sentence("zh")
    assert experiment.panels[0].seed == 3


def test_a_formula_survives_a_link_and_may_be_written_by_hand() -> None:
    for text in (
        'features=x1,formula(expression="max(x1, x2)"),formula,formula(expression="x1")',
        "features=x1,formula(expression=max(x1,+x2)),formula,formula(expression=x1)",
        "features=x1,formula(expression=%22max(x1,%20x2)%22),formula,formula(expression=x1)",
    ):
        experiment, notices = decode(text)
        assert not notices, text
        written = [getattr(feature, "expression", None) for feature in experiment.panels[0].features]
        assert written == [None, "max(x1, x2)", "x1*x2 + sin(3*x1)", "x1"], text
        assert decode(encode(experiment)) == (experiment, [])
    assert encode(experiment).endswith(
        "&features=x1,formula(expression=%22max(x1,%20x2)%22),formula,formula(expression=x1)"
    )


def test_a_formula_with_an_error_gives_a_notice_that_says_where() -> None:
    experiment, notices = decode('seed=5&features=x1,formula(expression="x1*x2, really")')
    assert experiment == decode("seed=5")[0]
    assert [notice.code for notice in notices] == ["bad_link_value"]
    assert "position 5" in notices[0].message
    assert "位置 5" in notices[0].sentence("zh")
