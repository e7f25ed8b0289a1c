"""Reads binary messages with the safetensors package, which knows nothing of our own encoder."""

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
