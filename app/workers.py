"""Running the server: in this process, or in several that share the port.

One process trains on one core. Several bind the same port, and the kernel deals the connections out (SO_REUSEPORT); a
session lives in the process that got its connection, holds nothing that another one needs, and goes on in any of them
from its checkpoint. The parent only watches: a process that dies is replaced, and its pages come back by themselves.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import uvicorn

from app.connections import SPARE, limit_dead_connections, protocols
from app.log import set_up
from app.server import Sessions, create_app
from app.settings import Settings

BACKLOG = 1024
GRACE = 3  # seconds that connections have to end after their sessions have
DEAD_AFTER = 30.0  # seconds that a connection may take nothing
FINISHED = 5.5  # seconds until a process that should end is killed
EARLY = 5.0  # seconds; who dies sooner than this will do so again


class Server(uvicorn.Server):
    """uvicorn, saying when it is ready and not before, and letting sessions say their last when it ends."""

    def __init__(self, config: uvicorn.Config, sessions: Sessions, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._sessions = sessions
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._sessions.finish()
        await super().shutdown(sockets)


def serve(settings: Settings, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve in this process until a signal ends it."""
    limit_dead_connections(listener, DEAD_AFTER)
    app = create_app(settings)
    http, websocket = protocols(settings)
    config = uvicorn.Config(
        app,
        http=http,
        ws=websocket,
        log_config=None,
        access_log=False,
        ws_max_size=max(settings.max_checkpoint, SPARE),
        ws_per_message_deflate=settings.compress_messages,
        ws_ping_interval=settings.ping_seconds,
        ws_ping_timeout=settings.ping_seconds,
        timeout_graceful_shutdown=GRACE,
        workers=1,  # or WEB_CONCURRENCY would be obeyed
        server_header=False,
        backlog=BACKLOG,
    )
    set_up(settings)
    Server(config, app.state.sessions, ready).run(sockets=[listener])


def listen(host: str, port: int, shared: bool = False) -> socket.socket:
    """A socket bound to the address, alone or shared with other processes. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


class Process:
    """One of several, and what it has said."""

    def __init__(self, settings: Settings, port: int) -> None:
        self.started = time.monotonic()
        self.ready = threading.Event()
        command = [sys.executable, "-m", "app.workers"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdin
        self.process.stdin.write(settings.model_copy(update={"port": port}).model_dump_json() + "\n")
        self.process.stdin.flush()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            if line == "ready\n":
                self.ready.set()

    def end(self, deadline: float) -> None:
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def serve_many(settings: Settings, reserved: socket.socket, ready: Callable[[], None]) -> None:
    """Serve in several processes until a signal ends them. ``reserved`` is bound, and keeps the port ours."""
    port = reserved.getsockname()[1]
    ended = threading.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: ended.set())
    processes = [Process(settings, port) for _ in range(settings.workers)]
    failed = announced = False
    while not ended.wait(0.1):
        if not announced and all(process.ready.is_set() for process in processes):
            announced = True
            ready()
        for place, process in enumerate(processes):
            if process.process.poll() is None:
                continue
            if time.monotonic() - process.started < EARLY:
                failed = True
                ended.set()
            else:
                processes[place] = Process(settings, port)
    for process in processes:
        process.process.terminate()
    deadline = time.monotonic() + FINISHED
    for process in processes:
        process.end(deadline)
    if failed:
        raise SystemExit("nn-playground: a process of the server ended as soon as it began")


def _child() -> None:
    """What one of several processes does: its settings come in by standard input, whose end is that of the parent."""
    settings = Settings.model_validate(json.loads(sys.stdin.readline()))
    assert settings.port is not None

    def leave_with_the_parent() -> None:
        sys.stdin.read()
        os.kill(os.getpid(), signal.SIGTERM)

    listener = listen(settings.host, settings.port, shared=True)
    listener.listen(BACKLOG)
    threading.Thread(target=leave_with_the_parent, daemon=True).start()
    try:
        serve(settings, listener, lambda: print("ready", flush=True))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    _child()
