"""The training thread under load: fair in time, less training before fewer frames, and words about it to the page."""

import asyncio
import json
import math
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app import pump as pump_module
from app.protocol import decode
from app.pump import Pump
from app.session import Session
from app.worker import ALLOWANCE, ENOUGH, LEAST_ALLOWANCE, LONG_WAIT, WAIT, Worker


class Work(Session):
    """A session whose updates and frames take a known time of the processor, and whose training has no end."""

    def __init__(self, update: float, frame: float) -> None:
        super().__init__()
        self.playing = True
        self.update, self.frame = update, frame
        self.updates = self.shown = 0

    @property
    def in_training(self) -> int:
        return 1

    def work(self, updates: int) -> bool:
        _burn(updates * self.update)
        self.updates += updates
        self.trained += updates
        return False

    def messages(self, frame: bool, save: bool = False, keep: bool = False) -> list[str | bytes]:
        _burn(self.frame)
        self.shown += 1
        return []


def _burn(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@contextmanager
def running() -> Iterator[Worker]:
    worker = Worker()
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


async def _play(worker: Worker, sessions: list[Work], enough: Callable[[], bool]) -> None:
    """Each asks for the next frame as soon as it has one."""

    async def one(session: Work) -> None:
        while not enough():
            await worker.run(session, 1.0, 0.05, True)

    await asyncio.gather(*(one(session) for session in sessions))


def within(seconds: float, work: Coroutine[Any, Any, Any]) -> Any:
    async def bounded() -> Any:
        return await asyncio.wait_for(work, seconds)

    return asyncio.run(bounded())


def test_sessions_that_ask_alike_get_alike() -> None:
    sessions = [Work(0.0001, 0.0005) for _ in range(12)]
    with running() as worker:
        within(300, _play(worker, sessions, lambda: sum(s.shown for s in sessions) > 1000))
    shown = [s.shown for s in sessions]
    assert min(shown) > 0.6 * max(shown), shown


def test_a_heavy_session_slows_itself_and_not_the_others() -> None:
    """One whose every frame costs what forty of the others' do: they get their turns, and it about an equal time."""
    light = [Work(0.00005, 0.0005) for _ in range(8)]
    heavy = Work(0.001, 0.02)
    with running() as worker:
        within(300, _play(worker, [heavy, *light], lambda: sum(s.shown for s in light) > 1600))
    shown = [s.shown for s in light]
    assert min(shown) > 0.5 * max(shown), shown
    assert 0 < heavy.shown < 0.6 * min(shown)


def test_training_gives_way_before_frames_do() -> None:
    """Twenty sessions that would each train as long as they may: they train less and less until frames come in time."""
    sessions = [Work(0.0001, 0.0001) for _ in range(20)]
    with running() as worker:
        assert worker.allowance == ALLOWANCE
        within(300, _play(worker, sessions, lambda: worker.allowance < ALLOWANCE / 8))
        assert worker.crowded
        for session in sessions:
            session.updates = session.shown = 0
        within(300, _play(worker, sessions, lambda: sum(s.shown for s in sessions) > 600))
        # An equal share of 1/15 s is 3 ms, which is thirty updates; far fewer than the 500 of a session by itself.
        assert sum(s.updates for s in sessions) / sum(s.shown for s in sessions) < 100
        assert all(s.updates for s in sessions)  # but nobody stands still


def test_when_the_crowd_has_gone_training_comes_back() -> None:
    worker = Worker()
    worker.allowance = LEAST_ALLOWANCE
    for _ in range(200):
        worker._window_end = 0.0
        worker._note(WAIT / 10)
    assert worker.allowance == ALLOWANCE
    worker._window_end = 0.0
    worker._note(WAIT * 10)
    assert worker.allowance < ALLOWANCE
    for _ in range(200):
        worker._window_end = 0.0
        worker._note(WAIT * 10)
    assert worker.allowance == LEAST_ALLOWANCE


def test_a_frame_brings_enough_updates_as_long_as_frames_come_in_time() -> None:
    def updates(worker: Worker, update: float) -> int:
        session = Work(update, 0.0)
        within(60, worker.run(session, 1.0, 10.0, True))
        return session.updates

    with running() as worker:
        worker.allowance = LEAST_ALLOWANCE
        assert updates(worker, 0.00003) >= ENOUGH
        assert updates(worker, 0.001) < ENOUGH  # a slice is as much as anyone gets
        for _ in range(20):
            worker._window_end = 0.0
            worker._note(LONG_WAIT * 2)
        assert worker.enough == 1
        worker.allowance = LEAST_ALLOWANCE
        assert updates(worker, 0.00003) < ENOUGH
        for _ in range(100):
            worker._window_end = 0.0
            worker._note(LONG_WAIT * 0.9)
        assert worker.enough == ENOUGH


def test_who_has_diverged_is_not_waited_for() -> None:
    """One of six networks trains on: ten updates are enough, not sixty."""
    lost = "&".join(f"{letter}.learning_rate=10&{letter}.hidden=8-linear,8-linear" for letter in "bcdef")
    link = f"v=1&hidden=2&samples=40&batch_size=1&loss=squared_error&speed=1000&{lost}"
    session = Session()
    for command in ({"type": "open", "link": link}, {"type": "play"}):
        session.submit(decode(json.dumps(command)))
    with running() as worker:
        while not sum(panel.diverged for panel in session.panels) == 5:
            within(60, worker.run(session, 1.0, 10.0, True))
        worker.allowance = LEAST_ALLOWANCE / 1e9
        worker._window_end = math.inf  # and nothing is adjusted meanwhile
        worker._accounts[session].pace = 1.0  # a look at the clock after every update
        before = session.panels[0].own.steps
        worker.enough = 1
        within(60, worker.run(session, 1.0, 10.0, True))
        assert session.panels[0].own.steps - before == 1


def test_who_comes_and_goes_does_not_keep_others_from_their_turn() -> None:
    """A stream of newcomers, each a new session; the one that stays gets its share all the same."""
    steady = Work(0.0001, 0.0005)

    async def newcomers(worker: Worker, enough: Callable[[], bool]) -> int:
        count = 0
        while not enough():
            await asyncio.gather(*(worker.run(Work(0.0001, 0.003), 1.0, 0.001, True) for _ in range(10)))
            count += 10
        return count

    async def both(worker: Worker) -> int:
        def enough() -> bool:
            return steady.shown > 60

        counts = await asyncio.gather(newcomers(worker, enough), _play(worker, [steady], enough))
        return int(counts[0])

    with running() as worker:
        came = within(300, both(worker))
    assert came < 10 * steady.shown  # at least one frame for each ten who came


class Silent:
    """A socket of which nothing is asked."""


@pytest.mark.parametrize(
    ("crowded", "playing", "told"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_a_page_that_plays_is_told_when_the_server_is_busy(crowded: bool, playing: bool, told: bool) -> None:
    worker = Worker()
    worker.allowance = LEAST_ALLOWANCE if crowded else ALLOWANCE
    pump = Pump(Silent(), worker)  # type: ignore[arg-type]
    pump.session.playing = playing
    pump.sent, pump._told = 40, time.monotonic() - 4
    pump._tell_load()
    events = [json.loads(event) for event in pump.errors]
    assert [event["type"] for event in events] == ["load"] * told
    if told:
        assert events[0]["busy"] and 8 < events[0]["rate"] < 11
        worker.allowance = ALLOWANCE
        pump._tell_load()
        pump._tell_load()
        assert [json.loads(event)["busy"] for event in pump.errors] == [True, False]  # and once that it is over


def test_commands_that_take_long_are_carried_out_a_few_at_a_time() -> None:
    """A queue of commands that each start anew does not hold the thread for as long as all of them take."""
    batches: list[int] = []

    class Slow(Session):
        def apply(self) -> None:
            batches.append(len(self.inbox))
            _burn(0.01 * len(self.inbox))
            self.inbox.clear()

    async def drain() -> None:
        with running() as worker:
            pump = Pump(Silent(), worker)  # type: ignore[arg-type]
            pump.session = Slow()
            pump.commands.extend(decode('{"type": "rewind"}') for _ in range(40))
            while pump.commands:
                await pump._run(0.0, False, False)

    within(300, drain())
    assert sum(batches) == 40
    assert max(batches[3:]) <= 2 < max(batches)
    assert pump_module.BATCH == 0.01
