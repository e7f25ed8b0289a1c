"""What every answer says about itself, and who may ask. Plain ASGI, so that it sees WebSockets as well.

Two checks stand before everything else. The *host* that a request is addressed to must be one of ours: a page on the
web can have its own name resolve to this machine (DNS rebinding), and is then of the same origin as we are; but its
name stays its name. An address as host is never such a name. The *origin* of a request that does something must be our
own page or a listed one; programs send none.
"""

import ipaddress
import json
import socket
from collections.abc import Collection
from contextlib import suppress
from functools import cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.refusals import body
from app.settings import Settings


def policy(*frame_ancestors: str) -> str:
    """The content security policy of a page that these may embed."""
    return "; ".join(
        (
            "default-src 'self'",
            "style-src-attr 'unsafe-inline'",  # plotly.js sizes its elements with style attributes
            "img-src 'self' data: blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {' '.join(frame_ancestors)}",
        )
    )


POLICY = policy("'self'")
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}

# Asked by machines under whatever name, and telling nothing: a balancer's probe need not know ours.
PROBES = frozenset({"/healthz", "/readyz"})
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class SecurityHeaders:
    """Adds the headers to every HTTP answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)


class Guard:
    """Refuses what is not addressed to us, and what other people's pages want done."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        public = urlsplit(settings.public_url).hostname
        self.hosts = [*settings.allowed_hosts, settings.host.lower(), *own_names(), *([public] if public else [])]
        self.origins = settings.allowed_origins + ["null"] * settings.allow_null_origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        hosts = Headers(scope=scope).getlist("host")
        origins = Headers(scope=scope).getlist("origin")
        acts = scope["type"] == "websocket" or scope["method"] not in READING
        host = hosts[0] if len(hosts) == 1 else None
        probe = scope["type"] == "http" and scope["path"] in PROBES
        if not probe and not host_allowed(host, self.hosts):
            await refuse(scope, receive, send, 400, "host")
        elif acts and not (len(origins) <= 1 and origin_allowed(origins[0] if origins else None, host, self.origins)):
            await refuse(scope, receive, send, 403, "origin")
        elif origins and origins[0] in self.origins and scope["type"] == "http":
            await self.app(scope, receive, readable_from(origins[0], send))
        else:
            await self.app(scope, receive, send)


def readable_from(origin: str, send: Send) -> Send:
    """Lets pages from a listed origin read the answer."""

    async def with_header(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("access-control-allow-origin", origin)
            headers.add_vary_header("origin")
        await send(message)

    return with_header


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, code: str) -> None:
    """Answer with one error, also where a WebSocket was asked for and is not there yet."""
    kind = "http" if scope["type"] == "http" else "websocket.http"
    if scope["type"] == "websocket":
        await receive()  # the wish to connect
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008, "reason": code})
            return
    content = json.dumps(body(code)).encode()
    headers = {"content-type": "application/json", "content-length": str(len(content)), **HEADERS}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": f"{kind}.response.start", "status": status, "headers": raw})
    await send({"type": f"{kind}.response.body", "body": content})


@cache
def own_names() -> tuple[str, ...]:
    """This machine's names, as far as it knows them itself."""
    names = {"localhost", "*.localhost"}
    with suppress(OSError):
        name = socket.gethostname().lower()
        names |= {name, name.split(".")[0], f"{name.split('.')[0]}.local"}
    return tuple(sorted(names - {""}))


def host_allowed(host: str | None, allowed: Collection[str]) -> bool:
    """Whether a Host header, ``name`` or ``name:port``, is an address or one of the names allowed."""
    if "*" in allowed:
        return True
    if not host or any(mark in host for mark in "/?#@\\ "):
        return False
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not name:
        return False
    with suppress(ValueError):
        ipaddress.ip_address(name)
        return True
    name = name.removesuffix(".")
    return any(
        name.endswith(pattern[1:]) and name != pattern[2:] if pattern.startswith("*.") else name == pattern
        for pattern in allowed
    )


def origin_allowed(origin: str | None, host: str | None, allowed: Collection[str]) -> bool:
    """Whether a page from ``origin`` may open a session here: our own pages, listed ones, and programs without one."""
    if origin is None or origin in allowed:
        return True
    try:
        return bool(host) and urlsplit(origin).netloc == host
    except ValueError:  # not an origin at all
        return False
