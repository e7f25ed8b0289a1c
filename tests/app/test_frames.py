"""Binary messages: what goes in comes out, aligned, as an independent reader sees it."""

import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.frames import DTYPES, encode, kind, split
from tests.wire import decode

QUICK = settings(deadline=None, max_examples=100)
SHAPES = st.lists(st.integers(0, 5), max_size=3).map(tuple)
ARRAYS = st.dictionaries(
    st.text(min_size=1, max_size=6).filter(lambda name: name != "__metadata__"),
    st.tuples(st.sampled_from(list(DTYPES.values())), SHAPES, st.binary(min_size=8, max_size=8)),
    max_size=6,
)


def built(described: dict[str, Any]) -> dict[str, np.ndarray]:
    arrays = {}
    for name, (dtype, shape, seed) in described.items():
        raw = np.random.default_rng(list(seed)).bytes(int(np.prod(shape)) * np.dtype(dtype).itemsize)
        arrays[name] = np.frombuffer(raw, dtype).reshape(shape)
    return arrays


def header_of(message: bytes) -> tuple[int, dict[str, Any]]:
    (length,) = struct.unpack_from("<Q", message)
    return length, json.loads(message[8 : 8 + length])


@QUICK
@given(ARRAYS, st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3))
def test_what_goes_in_comes_out(described: dict[str, Any], metadata: dict[str, str]) -> None:
    arrays = built(described)
    back, said = decode(encode(arrays, metadata))
    assert said == metadata
    assert set(back) == set(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert back[name].shape == array.shape
        assert back[name].tobytes() == array.tobytes()  # to the bit, NaN included


@QUICK
@given(ARRAYS)
def test_every_array_is_aligned_and_none_overlap(described: dict[str, Any]) -> None:
    message = encode(built(described), {"kind": "frame"})
    length, header = header_of(message)
    assert (8 + length) % 8 == 0
    header.pop("__metadata__")
    covered = 0
    for entry in sorted(header.values(), key=lambda entry: entry["data_offsets"]):
        start, end = entry["data_offsets"]
        size = np.dtype(DTYPES[entry["dtype"]]).itemsize
        assert start == covered
        assert end - start == size * int(np.prod(entry["shape"]))
        assert (8 + length + start) % size == 0
        covered = end
    assert 8 + length + covered == len(message)


def test_views_are_written_as_they_look() -> None:
    grid = np.arange(12, dtype=np.float32).reshape(3, 4)
    back, _ = decode(encode({"flipped": grid[::-1, ::2], "turned": grid.T}, {}))
    assert np.array_equal(back["flipped"], grid[::-1, ::2])
    assert np.array_equal(back["turned"], grid.T)


@pytest.mark.parametrize("dtype", ["int16", "float16", "uint64", "complex64", ">f4", "U3", "object"])
def test_other_types_are_refused(dtype: str) -> None:
    with pytest.raises(KeyError):
        encode({"x": np.zeros(2, dtype)}, {})


@QUICK
@given(ARRAYS, st.text(max_size=5))
def test_a_message_says_what_it_is(described: dict[str, Any], more: str) -> None:
    assert kind(encode(built(described), {"kind": "frame", "more": more})) == "frame"
    assert kind(encode(built(described), {"more": more, "kind": "frame"})) == ""  # it is looked for in one place


@QUICK
@given(st.binary(min_size=1, max_size=300), st.integers(1, 310))
def test_parts_in_order_are_the_whole(message: bytes, most: int) -> None:
    whole = b""
    for part in split(message, most):
        arrays, about = decode(part)
        assert about == {"kind": "part", "at": str(len(whole)), "of": str(len(message))}
        assert 0 < len(arrays["bytes"]) <= most
        whole += arrays["bytes"].tobytes()
    assert whole == message
