"""``nn-playground train``: the engine's own digits, and errors that say what to put right."""

import json
from pathlib import Path
from typing import Any

import pytest

from app import links
from app.schema import dump
from app.shell import ShellError, epochs_to_report, read
from engine import Experiment, Trainer, draw

FIGURES = {"train_loss", "test_loss", "train_accuracy", "test_accuracy", "dead_ratio"}
LINK = "v=1&samples=40&hidden=3&b.seed=5"


def digits(output: str) -> Any:
    return json.loads(output)


def test_json_holds_epochs_and_networks_and_nothing_else(shell: Any) -> None:
    code, out, err = shell("train", LINK, "--json", "--at", "0,1,5", "--seeds", "2")
    assert (code, err) == (0, "")
    said = digits(out)
    assert set(said) == {"epochs", "networks"}
    assert said["epochs"] == [0, 1, 5]
    assert [(network["panel"], network["seed"]) for network in said["networks"]] == [(0, 1), (0, 2), (1, 5), (1, 6)]
    for network in said["networks"]:
        assert set(network) == {"panel", "seed", *FIGURES}
        assert all(len(network[name]) == 3 for name in FIGURES)


def test_the_digits_are_those_of_the_engine(shell: Any) -> None:
    said = digits(shell("train", LINK, "--json", "--at", "0,3,7")[1])
    experiment, _ = links.decode(LINK)
    for spec, network in zip(experiment.panels, said["networks"], strict=True):
        trainer = Trainer(draw(experiment.data), spec)
        for place, epoch in enumerate(said["epochs"]):
            while not trainer.advance(epoch, 1000):
                pass
            metrics = trainer.evaluate()
            for name in FIGURES:
                assert network[name][place] == float(getattr(metrics, name)[0])


def test_seeds_trained_together_have_the_digits_of_seeds_trained_alone(shell: Any) -> None:
    together = digits(shell("train", "samples=40&hidden=3", "--json", "--at", "0,4", "--seeds", "3")[1])
    for network in together["networks"]:
        alone = digits(shell("train", f"samples=40&hidden=3&seed={network['seed']}", "--json", "--at", "0,4")[1])
        assert alone["networks"] == [network]


def test_a_link_says_how_many_seeds_unless_the_option_does(shell: Any) -> None:
    link = "samples=40&hidden=3&seeds=8"
    for options, count in (((), 8), (("--seeds", "2"), 2), (("--seeds", "1"), 1)):
        found = digits(shell("train", link, "--json", "--at", "1", *options)[1])
        assert [network["seed"] for network in found["networks"]] == list(range(1, count + 1))


def test_a_config_file_says_the_same_as_a_link(shell: Any, tmp_path: Path) -> None:
    experiment, _ = links.decode(LINK)
    config = tmp_path / "实验 😀.json"
    for text in (json.dumps(dump(experiment)), "\ufeff" + json.dumps(dump(experiment), indent=1).replace("\n", "\r\n")):
        config.write_text(text + "\n\n", "utf-8", newline="")
        assert read(str(config))[0] == experiment
    options = ("--json", "--epochs", "3")
    assert shell("train", str(config), *options)[1] == shell("train", LINK, *options)[1]
    assert shell("train", f"https://playground.example/#{LINK}", *options)[1] == shell("train", LINK, *options)[1]


def test_what_is_not_finite_is_null(shell: Any) -> None:
    _, out, _ = shell(
        "train", "samples=40&hidden=4-tanh&learning_rate=10&regularizers=l2(strength=10)", "--json", "--at", "0,80"
    )
    (network,) = digits(out)["networks"]
    assert network["train_loss"][0] is not None
    assert network["train_loss"][1] is None
    assert digits(shell("train", "samples=40&hidden=", "--json", "--at", "0")[1])["networks"][0]["dead_ratio"] == [None]


def test_the_table_has_a_row_for_every_epoch(shell: Any) -> None:
    code, out, err = shell("train", LINK, "--at", "5,0,10")
    assert (code, err) == (0, "")
    first, second = out.split("panel B")
    assert "panel A" in first
    for part in (first, second):
        rows = [line.split() for line in part.splitlines()[-3:]]
        assert [row[0] for row in rows] == ["0", "5", "10"]
        assert all(len(row) == 6 for row in rows)


def test_what_a_link_cannot_say_is_reported_beside_the_result(shell: Any) -> None:
    code, out, err = shell("train", "samples=40&colour=red", "--json", "--epochs", "1")
    assert code == 0
    assert "colour" in err
    assert digits(out)["networks"]


@pytest.mark.parametrize("epochs", [0, 1, 2, 7, 100, 1_000_000])
def test_the_reported_epochs_run_from_none_to_all(epochs: int) -> None:
    asked = epochs_to_report("", epochs)
    assert asked == sorted(set(asked))
    assert (asked[0], asked[-1]) == (0, epochs)
    assert len(asked) <= 14


@pytest.mark.parametrize("at", ["x", "1,,2", "-1", "1.5", ",", "1;2"])
def test_epochs_that_are_none_are_refused(at: str) -> None:
    with pytest.raises(ShellError, match="at: "):
        epochs_to_report(at, 10)


def test_epochs_asked_for_one_by_one_have_the_limit_of_the_others() -> None:
    with pytest.raises(ShellError, match="at: "):
        epochs_to_report("1000000000000", 10)


CONFIGS = {
    "not json": ("{", []),
    "twice": ('{"speed": 1, "speed": 2}', ["twice"]),
    "too wide": ('{"panels": [{"hidden": [{}, {"width": 9999}]}]}', ["panels[0].hidden[1].width", "9999", "1", "128"]),
    "no such field": ('{"panels": [{"momentun": 1}]}', ["panels[0].momentun"]),
    "text": ('{"data": {"noise": "much"}}', ["data.noise", "0.0", "0.8"]),
    "two things": ('{"speed": 0, "data": {"noise": 1}}', ["speed", "data.noise"]),
    "list": ("[]", []),
    "no such choice": ('{"data": {"dataset": "cube"}}', ["data.dataset", "circle"]),
    "impossible": ('{"data": {"dataset": "arms"}, "panels": [{"loss": "logistic"}]}', ["panels[0].loss", "2 classes"]),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_bad_config_is_refused_with_place_and_range(shell: Any, tmp_path: Path, name: str) -> None:
    text, words = CONFIGS[name]
    config = tmp_path / "config.json"
    config.write_text(text)
    code, out, err = shell("train", str(config), "--epochs", "1")
    assert code != 0
    assert out == ""
    assert "nn-playground train: " in err and "Traceback" not in err
    for word in words:
        assert word in err


def test_files_that_are_none(shell: Any, tmp_path: Path) -> None:
    binary = tmp_path / "picture.json"
    binary.write_bytes(b"\x89PNG\xff\xfe")
    for source in (tmp_path / "nowhere.json", tmp_path, binary):
        code, out, err = shell("train", str(source))
        assert code != 0
        assert (out, "Traceback" in err) == ("", False)
        assert source.name in err


def test_the_default_config_is_the_default_link(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text("{}")
    assert read(str(config)) == (Experiment(), [])
