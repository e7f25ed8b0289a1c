"""The wire as a test sees it: binary messages, read with the safetensors package, which knows nothing of our own
encoder, and lines that lose some."""

import json
import struct
from typing import Any

import numpy as np
from safetensors.numpy import load


def decode(message: bytes) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, str]]:
    """Arrays and metadata. Raises SafetensorError if the message is not whole."""
    arrays = dict(sorted(load(message).items()))
    (length,) = struct.unpack_from("<Q", message)
    return arrays, json.loads(message[8 : 8 + length]).get("__metadata__", {})


def losing(page: Any, kind: str) -> list[Any]:
    """Reload a browser's page behind a line that loses the server's binary messages of one kind. Returns its lines, a
    new one for each connection."""
    lines: list[Any] = []

    def between(line: Any) -> None:
        server = line.connect_to_server()
        lines.append(line)
        line.on_message(server.send)

        def answered(message: str | bytes) -> None:
            if isinstance(message, str) or decode(message)[1]["kind"] != kind:
                line.send(message)

        server.on_message(answered)

    page.route_web_socket("**/ws", between)
    page.reload()
    return lines
