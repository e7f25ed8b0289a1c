"""The application: pages, API, static files and the socket, put together."""

import asyncio
import itertools
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from app import __version__, api, pages, refusals
from app.limits import Places, Turns
from app.log import SESSION
from app.metrics import Metrics, exporter
from app.pump import Pump
from app.resources import PLOTLY_NAME, Edition, plotly_gzip
from app.schema import Invalid, Problem, shown
from app.security import Guard, SecurityHeaders
from app.settings import Settings
from app.worker import Worker

THREADS = 4  # for pages and files; more of them would only wait for the same core
SWITCH = 0.001  # seconds until the training thread lets the event loop have its turn; Python's own is five times that
FOR_EVER = "public, max-age=31536000, immutable"
FINISH = 1.5  # seconds that sessions have for their last message when the server ends
RETRY = 10  # seconds after which a page that was refused may ask again

log = logging.getLogger(__name__)


class Static(StaticFiles):
    """Static files. Under the edition that they are of, as the pages ask for them, a browser keeps them for ever; under
    none or another it asks about them each time. So an update of the server is an update of the page."""

    def __init__(self, edition: Edition) -> None:
        super().__init__(directory=edition.directory)
        self.edition = edition

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        known = scope["path_params"].get("edition") == self.edition.name
        response.headers["cache-control"] = FOR_EVER if known and response.status_code == 200 else "no-cache"
        # Modules are fetched as cross-origin by a sandboxed frame, whose pages are of no origin at all.
        response.headers["access-control-allow-origin"] = "*"
        return response


class Prefix:
    """Lets the application answer under a prefix, whether or not the proxy in front cuts it off."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app = app
        self.prefix = prefix.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.prefix and scope.get("path", "").startswith(f"{self.prefix}/"):
            scope["root_path"] = self.prefix
        await self.app(scope, receive, send)


class Sessions:
    """The sessions of this process, from the door to the end."""

    def __init__(self, settings: Settings, worker: Worker, metrics: Metrics) -> None:
        self.settings = settings
        self.worker = worker
        self.metrics = metrics
        self.places = Places(settings)
        self._pumps: set[Pump] = set()
        self._numbers = itertools.count(1)

    async def serve(self, websocket: WebSocket) -> None:
        """One connection, from its acceptance to its end."""
        address = websocket.client.host if websocket.client else ""
        await websocket.accept()
        if code := self.places.refuse(address):
            await self._refuse(websocket, code)
            return
        self.places.enter(address)
        SESSION.set(str(next(self._numbers)))
        log.info("session begins", extra={"sessions": self.places.taken})
        pump = Pump(websocket, self.worker, self.settings, self.metrics)
        self._pumps.add(pump)
        try:
            await pump.run()
        finally:
            self._pumps.discard(pump)
            self.places.leave(address)
            log.info("session is over", extra={"sessions": self.places.taken})

    async def _refuse(self, websocket: WebSocket, code: str) -> None:
        self.metrics.refuse(code)
        log.info("session refused", extra={"code": code})
        try:
            if code != "closing":
                limit = self.settings.max_sessions if code == "full" else self.settings.max_sessions_per_address
                await websocket.send_text(refusals.event(code, limit=limit, seconds=RETRY))
            await websocket.close(refusals.RESTART if code == "closing" else refusals.TRY_LATER, code)
        except (RuntimeError, WebSocketDisconnect):  # gone before it was told
            pass

    async def finish(self) -> None:
        """Nobody comes in any more; everybody goes, with a last checkpoint if they read it in time."""
        self.places.closing = True
        for pump in self._pumps:
            pump.finish()
        end = asyncio.get_running_loop().time() + FINISH
        while self._pumps and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.01)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The ASGI application. One training thread runs from startup to shutdown. Raises ImportError where metrics are
    wanted and prometheus-client is not installed."""
    settings = settings or Settings()
    worker = Worker()
    metrics = Metrics()
    sessions = Sessions(settings, worker, metrics)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        sys.setswitchinterval(SWITCH)
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        worker.start()
        lag = asyncio.create_task(metrics.watch_the_loop())
        yield
        lag.cancel()
        worker.stop()

    # FastAPI's own docs load from elsewhere; the protocol page takes their place.
    app = FastAPI(
        title="Neural network playground",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.sessions = sessions
    app.state.settings = settings
    app.state.edition = Edition()
    app.add_middleware(Turns, at_a_time=settings.max_requests)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Prefix, prefix=settings.root_path)
    app.include_router(pages.router)
    app.include_router(api.router)
    app.add_exception_handler(Invalid, api.refusal)
    app.add_exception_handler(RequestValidationError, unreadable)
    app.add_exception_handler(HTTPException, refusal)
    app.add_exception_handler(Exception, fault)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> Response:
        """Whether there is room for another session."""
        places = sessions.places
        status = "closing" if places.closing else "ok" if places.free > 0 else "full"
        content = {"status": status, "sessions": places.taken, "free": max(0, places.free)}
        headers = {} if status == "ok" else {"retry-after": str(RETRY)}
        return JSONResponse(content, status_code=200 if status == "ok" else 503, headers=headers)

    @app.get("/version")
    async def version() -> dict[str, str]:
        """The version."""
        return {"version": __version__}

    if settings.metrics:
        write = exporter(metrics, lambda: sessions.places.taken, lambda: worker.waiting)

        @app.get("/metrics", include_in_schema=False)
        async def figures() -> Response:
            content, kind = write()
            return Response(content, headers={"content-type": kind})

    @app.get(f"/static/{PLOTLY_NAME}", include_in_schema=False)
    async def plotly() -> Response:
        headers = {"content-encoding": "gzip", "cache-control": FOR_EVER}
        return Response(await run_in_threadpool(plotly_gzip), headers=headers, media_type="text/javascript")

    static = Static(app.state.edition)
    app.mount("/static/v-{edition}", static)
    app.mount("/static", static)

    @app.websocket("/ws")
    async def socket(websocket: WebSocket) -> None:
        await sessions.serve(websocket)

    return app


STATUS_CODES = {404: "not_found", 405: "bad_method", 413: "body_too_big", 501: "bad_format"}


def refusal(request: Request, error: Exception) -> Response:
    """What is not there, or not like that: a page for people, the usual shape for programs."""
    assert isinstance(error, HTTPException)
    code = STATUS_CODES.get(error.status_code, "internal" if error.status_code >= 500 else "bad_request")
    return _answer(request, error.status_code, code, dict(error.headers or {}))


def fault(request: Request, error: Exception) -> Response:
    """A mistake of ours. Starlette has it logged."""
    return _answer(request, 500, "internal", {})


def _answer(request: Request, status: int, code: str, headers: dict[str, str]) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return pages.error(request, status, refusals.problem(code), headers)
    return JSONResponse(refusals.body(code), status, headers)


def unreadable(request: Request, error: Exception) -> Response:
    """Query strings that are not what an address takes, in the shape of all refusals."""
    assert isinstance(error, RequestValidationError)
    found = []
    for detail in error.errors():
        where = tuple(detail["loc"][1:]) or tuple(detail["loc"])
        missing = detail["type"] == "missing"
        code = "missing" if missing else "wrong_type"
        found.append(Problem(where, code, {} if missing else {"value": shown(detail.get("input"))}))
    return JSONResponse(refusals.bodies(*found), 422)
