"""How large a class one server holds. Run by hand, prints a table or JSON.

    python -m benchmarks.serving [--json] [--only class,curve] [--seconds 8] [--workers 2] [--soak 10]

The server is a process of its own, and so is the class: students on loopback who open a link, play, acknowledge every
frame at once and never ask for more than they are given, so the load is bounded. A third process (this one) asks
``/healthz`` meanwhile. A frame is late by how much longer than 1/20 s it came after the one before. All three share the
machine's cores, and what the students cost is part of the table: figures of a busy machine say nothing.
"""

import argparse
import asyncio
import base64
import http.client
import json
import os
import random
import re
import signal
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop

ROOT = Path(__file__).resolve().parent.parent
FRAME_INTERVAL = 1 / 20
WARM_UP = 3.0  # seconds of playing that are not measured
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

# 2-8-8 and one output for two classes; 25 updates an epoch, so 8 epochs a second are 10 updates a frame.
ONE = "v=1&hidden=8,8&speed=8"
FOUR = f"{ONE}&b.learning_rate=0.01&c.learning_rate=0.1&d.seed=2"
GREEDY = f"v=1&hidden=8,8&speed=1000&{FOUR.split('&', 3)[3]}"  # as fast as the server can

# name → (what it is, students who play, their link, students who only look on)
SCENARIOS: dict[str, tuple[str, int, str, int]] = {
    "class": ("40 students × 4 panels", 40, FOUR, 0),
    "more": ("the same at 130 %", 52, FOUR, 0),
    "single": ("100 students × 1 panel", 100, ONE, 0),
    "alone": ("40 students × 1 panel", 40, ONE, 0),
    "idle": ("the same, and 160 who look on", 40, ONE, 160),
    "greedy": ("40 students × 4 panels, full speed", 40, GREEDY, 0),
    "load-0.25": ("curve: 10 × 4", 10, FOUR, 0),
    "load-0.5": ("curve: 20 × 4", 20, FOUR, 0),
    "load-2": ("curve: 80 × 4", 80, FOUR, 0),
    "load-4": ("curve: 160 × 4", 160, FOUR, 0),
}


# ---- the class: a process of its own ----

_FRAME = re.compile(rb'"kind":\s*"frame",\s*"frame":\s*"(\d+)"')
ABOUT = 100  # bytes at the beginning of a message in which its kind stands


class Student(asyncio.Protocol):
    """A page, as far as the server can tell, at the least possible cost. Masks with zeros, which is a mask too."""

    def __init__(self, host: str, link: str, plays: bool) -> None:
        self.host, self.link, self.plays = host, link, plays
        self.buffer = bytearray()
        self.open = False
        self.arrivals: list[float] = []
        self.first: bytes | None = None
        self.last = b""
        self.told = 0  # times that the server said it was busy
        self.code: int | None = None
        self.lost = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /ws HTTP/1.1\r\nHost: {self.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True

    def say(self, **command: Any) -> None:
        self._write(0x81, json.dumps(command, separators=(",", ":")).encode())  # as a page writes it

    def _write(self, head: int, payload: bytes) -> None:
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
        self.transport.write(bytes([head]) + length + bytes(4) + payload)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.open:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self.buffer.startswith(b"HTTP/1.1 101"):
                self.code = int(self.buffer[9:12])
                self.transport.close()
                return
            del self.buffer[: end + 4]
            self.open = True
            self.say(type="open", link=self.link)
            if self.plays:
                self.say(type="play")
        while (message := self._message()) is not None:
            self._take(*message)

    def _message(self) -> tuple[int, bytes] | None:
        buffer = self.buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1] & 0x7F, 2
        if size == 126:
            if len(buffer) < 4:
                return None
            size, start = struct.unpack_from("!H", buffer, 2)[0], 4
        elif size == 127:
            if len(buffer) < 10:
                return None
            size, start = struct.unpack_from("!Q", buffer, 2)[0], 10
        if len(buffer) < start + size:
            return None
        opcode = buffer[0] & 0x0F
        with memoryview(buffer) as view:
            payload = bytes(view[start : start + size])
        del buffer[: start + size]
        return opcode, payload

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == 2:
            if frame := _FRAME.search(payload, 0, ABOUT):
                self.arrivals.append(time.perf_counter())
                self.first = self.first or payload
                self.last = payload
                self._write(0x81, b'{"type":"ack","frame":%b}' % frame[1])
        elif opcode == 1:
            self.told += payload.startswith(b'{"type": "load"')
        elif opcode == 9:
            self._write(0x8A, payload)
        elif opcode == 8:
            self.code = struct.unpack_from("!H", payload)[0] if len(payload) > 1 else 1005
            self.transport.close()

    def forget(self) -> None:
        """What was before this does not count."""
        self.arrivals, self.first, self.told = self.arrivals[-1:], self.last or None, 0

    def updates(self) -> int:
        """Updates of one network between the first frame and the last."""
        return (_steps(self.last) - _steps(self.first)) if self.first else 0


def _steps(frame: bytes) -> int:
    size = struct.unpack_from("<Q", frame)[0]
    begin = json.loads(frame[8 : 8 + size])["step"]["data_offsets"][0]
    return int(struct.unpack_from("<d", frame, 8 + size + begin)[0])


async def _class(host: str, playing: int, link: str, watching: int, seconds: float) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    address, port = host.rsplit(":", 1)
    students = []
    for number in range(playing + watching):
        _, student = await loop.create_connection(
            lambda number=number: Student(host, f"{link}&data_seed={number}", number < playing), address, int(port)
        )
        students.append(student)
        await asyncio.sleep(0.01)  # a class comes in through a door
    await asyncio.sleep(WARM_UP)
    players = students[:playing]
    for student in students:
        student.forget()
    begun, spent = time.perf_counter(), time.process_time()
    lag = []
    while time.perf_counter() - begun < seconds:
        before = time.perf_counter()
        await asyncio.sleep(0.02)
        lag.append(time.perf_counter() - before - 0.02)
    took, spent = time.perf_counter() - begun, time.process_time() - spent
    gaps = [b - a for s in players for a, b in zip(s.arrivals, s.arrivals[1:], strict=False)]
    rates = sorted((len(s.arrivals) - 1) / took for s in players)
    frames = sum(len(s.arrivals) - 1 for s in players)
    result = {
        "connected": sum(s.open and not s.lost for s in students),
        "refused": sum(s.code is not None for s in students),
        "rate": statistics.mean(rates),
        "lowest_rate": rates[0],
        "highest_rate": rates[-1],
        "late_p50": _quantile(gaps, 50) - FRAME_INTERVAL,
        "late_p95": _quantile(gaps, 95) - FRAME_INTERVAL,
        "late_p99": _quantile(gaps, 99) - FRAME_INTERVAL,
        "updates_per_frame": sum(s.updates() for s in players) / max(1, frames),
        "told": sum(s.told for s in players) / len(players),
        "class_cpu": spent / took,
        "class_lag_p95": _quantile(lag, 95),
    }
    for student in students:
        student.transport.close()
    return result


def _quantile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1] if len(values) > 1 else float("nan")


async def _soak(host: str, link: str, seconds: float) -> dict[str, Any]:
    """Thirty places that students come to and leave, each for some seconds."""
    loop = asyncio.get_running_loop()
    address, port = host.rsplit(":", 1)
    end = time.perf_counter() + seconds
    draw = random.Random(1)
    visits = frames = lost = 0
    waits = []  # seconds until the first picture

    async def place() -> None:
        nonlocal visits, frames, lost
        while time.perf_counter() < end:
            begun = time.perf_counter()
            _, student = await loop.create_connection(lambda: Student(host, link, True), address, int(port))
            await asyncio.sleep(draw.uniform(1, 15))
            visits, frames, lost = visits + 1, frames + len(student.arrivals), lost + student.lost
            waits.append(student.arrivals[0] - begun if student.arrivals else float("inf"))
            student.transport.close()

    await asyncio.gather(*(place() for _ in range(30)))
    none = sum(wait == float("inf") for wait in waits)
    return {
        "visits": visits,
        "frames": frames,
        "lost": lost,
        "without_a_picture": none,
        "wait_p50": _quantile(waits, 50),
    }


# ---- the server, watched from outside ----


@contextmanager
def serving(workers: int) -> Iterator[tuple[str, int]]:
    """A server's address and process id."""
    limits = {"NN_PLAYGROUND_MAX_SESSIONS": "2000", "NN_PLAYGROUND_MAX_SESSIONS_PER_ADDRESS": "2000"}
    command = [sys.executable, "-m", "app", "serve", "--port", "0"]
    if workers > 1:
        command += ["--workers", str(workers)]
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | limits, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    host = ""
    for line in server.stdout:
        if line.startswith("Neural"):
            host = line.split("/")[2]
        if line.startswith("Ctrl+C"):
            break
    try:
        yield host, server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(15)


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [pid, *(member for child in children for member in _family(int(child)))]


def cpu(pid: int) -> float:
    """Seconds of processor time that a process and its children have used."""
    total = 0
    for member in _family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def memory(pid: int) -> float:
    """Megabytes that a process and its children hold."""
    pages = sum(int(Path(f"/proc/{member}/statm").read_text().split()[1]) for member in _family(pid))
    return pages * PAGE / 1e6


def health(host: str) -> float:
    """Seconds that an answer takes on a connection of its own."""
    begun = time.perf_counter()
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    connection.close()
    return time.perf_counter() - begun


def _generate(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.serving", "--as-class", json.dumps(words)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def measure(host: str, pid: int, name: str, seconds: float) -> dict[str, Any]:
    """One scenario."""
    what, playing, link, watching = SCENARIOS[name]
    generator = _generate("class", host, playing, link, watching, seconds)
    time.sleep(WARM_UP + (playing + watching) * 0.011 + 1)
    begun, used, waits = time.perf_counter(), cpu(pid), []
    end = begun + seconds - 1
    while time.perf_counter() < end and generator.poll() is None:
        waits.append(health(host))
        time.sleep(0.05)
    used = (cpu(pid) - used) / (time.perf_counter() - begun)
    held = memory(pid)
    said, _ = generator.communicate(timeout=60)
    result = json.loads(said)
    # What a frame costs says something even where others use the same cores.
    cost = used / max(1e-9, playing * result["rate"])
    measured = {"health_p95": _quantile(waits, 95), "cpu": used, "cpu_per_frame": cost, "memory": held}
    return {"name": name, "what": what, **result, **measured}


COLUMNS = (
    ("frames/s", "rate", 1, ".1f"),
    ("lowest", "lowest_rate", 1, ".1f"),
    ("late p50", "late_p50", 1e3, ".0f"),
    ("p95 ms", "late_p95", 1e3, ".0f"),
    ("updates/frame", "updates_per_frame", 1, ".1f"),
    ("healthz p95 ms", "health_p95", 1e3, ".1f"),
    ("server cores", "cpu", 1, ".2f"),
    ("CPU ms/frame", "cpu_per_frame", 1e3, ".2f"),
    ("class cores", "class_cpu", 1, ".2f"),
    ("MB", "memory", 1, ".0f"),
    ("told", "told", 1, ".1f"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--only", default=",".join(SCENARIOS), help="names, separated by commas, or beginnings of names"
    )
    parser.add_argument("--seconds", type=float, default=8.0, help="to measure for")
    parser.add_argument(
        "--workers", type=int, default=len(os.sched_getaffinity(0)), help="processes of the server; one a core"
    )
    parser.add_argument("--soak", type=float, default=0.0, help="instead: minutes of students coming and going")
    parser.add_argument("--as-class", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.as_class:
        kind, *words = json.loads(asked.as_class)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the students' cost is not the server's
            print(json.dumps(runner.run((_class if kind == "class" else _soak)(*words))))
        return
    if asked.soak:
        soak(asked.soak, asked.workers, asked.json)
        return
    wanted = [name for name in SCENARIOS if name.startswith(tuple(asked.only.split(",")))]
    results = []
    if not asked.json:
        print(f"{'':36}" + "".join(f"{label:>15}" for label, *_ in COLUMNS))
    for name in wanted:
        with serving(asked.workers) as (host, pid):  # a new one each time: memory is the scenario's own
            results.append(measure(host, pid, name, asked.seconds))
        if not asked.json:
            row = "".join(f"{results[-1][key] * factor:>15{form}}" for _, key, factor, form in COLUMNS)
            print(f"{results[-1]['what']:36}{row}", flush=True)
    if asked.json:
        print(json.dumps(results, indent=1))


def soak(minutes: float, workers: int, as_json: bool) -> None:
    """Memory over time while students come and go."""
    held = []
    with serving(workers) as (host, pid):
        generator = _generate("soak", host, ONE, minutes * 60)
        begun = time.perf_counter()
        while generator.poll() is None:
            held.append((time.perf_counter() - begun, memory(pid)))
            if not as_json:
                print(f"{held[-1][0]:6.0f} s {held[-1][1]:7.1f} MB", flush=True)
            time.sleep(min(15.0, minutes * 6))
        result = json.loads(generator.communicate()[0])
    if as_json:
        print(json.dumps({**result, "memory": held}, indent=1))
    else:
        print(result)


if __name__ == "__main__":
    main()
