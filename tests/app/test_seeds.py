"""Laws of several seeds in a session: what the frames say of them, and that everything else goes on as with one."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app import links, protocol
from app.rows import BANDED
from app.session import Session
from engine import Experiment, Trainer, seeds
from engine.checks import refuse_size
from engine.component import Refused

LINK = "samples=60&hidden=4&seeds=8&b.hidden=3,2-tanh"


def frame_of(driver: Any, messages: list[Any]) -> Any:
    return driver.of("frame", messages)[-1]


def test_every_seed_trains_as_it_does_alone(driver: Any) -> None:
    talk = driver(LINK)
    talk.train(3.4, 0.3)
    for panel in talk.session.panels:
        assert [spec.seed for spec in panel.trainer.specs] == list(range(1, 9))
        for k, spec in enumerate(panel.trainer.specs):
            single = Trainer(talk.session.data, spec)
            single.advance(9, panel.trainer.steps)
            np.testing.assert_allclose(
                panel.trainer.network.parameters[k], single.network.parameters[0], rtol=1e-5, atol=1e-6
            )


def test_a_frame_holds_mean_and_band_of_the_seeds(driver: Any) -> None:
    talk = driver(LINK)
    frame = frame_of(driver, talk.train(3) + talk.say({"type": "pause"}))
    for place, panel in enumerate(talk.session.panels):
        metrics = panel.trainer.evaluate()
        for name in ("train_loss", "test_loss", "penalty", "train_accuracy", "test_accuracy", "dead_ratio"):
            assert frame[name][-1, place] == pytest.approx(getattr(metrics, name).mean(), rel=1e-6), name
        for name in BANDED:
            low, high = np.quantile(getattr(metrics, name), [0.1, 0.9])
            assert frame[f"{name}_low"][-1, place] == pytest.approx(low, rel=1e-6, nan_ok=True), name
            assert frame[f"{name}_high"][-1, place] == pytest.approx(high, rel=1e-6, nan_ok=True), name
        layers = len(panel.spec.hidden) + 1
        norms = frame["gradient_norm"][-1, place]
        np.testing.assert_allclose(norms[:layers], metrics.gradient_norm.mean(axis=0), rtol=1e-6)
        assert np.isnan(norms[layers:]).all()
        high = np.quantile(metrics.gradient_norm, 0.9, axis=0)
        np.testing.assert_allclose(frame["gradient_norm_high"][-1, place, :layers], high, rtol=1e-6)
        side = frame["boundary"].shape[1]
        p = panel.trainer.boundary(side)
        mean = p.mean(axis=0)
        np.testing.assert_array_equal(frame["boundary"][place] // 128, mean[1] > 0.5)
        other = ((p[:, 1] > 0.5) != (mean[1] > 0.5)).mean(axis=0)
        np.testing.assert_array_equal(frame["disagreement"][place], np.round(other * 255))
        np.testing.assert_array_equal(frame["predicted"][place], seeds.predicted(panel.trainer))
        assert frame["solved"][place] == seeds.solved(metrics).sum()
    assert frame["lost"].tolist() == [0, 0]


def test_one_seed_sends_nothing_of_several(driver: Any) -> None:
    frame = frame_of(driver, driver("samples=60").seen)
    assert not [name for name in frame.arrays if name.endswith(("_low", "_high")) or name in ("disagreement", "solved")]


def test_the_pictures_of_many_networks_are_coarser_while_they_train(driver: Any) -> None:
    for link, sides in (("seeds=8&samples=40&hidden=3", (64, 100)), ("seeds=32&samples=40&hidden=3&b", (40, 64))):
        talk = driver(link)
        trains = frame_of(driver, talk.train(1))
        stands = frame_of(driver, talk.say({"type": "pause"}))
        assert (trains["boundary"].shape[1], stands["boundary"].shape[1]) == sides


def test_a_curve_has_a_band(driver: Any) -> None:
    talk = driver("dataset=function&samples=60&hidden=4&seeds=8")
    frame = frame_of(driver, talk.train(2))
    curves = talk.session.panels[0].trainer.curve(121)[:, 0]
    low, high = np.quantile(curves, [0.1, 0.9], axis=0)
    for name, expected in (("curve", curves.mean(axis=0)), ("curve_low", low), ("curve_high", high)):
        np.testing.assert_allclose(frame[name][0], expected, rtol=1e-5, atol=1e-6)


def test_the_number_of_seeds_is_changed_by_a_command_and_starts_anew(driver: Any) -> None:
    talk = driver("samples=60&hidden=4")
    talk.train(2)
    (state,) = driver.of("state", talk.say({"type": "seeds", "value": 16}))
    assert state["experiment"]["seeds"] == 16 and "seeds=16" in state["link"] and state["run"] == 2
    assert talk.session.position == 0 and talk.session.panels[0].seeds == 16
    assert not driver.of("state", talk.say({"type": "seeds", "value": 16})), "as it was"
    for wrong in (2, "16", 16.0, True, None):
        (error,) = driver.of("error", talk.say({"type": "seeds", "value": wrong}))
        assert error["path"] == ["seeds"] and error["params"]["expected"] == "1, 8, 16, 32"
    talk.say({"type": "configure", "experiment": {}})
    assert talk.session.panels[0].seeds == 1


def test_a_link_holds_the_number_of_seeds() -> None:
    experiment = Experiment(seeds=16)
    assert links.encode(experiment) == "v=1&seeds=16"
    assert links.decode("seeds=16") == (experiment, [])
    assert [notice.code for notice in links.decode("seeds=7")[1]] == ["bad_link_value"]


def test_commands_reach_every_seed(driver: Any) -> None:
    talk = driver(LINK)
    talk.train(1)
    talk.say({"type": "set", "name": "learning_rate", "value": 0.1})
    assert {spec.learning_rate for panel in talk.session.panels for spec in panel.trainer.specs} == {0.1}
    assert talk.session.position > 0
    talk.say({"type": "duplicate", "panel": 1})
    copy, original = talk.session.panels[2], talk.session.panels[1]
    talk.train(1)
    np.testing.assert_array_equal(copy.trainer.network.parameters, original.trainer.network.parameters)
    talk.say({"type": "set_data", "name": "seed", "value": 5, "keep": True})
    assert talk.session.panels[0].seeds == 8
    points = [[x / 2, y / 2, (x > 0) ^ (y > 0)] for x in (-4, -1, 1, 4) for y in (-4, -2, 2, 4)]
    talk.say({"type": "points", "points": points})
    talk.train(1)
    points[0][0] = -2.5
    before = talk.weights()
    talk.say({"type": "points", "points": points})
    np.testing.assert_array_equal(talk.weights(), before)
    talk.train(1)
    talk.say({"type": "reset"})
    assert [spec.seed for spec in talk.session.panels[0].trainer.specs] == list(range(9, 17))


def test_a_seed_that_overflows_is_counted_and_left_out(driver: Any) -> None:
    talk = driver("samples=60&hidden=4&seeds=8")
    trainer = talk.session.panels[0].trainer
    trainer.network.parameters[3] = np.inf
    answer = talk.train(2)
    frame = frame_of(driver, answer)
    assert frame["lost"].tolist() == [1] and frame["diverged"].tolist() == [0]
    assert not driver.of("diverged", answer)
    metrics = trainer.evaluate()
    others = np.arange(8) != 3
    assert frame["test_loss"][-1, 0] == pytest.approx(metrics.test_loss[others].mean(), rel=1e-6)
    assert np.isfinite(frame["test_loss_high"]).all()
    (view,) = driver.of("seeds", talk.say({"type": "ask", "panel": 0, "view": "seeds"}))
    assert np.flatnonzero(np.isnan(view["test_loss"][0])).tolist() == [3]
    trainer.network.parameters[:] = np.nan
    answer = talk.train(2)
    assert len(driver.of("diverged", answer)) == 1 and frame_of(driver, answer)["lost"].tolist() == [8]
    assert not talk.session.playing


def test_a_panel_stops_when_all_its_seeds_have(driver: Any) -> None:
    talk = driver("samples=60&hidden=4&seeds=8&regularizers=early_stopping(patience=2)")
    answer = talk.train(600, 10)
    (event,) = driver.of("stopped", answer)
    stopping = talk.session.panels[0].trainer.stopping
    assert event["code"] == "early_stopping_seeds"
    assert (event["params"]["first"], event["params"]["last"]) == (stopping.best_epoch.min(), stopping.best_epoch.max())
    assert stopping.stopped.all() and not talk.session.playing


def test_a_run_with_seeds_resumes_with_the_same_digits(driver: Any) -> None:
    talk = driver("samples=60&hidden=4&seeds=8&optimizer=adam&regularizers=dropout&b.seed=40")
    talk.train(2.3)
    talk.session.panels[0].trainer.network.parameters[3] = np.nan
    other = Session()
    other.submit(protocol.Resume(talk.session.checkpoint()))
    other.apply()
    assert other.experiment == talk.session.experiment
    talk.train(2)
    other.submit(protocol.decode(json.dumps({"type": "play"})))
    other.apply()
    other.aim(2)
    while not other.work(7):
        pass
    for one, two in zip(talk.session.panels, other.panels, strict=True):
        np.testing.assert_array_equal(one.trainer.network.parameters, two.trainer.network.parameters)


def test_one_seed_can_be_looked_at_and_changed(driver: Any) -> None:
    talk = driver(LINK)
    talk.train(1)
    (seen,) = driver.of("inside", talk.say({"type": "look", "panel": 1, "seed": 5}))
    network = talk.session.panels[1].trainer.network
    expected = np.concatenate([network.unbiased(layer)[5].ravel() for layer in range(3)])
    np.testing.assert_array_equal(seen["weights"], expected)
    assert seen.metadata["seed"] == "5"
    talk.say({"type": "weigh", "panel": 1, "layer": 0, "unit": 2, "input": 1, "value": 7.5, "seed": 5})
    assert (network.unbiased(0)[:, 2, 1] == 7.5).tolist() == [k == 5 for k in range(8)]
    for command in ({"type": "look", "panel": 1}, {"type": "ask", "panel": 1, "view": "inside"}):
        (error,) = driver.of("error", talk.say(command | {"seed": 8}))
        assert error["path"] == ["seed"] and error["params"]["maximum"] == 7
    (seen,) = driver.of("inside", talk.say({"type": "seeds", "value": 1}))
    assert seen.metadata["seed"] == "0", "who looked at the sixth of eight sees the only one"


def test_the_view_of_all_seeds_is_that_of_the_engine(driver: Any) -> None:
    talk = driver(LINK)
    talk.train(3)
    (view,) = driver.of("seeds", talk.say({"type": "ask", "panel": 1, "view": "seeds"}))
    for place, panel in enumerate(talk.session.panels):
        metrics = panel.trainer.evaluate()
        np.testing.assert_allclose(view["train_loss"][place], metrics.train_loss, rtol=1e-6)
        np.testing.assert_allclose(view["test_loss"][place], metrics.test_loss, rtol=1e-6)
        np.testing.assert_allclose(view["score"][place], metrics.test_accuracy, rtol=1e-6)
        np.testing.assert_array_equal(view["solved"][place], seeds.solved(metrics))
        np.testing.assert_allclose(view["vote"][place], metrics.vote_accuracy[0], rtol=1e-6)
    assert np.isnan(view["validation"]).all()
    p = talk.session.panels[1].trainer.boundary(32)
    np.testing.assert_array_equal(view["maps"] // 128, p[:, 1] > 0.5)


def test_seeds_with_folds_tell_how_they_do_on_what_they_hold_out(driver: Any) -> None:
    talk = driver(f"{LINK}&folds=4&b.folds=8")
    frame = frame_of(driver, talk.train(3))
    (view,) = driver.of("seeds", talk.say({"type": "ask", "panel": 0, "view": "seeds"}))
    for place, panel in enumerate(talk.session.panels):
        metrics = panel.trainer.evaluate()
        np.testing.assert_allclose(view["validation"][place], metrics.validation_accuracy, rtol=1e-6)
        assert frame["validation_accuracy"][-1, place] == pytest.approx(metrics.validation_accuracy.mean(), rel=1e-6)
        assert frame["vote_accuracy"][-1, place] == pytest.approx(metrics.vote_accuracy[0], rel=1e-6)
    (error,) = driver.of("error", talk.say({"type": "set", "name": "folds", "value": 5}))
    assert error["path"][-1] == "folds" and "0, 4, 8" in error["message"]


def test_more_networks_than_can_be_trained_are_refused_with_a_sentence(driver: Any) -> None:
    talk = driver("hidden=128,128,128")
    before = talk.snapshot()
    (error,) = driver.of("error", talk.say({"type": "seeds", "value": 32}))
    assert error["path"] == ["seeds"] and error["code"] == "impossible" and "8,192" in error["message"]
    assert talk.snapshot() == before
    talk.say({"type": "seeds", "value": 16})
    (error,) = driver.of("error", talk.say({"type": "duplicate", "panel": 0}))
    assert error["path"] == ["seeds"] and len(talk.session.panels) == 1


def test_the_largest_experiment_of_one_seed_is_not_too_large() -> None:
    largest = links.decode("hidden=" + ",".join(["128"] * 8) + "&b&c&d&e&f")[0]
    refuse_size(largest)
    with pytest.raises(Refused):
        refuse_size(replace(largest, seeds=8))


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_a_seed_that_has_overflowed_is_shown_as_no_class_rather_than_another(classes: int, driver: Any) -> None:
    talk = driver(f"dataset=arms(classes={classes})&samples=60&hidden=4&seeds=8")
    talk.session.panels[0].trainer.network.parameters[3] = np.nan
    (seen,) = driver.of("seeds", talk.say({"type": "ask", "panel": 0, "view": "seeds"}))
    assert not (seen["maps"][3] % (256 // classes)).any(), "confidence"
    assert seen["maps"][2].any()
