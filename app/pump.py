"""The pump between a socket and its session: reads commands, paces frames, and waits for the page to have drawn them.

At most two frames are on their way, on a slow line one. A page or a network that cannot keep up therefore gets fewer
frames, each of them the newest, and its training slows down with them; a page that is hidden draws nothing and so costs
nothing. Checkpoints take a quarter of the line at most: where one would hold the picture up, it goes in parts between
the frames. The same holds the other way: what a page says is read no faster than it is carried out, and a page that
does not read its answers is not listened to.
"""

import asyncio
import json
import logging
import time
from collections import deque

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from app import frames, protocol, refusals
from app.limits import Bucket
from app.line import Line
from app.metrics import Metrics
from app.schema import Invalid, Problem
from app.session import Session, report
from app.settings import Settings
from app.worker import Worker

FRAME_INTERVAL = 1 / 20
WINDOW = 2  # frames sent and not yet drawn,
FRESH = 0.25  # and seconds that the second of them may be on its way
CATCH_UP = 0.5  # seconds of training that a late frame makes up for at most
SAVE_INTERVALS = (0.25, 1.0)  # seconds between checkpoints of small networks, and of large ones or in a crowd,
SAVE_SMALL = 40_000  # which reach this many bytes a second; a page goes back to each, so there are to be many
SAVE_RATE = 1_000_000  # bytes a second that they take at most,
SAVE_SHARE = 0.25  # and share of the line,
SAVE_BURST = 4.0  # but for so many seconds of moments that are kept one by one
PART = 0.1  # seconds that a part of a checkpoint may hold up the frames,
SMALLEST_PART = 2048  # and bytes that it has at least
BACKLOG = 64  # commands and errors that wait before no more is read
BATCH = 0.01  # seconds of commands that are carried out in one turn, about
WEIGHT = 4096  # bytes of a message that count as one more message
PATIENCE = 5.0  # seconds of more messages than allowed, before the connection is ended
LOAD_INTERVAL = 5.0  # seconds between two words about how busy the server is, at least; silence is no longer either

ALIVE = json.dumps({"type": "alive"})

log = logging.getLogger(__name__)


class Ended(Exception):
    """The server ends the connection: close code, and the refusal to say before."""

    def __init__(self, close: int, code: str, limit: float = 0) -> None:
        super().__init__(code)
        self.close = close
        self.code = code
        self.limit = limit


class Pump:
    """One connection."""

    def __init__(
        self, socket: WebSocket, worker: Worker, settings: Settings | None = None, metrics: Metrics | None = None
    ) -> None:
        self.socket = socket
        self.worker = worker
        self.settings = settings or Settings()
        self.metrics = metrics or Metrics()
        self.session = Session(self.settings.bounds)
        self.commands: deque[protocol.Command | protocol.Resume] = deque()
        self.errors: deque[str] = deque()
        self.sent = 0  # number of the latest frame
        self.line = Line()
        self.parts: deque[bytes] = deque()  # checkpoints, or parts of them, that wait for room between the frames
        self.dirty = False  # commands wait, or have changed what no frame has shown
        self.begun = False  # a command has come; only a checkpoint that is the first message costs nothing
        self.finishing = False  # the server ends: say the last, and close
        self.wake = asyncio.Event()
        self._room_to_read = asyncio.Event()
        self._heard = self._told = time.monotonic()
        self.save_due = self._heard + SAVE_INTERVALS[0]
        self._part_due = 0.0
        self._paid = self._heard  # when all checkpoints so far are paid for, at the rate that they may take
        self._saved = 0  # their bytes
        self._bucket = Bucket(self.settings.message_rate, self.settings.message_burst, self._heard)
        self._pace = BATCH / 8  # seconds that a command takes
        self._crowded = False
        self._counted = (0, 0)  # networks and updates that the metrics know of
        self._frames_told = 0  # when the page was last told how busy the server is

    async def run(self) -> None:
        """Serve the connection until it ends."""
        tasks = {asyncio.create_task(work()) for work in (self._send, self._receive, self._watch)}
        try:
            done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
            for task in done:
                await self._end(task.exception())
        finally:
            for task in tasks:
                task.cancel()
            self.metrics.networks -= self._counted[0]

    async def _end(self, error: BaseException | None) -> None:
        if error is None or isinstance(error, WebSocketDisconnect):
            return
        if isinstance(error, Ended):
            self.metrics.end(error.code)
            log.info("session ended", extra={"reason": error.code})
            farewell = refusals.event(error.code, limit=error.limit) if error.limit else None
            await self._close(error.close, error.code, farewell)
        else:
            self.metrics.end("fault")
            log.error("session ended by a fault", exc_info=error)
            await self._close(refusals.FAULT, "fault", refusals.event("internal"))

    async def _close(self, code: int, reason: str, farewell: str | None) -> None:
        """Close, unless the other side has. A client that does not read is not waited for."""
        try:
            async with asyncio.timeout(1.0):
                if farewell and self.socket.client_state is WebSocketState.CONNECTED:
                    await self._say(farewell)
                await self.socket.close(code, reason)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            pass

    async def _say(self, message: str | bytes) -> None:
        try:
            # Noted before it is sent, or its acknowledgement could come first.
            if isinstance(message, bytes) and frames.kind(message) == "frame":
                self.line.send_frame(self.sent, len(message), time.monotonic())
            else:
                self.line.send(len(message), time.monotonic())
            if isinstance(message, str):
                await self.socket.send_text(message)
            else:
                await self.socket.send_bytes(message)
        except RuntimeError:  # it is being closed already
            raise WebSocketDisconnect(1006) from None

    # ---- in ----

    async def _receive(self) -> None:
        while True:
            message = await self.socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            self._heard = time.monotonic()
            text = message.get("text")
            content = text if text is not None else message["bytes"]
            await self._slow_down(len(content) if self.begun or text is not None else 0)
            try:
                command = self._command(text) if text is not None else self._resume(message["bytes"])
            except Invalid as error:
                self.errors += [report("error", problem) for problem in error.problems[:20]]
                self.wake.set()
            else:
                if isinstance(command, protocol.Ack):
                    waits = self.parts or not self.room
                    self.line.acknowledge(command.frame, self._heard)
                    if waits:  # else nothing has become due by it
                        self.wake.set()
                else:
                    self.begun = True
                    self.commands.append(command)
                    self.dirty = True
                    self.wake.set()
            while len(self.commands) + len(self.errors) > BACKLOG:
                self._room_to_read.clear()
                await self._room_to_read.wait()

    async def _slow_down(self, size: int) -> None:
        """Wait as long as the rate of messages demands; the end of it for who never stops."""
        now = time.monotonic()
        wait = self._bucket.take(1 + size / WEIGHT, now)
        if not wait:
            return
        if self._bucket.waited(now) > PATIENCE:
            raise Ended(refusals.POLICY_VIOLATION, "too_many_messages", self.settings.message_rate)
        await asyncio.sleep(wait)

    def _command(self, text: str) -> protocol.Command:
        # A character has one byte or more, so most messages need not be encoded to be known as short enough.
        limit = self.settings.max_message
        if len(text) > limit // 4 and (size := len(text.encode(errors="replace"))) > limit:
            raise Invalid(Problem((), "too_big", {"value": size, "limit": limit}))
        return protocol.decode(text)

    def _resume(self, message: bytes) -> protocol.Resume:
        if len(message) > self.settings.max_checkpoint:
            raise Invalid(Problem((), "too_big", {"value": len(message), "limit": self.settings.max_checkpoint}))
        return protocol.Resume(message)

    # ---- out ----

    async def _send(self) -> None:
        latest = due = time.monotonic()
        while True:
            await self._until(due)
            while self.errors:
                await self._say(self.errors.popleft())
            self._room_to_read.set()
            if self.finishing:
                await self._say_the_last()
            room = self.room
            now = time.monotonic()
            if now >= self._part_due and self._part_fits:
                await self._say_part()
            save = room and self.session.unsaved and not self.parts and now >= self.save_due
            keep = room and not self.parts and self._paid < now + SAVE_BURST
            shows = room and (self.dirty or (self.session.playing and now >= due))
            if not (self.commands or shows or save):
                continue
            elapsed, latest = min(now - latest, CATCH_UP), now
            was_due, playing = due, self.session.playing
            due = max(due + FRAME_INTERVAL, now) if now >= due else now + FRAME_INTERVAL
            if room:
                self.dirty = False
            epochs = elapsed * self.session.pace if room else 0.0
            messages = await self._run(epochs, room, save, keep)
            if save or self.session.saved > self._saved:
                self._pay()
            self.dirty |= self.session.unfinished or bool(self.commands)
            if self.session.frame_number > self.sent:
                self.sent = self.session.frame_number
                self.metrics.frames += 1
                if playing and now >= was_due:
                    # what was missed while the page had not drawn is dropped; how late a frame is counts from then on
                    self.metrics.dropped += int((now - was_due) / FRAME_INTERVAL)
                    self.metrics.lateness.add(time.monotonic() - max(was_due, now - FRAME_INTERVAL))
            self._count()
            for message in messages:
                if isinstance(message, bytes) and frames.kind(message) == "checkpoint":
                    await self._save(message)
                else:
                    await self._say(message)

    @property
    def room(self) -> bool:
        """Whether another frame would arrive soon."""
        return len(self.line.frames) < WINDOW and self._arrives_soon(self.line.frame_size)

    @property
    def _part_fits(self) -> bool:
        return bool(self.parts) and self.room and self._arrives_soon(len(self.parts[0]))

    def _arrives_soon(self, size: int) -> bool:
        return not self.line.frames or self.line.seconds(size) <= FRESH

    async def _save(self, checkpoint: bytes) -> None:
        """Send a checkpoint, at once or in parts that come between the frames."""
        most = max(SMALLEST_PART, int(PART * self.line.rate))
        if len(checkpoint) > most:
            self.parts.extend(frames.split(checkpoint, most))
        elif self.parts:  # not past an earlier one
            self.parts.append(checkpoint)
        else:
            await self._say(checkpoint)

    async def _say_part(self) -> None:
        part = self.parts.popleft()
        self._part_due = time.monotonic() + len(part) / (SAVE_SHARE * self.line.rate)
        await self._say(part)

    def _pay(self) -> None:
        """Put the next checkpoint off for as long as those just made ask for."""
        size, self._saved = self.session.saved - self._saved, self.session.saved
        now = time.monotonic()
        self._paid = max(self._paid, now) + size / min(SAVE_RATE, SAVE_SHARE * self.line.rate)
        least, most = SAVE_INTERVALS
        wait = most if self.worker.crowded else min(most, max(least, size / SAVE_SMALL))
        self.save_due = max(now + wait, self._paid)

    async def _run(self, epochs: float, frame: bool, save: bool, keep: bool = False) -> list[str | bytes]:
        """Have the session carry out some of the commands, train and show. A command that starts anew takes its time,
        so how many are carried out in one turn depends on what they took before."""
        count = 0
        while self.commands and (not count or count * self._pace < BATCH):
            self.session.submit(self.commands.popleft())
            count += 1
        self.session.suit(self.line.rate)
        begun = self.worker.spent(self.session)
        messages = await self.worker.run(self.session, epochs, FRAME_INTERVAL, frame, save, keep)
        if count:
            self._pace += 0.3 * ((self.worker.spent(self.session) - begun) / count - self._pace)
        return messages

    async def _say_the_last(self) -> None:
        """The server ends: what the page needs to go on elsewhere, and the code that has it come back at once."""
        for message in await self._run(0.0, True, True):
            await self._say(message)
        raise Ended(refusals.RESTART, "closing")

    def finish(self) -> None:
        """Ask for the end, with a last checkpoint."""
        self.finishing = True
        self.wake.set()

    async def _until(self, due: float) -> None:
        """Wait for something to send: an error, a command, or with room in the window a frame or a checkpoint that is
        due."""
        while not (self.errors or self.commands or self.finishing):
            self.wake.clear()
            timeout = None
            if self.room:
                if self.dirty:
                    return
                times = [due] * self.session.playing
                if self._part_fits:
                    times.append(self._part_due)
                elif self.session.unsaved and not self.parts:
                    times.append(self.save_due)
                if times:
                    timeout = min(times) - time.monotonic()
                    if timeout <= 0:
                        return
            # Not wait_for: before Python 3.12 it loses a cancellation that comes together with the wake-up.
            try:
                async with asyncio.timeout(timeout):
                    await self.wake.wait()
            except TimeoutError:
                return

    # ---- beside ----

    async def _watch(self) -> None:
        """Let a page go that has said nothing for long, tell one that plays when the server is busy, and any that it is
        there: a browser does not say that its line is cut, so a page has to know by the silence."""
        while True:
            idle = self._heard + self.settings.idle_seconds - time.monotonic()
            if idle <= 0:
                raise Ended(refusals.IDLE, "idle", self.settings.idle_seconds)
            before = self.line.sent
            await asyncio.sleep(min(idle, LOAD_INTERVAL))
            self._tell_load()
            if self.line.sent == before and not self.errors:
                self.errors.append(ALIVE)
                self.wake.set()

    def _tell_load(self) -> None:
        now = time.monotonic()
        seconds, frames = now - self._told, self.sent - self._frames_told
        self._told, self._frames_told = now, self.sent
        # Few frames may be the page's own doing; only where sessions wait for each other it is the server's.
        crowded = self.session.playing and self.worker.crowded
        if crowded or self._crowded:
            rate = round(frames / seconds, 1) if seconds else 0.0
            self.errors.append(json.dumps({"type": "load", "busy": crowded, "rate": rate}))
            self.wake.set()
        self._crowded = crowded

    def _count(self) -> None:
        networks, updates = self.session.networks, self.session.trained
        self.metrics.networks += networks - self._counted[0]
        self.metrics.updates += updates - self._counted[1]
        self._counted = networks, updates
