"""The pump between a socket and its session: reads commands, paces frames, and waits for the page to have drawn them.

At most two frames are on their way. A page or a network that cannot keep up therefore gets fewer frames, each of them
the newest, and its training slows down with them; a page that is hidden draws nothing and so costs nothing.
"""

import asyncio
import logging
import time

from starlette.websockets import WebSocket, WebSocketDisconnect

from app import protocol
from app.schema import Invalid, Problem
from app.session import Session, report
from app.worker import Worker

FRAME_INTERVAL = 1 / 20
WINDOW = 2  # frames sent and not yet drawn
CATCH_UP = 0.5  # seconds of training that a late frame makes up for at most
SAVE_INTERVAL = 1.0  # seconds between checkpoints,
SAVE_RATE = 1_000_000  # and bytes a second that they take at most

log = logging.getLogger(__name__)


class Pump:
    """One connection."""

    def __init__(self, socket: WebSocket, worker: Worker) -> None:
        self.socket = socket
        self.worker = worker
        self.session = Session()
        self.errors: list[str] = []
        self.sent = 0  # number of the latest frame
        self.unacknowledged: list[int] = []
        self.dirty = False  # commands wait, or have changed what no frame has shown
        self.begun = False  # a command has come; only the first message may be a checkpoint
        self.unsaved = False  # something has been shown that is in no checkpoint
        self.save_due = time.monotonic() + SAVE_INTERVAL
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Serve the connection until it ends."""
        sender = asyncio.create_task(self._send())
        receiver = asyncio.create_task(self._receive())
        done, pending = await asyncio.wait({sender, receiver}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for task in done:
            error = task.exception()
            if error is not None and not isinstance(error, WebSocketDisconnect | RuntimeError):
                log.error("session ended by a fault", exc_info=error)
                raise error

    async def _receive(self) -> None:
        while True:
            message = await self.socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            try:
                command = protocol.decode(text) if text is not None else self._resume(message["bytes"])
            except Invalid as error:
                self.errors += [report("error", problem) for problem in error.problems[:20]]
            else:
                if isinstance(command, protocol.Ack):
                    self.unacknowledged = [number for number in self.unacknowledged if number > command.frame]
                else:
                    self.begun = True
                    self.session.submit(command)
                    self.dirty = True
            self.wake.set()

    def _resume(self, message: bytes) -> protocol.Resume:
        if self.begun:
            raise Invalid(Problem((), "binary", {}))
        return protocol.Resume(message)

    async def _send(self) -> None:
        latest = due = time.monotonic()
        while True:
            await self._until(due)
            errors, self.errors = self.errors, []
            for event in errors:
                await self.socket.send_text(event)
            room = len(self.unacknowledged) < WINDOW
            now = time.monotonic()
            save = room and self.unsaved and now >= self.save_due
            shows = room and (self.dirty or (self.session.playing and now >= due))
            if not (self.session.inbox or shows or save):
                continue
            elapsed, latest = min(now - latest, CATCH_UP), now
            due = max(due + FRAME_INTERVAL, now) if now >= due else now + FRAME_INTERVAL
            if room:
                self.dirty = False
            epochs = elapsed * self.session.experiment.speed if room else 0.0
            messages = await self.worker.run(self.session, epochs, FRAME_INTERVAL, room, save)
            self.unsaved = not save
            if save:
                size = len(messages[-1]) if messages else 0
                self.save_due = time.monotonic() + max(SAVE_INTERVAL, size / SAVE_RATE)
            self.dirty |= self.session.unfinished
            if self.session.frame_number > self.sent:
                # noted before it is sent, or its acknowledgement could come first
                self.sent = self.session.frame_number
                self.unacknowledged.append(self.sent)
            for message in messages:
                if isinstance(message, str):
                    await self.socket.send_text(message)
                else:
                    await self.socket.send_bytes(message)

    async def _until(self, due: float) -> None:
        """Wait for something to send: an error, a command, or with room in the window a frame or a checkpoint that is
        due."""
        while not (self.errors or self.session.inbox):
            self.wake.clear()
            timeout = None
            if len(self.unacknowledged) < WINDOW:
                if self.dirty:
                    return
                times = [due] * self.session.playing + [self.save_due] * self.unsaved
                if times:
                    timeout = min(times) - time.monotonic()
                    if timeout <= 0:
                        return
            try:
                await asyncio.wait_for(self.wake.wait(), timeout)
            except TimeoutError:
                return
