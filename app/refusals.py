"""What the server itself refuses, beside the session: one table of codes, one shape of answer.

Over HTTP a refusal is ``{"errors": [{path, code, params, message}]}``, on a socket an ``error`` event with the same
fields followed by a close code. The sentences are in the catalogs under ``error.`` and the code.
"""

from typing import Any

from app.schema import Problem
from app.session import report

# Close codes of the WebSocket protocol, and what they mean here.
POLICY_VIOLATION = 1008  # too many messages, or none
TOO_BIG = 1009
FAULT = 1011
RESTART = 1012  # the server ends; a page comes back at once
TRY_LATER = 1013  # the class is full
IDLE = 4000  # nothing was said for long; a page comes back when it is used again

# code → the figures of its sentence, with the values they have where nobody knows better
CODES: dict[str, dict[str, Any]] = {
    "host": {},
    "origin": {},
    "not_found": {},
    "bad_method": {},
    "bad_format": {},
    "bad_request": {},
    "headers_too_big": {"limit": 0},
    "body_too_big": {"limit": 0},
    "too_slow": {"limit": 0},
    "busy": {"seconds": 1},
    "internal": {},
    "full": {"limit": 0, "seconds": 10},
    "full_address": {"limit": 0, "seconds": 10},
    "closing": {},
    "too_many_messages": {"limit": 0},
    "no_message": {"limit": 0},
    "idle": {"limit": 0},
}


def problem(code: str, **params: Any) -> Problem:
    """A refusal as a problem."""
    return Problem((), code, {**CODES[code], **params})


def body(code: str, **params: Any) -> dict[str, Any]:
    """A refusal as the answer to a request."""
    return bodies(problem(code, **params))


def bodies(*found: Problem) -> dict[str, Any]:
    """Problems as the answer to a request."""
    return {
        "errors": [{"path": one.path, "code": one.code, "params": one.params, "message": one.message} for one in found]
    }


def event(code: str, **params: Any) -> str:
    """A refusal as an event."""
    return report("error", problem(code, **params))
