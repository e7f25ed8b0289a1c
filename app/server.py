"""The application: pages, API, static files and the socket, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response, WebSocket
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from app import __version__, api, pages
from app.pump import Pump
from app.resources import PLOTLY_NAME, STATIC, plotly_gzip
from app.schema import Invalid
from app.security import SecurityHeaders, origin_allowed
from app.settings import Settings
from app.worker import Worker

POLICY_VIOLATION = 1008
TRY_LATER = 1013


class Static(StaticFiles):
    """Static files that a browser asks about each time, so that an update of the server is an update of the page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
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


def create_app(settings: Settings | None = None) -> FastAPI:
    """The ASGI application. One training thread runs from startup to shutdown."""
    settings = settings or Settings()
    worker = Worker()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        worker.start()
        yield
        worker.stop()

    # FastAPI's own docs load from elsewhere; the protocol page takes their place.
    app = FastAPI(
        title="Neural network playground",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.sessions = 0
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Prefix, prefix=settings.root_path)
    app.include_router(pages.router)
    app.include_router(api.router)
    app.add_exception_handler(Invalid, api.refusal)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> Response:
        """Whether there is room for another session."""
        free = settings.max_sessions - app.state.sessions
        content = {"status": "ok" if free > 0 else "full", "sessions": app.state.sessions, "free": free}
        return JSONResponse(content, status_code=200 if free > 0 else 503)

    @app.get("/version")
    async def version() -> dict[str, str]:
        """The version."""
        return {"version": __version__}

    @app.get(f"/static/{PLOTLY_NAME}", include_in_schema=False)
    async def plotly() -> Response:
        headers = {"content-encoding": "gzip", "cache-control": "public, max-age=31536000, immutable"}
        return Response(await run_in_threadpool(plotly_gzip), headers=headers, media_type="text/javascript")

    app.mount("/static", Static(directory=STATIC), name="static")

    @app.websocket("/ws")
    async def socket(websocket: WebSocket) -> None:
        headers = websocket.headers
        if not origin_allowed(headers.get("origin"), headers.get("host"), settings.allowed_origins):
            await websocket.close(POLICY_VIOLATION, "this origin may not open a session")
            return
        await websocket.accept()
        if app.state.sessions >= settings.max_sessions:
            await websocket.close(TRY_LATER, "full")
            return
        app.state.sessions += 1
        try:
            await Pump(websocket, worker).run()
        finally:
            app.state.sessions -= 1

    return app
