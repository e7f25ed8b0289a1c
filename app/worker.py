"""The one training thread of a process: it runs the jobs of all sessions in turn, a few milliseconds each.

One thread, because two training threads in one Python process are slower than one; not the event loop's, because that
has to answer. A job trains its session up to its aim or until its time is up, and ends with the messages to send.

Sharing is fair in time: of the sessions that wait, it is the turn of the one that has had the least, so a session of
large networks slows itself and nobody else. When jobs begin to wait for each other, all sessions get less time to train
for each frame, down to a few updates; when that does not help, frames come less often, for all alike, and only when
that would look like standing still are there fewer updates again, down to one.
"""

import asyncio
import heapq
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from threadpoolctl import threadpool_limits

from app.session import Session

SLICE = 0.004  # seconds that a session trains before it may be the next one's turn
TELL = 0.002  # seconds that the end of a job may wait for others': each telling has the two threads change places
LOOK = 0.0005  # seconds between two looks at the clock, about
MOST_UPDATES = 64  # of each network between two looks

ALLOWANCE = 0.05  # seconds of training for a frame, while there is enough for all
LEAST_ALLOWANCE = 0.0001
WAIT = 0.016  # seconds that jobs may wait on average before there is less
ENOUGH = 10  # updates that each frame brings nevertheless, if they take no longer than a slice,
LONG_WAIT = 0.062  # before jobs wait for so long: 1/15 s or so then lies between two frames
WINDOW = 0.05  # seconds over which that average is taken
DEBT = 0.02  # seconds that a session can be behind for having had more; the others' frames are that soon


@dataclass
class Account:
    """What a session has had."""

    time: float = 0.0  # seconds of the thread, as far as they count for whose turn it is
    used: float = 0.0  # seconds of the thread, all of them
    latest: float = 0.0  # seconds of its latest slice
    pace: float = LOOK / 8  # seconds of an update of all its networks

    def charge(self, seconds: float) -> None:
        self.time += seconds
        self.used += seconds
        self.latest = seconds


class Job:
    """One frame's worth of training for one session."""

    def __init__(
        self, session: Session, account: Account, epochs: float, budget: float, frame: bool, save: bool, keep: bool
    ) -> None:
        self.session = session
        self.account = account
        self.epochs = epochs
        self.frame = frame
        self.save = save
        self.keep = keep
        self.loop = asyncio.get_running_loop()
        self.done: asyncio.Future[list[str | bytes]] = self.loop.create_future()
        self.submitted = time.perf_counter()
        self.begun = False
        self._budget = budget
        self._end = 0.0
        self._trained = 0.0  # seconds
        self._trained_before = 0  # updates of the session
        self.outcome: list[str | bytes] | Exception = []

    def slice(self, allowance: float, enough: float) -> bool:
        """Train for a slice; True when the job has ended. It ends at its aim, or with ``allowance`` seconds and
        ``enough`` updates of each network."""
        # Measured in time of this thread: what other processes take from the core is nobody's debt.
        begin = time.thread_time()
        if not self.begun:
            self.begun = True
            self._end = time.perf_counter() + self._budget  # of the clock on the wall: a frame is due then
            self.session.apply()
            self.session.aim(self.epochs)
            self._trained_before = self.session.trained
        now = time.thread_time()
        slice_end = now + SLICE
        while True:
            before = now
            look = min(LOOK, max(allowance, enough * self.account.pace))
            updates = max(1, min(MOST_UPDATES, round(look / self.account.pace)))
            arrived = self.session.work(updates)
            now = time.thread_time()
            self._trained += now - before
            if arrived:
                break
            self.account.pace += 0.2 * ((now - before) / updates - self.account.pace)
            if time.perf_counter() > self._end or (self._trained >= allowance and self._has(enough)):
                self.session.give_up()
                break
            if now > slice_end:
                self.account.charge(now - begin)
                return False
        self.outcome = self.session.messages(self.frame, self.save, self.keep)
        self.account.charge(time.thread_time() - begin)
        return True

    def _has(self, enough: float) -> bool:
        updates = self.session.trained - self._trained_before
        return updates >= enough * self.session.in_training or self._trained >= SLICE

    @property
    def brief(self) -> bool:
        """Whether its next slice should take no longer than most: nothing is to be begun anew."""
        return self.account.latest < SLICE and not self.session.inbox

    def tell(self) -> None:
        """Hand the outcome to whoever waits; only in the loop's own thread."""
        if self.done.done():  # cancelled
            return
        if isinstance(self.outcome, Exception):
            self.done.set_exception(self.outcome)
        else:
            self.done.set_result(self.outcome)


class Worker:
    """The thread and its queue."""

    def __init__(self) -> None:
        self._jobs: list[tuple[float, int, Job]] = []  # a heap: who has had least comes first
        self._accounts: WeakKeyDictionary[Session, Account] = WeakKeyDictionary()
        self._count = 0
        self._least = 0.0  # what the latest job's session had had
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="training", daemon=True)
        self.allowance = ALLOWANCE
        self.enough: float = ENOUGH
        self._window_end = 0.0
        self._waits: list[float] = []
        self._ended: list[Job] = []  # jobs whose outcome has not been told,
        self._tell_at = 0.0  # and when it has to be

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the slice in hand."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()

    @property
    def waiting(self) -> int:
        """Jobs that wait for their turn."""
        return len(self._jobs)

    @property
    def crowded(self) -> bool:
        """Whether sessions get less time to train than they could use."""
        return self.allowance < ALLOWANCE / 4

    def spent(self, session: Session) -> float:
        """Seconds of the thread that a session has had."""
        return self._account(session).used

    def _account(self, session: Session) -> Account:
        if session not in self._accounts:
            # Behind those who wait: who comes and goes all the time does not keep others from their turn.
            self._accounts[session] = Account(self._least + SLICE)
        return self._accounts[session]

    async def run(
        self, session: Session, epochs: float, budget: float, frame: bool, save: bool = False, keep: bool = False
    ) -> list[str | bytes]:
        """Carry out a session's commands, train it on by up to ``epochs`` within ``budget`` seconds, and return its
        messages, see `Session.messages`. Not to be called for a session again before it has returned."""
        account = self._account(session)
        job = Job(session, account, epochs, budget, frame, save, keep)
        with self._wake:
            # Time that was not used is not saved up, and a dear command is not held against a session for ever.
            account.time = min(max(account.time, self._least), self._least + DEBT)
            self._push(job)
            self._wake.notify()
        return await job.done

    def _push(self, job: Job) -> None:
        self._count += 1
        heapq.heappush(self._jobs, (job.account.time, self._count, job))

    def _run(self) -> None:
        with threadpool_limits(1):
            while True:
                if self._ended and not self._waits_for_more:
                    self._tell()
                with self._wake:
                    while not self._jobs and not self._stopping:
                        self._wake.wait()
                    if self._stopping:
                        self._tell()
                        return
                    had, _, job = heapq.heappop(self._jobs)
                    self._least = max(self._least, had)
                if job.done.cancelled():  # the page has left
                    continue
                if not job.begun:
                    self._note(time.perf_counter() - job.submitted)
                try:
                    ended = job.slice(self.allowance, self.enough)
                except Exception as error:  # one session's fault must not end everybody's training
                    job.outcome, ended = error, True
                if ended:
                    self._tell_at = self._tell_at if self._ended else time.perf_counter() + TELL
                    self._ended.append(job)
                else:
                    with self._wake:
                        self._push(job)
                del job  # a session that has left is not held by the thread that waits

    @property
    def _waits_for_more(self) -> bool:
        """Whether the jobs that have ended may wait a moment, to be told together with the next."""
        return bool(self._jobs) and time.perf_counter() < self._tell_at and self._jobs[0][2].brief

    def _tell(self) -> None:
        ended, self._ended = self._ended, []
        for loop in {job.loop for job in ended}:
            # A loop that has closed has nobody who waits any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_tell, [job for job in ended if job.loop is loop])

    def _note(self, wait: float) -> None:
        """Adjust how much is trained for a frame to how long jobs have to wait: quickly down, slowly up."""
        self._waits.append(wait)
        now = time.perf_counter()
        if now < self._window_end:
            return
        mean = sum(self._waits) / len(self._waits)
        if mean > WAIT:
            self.allowance = max(LEAST_ALLOWANCE, self.allowance * 0.8)
        elif mean < WAIT / 2:
            self.allowance = min(ALLOWANCE, self.allowance * 1.1)
        if mean > LONG_WAIT:
            self.enough = max(1, self.enough * 0.8)
        else:
            self.enough = min(ENOUGH, self.enough * 1.1)
        self._waits.clear()
        self._window_end = now + WINDOW


def _tell(jobs: Sequence[Job]) -> None:
    for job in jobs:
        job.tell()
