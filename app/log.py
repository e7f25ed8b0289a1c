"""Logs: lines of text or of JSON, with the number of a session and nothing that a user wrote."""

import json
import logging
import sys
from contextvars import ContextVar
from typing import Any

from app.settings import Settings

# Which session the code at hand runs for; a session's tasks inherit it.
SESSION: ContextVar[str] = ContextVar("session", default="")

# What every record has, whatever was passed as extra.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "session", "taskName", "color_message"}


class Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03}",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if session := getattr(record, "session", ""):
            line["session"] = session
        line |= {name: value for name, value in vars(record).items() if name not in _USUAL}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class Text(logging.Formatter):
    """A line for people."""

    def format(self, record: logging.LogRecord) -> str:
        more = {name: value for name, value in vars(record).items() if name not in _USUAL}
        words = [
            self.formatTime(record, "%H:%M:%S"),
            record.levelname,
            getattr(record, "session", ""),
            record.getMessage(),
        ]
        words += [f"{name}={value}" for name, value in more.items()]
        line = " ".join(word for word in words if word)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _with_session(record: logging.LogRecord) -> bool:
    record.session = SESSION.get()
    return True


def set_up(settings: Settings) -> None:
    """Have everything of ours and of uvicorn's written to standard error as the settings say."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if settings.log_format == "json" else Text())
    handler.addFilter(_with_session)
    level = settings.log_level.upper()
    for name in ("app", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False
    # uvicorn's own lines name addresses and paths; ours say what a session did. Its warnings stay, and what it says of
    # each start and stop is ours to say.
    quiet = max(logging.getLevelName(level), logging.WARNING)
    for name in ("uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logging.getLogger(name).handlers[:] = []
        logging.getLogger(name).setLevel(quiet)
    if settings.log_level != "debug":
        logging.getLogger("uvicorn.error").addFilter(_not_a_clients_fault)


# What uvicorn says where a client has had its answer or its close code, and nobody here can do anything about it.
_CLIENTS_FAULTS = ("Invalid HTTP request", "Unsupported upgrade", "Invalid UTF-8 sequence")


def _not_a_clients_fault(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(_CLIENTS_FAULTS)
