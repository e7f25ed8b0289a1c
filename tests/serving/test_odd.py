"""Odd but valid: what a guard that refuses everything would refuse too. All of it must be accepted."""

import json
from typing import Any

import pytest

from tests.app.conftest import Server
from tests.serving.conftest import SMALL, Raw, request

# ---- tables ----

TABLE = "x1,x2,class\n0.1,0.2,a\n0.3,-0.4,b\n.5,1e-1,a\n"
TABLES: dict[str, str | bytes] = {
    "plain": TABLE,
    ".5 and 1e-1": "x1,x2,class\n.5,-.5,a\n+1e-1,5.,b\n",
    "a trailing blank line": TABLE + "\n",
    "many trailing blank lines": TABLE + "\n\n\n",
    "no newline at the end": TABLE.rstrip(),
    "CRLF": TABLE.replace("\n", "\r\n"),
    "old Mac": TABLE.replace("\n", "\r"),
    "BOM": "\ufeff" + TABLE,
    "UTF-16": TABLE.encode("utf-16"),
    "Chinese names": "横,纵,类\n1,2,甲\n3,4,乙\n",
    "emoji": "x1,x2,class\n1,2,😀\n3,4,🎉\n",
    "semicolons": TABLE.replace(",", ";"),
    "tabs": TABLE.replace(",", "\t"),
    "bars": TABLE.replace(",", "|"),
    "quoted": 'x1,x2,class\n"1","2","a, really"\n"3","4","say ""b"""\n',
    "blanks around": "x1 , x2 , class\n 1 , 2 , a \n 3 , 4 , b \n",
    "integers": "x1,x2,class\n1,2,0\n3,4,1\n",
    "no header": "1,2,a\n3,4,b\n",
    "another order": "class,x2,x1\na,2,1\nb,4,3\n",
    "more columns": "id,x1,note,x2,class\n7,1,hi,2,a\n8,3,,4,b\n",
    "2,000 rows": "x1,x2,class\n" + "".join(f"{n / 1000},{-n / 1000},{n % 2}\n" for n in range(2000)),
    "all the same place": "x1,x2,class\n1,1,a\n1,1,b\n1,1,a\n",
    "negative zero": "x1,x2,class\n-0,0,a\n-0.0,0,b\n",
    "a class called null": "x1,x2,class\n1,2,null\n3,4,true\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(strict: Server, name: str) -> None:
    content = TABLES[name]
    answered, body = request(strict, "POST", "/api/csv", content.encode() if isinstance(content, str) else content)
    assert answered == 200, json.loads(body)


# ---- JSON ----

DOCUMENTS = {
    "an integer for a number": '{"experiment": {"panels": [{"learning_rate": 1}]}}',
    "1e0": '{"experiment": {"panels": [{"learning_rate": 1e0}]}}',
    "a number with many digits": '{"experiment": {"panels": [{"learning_rate": 0.1000000000000000055511151231257}]}}',
    "nothing but defaults": '{"experiment": {}}',
    "blanks and newlines": ' \r\n\t{ "experiment" :\n{ } } \n',
    "escapes": '{"\\u0065xperiment": {}}',
    "a surrogate pair": '{"experiment": {"data": {"dataset": "cir\\u0063le"}}}',
    "the largest seed": '{"experiment": {"data": {"seed": 2147483647}}}',
    "zero noise": '{"experiment": {"data": {"noise": 0}}}',
    "negative zero": '{"experiment": {"data": {"noise": -0.0}}}',
    "no hidden layer": '{"experiment": {"panels": [{"hidden": []}]}}',
    "six panels": '{"experiment": {"panels": [{}, {}, {}, {}, {}, {}]}}',
    "a short form": '{"experiment": {"panels": [{"hidden": [{"width": 3, "activation": "leaky_relu(slope=0.1)"}]}]}}',
    "a formula": '{"experiment": {"panels": [{"features": ["x1", {"id": "formula", "expression": "x₁·x₂"}]}]}}',
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents(strict: Server, name: str) -> None:
    answered, body = request(strict, "POST", "/api/preprocessing", DOCUMENTS[name].encode())
    assert answered == 200, json.loads(body)


# ---- messages on the socket ----

LINKS = [
    "",
    "v=1",
    "#v=1",
    "learning_rate=1",
    "noise=0&samples=20",
    "hidden=",
    "hidden=1",
    "hidden=128",
    "b&c&d&e&f",
    "title=%E4%BD%A0%E5%A5%BD",
    "v=1&&&samples=40",
    "samples=40&samples=50",
    "dataset=spiral&seed=0",
    "speed=0.1",
]


@pytest.mark.parametrize("link", LINKS)
def test_links(strict: Server, client: Any, link: str) -> None:
    with client(strict, link) as page:
        page.until("frame")
        assert not [message for message in page.seen if isinstance(message, dict) and message["type"] == "error"]


def test_messages(strict: Server, client: Any) -> None:
    with client(strict, SMALL) as page:
        page.until("frame")
        for text, speed in (
            ('{"value":3,"type":"speed"}', 3),
            ('  {"type": "speed", "value": 4}\r\n', 4),
            ('{"type": "speed", "value": 5.0}', 5),
            ('{"\\u0074ype": "speed", "value": 60e-1}', 6),
        ):
            page.socket.send(text)
            assert page.until("state")["experiment"]["speed"] == speed
        page.socket.send(["{", '"type": "sp', 'eed", "value"', ": 7}"])  # in pieces
        assert page.until("state")["experiment"]["speed"] == 7
        page.socket.ping().wait(5)
        page.say(type="step")
        page.until("frame", lambda frame: frame["step"][0] == 1)


def test_a_page_that_connects_speaks_and_leaves_in_one_breath(strict: Server) -> None:
    with Raw(strict) as raw:
        assert raw.upgrade().startswith(b"HTTP/1.1 101")
        raw.frame(json.dumps({"type": "open", "link": SMALL}).encode())
        raw.frame((1000).to_bytes(2, "big"), 0x88)
        assert b"\x88" in raw.rest()


# ---- requests ----


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:1",
        "localhost.",
        "127.0.0.1",
        "127.1.2.3:99",
        "[::1]:80",
        "192.168.7.7",
        "nn.localhost:80",
    ],
)
def test_hosts(strict: Server, host: str) -> None:
    assert request(strict, "GET", "/", host=host)[0] == 200
    assert request(strict, "POST", "/api/bayes", b'{"experiment": {}}', host=host, origin=f"http://{host}")[0] == 200


@pytest.mark.parametrize(
    "content",
    [
        b"GET /healthz HTTP/1.0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: balancer.example\r\n\r\n",
        b"\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz? HTTP/1.1\r\nhost:localhost\r\n\r\n",
        b"GET /healthz?a=%ff&b=%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"a=b; " * 2000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
        b"GET /%68ealthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    ],
)
def test_requests(strict: Server, content: bytes) -> None:
    with Raw(strict) as raw:
        raw.say(content)
        answered, body = raw.answer()
    assert (answered, body) == (200, b'{"status":"ok"}')


def test_several_requests_on_one_connection_and_at_once(strict: Server) -> None:
    one = b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with Raw(strict) as raw:
        raw.say(one * 19 + one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert raw.rest().count(b"HTTP/1.1 200") == 20


def test_a_body_in_single_bytes_is_read(strict: Server) -> None:
    content = b'{"experiment": {}}'
    with Raw(strict) as raw:
        raw.say("POST /api/preprocessing HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        for byte in content:
            raw.say(b"1\r\n" + bytes([byte]) + b"\r\n")
        raw.say(b"0\r\nX-Trailer: y\r\n\r\n")
        assert raw.answer()[0] == 200
