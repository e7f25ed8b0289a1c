"""What the tests of the web side share: experiments made from the engine's own annotations (so a component added later
is tested without editing a test), a session driven without a socket, and a real server with a client."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from annotated_types import Interval, Len
from hypothesis import strategies as st
from websockets.sync.client import ClientConnection, connect

from app import protocol
from app.cli import main
from app.schema import Invalid
from app.session import Session, report
from engine import CATALOG, Experiment
from engine.component import Component, Refused
from tests.wire import decode

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0  # seconds that a test waits for a condition before it fails


# ---- experiments ----


# Characters that a text may hold; those that mean something in a link or a short form come often.
CHARACTERS = st.sampled_from("\"\\ ,()=&#%+*-_.;'?/x1Aé中😀\u2028") | st.characters(exclude_categories=("Cc", "Cs"))
WORDS = st.sampled_from(["true", "null", "NaN", "-Infinity", "1", "-0", "1e5", '"', '""', "\\", "a,b)", "%22", "id"])


def texts(low: int = 0, high: int | None = None) -> st.SearchStrategy[str]:
    """Texts of a length, and words that stand for something else where they are not quoted."""
    fitting = WORDS.filter(lambda word: len(word) >= low and (high is None or len(word) <= high))
    free = st.text(CHARACTERS, min_size=low, max_size=min(high or 60, max(60, low)))
    return free | (fitting if high is None or high > low else free)


def _values(hint: Any, largest: dict[str, float], name: str = "") -> st.SearchStrategy[Any]:
    """Legal values of an annotation; ``largest`` lowers the upper end of fields by name."""
    base, *metadata = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    interval = next((item for item in metadata if isinstance(item, Interval)), None)
    length = next((item for item in metadata if isinstance(item, Len)), None)
    if interval:
        low = interval.ge if interval.ge is not None else interval.gt
        high = interval.le if interval.le is not None else interval.lt
        high = min(high, largest.get(name, high))  # type: ignore[type-var]
        if base is int:
            return st.integers(low, high)
        return st.floats(low, high, exclude_min=interval.gt is not None, exclude_max=high == interval.lt)
    if get_origin(base) is tuple:
        item = get_args(base)[0]
        low, high = (length.min_length, length.max_length) if length else (0, None)
        if isinstance(item, type) and issubclass(item, Component):  # a subset of the catalog
            high = len(CATALOG[item.family])
            return st.lists(_values(item, largest), min_size=low, max_size=high, unique_by=lambda c: c.id).map(tuple)
        high = min(high or 6, int(largest.get(name, high or 6)))
        return st.lists(_values(item, largest), min_size=low, max_size=high).map(tuple)
    if isinstance(base, type) and issubclass(base, Component):
        return st.sampled_from(list(CATALOG[base.family].values())).flatmap(lambda cls: _builds(cls, largest))
    if is_dataclass(base):
        return _builds(base, largest)
    if base is bool:
        return st.booleans()
    if base is str:
        return texts(length.min_length, length.max_length) if length else texts()
    if get_origin(base) is Literal:
        return st.sampled_from(get_args(base))
    raise TypeError(f"no strategy for {hint}")


def _builds(cls: Any, largest: dict[str, float]) -> st.SearchStrategy[Any]:
    """Legal values of a class. A text that must mean something is one that does, or else the default."""
    hints = get_type_hints(cls, include_extras=True)
    drawn = {
        field.name: MEANINGFUL[field.name]
        if field.name in MEANINGFUL
        else _values(hints[field.name], largest, field.name)
        for field in fields(cls)
    }
    plain = {name: getattr(cls(), name) for name, hint in hints.items() if name in drawn and _is_text(hint)}

    def build(**values: Any) -> Any:
        try:
            return cls(**values)
        except Refused:
            return cls(**{**values, **plain})

    return st.builds(build, **drawn)


def _is_text(hint: Any) -> bool:
    return (get_args(hint)[0] if get_origin(hint) is Annotated else hint) is str


# Texts that mean something, by field name: for most other texts the component would be refused.
MEANINGFUL: dict[str, st.SearchStrategy[str]] = {
    "expression": st.sampled_from(["x1", "max(x1, x2)", "-x1^2 + 3*x2", "1e-3*x₁·x₂", "sign(x1)", "step(x2 - .5)/2"]),
    "points": st.from_regex("([A-Za-z0-9_-]{4}[A-FQ-Vg-lw-z01]){2,40}", fullmatch=True),  # see engine.own: class 0 to 5
}


@pytest.fixture(scope="session")
def legal() -> Callable[..., st.SearchStrategy[Any]]:
    """``legal(hint, width=8)``: a strategy for legal values of an annotation or spec, with some upper ends lowered."""
    return lambda hint, **largest: _values(hint, largest)


@pytest.fixture(scope="session")
def experiments() -> st.SearchStrategy[Experiment]:
    """Any legal experiment."""
    return _values(Experiment, {})


def ranged(cls: type, path: tuple[Any, ...] = (), wrap: Callable[[Any], Any] = lambda document: document) -> Iterator:
    """Every number with a range in an experiment, as (path, type, interval, document with another value of it)."""
    for name, hint in get_type_hints(cls, include_extras=True).items():
        if name not in {field.name for field in fields(cls)}:
            continue
        base, *metadata = get_args(hint) if get_origin(hint) is Annotated else (hint,)

        def inside(value: Any, name: str = name) -> Any:
            return wrap({name: value})

        interval = next((item for item in metadata if isinstance(item, Interval)), None)
        here = (*path, name)
        if interval:
            yield here, base, interval, inside
        many = get_origin(base) is tuple
        item = get_args(base)[0] if many else base
        nested = (lambda value, inside=inside: inside([value])) if many else inside
        here = (*here, 0) if many else here
        if isinstance(item, type) and issubclass(item, Component):
            for member in CATALOG[item.family].values():

                def with_id(value: Any, nested: Any = nested, member: Any = member) -> Any:
                    return nested({"id": member.id, **value})

                yield from ranged(member, here, with_id)
        elif is_dataclass(item):
            yield from ranged(item, here, nested)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "ranged_field" in metafunc.fixturenames:
        cases = list(ranged(Experiment))
        metafunc.parametrize(
            "ranged_field", cases, ids=[f"{number}-{case[0][-1]}" for number, case in enumerate(cases)]
        )


# ---- a session without a socket ----


class Frame:
    """A binary message, read."""

    def __init__(self, message: bytes) -> None:
        self.message = message
        self.arrays, self.metadata = decode(message)
        self.kind = self.metadata["kind"]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]


class Driver:
    """Says commands to a session as the pump does, trains it to its aim, and reads what it answers."""

    def __init__(self, link: str | None = "") -> None:
        self.session = Session()
        self.history: dict[tuple[int, int], dict[float, list[bytes]]] = {}  # (run, panel id) → epoch → digits
        self.seen: list[Any] = []
        if link is not None:
            self.say({"type": "open", "link": link})

    def say(self, *commands: dict[str, Any], frame: bool = True, updates: int = 1000) -> list[Any]:
        """What the session answers: events as dicts, binary messages as `Frame`."""
        refused: list[Any] = []
        for command in commands:
            try:
                self.session.submit(protocol.decode(json.dumps(command)))
            except Invalid as error:
                refused += [json.loads(report("error", problem)) for problem in error.problems]
        self.session.apply()
        return refused + self.work(updates, frame)

    def work(self, updates: int = 1000, frame: bool = True) -> list[Any]:
        for _ in range(200_000):
            if self.session.work(updates):
                break
        else:
            raise AssertionError("the session never arrives at its aim")
        return self.read(frame)

    def read(self, frame: bool = True) -> list[Any]:
        read = [json.loads(m) if isinstance(m, str) else Frame(m) for m in self.session.messages(frame)]
        for message in read:
            if isinstance(message, Frame) and message.kind == "frame":
                self._note(message)
        self.seen += read
        return read

    def train(self, epochs: float, pace: float | None = None, updates: int = 1000) -> list[Any]:
        """Play on by so many epochs, with a frame every ``pace`` epochs."""
        self.say({"type": "play"})
        out, pace = [], pace or epochs
        for _ in range(round(epochs / pace)):
            self.session.aim(pace)
            out += self.work(updates)
        return out

    def _note(self, frame: Frame) -> None:
        names = [name for name in frame.arrays if frame[name].dtype == "<f4" and frame[name].ndim >= 2]
        names = [name for name in names if not name.startswith("curve")]  # of now, not of an epoch
        for t in np.flatnonzero(frame["recorded"]):
            for place, panel in enumerate(self.session.panels):
                key = int(frame.metadata["run"]), panel.id
                digits = [frame[name][t, place].tobytes() for name in names]
                self.history.setdefault(key, {})[float(frame["epoch"][t])] = digits

    def weights(self, place: int = 0) -> np.ndarray:
        return self.session.panels[place].trainer.network.parameters.copy()

    def snapshot(self) -> Any:
        """Everything that a refused command must leave alone."""
        session = self.session
        return (
            session.experiment,
            session.playing,
            session.run,
            session.position,
            session.data.points.tobytes(),
            [(p.id, p.diverged, p.stopped, p.spec, p.trainer.steps, p.trainer.batch_size) for p in session.panels],
            [self.weights(place).tobytes() for place in range(len(session.panels))],
        )

    @staticmethod
    def of(kind: str, messages: list[Any]) -> list[Any]:
        """The events of one type, or the binary messages of one kind."""
        if kind in protocol.MESSAGES or kind == "checkpoint":
            return [message for message in messages if isinstance(message, Frame) and message.kind == kind]
        return [message for message in messages if isinstance(message, dict) and message["type"] == kind]


@pytest.fixture(scope="session")
def driver() -> type[Driver]:
    return Driver


@pytest.fixture(scope="session")
def frame_type() -> type[Frame]:
    return Frame


# ---- a real server ----


class Server:
    """``nn-playground serve`` in a process of its own."""

    def __init__(self, *options: str, env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve", *options],
            cwd=ROOT,
            env=os.environ | (env or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("Neural"):
                self.url = line.split()[-1]
                self.host = self.url.split("/")[2]
            if line.startswith("Ctrl+C"):
                return
        raise AssertionError("the server never became ready: " + "\n".join(self.lines))

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body; the path goes out exactly as it is."""
        connection = http.client.HTTPConnection(self.host, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def sessions(self) -> int:
        return int(json.loads(self.get("/readyz")[2])["sessions"])

    def stop(self, how: signal.Signals = signal.SIGTERM) -> str:
        """End it, and return what else it said."""
        self.process.send_signal(how)
        assert self.process.stdout
        try:
            rest = self.process.stdout.read()
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.stdout.close()
            self.process.wait()
        return rest


class Client:
    """A page, as far as the socket sees it."""

    def __init__(self, server: Server, link: str | None = "", **options: Any) -> None:
        options = {"compression": None, "max_size": None, "open_timeout": PATIENCE, "close_timeout": 2, **options}
        self.leave = ExitStack()
        self.socket: ClientConnection = self.leave.enter_context(connect(f"ws://{server.host}/ws", **options))
        self.seen: list[Any] = []
        if link is not None:
            self.say(type="open", link=link)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exception: object) -> None:
        self.leave.close()

    def say(self, **command: Any) -> None:
        self.socket.send(json.dumps(command))

    def read(self, timeout: float = PATIENCE) -> Any:
        """The next message: an event as a dict, or a `Frame`."""
        message = self.socket.recv(timeout)
        self.seen.append(json.loads(message) if isinstance(message, str) else Frame(message))
        return self.seen[-1]

    def ack(self, frame: Frame) -> None:
        self.say(type="ack", frame=int(frame.metadata["frame"]))

    def until(self, kind: str, wanted: Callable[[Any], bool] = lambda message: True, ack: bool = True) -> Any:
        """The next message of a kind that is wanted; acknowledges the frames on the way."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            message = self.read(deadline - time.monotonic() + 0.1)
            if ack and isinstance(message, Frame) and message.kind == "frame":
                self.ack(message)
            if Driver.of(kind, [message]) and wanted(message):
                return message
        raise AssertionError(f"no such {kind} within {PATIENCE} s")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    running = Server("--port", "0")
    yield running
    said = running.stop()
    assert not said, said  # a server that has only seen what these tests do has nothing to complain about


@pytest.fixture(scope="session")
def serve() -> type[Server]:
    return Server


@pytest.fixture(scope="session")
def client() -> type[Client]:
    return Client


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait for a condition."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "it never happened"

    return wait


# ---- the command line ----


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """``shell("train", …)``: exit code, output and errors of ``nn-playground train …``, in this process."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["nn-playground", *words])
        capsys.readouterr()
        code: Any = 0
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code or 0
        out, err = capsys.readouterr()
        return (code, out, err) if isinstance(code, int) else (1, out, f"{err}{code}\n")

    return run
