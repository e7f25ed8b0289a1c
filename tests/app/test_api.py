"""What follows from an experiment, asked over HTTP: right answers, and a sentence for everything that is wrong."""

import asyncio
import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import numpy as np
import pytest
from annotated_types import Interval
from hypothesis import given, settings
from hypothesis import strategies as st

from app import csv_points, links
from app.protocol import MAX_MESSAGE
from app.schema import dump
from app.server import create_app
from app.settings import Settings
from engine import CATALOG, Experiment, Trainer, draw
from engine.bayes import bayes
from engine.component import Array, Setting, Text
from engine.datasets import DATASETS, Classes
from engine.own import encode

ENDPOINTS = ["bayes", "preprocessing", "tensorflow", "tensorflow/export", "report"]
ABOUT_EXPERIMENTS = [name for name in ENDPOINTS if name != "tensorflow"]

Post = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def post() -> Post:
    """``post("bayes", {…})``: the answer to a body, which is sent as JSON unless it is bytes."""
    app = create_app(Settings())

    def ask(name: str, body: Any, **query: Any) -> httpx.Response:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                return await client.post(f"/api/{name}", content=content, params=query)

        return asyncio.run(answer())

    return ask


def experiment(link: str) -> dict[str, Any]:
    decoded, notices = links.decode(link)
    assert not notices
    return dump(decoded)


def refused(answer: httpx.Response, status: int = 422) -> list[dict[str, Any]]:
    """What is wrong with a request, in the one shape there is."""
    assert answer.status_code == status, answer.text[:300]
    assert set(answer.json()) == {"errors"}
    errors: list[dict[str, Any]] = answer.json()["errors"]
    assert errors
    for error in errors:
        assert set(error) == {"path", "code", "params", "message"}
        assert isinstance(error["path"], list) and isinstance(error["params"], dict)
        assert error["code"] and len(error["message"]) > 10
        assert not re.search(r"\{[a-z]\w*\}", error["message"])  # every figure is filled in
    return errors


# ---- what is best possible ----


def test_the_bayes_error_is_the_engines(post: Post) -> None:
    for link in ("dataset=gaussian&noise=0.5", "dataset=arms&noise=0.5&label_noise=0.1&imbalance=3"):
        answer = post("bayes", {"experiment": experiment(link)}).json()
        best = bayes(links.decode(link)[0].data)
        assert best is not None and best.best is not None
        assert answer["error"] == best.error
        assert answer["losses"] == best.losses
        grid = np.frombuffer(base64.b64decode(answer["grid"]), np.uint8).reshape(100, 100)
        assert np.array_equal(grid, best.best)
    post("bayes", {"experiment": experiment("dataset=gaussian&noise=0.5"), "panel": 0}).raise_for_status()


def test_the_first_row_of_the_grid_is_the_top(post: Post) -> None:
    answer = post("bayes", {"experiment": experiment("dataset=gaussian&noise=0.5")}).json()
    grid = np.frombuffer(base64.b64decode(answer["grid"]), np.uint8).reshape(100, 100)
    assert (grid[0, -1], grid[-1, 0]) == (1, 0)  # class 1 lies in the upper right corner


@pytest.mark.parametrize("link", ["dataset=own", "tf_seed=0.5", "dataset=plane&tf_seed=0.5"])
def test_what_nobody_knows_is_null(post: Post, link: str) -> None:
    answer = post("bayes", {"experiment": experiment(link)})
    assert answer.json() == {"error": None, "losses": {}, "grid": None}


def test_of_values_only_losses_are_known(post: Post) -> None:
    answer = post("bayes", {"experiment": experiment("dataset=function&noise=0.2")}).json()
    assert answer["error"] is None and answer["grid"] is None
    assert set(answer["losses"]) == {"squared_error", "absolute_error", "huber"}
    assert answer["losses"]["squared_error"] == pytest.approx(0.02)


def test_what_is_known_of_a_loss_holds_for_its_defaults_only(post: Post) -> None:
    for link, there in (("loss=huber", True), ("loss=huber(delta=0.2)", False), ("b.loss=huber(delta=2.0)", False)):
        losses = post("bayes", {"experiment": experiment(link)}).json()["losses"]
        assert ("huber" in losses) == there, link
        assert "squared_error" in losses


# ---- report ----


def test_a_report_has_places_for_what_the_page_puts_in(post: Post) -> None:
    answer = post("report", {"experiment": experiment("dataset=moons")}, lang="zh").json()
    html = answer["document"]
    assert html.count(answer["results"]) == html.count(answer["plotly"]) == 1
    assert '<html lang="zh-CN">' in html and DATASETS["moons"].label.zh in html


# ---- before and after preprocessing ----


def views(answer: httpx.Response) -> tuple[np.ndarray, np.ndarray]:
    answer.raise_for_status()
    return np.array(answer.json()["before"]["points"]), np.array(answer.json()["after"]["points"])


@pytest.mark.parametrize("kind", list(CATALOG["preprocessing"]))
@pytest.mark.parametrize(
    "more",
    ["", "&features=x1x2,x1,sin_x1", "&fit_on_all=true", "&validation_share=0.4&shift=rotated", "&dataset=plane"],
)
def test_the_picture_shows_what_the_network_is_given(post: Post, kind: str, more: str) -> None:
    link = f"preprocessing={kind}&samples=60{more}"
    answer = post("preprocessing", {"experiment": experiment(link)})
    before, after = views(answer)
    spec = links.decode(link)[0]
    trainer = Trainer(draw(spec.data), spec.panels[0], dtype=np.float64)
    np.testing.assert_allclose(before, trainer.inputs.compute(trainer.data.points)[:2].T, atol=6e-5)
    np.testing.assert_allclose(after, trainer.x[:2].T, atol=6e-5)
    assert answer.json()["part"] == trainer.data.parts.tolist()
    np.testing.assert_allclose(answer.json()["labels"], trainer.data.labels, atol=6e-5)


@pytest.mark.parametrize("kind", ["standardize", "min_max", "whitening"])
def test_the_picture_knows_what_early_stopping_holds_out(post: Post, kind: str) -> None:
    """The network's preprocessing is not fitted on the points that it is watched with."""
    link = f"preprocessing={kind}&samples=60&regularizers=early_stopping&b.regularizers="
    spec = links.decode(link)[0]
    for panel in (0, 1):
        _, after = views(post("preprocessing", {"experiment": experiment(link), "panel": panel}))
        trainer = Trainer(draw(spec.data), spec.panels[panel], dtype=np.float64)
        np.testing.assert_allclose(after, trainer.x[:2].T, atol=6e-5)


def test_epsilon_moves_the_picture(post: Post) -> None:
    spreads = []
    for epsilon in ("1e-8", "0.01", "1.0", "10.0"):
        link = f"dataset=valley&preprocessing=whitening(epsilon={epsilon})"
        _, after = views(post("preprocessing", {"experiment": experiment(link)}))
        spreads.append(after.std(axis=0))
    assert spreads[0] == pytest.approx([1, 1], abs=0.15)
    assert (np.diff(spreads, axis=0) < 0).all()
    assert spreads[1][1] < 0.6 < 0.9 < spreads[1][0]  # the small direction goes first


def test_fitting_on_all_points_moves_the_picture(post: Post) -> None:
    right, wrong = (
        views(post("preprocessing", {"experiment": experiment(f"samples=20&fit_on_all={mistake}")}))[1]
        for mistake in ("false", "true")
    )
    assert np.abs(wrong.mean(axis=0)).max() < 1e-4 < np.abs(right.mean(axis=0)).max()


def test_axes_are_named_in_the_asked_language(post: Post) -> None:
    asked = {"experiment": experiment("samples=20&features=formula(expression=x1),x2")}
    for lang, name in (("en", "Formula"), ("zh", "公式")):
        answer = post("preprocessing", asked, lang=lang).json()
        assert answer["before"]["axes"] == [name, "x₂"]
        assert answer["after"]["axes"] == [f"{name}′", "x₂′"]


def test_one_input_is_one_axis(post: Post) -> None:
    answer = post("preprocessing", {"experiment": experiment("samples=20&features=x1")}).json()
    assert len(answer["before"]["axes"]) == 1 and {len(point) for point in answer["after"]["points"]} == {1}


def test_a_panel_that_is_not_there_is_named(post: Post) -> None:
    asked = experiment("samples=20&b&c")
    assert post("preprocessing", {"experiment": asked, "panel": 2}).status_code == 200
    (error,) = refused(post("preprocessing", {"experiment": asked, "panel": 3}))
    assert (error["path"], error["code"]) == (["panel"], "no_such_panel")
    assert error["params"] == {"value": 3, "minimum": 0, "maximum": 2}
    for nonsense in (-1, 6, 1.5, "0", None, True):
        (error, *_) = refused(post("preprocessing", {"experiment": asked, "panel": nonsense}))
        assert error["path"] == ["panel"]


@pytest.mark.parametrize("points", [[[1, 1, 0]] * 4, [[0, 0, 0], [1, 1, 1]], [[0, 0, 0]] * 2])
@pytest.mark.parametrize("kind", list(CATALOG["preprocessing"]))
def test_degenerate_points_have_a_picture(post: Post, points: Any, kind: str) -> None:
    table = np.array(points, float)
    asked = experiment(f"preprocessing={kind}")
    asked["data"]["dataset"] = {"id": "own", "points": encode(table[:, :2].T, table[:, 2].astype(int))}
    _, after = views(post("preprocessing", {"experiment": asked}))
    assert after.shape == (len(points), 2) and np.isfinite(after).all()


# ---- links of TensorFlow Playground ----

THEIRS = "https://playground.tensorflow.org/#activation=tanh&batchSize=10&dataset=xor&networkShape=4,2&seed=0.5"


def test_their_link_is_opened(post: Post) -> None:
    answer = post("tensorflow", {"link": f"{THEIRS}&dataset_hide=true&foo=1&discretize=true"}).json()
    assert set(answer) == {"link", "notices", "hide", "view"}
    opened, notices = links.decode(answer["link"])
    assert not notices
    assert opened.data.tf_seed == "0.5" and opened.data.dataset.id == "xor"
    assert opened.panels[0].widths() == (4, 2)
    assert answer["hide"] == ["dataset"]
    assert answer["view"] == {"testData": False, "discretize": True}
    assert [set(notice) for notice in answer["notices"]] == [{"code", "params", "message"}]
    assert answer["notices"][0]["params"]["key"] == "foo"


def test_a_link_without_a_seed_gets_a_fresh_one(post: Post) -> None:
    link = THEIRS.partition("&seed")[0]
    seeds = {links.decode(post("tensorflow", {"link": link}).json()["link"])[0].data.tf_seed for _ in range(5)}
    assert len(seeds) > 1 and all(0 <= float(seed) < 1 for seed in seeds)


@pytest.mark.parametrize("link", ["", "v=1&dataset=xor", "https://example.org/#activation", "nonsense", "?", "#" * 99])
def test_another_link_is_not_theirs(post: Post, link: str) -> None:
    (error,) = refused(post("tensorflow", {"link": link}))
    assert (error["path"], error["code"]) == (["link"], "not_a_playground_link")


def test_an_endless_link_is_refused(post: Post) -> None:
    (error,) = refused(post("tensorflow", {"link": "#activation=" + "x" * 32_768}))
    assert (error["path"], error["code"]) == (["link"], "too_long")
    for nonsense in (None, 3, ["#seed=1"], {"link": ""}):
        assert refused(post("tensorflow", {"link": nonsense}))[0]["path"] == ["link"]


def test_what_they_can_express_is_exported_and_comes_back(post: Post) -> None:
    ours = post("tensorflow", {"link": THEIRS}).json()["link"]
    answer = post("tensorflow/export", {"experiment": experiment(ours)}).json()
    assert answer["reasons"] == []
    assert post("tensorflow", {"link": answer["link"]}).json()["link"] == ours


def test_what_they_cannot_express_has_reasons_in_the_asked_language(post: Post) -> None:
    asked = {"experiment": experiment("dataset=moons&optimizer=adam")}
    said = {lang: post("tensorflow/export", asked, lang=lang).json() for lang in ("en", "zh")}
    assert said["en"]["link"] is said["zh"]["link"] is None
    assert len(said["en"]["reasons"]) == len(said["zh"]["reasons"]) >= 3
    assert any("Adam" in reason for reason in said["en"]["reasons"])
    assert all(reason.isascii() or "’" in reason or "₁" in reason for reason in said["en"]["reasons"])
    assert not any(reason.isascii() for reason in said["zh"]["reasons"])


# ---- bodies that are none ----

GOOD = {name: {"experiment": {}} for name in ABOUT_EXPERIMENTS} | {"tensorflow": {"link": "#activation=tanh"}}

BAD: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "invalid_json"),
    ("no JSON", b"{", "invalid_json"),
    ("a form", b"experiment=1", "invalid_json"),
    ("NaN", b'{"experiment": {"speed": NaN}}', "invalid_json"),
    ("Infinity", b'{"experiment": {"speed": -Infinity}}', "invalid_json"),
    ("a key twice", b'{"panel": 0, "panel": 1}', "invalid_json"),
    ("half a character", b'{"link": "\\ud800"}', "invalid_json"),
    ("Latin-1", '{"link": "é"}'.encode("latin-1"), "invalid_json"),
    ("UTF-16", '{"link": ""}'.encode("utf-16"), "invalid_json"),
    ("deep", b'{"experiment": ' + b"[" * 500 + b"]" * 500 + b"}", "invalid_json"),
    ("bottomless", b"[" * 60_000, "invalid_json"),
    ("a huge number", b'{"experiment": {"speed": ' + b"9" * 5000 + b"}}", "invalid_json"),
    ("too big", b" " * (MAX_MESSAGE + 1), "too_big"),
    ("far too big", b"x" * 10_000_000, "too_big"),
    ("a list", b"[]", "wrong_type"),
    ("null", b"null", "wrong_type"),
    ("a text", b'"x"', "wrong_type"),
    ("an empty object", b"{}", "missing"),
]


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize(("body", "code"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
def test_bodies_that_are_none_are_refused(post: Post, name: str, body: bytes, code: str) -> None:
    assert refused(post(name, body))[0]["code"] == code


@pytest.mark.parametrize("name", ENDPOINTS)
def test_an_unknown_field_is_named(post: Post, name: str) -> None:
    assert post(name, GOOD[name]).status_code == 200
    (error,) = refused(post(name, GOOD[name] | {"colour": "red"}))
    assert (error["path"], error["code"]) == (["colour"], "unknown_field")


@pytest.mark.parametrize("name", ABOUT_EXPERIMENTS)
@pytest.mark.parametrize(
    ("asked", "path", "code"),
    [
        ({"data": {"noise": 0.9}}, ["data", "noise"], "too_large"),
        ({"data": {"colour": 1}}, ["data", "colour"], "unknown_field"),
        ({"data": {"dataset": "nothing"}}, ["data", "dataset"], "unknown_choice"),
        ({"data": {"dataset": {"id": "own", "points": "AAAAAAAAA"}}}, ["data", "dataset", "points"], "impossible"),
        ({"data": {"dataset": {"id": "own", "points": "AAAAA??AAA"}}}, ["data", "dataset", "points"], "impossible"),
        ({"panels": []}, ["panels"], "too_short"),
        ({"panels": [{}, {"hidden": [{"width": 0}]}]}, ["panels", 1, "hidden", 0, "width"], "too_small"),
        ({"panels": [{"features": [{"id": "formula", "expression": "x1 +"}]}]}, None, "impossible"),
        (3, [], "wrong_type"),
    ],
)
def test_an_experiment_that_is_none_is_refused_where_it_is_wrong(
    post: Post, name: str, asked: Any, path: Any, code: str
) -> None:
    (error,) = refused(post(name, {"experiment": asked}))
    assert error["code"] == code
    assert path is None or error["path"] == path  # within the experiment, as error events have it


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=60)
@given(body=JSON | st.binary(max_size=60), name=st.sampled_from(ENDPOINTS), key=st.sampled_from(["experiment", "link"]))
def test_nothing_that_is_sent_is_a_fault(post: Post, body: Any, name: str, key: str) -> None:
    for sent in (body, {key: body}):
        content = sent if isinstance(sent, bytes) else None
        if content is None:
            try:
                content = json.dumps(sent, allow_nan=True).encode()
            except TypeError:
                content = repr(sent).encode()
        answer = post(name, content)
        if answer.status_code != 200:
            refused(answer)


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_any_legal_experiment_has_answers(post: Post, legal: Any, data: Any) -> None:
    asked = dump(data.draw(legal(Experiment, width=4, hidden=2, panels=2, samples=60)))
    place = data.draw(st.sampled_from(asked["panels"]))
    mutation = data.draw(st.none() | st.sampled_from(sorted(place)))
    if mutation:
        place[mutation] = data.draw(JSON)
    for name in ("preprocessing", "tensorflow/export"):
        answer = post(name, {"experiment": asked})
        if answer.status_code != 200:
            assert mutation or name == "preprocessing"
            refused(answer)


@settings(deadline=None, max_examples=12)
@given(data=st.data())
def test_any_legal_data_have_a_best(post: Post, legal: Any, data: Any) -> None:
    drawn = data.draw(legal(Experiment, width=2, hidden=1, panels=1))
    answer = post("bayes", {"experiment": dump(drawn)})
    assert answer.status_code == 200
    best = answer.json()
    if best["error"] is not None:
        assert 0 <= best["error"] <= 1 - 1 / drawn.data.dataset.class_count() + 1e-9
        assert len(base64.b64decode(best["grid"])) == 10_000
    assert all(value >= -1e-9 for value in best["losses"].values())


# ---- tables ----

TABLE = b"x1,x2,label\n1,2,a\n-3,0.5,b\n0,0,a\n"
COLUMNS = {"x": 0, "y": 1, "label": 2}


def test_a_table_is_shown_and_its_points_are_given(post: Post) -> None:
    preview = post("csv", TABLE).json()
    assert [column["name"] for column in preview["columns"]] == ["x1", "x2", "label"]
    assert preview["suggested"] == COLUMNS and preview["count"] == 3
    answer = post("csv", TABLE, **COLUMNS).json()
    assert answer["points"] == [[1, 2, 0], [-3, 0.5, 1], [0, 0, 0]]
    assert answer["classes"] == ["a", "b"] and answer["scaled"] is False
    assert post("csv", TABLE, x=0, y=1).json() == preview  # not all columns chosen: still a preview


BAD_TABLES: list[tuple[str, bytes, str]] = [
    ("empty", b"", "csv_empty"),
    ("no table", b"hello", "csv_few_columns"),
    ("missing", b"x,y,c\n1,2,a\n1,,b\n", "csv_missing"),
    ("text", b"x,y,c\n1,2,a\n1,two,b\n", "csv_not_number"),
    ("formula", b"x,y,c\n1,2,a\n1,=cmd|' /C calc'!A0,b\n", "csv_formula"),
    ("one class", b"x,y,c\n1,2,a\n1,3,a\n", "csv_one_class"),
    ("not UTF-8", "x,y,c\n1,2,é\n1,3,b\n".encode("latin-1"), "csv_encoding"),
    ("NUL", b"x,y,c\n1,2,\0a\n1,3,b\n", "csv_nul"),
    ("many rows", b"x,y,c\n" + b"1,2,a\n" * 2001, "csv_too_many_rows"),
    ("a million rows", b"1,2,a\n" * 170_000, "csv_too_many_rows"),
    ("too large", b"1,2,a\n" * 180_000, "csv_too_large"),
    ("10 MB", b"x" * 10_000_000, "csv_too_large"),
    ("20 MB", b"x" * 20_000_000, "csv_too_large"),
]


@pytest.mark.parametrize(("table", "code"), [bad[1:] for bad in BAD_TABLES], ids=[bad[0] for bad in BAD_TABLES])
def test_a_table_that_cannot_be_read_is_refused(post: Post, table: bytes, code: str) -> None:
    (error, *_) = refused(post("csv", table, **COLUMNS))
    assert error["code"] == code and error["path"] == []
    if code in ("csv_missing", "csv_not_number", "csv_formula"):
        assert error["params"]["row"] == 3 and error["params"]["column"] == "y"
        assert "3" in error["message"] and "y" in error["message"]


def test_columns_that_are_none_are_refused(post: Post) -> None:
    (error,) = refused(post("csv", TABLE, x=0, y=1, label=3))
    assert error["code"] == "csv_no_such_column"
    (error,) = refused(post("csv", TABLE, x=0, y=1, label=1))
    assert error["code"] == "csv_column_twice"


@pytest.mark.parametrize("value", ["-1", "64", "1.5", "x", "", "1e400", "9" * 5000])
def test_a_column_that_is_no_number_is_refused_in_the_same_shape(post: Post, value: str) -> None:
    refused(post("csv", TABLE, x=value, y=1, label=2))


@settings(deadline=None, max_examples=60)
@given(
    table=st.binary(max_size=200) | st.text("1,;\t\n\r\"' .-=ab\0é", max_size=80).map(str.encode), chosen=st.booleans()
)
def test_no_table_is_a_fault(post: Post, table: bytes, chosen: bool) -> None:
    answer = post("csv", table, **(COLUMNS if chosen else {}))
    if answer.status_code != 200:
        refused(answer)
    elif chosen:
        points = np.array(answer.json()["points"])
        assert (np.abs(points[:, :2]) <= 6).all() and points[:, 2].max() < 6


def test_limits_are_those_that_are_promised() -> None:
    assert csv_points.MAX_BYTES == 2**20 and csv_points.MAX_ROWS == 2000


# ---- a dataset more ----


@pytest.fixture
def stripes() -> Iterator[type[Classes]]:
    """One class is enough."""

    @DATASETS.add
    @dataclass(frozen=True)
    class Stripes(Classes):
        """Upright stripes, the classes in turns. Noise moves points by σ = ν."""

        id = "stripes"
        label = Text("Stripes", "条纹")
        formula = "⌊x₁ n / 10⌋ mod 3"
        description = Text("Upright stripes in turns.", "竖直条纹相间。")

        stripes: Annotated[
            int, Interval(ge=3, le=9), Setting(Text("Stripes", "条数"), Text("How many.", "多少条。"), step=3)
        ] = 3

        def class_count(self) -> int:
            return 3

        def place(self, labels: Array, rng: np.random.Generator) -> Array:
            turn = rng.integers(0, self.stripes // 3, len(labels))
            first = (labels + 3 * turn + rng.uniform(0, 1, len(labels))) * (10 / self.stripes) - 5
            return np.stack([first, rng.uniform(-5, 5, len(labels))])

        def sigma(self, noise: float) -> tuple[float, float]:
            return noise, noise

    yield Stripes
    DATASETS.remove("stripes")


def test_a_new_dataset_is_in_the_catalog_the_session_the_links_and_has_a_bayes_error(
    post: Post, driver: Any, stripes: type[Classes]
) -> None:
    async def read() -> Any:
        transport = httpx.ASGITransport(create_app(Settings()))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return (await client.get("/api/catalog?lang=zh")).json()

    (entry,) = [each for each in asyncio.run(read())["datasets"] if each["id"] == "stripes"]
    assert (entry["label"], entry["task"], entry["dimensions"], entry["unused"]) == ("条纹", "classes", 2, [])
    assert set(entry["example"]["labels"]) == {0, 1, 2}
    assert [control["name"] for control in entry["parameters"]] == ["stripes"]

    talk = driver("samples=60&hidden=6")
    answer = talk.say({"type": "set_data", "name": "dataset", "value": {"id": "stripes", "stripes": 6}})
    assert not driver.of("error", answer)
    (data,), (state,) = driver.of("data", answer), driver.of("state", answer)
    stripe = np.floor((data["points"][:, 0] + 5) * 0.6)
    assert (stripe % 3 == data["labels"]).mean() > 0.8  # but for the noise
    assert "dataset=stripes(stripes=6)" in state["link"]
    opened = driver(state["link"])
    assert np.array_equal(opened.session.data.points, talk.session.data.points)
    (error,) = driver.of("error", talk.say({"type": "set_data", "name": "dataset", "value": "stripes(stripes=10)"}))
    assert (error["code"], error["params"]["maximum"]) == ("too_large", 9)
    talk.train(2)

    # a border is crossed, from either side, by σ/√(2π) of the points on a unit of length, a tenth of all; there are two
    best = post("bayes", {"experiment": experiment("dataset=stripes&noise=0.3")}).json()
    assert best["error"] == pytest.approx(2 * 2 * 0.3 / np.sqrt(2 * np.pi) / 10, abs=2e-3)
    grid = np.frombuffer(base64.b64decode(best["grid"]), np.uint8).reshape(100, 100)
    assert grid[50, [10, 50, 89]].tolist() == [0, 1, 2]


def test_what_is_gone_is_refused_again(driver: Any) -> None:
    assert driver.of("notice", driver("dataset=stripes").seen)
