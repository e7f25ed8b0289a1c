"""Slow and dead clients: gone in time, at bounded cost, nobody else's frames; and the end of the server."""

import json
import signal
import socket
import time
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from app.connections import PATIENCE, limit_dead_connections
from app.settings import Settings
from app.workers import DEAD_AFTER
from tests.app.conftest import Server
from tests.serving.conftest import SMALL, Raw, bystander, closed, memory
from tests.wire import decode

BUSY = 3  # times as long as it takes by itself, on a machine that does other things; whoever were waited for takes 26 s


def ack(number: int) -> bytes:
    return json.dumps({"type": "ack", "frame": number}).encode()


def never_reading(server: Server) -> Raw:
    """A client that plays and acknowledges everything, so frames keep coming, but reads none: its buffers are full."""
    raw = Raw(server, small_buffers=True)
    raw.upgrade()
    link = "samples=2000&hidden=8&b&c&d&e&f&speed=5"
    for command in ({"type": "open", "link": link}, {"type": "play"}):
        raw.frame(json.dumps(command).encode())
    raw.socket.settimeout(0.05)
    for number in range(1, 2000):
        try:
            raw.frame(ack(2 * number))
        except OSError:
            break
    return raw


def test_a_client_that_stops_reading_is_gone_in_time(serve: Any, eventually: Any) -> None:
    server = serve("--port", "0", "--ping-seconds", "2")
    with bystander(server):
        before = memory(server.process.pid)
        raws = [never_reading(server) for _ in range(3)]
        begun = time.monotonic()
        assert memory(server.process.pid) - before < 60
        eventually(lambda: server.sessions() == 1, 60)  # the bystander
        assert time.monotonic() - begun < 45  # two pings, and the time to send off the rest, are about six
        for raw in raws:
            raw.socket.close()
    assert server.stop() == ""


def test_by_default_that_is_within_45_seconds() -> None:
    assert 2 * Settings().ping_seconds + 2 * PATIENCE < 45
    assert DEAD_AFTER < 45


def test_the_kernel_is_told_to_end_dead_connections() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        limit_dead_connections(listener, 30.0)
        with socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
            with accepted:
                if hasattr(socket, "TCP_USER_TIMEOUT"):
                    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_six_seconds_whoever_is_there(serve: Any, how: signal.Signals, workers: int) -> None:
    server = serve("--port", "0", "--workers", str(workers), "--ping-seconds", "20")
    raws = [never_reading(server), Raw(server), Raw(server), Raw(server)]
    raws[1].say("GET / HTTP/1.1\r\nHost: ")
    raws[2].say("POST /api/bayes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
    raws[3].upgrade()
    begun = time.monotonic()
    said = server.stop(how)
    assert time.monotonic() - begun < 6 * BUSY
    assert "Traceback" not in said
    for raw in raws:
        raw.socket.close()


def to_the_end(page: Any) -> tuple[int, str, bytes, float]:
    """Read until the server closes, as a page does: close code and reason, the last checkpoint, the last epoch seen."""
    kept, last = b"", 0.0
    try:
        while True:
            message = page.socket.recv(30)
            if isinstance(message, str):
                continue
            arrays, about = decode(message)
            if about["kind"] == "checkpoint":
                kept = message
            elif about["kind"] == "frame":
                last = float(arrays["epoch"][-1])
                page.say(type="ack", frame=int(about["frame"]))
    except ConnectionClosed as end:
        assert end.rcvd
        return end.rcvd.code, end.rcvd.reason, kept, last


def test_pages_are_sent_off_with_a_last_checkpoint_and_told_to_come_back(serve: Any, client: Any) -> None:
    """The checkpoint is no older than the last frame, and another server goes on from it."""
    server = serve("--port", "0")
    with client(server, SMALL) as page:
        page.say(type="play")
        page.until("frame", lambda frame: frame["epoch"][-1] > 5)
        server.process.send_signal(signal.SIGTERM)
        code, reason, kept, last = to_the_end(page)
    assert (code, reason) == (1012, "closing")
    assert server.stop() == ""
    second = serve("--port", "0")
    with client(second, link=None) as page:
        page.socket.send(kept)
        assert page.until("state")["playing"]
        assert page.until("frame")["epoch"][-1] >= last
    assert second.stop() == ""


def test_a_server_that_ends_lets_nobody_in(serve: Any, client: Any) -> None:
    """While a client that does not read holds it up, others are told to come back at once."""
    server = serve("--port", "0")
    raw = never_reading(server)
    server.process.send_signal(signal.SIGTERM)
    try:
        with client(server, link=None) as page:
            assert closed(page)[:2] == (1012, "closing")
    except OSError:
        pass  # it does not listen any more
    raw.socket.close()
    assert "Traceback" not in server.stop()
