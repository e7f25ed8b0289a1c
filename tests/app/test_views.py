"""What the views send is what the engine says. That their messages keep to their tables is in test_protocol."""

import json
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from app import protocol
from app.schema import Invalid, parse
from app.shades import shades
from app.views import View
from app.views.gradient_check import BLOCKS
from app.views.sub_networks import COUNT
from engine.diagnosis import errors, gaps
from engine.explain import explain
from engine.gradient_check import Parameter, affordable, check
from engine.results import calibration, histograms
from engine.space import space

SMALL = "v=1&samples=60&noise=0.1"

# ---- sub-networks ----


@pytest.mark.parametrize("data", ["", "&dataset=arms(classes=4)", "&dataset=plane"])
@pytest.mark.parametrize("seeds", [1, 8])
def test_sub_networks_stand_beside_the_whole(data: str, seeds: int, driver: Any) -> None:
    talk = driver(f"{SMALL}&hidden=6-tanh,6&regularizers=dropout&seeds={seeds}{data}")
    talk.train(3)
    place = min(2, seeds - 1)
    look = {"type": "look", "panel": 0, "views": [{"id": "sub_networks"}], "seed": place}
    (seen,) = driver.of("sub_networks", talk.say({"type": "pause"}, look))
    trainer, drawn = talk.session.panels[0].alone(place), talk.session.data
    assert seen["maps"].shape == (2 + COUNT, 32, 32) and seen["score"].shape == (2 + COUNT,)
    np.testing.assert_array_equal(seen["maps"][0], shades(trainer.boundary(32).swapaxes(0, 1), drawn)[0])
    assert len({picture.tobytes() for picture in seen["maps"]}) == 2 + COUNT
    metrics = trainer.evaluate()
    whole = metrics.test_accuracy if drawn.classes else metrics.test_r2
    assert seen["score"][0] == pytest.approx(float(whole[0]), abs=1e-5)
    assert driver.of("state", talk.say({"type": "set", "name": "regularizers", "value": [], "panels": None}))
    assert driver.of("sub_networks", talk.say(look))[-1]["maps"].shape == (0, 32, 32)


# ---- one point ----

KINDS = [
    "",
    "&hidden=5-maxout(pieces=3),4-prelu",
    "&hidden=4,4-prelu,4&batch_norm=true&residual=true",
    "&hidden=4-tanh&regularizers=plain_dropout",
    "&hidden=",
    "&dataset=plane",
    "&dataset=arms(classes=5)&loss=hierarchical_softmax",
    "&loss=squared_hinge",
]


@pytest.mark.parametrize("kind", KINDS)
def test_one_point_is_what_the_engine_explains(kind: str, driver: Any) -> None:
    talk = driver(SMALL + kind)
    talk.train(2, 0.5)
    view = {"id": "point", "x1": 1.5, "x2": -2.25, "truth": 1.0}
    (seen,) = driver.of("point", talk.say({"type": "ask", "panel": 0, "view": view}))
    trainer = talk.session.panels[0].trainer
    found = explain(trainer, np.array([1.5, -2.25]), 1.0)
    layers = found.layers
    assert seen["sizes"].tolist() == trainer.network.sizes
    assert seen["shapes"].tolist() == [list(layer.weights.shape) for layer in layers]
    for name, attribute in {"entering": "inputs", "weights": "weights", "z": "z", "a": "a", "da": "da"}.items():
        expected = np.concatenate([getattr(layer, attribute).ravel() for layer in layers])
        np.testing.assert_array_equal(seen[name], expected.astype(np.float32))
    for name in ("dz", "slope"):
        np.testing.assert_array_equal(seen[name], np.concatenate([getattr(layer, name) for layer in layers]))
    biases = [layer.normalization.beta if layer.bias is None else layer.bias for layer in layers]
    np.testing.assert_array_equal(seen["biases"], np.concatenate(biases))
    for name in ("learned", "d_learned"):
        own = [np.zeros_like(layer.a) if layer.learned is None else getattr(layer, name) for layer in layers]
        np.testing.assert_array_equal(seen[name], np.concatenate(own))
    assert seen["factor"].tolist() == [pytest.approx(layer.factor) for layer in layers]
    assert seen["shortcut"].tolist() == [layer.shortcut for layer in layers]
    for name in ("mean", "deviation", "gamma", "normalized", "du", "d_gamma", "d_beta"):
        parts = [getattr(layer.normalization, name) for layer in layers if layer.normalization]
        np.testing.assert_array_equal(seen[name], np.concatenate(parts) if parts else [])
    assert seen["loss"][0] == np.float32(found.loss)
    assert json.loads(seen.metadata["terms"]) == list(found.terms)
    np.testing.assert_array_equal(seen["terms"], np.array([*found.terms.values()]))
    np.testing.assert_array_equal(seen["probabilities"], found.probabilities)
    assert seen.metadata["loss"] == trainer.loss.id


def test_a_class_that_is_not_there_is_the_last_one(driver: Any) -> None:
    talk = driver(SMALL)
    for truth, label in ((5.0, "1"), (-3.0, "0"), (1.0, "1")):
        view = {"id": "point", "truth": truth}
        (seen,) = driver.of("point", talk.say({"type": "ask", "panel": 0, "view": view}))
        assert seen.metadata["label"] == label


def test_one_point_follows_the_training(driver: Any) -> None:
    talk = driver(SMALL)
    talk.say({"type": "look", "panel": 0, "views": [{"id": "point", "x1": 2.0}]}, {"type": "play"})
    seen = driver.of("point", talk.train(4, 0.1))
    assert len(seen) >= 3 and len({float(each["loss"][0]) for each in seen}) == len(seen)


def test_where_a_point_may_be() -> None:
    with pytest.raises(Invalid) as caught:
        parse(View, {"id": "point", "x1": 1e9, "truth": float("nan")})
    assert [problem.path for problem in caught.value.problems] == [("x1",), ("truth",)]


# ---- gradient check ----


@pytest.mark.parametrize("kind", ["&hidden=5-tanh", "&hidden=4-maxout,3-prelu&batch_norm=true", "&hidden=64-tanh,64"])
def test_the_gradient_check_is_the_engines(kind: str, driver: Any) -> None:
    talk = driver(SMALL + kind)
    talk.train(2)
    before = talk.snapshot()
    (seen,) = driver.of("gradient_check", talk.say({"type": "ask", "panel": 0, "view": "gradient_check"}))
    trainer = talk.session.panels[0].trainer
    sample, points = affordable(trainer)
    found = check(trainer, sample=sample, points=points, rng=np.random.default_rng(trainer.steps))
    np.testing.assert_array_equal(seen["errors"], found.layer_errors[0])
    assert seen["parameters"].sum() == trainer.network.parameters.size
    assert seen["checked"].tolist() == [min(sample, span.stop - span.start) for span in trainer.network.spans]
    assert float(seen.metadata["error"]) == found.relative_error[0] < 1e-6
    assert (int(seen.metadata["points"]), int(seen.metadata["of"])) == (found.points, trainer.n_train)
    for layer, (block, row, column) in enumerate(seen["worst"].tolist()):
        parameter = Parameter(layer, BLOCKS[block], row, column)
        place = found.parameters.index(parameter)
        assert seen["analytic"][layer] == found.analytic[0, place]
        assert seen["numerical"][layer] == found.numerical[0, place]
    assert talk.snapshot() == before


def test_a_gradient_check_tells_what_is_off(driver: Any) -> None:
    talk = driver("v=1&samples=60&hidden=2-tanh,2-tanh")
    talk.say({"type": "switch", "panel": 0, "on": False, "units": [2, 3], "links": [[2, 0, 1]]})
    (seen,) = driver.of("gradient_check", talk.say({"type": "ask", "panel": 0, "view": "gradient_check"}))
    still = talk.session.panels[0].trainer.network.still
    assert seen["off"].sum() == np.count_nonzero(still)
    assert (seen["checked"] + seen["off"]).tolist() == seen["parameters"].tolist()
    assert seen["checked"][0] == 0 and seen["worst"][0].tolist() == [-1, -1, -1] and np.isnan(seen["analytic"][0])
    assert float(seen.metadata["error"]) < 1e-6
    talk.say({"type": "switch", "panel": 0, "on": False, "units": list(range(8))})
    (seen,) = driver.of("gradient_check", talk.say({"type": "ask", "panel": 0, "view": "gradient_check"}))
    assert not seen["checked"].any() and seen.metadata["layer"] == "-1"


def test_a_point_tells_what_is_off(driver: Any) -> None:
    talk = driver("v=1&samples=60&hidden=4-maxout,4-tanh&residual=true")
    (seen,) = driver.of("point", talk.say({"type": "ask", "panel": 0, "view": "point"}))
    assert not len(seen["off"]) + len(seen["still"]) + len(seen["still_biases"])
    talk.say({"type": "switch", "panel": 0, "on": False, "units": [0, 3], "links": [[1, 2, 0], [2, 0, None]]})
    (seen,) = driver.of("point", talk.say({"type": "ask", "panel": 0, "view": "point"}))
    assert np.flatnonzero(seen["off"]).tolist() == [0, 3] and len(seen["off"]) == seen["sizes"].sum()
    assert len(seen["still"]) == len(seen["weights"]) and len(seen["still_biases"]) == len(seen["biases"])
    network = talk.session.panels[0].trainer.network
    assert seen["still"].sum() + seen["still_biases"].sum() == np.count_nonzero(network.still)
    assert seen["entering"][0] == 0 and seen["entering"][2 + 1] == 0  # the input, the unit


def test_what_is_only_asked_for_is_not_looked_at(driver: Any) -> None:
    talk = driver(SMALL)
    (error,) = driver.of("error", talk.say({"type": "look", "panel": 0, "views": ["inside", "gradient_check"]}))
    assert (error["path"], error["code"]) == (["views", 1], "only_asked")
    assert not driver.of("gradient_check", talk.train(2, 0.5))


def test_each_view_is_looked_at_once(driver: Any) -> None:
    """Whatever else they ask for: what is computed for a frame has a bound."""
    talk = driver(SMALL)
    views = ["inside", *({"id": "point", "x1": place / 100} for place in range(500))]
    (error,) = driver.of("error", talk.say({"type": "look", "panel": 0, "views": views}))
    assert (error["path"], error["code"]) == (["views", 2], "twice")
    assert not driver.of("point", talk.say({"type": "step"}))


@pytest.mark.parametrize("refused", [{"panel": 7}, {"panel": 1, "seed": 1}, {"panel": 1, "views": ["landscape"]}])
def test_a_refused_look_leaves_the_one_before(refused: dict[str, Any], driver: Any) -> None:
    talk = driver(f"{SMALL}&b.learning_rate=0.1")
    talk.say({"type": "look", "panel": 0, "views": ["inside"]})
    assert driver.of("error", talk.say({"type": "look", "views": ["point"], **refused}))
    answer = talk.say({"type": "step"})
    (seen,) = driver.of("inside", answer)
    assert seen.metadata["panel"] == str(talk.session.panels[0].id)
    assert not driver.of("point", answer)


# ---- results ----


@pytest.mark.parametrize("kind", ["", "&dataset=arms(classes=4)&validation_share=0.2&shift=rotated", "&loss=hinge"])
def test_results_are_the_engines(kind: str, driver: Any) -> None:
    talk = driver(SMALL + kind.replace("hinge", "multiclass_hinge"))
    talk.train(5)
    view = {"id": "results", "best": 0.05}
    (seen,) = driver.of("results", talk.say({"type": "ask", "panel": 0, "view": view}))
    trainer, data = talk.session.panels[0].trainer, talk.session.data
    p = trainer.predict(data.points)[0]
    np.testing.assert_allclose(seen["confidence"], p.max(axis=0), rtol=1e-5)
    np.testing.assert_allclose(seen["true"], p[data.labels, np.arange(len(data.labels))], rtol=1e-5)
    np.testing.assert_array_equal(seen["predicted"], trainer.evaluate().predicted[0])
    for place, part in enumerate((trainer.train_part, data.test, trainer.validation, data.train_dev)):
        table = calibration(trainer.predict(data.points[:, part])[0], data.labels[part], 10)
        np.testing.assert_array_equal(seen["counts"][place], table.counts)
        np.testing.assert_allclose(seen["mean"][place], table.confidence, rtol=1e-5)
        np.testing.assert_allclose(seen["right"][place], table.accuracy, rtol=1e-5)
        np.testing.assert_allclose(seen["calibration"][place], table.error, rtol=1e-5)
    found = errors(trainer)
    assert json.loads(seen.metadata["errors"]) == {
        name: [error.value, error.uncertainty] for name, error in found.items()
    }
    assert json.loads(seen.metadata["gaps"]) == [asdict(gap) for gap in gaps(found, 0.05)]


def test_what_early_stopping_holds_out_is_validation_everywhere(driver: Any) -> None:
    talk = driver("v=1&samples=500&regularizers=early_stopping")
    (seen,) = driver.of("results", talk.say({"type": "ask", "panel": 0, "view": "results"}))
    trainer = talk.session.panels[0].trainer
    held = trainer.validation.stop - trainer.validation.start
    assert held > 0
    assert seen["counts"].sum(axis=1).tolist() == [trainer.n_train, len(talk.session.data.labels[250:]), held, 0]
    assert np.isfinite(seen["calibration"]).tolist() == [True, True, True, False]
    assert set(json.loads(seen.metadata["errors"])) == {"train", "test", "validation"}


def test_values_have_errors_and_no_probabilities(driver: Any) -> None:
    talk = driver(SMALL + "&dataset=function")
    (seen,) = driver.of("results", talk.say({"type": "ask", "panel": 0, "view": "results"}))
    assert seen["confidence"].size == 0 and np.isnan(seen["calibration"]).all()
    (gap,) = json.loads(seen.metadata["gaps"])
    assert (gap["kind"], gap["before"], gap["after"]) == ("variance", "train", "test")


# ---- the difference of two panels ----


def difference(talk: Any, driver: Any, panel: int = 0, other: int = 1) -> Any:
    view = {"id": "difference", "other": other}
    (seen,) = driver.of("difference", talk.say({"type": "ask", "panel": panel, "view": view}))
    return seen


@pytest.mark.parametrize(
    "kind", ["dataset=xor", "dataset=arms(classes=4)&test_share=0.3", "dataset=bumps", "seeds=8&dataset=spiral"]
)
def test_the_difference_is_that_of_the_engines_predictions(kind: str, driver: Any) -> None:
    talk = driver(f"{kind}&samples=120&hidden=5-tanh&b.hidden=2&c.seed=4")
    talk.train(20, 20)
    data = talk.session.data
    panels = talk.session.panels
    for one, other in ((0, 1), (2, 0)):
        seen = difference(talk, driver, one, other)
        assert seen.metadata["other"] == str(panels[other].id)
        boundaries = [panels[place].trainer.boundary(64).mean(axis=0) for place in (one, other)]
        points = [panels[place].trainer.predict(data.points).mean(axis=0) for place in (one, other)]
        gap = seen["map"] / 127.5 - 1
        if data.task == "values":
            wanted = boundaries[0][0] - boundaries[1][0]
            assert seen["scale"][0] == pytest.approx(max(0.1, np.abs(wanted).max()))
            apart = np.abs(points[0][0] - points[1][0])
            assert set(seen["points"]) == set(np.argsort(-apart)[:40])
            np.testing.assert_allclose(seen["own"], points[0][0, seen["points"]], atol=1e-6)
        else:
            wanted = boundaries[0] - boundaries[1]
            wanted = wanted[1] if data.classes == 2 else np.abs(wanted).sum(axis=0) / 2
            classes = [p.argmax(axis=0) for p in boundaries]
            np.testing.assert_array_equal(seen["disagree"], classes[0] != classes[1])
            said = [p.argmax(axis=0) for p in points]
            np.testing.assert_array_equal(seen["points"], np.flatnonzero(said[0] != said[1]))
            assert len(seen["points"]), "these networks differ somewhere"
            np.testing.assert_array_equal(seen["theirs"], said[1][seen["points"]])
            np.testing.assert_allclose(seen["their_sure"], points[1].max(axis=0)[seen["points"]], atol=1e-6)
        assert np.abs(gap - wanted / seen["scale"][0]).max() < 0.005


def test_a_copy_differs_nowhere_until_it_is_changed(driver: Any) -> None:
    talk = driver(SMALL)
    talk.train(3, 3)
    talk.say({"type": "duplicate", "panel": 0})
    seen = difference(talk, driver)
    assert not len(seen["points"]) and set(seen["map"].ravel()) == {128}
    talk.say({"type": "weigh", "panel": 1, "layer": 0, "unit": 0, "input": None, "value": 9})
    assert set(difference(talk, driver)["map"].ravel()) != {128}


@pytest.mark.parametrize(("panel", "other"), [(0, 0), (1, 1), (0, 2), (1, 5)])
def test_a_network_is_compared_with_another_one_that_is_there(panel: int, other: int, driver: Any) -> None:
    talk = driver(f"{SMALL}&b.hidden=3")
    view = {"id": "difference", "other": other}
    (error,) = driver.of("error", talk.say({"type": "ask", "panel": panel, "view": view}))
    assert (error["path"], error["code"]) == (["view", "other"], "impossible")


# ---- histograms ----


@pytest.mark.parametrize(
    "kind", ["&hidden=5-tanh,3", "&hidden=4-maxout,3&batch_norm=true", "&hidden=", "&dataset=plane"]
)
def test_histograms_are_the_engines(kind: str, driver: Any) -> None:
    talk = driver(SMALL + kind)
    talk.train(2)
    (seen,) = driver.of("histograms", talk.say({"type": "ask", "panel": 0, "view": "histograms"}))
    for layer, found in enumerate(histograms(talk.session.panels[0].trainer)):
        for place, one in enumerate((found.weights, found.activations, found.gradients)):
            assert seen["counts"][layer, place].tolist() == one.counts.tolist()
            assert seen["ends"][layer, place].tolist() == [one.edges[0], one.edges[-1]]
            assert seen["zeros"][layer, place] == one.zeros
        assert seen["near_zero"][layer] == found.near_zero
        assert seen["weight_norm"][layer] == found.weight_norm


def test_histograms_leave_the_run_as_it_is(driver: Any) -> None:
    talk, other = driver(SMALL), driver(SMALL)
    talk.say({"type": "look", "panel": 0, "views": ["histograms"]})
    for each in (talk, other):
        each.train(3, 0.1)
    assert len(driver.of("histograms", talk.seen)) > 2
    np.testing.assert_array_equal(talk.weights(), other.weights())


# ---- space ----


@pytest.mark.parametrize("kind", ["&hidden=5-tanh,3", "&hidden=1", "&hidden=", "&dataset=plane", "&dataset=function"])
def test_the_space_of_a_layer_is_the_engines(kind: str, driver: Any) -> None:
    talk = driver(SMALL + kind)
    talk.train(2)
    trainer = talk.session.panels[0].trainer
    sizes = trainer.network.sizes
    for layer, first, second, components in ((1, 1, 0, False), (1, 0, 0, True), (0, 0, 1, False), (9, 9, 0, False)):
        view = {"id": "space", "layer": layer, "first": first, "second": second, "components": components}
        (seen,) = driver.of("space", talk.say({"type": "ask", "panel": 0, "view": view}))
        there = min(layer, len(sizes) - 1)
        units = None if components else (min(first, sizes[there] - 1), min(second, sizes[there] - 1))
        found = space(trainer, there, units)
        np.testing.assert_array_equal(seen["lattice"], found.lattice.astype(np.float32))
        np.testing.assert_array_equal(seen["points"], found.points.astype(np.float32))
        np.testing.assert_array_equal(seen["share"], found.share.astype(np.float32))
        expected = shades(trainer.boundary(49)[0], talk.session.data)
        assert seen["shade"].shape == expected.shape
        told = ["", ""] if units is None else [str(unit) for unit in units]
        assert [seen.metadata[name] for name in ("first", "second")] == told
        assert (seen.metadata["layer"], seen.metadata["units"]) == (str(there), str(sizes[there]))


def test_what_the_lattice_predicts_is_what_the_boundary_shows(driver: Any) -> None:
    talk = driver(SMALL)
    talk.train(5)
    (seen,) = driver.of("space", talk.say({"type": "ask", "panel": 0, "view": "space"}))
    session = talk.session
    side = np.linspace(-6, 6, 49)
    x1, x2 = np.meshgrid(side, side[::-1])
    p = session.panels[0].trainer.predict(np.stack([x1.ravel(), x2.ravel()]))[0]
    difference = seen["shade"].ravel().astype(int) - shades(p, session.data).astype(int)
    assert np.abs(difference).max() <= 1


def test_components_do_not_turn_over_from_message_to_message(driver: Any) -> None:
    talk = driver(f"{SMALL}&hidden=5-tanh&learning_rate=0.3")
    look = {"type": "look", "panel": 0, "views": [{"id": "space", "components": True}]}
    seen = driver.of("space", [*talk.say(look), *talk.train(10, 0.2)])
    assert len(seen) > 10
    for one, other in pairwise(seen):
        for axis in range(2):
            assert np.corrcoef(one["points"][axis], other["points"][axis])[0, 1] > 0
    # They stay on the side on which they were, not on the one they would have by themselves.
    memory = talk.session.panels[0].memory
    memory.update({key: -axes for key, axes in memory.items()})
    (planted,) = memory.values()
    ask = {"type": "ask", "panel": 0, "view": {"id": "space", "components": True}}
    talk.say({"type": "pause"}, {"type": "look", "panel": None})
    (turned,) = driver.of("space", talk.say(ask))
    expected = space(talk.session.panels[0].trainer, 1, before=planted)
    np.testing.assert_array_equal(turned["points"], expected.points.astype(np.float32))
    talk.session.submit(protocol.Resume(talk.session.checkpoint()))
    (gone,) = driver.of("space", talk.say(ask))
    np.testing.assert_array_equal(gone["points"], turned["points"], err_msg="nor on the way through a run")
