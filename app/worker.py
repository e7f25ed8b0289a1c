"""The one training thread of a process: it runs the jobs of all sessions in turn, a few milliseconds each.

One thread, because two training threads in one Python process are slower than one; not the event loop's, because that
has to answer. A job trains its session up to its aim or until its time is up, and ends with the messages to send.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable

from threadpoolctl import threadpool_limits

from app.session import Session

SLICE = 0.004  # seconds that a session trains before it is the next one's turn
UPDATES = 8  # updates of each network between two looks at the clock


class Job:
    """One frame's worth of training for one session."""

    def __init__(self, session: Session, epochs: float, budget: float, frame: bool, save: bool) -> None:
        self.session = session
        self.epochs = epochs
        self.frame = frame
        self.save = save
        self.loop = asyncio.get_running_loop()
        self.done: asyncio.Future[list[str | bytes]] = self.loop.create_future()
        self._begun = False
        self._end = time.perf_counter() + budget

    def slice(self) -> bool:
        """Train for a slice; True when the job has ended."""
        if not self._begun:
            self._begun = True
            self.session.apply()
            self.session.aim(self.epochs)
        now = time.perf_counter()
        slice_end = now + SLICE
        while not self.session.work(UPDATES):
            now = time.perf_counter()
            if now > self._end:
                self.session.settle()
                break
            if now > slice_end:
                return False
        self._resolve(self.session.messages(self.frame, self.save))
        return True

    def fail(self, error: BaseException) -> None:
        """Hand an exception to whoever waits."""
        self._tell(lambda: self.done.set_exception(error))

    def _resolve(self, messages: list[str | bytes]) -> None:
        self._tell(lambda: self.done.set_result(messages))

    def _tell(self, outcome: Callable[[], None]) -> None:
        def unless_cancelled() -> None:
            if not self.done.done():
                outcome()

        try:
            self.loop.call_soon_threadsafe(unless_cancelled)
        except RuntimeError:  # the loop has closed: nobody waits any more
            pass


class Worker:
    """The thread and its queue."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="training", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the slice in hand."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()

    async def run(
        self, session: Session, epochs: float, budget: float, frame: bool, save: bool = False
    ) -> list[str | bytes]:
        """Carry out a session's commands, train it on by up to ``epochs`` within ``budget`` seconds, and return its
        messages: events, a ``frame``, and with ``save`` a checkpoint. Not to be called for a session again before it
        has returned."""
        job = Job(session, epochs, budget, frame, save)
        with self._wake:
            self._jobs.append(job)
            self._wake.notify()
        return await job.done

    def _run(self) -> None:
        with threadpool_limits(1):
            while True:
                with self._wake:
                    while not self._jobs and not self._stopping:
                        self._wake.wait()
                    if self._stopping:
                        return
                    job = self._jobs.popleft()
                try:
                    ended = job.slice()
                except Exception as error:  # one session's fault must not end everybody's training
                    job.fail(error)
                    continue
                if not ended:
                    with self._wake:
                        self._jobs.append(job)
