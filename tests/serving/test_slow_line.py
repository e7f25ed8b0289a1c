"""A line of 40 kB/s, through a network of the test's own: the picture stays fresh, and checkpoints come all the same.

How old a picture is when it arrives is how many bytes were on their way with it, divided by the rate; bytes are
counted, because a busy machine only makes the line slower.
"""

import json
from typing import Any

import pytest

from tests.proxy import Proxy
from tests.serving.conftest import SMALL, bystander

RATE = 40_000
OLDEST = 0.5  # seconds,
TOLERANCE = 1.25  # as the line is measured on a machine that does other things, too


class Through:
    """A server's address by way of a proxy."""

    def __init__(self, proxy: Proxy) -> None:
        self.host = f"127.0.0.1:{proxy.port}"


def checkpoint(page: Any) -> bytes:
    """The next checkpoint that comes in parts, put together as a page does; acknowledges the frames on the way."""
    growing, frames = b"", 0
    while True:
        message = page.read()
        match getattr(message, "kind", ""):
            case "frame":
                page.ack(message)
                frames += 1
            case "part":
                at = int(message.metadata["at"])
                assert at in (0, len(growing))
                growing = growing[:at] + message["bytes"].tobytes()
                if len(growing) == int(message.metadata["of"]):
                    assert frames > 1  # it did not hold them up
                    return growing


@pytest.mark.parametrize("link", ["speed=20", "speed=5&b.seed=2", "speed=5&hidden=8,8&b.seed=2&c.seed=3&d.seed=4"])
def test_the_picture_is_fresh_on_a_slow_line(strict: Any, client: Any, link: str) -> None:
    with Proxy(int(strict.host.rsplit(":", 1)[1]), RATE) as proxy, client(Through(proxy), link) as page:
        page.say(type="play")
        page.until("frame", lambda frame: int(frame.metadata["frame"]) > 6)  # by then the rate is known
        proxy.measure()
        begun, parts, frames = proxy.passed, 0, 0
        while frames < 14:
            message = page.read()
            if getattr(message, "kind", "") == "frame":
                page.ack(message)
                frames += 1
            elif getattr(message, "kind", "") == "part":
                parts += len(message["bytes"])
        assert proxy.most < OLDEST * RATE * TOLERANCE, f"{proxy.most} bytes were on their way at a time"
        assert 0 < parts < 0.3 * (proxy.passed - begun)


def test_a_checkpoint_in_parts_is_whole(strict: Any, client: Any) -> None:
    """It arrives while frames go on, and another session goes on from it."""
    with Proxy(int(strict.host.rsplit(":", 1)[1]), RATE) as proxy:
        with client(Through(proxy), "samples=2000&hidden=3&speed=20&b.seed=2") as page:
            page.say(type="play")
            saved = checkpoint(page)
        with client(strict, link=None) as other:
            other.socket.send(saved)
            assert len(other.until("state")["experiment"]["panels"]) == 2
            other.say(type="play")
            other.until("frame", lambda frame: frame["epoch"][-1] > 0)
            assert not [each for each in other.seen if isinstance(each, dict) and each["type"] == "error"]


def test_a_slow_line_slows_nobody_else(strict: Any, client: Any) -> None:
    with Proxy(int(strict.host.rsplit(":", 1)[1]), RATE) as proxy, client(Through(proxy), "speed=1000") as page:
        page.say(type="play")
        with bystander(strict):
            page.until("frame", lambda frame: int(frame.metadata["frame"]) > 8)


def test_a_fast_line_has_its_checkpoints_in_one_piece(strict: Any, client: Any) -> None:
    with client(strict, SMALL) as page:
        page.say(type="play")
        whole = 0
        while whole < 2:
            message = page.read()
            assert not isinstance(message, dict) or message["type"] != "error", json.dumps(message)
            kind = getattr(message, "kind", "")
            assert kind != "part"
            if kind == "frame":
                page.ack(message)
            whole += kind == "checkpoint"
