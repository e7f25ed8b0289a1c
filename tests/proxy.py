"""A network of the test's own between a page and a server: as slow as it is told to be, and it can be cut.

What comes from the server is taken at once and waits here until its turn, as in the buffers of a router: a server that
sends too much finds out from nobody but the page.
"""

import socket
import threading
import time
from collections import deque
from contextlib import suppress

PIECE = 512


class Proxy:
    """Listens on `port` and passes everything on to ``target``, at ``rate`` bytes a second to the page."""

    def __init__(self, target: int, rate: float | None = None) -> None:
        self.target = target
        self.rate = rate
        self.most = 0  # bytes that have waited here at a time
        self.longest = 0.0  # seconds that a byte has waited
        self.passed = 0  # bytes that have come through to pages
        self._open = True
        self._cut = threading.Event()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *exception: object) -> None:
        self._open = False
        self.drop()
        for each in [self._listener, *self._sockets]:
            each.close()

    def cut(self) -> None:
        """From now on nothing comes through, and nobody is told: what there is stays silent for ever."""
        self._cut.set()

    def mend(self) -> None:
        """New connections come through again."""
        self._cut = threading.Event()

    def drop(self) -> None:
        """End all connections there are."""
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def measure(self) -> None:
        """Forget what has waited so far."""
        self.most, self.longest = 0, 0.0

    def _accept(self) -> None:
        while self._open:
            try:
                page, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(page)
            if self._cut.is_set():
                continue  # nobody answers
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                page.close()
                continue
            self._sockets.append(server)
            for source, sink, rate in ((page, server, None), (server, page, self.rate)):
                for each in (source, sink):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                Direction(self, source, sink, rate, self._cut)


class Direction:
    """One direction of a connection: a thread that takes, and one that passes on."""

    def __init__(
        self, proxy: Proxy, source: socket.socket, sink: socket.socket, rate: float | None, cut: threading.Event
    ) -> None:
        self.proxy, self.source, self.sink, self.rate, self.cut = proxy, source, sink, rate, cut
        self._queue: deque[tuple[bytes, float]] = deque()
        self._waiting = 0
        self._change = threading.Condition()
        self._ended = False
        for work in (self._take, self._pass_on):
            threading.Thread(target=work, daemon=True).start()

    def _take(self) -> None:
        with suppress(OSError):
            while data := self.source.recv(65536):
                now = time.monotonic()
                with self._change:
                    self._queue.extend((data[at : at + PIECE], now) for at in range(0, len(data), PIECE))
                    self._waiting += len(data)
                    if self.rate:
                        self.proxy.most = max(self.proxy.most, self._waiting)
                    self._change.notify()
        with self._change:
            self._ended = True
            self._change.notify()

    def _pass_on(self) -> None:
        due = 0.0
        with suppress(OSError):
            while True:
                with self._change:
                    self._change.wait_for(lambda: self._queue or self._ended)
                    if not self._queue:
                        break
                    piece, since = self._queue.popleft()
                if self.rate:
                    due = max(due, time.monotonic()) + len(piece) / self.rate
                    self.cut.wait(due - time.monotonic())
                if self.cut.is_set():
                    return
                self.sink.sendall(piece)
                self._waiting -= len(piece)
                if self.rate:
                    self.proxy.passed += len(piece)
                    self.proxy.longest = max(self.proxy.longest, time.monotonic() - since)
        if not self.cut.is_set():
            with suppress(OSError):
                self.sink.shutdown(socket.SHUT_RDWR)
