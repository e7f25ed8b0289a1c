"""Reports: what is in the file, from the shell and over HTTP. That it opens offline is in tests/browser."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from app import links, report
from app.resources import STATIC
from app.schema import parse
from app.shades import shades
from engine import Experiment, NetworkSpec, Trainer, draw
from engine.export import export, tensors

LINK = "v=1&samples=60&hidden=3&dataset=moons&b.hidden=5-tanh,2&b.learning_rate=0.1"


def content(html: str, name: str) -> Any:
    """The JSON in a report."""
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', html, re.S)
    assert found
    return json.loads(found[1])


@pytest.fixture
def made(shell: Any, tmp_path: Path) -> Any:
    """Runs ``train`` with a report, and gives its text."""

    def run(link: str, *options: str) -> str:
        path = tmp_path / "report.html"
        code, _, err = shell("train", link, "--report", str(path), *options)
        assert (code, err) == (0, "")
        return path.read_text("utf-8")

    return run


def test_the_shells_report_holds_what_the_engine_says(made: Any) -> None:
    held = content(made(LINK, "--epochs", "7"), "data")
    experiment, _ = links.decode(LINK)
    assert parse(Experiment, held["experiment"]) == experiment
    assert links.decode(held["address"].partition("#")[2])[0] == experiment
    data = draw(experiment.data)
    np.testing.assert_allclose([held["x1"], held["x2"]], data.points, atol=5e-5)
    assert held["labels"] == data.labels.tolist()
    assert held["part"].count(1) == len(data.labels[data.test])
    for spec, panel in zip(experiment.panels, held["panels"], strict=True):
        trainer = Trainer(data, spec)
        trainer.train(7)
        metrics = trainer.evaluate()
        assert panel["columns"]["epoch"] == list(range(8))
        for name in ("train_loss", "test_loss", "test_accuracy", "dead_ratio"):
            assert panel["columns"][name][-1] == pytest.approx(float(getattr(metrics, name)[0]), rel=1e-5)
        assert panel["columns"]["validation_loss"] == [None] * 8
        side = panel["side"]
        shown = np.frombuffer(base64.b64decode(panel["boundary"]), np.uint8).reshape(side, side)
        np.testing.assert_array_equal(shown, shades(trainer.boundary(side)[0], data))


@pytest.mark.parametrize("kind", ["", "&dataset=function", "&learning_rate=10&hidden=64-linear,64-linear,64-linear"])
def test_of_several_seeds_the_shells_report_says_what_the_page_is_told(kind: str, made: Any, driver: Any) -> None:
    link = f"v=1&samples=60&hidden=3&seeds=8{kind}"
    html = made(link, "--epochs", "7")
    assert "<td>8</td>" in re.sub(r"<td[^>]*>", "<td>", html)
    (panel,) = content(html, "data")["panels"]
    talk = driver(link)
    for _ in range(7):
        talk.train(1)
    talk.say({"type": "pause"})
    frame = driver.of("frame", talk.seen)[-1]
    assert panel["diverged"] == bool(frame["diverged"][0])
    if panel["diverged"]:
        assert panel["boundary"] is None
        return
    for name in ("train_loss", "test_loss", "test_accuracy", "test_loss_low", "test_accuracy_high"):
        told = frame[name][-1, 0]
        assert panel["columns"][name][-1] == (pytest.approx(told, rel=1e-5) if np.isfinite(told) else None), name
    shown = np.frombuffer(base64.b64decode(panel["boundary"]), np.uint8).reshape(panel["side"], panel["side"])
    np.testing.assert_array_equal(shown, frame["boundary"][0])
    if panel["curve"]:
        np.testing.assert_allclose(panel["curve"], frame["curve"][0], rtol=1e-4, atol=1e-6)


def test_it_needs_nothing_from_elsewhere(made: Any) -> None:
    html = made(LINK, "--epochs", "1")
    rest = re.sub(r"<script>.*?</script>", "", html, flags=re.S)
    assert not re.search(r"""(?:src|href)\s*=|url\(|@import""", rest)
    assert html.count("<script") == html.count("</script>") == 4
    assert len(html) > 4_000_000  # Plotly


@pytest.mark.parametrize(
    "link", ["dataset=function", "dataset=plane", "hidden=8-linear,8-linear&learning_rate=10&loss=squared_error"]
)
def test_values_and_networks_that_diverge_have_a_report(made: Any, link: str) -> None:
    held = content(made("v=1&samples=40&" + link, "--epochs", "30"), "data")
    (panel,) = held["panels"]
    assert (panel["curve"] is not None) == ("function" in link)
    assert panel["diverged"] == (panel["boundary"] is None) == ("learning_rate" in link)


def test_settings_are_those_that_are_not_as_usual_or_differ() -> None:
    experiment, _ = links.decode(LINK)
    assert [(row.label, row.values) for row in report.settings(experiment, "en")] == [
        ("Dataset", ["Moons"]),
        ("Points", ["60"]),
        ("Hidden layers", ["3 ReLU", "5 Tanh · 2 ReLU"]),
        ("Learning rate η", ["0.03", "0.1"]),
    ]
    assert [row.label for row in report.settings(Experiment(), "zh")] == ["数据集", "隐藏层"]


def test_nothing_of_the_users_ends_the_script(made: Any) -> None:
    """A formula cannot hold markup, but what is put into a script is made harmless there all the same."""
    experiment = Experiment(panels=(NetworkSpec(),))
    html = report.document(experiment, "en", json.dumps({"x": "</script><!--"}), "'</script><!--'")
    assert content(html, "data") == {"x": "</script><!--"}
    assert html.count("</script>") == 4 and "<!--" not in html


def test_colours_are_those_of_the_page() -> None:
    page, file = ((STATIC / "js" / name).read_text("utf-8") for name in ("palette.js", "report-file.js"))
    for name in ("CLASS_COLORS", "PANEL_COLORS", "GROUND", "REACH"):
        found = [re.search(rf"const {name} = (.*?);", text, re.S) for text in (page, file)]
        assert all(found)
        first, second = (re.sub(r"\s", "", match[1]) for match in found if match)
        assert first == second, name


def test_program_and_weights_from_the_shell(shell: Any, tmp_path: Path) -> None:
    path = tmp_path / "网络.safetensors"
    options = ("--epochs", "3", "--panel", "B", "--program", "numpy", "--weights", str(path))
    code, out, err = shell("train", LINK, *options)
    assert (code, err) == (0, "")
    experiment, _ = links.decode(LINK)
    trainer = Trainer(draw(experiment.data), experiment.panels[1])
    trainer.train(3)
    names: dict[str, Any] = {"__name__": "exported"}
    exec(out, names)
    points = np.random.default_rng(4).uniform(-6, 6, (20, 2))
    np.testing.assert_allclose(names["predict"](points), trainer.predict(points.T)[0].T, atol=1e-6)
    kept = load_file(path)
    for name, array in tensors(export(trainer)).items():
        np.testing.assert_array_equal(kept[name], array)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--panel", "C", "--program", "numpy"], "there is no C, the last one is B"),
        (["--json", "--program", "numpy"], "leave out one of the two"),
        (["--program", "cobol"], "keras"),
        (["--report", "/no/such/place.html"], "/no/such/place.html"),
        (["--weights", "/no/such/place"], "/no/such/place"),
    ],
)
def test_what_cannot_be_exported_is_said(shell: Any, options: list[str], said: str) -> None:
    code, _, err = shell("train", LINK, "--epochs", "1", *options)
    assert code != 0
    assert said in err
