"""Laws of every input feature: one finite number a point, from that point alone."""

import numpy as np
import pytest

from engine.features import FEATURES

SIDE = np.linspace(-6, 6, 25)
X1, X2 = (grid.ravel() for grid in np.meshgrid(SIDE, SIDE))

KNOWN = {  # at the point (−2, 3)
    "x1": -2.0,
    "x2": 3.0,
    "x1_squared": 4.0,
    "x2_squared": 9.0,
    "x1x2": -6.0,
    "sin_x1": -np.sin(2.0),
    "sin_x2": np.sin(3.0),
}


def test_one_finite_number_for_every_point(feature):
    values = feature.compute(X1, X2)
    assert values.shape == X1.shape
    assert np.isfinite(values).all()
    assert np.ptp(values) > 0


def test_every_point_is_treated_alone(feature):
    order = np.random.default_rng(1).permutation(len(X1))
    np.testing.assert_allclose(feature.compute(X1[order], X2[order]), feature.compute(X1, X2)[order], rtol=1e-14)
    np.testing.assert_allclose(feature.compute(X1[7:8], X2[7:8]), feature.compute(X1, X2)[7:8], rtol=1e-14)


def test_no_two_features_are_the_same():
    values = [feature().compute(X1, X2) for feature in FEATURES.values()]
    for i, first in enumerate(values):
        for second in values[:i]:
            assert np.abs(first - second).max() > 1e-3


@pytest.mark.parametrize("name", KNOWN)
def test_known_values(name):
    value = FEATURES[name]().compute(np.array([-2.0]), np.array([3.0]))
    np.testing.assert_allclose(value, [KNOWN[name]], rtol=1e-14)
