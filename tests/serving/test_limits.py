"""Places, rates and turns by themselves, at the limit and one past it; and settings that make no sense."""

import asyncio
import json
import os
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.websockets import WebSocketState

from app import refusals
from app.i18n import LANGUAGES, strings
from app.limits import Bucket, Places, Turns, network
from app.pump import BACKLOG, Pump
from app.settings import Settings
from app.worker import Worker
from tests.app.conftest import ROOT
from tests.serving.conftest import SMALL, closed, shape


def settings(**fields: Any) -> Settings:
    return Settings(**fields)


# ---- places ----


def test_the_last_place_is_given_away_and_the_next_is_not() -> None:
    places = Places(settings(max_sessions=3, max_sessions_per_address=3))
    for number in range(3):
        assert places.refuse(f"10.0.0.{number}") is None
        places.enter(f"10.0.0.{number}")
    assert (places.refuse("10.0.0.9"), places.free) == ("full", 0)
    places.leave("10.0.0.1")
    assert (places.refuse("10.0.0.9"), places.free) == (None, 1)


def test_one_address_does_not_take_all_places() -> None:
    places = Places(settings(max_sessions=10, max_sessions_per_address=2))
    for _ in range(2):
        assert places.refuse("10.0.0.1") is None
        places.enter("10.0.0.1")
    assert places.refuse("10.0.0.1") == "full_address"
    assert places.refuse("10.0.0.2") is None
    places.leave("10.0.0.1")
    assert places.refuse("10.0.0.1") is None


def test_who_leaves_is_forgotten() -> None:
    places = Places(settings())
    for number in range(1000):
        places.enter(f"10.0.{number // 250}.{number % 250}")
        places.leave(f"10.0.{number // 250}.{number % 250}")
    assert (places.taken, len(places._addresses)) == (0, 0)


def test_several_processes_share_the_places() -> None:
    places = Places(settings(max_sessions=10, max_sessions_per_address=7, workers=4))
    assert (places.limit, places.per_address) == (3, 2)  # rounded up: nobody is refused for arithmetic


def test_a_server_that_ends_takes_nobody_in() -> None:
    places = Places(settings())
    places.closing = True
    assert (places.refuse("10.0.0.1"), places.free) == ("closing", 0)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "unix", False),
    ],
)
def test_what_counts_as_one_address(one: str, other: str, same: bool) -> None:
    assert (network(one) == network(other)) is same


# ---- rates ----


def test_a_burst_passes_and_one_more_waits() -> None:
    bucket = Bucket(rate=10, burst=5, now=0)
    assert [bucket.take(1, 0) for _ in range(5)] == [0] * 5
    assert bucket.take(1, 0) == pytest.approx(0.1)


@given(st.lists(st.floats(0, 2), min_size=1, max_size=200), st.floats(1, 100), st.floats(1, 50))
def test_never_more_than_the_rate_in_the_long_run(pauses: list[float], rate: float, burst: float) -> None:
    """Whoever waits as long as told has by any time sent no more than the burst and what the rate allows since."""
    now, sent, bucket = 0.0, 0, Bucket(rate, burst, 0)
    for pause in pauses:
        now += pause
        now += bucket.take(1, now)
        sent += 1
        assert sent <= burst + rate * now + 1e-6


def test_a_slider_is_no_flood() -> None:
    """Half a minute of moves at the rate of a fast screen, with acknowledgements between them."""
    defaults = settings()
    bucket = Bucket(defaults.message_rate, defaults.message_burst, 0)
    moves = sorted([n / 144 for n in range(30 * 144)] + [n / 20 for n in range(30 * 20)])
    assert max(bucket.take(1.02, now) for now in moves) == 0


# ---- turns ----


def _turns(at_a_time: int, answer: Any) -> Turns:
    return Turns(answer, at_a_time)


def _post() -> dict[str, Any]:
    return {"type": "http", "method": "POST", "path": "/"}


def test_one_computes_at_a_time_and_all_are_answered() -> None:
    most = now = 0

    async def compute(scope: Any, receive: Any, send: Any) -> None:
        nonlocal most, now
        await receive()
        now += 1
        most = max(most, now)
        for _ in range(5):
            await asyncio.sleep(0)
        now -= 1
        await send({"type": "done"})

    async def ten() -> list[Any]:
        sent: list[Any] = []
        turns = _turns(1, compute)

        async def receive() -> Any:
            return {"type": "http.request", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await asyncio.gather(*(turns(_post(), receive, send) for _ in range(10)))
        return sent

    assert len(asyncio.run(ten())) == 10
    assert most == 1


def test_whoever_finds_too_many_waiting_is_told_when_to_come_back() -> None:
    async def queue() -> list[list[Any]]:
        release = asyncio.Event()

        async def compute(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await release.wait()
            await send({"type": "done"})

        turns = _turns(1, compute)

        async def ask() -> list[Any]:
            sent: list[Any] = []

            async def receive() -> Any:
                return {"type": "http.request", "more_body": False}

            async def send(message: Any) -> None:
                sent.append(message)

            await turns(_post(), receive, send)
            return sent

        tasks = [asyncio.create_task(ask()) for _ in range(70)]
        while sum(task.done() for task in tasks) < 5:
            await asyncio.sleep(0)
        release.set()
        return await asyncio.gather(*tasks)

    answers = asyncio.run(queue())
    refused = [answer for answer in answers if answer[0]["type"] == "http.response.start"]
    assert len(refused) in (5, 6)  # 64 wait, and one computes or is about to
    assert refused[0][0]["status"] == 503
    assert (b"retry-after", b"5") in refused[0][0]["headers"]
    assert shape(json.loads(refused[0][1]["body"]))[0]["code"] == "busy"


# ---- times, on a real server ----


def test_a_page_that_says_nothing_for_long_is_let_go_and_keeps_its_run(serve: Any, client: Any) -> None:
    server = serve("--port", "0", "--idle-seconds", "3")
    with client(server, SMALL) as page:
        page.until("frame")
        code, reason, events = closed(page)
    assert (code, reason) == (4000, "idle")
    assert events[-1]["code"] == "idle"
    assert server.stop() == ""


def test_a_page_that_draws_is_not_idle(serve: Any, client: Any) -> None:
    server = serve("--port", "0", "--idle-seconds", "4")
    with client(server, SMALL) as page:
        page.say(type="play")
        page.until("frame", lambda frame: frame["epoch"][-1] > 120)  # six seconds at twenty epochs a second
    assert server.stop() == ""


def test_the_address_limit_has_words_of_its_own(serve: Any, client: Any) -> None:
    server = serve("--port", "0", "--max-sessions-per-address", "1")
    with client(server, SMALL) as page:
        page.until("frame")
        with client(server, link=None) as second:
            code, reason, events = closed(second)
        assert (code, reason) == (1013, "full_address")
        assert (events[0]["code"], events[0]["params"]["limit"]) == ("full_address", 1)
        assert json.loads(server.get("/readyz")[2])["status"] == "ok"
    assert server.stop() == ""


# ---- words ----


def test_every_refusal_has_a_sentence_with_all_its_figures() -> None:
    for code, params in refusals.CODES.items():
        for lang in LANGUAGES:
            assert f"error.{code}" in strings(lang)
            assert "{" not in refusals.problem(code).sentence(lang), code
        assert set(refusals.problem(code).params) == set(params)


# ---- settings ----


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("port", 65_536, "65535"),
        ("workers", 0, "1"),
        ("workers", 65, "64"),
        ("max_sessions", 0, "1"),
        ("max_sessions", 10_001, "10000"),
        ("max_sessions_per_address", 0, "1"),
        ("max_panels", 0, "1"),
        ("max_panels", 7, "6"),
        ("max_depth", 1, "2"),
        ("max_depth", 9, "8"),
        ("max_width", 7, "8"),
        ("max_width", 129, "128"),
        ("max_points", 499, "500"),
        ("max_points", 2001, "2000"),
        ("max_updates", 99, "100"),
        ("max_message", 1023, "1024"),
        ("max_message", 65_537, "65536"),
        ("max_checkpoint", 65_535, "65536"),
        ("max_checkpoint", 16 * 2**20 + 1, "16777216"),
        ("message_rate", 9, "10"),
        ("message_rate", "nan", "10"),
        ("message_burst", 0, "10"),
        ("max_requests", 0, "1"),
        ("max_header", 100, "1024"),
        ("idle_seconds", 0, "1"),
        ("first_message_seconds", 0, "0.1"),
        ("request_seconds", 601, "600"),
        ("ping_seconds", 21, "20"),
        ("log_level", "loud", "'debug', 'info'"),
        ("log_format", "xml", "'text' or 'json'"),
        ("allowed_hosts", ["http://x"], "host name"),
        ("allowed_hosts", ["a b"], "host name"),
        ("allowed_hosts", ["a*.example"], "host name"),
        ("allowed_origins", ["school.example"], "https://school.example"),
        ("allowed_origins", ["https://school.example/path"], "https://school.example"),
        ("allowed_origins", ["null"], "https://school.example"),
        ("root_path", "nn", "/playground"),
        ("root_path", '/"><script>', "/playground"),
    ],
)
def test_wrong_settings_are_named_with_their_range(field: str, value: Any, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**{field: value})
    (error,) = refused.value.errors()
    assert error["loc"][0] == field
    assert words in error["msg"]


@pytest.mark.parametrize(
    "fields",
    [
        {"workers": 64, "max_sessions": 10_000, "max_message": 1024, "max_checkpoint": 65_536, "ping_seconds": 20},
        {"allowed_hosts": ["*"], "root_path": "/a/b-c/", "idle_seconds": 604_800},
        {"allowed_hosts": ["Nn.School.Example", "*.example", "my_host"], "allowed_origins": ["HTTP://localhost:3000"]},
    ],
)
def test_settings_at_the_ends_of_their_ranges_are_legal(fields: dict[str, Any]) -> None:
    assert settings(**fields)


def test_a_wrong_variable_ends_the_start() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "app", "serve", "--port", "0"],
        cwd=ROOT,
        env=os.environ | {"NN_PLAYGROUND_MAX_SESSIONS": "many"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert "max_sessions" in run.stderr and len(run.stderr.splitlines()) == 1


# ---- what waits inside ----


class Deaf:
    """A page that speaks without end and reads nothing."""

    client_state = WebSocketState.CONNECTED

    def __init__(self, text: str) -> None:
        self.text = text
        self.said = 0

    async def receive(self) -> dict[str, Any]:
        self.said += 1
        await asyncio.sleep(0)
        return {"type": "websocket.receive", "text": self.text}

    async def send_text(self, text: str) -> None:
        await asyncio.Event().wait()

    send_bytes = send_text  # type: ignore[assignment]

    async def close(self, code: int, reason: str) -> None:
        pass


@pytest.mark.parametrize("text", ["[]", '{"type": "rewind"}', '{"type": "set", "name": "seed", "value": "x"}'])
def test_who_does_not_read_is_not_listened_to(text: str) -> None:
    """Neither commands nor errors pile up for somebody who takes no answers."""
    worker = Worker()
    worker.start()

    async def speak() -> tuple[int, int]:
        deaf = Deaf(text)
        pump = Pump(deaf, worker, settings(message_rate=100_000, message_burst=100_000))  # type: ignore[arg-type]
        task = asyncio.create_task(pump.run())
        said = -1
        while said != deaf.said:  # until it is not asked any more
            said = deaf.said
            for _ in range(2000):
                await asyncio.sleep(0)
        waiting = len(pump.commands) + len(pump.errors) + len(pump.session.inbox)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return said, waiting

    try:
        said, waiting = asyncio.run(asyncio.wait_for(speak(), 30))
    finally:
        worker.stop()
    assert BACKLOG <= waiting <= BACKLOG + 20
    assert said < 4 * BACKLOG


def test_a_sender_that_is_woken_and_cancelled_in_one_breath_is_cancelled() -> None:
    """A flood does that: a message wakes the sender while its rate ends the connection."""

    async def wake_and_cancel() -> bool:
        pump = Pump(Deaf("[]"), Worker())  # type: ignore[arg-type]
        pump.session._unsaved, pump.save_due = True, time.monotonic() + 60  # so it waits with a limit
        task = asyncio.create_task(pump._until(0.0))
        for _ in range(5):
            await asyncio.sleep(0)
        pump.wake.set()
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=20)
        return bool(done) and task.cancelled()

    assert asyncio.run(wake_and_cancel())
