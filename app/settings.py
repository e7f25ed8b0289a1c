"""Settings of the server, from the command line or from environment variables ``NN_PLAYGROUND_…``.

The defaults suit one class on a laptop or behind one school's address. What is wrong ends the start, with its name and
its range.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.bounds import MAX_CHECKPOINT, MAX_UPDATES, Bounds
from app.protocol import MAX_MESSAGE
from engine.own import MAX_POINTS
from engine.spec import MAX_DEPTH, MAX_PANELS, MAX_WIDTH

DEFAULT_PORT = 8000

_HOST = re.compile(r"\*|(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_ORIGIN = re.compile(r"https?://[^\s/?#@\\]+", re.IGNORECASE)
_FRAME = re.compile(r"\*|'none'|https?://(\*\.)?[A-Za-z0-9_.:\[\]-]+(:\*)?", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[A-Za-z0-9_.:\[\]-]+(/[A-Za-z0-9._~-]+)*/?", re.IGNORECASE)
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")


def _host_pattern(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError(f"{value!r} is no host name; expected one such as playground.school.example, *.example or *")
    return value.lower()


def _origin(value: str) -> str:
    if not _ORIGIN.fullmatch(value):
        raise ValueError(f"{value!r} is no origin; expected one such as https://school.example")
    return value.lower()


def _any_origin(value: str) -> str:
    return value if value == "*" else _origin(value)


def _frame(value: str) -> str:
    if not _FRAME.fullmatch(value):
        raise ValueError(
            f"{value!r} is no page to be embedded in; expected an origin such as https://school.example,"
            " https://*.school.example, * for any or 'none'"
        )
    return value.lower()


def _address(value: str) -> str:
    if value and not _ADDRESS.fullmatch(value):
        raise ValueError(f"{value!r} is no address; expected one such as https://playground.school.example/")
    return f"{value.rstrip('/')}/" if value else ""


def _prefix(value: str) -> str:
    if not _PREFIX.fullmatch(value):
        raise ValueError(f"{value!r} is no prefix; expected one such as /playground")
    return value.rstrip("/")


class Settings(BaseSettings):
    """How to serve. Every field is an option of ``nn-playground serve``."""

    model_config = SettingsConfigDict(env_prefix="NN_PLAYGROUND_", cli_kebab_case=True)

    # ---- where ----

    host: Annotated[str, Field(description="Address to listen on; 0.0.0.0 opens the playground to the network.")] = (
        "127.0.0.1"
    )
    port: Annotated[
        int | None,
        Field(
            ge=0,
            le=65535,
            description=f"Port to listen on; 0 takes any. Without it, {DEFAULT_PORT} or the next free one.",
        ),
    ] = None
    root_path: Annotated[
        str, AfterValidator(_prefix), Field(description="Prefix under which a reverse proxy serves the playground.")
    ] = ""
    open: Annotated[bool, Field(description="Open the page in the browser.")] = False
    workers: Annotated[
        int,
        Field(
            ge=1,
            le=64,
            description="Processes that serve; each trains on one core, and takes its share of the limits below.",
        ),
    ] = 1

    # ---- for whom ----

    allowed_hosts: Annotated[
        list[Annotated[str, AfterValidator(_host_pattern)]],
        Field(
            description="Further names under which the playground may be asked for, such as the one that a reverse"
            " proxy is known by, *.school.example, or * for any. Addresses, localhost and this machine's own names"
            " need not be listed."
        ),
    ] = []
    allowed_origins: Annotated[
        list[Annotated[str, AfterValidator(_origin)]],
        Field(description="Further origins whose pages may open a session, such as https://school.example."),
    ] = []

    allow_null_origin: Annotated[
        bool,
        Field(description="Let sandboxed frames open a session: they do not say whose they are, so any page can."),
    ] = False

    # ---- in other pages ----

    public_url: Annotated[
        str,
        AfterValidator(_address),
        Field(
            description="Address by which everybody knows the playground, such as https://playground.school.example/:"
            " for shared links and oEmbed. Without it, links are shared as the page was asked for."
        ),
    ] = ""
    frame_ancestors: Annotated[
        list[Annotated[str, AfterValidator(_frame)]],
        Field(
            min_length=1,
            description="Pages that may embed the playground, such as https://school.example or"
            " https://*.school.example; * for any. Only /embed can be embedded.",
        ),
    ] = ["*"]
    embed_origins: Annotated[
        list[Annotated[str, AfterValidator(_any_origin)]],
        Field(
            description="Origins whose pages may steer an embedded playground by messages, such as"
            " https://school.example; * for any. Our own and the allowed origins may."
        ),
    ] = []

    # ---- how many, and how much ----

    max_sessions: Annotated[int, Field(ge=1, le=10_000, description="Most sessions at a time.")] = 200
    max_sessions_per_address: Annotated[
        int,
        Field(
            ge=1,
            le=10_000,
            description="Most sessions at a time from one address; a school may stand behind one.",
        ),
    ] = 150
    max_panels: Annotated[int, Field(ge=1, le=MAX_PANELS, description="Most networks side by side in a session.")] = (
        MAX_PANELS
    )
    max_depth: Annotated[int, Field(ge=2, le=MAX_DEPTH, description="Most hidden layers of a network.")] = MAX_DEPTH
    max_width: Annotated[int, Field(ge=8, le=MAX_WIDTH, description="Most units of a hidden layer.")] = MAX_WIDTH
    max_points: Annotated[int, Field(ge=500, le=MAX_POINTS, description="Most points of an experiment.")] = MAX_POINTS
    max_updates: Annotated[
        float,
        Field(
            ge=100,
            le=MAX_UPDATES,
            description="Updates a second of all networks of a session; sessions share the core fairly in any case.",
        ),
    ] = MAX_UPDATES
    max_message: Annotated[
        int, Field(ge=1024, le=MAX_MESSAGE, description="Most bytes of a message from a page, checkpoints apart.")
    ] = MAX_MESSAGE
    max_checkpoint: Annotated[
        int, Field(ge=MAX_MESSAGE, le=MAX_CHECKPOINT, description="Most bytes of a checkpoint.")
    ] = MAX_CHECKPOINT
    message_rate: Annotated[
        float, Field(ge=10, le=100_000, description="Messages a second that a page may send; a large one counts more.")
    ] = 200.0
    message_burst: Annotated[
        int, Field(ge=10, le=100_000, description="Messages that a page may send at once, before the rate holds.")
    ] = 600
    max_requests: Annotated[
        int, Field(ge=1, le=64, description="Requests that compute something which are answered at the same time.")
    ] = 1
    max_header: Annotated[
        int, Field(ge=1024, le=1024 * 1024, description="Most bytes of a request's address and headers.")
    ] = 64 * 1024

    # ---- how long ----

    idle_seconds: Annotated[
        float,
        Field(
            ge=1,
            le=7 * 86_400,
            description="Seconds after which a page that says nothing is let go; it keeps its run and comes back.",
        ),
    ] = 1800.0
    first_message_seconds: Annotated[
        float, Field(ge=0.1, le=600, description="Seconds that a connection may take to begin with a message.")
    ] = 10.0
    request_seconds: Annotated[
        float,
        Field(ge=0.1, le=600, description="Seconds that the headers of a request, and each 100 kB of it, may take."),
    ] = 10.0
    ping_seconds: Annotated[
        float, Field(ge=0.1, le=20, description="Seconds between two pings, and that an answer to one may take.")
    ] = 15.0

    # ---- and what about it ----

    compress_messages: Annotated[
        bool, Field(description="Compress WebSocket messages: less traffic for more computing.")
    ] = False
    log_format: Annotated[
        Literal["text", "json"], Field(description="Log as lines of text, or as one JSON object a line.")
    ] = "text"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Field(description="What to log: info adds a line for each session's begin and end."),
    ] = "warning"
    metrics: Annotated[
        bool, Field(description="Serve /metrics for Prometheus; needs pip install 'nn-playground[metrics]'.")
    ] = False

    @property
    def bounds(self) -> Bounds:
        """How large an experiment may be."""
        return Bounds(
            self.max_panels, self.max_depth, self.max_width, self.max_points, self.max_updates, self.max_checkpoint
        )
