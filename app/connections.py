"""Connections with limits: uvicorn's two protocols, and what they leave open.

httptools has no limit for headers, neither of time nor of size, and uvicorn none for bodies; a client that stops
reading keeps its connection for as long as the kernel holds it. Here a request has some seconds for its headers and as
many for each 100 kB of its body, and a connection that is closed but cannot be flushed is cut.
"""

import asyncio
import json
import socket
import time
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app import refusals
from app.api import MAX_READ
from app.bounds import MAX_MOMENT
from app.security import HEADERS
from app.settings import Settings

PART = 100_000  # bytes of a body or checkpoint that have as long as the headers: a slow line is no attack
SPARE = MAX_MOMENT  # a text message of up to this size gets an answer that says what is wrong; a larger one is cut off
PATIENCE = 1.0  # seconds that a connection which is closed may take to send off the rest


def limit_dead_connections(listener: socket.socket, seconds: float) -> None:
    """Have the kernel end connections that take nothing for so long: inherited by all that are accepted."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(seconds * 1000))


class Http(HttpToolsProtocol):
    """HTTP/1.1 with a limit for size and time of headers and body."""

    max_header: ClassVar[int] = 64 * 1024
    seconds: ClassVar[float] = 10.0

    def __init__(self, *words: Any, **settings: Any) -> None:
        super().__init__(*words, **settings)
        self._deadline: asyncio.TimerHandle | None = None
        self._in_head = True
        self._size = 0  # bytes of the headers, or of the body, so far
        self._begun = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        # In pieces while headers come: one piece may hold the end of them and a body that is not to be counted.
        while data and self._in_head and not self.transport.is_closing():
            piece, data = data[: self.max_header + 1 - self._size], data[self.max_header + 1 - self._size :]
            self._size += len(piece)
            if self.transport.get_protocol() is not self:
                return  # it is a WebSocket now, and a client must not send before it has been told so
            super().data_received(piece)
            if self._in_head and self._size > self.max_header and not self.transport.is_closing():
                self._answer(431, "headers_too_big", limit=self.max_header)
        if data and not self.transport.is_closing():
            self._size += len(data)
            if self._size > MAX_READ + SPARE:
                self._answer(413, "body_too_big", limit=MAX_READ)
            else:
                super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._deadline is None:  # a further request on the same connection
            self._wait()

    def on_headers_complete(self) -> None:
        self._rest()
        self._in_head, self._size = False, 0
        super().on_headers_complete()
        self._wait()

    def on_message_complete(self) -> None:
        self._rest()
        self._in_head, self._size = True, 0
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._rest()
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        self._answer(400, "bad_request")

    def shutdown(self) -> None:
        super().shutdown()
        self.loop.call_later(PATIENCE, self.transport.abort)

    def _wait(self) -> None:
        self._begun = time.monotonic()
        self._deadline = self.loop.call_later(self.seconds, self._late)

    def _rest(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self._deadline = None
        if self.transport.is_closing():
            self.transport.abort()
            return
        allowed = self.seconds
        if not self._in_head:  # a body has that time for each part, and it is its own fault only if it is read
            allowed += self.seconds * self._size / PART
        remaining = self._begun + allowed - time.monotonic()
        if remaining > 0.01 or self.flow.read_paused:
            self._deadline = self.loop.call_later(max(remaining, 0.1), self._late)
            return
        if self._size:
            self._answer(408, "too_slow", limit=round(self.seconds, 1))
        else:
            self.transport.close()  # nothing was asked

    def _answer(self, status: int, code: str, **params: Any) -> None:
        """End the connection, with a reason unless an answer is on its way already."""
        self._rest()
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            content = json.dumps(refusals.body(code, **params)).encode()
            lines = [f"{name}: {value}".encode() for name, value in HEADERS.items()]
            lines += [b"content-type: application/json", b"content-length: %d" % len(content), b"connection: close"]
            self.transport.write(STATUS_LINE[status] + b"\r\n".join(lines) + b"\r\n\r\n" + content)
        if self.cycle is not None:
            self.cycle.disconnected = True  # whoever is answering need not go on
            self.cycle.message_event.set()
        self.transport.close()
        self.loop.call_later(PATIENCE, self.transport.abort)


class Socket(WebSocketsSansIOProtocol):
    """A WebSocket whose first message must come soon and may be a checkpoint; one that is not answered is cut."""

    max_moment: ClassVar[int] = SPARE
    seconds: ClassVar[float] = 10.0

    def __init__(self, *words: Any, **settings: Any) -> None:
        super().__init__(*words, **settings)
        self.close_timeout = 5.0
        self._begun = time.monotonic()
        self._size = 0
        self._silent = True
        self._deadline = self.loop.call_later(self.seconds, self._late)

    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.cancel()
        self._forget_unread()
        super().connection_lost(exc)

    def _forget_unread(self) -> None:
        # A flood may have left thousands of messages, and nobody is there any more for whom to read them.
        while not self.queue.empty():
            self.queue.get_nowait()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True  # a refusal completes it, which uvicorn overlooks and complains about
        if message["type"] == "websocket.close" and message.get("code") == refusals.POLICY_VIOLATION:
            # uvicorn reads on until the close is answered; of a flood that would be megabytes, read for nothing.
            if not self.transport.is_closing():
                self.read_paused = True
                self.transport.pause_reading()
            self._cut_soon()

    def send_receive_event_to_app(self) -> None:
        if self._silent:
            self._silent = False
            self._deadline.cancel()
            # Only the first message may be larger than that, and only if it is a checkpoint.
            self.conn.max_message_size = self.max_moment
            if self.curr_msg_data_type == "text" and sum(map(len, self.frames)) > SPARE:
                self._end(refusals.TOO_BIG, "too big")
                return
        super().send_receive_event_to_app()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._cut_soon()

    def shutdown(self) -> None:
        super().shutdown()
        self._cut_soon()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        if not self.disconnected:
            self.loop.call_later(self.close_timeout + PATIENCE, self._cut)

    def _late(self) -> None:
        # A checkpoint on a slow line may take its time, as long as it comes.
        remaining = self._begun + self.seconds * (1 + self._size / PART) - time.monotonic()
        if remaining > 0.01:
            self._deadline = self.loop.call_later(remaining, self._late)
        else:
            self._end(refusals.POLICY_VIOLATION, "no message")

    def _end(self, code: int, reason: str) -> None:
        """Close from here, as the application would."""
        self._forget_unread()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self.handshake_complete and not self.close_sent:
            self.conn.send_close(code, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        self.close_timer = self.loop.call_later(PATIENCE, self.transport.close)
        self._cut_soon()

    def _cut_soon(self) -> None:
        self.loop.call_later(2 * PATIENCE, self._cut)

    def _cut(self) -> None:
        """What could not be sent off by now will never be."""
        if not self.disconnected:
            self.transport.abort()


def protocols(settings: Settings) -> tuple[type[asyncio.Protocol], type[asyncio.Protocol]]:
    """The two protocols with the limits of the settings."""
    http = type("LimitedHttp", (Http,), {"max_header": settings.max_header, "seconds": settings.request_seconds})
    limits = {"max_moment": settings.bounds.moment, "seconds": settings.first_message_seconds}
    return http, type("LimitedSocket", (Socket,), limits)
