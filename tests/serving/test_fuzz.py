"""Anything at all, for some seconds: over HTTP an answer or a refusal of one shape, on a socket a session that lives.

``NN_PLAYGROUND_FUZZ=600 python -m pytest tests/serving/test_fuzz.py`` goes on for ten minutes in each test, with new
inputs each time; by itself it takes ten seconds, and the same inputs every time.
"""

import json
import os
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.protocol import COMMANDS
from app.schema import dump
from app.server import create_app
from engine import Experiment
from tests.app.conftest import CHARACTERS, Server, _values
from tests.serving.conftest import SMALL, request, shape

ASKED = "NN_PLAYGROUND_FUZZ"
SECONDS = float(os.environ.get(ASKED, 10))
FUZZ = settings(
    deadline=None,
    max_examples=max(1, int(8 * SECONDS)),
    derandomize=ASKED not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)

TEXT = st.text(st.characters() | CHARACTERS, max_size=30)
NUMBERS = st.integers() | st.floats() | st.sampled_from([0, -1, 2**31, 2**53 + 1, 10**400, 1e308, 5e-324, -0.0])
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
EXPERIMENTS = _values(Experiment, {"width": 8, "samples": 200, "hidden": 3, "panels": 3, "seeds": 2}).map(dump)


def places(document: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON document, as what holds it and its name or number there."""
    inner = document.items() if isinstance(document, dict) else enumerate(document)
    found = []
    for key, value in inner:
        found.append((document, key))
        if isinstance(value, dict | list):
            found += places(value)
    return found


@st.composite
def nearly(draw: Any, documents: st.SearchStrategy[Any]) -> Any:
    """A document in which up to three places hold something else, or something has been left out or added."""
    document = json.loads(json.dumps(draw(documents)))
    for _ in range(draw(st.integers(0, 3))):
        if not (where := places(document)):
            break
        holder, key = draw(st.sampled_from(where))
        change = draw(st.sampled_from(["another", "away", "twice", "new"]))
        if change == "another":
            holder[key] = draw(JSON)
        elif change == "away":
            del holder[key]
        elif change == "twice" and isinstance(holder, list):
            holder.insert(key, holder[key])
        elif isinstance(holder, dict):
            holder[draw(TEXT)] = holder[key]
    return document


def until_time_is_up() -> Callable[[], bool]:
    """The budget is a time; what is left of the examples when it is over passes at once."""
    end = time.monotonic() + SECONDS
    return lambda: time.monotonic() > end


# ---- HTTP ----

ROUTES = sorted(
    (method, path)
    for path, item in create_app().openapi()["paths"].items()
    for method in (name.upper() for name in item)
    if not path.startswith("/static")
)
TABLES = st.lists(st.lists(TEXT | NUMBERS.map(str), min_size=1, max_size=4), max_size=12)
BODIES = (
    st.binary(max_size=200)
    | JSON.map(lambda value: json.dumps(value).encode())
    | nearly(st.fixed_dictionaries({"experiment": EXPERIMENTS}, optional={"panel": st.integers(-1, 7)})).map(
        lambda value: json.dumps(value).encode()
    )
    | TEXT.map(lambda link: json.dumps({"link": link}).encode())
    | st.tuples(TABLES, st.sampled_from(",;\t|"), st.sampled_from(["utf-8", "utf-16", "latin-1"])).map(
        lambda words: "\n".join(words[1].join(row) for row in words[0]).encode(words[2], errors="replace")
    )
)
QUERIES = st.dictionaries(
    st.sampled_from(["lang", "activation", "x", "y", "label", "tf", "v", "theme", "hide"]) | TEXT,
    TEXT | NUMBERS.map(str) | st.sampled_from(["en", "zh", "relu", "leaky_relu(slope=0.3)", "0", "1"]),
    max_size=3,
)


def test_http(strict: Server) -> None:
    over = until_time_is_up()

    @FUZZ
    @given(
        st.sampled_from(ROUTES),
        st.sampled_from(["GET", "POST", "HEAD", "PUT", "OPTIONS"]) | st.none(),
        TEXT,
        QUERIES,
        BODIES,
        st.booleans(),
    )
    def anything(
        route: tuple[str, str], other: str | None, name: str, query: dict[str, str], body: bytes, page: bool
    ) -> None:
        if over():
            return
        method, path = route
        method = other or method
        path = path.replace("{name}", quote(name.encode(errors="surrogatepass"), safe=""))
        words = urlencode({k.encode(errors="replace"): v.encode(errors="replace") for k, v in query.items()})
        accept = "text/html" if page else "*/*"
        status, answer = request(strict, method, f"{path}?{words}", body, accept=accept)
        assert status < 500, (method, path, words, body, answer)
        if status >= 400 and method != "HEAD":
            assert b"Traceback" not in answer
            if not answer.lstrip().startswith(b"<!"):
                assert shape(json.loads(answer)), (method, path, words, body, answer)

    anything()


def test_what_the_api_says_of_itself(strict: Server) -> None:
    """Every operation in the server's own description, by whoever knows nothing but that."""
    over = until_time_is_up()
    schema = schemathesis.openapi.from_dict(create_app().openapi())
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == len(ROUTES)
    for operation in operations:

        @settings(FUZZ, max_examples=max(1, FUZZ.max_examples // len(operations)))
        @given(operation.as_strategy())
        def answered(case: schemathesis.Case) -> None:
            if over():
                return
            response = case.call(base_url=f"http://{strict.host}")
            assert response.status_code < 500, case.as_curl_command()
            refused = response.status_code >= 400 and case.method != "HEAD"
            if refused and not response.content.lstrip().startswith(b"<!"):
                assert shape(response.json()), case.as_curl_command()

        answered()


# ---- the socket ----

NAMES = [command.model_fields["type"].annotation.__args__[0] for command in COMMANDS]  # type: ignore[union-attr]
FIELDS = sorted({field for command in COMMANDS for field in command.model_fields if field != "type"})
HARMLESS = sorted(set(NAMES) - {"ack"})  # acknowledging what comes is the reader's task
COMMAND = st.fixed_dictionaries(
    {"type": st.sampled_from(HARMLESS)},
    optional={
        field: st.integers(-1, 3) | st.sampled_from(["noise", "seed", "width", "learning_rate", "inside"]) | JSON
        for field in FIELDS
    },
)
CONFIGURE = st.fixed_dictionaries({"type": st.just("configure"), "experiment": EXPERIMENTS})
SIMPLE = st.fixed_dictionaries({"type": st.sampled_from(HARMLESS)})
MESSAGES = (
    TEXT
    | st.binary(max_size=60)
    | (JSON | COMMAND | SIMPLE | nearly(CONFIGURE)).map(lambda value: json.dumps(value).encode().decode())
)


def test_a_session(strict: Server, client: Any) -> None:
    over = until_time_is_up()

    @FUZZ
    @given(st.lists(MESSAGES, min_size=1, max_size=6))
    def anything(messages: list[str | bytes]) -> None:
        if over():
            return
        with client(strict, SMALL) as page:
            page.until("frame")
            for message in messages:
                page.socket.send(message.encode(errors="replace").decode() if isinstance(message, str) else message)
            # It is there, and does what it is told.
            page.say(type="open", link=SMALL)
            page.say(type="speed", value=17)
            page.until("state", lambda state: state["experiment"]["speed"] == 17)
            page.say(type="step")
            page.until("frame", lambda frame: int(frame["step"][0]) > 0)
            for event in page.seen:
                if isinstance(event, dict) and event["type"] == "error":
                    assert {"path", "code", "params", "message"} <= set(event) and event["message"], event
                    assert event["code"] != "internal", (messages, event)

    anything()
