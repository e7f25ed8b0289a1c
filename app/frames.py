"""Binary messages in the safetensors layout: 8 bytes header length, a JSON header, then the raw arrays.

The header names every array with its type, shape and place, so a reader needs no
other description; the arrays stand by falling item size, so that each is aligned. Written by hand because it is done
for every frame and the safetensors package takes three times as long; the tests read it with that package.
"""

import json
import struct
from collections.abc import Mapping

import numpy as np

from engine.component import Array

DTYPES = {"F64": "<f8", "I64": "<i8", "F32": "<f4", "I32": "<i4", "U8": "|u1", "BOOL": "|b1"}
_NAMES = {np.dtype(code): name for name, code in DTYPES.items()}


def encode(arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> bytes:
    """One binary message. Raises KeyError for an array of a type that is not in `DTYPES`."""
    ordered = sorted(arrays.items(), key=lambda item: -item[1].itemsize)
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    chunks = []
    offset = 0
    for name, array in ordered:
        chunks.append(array.tobytes())
        end = offset + array.nbytes
        header[name] = {"dtype": _NAMES[array.dtype], "shape": array.shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([struct.pack("<Q", len(text)), text, *chunks])
