"""Sessions, driven without a socket and without a clock: equal links give equal digits, whatever the pace, and nothing
that a page can say breaks one."""

import json
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import protocol
from app.schema import dump, fields_of
from app.session import RECORDS_PER_DOUBLING, next_recorded
from app.variations import variations
from app.views import VIEWS
from engine import CATALOG, DataSpec, Experiment, HiddenLayer, NetworkSpec
from engine.component import Refused, Text

SMALL = "samples=40&hidden=3"
# Weight decay beyond the stable step: every update makes the weights about 99 times larger, whatever the data.
DIVERGING = "samples=40&hidden=4-tanh&learning_rate=0.1&b.learning_rate=10&b.regularizers=l2(strength=10)&c"


def set_to(name: str, value: Any, panels: list[int] | None = None, **more: Any) -> dict[str, Any]:
    return {"type": "set", "name": name, "value": value, "panels": panels, **more}


# ---- opening ----


def test_opening_gives_data_state_and_frame(driver: Any) -> None:
    talk = driver("dataset=xor&samples=40&b.seed=2")
    kinds = [message.kind if hasattr(message, "kind") else message["type"] for message in talk.seen]
    assert kinds == ["data", "state", "frame"]
    data, state, frame = talk.seen
    assert state["experiment"]["data"]["samples"] == 40
    assert state["playing"] is False
    assert state["link"] == "v=1&dataset=xor&samples=40&b.seed=2"
    assert data["points"].shape == (40, 2)
    assert set(data["part"]) == {0, 1}
    assert frame["epoch"].tolist() == [0.0]
    assert frame["recorded"].tolist() == [1]
    assert frame["step"].tolist() == [0, 0]


def test_data_are_those_of_the_engine(driver: Any) -> None:
    talk = driver("dataset=arms(classes=5)&samples=63&train_share=0.3")
    data = talk.seen[0]
    drawn = talk.session.data
    assert np.array_equal(data["points"], drawn.points.T.astype(np.float32))
    assert np.array_equal(data["labels"], drawn.labels)
    assert (data["part"] == 0).sum() == drawn.n_train
    assert data["classes"].tolist() == [5]


def test_state_says_the_sizes_of_the_networks(driver: Any) -> None:
    (state,) = driver.of("state", driver("hidden=3,4&b.hidden=&features=x1,x2,x1x2").seen)
    # 3 inputs: (3+1)·3 + (3+1)·4 + (4+1)·2 = 38 and (3+1)·2 = 8; units with the two outputs
    assert [panel["parameters"] for panel in state["panels"]] == [38, 8]
    assert [panel["units"] for panel in state["panels"]] == [9, 2]
    assert [panel["bytes"] for panel in state["panels"]] == [152, 32]


def test_an_impossible_link_opens_as_the_default_and_says_why(driver: Any) -> None:
    talk = driver("dataset=arms&loss=logistic")
    (error,) = driver.of("error", talk.seen)
    assert (error["code"], error["path"]) == ("impossible", ["panels", 0, "loss"])
    (state,) = driver.of("state", talk.seen)
    assert state["link"] == "v=1"
    assert driver.of("frame", talk.seen)


@pytest.mark.parametrize("name", ["play", "pause", "step", "epoch", "reset", "rewind", "add"])
def test_commands_before_the_first_open_do_no_harm(driver: Any, name: str) -> None:
    talk = driver(None)
    talk.say({"type": name}, {"type": "remove", "panel": 0}, set_to("seed", 3), set_to("seed", 3, [0]))
    talk.say({"type": "duplicate", "panel": 0}, {"type": "speed", "value": 5})
    answer = talk.say({"type": "open", "link": SMALL})
    assert driver.of("state", answer)
    assert driver.of("frame", answer)


# ---- pace ----


def test_panels_stay_in_step_whatever_their_batches(driver: Any) -> None:
    talk = driver("samples=100&hidden=2&batch_size=1&b.batch_size=7&c.batch_size=50&d.batch_size=2000")
    trainers = [panel.trainer for panel in talk.session.panels]
    talk.say({"type": "play"})
    for updates in (1, 8, 1000):
        for _ in range(12):
            talk.session.aim(0.37)
            target = talk.session._target
            while not talk.session.work(updates):
                positions = [trainer.position for trainer in trainers]
                assert max(positions) <= next_recorded(min(positions)) + 1e-9  # never past a row not yet recorded
            for trainer in trainers:  # every network is within one of its own updates of the aim
                assert trainer.position <= target + 1e-9 < trainer.next_position + 1e-6


PACES = [(1, 0.3), (1000, 0.3), (8, 1.5), (1000, 4.5), (3, 0.9)]


@pytest.mark.parametrize("link", [SMALL, f"{SMALL}&batch_size=3&b.batch_size=20&c.optimizer=adam", DIVERGING])
def test_history_has_the_same_digits_at_any_pace(driver: Any, link: str) -> None:
    histories = []
    for updates, pace in PACES:
        talk = driver(link)
        talk.train(9, pace, updates)
        histories.append(talk.history)
        (epochs,) = {tuple(rows) for (_, panel), rows in talk.history.items() if panel == 1}
        assert epochs == tuple(range(10))
    assert all(history == histories[0] for history in histories)


def test_history_does_not_depend_on_how_one_gets_there(driver: Any) -> None:
    played, stepped = driver(SMALL), driver(SMALL)
    played.train(3)
    for _ in range(6):  # two updates an epoch
        stepped.say({"type": "step"})
    assert stepped.history == played.history
    epochs = driver(SMALL)
    for _ in range(3):
        epochs.say({"type": "epoch"})
    assert epochs.history == played.history


def test_giving_up_a_debt_does_not_change_the_digits(driver: Any) -> None:
    """The pump settles when training was too slow for the frame."""
    hurried, calm = (driver(f"{SMALL}&batch_size=1&b.batch_size=20") for _ in range(2))
    calm.train(6)
    hurried.say({"type": "play"})
    for _ in range(2000):
        hurried.session.aim(1.7)
        hurried.session.work(3)
        hurried.session.give_up()
        hurried.read()
        if hurried.session.position > 6:
            break
    assert hurried.session.position > 6
    for key, rows in calm.history.items():
        assert {epoch: hurried.history[key][epoch] for epoch in rows} == rows


def test_speed_alone_changes_nothing_but_the_speed(driver: Any) -> None:
    talk = driver(SMALL)
    before = talk.weights()
    (state,) = driver.of("state", talk.say({"type": "speed", "value": 3}))
    assert state["experiment"]["speed"] == 3.0
    assert state["run"] == 1
    assert np.array_equal(before, talk.weights())


def test_recorded_epochs_thin_out() -> None:
    recorded = [0]
    while recorded[-1] < 100_000:
        following = next_recorded(recorded[-1])
        assert following > recorded[-1]
        recorded.append(following)
    assert recorded[: RECORDS_PER_DOUBLING + 1] == list(range(RECORDS_PER_DOUBLING + 1))
    for power in range(7, 16):
        between = [epoch for epoch in recorded if 2**power < epoch <= 2 ** (power + 1)]
        assert len(between) == RECORDS_PER_DOUBLING
    assert set(recorded) >= {2**power for power in range(17)}


@settings(deadline=None, max_examples=200)
@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_the_next_recorded_epoch_depends_on_nothing_but_the_position(a: float, b: float) -> None:
    for position in (a, b):
        following = next_recorded(position)
        assert following > position - 1e-6
        assert next_recorded(following - 1e-12) in (following, next_recorded(following))
    if a <= b:
        assert next_recorded(a) <= next_recorded(b)


# ---- transport ----


def test_step_is_one_update_and_epoch_ends_where_an_epoch_ends(driver: Any) -> None:
    talk = driver("samples=40&hidden=2&batch_size=8")  # 20 training points: updates of 8, 8 and 4
    for steps, epoch in ((1, 0.4), (2, 0.8), (3, 1.0), (4, 1.4)):
        (frame,) = driver.of("frame", talk.say({"type": "step"}))
        assert frame["step"].tolist() == [steps]
        assert frame["epoch"][-1] == pytest.approx(epoch)
    (frame,) = driver.of("frame", talk.say({"type": "epoch"}))
    assert frame["epoch"][-1] == 2.0
    (frame,) = driver.of("frame", talk.say({"type": "epoch"}))
    assert frame["epoch"][-1] == 3.0


def test_step_and_epoch_pause(driver: Any) -> None:
    for name in ("step", "epoch"):
        talk = driver(SMALL)
        talk.say({"type": "play"})
        (state,) = driver.of("state", talk.say({"type": name}))
        assert state["playing"] is False


def test_a_paused_session_does_not_train(driver: Any) -> None:
    talk = driver(SMALL)
    talk.train(2)
    talk.say({"type": "pause"})
    before = talk.snapshot()
    talk.session.aim(5)
    assert not talk.work()
    assert talk.snapshot() == before


def test_rewind_reproduces_the_digits(driver: Any) -> None:
    talk = driver(f"{SMALL}&b.seed=5&b.optimizer=adam")
    start = talk.weights()
    talk.train(5)
    first = {panel: rows for (run, panel), rows in talk.history.items() if run == 1}
    answer = talk.say({"type": "rewind"})
    assert driver.of("state", answer)[-1]["run"] == 2
    assert not driver.of("data", answer)
    assert np.array_equal(talk.weights(), start)
    talk.train(5, 0.5)
    assert {panel: rows for (run, panel), rows in talk.history.items() if run == 2} == first


def test_reset_gives_other_weights_on_the_same_data(driver: Any) -> None:
    talk = driver(f"{SMALL}&b.seed=9&c.seed=2147483647")
    start, points = [talk.weights(place) for place in range(3)], talk.session.data.points
    answer = talk.say({"type": "reset"})
    assert [panel["seed"] for panel in driver.of("state", answer)[-1]["experiment"]["panels"]] == [2, 10, 0]
    assert driver.of("state", answer)[-1]["run"] == 2
    assert np.array_equal(points, talk.session.data.points)
    assert not any(np.array_equal(old, talk.weights(place)) for place, old in enumerate(start))


# ---- settings ----

VALUES: dict[str, Any] = {
    "hidden": [{"width": 5}],
    "residual": True,
    "batch_norm": True,
    "regularizers": ["l1", "dropout(hidden=0.8)"],
    "regularize_biases": True,
    "output_strength": 2.0,
    "bootstrap": True,
    "folds": 4,
    "learning_rate": 0.5,
    "optimizer": "adam",
    "schedule": "exponential",
    "clip_norm": 0.5,
    "frozen": 1,
    "batch_size": 4,
    "loss": "logistic",
    "initializer": "glorot",
    "gain": 0.5,
    "bias": 0.1,
    "seed": 77,
    "features": ["x1"],
    "preprocessing": "none",
    "fit_on_all": True,
}


def test_every_setting_has_a_value_to_try() -> None:
    assert set(VALUES) == {name for name, *_ in fields_of(NetworkSpec)}


def test_live_settings_keep_the_weights_and_the_others_start_anew(driver: Any) -> None:
    for name, _, setting, _ in fields_of(NetworkSpec):
        talk = driver(SMALL)
        talk.train(2)
        before, position = talk.weights(), talk.session.position
        (state,) = driver.of("state", talk.say(set_to(name, VALUES[name])))
        if setting.live:
            assert state["run"] == 1
            assert talk.session.position == position
            assert np.array_equal(before, talk.weights())
        else:
            assert state["run"] == 2
            assert talk.session.position == 0
        talk.train(1)


def test_early_stopping_starts_anew_though_regularizers_are_live(driver: Any) -> None:
    """It holds points out, which the network has been trained on."""
    talk = driver(SMALL)
    talk.train(2)
    (state,) = driver.of("state", talk.say(set_to("regularizers", ["early_stopping"])))
    assert (state["run"], talk.session.position) == (2, 0)
    (state,) = driver.of("state", talk.say(set_to("regularizers", ["early_stopping(patience=5)", "l2"])))
    assert state["run"] == 2


def test_an_activation_is_live_unless_it_brings_parameters_of_its_own(driver: Any) -> None:
    for name, cls in CATALOG["activations"].items():
        talk = driver(SMALL)
        talk.train(1)
        answer = talk.say(set_to("hidden", [{"width": 3, "activation": name, "strength": 2}]))
        plain = cls().unit_parameters == 0 and cls().pieces_per_unit() == 1
        assert driver.of("state", answer)[-1]["run"] == (1 if plain else 2), name
        assert driver.of("frame", answer), name


def test_a_change_that_one_panel_cannot_take_changes_none(driver: Any) -> None:
    """Batch normalization has nothing to normalize over in a batch of one."""
    talk = driver(f"{SMALL}&b.batch_norm=true&c")
    talk.train(2)
    plain = driver(f"{SMALL}&b.batch_norm=true&c")
    plain.train(2)
    before = talk.snapshot()
    (error,) = driver.of("error", talk.say(set_to("batch_size", 1)))
    assert (error["code"], error["path"][-1]) == ("impossible", "batch_size")
    assert talk.snapshot() == before
    for driven in (talk, plain):
        driven.train(2)
    for place in range(3):
        assert np.array_equal(talk.weights(place), plain.weights(place)), place


def test_what_is_impossible_is_said_of_its_panel(driver: Any) -> None:
    """Whether the setting is a live one or not."""
    talk = driver(f"{SMALL}&b.batch_norm=true&c")
    for command in (set_to("batch_size", 1), set_to("batch_size", 1, [1]), set_to("batch_size", 1, restart=True)):
        (error,) = driver.of("error", talk.say(command))
        assert error["path"] == ["panels", 1, "batch_size"]
        assert set(error["params"]["reason"]) == {"en", "zh"}


def test_an_activation_is_live_and_a_width_is_not(driver: Any) -> None:
    talk = driver(SMALL)
    talk.train(2)
    before = talk.weights()
    (state,) = driver.of("state", talk.say(set_to("hidden", [{"width": 3, "activation": "tanh"}])))
    assert state["run"] == 1
    assert np.array_equal(before, talk.weights())
    (state,) = driver.of("state", talk.say(set_to("hidden", [{"width": 4, "activation": "tanh"}])))
    assert state["run"] == 2


def test_a_live_setting_can_be_made_to_start_anew(driver: Any) -> None:
    talk = driver(SMALL)
    talk.train(2)
    (state,) = driver.of("state", talk.say(set_to("learning_rate", 0.5, restart=True)))
    assert (state["run"], talk.session.position) == (2, 0)


def test_a_setting_reaches_the_panels_it_names(driver: Any) -> None:
    talk = driver(f"{SMALL}&b&c")
    talk.say(set_to("learning_rate", 0.5, [0, 2]))
    assert [panel.spec.learning_rate for panel in talk.session.panels] == [0.5, 0.03, 0.5]
    assert [panel.learning_rate for panel in talk.session.experiment.panels] == [0.5, 0.03, 0.5]
    talk.say(set_to("seed", 9, []))
    assert [panel.spec.seed for panel in talk.session.panels] == [1, 1, 1]


def test_other_data_are_sent_and_start_all_anew(driver: Any) -> None:
    talk = driver(f"{SMALL}&b")
    talk.train(2)
    answer = talk.say({"type": "set_data", "name": "noise", "value": 0.4})
    assert driver.of("data", answer)
    assert driver.of("state", answer)[-1]["run"] == 2
    assert talk.session.position == 0


def test_layers_can_be_kept_for_other_data(driver: Any) -> None:
    """Transfer learning: hidden layers stay, the output layer is drawn anew, as wide as there are classes."""
    talk = driver(f"{SMALL}&b.hidden=4,4&b.batch_norm=true&b.seed=3")
    talk.train(4)
    kept = [panel.trainer.network for panel in talk.session.panels]
    dataset = {"id": "arms", "classes": 4}
    answer = talk.say({"type": "set_data", "name": "dataset", "value": dataset, "keep": True})
    assert driver.of("data", answer) and driver.of("state", answer)[-1]["run"] == 2
    fresh = driver(f"{SMALL}&dataset=arms(classes=4)&b.hidden=4,4&b.batch_norm=true&b.seed=3")
    for place, old in enumerate(kept):
        new, drawn = (each.session.panels[place].trainer.network for each in (talk, fresh))
        end = old.spans[old.depth].start
        assert np.array_equal(new.parameters[:, :end], old.parameters[:, :end])
        assert np.array_equal(new.parameters[:, end:], drawn.parameters[:, end:])
    talk.train(2)
    talk.say({"type": "set_data", "name": "noise", "value": 0.3})  # and without being asked they are not
    assert not np.array_equal(talk.weights(0)[:, :9], kept[0].parameters[:, :9])


def test_what_comes_first_is_not_shown_with_what_comes_later(driver: Any) -> None:
    """A message of data belongs to the run it names, and every frame's points are those of the last data before it."""
    talk = driver(SMALL)
    talk.say({"type": "set_data", "name": "samples", "value": 60}, {"type": "set_data", "name": "samples", "value": 80})
    data, frame = driver.of("data", talk.seen)[-1], driver.of("frame", talk.seen)[-1]
    assert len(data["points"]) == frame["predicted"].shape[1] == 80
    assert data.metadata["run"] == frame.metadata["run"]


# ---- panels ----


def differences(a: Any, b: Any) -> list[str]:
    return [name for name in a if a[name] != b[name]]


@pytest.mark.parametrize("variation", list(variations()), ids=lambda variation: variation.id)
def test_varying_gives_panels_that_differ_in_one_thing(driver: Any, variation: Any) -> None:
    values = list(variation.values)[:3] or list(CATALOG[variation.family])[:3]
    talk = driver("samples=40&hidden=3,3&seed=4&b.learning_rate=1")
    answer = talk.say({"type": "vary", "variation": variation.id, "values": values, "panel": 1})
    assert not driver.of("error", answer)
    panels = driver.of("state", answer)[-1]["experiment"]["panels"]
    assert len(panels) == len(values)
    field = {"width": "hidden", "depth": "hidden", "activation": "hidden"}.get(variation.id, variation.id.split(".")[0])
    for panel in panels[1:]:
        assert differences(panels[0], panel) == [field]
    if field != "learning_rate":
        assert {panel["learning_rate"] for panel in panels} == {1.0}  # the rest is panel B's
    assert len({json.dumps(panel) for panel in panels}) == len(values)


def test_a_duplicate_goes_on_with_equal_digits(driver: Any) -> None:
    talk = driver(f"{SMALL}&optimizer=adam&b.seed=2")
    talk.train(2.5)
    answer = talk.say({"type": "duplicate", "panel": 0})
    panels = driver.of("state", answer)[-1]["panels"]
    assert [panel["id"] for panel in panels] == [1, 3, 2]
    assert [panel["copy_of"] for panel in panels] == [None, 1, None]
    assert driver.of("state", answer)[-1]["run"] == 1
    assert np.array_equal(talk.weights(0), talk.weights(1))
    talk.train(4)
    assert np.array_equal(talk.weights(0), talk.weights(1))
    original, copy = talk.history[1, 1], talk.history[1, 3]
    assert all(copy[epoch] == original[epoch] for epoch in copy)
    assert {3, 4, 5, 6} <= set(copy)


def test_the_last_row_is_now_for_every_panel(driver: Any) -> None:
    """Even when rows wait that were recorded before a panel was added."""
    talk = driver(None)
    (frame,) = driver.of("frame", talk.say({"type": "open", "link": SMALL}, {"type": "duplicate", "panel": 0}))
    assert np.isfinite(frame["train_loss"][-1]).all()
    assert np.array_equal(frame["predicted"][0], frame["predicted"][1])
    assert np.array_equal(frame["boundary"][0], frame["boundary"][1])


def test_the_last_row_is_now_after_a_live_change(driver: Any) -> None:
    talk = driver(None)
    change = set_to("hidden", [{"width": 3, "activation": "tanh"}])
    (frame,) = driver.of("frame", talk.say({"type": "open", "link": SMALL}, change))
    metrics = talk.session.panels[0].trainer.evaluate()
    assert frame["train_loss"][-1, 0] == metrics.train_loss[0]


def test_panels_keep_their_ids(driver: Any) -> None:
    talk = driver(f"{SMALL}&b&c")
    talk.train(2)
    weights = talk.weights(2)
    (state,) = driver.of("state", talk.say({"type": "remove", "panel": 1}))
    assert [panel["id"] for panel in state["panels"]] == [1, 3]
    assert state["run"] == 1
    assert np.array_equal(talk.weights(1), weights)  # the others go on
    (state,) = driver.of("state", talk.say({"type": "add"}))
    assert [panel["id"] for panel in state["panels"]][:2] == [1, 3]
    assert len({panel["id"] for panel in state["panels"]} | {2}) == 4  # no id is used again
    assert (state["run"], talk.session.position) == (2, 0)


def test_limits_of_panels(driver: Any) -> None:
    talk = driver(f"{SMALL}&b&c&d&e&f")
    for command in ({"type": "add"}, {"type": "duplicate", "panel": 0}):
        before = talk.snapshot()
        (error,) = driver.of("error", talk.say(command))
        assert error["code"] == "too_many_panels"
        assert talk.snapshot() == before
    for _ in range(5):
        talk.say({"type": "remove", "panel": 0})
    before = talk.snapshot()
    (error,) = driver.of("error", talk.say({"type": "remove", "panel": 0}))
    assert error["code"] == "last_panel"
    assert talk.snapshot() == before


REFUSED = [
    {"type": "remove", "panel": 2},
    {"type": "duplicate", "panel": 2},
    {"type": "vary", "variation": "width", "values": [3], "panel": 2},
    {"type": "vary", "variation": "nothing", "values": [3]},
    {"type": "vary", "variation": "width", "values": [3, 999]},
    {"type": "vary", "variation": "width", "values": [3, True]},
    {"type": "vary", "variation": "activation", "values": ["relu", "nothing"]},
    set_to("learning_rate", 0.5, [0, 2]),
    set_to("learning_rate", 11),
    set_to("nothing", 11),
    set_to("loss", "logistic", [1]),
    {"type": "set_data", "name": "samples", "value": 2001},
    {"type": "configure", "experiment": {"data": {"dataset": "arms"}, "panels": [{}, {"loss": "logistic"}]}},
    {"type": "configure", "experiment": {"panels": []}},
    {"type": "speed", "value": 0},
    {"type": "speed", "value": "fast"},
]


@pytest.mark.parametrize("command", REFUSED, ids=json.dumps)
def test_a_refused_command_changes_nothing_and_training_goes_on(driver: Any, command: Any) -> None:
    talk = driver("dataset=arms&samples=40&hidden=3&b.seed=2")
    talk.train(2)
    before = talk.snapshot()
    answer = talk.say(command)
    assert driver.of("error", answer)
    assert not driver.of("state", answer)
    assert talk.snapshot() == before
    steps = talk.session.panels[0].trainer.steps
    (*_, frame) = driver.of("frame", talk.train(1))
    assert (frame["step"] > steps).all()


def test_a_refusal_names_the_panel_that_is_at_fault(driver: Any) -> None:
    talk = driver("dataset=arms&samples=40&hidden=3&b.seed=2")
    (error,) = driver.of("error", talk.say(set_to("loss", "logistic", [1])))
    assert error["path"] == ["panels", 1, "loss"]
    assert error["message"].startswith("panels[1].loss: ")
    assert "2 classes" in error["message"]  # why not, in words


# ---- divergence ----


def test_one_network_diverges_and_the_others_go_on(driver: Any) -> None:
    talk = driver(DIVERGING)
    talk.train(80, 2)
    (event,) = driver.of("diverged", talk.seen)
    assert event["panel"] == 2
    assert 0 < event["epoch"] < 80
    frame = driver.of("frame", talk.seen)[-1]
    assert frame["diverged"].tolist() == [0, 1, 0]
    assert frame["epoch"][-1] == 80
    assert frame["step"][0] == frame["step"][2] == 160 > frame["step"][1]
    assert np.isfinite(frame["train_loss"][-1, [0, 2]]).all()
    assert np.isnan(frame["train_loss"][-1, 1])
    assert talk.session.playing


def test_a_diverged_network_keeps_its_last_picture(driver: Any) -> None:
    talk = driver(DIVERGING)
    frames = driver.of("frame", talk.train(80, 1))
    healthy = [frame for frame in frames if not frame["diverged"][1]]
    ill = [frame for frame in frames if frame["diverged"][1]]
    assert healthy and ill
    assert np.array_equal(healthy[-1]["boundary"][1], ill[-1]["boundary"][1])
    assert np.array_equal(healthy[-1]["predicted"][1], ill[-1]["predicted"][1])


def test_a_diverged_network_trains_again_after_rewinding_with_a_sane_rate(driver: Any) -> None:
    talk = driver(DIVERGING)
    talk.train(80)
    talk.say(set_to("learning_rate", 0.01, [1]), {"type": "rewind"})
    seen = talk.train(40)
    assert not driver.of("diverged", seen)
    frame = driver.of("frame", seen)[-1]
    assert frame["diverged"].tolist() == [0, 0, 0]
    assert frame["step"].tolist() == [80, 80, 80]
    assert np.isfinite(frame["train_loss"][-1]).all()


ALL_DIVERGING = "samples=40&hidden=4-tanh&learning_rate=10&regularizers=l2(strength=10)"


def test_when_all_have_diverged_the_session_pauses(driver: Any) -> None:
    talk = driver(f"{ALL_DIVERGING}&b.seed=2")
    seen = talk.train(80, 4)
    assert sorted(event["panel"] for event in driver.of("diverged", seen)) == [1, 2]
    assert driver.of("state", seen)[-1]["playing"] is False


def test_the_clock_stands_still_when_nothing_trains(driver: Any) -> None:
    talk = driver(ALL_DIVERGING)
    talk.train(80, 4)
    stood = driver.of("frame", talk.seen)[-1]["epoch"][-1]
    for _ in range(3):
        talk.say({"type": "play"})
        talk.session.aim(5)
        talk.work()
    assert driver.of("frame", talk.say({"type": "speed", "value": 7}))[-1]["epoch"][-1] == stood


def test_removing_the_last_healthy_network_pauses(driver: Any) -> None:
    talk = driver(f"{SMALL}&b.learning_rate=10&b.regularizers=l2(strength=10)&b.hidden=4-tanh")
    talk.train(80, 4)
    assert driver.of("diverged", talk.seen)
    state = driver.of("state", talk.say({"type": "remove", "panel": 0}))[-1]
    assert state["playing"] is False


@pytest.mark.parametrize(
    "command",
    [
        {"type": "duplicate", "panel": 1},
        {"type": "remove", "panel": 1},
        set_to("learning_rate", 0.1, [1]),
        {"type": "step"},
        {"type": "epoch"},
        {"type": "pause"},
        {"type": "add"},
        {"type": "reset"},
    ],
    ids=json.dumps,
)
def test_a_diverged_network_is_no_obstacle(driver: Any, command: Any) -> None:
    talk = driver(DIVERGING)
    talk.train(80)
    answer = talk.say(command)
    assert not driver.of("error", answer)
    assert driver.of("frame", answer)
    assert len(driver.of("diverged", talk.seen)) == 1


# ---- early stopping ----

STOPPING = "dataset=moons&noise=0.5&samples=120&hidden=32-tanh,32-tanh&optimizer=adam&learning_rate=0.02"
STOPPED = f"{STOPPING}&regularizers=early_stopping(patience=3)"


def test_a_network_that_stops_early_says_so_once_and_the_others_go_on(driver: Any) -> None:
    talk = driver(f"{STOPPED}&b.regularizers=")
    talk.train(60, 2)
    (event,) = driver.of("stopped", talk.seen)
    trainer = talk.session.panels[0].trainer
    best = int(trainer.stopping.best_epoch[0])
    assert (event["panel"], event["code"]) == (1, "early_stopping")
    assert event["epoch"] == event["params"]["epoch"] == best + 3 < 60
    assert event["params"]["best"] == best
    assert str(best) in event["message"] and str(best + 3) in event["message"]
    frames = driver.of("frame", talk.seen)
    assert frames[0]["stopped"].tolist() == [0, 0]
    assert frames[-1]["stopped"].tolist() == [1, 0]
    assert frames[-1]["epoch"][-1] == 60 and talk.session.playing
    assert frames[-1]["diverged"].tolist() == [0, 0]
    assert frames[-1]["step"].tolist() == [trainer.steps, 60 * 6]
    metrics = trainer.evaluate()
    assert frames[-1]["train_loss"][-1, 0] == metrics.train_loss[0]  # of the restored weights
    boundary = trainer.boundary(64)[0].argmax(axis=0)
    assert np.array_equal(frames[-1]["boundary"][0] // 128, boundary)


def test_when_all_have_stopped_the_session_pauses_and_the_clock_stands_still(driver: Any) -> None:
    ends = []
    for pace in (0.5, 3, 30):
        talk = driver(STOPPED)
        seen = talk.train(60, pace)
        assert len(driver.of("stopped", seen)) == 1
        assert driver.of("state", seen)[-1]["playing"] is False
        ends.append(talk.session.position)
        frame = driver.of("frame", talk.say({"type": "speed", "value": 7}))[-1]
        assert frame["epoch"][-1] == driver.of("stopped", seen)[0]["epoch"], pace
        for command in ("play", "step", "epoch"):
            talk.say({"type": command})
            talk.session.aim(5)
            talk.work()
            assert talk.session.position == ends[-1], command
            assert not talk.session.playing
    assert len(set(ends)) == 1


def test_history_of_a_run_that_stops_early_has_the_same_digits_at_any_pace(driver: Any) -> None:
    histories = []
    for updates, pace in PACES:
        talk = driver(f"{STOPPED}&b.regularizers=l2,dropout&c.batch_norm=true")
        talk.train(9, pace, updates)
        histories.append(talk.history)
    assert all(history == histories[0] for history in histories)


def test_a_stopped_network_runs_again_after_rewinding(driver: Any) -> None:
    talk = driver(STOPPED)
    talk.train(60, 3)
    end = talk.weights()
    answer = talk.say({"type": "rewind"})
    assert driver.of("frame", answer)[-1]["stopped"].tolist() == [0]
    talk.train(60, 3)
    assert np.array_equal(talk.weights(), end)
    assert len(driver.of("stopped", talk.seen)) == 2


@pytest.mark.parametrize(
    "command",
    [
        {"type": "duplicate", "panel": 0},
        {"type": "remove", "panel": 0},
        set_to("learning_rate", 0.1, [0]),
        {"type": "step"},
        {"type": "epoch"},
        {"type": "add"},
        {"type": "set_data", "name": "noise", "value": 0.1, "keep": True},
    ],
    ids=json.dumps,
)
def test_a_stopped_network_is_no_obstacle(driver: Any, command: Any) -> None:
    talk = driver(f"{STOPPED}&b.regularizers=")
    talk.train(40, 4)
    answer = talk.say(command)
    assert not driver.of("error", answer)
    (frame,) = driver.of("frame", answer)
    if command["type"] == "duplicate":
        assert frame["stopped"].tolist() == [1, 1, 0]
    talk.train(1)
    assert len(driver.of("stopped", talk.seen)) == 1


# ---- frames ----


@pytest.mark.parametrize("classes", [2, 3, 4, 5, 6])
def test_the_boundary_shows_class_and_confidence(driver: Any, classes: int) -> None:
    talk = driver(f"dataset=arms(classes={classes})&samples=60&hidden=6&learning_rate=0.5&b.seed=2")
    talk.train(20)
    (frame,) = driver.of("frame", talk.say({"type": "pause"}))
    levels = 256 // classes
    for place, panel in enumerate(talk.session.panels):
        field = frame["boundary"][place]
        p = panel.trainer.boundary(len(field))[0]
        assert np.array_equal(field // levels, p.argmax(axis=0))
        confidence = (p.max(axis=0) - 1 / classes) / (1 - 1 / classes)
        assert np.abs(field % levels / (levels - 1) - confidence).max() <= 1 / (levels - 1) + 1e-6
    assert frame["boundary"].max() < classes * levels


def test_the_first_row_of_the_boundary_is_the_top(driver: Any) -> None:
    talk = driver("dataset=gaussian&noise=0&samples=100&hidden=")  # class 1 lies in the upper right corner
    talk.train(40)
    (frame,) = driver.of("frame", talk.say({"type": "pause"}))
    classes = frame["boundary"][0] // 128
    assert (classes[0, -1], classes[-1, 0]) == (1, 0)


def test_numbers_of_a_frame_are_those_of_the_engine(driver: Any) -> None:
    talk = driver("samples=60&hidden=4,3&b.hidden=2-sigmoid&c.hidden=")
    frame = driver.of("frame", talk.train(3))[-1]
    for place, panel in enumerate(talk.session.panels):
        metrics = panel.trainer.evaluate()
        for name in ("train_loss", "test_loss", "penalty", "train_accuracy", "test_accuracy"):
            assert frame[name][-1, place] == np.float32(getattr(metrics, name)[0]), name
        depth = len(panel.spec.hidden)
        for name, layers in (("layer_dead_ratio", depth), ("gradient_norm", depth + 1), ("update_ratio", depth + 1)):
            row = frame[name][-1, place]
            assert np.array_equal(row[:layers], getattr(metrics, name)[0].astype(np.float32)), name
            assert np.isnan(row[layers:]).all(), name
        assert np.array_equal(frame["predicted"][place], metrics.predicted[0])
    assert np.isnan(frame["dead_ratio"][-1]).tolist() == [False, False, True]


def test_frames_are_numbered_and_only_sent_for_news(driver: Any) -> None:
    talk = driver(SMALL)
    talk.train(4, 1)
    numbers = [int(frame.metadata["frame"]) for frame in driver.of("frame", talk.seen)]
    assert numbers == list(range(1, len(numbers) + 1))
    talk.say({"type": "pause"})
    assert talk.work() == []
    assert driver.of("frame", talk.say({"type": "pause"}))  # a command is answered even if it changes nothing


def test_rows_wait_for_the_next_frame(driver: Any) -> None:
    talk = driver(SMALL)
    talk.say({"type": "play"})
    for _ in range(3):
        talk.session.aim(2)
        assert not driver.of("frame", talk.work(frame=False))
    (frame,) = driver.of("frame", talk.read())
    assert frame["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert frame["recorded"].all()


# ---- anything goes ----


def commands(legal: Any) -> st.SearchStrategy[Any]:
    small = {"width": 4, "hidden": 2, "samples": 40, "panels": 3}
    place = st.integers(-1, 6)
    networks = legal(NetworkSpec, **small).map(dump)
    nonsense = st.sampled_from([None, True, -1, 1e30, "8", [], {}, "nothing", {"id": "relu"}])
    ids = [variation.id for variation in variations()]

    def fields(cls: Any, kind: str) -> st.SearchStrategy[Any]:
        whole = legal(cls, **small).map(dump)
        return whole.flatmap(
            lambda spec: st.fixed_dictionaries(
                {"type": st.just(kind), "name": st.just("")},
            ).flatmap(
                lambda command: st.sampled_from([*spec, "nothing"]).flatmap(
                    lambda name: st.fixed_dictionaries(
                        {
                            "type": st.just(kind),
                            "name": st.just(name),
                            "value": st.just(spec.get(name)) | nonsense,
                        },
                        optional={"panels": st.none() | st.lists(place, max_size=3), "restart": st.booleans()}
                        if kind == "set"
                        else {"keep": st.booleans()},
                    )
                )
            )
        )

    return st.one_of(
        st.sampled_from(["play", "pause", "step", "epoch", "reset", "rewind", "add", "nothing"]).map(
            lambda name: {"type": name}
        ),
        st.builds(lambda name, panel: {"type": name, "panel": panel}, st.sampled_from(["remove", "duplicate"]), place),
        fields(NetworkSpec, "set"),
        fields(DataSpec, "set_data"),
        legal(Experiment, **small).map(lambda experiment: {"type": "configure", "experiment": dump(experiment)}),
        st.builds(
            lambda name, values, panel: {"type": "vary", "variation": name, "values": values, "panel": panel},
            st.sampled_from(ids),
            st.lists(st.integers(0, 4) | st.sampled_from(["relu", "adam", 0.5, None]), max_size=3),
            place,
        ),
        st.builds(lambda value: {"type": "speed", "value": value}, st.floats(-1, 2000)),
        st.builds(lambda value: {"type": "seeds", "value": value}, st.sampled_from([1, 2, 8, 16])),
        st.sampled_from(["", SMALL, "dataset=arms&loss=logistic&samples=20", "x=1"]).map(
            lambda link: {"type": "open", "link": link}
        ),
        networks.map(lambda spec: {"type": "set", "name": "hidden", "value": spec["hidden"]}),
        st.lists(st.tuples(st.floats(-6.1, 6), st.floats(-6, 6), st.integers(0, 5)), max_size=20).map(draws),
        st.sampled_from(list(CATALOG["datasets"])).map(
            lambda name: {"type": "set_data", "name": "dataset", "value": name}
        ),
        st.just(HiddenLayer()).map(lambda layer: {"type": "set", "name": "hidden", "value": [dump(layer)] * 2}),
    )


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_after_any_commands_a_session_answers_with_state_and_frame(driver: Any, legal: Any, data: Any) -> None:
    talk = driver(SMALL)
    for command in data.draw(st.lists(commands(legal), max_size=10)):
        before, run = talk.snapshot(), talk.session.run
        answer = talk.say(command)
        if driver.of("error", answer) and command["type"] != "open":
            assert talk.snapshot()[0] == before[0]
            assert talk.session.run == run
        if talk.session.experiment != before[0]:
            assert driver.of("state", answer)[-1]["experiment"] == dump(talk.session.experiment)
        talk.session.aim(0.4)
        talk.work()
        assert tuple(panel.spec for panel in talk.session.panels) == talk.session.experiment.panels
    answer = talk.say({"type": "open", "link": "samples=20&speed=9"}, {"type": "play"})
    assert driver.of("state", answer)[-1]["playing"] is True
    assert driver.of("frame", answer)[-1]["diverged"].tolist() == [0]
    assert driver.of("frame", talk.train(2))[-1]["epoch"][-1] == 2


def test_keeping_layers_before_there_are_any_is_no_fault(driver: Any) -> None:
    session = type(driver(SMALL).session)()
    session.submit(protocol.decode('{"type": "set_data", "name": "noise", "value": 0.3, "keep": true}'))
    session.apply()
    assert session.experiment.data.noise == 0.3


def test_a_diverged_networks_layers_are_not_kept(driver: Any) -> None:
    talk = driver(ALL_DIVERGING)
    talk.train(80, 4)
    assert driver.of("diverged", talk.seen)
    talk.say({"type": "set_data", "name": "noise", "value": 0.3, "keep": True})
    assert all(panel.trainer.finite.all() for panel in talk.session.panels)


def test_a_refused_link_does_not_wipe_the_run(driver: Any) -> None:
    talk = driver(f"{SMALL}&noise=0.3")
    talk.train(3)
    before = talk.session.experiment
    assert driver.of("error", talk.say({"type": "open", "link": "batch_norm=true&batch_size=1"}))
    assert talk.session.experiment == before


def test_more_patience_sends_a_stopped_network_on(driver: Any) -> None:
    talk = driver(f"{SMALL}&regularizers=early_stopping(patience=1)&learning_rate=1&noise=0.5")
    talk.train(60, 4)
    assert driver.of("stopped", talk.seen)
    where = talk.session.position
    talk.say({"type": "set", "name": "regularizers", "value": ["early_stopping(patience=400)"]})
    talk.train(5)
    assert talk.session.position > where


# ---- looking inside ----


def test_what_is_looked_at_comes_with_every_second_frame_and_nothing_else_does(driver: Any) -> None:
    talk = driver(f"{SMALL}&b.hidden=5")
    assert not driver.of("inside", talk.seen)
    (seen,) = driver.of("inside", talk.say({"type": "look", "panel": 1}))
    assert seen["sizes"].tolist() == [2, 5, 2]
    assert seen.metadata["panel"] == str(talk.session.panels[1].id)
    network = talk.session.panels[1].trainer.network
    expected = np.concatenate([network.unbiased(layer)[0].ravel() for layer in range(2)])
    np.testing.assert_array_equal(seen["weights"], expected)
    told = talk.train(8, 0.5)
    frames = driver.of("frame", told)
    assert len(driver.of("inside", told)) == pytest.approx(len(frames) / 2, abs=1)
    assert not driver.of("inside", [*talk.say({"type": "look", "panel": None}), *talk.train(2, 0.5)])


def test_a_view_is_sent_once_to_who_asks(driver: Any) -> None:
    talk = driver(f"{SMALL}&b.hidden=5")
    (seen,) = driver.of("inside", talk.say({"type": "ask", "panel": 1, "view": "inside"}))
    assert seen["sizes"].tolist() == [2, 5, 2]
    assert not driver.of("inside", talk.train(2, 0.5))
    (error,) = driver.of("error", talk.say({"type": "ask", "panel": 0, "view": "outside"}))
    assert error["path"] == ["view"] and error["code"] == "unknown_choice" and "inside" in error["params"]["expected"]
    (error,) = driver.of("error", talk.say({"type": "ask", "panel": 3, "view": "inside"}))
    assert error["code"] == "no_such_panel"


def test_a_view_that_makes_no_sense_says_so_once_and_ends(driver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise Refused("unit", Text("It needs classes.", "需要类别。"))

    talk = driver(SMALL)
    talk.say({"type": "look", "panel": 0})
    monkeypatch.setattr(VIEWS["inside"], "show", refuse)
    (error,) = driver.of("error", talk.train(4, 0.5))
    assert error["path"] == ["views", "unit"] and error["message"].endswith("It needs classes.")
    (error,) = driver.of("error", talk.say({"type": "ask", "panel": 0, "view": "inside"}))
    assert error["path"] == ["view", "unit"]


def test_a_weight_is_put_where_one_wants_it(driver: Any) -> None:
    talk = driver(f"{SMALL}&hidden=3,4")
    before = talk.weights().copy()
    answer = talk.say({"type": "weigh", "panel": 0, "layer": 1, "unit": 3, "input": 2, "value": 7.5})
    network = talk.session.panels[0].trainer.network
    assert network.unbiased(1)[0, 3, 2] == 7.5
    assert (talk.weights() != before).sum() == 1
    assert driver.of("frame", answer), "the picture shows it"
    talk.say({"type": "weigh", "panel": 0, "layer": 2, "unit": 1, "input": None, "value": -2})
    assert network.biases(2)[0, 1] == -2
    for wrong, field in (
        ({"layer": 3}, "layer"),
        ({"unit": 4}, "unit"),
        ({"input": 3}, "input"),
        ({"panel": 1}, "panel"),
    ):
        command = {"type": "weigh", "panel": 0, "layer": 1, "unit": 0, "input": 0, "value": 0} | wrong
        (error,) = driver.of("error", talk.say(command))
        assert error["path"][-1] == field
    talk.train(1)


def test_with_batch_normalization_the_bias_is_its_shift(driver: Any) -> None:
    talk = driver(f"{SMALL}&hidden=3&batch_norm=true")
    talk.say({"type": "weigh", "panel": 0, "layer": 0, "unit": 1, "input": None, "value": 0.25})
    assert talk.session.panels[0].trainer.network.biases(0)[0, 1] == 0.25


# ---- own points ----


def ring(count: int, classes: int = 2) -> list[list[float]]:
    """Points on a spiral, their classes in turns; the first so many are the same whatever the count."""
    return [[round(4 * np.cos(i) * (i % 7 + 1) / 7, 4), round(4 * np.sin(i), 4), i % classes] for i in range(count)]


def draws(points: list[list[float]]) -> dict[str, Any]:
    return {"type": "points", "points": points}


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "lbfgs"])
def test_drawing_a_point_lets_the_networks_train_on(driver: Any, optimizer: str) -> None:
    if optimizer not in CATALOG["optimizers"]:
        pytest.skip(f"no {optimizer}")
    # batches that no number of points leaves one over from, which batch normalization would not take
    talk = driver(f"hidden=4&optimizer={optimizer}&learning_rate=0.01&b.batch_norm=true&b.seed=2&b.batch_size=2000")
    talk.say(draws(ring(60)))
    talk.train(3.5)
    before = [(panel.trainer, talk.weights(place)) for place, panel in enumerate(talk.session.panels)]
    slots = [trainer._slots.copy() for trainer, _ in before]
    averages = [[each.copy() for each in trainer.network.averages] for trainer, _ in before]
    run, epoch, position = talk.session.run, int(talk.session.position), talk.session.position
    answer = talk.say(draws(ring(61)))
    assert not driver.of("error", answer)
    (state,), (data,), (frame,) = (driver.of(kind, answer) for kind in ("state", "data", "frame"))
    assert state["run"] == run == talk.session.run
    assert state["playing"] is True
    assert epoch <= position and frame["epoch"][-1] == talk.session.position == epoch  # a begun epoch begins anew
    assert len(data["points"]) == 61 and data.metadata["run"] == str(run)
    assert frame["predicted"].shape == (2, 61)
    for place, panel in enumerate(talk.session.panels):
        trainer, weights = before[place]
        assert panel.trainer is not trainer
        assert np.array_equal(talk.weights(place), weights)
        assert np.array_equal(panel.trainer._slots, slots[place])
        for kept, given_on in zip(averages[place], panel.trainer.network.averages, strict=True):
            assert np.array_equal(kept, given_on)
        assert panel.trainer.steps == trainer.steps
        assert frame["train_loss"][-1, place] == panel.trainer.evaluate().train_loss[0]
    assert not optimizer.startswith(("momentum", "adam")) or any(slot.any() for slot in slots)
    steps = talk.session.panels[0].trainer.steps
    seen = talk.train(3)
    frames = driver.of("frame", seen)
    assert frames[-1]["epoch"][-1] == epoch + 3
    assert frames[-1]["step"][0] > steps
    assert {panel for r, panel in talk.history if r == run} == {1, 2}  # and the curves go on as well
    assert max(talk.history[run, 1]) == epoch + 3


def test_history_goes_on_without_a_gap_while_points_are_drawn(driver: Any) -> None:
    talk = driver("hidden=3")
    talk.say(draws(ring(40)))
    for count in range(41, 47):
        talk.train(1.5)
        talk.say(draws(ring(count)))
    epochs = list(talk.history[talk.session.run, 1])
    assert epochs == sorted(epochs) == list(range(int(epochs[-1]) + 1))
    assert epochs[-1] >= 6


def test_points_that_stay_keep_their_part(driver: Any) -> None:
    talk = driver("validation_share=0.3")
    talk.say(draws(ring(40)))
    (first,) = driver.of("data", talk.seen)[-1:]
    (second,) = driver.of("data", talk.say(draws(ring(41))))
    parts = [{tuple(p): k for p, k in zip(d["points"].tolist(), d["part"], strict=True)} for d in (first, second)]
    assert {point: parts[1][point] for point in parts[0]} == parts[0]
    assert set(parts[0].values()) == {0, 1, 2}


def test_another_number_of_classes_starts_anew_with_the_hidden_layers_kept(driver: Any) -> None:
    talk = driver("hidden=4,3&b.hidden=5&b.seed=2")
    talk.say(draws(ring(60)))
    talk.train(4)
    run = talk.session.run
    kept = [panel.trainer.network for panel in talk.session.panels]
    answer = talk.say(draws(ring(60, classes=3)))
    assert driver.of("state", answer)[-1]["run"] == run + 1 and talk.session.position == 0
    assert driver.of("data", answer)[-1]["classes"].tolist() == [3]
    for panel, old in zip(talk.session.panels, kept, strict=True):
        end = old.spans[old.depth].start
        assert np.array_equal(panel.trainer.network.parameters[:, :end], old.parameters[:, :end])
        assert panel.trainer.network.sizes[-1] == 3
    talk.train(1)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize(
    "link", ["dataset=attributes", "dataset=plane", "dataset=function", "dataset=circle&tf_seed=0.5", "dataset=arms"]
)
def test_points_can_be_drawn_after_any_data(driver: Any, link: str, optimizer: str) -> None:
    """Four classes are not always four outputs: two yes/no labels a point are two."""
    talk = driver(f"{link}&samples=40&hidden=3&optimizer={optimizer}")
    talk.train(2)
    hidden = talk.session.panels[0].trainer.network.parameters[:, :9].copy()
    answer = talk.say(draws(ring(40, classes=4)))
    assert not driver.of("error", answer)
    assert driver.of("state", answer)[-1]["run"] == 2
    assert talk.session.data.task == "classes" and talk.session.data.classes == 4
    assert talk.session.experiment.data.tf_seed == ""
    assert np.array_equal(talk.session.panels[0].trainer.network.parameters[:, :9], hidden.astype(np.float32))
    assert talk.session.panels[0].trainer.loss.id == "softmax_cross_entropy"
    talk.train(2)
    assert talk.session.position == 2


@pytest.mark.parametrize("classes", [2, 4])
def test_points_before_the_first_open_do_no_harm(driver: Any, classes: int) -> None:
    talk = driver(None)
    answer = talk.say(draws(ring(20, classes)))
    assert driver.of("state", answer) and driver.of("data", answer) and driver.of("frame", answer)
    talk.train(1)
    assert driver.of("state", talk.say({"type": "open", "link": SMALL}))


def test_two_thousand_points_are_taken_and_one_more_is_not(driver: Any) -> None:
    talk = driver(SMALL)
    assert not driver.of("error", talk.say(draws(ring(2000))))
    assert len(talk.session.data.labels) == 2000
    for count, figure in ((2001, "maximum"), (1, "minimum"), (0, "minimum")):
        before = talk.snapshot()
        (error,) = driver.of("error", talk.say(draws(ring(count))))
        assert error["path"] == ["points"] and error["code"] == ("too_long" if count > 2000 else "too_short")
        assert error["params"][figure] == (2000 if count > 2000 else 2)
        assert str(error["params"][figure]) in error["message"].replace(",", "")
        assert talk.snapshot() == before
    # with all the digits that the page gives a point, 2,000 of them still fit into one message
    longest = [[-5.98765, -5.43219, 5]] * 1998 + [[1.23456, 0, 1], [0, 0, 0]]
    assert len(json.dumps(draws(longest), separators=(",", ":"))) < protocol.MAX_MESSAGE
    assert not driver.of("error", talk.say(draws(longest)))


@pytest.mark.parametrize(
    ("point", "path", "figures"),
    [
        ([0, 0, 6], [0, 2], {"minimum": 0, "maximum": 5}),
        ([0, 0, -1], [0, 2], {"minimum": 0, "maximum": 5}),
        ([0, 0, 1.5], [0, 2], {}),
        ([0, 0, True], [0, 2], {}),
        ([6.001, 0, 0], [0, 0], {"minimum": -6, "maximum": 6}),
        ([0, -7, 0], [0, 1], {"minimum": -6, "maximum": 6}),
        ([0, "0", 0], [0, 1], {}),
        ([0, None, 0], [0, 1], {}),
        ([0, 0], [0, 2], {}),
        ([0, 0, 0, 0], [0], {}),
        ({"x": 1}, [0], {}),
        (3, [0], {}),
    ],
)
def test_a_point_that_is_none_is_refused_and_named(driver: Any, point: Any, path: Any, figures: Any) -> None:
    talk = driver(SMALL)
    talk.train(1)
    before = talk.snapshot()
    errors = driver.of("error", talk.say(draws([point, [0, 0, 1]])))
    assert errors and errors[0]["path"] == ["points", *path]
    assert figures.items() <= errors[0]["params"].items()
    assert talk.snapshot() == before


def test_the_edges_of_the_plane_can_be_drawn_on(driver: Any) -> None:
    talk = driver(SMALL)
    corners = [[x, y, k] for k, (x, y) in enumerate([(-6, -6), (-6, 6), (6, -6), (6, 6), (6.0, 0), (0, -6.0)])]
    assert not driver.of("error", talk.say(draws(corners)))
    data = talk.session.data
    drawn = np.empty((6, 2))
    drawn[data.labels] = data.points.T  # each has a class of its own
    assert np.abs(drawn - np.array(corners)[:, :2]).max() < 0.00074
    assert np.array_equal(drawn[:4], np.array(corners)[:4, :2])


def test_the_same_points_again_do_nothing(driver: Any) -> None:
    talk = driver(SMALL)
    talk.say(draws(ring(30)))
    talk.train(2.5)
    before = talk.snapshot()
    answer = talk.say(draws(ring(30)))
    assert not driver.of("error", answer) and not driver.of("state", answer) and not driver.of("data", answer)
    assert talk.snapshot() == before


def test_early_stopping_goes_on_while_points_are_drawn(driver: Any) -> None:
    """What was best on other points says nothing about these: the watch begins anew, where the network stands."""
    talk = driver("hidden=8&optimizer=adam&learning_rate=0.03&regularizers=early_stopping(patience=3)&batch_norm=true")
    noisy = [[x, y, (k + (i % 3 == 0)) % 2] for i, (x, y, k) in enumerate(ring(80))]
    talk.say(draws(noisy))
    talk.train(60, 2)
    assert len(driver.of("stopped", talk.seen)) == 1
    stopped_at, weights = talk.session.panels[0].trainer.position, talk.weights()
    assert not talk.session.playing
    answer = talk.say(draws([*noisy, [0, 0, 0]]))
    trainer = talk.session.panels[0].trainer
    assert driver.of("frame", answer)[-1]["stopped"].tolist() == [0]
    assert np.array_equal(talk.weights(), weights)  # the best ones, which were restored
    assert trainer.stopping.best_epoch[0] == trainer.position == int(stopped_at)
    assert not trainer.finished
    talk.train(60, 2)
    assert talk.session.panels[0].trainer.position > stopped_at
    assert len(driver.of("stopped", talk.seen)) == 2


def test_too_few_points_for_early_stopping_are_refused_and_the_run_lives_on(driver: Any) -> None:
    talk = driver(f"{SMALL}&regularizers=early_stopping")
    talk.train(2)
    before = talk.snapshot()
    (error,) = driver.of("error", talk.say(draws(ring(6))))
    assert (error["code"], error["path"]) == ("impossible", ["panels", 0, "regularizers"])
    assert talk.snapshot() == before


def test_a_diverged_network_starts_anew_on_drawn_points_and_catches_up(driver: Any) -> None:
    talk = driver(DIVERGING.replace("samples=40", "dataset=own"))
    talk.train(80, 2)
    assert [panel.diverged for panel in talk.session.panels] == [False, True, False]
    talk.say(set_to("learning_rate", 0.01, [1]), set_to("regularizers", [], [1]))
    weights, run = talk.weights(0), talk.session.run
    talk.say(draws(ring(30)))
    assert (talk.session.run, talk.session.position) == (run, 80)
    assert np.array_equal(talk.weights(0), weights)
    talk.train(2)
    assert {panel.trainer.position for panel in talk.session.panels} == {82}
    assert np.isfinite(driver.of("frame", talk.seen)[-1]["train_loss"][-1]).all()


def test_where_all_have_diverged_drawn_points_are_a_new_run(driver: Any) -> None:
    """The clock may not run backwards within a run: its history would end for as long as it takes to catch up."""
    talk = driver(ALL_DIVERGING)
    talk.train(80, 4)
    assert talk.session.panels[0].diverged and talk.session.position > 0
    talk.say(set_to("learning_rate", 0.01), set_to("regularizers", []))
    answer = talk.say(draws(ring(30)))
    assert driver.of("state", answer)[-1]["run"] == 2
    assert driver.of("frame", answer)[-1]["epoch"].tolist() == [0]
    talk.train(3)
    assert list(talk.history[2, 1]) == [0, 1, 2, 3]


def test_a_link_holds_400_own_points_and_says_when_it_does_not(driver: Any) -> None:
    talk = driver(SMALL)
    assert driver.of("state", talk.seen)[-1]["link_complete"] is True
    for count, complete in ((400, True), (401, False), (2000, False), (399, True)):
        state = driver.of("state", talk.say(draws(ring(count))))[-1]
        assert state["link_complete"] is complete, count
        assert len(state["link"]) < 2300
        if complete:
            opened = driver(state["link"])
            assert np.array_equal(opened.session.data.points, talk.session.data.points)
            assert np.array_equal(opened.session.data.labels, talk.session.data.labels)


# ---- data that carry values ----


def test_the_loss_becomes_automatic_where_the_data_leave_it_no_sense(driver: Any) -> None:
    talk = driver("samples=40&hidden=3&loss=logistic&b.loss=squared_error&c.loss=huber(delta=0.5)&d.loss=auto")

    def losses(answer: Any) -> list[list[str]]:
        state = driver.of("state", answer)[-1]
        return [
            [panel["loss"]["id"] for panel in state["experiment"]["panels"]],
            [panel["loss"] for panel in state["panels"]],
        ]

    assert losses(talk.seen) == [
        ["logistic", "squared_error", "huber", "auto"],
        ["logistic", "squared_error", "huber", "softmax_cross_entropy"],
    ]
    answer = talk.say({"type": "set_data", "name": "dataset", "value": "plane"})
    assert not driver.of("error", answer)
    assert losses(answer) == [
        ["auto", "squared_error", "huber", "auto"],
        ["squared_error", "squared_error", "huber", "squared_error"],
    ]
    assert talk.session.panels[2].spec.loss.delta == 0.5
    talk.train(1)
    answer = talk.say({"type": "set_data", "name": "dataset", "value": "bumps"})  # values again: nothing changes
    assert losses(answer)[0] == ["auto", "squared_error", "huber", "auto"]
    answer = talk.say({"type": "set_data", "name": "dataset", "value": "attributes"})
    assert losses(answer) == [["auto"] * 4, ["attribute_logistic"] * 4]


def test_between_classes_a_chosen_loss_stays_or_is_refused(driver: Any) -> None:
    talk = driver("samples=40&hidden=3&loss=squared_error&b.loss=logistic")
    talk.say({"type": "set_data", "name": "dataset", "value": "moons"})
    assert [panel.spec.loss.id for panel in talk.session.panels] == ["squared_error", "logistic"]
    (error,) = driver.of("error", talk.say({"type": "set_data", "name": "dataset", "value": "arms"}))
    assert (error["code"], error["path"]) == ("impossible", ["panels", 1, "loss"])


@pytest.mark.parametrize("link", ["dataset=plane", "dataset=bumps&noise=0.5", "dataset=function"])
def test_data_with_values_are_sent_as_values(driver: Any, link: str) -> None:
    talk = driver(f"{link}&samples=60&hidden=3")
    data, state, frame = talk.seen
    drawn = talk.session.data
    assert np.array_equal(data["values"], drawn.labels.astype(np.float32))
    assert data["labels"].dtype == np.uint8 and not data["labels"].any()
    assert data["classes"].tolist() == [0]
    assert (data.metadata["task"], data.metadata["dimensions"]) == ("values", str(drawn.dimensions))
    assert state["panels"][0]["loss"] == "squared_error"
    assert not frame["predicted"].any() and frame["predicted"].shape == (1, 60)
    assert ("curve" in frame.arrays) == (drawn.dimensions == 1)


def test_data_with_classes_carry_no_values(driver: Any) -> None:
    data, _, frame = driver("samples=60&hidden=3").seen
    assert "values" not in data.arrays and "curve" not in frame.arrays
    assert (data.metadata["task"], data.metadata["dimensions"]) == ("classes", "2")


def test_the_boundary_of_values_is_the_value(driver: Any) -> None:
    talk = driver("dataset=plane&noise=0&samples=200&hidden=&learning_rate=0.1")
    talk.train(30)
    (frame,) = driver.of("frame", talk.say({"type": "pause"}))
    field = frame["boundary"][0].astype(float)
    side = len(field)
    centres = -6 + 12 * (np.arange(side) + 0.5) / side
    value = (centres[np.newaxis] + centres[::-1, np.newaxis]) / 10  # row 0 is the top
    assert np.abs(field - np.clip((value + 1) / 2 * 255, 0, 255)).max() <= 2
    exact = talk.session.panels[0].trainer.boundary(side)[0, 0]
    assert np.abs(field - (np.clip(exact, -1, 1) + 1) / 2 * 255).max() <= 0.501
    assert (field[0, -1], field[-1, 0]) == (255, 0)  # (12 − …)/10 is beyond 1, and cut off


def test_the_curve_is_what_the_network_says_along_the_axis(driver: Any) -> None:
    talk = driver("dataset=function(function=sine)&noise=0&samples=300&hidden=16-tanh&optimizer=adam&b.hidden=")
    talk.train(40)
    frame = driver.of("frame", talk.say({"type": "pause"}))[-1]
    x = np.linspace(-6, 6, 121)
    assert frame["curve"].shape == (2, 121) and frame["curve"].dtype == np.float32
    for place, panel in enumerate(talk.session.panels):
        values = panel.trainer.predict(np.stack([x, np.zeros(121)]))[0, 0]
        np.testing.assert_allclose(frame["curve"][place], values, atol=1e-6)
    truth = 0.9 * np.sin(1.5 * x)
    assert np.abs(frame["curve"][0] - truth).mean() < np.abs(frame["curve"][1] - truth).mean()


def test_frames_tell_r2_and_error_of_values_and_accuracy_of_classes(driver: Any) -> None:
    for link, there, missing in (
        ("dataset=plane", ["train_r2", "test_r2", "train_error", "test_error"], ["train_accuracy", "test_accuracy"]),
        ("dataset=xor", ["train_accuracy", "test_accuracy"], ["train_r2", "test_r2", "train_error", "test_error"]),
    ):
        talk = driver(f"{link}&samples=60&hidden=3")
        frame = driver.of("frame", talk.train(2))[-1]
        metrics = talk.session.panels[0].trainer.evaluate()
        for name in there:
            assert frame[name][-1, 0] == np.float32(getattr(metrics, name)[0]), name
        assert all(np.isnan(frame[name]).all() for name in missing)


def test_the_data_say_which_part_every_point_belongs_to(driver: Any) -> None:
    talk = driver("samples=100&validation_share=0.2&shift=rotated&hidden=3")
    part = talk.seen[0]["part"]
    assert np.bincount(part).tolist() == [32, 50, 10, 8]  # 50 for learning, a fifth held out, then a fifth again
    frame = driver.of("frame", talk.train(1))[-1]
    metrics = talk.session.panels[0].trainer.evaluate()
    for name in ("validation_loss", "train_dev_loss", "validation_accuracy", "train_dev_accuracy"):
        assert frame[name][-1, 0] == np.float32(getattr(metrics, name)[0]), name
        assert np.isnan(driver.of("frame", driver(SMALL).seen)[-1][name]).all()
    right = (frame["predicted"][0] == talk.seen[0]["labels"])[part == 2].mean()
    assert right == pytest.approx(frame["validation_accuracy"][-1, 0])


# ---- panels that train together ----


def test_panels_of_one_shape_train_as_they_would_alone(driver: Any) -> None:
    """Their curves are those of three sessions with one panel each, to the digits a frame carries."""
    links = [f"samples=60&hidden=4,3&seed={seed}&learning_rate={0.01 * (seed + 1)}" for seed in range(3)]
    together = driver(
        "samples=60&hidden=4,3&seed=0&b.seed=1&c.seed=2&learning_rate=0.01&b.learning_rate=0.02&c.learning_rate=0.03"
    )
    seen = driver.of("frame", together.train(12, 0.7))
    assert together.session.panels[0].crew is not None
    for place, link in enumerate(links):
        alone = driver(link)
        own = driver.of("frame", alone.train(12, 0.7))
        assert [frame["epoch"].tolist() for frame in seen] == [frame["epoch"].tolist() for frame in own]
        for name in ("train_loss", "test_loss", "test_accuracy", "gradient_norm", "update_ratio", "layer_dead_ratio"):
            for mine, theirs in zip(seen, own, strict=True):
                np.testing.assert_allclose(mine[name][:, place], theirs[name][:, 0], rtol=1e-4, atol=1e-6, err_msg=name)
        np.testing.assert_allclose(together.weights(place), alone.weights(), rtol=1e-4, atol=1e-6)
        assert np.abs(seen[-1]["boundary"][place].astype(int) - own[-1]["boundary"][0]).max() <= 1


# ---- who has to catch up ----

ENDED = "v=1&samples=60&hidden=4&regularizers=early_stopping(patience=1)&learning_rate=1&b.regularizers="


def one_ended(driver: Any) -> Any:
    """A session that pauses: its first panel has stopped early, the second one is far ahead."""
    talk = driver(ENDED)
    talk.train(60, 3)
    talk.say({"type": "pause"})
    first, second = talk.session.panels
    assert first.stopped and first.own.position < second.own.position - 5
    return talk


GOING = {
    "patience": {
        "type": "set",
        "name": "regularizers",
        "value": [{"id": "early_stopping", "patience": 100}],
        "panels": [0],
    },
    "switch": {"type": "switch", "panel": 0, "on": False, "units": [3]},
    "weigh": {"type": "weigh", "panel": 0, "layer": 0, "unit": 0, "input": 0, "value": 0.5},
}


@pytest.mark.parametrize("change", GOING)
def test_who_is_set_going_again_in_a_pause_waits_for_the_word(change: str, driver: Any) -> None:
    talk = one_ended(driver)
    first, second = talk.session.panels
    steps, ahead = first.own.steps, second.own.position
    talk.say(GOING[change])
    talk.say({"type": "pause"}, {"type": "slow", "rate": 1}, {"type": "slow", "rate": None})
    assert not first.stopped and not talk.session.unfinished
    assert first.own.steps == steps
    talk.say({"type": "step"})
    assert (first.own.steps, second.own.position) == (steps + 1, ahead)
    talk.say({"type": "epoch"})
    assert first.stopped or first.own.position == second.own.position == ahead + 1


def test_a_pause_ends_the_catching_up(driver: Any) -> None:
    talk = one_ended(driver)
    first = talk.session.panels[0]
    steps = first.own.steps
    for command in ({"type": "play"}, GOING["patience"], {"type": "pause"}):
        talk.session.submit(protocol.decode(json.dumps(command)))
        talk.session.apply()
        talk.session.work(1)
    left = first.own.steps
    talk.work()
    assert steps < first.own.steps == left
    assert not talk.session.unfinished and first.own.position < talk.session.panels[1].own.position


def test_a_network_drawn_anew_in_a_pause_waits_for_the_word(driver: Any) -> None:
    talk = driver("v=1&samples=60&learning_rate=10&hidden=64-linear,64-linear,64-linear&b.learning_rate=0.01")
    talk.train(30, 3)
    talk.say({"type": "pause"})
    assert [panel.diverged for panel in talk.session.panels] == [True, False]
    talk.say({"type": "points", "points": [[0, 0, 0], [1, 1, 1], [2, 2, 0], [-1, 3, 1]]})
    assert not talk.session.panels[0].diverged
    assert talk.session.panels[0].own.steps == 0 and not talk.session.unfinished


def test_a_weight_typed_into_a_seed_that_has_stopped_stays(driver: Any) -> None:
    talk = driver("v=1&samples=60&hidden=4&regularizers=early_stopping(patience=3)&learning_rate=0.3&seeds=8")
    panel = talk.session.panels[0]
    while not panel.own.stopping.stopped.any():
        talk.train(1)
    stopped = panel.own.stopping.stopped.copy()
    ended, others = int(np.flatnonzero(stopped)[0]), np.flatnonzero(~stopped)
    assert len(others)
    best = panel.own.stopping.best[others].copy()
    talk.say({"type": "weigh", "panel": 0, "seed": ended, "layer": 0, "unit": 0, "input": 0, "value": 7.5})
    np.testing.assert_array_equal(panel.own.stopping.best[others], best)
    steps = panel.own.steps
    talk.say({"type": "step"})
    assert panel.own.steps == steps + 1
    assert panel.own.network.weights[0][ended, 0, 0] == pytest.approx(7.5, abs=0.5)


# ---- before the first experiment ----

NAMES = [get_args(command.model_fields["type"].annotation)[0] for command in protocol.COMMANDS]
FIRST: dict[str, dict[str, Any]] = {
    "open": {"link": "hidden=3"},
    "configure": {"experiment": {}},
    "speed": {"value": 3},
    "seeds": {"value": 8},
    "slow": {"rate": 1},
    "duplicate": {"panel": 0},
    "remove": {"panel": 0},
    "set": {"name": "learning_rate", "value": 0.5},
    "set_data": {"name": "noise", "value": 0.3},
    "points": {"points": [[0, 0, 0], [1, 1, 1]]},
    "vary": {"variation": "learning_rate", "values": [0.1, 1]},
    "look": {"panel": 0, "views": ["inside"]},
    "ask": {"panel": 0, "view": "inside"},
    "weigh": {"panel": 0, "layer": 0, "unit": 0, "input": 0, "value": 1},
    "switch": {"panel": 0, "on": False, "units": [2]},
}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "ack"])
@pytest.mark.parametrize("more", [{}, {"restart": True}, {"restart": True, "panels": [0]}, {"panels": []}])
def test_whatever_comes_first_the_session_lives_on(name: str, more: dict[str, Any], driver: Any) -> None:
    talk = driver(None)
    more = more if name == "set" else {}
    talk.say({"type": name, **FIRST.get(name, {}), **more})
    talk.session.aim(1)
    talk.work()
    (state,) = driver.of("state", talk.say({"type": "open", "link": "hidden=3"}))
    assert state["experiment"]["panels"][0]["hidden"][0]["width"] == 3
    assert talk.train(1)


# ---- equal links, equal runs ----


def test_when_a_network_has_diverged_does_not_depend_on_the_frames(driver: Any) -> None:
    """Its loss overflows for a while, with parameters that are finite, and only a frame can be there to see it."""
    link = "v=1&samples=60&hidden=4"
    seldom, often = driver(link), driver(link)
    for talk, pace in ((seldom, 2.0), (often, 0.25)):
        talk.train(1)
        (panel,) = talk.session.panels
        kept = panel.trainer.network.parameters.copy()
        panel.trainer.network.parameters[...] = 1e30
        talk.session._stale = talk.session._changed = True
        if talk is often:
            assert driver.of("frame", talk.read())
            assert not panel.diverged
        panel.trainer.network.parameters[...] = kept
        talk.train(2, pace)
    assert not often.session.panels[0].diverged
    assert seldom.history == often.history


def test_updates_beyond_what_32_bits_count_are_told(driver: Any) -> None:
    talk = driver("v=1&samples=60&hidden=4")
    talk.session.panels[0].trainer.steps = 2**31 + 5
    (frame,) = driver.of("frame", talk.say({"type": "step"}))
    assert frame["step"].tolist() == [2**31 + 6]


def test_updates_of_all_networks_are_counted_and_those_before_a_checkpoint_are_not(driver: Any) -> None:
    talk = driver("v=1&samples=60&hidden=4&seeds=8&b.batch_size=5")
    talk.train(2)
    steps = [panel.own.steps for panel in talk.session.panels]
    assert talk.session.trained == 8 * sum(steps) > 0
    talk.say({"type": "rewind"})
    talk.train(1)
    assert talk.session.trained == 8 * sum(steps) * 3 // 2
    other = driver(None)
    other.session.submit(protocol.Resume(talk.session.checkpoint()))
    other.session.apply()
    assert other.session.trained == 0
