"""A real server and real sockets: the order of messages, the window, refusals, and the digits that arrive."""

import json
import socket
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.bounds import MAX_CHECKPOINT

ROOT = Path(__file__).resolve().parents[2]
WINDOW = 2
SMALL = "samples=40&hidden=3&speed=1000"


def number(frame: Any) -> int:
    return int(frame.metadata["frame"])


def is_frame(message: Any) -> bool:
    return getattr(message, "kind", "") == "frame"


def test_data_then_state_then_frame(client: Any, server: Any) -> None:
    with client(server, "v=1&dataset=xor&samples=40") as page:
        data, state, frame = page.read(), page.read(), page.read()
    assert data.kind == "data"
    assert state["type"] == "state"
    assert state["link"] == "v=1&dataset=xor&samples=40"
    assert (frame.kind, number(frame), frame["epoch"].tolist()) == ("frame", 1, [0.0])


def test_never_more_than_two_frames_are_on_their_way(client: Any, server: Any) -> None:
    with client(server, "samples=40&hidden=3&speed=20") as page:
        page.until("frame", ack=False)
        page.say(type="play")
        page.until("frame", ack=False)
        with pytest.raises(TimeoutError):
            page.read(0.3)  # six frame intervals
        for speed in (5, 6, 7):
            page.say(type="speed", value=speed)
            assert page.until("state", ack=False)["experiment"]["speed"] == speed
        frames = [message for message in page.seen if is_frame(message)]
        assert [number(frame) for frame in frames] == [1, 2]
        page.ack(frames[0])
        third = page.until("frame", ack=False)
        assert number(third) == 3
        page.ack(third)  # stands for all before it
        assert [number(page.until("frame", ack=False)) for _ in range(WINDOW)] == [4, 5]


def test_a_page_that_does_not_draw_stops_the_training(client: Any, server: Any) -> None:
    with client(server, SMALL) as page:
        page.say(type="play")
        first, second = (page.until("frame", ack=False) for _ in range(2))
        for speed in range(2, 20):
            page.say(type="speed", value=speed)
            page.until("state", ack=False)
        page.say(type="pause")
        page.until("state", lambda state: not state["playing"], ack=False)
        page.ack(second)
        last = page.until("frame")
        assert last["epoch"][-1] == second["epoch"][-1] > first["epoch"][-1]


def test_acknowledging_what_was_never_sent_is_harmless(client: Any, server: Any) -> None:
    with client(server, SMALL) as page:
        for frame in (0, 10**9, 10**30):
            page.say(type="ack", frame=frame)
        page.say(type="play")
        page.until("frame", lambda frame: frame["epoch"][-1] > 2)


BAD_MESSAGES = {
    "binary": (b"\x00\x01", "bad_checkpoint"),
    "empty": (b"", "bad_checkpoint"),
    "too big": (" " * 100_000, "too_big"),
    "one past": (" " * (64 * 1024 + 1), "too_big"),
    "malformed": ('{"type": ', "invalid_json"),
    "nothing": ("", "invalid_json"),
    "NaN": ('{"type": "speed", "value": NaN}', "invalid_json"),
    "nested": ("[" * 60_000, "invalid_json"),
    "unknown": ('{"type": "format_disk"}', "unknown_command"),
    "list": ("[]", "unknown_command"),
}


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_a_bad_message_gives_an_error_and_the_session_lives(client: Any, server: Any, name: str) -> None:
    message, code = BAD_MESSAGES[name]
    with client(server, SMALL) as page:
        page.until("frame")
        page.socket.send(message)
        error = page.until("error")
        assert error["code"] == code
        assert error["message"]
        page.say(type="play")
        page.until("frame", lambda frame: frame["epoch"][-1] > 1)


def test_an_illegal_value_is_refused_with_its_place_and_range_and_training_goes_on(client: Any, server: Any) -> None:
    with client(server, f"{SMALL}&b.seed=2") as page:
        page.say(type="play")
        before = page.until("frame", lambda frame: frame["epoch"][-1] > 1)
        page.say(type="set", name="hidden", value=[{"width": 4}, {"width": 9999}], panels=[1])
        error = page.until("error")
        assert error["path"] == ["panels", 1, "hidden", 1, "width"]
        assert error["code"] == "too_large"
        assert (error["params"]["minimum"], error["params"]["maximum"]) == (1, 128)
        assert "9999" in error["message"]
        after = page.until("frame", lambda frame: frame["epoch"][-1] > before["epoch"][-1] + 1)
        assert after.metadata["run"] == before.metadata["run"]


def test_a_damaged_link_gives_a_notice_and_a_session(client: Any, server: Any) -> None:
    with client(server, "v=1&samples=40&colour=red&noise=7") as page:
        codes = {page.until("notice")["code"], page.until("notice")["code"]}
        assert codes == {"unknown_key", "bad_link_value"}
        assert page.until("state")["experiment"]["data"]["samples"] == 40
        page.until("frame")


def test_a_message_beyond_the_largest_checkpoint_ends_only_its_own_session(client: Any, server: Any) -> None:
    with client(server, SMALL) as bystander, client(server, SMALL) as page:
        with pytest.raises(ConnectionClosed):
            page.socket.send(" " * (MAX_CHECKPOINT + 1))
            while True:
                page.until("error")
        bystander.say(type="play")
        bystander.until("frame", lambda frame: frame["epoch"][-1] > 1)


def test_two_pages_are_independent(client: Any, server: Any) -> None:
    with client(server, SMALL) as one, client(server, f"{SMALL}&seed=2") as other:
        mine = other.until("frame")
        one.say(type="play")
        one.until("frame", lambda frame: frame["epoch"][-1] > 3)
        one.say(type="set_data", name="noise", value=0.5)
        one.until("data", lambda data: data.metadata["run"] == "2")
        other.say(type="speed", value=5)
        state = other.until("state", lambda state: state["experiment"]["speed"] == 5)
        assert (state["playing"], state["run"], state["experiment"]["data"]["noise"]) == (False, 1, 0.1)
        again = other.until("frame")
        assert again["train_loss"].tobytes() == mine["train_loss"].tobytes()


def test_only_our_own_pages_may_open_a_session(client: Any, server: Any) -> None:
    for origin in (
        "https://elsewhere.example",
        "null",
        "http://127.0.0.1",
        f"http://{server.host}.elsewhere.example",
        f"http://elsewhere.example:{server.host}",
        "http://[",
    ):
        with pytest.raises((InvalidStatus, ConnectionClosed)) as refused, client(server, origin=origin) as page:
            page.read()
        if isinstance(refused.value, InvalidStatus):
            assert refused.value.response.status_code == 403, origin
    for origin in (f"http://{server.host}", None):
        with client(server, SMALL, origin=origin) as page:
            page.until("frame")


def test_a_page_that_leaves_frees_its_session(client: Any, server: Any, eventually: Any) -> None:
    eventually(lambda: server.sessions() == 0)
    pages = [client(server, SMALL) for _ in range(3)]
    for page in pages:
        page.say(type="play")
        page.until("frame", ack=False)
    assert server.sessions() == 3
    pages[0].leave.close()
    eventually(lambda: server.sessions() == 2)
    pages[1].socket.socket.shutdown(socket.SHUT_RDWR)  # gone without a goodbye
    pages[2].leave.close()
    eventually(lambda: server.sessions() == 0)
    pages[1].leave.close()


def test_an_epoch_is_trained_to_its_end_even_if_it_takes_long(client: Any, server: Any) -> None:
    """1,800 updates of a deep network take longer than a frame."""
    link = "samples=2000&train_share=0.9&batch_size=1&hidden=" + ",".join(["32"] * 8)
    with client(server, link) as page:
        page.until("frame")
        page.say(type="epoch")
        frame = page.until("frame", lambda frame: frame["epoch"][-1] == 1.0)
        assert frame["step"].tolist() == [1800]


def test_a_burst_of_commands_does_not_hold_up_the_frames(client: Any, server: Any) -> None:
    """A slider sends a command with every move; afterwards the picture moves on with the next few frames."""
    with client(server, SMALL) as page:
        page.say(type="play")
        page.until("frame", lambda frame: frame["epoch"][-1] > 1)
        for speed in range(200):
            page.say(type="speed", value=800 + speed)
            page.until("state")
        epochs = [page.until("frame")["epoch"][-1] for _ in range(4)]
        assert epochs[0] < epochs[-1]


def test_the_server_answers_while_four_networks_train(client: Any, server: Any) -> None:
    with client(server, "hidden=32,32&b.hidden=16,16&c.hidden=8,8&d.hidden=64&speed=1000") as page:
        page.say(type="play")
        page.until("frame", lambda frame: frame["epoch"][-1] > 0)
        for _ in range(30):  # how soon, is for the benchmark to say
            assert server.get("/healthz")[0] == 200
            page.until("frame")


def test_the_default_experiment_is_learned(client: Any, server: Any) -> None:
    with client(server, "speed=1000") as page:
        page.say(type="play")
        for _ in range(200):
            frame = page.until("frame")
            if frame["train_accuracy"][-1, 0] > 0.95 and frame["test_accuracy"][-1, 0] > 0.95:
                break
        else:
            raise AssertionError("not learned within 200 frames")


def test_the_page_shows_the_digits_of_the_shell(client: Any, server: Any) -> None:
    link = "v=1&samples=100&hidden=4&speed=300&b.optimizer=adam&c.hidden=&c.batch_size=7&d.hidden=3-tanh,2-sigmoid"
    shell = subprocess.run(
        [sys.executable, "-m", "app", "train", link, "--json", "--at", ",".join(map(str, range(31)))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(shell.stdout)
    rows: dict[int, dict[str, Any]] = {}
    with client(server, link) as page:
        page.say(type="play")
        while not rows or max(rows) < 30:
            frame = page.until("frame")
            for t in np.flatnonzero(frame["recorded"]):
                rows[int(frame["epoch"][t])] = {
                    name: frame[name][t]
                    for name in ("train_loss", "test_loss", "train_accuracy", "test_accuracy", "dead_ratio")
                }
    assert said["epochs"] == list(range(31))
    for place, network in enumerate(said["networks"]):
        for name in rows[0]:
            shown = [float(rows[epoch][name][place]) for epoch in said["epochs"]]
            expected = [np.nan if value is None else float(np.float32(value)) for value in network[name]]
            assert np.array_equal(shown, expected, equal_nan=True), (place, name)


def test_a_page_gets_the_beginning_and_every_step_and_can_go_back_to_each(client: Any, server: Any) -> None:
    with client(server, "samples=40&hidden=3&speed=50") as page:
        moments = [page.until("checkpoint").message]
        for _ in range(3):
            page.say(type="step")
            moments.append(page.until("checkpoint").message)
        page.say(type="play")
        page.until("frame", lambda frame: frame["epoch"][-1] > 2)
        for steps in (3, 2, 1, 0):
            page.socket.send(moments[steps])
            assert not page.until("state", lambda state: state["jump"])["playing"]
            assert page.until("frame")["step"].tolist() == [steps]
        page.say(type="play")
        page.until("frame", lambda frame: frame["epoch"][-1] > 2)


def test_slow_motion_shows_every_update(client: Any, server: Any) -> None:
    with client(server, "samples=40&hidden=3&batch_size=10&speed=500") as page:
        page.say(type="slow", rate=10)
        page.say(type="play")
        page.until("state", lambda state: state["playing"] and state["slow"] == 10)
        steps = [int(page.until("frame")["step"][0]) for _ in range(8)]
        assert all(later - earlier <= 1 for earlier, later in pairwise(steps)), steps
        assert steps[-1] > 3
