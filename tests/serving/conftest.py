"""What the tests of the server share: real servers with short limits, raw sockets, and a bystander."""

import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.app.conftest import PATIENCE, Client, Server

SMALL = "samples=40&hidden=3&speed=20"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These go one after another, also where tests run side by side: they look at what a server's neighbours notice."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("serving"))


class Raw:
    """A connection on which anything can be said."""

    def __init__(self, server: Server, small_buffers: bool = False) -> None:
        host, port = server.host.rsplit(":", 1)
        self.socket = socket.socket()
        if small_buffers:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(PATIENCE)
        self.socket.connect((host, int(port)))
        self.host = server.host

    def __enter__(self) -> "Raw":
        return self

    def __exit__(self, *exception: object) -> None:
        self.socket.close()

    def say(self, content: bytes | str) -> None:
        self.socket.sendall(content.encode() if isinstance(content, str) else content)

    def upgrade(self, headers: str = "") -> bytes:
        """Ask for a WebSocket; what is answered, up to the end of the headers."""
        self.say(
            f"GET /ws HTTP/1.1\r\nHost: {self.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n"
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            more = self.socket.recv(1)
            if not more:
                break
            answer += more
        return answer

    def frame(self, payload: bytes, opcode: int = 0x81, mask: bool = True, claim: int | None = None) -> None:
        """A WebSocket frame; ``claim`` is the length it lays claim to."""
        size = len(payload) if claim is None else claim
        bit = 0x80 if mask else 0
        length = (
            bytes([bit | size])
            if size < 126
            else bytes([bit | 126]) + size.to_bytes(2, "big")
            if size < 2**16
            else bytes([bit | 127]) + size.to_bytes(8, "big")
        )
        self.say(bytes([opcode]) + length + (bytes(4) if mask else b"") + payload)

    def answer(self) -> tuple[int, bytes]:
        """Status and body of an answer, however many pieces it comes in."""
        answer = http.client.HTTPResponse(self.socket)
        answer.begin()
        try:
            return answer.status, answer.read()
        finally:
            answer.close()

    def rest(self) -> bytes:
        """All that comes until the other side closes."""
        out = b""
        try:
            while more := self.socket.recv(65536):
                out += more
        except ConnectionResetError:
            pass
        return out


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def shape(document: Any) -> list[dict[str, Any]]:
    """What is wrong, in the one shape that there is."""
    assert set(document) == {"errors"}
    for error in document["errors"]:
        assert set(error) == {"path", "code", "params", "message"}
        assert error["message"] and not re.search(r"\{\w+\}", error["message"])
    return list(document["errors"])


def closed(page: Client, seconds: float = PATIENCE) -> tuple[int, str, list[dict[str, Any]]]:
    """Close code and reason of a connection that the server ends, and the events before."""
    events = []
    deadline = time.monotonic() + seconds
    try:
        while True:
            message = page.socket.recv(max(0.1, deadline - time.monotonic()))
            if isinstance(message, str):
                events.append(json.loads(message))
    except ConnectionClosed as end:
        return (end.rcvd.code, end.rcvd.reason, events) if end.rcvd else (1006, "", events)


def request(server: Server, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(server.host, timeout=PATIENCE)
    try:
        connection.putrequest(method, path, skip_host="host" in headers)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Bystander:
    """A page that plays while others misbehave, in a thread of its own."""

    def __init__(self, server: Server) -> None:
        self.arrivals: list[float] = []
        self.fault: BaseException | None = None
        self._leave = threading.Event()
        self._page = Client(server, SMALL)
        self._page.say(type="play")
        self._page.until("frame", lambda frame: frame["epoch"][-1] > 0)
        self.stall = 0.0  # seconds that this machine itself kept a thread waiting, at most
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._thread.start()
        threading.Thread(target=self._watch_the_machine, daemon=True).start()

    def _play(self) -> None:
        try:
            while not self._leave.is_set():
                self._page.until("frame")
                self.arrivals.append(time.monotonic())
        except BaseException as fault:
            self.fault = fault

    def _watch_the_machine(self) -> None:
        due = time.monotonic()
        while not self._leave.is_set():
            due = max(due, time.monotonic()) + 0.02
            self._leave.wait(due - time.monotonic())
            self.stall = max(self.stall, time.monotonic() - due)

    def leave(self) -> None:
        self._leave.set()
        self._thread.join(PATIENCE)
        self._page.leave.close()


@contextmanager
def bystander(server: Server, longest_gap: float = 2.0) -> Iterator[Bystander]:
    """Somebody who gets frames before, meanwhile and after. The gap is long, and longer on a machine that does other
    things too: it is about not being held up, not about speed."""
    watcher = Bystander(server)
    try:
        yield watcher
        count, deadline = len(watcher.arrivals), time.monotonic() + PATIENCE
        while len(watcher.arrivals) < count + 3 and not watcher.fault and time.monotonic() < deadline:
            threading.Event().wait(0.01)
    finally:
        watcher.leave()
    assert watcher.fault is None, watcher.fault
    gaps = [after - before for before, after in zip(watcher.arrivals, watcher.arrivals[1:], strict=False)]
    allowed = longest_gap + 10 * watcher.stall
    assert gaps and max(gaps) < allowed, f"the bystander waited for {max(gaps, default=0):.2f} s"


def memory(pid: int) -> float:
    """Megabytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@pytest.fixture(scope="session")
def strict() -> Iterator[Server]:
    """A server that has nothing to complain about afterwards, whatever was done to it."""
    yield from _quiet("--max-sessions", "2000", "--max-sessions-per-address", "1000")


@pytest.fixture(scope="session")
def hasty() -> Iterator[Server]:
    """The same with short times, for those who are slow on purpose."""
    yield from _quiet("--request-seconds", "1", "--first-message-seconds", "1")


def _quiet(*options: str) -> Iterator[Server]:
    running = Server("--port", "0", *options)
    yield running
    said = running.stop()
    assert not said, said


@pytest.fixture(scope="session")
def serve() -> type[Server]:
    return Server


@pytest.fixture(scope="session")
def client() -> type[Client]:
    return Client


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait for a condition."""

    def wait(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it never happened"
            threading.Event().wait(0.01)

    return wait
