"""Limits that concern more than one message: places in the class, messages a second, requests at a time."""

import asyncio
import ipaddress
import math
from collections import Counter

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.refusals import body
from app.settings import Settings

WAITING = 64  # requests that may wait for their turn
TURN = 10.0  # seconds that they wait at most
COMPUTING = ("/api/qr",)  # answers to GET that are computed; all to POST are


class Places:
    """Who may come in. Each process of a server takes its share of the limits and knows nothing of the others: who is
    refused by one finds another on the next try."""

    def __init__(self, settings: Settings) -> None:
        self.limit = math.ceil(settings.max_sessions / settings.workers)
        self.per_address = min(self.limit, math.ceil(settings.max_sessions_per_address / settings.workers))
        self.taken = 0
        self.closing = False
        self._addresses: Counter[str] = Counter()

    @property
    def free(self) -> int:
        return 0 if self.closing else self.limit - self.taken

    def refuse(self, address: str) -> str | None:
        """The code of a refusal, or None where there is a place."""
        if self.closing:
            return "closing"
        if self.taken >= self.limit:
            return "full"
        return "full_address" if self._addresses[network(address)] >= self.per_address else None

    def enter(self, address: str) -> None:
        self.taken += 1
        self._addresses[network(address)] += 1

    def leave(self, address: str) -> None:
        self.taken -= 1
        self._addresses[network(address)] -= 1
        if not self._addresses[network(address)]:
            del self._addresses[network(address)]


def network(address: str) -> str:
    """What counts as one address: in IPv6 a whole /64, as every household has that many."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and not parsed.ipv4_mapped:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


class Bucket:
    """A token bucket: ``burst`` at once, ``rate`` a second in the long run. Nothing is refused, it has to wait."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate, self.burst = rate, burst
        self._tokens, self._at = burst, now
        self._since = now  # when the bucket was last half full, or fuller

    def take(self, cost: float, now: float) -> float:
        """Seconds to wait before this is done."""
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate) - cost
        self._at = now
        if self._tokens >= self.burst / 2:
            self._since = now
        return max(0.0, -self._tokens / self.rate)

    def waited(self, now: float) -> float:
        """Seconds for which it has been more than the rate, or close to it."""
        return now - self._since


class _Busy(Exception):
    pass


class Turns:
    """Lets requests that compute something do so a few at a time: each takes the core that trains.

    The turn begins when the whole request has arrived, so that a slow line does not keep others waiting.
    """

    def __init__(self, app: ASGIApp, at_a_time: int) -> None:
        self.app = app
        self._turns = asyncio.Semaphore(at_a_time)
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        computed = scope["type"] == "http" and (scope["method"] == "POST" or scope["path"].endswith(COMPUTING))
        if not computed:
            await self.app(scope, receive, send)
            return
        has_turn = False

        async def receive_then_wait() -> Message:
            nonlocal has_turn
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body") and not has_turn:
                await self._turn()
                has_turn = True
            return message

        try:
            if scope["method"] != "POST":  # all of it is there already
                await self._turn()
                has_turn = True
            await self.app(scope, receive_then_wait, send)
        except _Busy:
            await _busy(send)
        except ClientDisconnect:  # nobody is there to be answered
            pass
        finally:
            if has_turn:
                self._turns.release()

    async def _turn(self) -> None:
        if self._waiting >= WAITING:
            raise _Busy
        self._waiting += 1
        try:
            async with asyncio.timeout(TURN):
                await self._turns.acquire()
        except TimeoutError:
            raise _Busy from None
        finally:
            self._waiting -= 1


async def _busy(send: Send) -> None:
    seconds = 5
    answer = JSONResponse(body("busy", seconds=seconds), 503, headers={"retry-after": str(seconds)})
    await send({"type": "http.response.start", "status": 503, "headers": answer.raw_headers})
    await send({"type": "http.response.body", "body": answer.body})
