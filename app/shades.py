"""Predictions over the plane as a byte a place, which is what the pictures of the page are sent as."""

import numpy as np

from engine import Data
from engine.component import Array


def shades(p: Array, data: Data) -> Array:
    """Predictions ``(classes or 1, …)`` as bytes: class and confidence, or the value from -1 to 1."""
    if data.task == "values":
        return np.asarray((np.clip(p[0], -1, 1) + 1) * 127.5).round().astype(np.uint8)
    if data.classes == 2:  # the same as below, in fewer passes
        lead = (p[1] - 0.5) * 254
        return np.abs(lead).astype(np.uint8) | ((lead > 0).view(np.uint8) << 7)
    levels = 256 // data.classes
    share = 1 / data.classes
    confidence = (p.max(axis=0) - share) * ((levels - 1) / (1 - share))
    return p.argmax(axis=0).astype(np.uint8) * np.uint8(levels) + confidence.astype(np.uint8)


def resized(field: Array, side: int) -> Array:
    """A square field with another number of cells, by the nearest cell."""
    if len(field) == side:
        return field
    nearest = (np.arange(side) * len(field)) // side
    return field[np.ix_(nearest, nearest)]
