"""Laws of checkpoints: whoever is handed one goes on with the same digits, and nothing else is accepted."""

import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from app import checkpoint, protocol
from app.bounds import BOUNDS, Bounds
from app.schema import Invalid
from app.session import Session
from app.views import VIEWS
from tests.wire import decode

LINKS = [
    "dataset=moons&hidden=4,3&samples=60",
    "samples=60&optimizer=adam&b.hidden=3-tanh&regularizers=dropout,input_noise,augmentation&batch_size=7",
    "samples=60&optimizer=momentum&batch_norm=true&hidden=4,4&schedule=cosine&clip_norm=1&b.seed=3",
    "samples=80&regularizers=early_stopping(patience=3)&hidden=6&learning_rate=0.3",
    "samples=60&optimizer=lbfgs&regularizers=l2",
    "dataset=function&samples=60&hidden=5-maxout",
    "tf_seed=0.88257&preprocessing=none&loss=squared_tanh&regularizers=l1(strength=0.03)&batch_size=30&samples=100",
    "samples=60&hidden=4&seeds=8&bootstrap=true&regularizers=dropout&b.optimizer=adam",
    "samples=60&hidden=4&seeds=8&folds=8&b.folds=4",
    "dataset=arms&classes=3&samples=60&bootstrap=true&shift=rotated&validation_share=0.2",
]


def opened(link: str) -> Session:
    session = Session()
    say(session, {"type": "open", "link": link})
    return session


def say(session: Session, *messages: dict[str, Any]) -> list[str | bytes]:
    for message in messages:
        session.submit(protocol.decode(json.dumps(message)))
    session.apply()
    return session.messages(frame=False)


def train(session: Session, epochs: float, slice_: int = 8) -> None:
    say(session, {"type": "play"})
    session.aim(epochs)
    while not session.work(slice_):
        pass


def resumed(message: bytes, bounds: Bounds = BOUNDS) -> Session:
    session = Session(bounds)
    session.submit(protocol.Resume(message))
    session.apply()
    return session


def history(session: Session) -> list[Any]:
    """Every recorded number, to the last bit."""
    return [
        (row.epoch, panel, name, np.asarray(value).tobytes())
        for row in session._rows
        if row.recorded
        for panel, metrics in row.metrics.items()
        for name, value in vars(metrics).items()
    ]


def state(session: Session) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in load(session.checkpoint()).items()}


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("at", [0, 1.3, 5])
def test_a_resumed_run_goes_on_with_the_same_digits(link: str, at: float) -> None:
    first = opened(link)
    train(first, at, 3)
    second = resumed(first.checkpoint())
    first._rows.clear()
    for session, slice_ in ((first, 5), (second, 11)):
        train(session, 6 - session.position, slice_)
    assert state(first) == state(second)
    rows = history(first)
    assert rows == history(second)
    assert rows


def test_what_was_chosen_in_between_comes_back() -> None:
    first = opened("samples=60&hidden=4")
    train(first, 2)
    say(first, {"type": "set", "name": "learning_rate", "value": 0.1}, {"type": "duplicate", "panel": 0})
    say(first, {"type": "set", "name": "optimizer", "value": "adam", "panels": [1]}, {"type": "speed", "value": 3})
    train(first, 1)
    say(first, {"type": "pause"})
    second = resumed(first.checkpoint())
    assert second.experiment == first.experiment
    assert [panel.id for panel in second.panels] == [1, 2]
    assert (second.playing, second.run, second.position) == (False, first.run, first.position)
    events = [json.loads(message) for message in second.messages(frame=False) if isinstance(message, str)]
    assert [event["type"] for event in events] == ["state"]
    say(first, {"type": "add"})
    say(second, {"type": "add"})
    assert [panel.id for panel in second.panels] == [panel.id for panel in first.panels]


def test_networks_that_ended_stay_ended() -> None:
    first = opened("samples=40&learning_rate=10&hidden=64-linear,64-linear,64-linear&b.learning_rate=0.01")
    train(first, 30)
    assert [panel.diverged for panel in first.panels] == [True, False]
    second = resumed(first.checkpoint())
    assert [panel.diverged for panel in second.panels] == [True, False]
    assert second.playing
    train(second, 1)
    assert second.messages(frame=True)


# ---- what is no checkpoint ----

GOOD_LINK = "samples=60&hidden=4&regularizers=dropout&b.seed=2"
GOOD = opened(GOOD_LINK).checkpoint()


def refused(message: bytes, bounds: Bounds = BOUNDS, opens: bool = True) -> str:
    """What is said of a message; the session must be as good as new."""
    session = resumed(message, bounds)
    (event,) = [json.loads(text) for text in session.messages(frame=True)][:1]
    assert event["type"] == "error"
    assert not session.panels
    if opens:
        say(session, {"type": "open", "link": "hidden=3"})
        assert session.panels and session.messages(frame=True)
    return event["message"]


def forged(change: Any = None, arrays: Any = None) -> bytes:
    """The good checkpoint with its document or its arrays changed."""
    tensors = load(GOOD)
    (length,) = struct.unpack_from("<Q", GOOD)
    metadata = json.loads(GOOD[8 : 8 + length])["__metadata__"]
    document = json.loads(metadata["session"])
    if change:
        change(document)
    if arrays:
        arrays(tensors)
    return save(tensors, metadata | {"session": json.dumps(document)})


def test_the_forger_alone_changes_nothing() -> None:
    assert resumed(forged()).panels


CHANGES: dict[str, Any] = {
    "version": lambda d: d.update(version=2),
    "no panels": lambda d: d.update(panels=[]),
    "one panel more": lambda d: d["panels"].append(d["panels"][0]),
    "unknown field": lambda d: d.update(more=1),
    "wrong experiment": lambda d: d["experiment"]["data"].update(noise=9),
    "another width": lambda d: d["experiment"]["panels"][0]["hidden"][0].update(width=5),
    "another optimizer": lambda d: d["experiment"]["panels"][0].update(optimizer="adam"),
    "fewer points": lambda d: d["experiment"]["data"].update(samples=40),
    "impossible together": lambda d: d["experiment"]["panels"][0].update(optimizer="lbfgs"),
    "negative counter": lambda d: d["panels"][0].update(counters=[0, -1, 0, 0]),
    "seen too much": lambda d: d["panels"][0].update(counters=[0, 0, 10_000, 0]),
    "counters that are texts": lambda d: d["panels"][0].update(counters=["0"] * 4),
    "generator of another kind": lambda d: d["panels"][0]["generators"][0].update(bit_generator="MT19937"),
    "generator without state": lambda d: d["panels"][0].update(generators=[{}, {}]),
    "generator too large": lambda d: d["panels"][0]["generators"][0]["state"].update(state=2**200),
    "noise for anything": lambda d: d["panels"][0]["noise"].update({"9" * 12: []}),
    "noise that is none": lambda d: d["panels"][0].update(noise={"x": []}),
    "off that is no unit": lambda d: d["panels"][0].update(off={"units": [99], "links": []}),
    "off that is no weight": lambda d: d["panels"][0].update(off={"units": [], "links": [[0, 0, 9]]}),
    "off below": lambda d: d["panels"][0].update(off={"units": [], "links": [[-1, 0, None]]}),
    "off without end": lambda d: d["panels"][0].update(off={"units": [0] * 3000, "links": []}),
    "id without end": lambda d: d.update(ids=2**31),
    "counter without end": lambda d: d["panels"][0].update(counters=[2**53, 0, 0, 0]),
    "infinite target": lambda d: d.update(target=1e400),
    "id beyond the last": lambda d: d["panels"][0].update(id=7),
    "playing perhaps": lambda d: d.update(playing="yes"),
    "the same as itself": lambda d: d["panels"][1].update(same={"order": 1, "shuffled": 0}),
    "the same as a later one": lambda d: d["panels"][0].update(same={"order": 1}),
    "the same as nobody": lambda d: d["panels"][1].update(same={"order": 9, "shuffled": 0}),
    "the same as before it": lambda d: d["panels"][1].update(same={"order": -1, "shuffled": 0}),
    "the same weights": lambda d: d["panels"][1].update(same={"order": 0, "shuffled": 0, "parameters": 0}),
    "the same, but missing": lambda d: d["panels"][1].update(same={"order": 0}),
}
ARRAYS: dict[str, Any] = {
    "missing": lambda t: t.pop("0.parameters"),
    "too many": lambda t: t.update({"0.more": np.zeros(3)}),
    "of nobody": lambda t: t.update({"7.parameters": np.zeros(3)}),
    "another shape": lambda t: t.update({"0.parameters": t["0.parameters"][:, 1:]}),
    "another type": lambda t: t.update({"0.parameters": t["0.parameters"].astype(np.float64)}),
    "order out of bounds": lambda t: t.update({"0.order": t["0.order"] + 1}),
    "the same twice over": lambda t: t.update({"1.order": t["0.order"]}),
    "order twice": lambda t: t.update({"0.order": np.zeros_like(t["0.order"])}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_forged_document_is_refused(name: str) -> None:
    def change(document: dict[str, Any]) -> None:
        CHANGES[name](document)

    message = forged(change) if name != "infinite target" else forged(change).replace(b"Infinity", b"1e400   ")
    assert refused(message)


@pytest.mark.parametrize("name", ARRAYS)
def test_forged_arrays_are_refused(name: str) -> None:
    def change(tensors: dict[str, Any]) -> None:
        tensors.update({key: array.copy() for key, array in tensors.items()})
        ARRAYS[name](tensors)

    assert refused(forged(arrays=change))


@settings(deadline=None, max_examples=150, derandomize=True)
@given(st.data())
def test_damaged_messages_are_refused_or_harmless(data: Any) -> None:
    message = bytearray(GOOD)
    kind = data.draw(st.sampled_from(["cut", "flip", "longer", "any"]))
    if kind == "cut":
        del message[data.draw(st.integers(0, len(GOOD) - 1)) :]
    elif kind == "longer":
        message += data.draw(st.binary(min_size=1, max_size=40))
    elif kind == "any":
        message = bytearray(data.draw(st.binary(max_size=200)))
    else:
        for _ in range(data.draw(st.integers(1, 5))):
            message[data.draw(st.integers(0, len(GOOD) - 1))] = data.draw(st.integers(0, 255))
    session = resumed(bytes(message))
    train(session, 1)
    session.messages(frame=True)


def test_what_networks_have_in_common_is_said_once() -> None:
    alike, unlike = (opened(f"samples=60&b.seed=2{more}") for more in ("", "&b.regularizers=early_stopping"))
    names = [set(load(session.checkpoint())) for session in (alike, unlike)]
    assert names[0] & {"0.order", "0.shuffled", "1.order", "1.shuffled"} == {"0.order", "0.shuffled"}
    assert names[1] >= {"0.order", "1.order"}  # part of its points is held out: it has another order
    for session in (alike, unlike):
        train(session, 2.5)
        again = resumed(session.checkpoint())
        assert state(again) == state(session)


def test_the_limit_is_a_limit() -> None:
    assert resumed(GOOD, Bounds(checkpoint=len(GOOD))).panels
    small = Bounds(checkpoint=len(GOOD) - 1)
    assert "too big" in refused(GOOD, small)
    session = Session(small)
    say(session, {"type": "open", "link": GOOD_LINK})
    assert session.checkpoint() is None
    with pytest.raises(Invalid):
        checkpoint.decode(GOOD, small)


def test_what_is_larger_than_the_bounds_is_refused_before_it_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def built(*_: Any) -> None:
        raise AssertionError("a trainer was built")

    monkeypatch.setattr(checkpoint, "trainer_for", built)
    for bounds in (Bounds(width=3), Bounds(points=59), Bounds(depth=0)):
        refused(GOOD, bounds, opens=False)


# ---- numbers that have overflowed ----


@pytest.mark.parametrize(
    "link",
    [
        # It overflows, and within the same slice early stopping puts the best weights back.
        "loss=squared&learning_rate=10&hidden=8,8,8,8&regularizers=early_stopping(patience=1)&seed=3",
        "samples=60&hidden=8,8&loss=squared&optimizer=adagrad&learning_rate=10&gain=10",
        "samples=60&learning_rate=10&hidden=64-linear,64-linear,64-linear&seeds=8&b.learning_rate=0.01",
    ],
)
def test_what_a_session_wrote_is_never_refused(link: str) -> None:
    first = opened(link)
    for _ in range(12):
        train(first, 0.7, 64)
        saved = first.checkpoint()
        second = resumed(saved)
        assert second.panels, [json.loads(text) for text in second.messages(frame=False)]
        assert [(p.diverged, p.stopped) for p in second.panels] == [(p.diverged, p.stopped) for p in first.panels]
        assert state(second) == state(first)


WATCHED = "samples=60&hidden=4&optimizer=adam&batch_norm=true&regularizers=early_stopping(patience=2)&learning_rate=1"
SEEDED = "samples=60&hidden=4&optimizer=adam&seeds=8&b.learning_rate=0.1"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e38])
@pytest.mark.parametrize("link", [WATCHED, SEEDED])
def test_any_number_may_have_overflowed_and_the_session_lives_on(link: str, value: float) -> None:
    first = opened(link)
    train(first, 3)
    good = first.checkpoint()
    (length,) = struct.unpack_from("<Q", good)
    metadata = json.loads(good[8 : 8 + length])["__metadata__"]
    tensors = load(good)
    for name in [name for name in tensors if tensors[name].dtype.kind == "f"]:
        spoiled = np.full_like(tensors[name], value)
        session = resumed(save(tensors | {name: spoiled}, metadata))
        if name.endswith("best_epoch"):
            assert not session.panels
            continue
        assert session.panels, name
        wanted = [{"type": "ask", "panel": 0, "view": view} for view in VIEWS]
        looked = [name for name, view in VIEWS.items() if view.every]
        say(session, *wanted, {"type": "look", "panel": 0, "views": looked})
        session.messages(frame=True)
        train(session, 4)
        say(session, *wanted, {"type": "pause"})
        session.messages(frame=True)
        assert np.isfinite(session.position)
        assert session.panels[0].diverged or session.panels[0].own.finite.any(), name
        assert session.checkpoint()


# ---- going to another moment of a run ----


def kept(session: Session, save: bool = False) -> list[bytes]:
    """The checkpoints among what there is to send when moments are kept."""
    messages = session.messages(frame=True, save=save, keep=True)
    return [m for m in messages if isinstance(m, bytes) and kind(m) == "checkpoint"]


def kind(message: bytes) -> str:
    return decode(message)[1]["kind"]


def events(messages: list[str | bytes], name: str) -> list[dict[str, Any]]:
    return [event for m in messages if isinstance(m, str) and (event := json.loads(m))["type"] == name]


@pytest.mark.parametrize("link", LINKS)
def test_gone_back_to_an_earlier_moment_a_run_goes_on_with_the_digits_of_the_first_time(link: str) -> None:
    session = opened(link)
    (beginning,) = kept(session)
    train(session, 2.3)
    middle = session.checkpoint()
    session._rows.clear()
    train(session, 3)
    first, then = history(session), state(session)
    for moment, at in ((beginning, 0.0), (middle, 2.3)):
        session.submit(protocol.Resume(moment))
        session.apply()
        assert session.position <= at and not session.playing and not session.unfinished
        session._rows.clear()
        train(session, 5.3 - session.position, 7)
        assert history(session)[-len(first) :] == first
        assert state(session) == then


def test_going_to_a_moment_stays_there_at_the_speed_of_now_and_sends_points_only_if_they_are_others() -> None:
    session = opened("samples=60&hidden=4")
    train(session, 2)
    moment = session.checkpoint()
    say(session, {"type": "speed", "value": 500}, {"type": "set", "name": "learning_rate", "value": 0.2})
    train(session, 2)
    session.submit(protocol.Resume(moment))
    session.apply()
    messages = session.messages(frame=True)
    (event,) = events(messages, "state")
    assert (event["playing"], event["jump"], event["experiment"]["speed"]) == (False, 1, 500)
    assert event["experiment"]["panels"][0]["learning_rate"] == 0.03
    assert [kind(m) for m in messages if isinstance(m, bytes)] == ["frame"]
    assert session.position == 2
    say(session, {"type": "points", "points": [[0, 0, 0], [1, 1, 1], [2, 2, 2], [3, 3, 3], [4, 4, 4]]})
    session.submit(protocol.Resume(moment))
    session.apply()
    assert [kind(m) for m in session.messages(frame=True) if isinstance(m, bytes)] == ["data", "frame"]


def test_what_is_gone_away_from_can_be_come_back_to() -> None:
    session = opened("samples=60&hidden=4")
    (beginning,) = kept(session)
    train(session, 2.3)
    before, at = state(session), session.position
    session.submit(protocol.Resume(beginning))
    session.apply()
    left, here = kept(session)
    assert checkpoint.decode(left).trainers[0].position == at > 1
    assert [decode(each)[1]["jump"] for each in (left, here)] == ["0", "1"]
    assert checkpoint.decode(here).trainers[0].position == 0
    session.submit(protocol.Resume(left))
    session.apply()
    assert state(session) == before


def test_a_moment_that_is_none_leaves_the_session_where_it_is() -> None:
    session = opened("samples=60&hidden=4")
    train(session, 2)
    before = state(session)
    session.submit(protocol.Resume(GOOD[:-1]))
    session.apply()
    assert events(session.messages(frame=True), "error")
    assert state(session) == before and session.playing


def test_moments_are_kept_at_the_beginning_and_one_by_one_while_it_stands_still_or_moves_slowly() -> None:
    session = opened("samples=60&hidden=4&batch_size=10")
    (first,) = kept(session)
    assert checkpoint.decode(first).trainers[0].steps == 0 and not session.unsaved
    for steps in (1, 2):
        say(session, {"type": "step"})
        while not session.work(1):
            pass
        (moment,) = kept(session)
        assert checkpoint.decode(moment).trainers[0].steps == steps
    say(session, {"type": "look", "panel": None})
    assert not kept(session)
    say(session, {"type": "set", "name": "learning_rate", "value": 0.2})
    assert len(kept(session)) == 1
    train(session, 2)
    assert not kept(session) and session.unsaved
    assert len(kept(session, save=True)) == 1
    say(session, {"type": "pause"})
    assert len(kept(session)) == 1
    for command in ({"type": "slow", "rate": 2}, {"type": "play"}):
        say(session, command)
        assert len(kept(session)) == 1
    session.aim(2 / session.panels[0].trainer.epoch_steps)
    assert session.work(100)
    (moment,) = kept(session)
    assert checkpoint.decode(moment).trainers[0].steps == 2 + 2 * 3 + 1, "one update, although time was for two"


@pytest.mark.parametrize("on", [{"type": "epoch"}, {"type": "step"}, {"type": "play"}])
def test_a_change_is_a_moment_of_its_own_also_where_training_goes_on_at_once(on: dict[str, Any]) -> None:
    session = opened("samples=60&hidden=4")
    say(session, {"type": "epoch"})
    while not session.work(100):
        pass
    say(session, {"type": "set", "name": "learning_rate", "value": 0.2}, on)
    session.aim(1)
    while not session.work(100):
        pass
    beginning, changed, *_ = kept(session)  # the line had no room for them before
    assert checkpoint.decode(beginning).trainers[0].steps == 0
    restored = checkpoint.decode(changed)
    assert restored.trainers[0].position == 1 < session.position
    assert restored.state.experiment.panels[0].learning_rate == 0.2


def test_a_run_that_begins_while_it_plays_is_kept_from_its_very_beginning() -> None:
    session = opened("samples=60&hidden=4")
    train(session, 2)
    kept(session, save=True)
    say(session, {"type": "set", "name": "hidden", "value": [{"width": 3}]})
    session.aim(1)
    while not session.work(100):
        pass
    (moment,) = kept(session)
    assert checkpoint.decode(moment).trainers[0].steps == 0 < session.position
