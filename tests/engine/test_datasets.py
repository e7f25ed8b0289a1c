"""Laws of every dataset: labels, balance, repeatability, and the rule that defines it where there is no noise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.datasets import Arms, Circle, Gaussian, Moons, Spiral, Xor

LAW = settings(deadline=None, derandomize=True, max_examples=25)
SIZES, NOISES, SEEDS = st.integers(20, 2000), st.floats(0, 0.5), st.integers(0, 2**31 - 1)


def sample(dataset, n=600, noise=0.0, seed=1):
    return dataset.sample(n, noise, np.random.default_rng(seed))


@LAW
@given(n=SIZES, noise=NOISES, seed=SEEDS)
def test_labelled_balanced_and_inside_a_sane_box(dataset, n, noise, seed):
    points, labels = sample(dataset, n, noise, seed)
    classes = dataset.class_count()
    assert points.shape == (2, n)
    assert labels.shape == (n,)
    counts = np.bincount(labels, minlength=classes)
    assert len(counts) == classes >= 2
    assert np.ptp(counts) <= 1
    # the plane ends at 6; seven standard deviations of the widest noise (3ν, √(0.5 + 7ν)) may go beyond it
    assert (np.abs(points) <= 6 + 7 * max(3 * noise, np.sqrt(0.5 + 7 * noise))).all()


@LAW
@given(n=SIZES, noise=NOISES, seed=SEEDS)
def test_same_seed_same_points(dataset, n, noise, seed):
    first, again = sample(dataset, n, noise, seed), sample(dataset, n, noise, seed)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[0] != sample(dataset, n, noise, seed + 1)[0]).any()


def test_almost_all_points_are_visible_without_noise(dataset):
    points, _ = sample(dataset, 2000)
    assert (np.abs(points) <= 6).all()
    assert np.abs(points).max() > 3  # and they fill the plane
    assert (np.abs(points.mean(axis=1)) < 2).all()


def test_noise_moves_points_and_keeps_labels(dataset):
    still, labels = sample(dataset, noise=0.0)
    little, same = sample(dataset, noise=0.1)
    much, also_same = sample(dataset, noise=0.5)
    np.testing.assert_array_equal(labels, same)
    np.testing.assert_array_equal(labels, also_same)
    moves = [np.abs(moved - still).mean() for moved in (little, much)]
    assert 0 < moves[0] < moves[1]


def radius(points):
    return np.hypot(*points)


def angle(points):
    """From the x2 axis, clockwise, as the formulas have it."""
    return np.arctan2(points[0], points[1])


def test_circle_is_a_disc_in_a_ring():
    points, labels = sample(Circle(), 2000)
    inside, ring = radius(points)[labels == 1], radius(points)[labels == 0]
    assert inside.max() <= 2.5 and inside.max() > 2.4
    assert 3.5 <= ring.min() < 3.6 and 4.9 < ring.max() <= 5


def test_xor_is_the_sign_of_the_product():
    points, labels = sample(Xor(), 2000)
    np.testing.assert_array_equal(labels == 1, points[0] * points[1] > 0)
    assert 0.3 <= np.abs(points).min() and np.abs(points).max() <= 5
    quadrants = (points > 0).astype(int)
    assert (np.bincount(quadrants[0] * 2 + quadrants[1]) > 400).all()


@pytest.mark.parametrize("noise", [0.0, 0.2, 0.5])
def test_gaussian_clouds_have_the_promised_mean_and_variance(noise):
    n = 20_000
    points, labels = sample(Gaussian(), n, noise)
    variance = 0.5 + 7 * noise
    for label, centre in ((1, 2.0), (0, -2.0)):
        cloud = points[:, labels == label]
        assert (np.abs(cloud.mean(axis=1) - centre) < 5 * np.sqrt(variance / (n / 2))).all()
        assert (np.abs(cloud.var(axis=1) - variance) < 5 * variance * np.sqrt(2 / (n / 2))).all()
        assert abs(np.corrcoef(cloud)[0, 1]) < 5 / np.sqrt(n / 2)


@pytest.mark.parametrize("turns", [0.25, 1.0, 1.75, 3.0])
def test_spiral_winds_in_proportion_to_the_radius(turns):
    points, labels = sample(Spiral(turns=turns), 1000)
    r = radius(points)
    assert r.max() <= 5 and r.max() > 4.9 and r.min() < 0.2
    expected = 2 * np.pi * (turns * r / 5 + labels / 2)
    off = np.angle(np.exp(1j * (angle(points) - expected)))
    np.testing.assert_allclose(off, 0, atol=1e-6)


@pytest.mark.parametrize("classes", range(2, 7))
def test_arms_are_turned_by_a_full_circle_over_the_classes(classes):
    points, labels = sample(Arms(classes=classes), 1000)
    r = radius(points)
    expected = 2 * np.pi * (2 / 3 * r / 5 + labels / classes)
    off = np.angle(np.exp(1j * (angle(points) - expected)))
    np.testing.assert_allclose(off, 0, atol=1e-6)
    assert set(labels) == set(range(classes))


def test_moons_are_two_half_circles_turned_about_the_origin():
    points, labels = sample(Moons(), 1000)
    upper, lower = points[:, labels == 0], points[:, labels == 1]
    for moon, centre, side in ((upper, (-1.5, -0.75), 1), (lower, (1.5, 0.75), -1)):
        from_centre = moon - np.array(centre)[:, np.newaxis]
        np.testing.assert_allclose(radius(from_centre), 3, rtol=1e-12)
        assert (side * from_centre[1] >= 0).all()
    assert upper[0].max() > lower[0].min()  # they reach into each other


@pytest.mark.parametrize(("kind", "sigma"), [(Circle(), 3.0), (Xor(), 3.0), (Spiral(), 1.2), (Moons(), 2.0)])
def test_noise_has_the_promised_size(kind, sigma):
    n, noise = 20_000, 0.3
    moved = sample(kind, n, noise)[0] - sample(kind, n, 0.0)[0]
    assert abs(moved.std() / (sigma * noise) - 1) < 5 / np.sqrt(4 * n)
