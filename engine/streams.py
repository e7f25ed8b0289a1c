"""Random streams: one seed, several independent generators.

The points, the order of the batches and every layer's weights draw from streams of their own, so that equal seeds for
data and weights do not give equal numbers, and drawing more from one changes nothing in another.
"""

import numpy as np

POINTS, ORDER, WEIGHTS, NOISE, ROWS, AUGMENTATION, SHIFT = range(7)


def stream(seed: int, *key: int) -> np.random.Generator:
    """The generator of one purpose: ``stream(seed, WEIGHTS, layer)``. Equal arguments give equal numbers."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
