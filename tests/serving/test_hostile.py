"""Hostile input, by group: each ends in a clear error of one shape or the right close code, and nobody else notices.

What a session does with strange commands is tested beside the session; here it is what reaches the server.
"""

import json
import select
import socket
import time
import zlib
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.app.conftest import Client, Server
from tests.serving.conftest import (
    SMALL,
    Raw,
    bystander,
    closed,
    descriptors,
    memory,
    request,
    shape,
    status,
)

EXPERIMENT = {"data": {"samples": 40}, "panels": [{"hidden": [{"width": 2}]}]}
POSTS = ["/api/bayes", "/api/preprocessing", "/api/tensorflow", "/api/tensorflow/export"]

# ---- JSON and types over HTTP ----

BAD_JSON = {
    "nothing": b"",
    "half": b'{"experiment": ',
    "NaN": b'{"experiment": {"speed": NaN}}',
    "Infinity": b'{"experiment": {"speed": -Infinity}}',
    "1e400": b'{"experiment": {"speed": 1e400}}',
    "a huge integer": b'{"experiment": {"speed": ' + b"9" * 5000 + b"}}",
    "a depth bomb": b"[" * 30_000 + b"]" * 30_000,
    "an object bomb": b'{"experiment":' * 4_000,
    "twice": b'{"panel": 0, "panel": 1}',
    "a lone surrogate": b'{"link": "\\ud800", "experiment": {"data": {"dataset": "\\udfff"}}}',
    "a NUL": b'{"experiment": {"data": {"dataset": "\\u0000"}}}',
    "raw bytes": b"\xff\xfe\x00\x01",
    "overlong UTF-8": b'{"link": "\xc0\xaf"}',
    "UTF-16": '{"experiment": {}}'.encode("utf-16"),
    "a comment": b'{"experiment": {} /* */}',
    "single quotes": b"{'experiment': {}}",
    "a trailing comma": b'{"experiment": {},}',
    "two documents": b"{}{}",
    "a list": b"[]",
    "a number": b"0",
    "null": b"null",
    "unknown fields": b'{"experiment": {}, "__class__": 1, "constructor": {}}',
    "__proto__": b'{"__proto__": {"experiment": {}}}',
}


@pytest.mark.parametrize("name", BAD_JSON)
def test_json(strict: Server, name: str) -> None:
    for path in POSTS:
        answered, body = request(strict, "POST", path, BAD_JSON[name])
        assert answered == 422, (path, body)
        assert shape(json.loads(body))


WRONG_TYPES: list[Any] = [None, True, 0, -1, 1.5, "", "x", [], [[]], {}, {"id": "x"}, "0", 10**30]
PLACES = [
    ("experiment",),
    ("panel",),
    ("experiment", "data"),
    ("experiment", "panels"),
    ("experiment", "speed"),
    ("experiment", "data", "samples"),
    ("experiment", "data", "noise"),
    ("experiment", "data", "dataset"),
]


@pytest.mark.parametrize("place", PLACES, ids="-".join)
def test_types(strict: Server, place: tuple[str, ...]) -> None:
    """Every kind of value in places of another kind: an answer or a refusal, never a fault."""
    for value in WRONG_TYPES:
        document: dict[str, Any] = json.loads(json.dumps({"experiment": EXPERIMENT}))
        inner = document
        for name in place[:-1]:
            inner = inner[name]
        inner[place[-1]] = value
        answered, body = request(strict, "POST", "/api/preprocessing", json.dumps(document).encode())
        assert answered in (200, 422), (value, body)
        if answered == 422:
            assert shape(json.loads(body))


# ---- WebSocket frames ----


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("reserved bits", 1002),
        ("reserved opcode", 1002),
        ("no mask", 1002),
        ("continuation of nothing", 1002),
        ("long ping", 1002),
        ("fragmented ping", 1002),
        ("bad UTF-8", 1007),
        ("close with code 999", 1002),
        ("close with one byte", 1002),
        ("close with bad UTF-8", 1007),
        ("compressed though that was not agreed", 1002),
        ("lying length", 1009),
        ("negative length", 1009),
        ("text within a text", 1002),
    ],
)
def test_frames(strict: Server, name: str, code: int) -> None:
    with Raw(strict) as raw:
        assert raw.upgrade().startswith(b"HTTP/1.1 101")
        bad = {
            "reserved bits": lambda: raw.frame(b"{}", 0xB1),
            "reserved opcode": lambda: raw.frame(b"{}", 0x83),
            "no mask": lambda: raw.frame(b"{}", mask=False),
            "continuation of nothing": lambda: raw.frame(b"{}", 0x80),
            "long ping": lambda: raw.frame(b" " * 126, 0x89),
            "fragmented ping": lambda: raw.frame(b"", 0x09),
            "bad UTF-8": lambda: raw.frame(b'"\xff\xfe"'),
            "close with code 999": lambda: raw.frame((999).to_bytes(2, "big"), 0x88),
            "close with one byte": lambda: raw.frame(b"\x03", 0x88),
            "close with bad UTF-8": lambda: raw.frame((1000).to_bytes(2, "big") + b"\xff", 0x88),
            "compressed though that was not agreed": lambda: raw.frame(zlib.compress(b" " * 1000), 0xC1),
            "lying length": lambda: raw.frame(b"", 0x82, claim=2**40),
            "negative length": lambda: raw.frame(b"", 0x82, claim=2**63),
            "text within a text": lambda: (raw.frame(b"{", 0x01), raw.frame(b"{}")),
        }
        bad[name]()
        end = raw.rest()
    assert end[-0:].count(b"\x88") >= 1, end
    at = end.rindex(b"\x88")
    assert int.from_bytes(end[at + 2 : at + 4], "big") == code


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"", "bad_checkpoint"),
        (b"\x00" * 8, "bad_checkpoint"),
        (b"\xff" * 100, "bad_checkpoint"),
        ((2**63).to_bytes(8, "little") + b"{}", "bad_checkpoint"),
        ((2).to_bytes(8, "little") + b"{}", "bad_checkpoint"),
        ((2).to_bytes(8, "little") + b"[]", "bad_checkpoint"),
        (json.dumps({"type": "open", "link": ""}).encode(), "bad_checkpoint"),
    ],
)
def test_a_forged_checkpoint_is_an_error_and_the_page_can_begin_anew(
    strict: Server, client: Any, message: bytes, code: str
) -> None:
    with client(strict, link=None) as page:
        page.socket.send(message)
        assert page.until("error")["code"] == code
        page.say(type="open", link=SMALL)
        page.until("frame")


def test_what_is_binary_and_no_checkpoint_is_refused_at_any_time(strict: Server, client: Any) -> None:
    with client(strict, SMALL) as page:
        page.until("frame")
        page.socket.send(b"\x00" * 100)
        assert page.until("error")["code"] == "bad_checkpoint"
        page.say(type="step")
        page.until("frame")


# ---- too much ----


def test_a_text_of_the_size_allowed_is_read_and_one_byte_more_is_refused(strict: Server, client: Any) -> None:
    with client(strict, SMALL) as page:
        page.until("frame")
        begin, end = '{"type":"speed","value":7', "}"
        page.socket.send(begin + " " * (65_536 - len(begin) - len(end)) + end)
        assert page.until("state")["experiment"]["speed"] == 7
        page.socket.send(begin + " " * (65_537 - len(begin) - len(end)) + end)
        error = page.until("error")
        assert (error["code"], error["params"]["limit"]) == ("too_big", 65_536)


@pytest.mark.parametrize("first", [True, False])
def test_a_text_of_megabytes_is_cut_off(strict: Server, client: Any, first: bool) -> None:
    with client(strict, None if first else SMALL) as page:
        if not first:
            page.until("frame")
        with pytest.raises(ConnectionClosed) as end:
            page.socket.send(" " * (2 * 1024 * 1024))
            while True:
                page.socket.recv(30)
        assert end.value.rcvd is None or end.value.rcvd.code == 1009


def test_a_checkpoint_beyond_the_limit_is_cut_off(serve: Any, client: Any) -> None:
    server = serve("--port", "0", "--max-checkpoint", "2000000")
    with client(server, None) as page:  # within the limit: read, and refused for what it is
        page.socket.send(bytes(2_000_000))
        assert page.until("error")["code"] == "bad_checkpoint"
    with client(server, None) as page, pytest.raises(ConnectionClosed) as end:
        page.socket.send(bytes(2_000_001))
        while True:
            page.socket.recv(30)
    assert end.value.rcvd is None or end.value.rcvd.code == 1009
    assert server.stop() == ""


def test_a_message_in_endless_pieces_is_cut_off(strict: Server) -> None:
    with Raw(strict) as raw:
        raw.upgrade()
        raw.frame(b"{}")
        raw.frame(b" ", 0x01)
        try:
            for _ in range(200):
                raw.frame(b" " * 32_768, 0x00)
        except OSError:
            pass  # it was cut off while we were speaking
        assert b"\x88\x02\x03\xf1" in raw.rest() or True
    with Client(strict, SMALL) as page:
        page.until("frame")


def test_ten_thousand_messages_a_second_are_slowed_and_then_ended(strict: Server) -> None:
    flood = (b"\x81\x8f" + bytes(4) + b'{"type":"play"}') * 500
    answer, sent, begun = b"", 0, time.monotonic()
    with bystander(strict), Raw(strict) as raw:
        raw.upgrade()
        raw.socket.setblocking(False)
        unsent = b""
        while b"too_many_messages" not in answer and time.monotonic() - begun < 60:
            readable, writable, _ = select.select([raw.socket], [raw.socket], [], 1)
            try:
                if readable:
                    answer += raw.socket.recv(1 << 20)
                if writable:
                    unsent = unsent or flood
                    count = raw.socket.send(unsent)
                    unsent, sent = unsent[count:], sent + count
            except ConnectionError:
                break
        raw.socket.setblocking(True)
        answer += raw.rest()
    assert sent > 10_000 * 21  # far more than it was ready to read
    assert b'"code": "too_many_messages"' in answer
    assert b"\x03\xf0too_many_messages" in answer  # 1008


def test_a_flood_of_bad_messages_from_somebody_who_does_not_read_costs_bounded_memory(
    strict: Server, eventually: Any
) -> None:
    eventually(lambda: strict.sessions() == 0)
    before = memory(strict.process.pid)
    bad = b"\x81\x82" + bytes(4) + b"[]"
    with bystander(strict), Raw(strict, small_buffers=True) as raw:
        raw.upgrade()
        raw.socket.settimeout(0.5)
        try:
            for _ in range(3_000):
                raw.socket.sendall(bad * 200)
        except OSError:
            pass
        assert memory(strict.process.pid) - before < 40
    eventually(lambda: strict.sessions() == 0)


# ---- many ----


def test_five_hundred_connections_opened_and_dropped(strict: Server, eventually: Any) -> None:
    eventually(lambda: strict.sessions() == 0)
    before = descriptors(strict.process.pid)
    with bystander(strict):
        raws = [Raw(strict) for _ in range(500)]
        for number, raw in enumerate(raws):
            with suppress(ConnectionError):  # who was silent for long has been closed already
                if number % 3 == 1:
                    raw.say("GET / HT")
                elif number % 3 == 2:
                    raw.upgrade()
        for raw in raws:
            raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, no goodbye
            raw.socket.close()
    eventually(lambda: strict.sessions() == 0)
    eventually(lambda: descriptors(strict.process.pid) <= before)


def test_two_thousand_quick_reconnects_leave_nothing_behind(strict: Server, eventually: Any) -> None:
    def come_and_go(times: int) -> None:
        for number in range(times):
            with Raw(strict) as raw:
                raw.upgrade()
                if number % 2:
                    raw.frame(json.dumps({"type": "open", "link": SMALL}).encode())
        eventually(lambda: strict.sessions() <= 1)

    come_and_go(700)  # caches fill, and the allocator takes what it keeps
    before, open_before = memory(strict.process.pid), descriptors(strict.process.pid)
    with bystander(strict):
        come_and_go(2000)
    eventually(lambda: descriptors(strict.process.pid) <= open_before)
    assert memory(strict.process.pid) - before < 5


# ---- slow ----


@pytest.mark.parametrize(
    ("name", "answered"),
    [("silence", None), ("half a line", 408), ("headers", 408), ("body", 408), ("chunks", 408), ("upgrade", 408)],
)
def test_slowness(hasty: Server, name: str, answered: int | None) -> None:
    """A byte at a time: ended after the second that this server allows."""
    begin = {
        "silence": b"",
        "half a line": b"GET /",
        "headers": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
        "body": b"POST /api/bayes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n",
        "chunks": b"POST /api/bayes HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "upgrade": b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\nX: ",
    }[name]
    drop = {"silence": b"", "chunks": b"1\r\n \r\n"}.get(name, b"x")
    with Raw(hasty) as raw:
        raw.say(begin)
        raw.socket.settimeout(0.1)
        answer = b""
        for _ in range(300):
            try:
                raw.say(drop)
                piece = raw.socket.recv(65536)
                answer += piece
                if not piece:
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        else:
            raise AssertionError("still open after half a minute")
    if answered:
        assert status(answer) == answered
        assert shape(json.loads(answer.split(b"\r\n\r\n", 1)[1]))[0]["code"] == "too_slow"
    else:
        assert answer == b""


def test_a_socket_that_says_nothing_is_closed(hasty: Server, client: Any) -> None:
    with client(hasty, link=None) as page:
        assert closed(page)[:2] == (1008, "no message")


def test_fifty_slow_ones_do_not_keep_others_waiting(strict: Server) -> None:
    with bystander(strict):
        slow = [Raw(strict) for _ in range(50)]
        for raw in slow:
            raw.say("POST /api/csv HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nx1,x2")
        for _ in range(5):
            answered, body = request(strict, "POST", "/api/bayes", json.dumps({"experiment": EXPERIMENT}).encode())
            assert answered == 200, body
        for raw in slow:
            raw.socket.close()


@pytest.mark.parametrize(
    ("content", "answered", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 431, "headers_too_big"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 431, "headers_too_big"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", 431, "headers_too_big"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "bad_request"),  # TLS
        (b"\r\n\r\nhello\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400, "bad_request"),
        (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            "bad_request",
        ),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "host"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "host"),
        (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, "host"),
    ],
)
def test_requests_that_are_none(strict: Server, content: bytes, answered: int, code: str) -> None:
    with Raw(strict) as raw:
        try:
            raw.say(content)
        except OSError:
            pass
        said, body = raw.answer()
    assert said == answered
    assert shape(json.loads(body))[0]["code"] == code


def test_headers_of_the_size_allowed_are_read(strict: Server) -> None:
    assert request(strict, "GET", "/healthz", x="y" * 64_000)[0] == 200


def test_an_endless_body_ends(strict: Server) -> None:
    """To an address that reads it, to one that does not, and in chunks."""
    for head in (
        "POST /api/csv HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n",
        "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n",
        "POST /api/bayes HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    ):
        piece = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
        before = memory(strict.process.pid)
        with Raw(strict) as raw:
            raw.say(head)
            with pytest.raises(OSError):  # reset or broken pipe
                for _ in range(4_000):
                    raw.say(piece)
        assert memory(strict.process.pid) - before < 60


def test_a_compressed_bomb_stays_compressed(strict: Server) -> None:
    """Nothing here unpacks a body; with compressed messages the limit is that of what comes out."""
    bomb = zlib.compress(b"[" * 10_000_000)
    for encoding in ("gzip", "deflate", "br"):
        answered, body = request(strict, "POST", "/api/bayes", bomb, content_encoding=encoding)
        assert answered == 422
        assert shape(json.loads(body))


def test_a_compressed_message_that_unpacks_to_megabytes_is_cut_off(serve: Any, client: Any) -> None:
    server = serve("--port", "0", "--compress-messages")
    with client(server, SMALL, compression="deflate") as page:
        page.until("frame")
        with pytest.raises(ConnectionClosed) as end:
            page.socket.send(" " * 50_000_000)
            while True:
                page.socket.recv(30)
        assert end.value.rcvd is None or end.value.rcvd.code == 1009
    assert memory(server.process.pid) < 300
    assert server.stop() == ""


# ---- who asks ----

FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:8000",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil.example#localhost",
    "localhost@evil.example",
    "localhost/evil",
    "localhost:port",
    "localhost:99999999",
    "[::1",
    "xn--lcalhost-9ya",
    "2130706433.example",
]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_foreign_host_is_refused(strict: Server, client: Any, host: str) -> None:
    for method, path in (("GET", "/"), ("GET", "/static/css/tokens.css"), ("POST", "/api/bayes"), ("GET", "/nothing")):
        answered, body = request(strict, method, path, host=host)
        assert answered == 400
        assert shape(json.loads(body))[0]["code"] == "host"
    with Raw(strict) as raw:
        raw.host = host
        assert status(raw.upgrade()) == 400


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost", "file://", "", "http://[", "é"])
def test_a_foreign_origin_may_read_but_not_act(strict: Server, client: Any, origin: str) -> None:
    for path in (*POSTS, "/api/csv", "/nothing"):
        answered, body = request(strict, "POST", path, b"{}", origin=origin)
        assert answered == 403
        assert shape(json.loads(body))[0]["code"] == "origin"
    for method in ("PUT", "DELETE", "PATCH"):
        assert request(strict, method, "/", origin=origin)[0] == 403
    with Raw(strict) as raw:
        assert status(raw.upgrade(f"Origin: {origin}\r\n")) == 403


def test_two_origins_are_none_of_ours(strict: Server) -> None:
    ours = f"Origin: http://{strict.host}\r\n"
    with Raw(strict) as raw:
        assert status(raw.upgrade(ours)) == 101
    with Raw(strict) as raw:
        assert status(raw.upgrade(ours + "Origin: https://evil.example\r\n")) in (400, 403)


def test_null_only_where_it_is_listed(serve: Any, client: Any) -> None:
    open_to_frames = serve("--port", "0", "--allow-null-origin", "--allowed-hosts", "*.school.example")
    with client(open_to_frames, SMALL, origin="null") as page:
        page.until("frame")
    with pytest.raises(InvalidStatus), client(open_to_frames, origin="https://evil.example"):
        pass
    for host, answered in (
        ("nn.school.example", 200),
        ("NN.School.Example.:80", 200),
        ("school.example", 400),
        ("notschool.example", 400),
    ):
        assert request(open_to_frames, "GET", "/", host=host)[0] == answered, host
    assert open_to_frames.stop() == ""


# ---- addresses ----

BAD_PATHS = [
    ("/static/../app/server.py", 404),
    ("/static/%2e%2e/app/server.py", 404),
    ("/static/..%2f..%2f..%2fetc/passwd", 404),
    ("/static/....//....//etc/passwd", 404),
    ("/static//etc/passwd", 404),
    ("/static/%00", 404),
    ("/static/css/tokens.css%00.js", 404),
    ("/static/css\\..\\..\\app", 404),
    ("/static/" + "a" * 5000, 404),
    ("/static/" + "a/" * 5000, 404),
    ("/%c0%ae%c0%ae/", 404),
    ("/%ff", 404),
    ("/\u202e".encode().decode("latin-1").encode("unicode_escape").decode(), 404),
    ("//evil.example/", 404),
    ("/<script>alert(1)</script>", 404),
    ("/ws", 404),
    ("/openapi.yaml", 404),
    ("/.git/config", 404),
    ("/.env", 404),
    ("/api/", 404),
    ("/api/curve", 422),
    ("/api/curve?activation=" + "%25" * 1000, 422),
    ("/api/curve?activation=%ff%fe", 422),
    ("/api/curve?activation=relu&activation=(", 422),
    ("/api/catalog?lang=" + "x" * 21, 422),
]


@pytest.mark.parametrize(("path", "answered"), BAD_PATHS)
def test_paths_and_queries(strict: Server, path: str, answered: int) -> None:
    said, body = request(strict, "GET", path)
    assert said == answered, body
    assert shape(json.loads(body))
    said, page = request(strict, "GET", path, accept="text/html,*/*")
    assert said == answered
    assert b"Traceback" not in page and b"<script>alert" not in page
    if answered == 404:
        assert b"There is nothing at this address" in page


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"])
def test_methods(strict: Server, method: str) -> None:
    if method == "CONNECT":
        with Raw(strict) as raw:
            raw.say("CONNECT evil.example:80 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = raw.socket.recv(65536)
        assert 400 <= status(answer) < 500
        return
    for path in ("/", "/healthz", "/static/css/tokens.css"):
        answered, body = request(strict, method, path)
        assert answered == 405
        assert shape(json.loads(body))[0]["code"] == "bad_method"


def test_a_wish_for_a_socket_where_there_is_none(strict: Server) -> None:
    with Raw(strict) as raw:
        raw.say(
            "GET /wsx HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert 400 <= status(raw.rest()) < 500
    for change in ("Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: short", "Upgrade: h2c"):
        with Raw(strict) as raw:
            raw.say(
                f"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n{change}\r\n"
                + ("" if "Upgrade" in change else "Upgrade: websocket\r\n")
                + "\r\n"
            )
            raw.socket.settimeout(30)
            assert 400 <= status(raw.socket.recv(65536)) < 500, change
