"""The user's own points as a compact text that travels in links, and a split of them that holds still.

A point is 30 bits, five characters of base64url: 13 bits x1, 13 bits x2, 4 bits class, the highest bits first. The
13 bits count the 8,191 steps from one edge of the plane to the other, so both edges can be reached, and a point is
moved by at most 0.00074. Four bits would do for sixteen classes; six are legal.

A split drawn anew would throw all points about whenever one is added. `stable_split` goes by a point's place among
those of its class instead, so that a person who adds a point sees that point appear and nothing else happen.
"""

import numpy as np

from engine.component import Array
from engine.streams import POINTS, stream

EDGE = 6.0
"""The plane goes from -EDGE to EDGE along both axes."""

MAX_POINTS = 2000
MAX_LINK_POINTS = 400
MAX_CLASSES = 6
CHARACTERS = 5
"""Characters a point."""

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

STEPS = 2**13 - 1

_LETTERS = np.frombuffer(ALPHABET.encode(), np.uint8)
_DIGITS = np.full(256, 255, np.uint8)
_DIGITS[_LETTERS] = np.arange(64)
_SHIFTS = np.array([24, 18, 12, 6, 0])


def encode(points: Array, labels: Array) -> str:
    """The text of points ``(2, n)`` in the plane and their classes ``(n,)``, five characters a point.

    Coordinates are rounded to the nearest of the 8,192 places, halves upwards as JavaScript's ``Math.round`` does.
    Raises ValueError for shapes that do not fit, too many points, points outside the plane and classes that are not
    0 to 5.
    """
    points, labels = np.asarray(points, np.float64), np.asarray(labels)
    if points.ndim != 2 or len(points) != 2 or labels.shape != points.shape[1:]:
        raise ValueError(f"points (2, n) and labels (n,) are needed, not {points.shape} and {labels.shape}")
    _check_count(len(labels))
    outside = ~(np.abs(points) <= EDGE).all(axis=0)  # not a number is outside, too
    if outside.any():
        place = int(outside.argmax())
        x1, x2 = points[:, place].tolist()
        raise ValueError(f"point {place + 1}: ({x1:g}, {x2:g}) is outside of {-EDGE:g} to {EDGE:g}")
    _check_classes(labels)
    x1, x2 = np.floor((points + EDGE) * STEPS / (2 * EDGE) + 0.5).astype(np.int64)
    packed = x1 << 17 | x2 << 4 | labels.astype(np.int64)
    return _LETTERS[packed[:, None] >> _SHIFTS & 63].tobytes().decode("ascii")


def decode(text: str) -> tuple[Array, Array]:
    """Points ``(2, n)`` in float64 and classes ``(n,)`` of a text; an empty text has none.

    ``decode(encode(*decode(text)))`` is ``decode(text)``. Raises ValueError, which says what is wrong and where, for
    a length that is no multiple of five, more than 2,000 points, a character that is not base64url, and classes
    above 5.
    """
    if len(text) % CHARACTERS:
        raise ValueError(f"{len(text)} characters are no whole number of points, {CHARACTERS} characters each")
    _check_count(len(text) // CHARACTERS)
    digits = _DIGITS[np.frombuffer(text.encode("ascii", "replace"), np.uint8)]  # anything but ASCII becomes a "?"
    if (digits == 255).any():
        place = int((digits == 255).argmax())
        raise ValueError(f"character {place + 1}: {text[place]!a} is none of A-Z, a-z, 0-9, - and _")
    packed = (digits.reshape(-1, CHARACTERS).astype(np.int64) << _SHIFTS).sum(axis=1)
    labels = packed & 15
    _check_classes(labels)
    points = np.stack([packed >> 17, packed >> 4 & STEPS]) * (2 * EDGE) / STEPS - EDGE
    return points, labels


def stable_split(labels: Array, train_share: float, seed: int) -> Array:
    """Which points train, ``(n,)`` of bool: ``train_share`` of every class, and never fewer than its first.

    Of the first n points of a class, ⌊n · share + p⌋ train, where the phase p, from 1 − share to 1, is drawn from the
    seed and the class. So the shares hold to within one point at every length, and points appended later move no other
    from part to part. A class may lack a test point while it is small. ``labels`` are whole numbers from 0.
    """
    labels = np.asarray(labels)
    trains = np.zeros(len(labels), bool)
    for label in np.unique(labels).tolist():
        members = np.flatnonzero(labels == label)
        phase = 1 - train_share * stream(seed, POINTS, label).random()
        count = np.floor(np.arange(len(members) + 1) * train_share + phase + 1e-9)
        trains[members] = np.diff(count) > 0
        trains[members[0]] = True
    return trains


def _check_count(count: int) -> None:
    if count > MAX_POINTS:
        raise ValueError(f"{count} points are too many: at most {MAX_POINTS}")


def _check_classes(labels: Array) -> None:
    wrong = ~((labels >= 0) & (labels < MAX_CLASSES) & (labels == np.floor(labels)))
    if wrong.any():
        place = int(wrong.argmax())
        raise ValueError(f"point {place + 1}: class {labels[place]} is not one of 0 to {MAX_CLASSES - 1}")
