"""Binary messages in the safetensors layout: 8 bytes header length, a JSON header, then the raw arrays.

The header names every array with its type, shape and place, so a reader needs no
other description; the arrays stand by falling item size, so that each is aligned. Written by hand because it is done
for every frame and the safetensors package takes three times as long; the tests read it with that package.
"""

import json
import math
import re
import struct
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from engine.component import Array

DTYPES = {"F64": "<f8", "I64": "<i8", "F32": "<f4", "I32": "<i4", "U8": "|u1", "BOOL": "|b1"}
_NAMES = {np.dtype(code): name for name, code in DTYPES.items()}
_KIND = re.compile(rb'\{"__metadata__":\{"kind": ?"(\w+)"')


def encode(arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> bytes:
    """One binary message. Raises KeyError for an array of a type that is not in `DTYPES`."""
    order, places = _places(tuple([(name, array.dtype, array.shape) for name, array in arrays.items()]))
    text = f'{{"__metadata__":{json.dumps(dict(metadata))}{places}}}'.encode()
    text += b" " * (-len(text) % 8)
    return b"".join([struct.pack("<Q", len(text)), text, *[arrays[name].tobytes() for name in order]])


@lru_cache(256)
def _places(arrays: tuple[tuple[str, np.dtype[Any], tuple[int, ...]], ...]) -> tuple[list[str], str]:
    """The order of the arrays and what a header says of them; nearly every frame has the same as the one before."""
    ordered = sorted(arrays, key=lambda array: -array[1].itemsize)
    entries = []
    offset = 0
    for name, dtype, shape in ordered:
        end = offset + dtype.itemsize * math.prod(shape)
        about = {"dtype": _NAMES[dtype], "shape": shape, "data_offsets": [offset, end]}
        entries.append(f",{json.dumps(name)}:{json.dumps(about, separators=(',', ':'))}")
        offset = end
    return [name for name, _, _ in ordered], "".join(entries)


def kind(message: bytes) -> str:
    """What a message of `encode` says to be, by the first word of its metadata; empty where it does not."""
    found = _KIND.match(message, 8)
    return found[1].decode() if found else ""


def split(message: bytes, most: int) -> Iterator[bytes]:
    """A message in parts of at most so many bytes of it, each a message of its own that says where it belongs."""
    for at in range(0, len(message), most):
        piece = np.frombuffer(message[at : at + most], np.uint8)
        yield encode({"bytes": piece}, {"kind": "part", "at": str(at), "of": str(len(message))})
