"""The training thread: it serves all sessions in turn, and one session's fault is nobody else's."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app import protocol
from app.session import Session
from app.worker import Worker


@contextmanager
def running() -> Iterator[Worker]:
    worker = Worker()
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


def playing(link: str = "samples=40&hidden=3") -> Session:
    session = Session()
    for command in ({"type": "open", "link": link}, {"type": "play"}):
        session.submit(protocol.decode(json.dumps(command)))
    return session


def within(seconds: float, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(asyncio.wait_for(work(), seconds))


class Faulty(Session):
    def work(self, updates: int) -> bool:
        raise ZeroDivisionError("a fault of this session")


def test_a_job_carries_out_commands_and_trains_to_its_aim() -> None:
    session = playing()
    with running() as worker:
        messages = within(60, lambda: worker.run(session, 3.0, 10.0, True))
    assert session.position == 3.0
    assert [isinstance(message, bytes) for message in messages].count(True) == 2
    assert not session.inbox


def test_training_happens_in_the_one_thread() -> None:
    threads = set()

    class Watched(Session):
        def work(self, updates: int) -> bool:
            threads.add(threading.current_thread().name)
            return super().work(updates)

    async def both(worker: Worker) -> None:
        await asyncio.gather(*(worker.run(Watched(), 1.0, 1.0, True) for _ in range(3)))

    with running() as worker:
        within(60, lambda: both(worker))
    assert threads == {"training"}


def test_out_of_time_is_the_end_of_the_job_and_leaves_no_debt() -> None:
    session = playing()
    with running() as worker:
        within(60, lambda: worker.run(session, 1e9, 0.02, True))
        reached = session.position
        assert 0 < reached < 1e9
        within(60, lambda: worker.run(session, 0.0, 0.02, True))
    assert session.position == reached


def test_the_event_loop_answers_while_a_session_trains() -> None:
    """Ticks of the loop between the start and the end of a job that takes a second."""

    async def ticks(worker: Worker) -> int:
        job = asyncio.create_task(worker.run(playing(), 1e9, 1.0, True))
        count = 0
        while not job.done():
            await asyncio.sleep(0)
            count += 1
        return count

    with running() as worker:
        assert within(60, lambda: ticks(worker)) > 50


def test_sessions_take_turns() -> None:
    """A short job has ended before a long one that came first."""
    ended = []

    async def one(worker: Worker, name: str, epochs: float) -> None:
        await worker.run(playing(), epochs, 30.0, True)
        ended.append(name)

    async def both(worker: Worker) -> None:
        await asyncio.gather(one(worker, "long", 1e9), one(worker, "short", 1.0))

    with running() as worker:
        within(60, lambda: both(worker))
    assert ended == ["short", "long"]


def test_a_fault_reaches_its_own_session_and_no_other() -> None:
    async def three(worker: Worker) -> list[Any]:
        sessions = (playing(), Faulty(), playing())
        return await asyncio.gather(
            *(worker.run(session, 2.0, 10.0, True) for session in sessions), return_exceptions=True
        )

    with running() as worker:
        first, fault, last = within(60, lambda: three(worker))
        assert isinstance(fault, ZeroDivisionError)
        assert isinstance(first, list) and isinstance(last, list)
        assert within(60, lambda: worker.run(playing(), 1.0, 10.0, True))


@pytest.mark.parametrize("session", [playing, Faulty])
def test_nobody_waiting_is_no_fault(session: Any) -> None:
    async def abandoned(worker: Worker) -> None:
        job = asyncio.create_task(worker.run(session(), 5.0, 5.0, True))
        await asyncio.sleep(0)
        job.cancel()

    with running() as worker:
        within(60, lambda: abandoned(worker))  # its loop is closed before the job ends
        assert within(60, lambda: worker.run(playing(), 1.0, 10.0, True))


def test_it_stops_in_the_middle_of_work() -> None:
    async def begun(worker: Worker) -> None:
        job = asyncio.create_task(worker.run(playing(), 1e9, 60.0, True))
        await asyncio.sleep(0)
        job.cancel()

    with running() as worker:
        within(60, lambda: begun(worker))
    assert not worker._thread.is_alive()


def test_jobs_that_end_together_are_told_together() -> None:
    tellings = 0

    async def many(worker: Worker) -> int:
        loop = asyncio.get_running_loop()
        tell = loop.call_soon_threadsafe

        def counted(*words: Any) -> Any:
            nonlocal tellings
            tellings += 1
            return tell(*words)

        loop.call_soon_threadsafe = counted  # type: ignore[method-assign]
        outcomes = await asyncio.gather(*(worker.run(Session(), 0.0, 1.0, True) for _ in range(50)))
        return len(outcomes)

    with running() as worker:
        assert within(60, lambda: many(worker)) == 50
    assert tellings < 50


def test_no_outcome_waits_for_a_job_that_takes_long() -> None:
    """A command of another session holds the thread until the first outcome has arrived."""
    arrived = threading.Event()

    class Dear(Session):
        def apply(self) -> None:
            assert arrived.wait(30)
            super().apply()

    async def both(worker: Worker) -> None:
        dear = Dear()
        dear.submit(protocol.decode('{"type": "play"}'))
        jobs = [asyncio.create_task(worker.run(session, 0.0, 1.0, True)) for session in (Session(), dear)]
        await jobs[0]
        arrived.set()
        await jobs[1]

    with running() as worker:
        within(60, lambda: both(worker))
