"""Laws of every dataset: labels, balance, repeatability, and the rule that defines it where there is no noise."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import CATALOG, DataSpec, HiddenLayer, NetworkSpec, Trainer, draw
from engine.bayes import bayes
from engine.component import Refused
from engine.datasets import (
    AboveCurve,
    Arms,
    Attributes,
    Blobs,
    Bumps,
    Checkerboard,
    Circle,
    ConvNetCircle,
    ConvNetSimple,
    ConvNetSpiral,
    Function,
    Gaussian,
    Moons,
    Own,
    Plane,
    Rings,
    Spiral,
    Valley,
    Xor,
)
from engine.datasets.base import priors
from engine.own import encode
from engine.preprocessing import NoPreprocessing, Standardize
from engine.shifts import Rotated

LAW = settings(deadline=None, derandomize=True, max_examples=25)
SIZES, NOISES, SEEDS = st.integers(20, 2000), st.floats(0, 0.8), st.integers(0, 2**31 - 1)


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


# ---- clouds, rings, boards and regions ----

SQUARE = 5.0  # half the side of the square that regions are cut from


def uniform_moments(points):
    """Whether points fill the square [-5, 5]² evenly: mean 0, variance 25/3, to five standard errors."""
    n = points.shape[1]
    variance = SQUARE**2 / 3
    assert (np.abs(points.mean(axis=1)) < 5 * np.sqrt(variance / n)).all()
    assert (np.abs(points.var(axis=1) - variance) < 5 * variance * np.sqrt(0.8 / n)).all()  # kurtosis 1.8
    return True


@pytest.mark.parametrize("noise", [0.0, 0.5])
@pytest.mark.parametrize("classes", range(2, 7))
def test_blobs_stand_in_a_circle_with_the_promised_variance(classes, noise):
    n = 24_000
    points, labels = sample(Blobs(classes=classes), n, noise)
    variance, each = 0.3 + 5 * noise, n / classes
    for label in range(classes):
        cloud = points[:, labels == label]
        turn = 2 * np.pi * label / classes
        centre = 3.5 * np.array([np.sin(turn), np.cos(turn)])
        assert (np.abs(cloud.mean(axis=1) - centre) < 5 * np.sqrt(variance / each)).all()
        assert (np.abs(cloud.var(axis=1) - variance) < 5 * variance * np.sqrt(2 / each)).all()
        assert abs(np.corrcoef(cloud)[0, 1]) < 5 / np.sqrt(each)


@pytest.mark.parametrize("classes", range(2, 7))
def test_rings_are_three_quarters_ring_one_quarter_gap_and_evenly_filled(classes):
    # C rings and C − 1 gaps a third as wide as a ring (¾ and ¼ of the pitch w) reach from 0 to 5: w = 5/(C − ¼)
    n = 18_000
    points, labels = sample(Rings(classes=classes), n)
    r, pitch = radius(points), 5 / (classes - 0.25)
    for label in range(classes):
        mine = r[labels == label]
        inner, outer = label * pitch, (label + 0.75) * pitch
        assert inner <= mine.min() and mine.max() <= outer
        # even over the area: the share inside of any radius is the share of the area, whose quantiles are in r²
        share = np.sort((mine**2 - inner**2) / (outer**2 - inner**2))
        assert np.abs(share - (np.arange(len(share)) + 0.5) / len(share)).max() < 2 / np.sqrt(len(share))
    turns = np.sort((angle(points) / (2 * np.pi)) % 1)
    assert np.abs(turns - (np.arange(n) + 0.5) / n).max() < 2 / np.sqrt(n)
    assert radius(points).max() > 4.95


@pytest.mark.parametrize("squares", range(3, 9))
@pytest.mark.parametrize("classes", range(2, 7))
def test_checkerboards_have_one_class_a_square_all_classes_and_unlike_neighbours(classes, squares):
    n = 6000
    points, labels = sample(Checkerboard(classes=classes, squares=squares), n)
    assert np.abs(points).max() <= SQUARE
    column, row = np.floor((points + SQUARE) * squares / 10).astype(int)
    board = np.full((squares, squares), -1)
    for c, r, label in zip(column, row, labels, strict=True):
        assert board[r, c] in (-1, label)
        board[r, c] = label
    assert (board >= 0).all()  # no square is empty
    assert set(board.ravel()) == set(range(classes))
    assert (np.diff(board, axis=0) != 0).all() and (np.diff(board, axis=1) != 0).all()
    if classes == 2:
        np.testing.assert_array_equal(labels, (column + row) % 2)
    inside = (points + SQUARE) * squares / 10 % 1
    assert np.abs(inside.mean(axis=1) - 0.5).max() < 5 * np.sqrt(1 / 12 / n)  # evenly within the squares


ABOVE = {
    "line": lambda x: 0.8 * x,
    "sine": lambda x: 3 * np.sin(x),
    "cubic": lambda x: 0.12 * x**3 - 1.2 * x,
    "absolute": lambda x: 1.5 * np.abs(x) - 3.5,
}


@pytest.mark.parametrize("function", ABOVE)
def test_the_label_says_whether_a_point_is_above_the_curve(function):
    points, labels = sample(AboveCurve(function=function), 4000)
    np.testing.assert_array_equal(labels == 1, points[1] > ABOVE[function](points[0]))
    assert np.abs(points).max() <= SQUARE
    # within a class the points are even: their share in the left half is that of the region
    rng = np.random.default_rng(2)
    probe = rng.uniform(-SQUARE, SQUARE, (2, 400_000))
    for label in (0, 1):
        region = probe[:, (probe[1] > ABOVE[function](probe[0])) == label]
        mine = points[:, labels == label]
        for axis in (0, 1):
            assert abs((mine[axis] < 0).mean() - (region[axis] < 0).mean()) < 5 * 0.5 / np.sqrt(mine.shape[1])


def test_every_function_of_a_dataset_has_its_law_here():
    def functions(cls):
        return {name for name, _ in next(f for f in fields(cls) if f.name == "function").type.__metadata__[0].options}

    assert functions(AboveCurve) == set(ABOVE)
    assert functions(Function) == set(CURVES_OF_ONE)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_the_valley_is_25_times_as_long_as_wide(noise):
    n = 20_000
    points, labels = sample(Valley(), n, noise)
    spread = np.sqrt(0.3 + 4 * noise)
    for label, side in ((1, 1), (0, -1)):
        cloud = points[:, labels == label]
        for axis, scale in ((0, 1.5), (1, 0.06)):
            assert abs(cloud[axis].mean() - side * scale) < 5 * scale * spread / np.sqrt(n / 2)
            assert abs(cloud[axis].std() / (scale * spread) - 1) < 5 / np.sqrt(n)
    assert points[0].std() / points[1].std() == pytest.approx(25, rel=0.03)


def test_standardization_makes_the_valley_easy():
    """Half of what tells the classes apart is in the small input, which unscaled inputs take ages to find: after a
    hundred epochs they are not where scaled ones are after five."""
    data = DataSpec(dataset=Valley(), noise=0.0, samples=1000)
    least = bayes(data).losses["softmax_cross_entropy"]
    scaled, plain = (
        Trainer(data, NetworkSpec(hidden=(), preprocessing=kind, learning_rate=0.1))
        for kind in (Standardize(), NoPreprocessing())
    )
    scaled.train(5)
    plain.train(100)
    reached, behind = (trainer.evaluate().test_loss[0] - least for trainer in (scaled, plain))
    assert 0 < reached < 0.6 * behind


def test_attributes_are_two_answers_at_once():
    points, labels = sample(Attributes(), 4000)
    np.testing.assert_array_equal(labels >> 1 == 1, points[0] > np.sin(points[1]))  # right of the wave
    np.testing.assert_array_equal(labels & 1 == 1, radius(points) < 3.2)  # inside the circle
    assert np.abs(points).max() <= SQUARE
    assert Attributes.attributes and not any(
        cls.attributes for name, cls in CATALOG["datasets"].items() if name != "attributes"
    )


def test_convnets_simple_data_are_one_cloud_and_two_others():
    n = 40_000
    points, labels = sample(ConvNetSimple(), n)
    one, other = points[:, labels == 0], points[:, labels == 1]
    bound = 5 * np.sqrt(0.4 / (n / 2))
    assert (np.abs(one.mean(axis=1) - [2.4, 0.7]) < bound).all()
    assert (np.abs(one.var(axis=1) - 0.4) < 5 * 0.4 * np.sqrt(4 / n)).all()
    # two fifths of the other class about (0.8, 3.3), the rest about (0.2, 0.8)
    centre = 0.4 * np.array([0.8, 3.3]) + 0.6 * np.array([0.2, 0.8])
    between = 0.4 * 0.6 * np.square([0.6, 2.5])
    assert (np.abs(other.mean(axis=1) - centre) < 5 * np.sqrt((0.4 + between) / (n / 2))).all()
    assert (np.abs(other.var(axis=1) / (0.4 + between) - 1) < 0.05).all()
    still = ConvNetSimple().place(np.arange(1000) % 2, np.random.default_rng(1))
    assert {tuple(place) for place in still.T.tolist()} == {(2.4, 0.7), (0.2, 0.8), (0.8, 3.3)}


def test_convnets_circle_has_a_wide_gap():
    points, labels = sample(ConvNetCircle(), 2000)
    inside, ring = radius(points)[labels == 1], radius(points)[labels == 0]
    assert 1.9 < inside.max() <= 2 and 3 <= ring.min() < 3.1 and 4.9 < ring.max() <= 5
    for label in (0, 1):  # the k-th of m points lies in the k-th of m sectors
        sectors = np.sort(angle(points[:, labels == label]) % (2 * np.pi)) / (2 * np.pi) * 1000
        np.testing.assert_array_equal(sectors.astype(int), np.arange(1000))


def test_convnets_spiral_frays_by_a_tenth():
    points, labels = sample(ConvNetSpiral(), 4000)
    along = np.empty(4000)
    r = radius(points)
    # the angle grows by 2.5π over the radius 5; radius and angle each stray by up to 0.1
    off = np.angle(np.exp(1j * (angle(points) - 2.5 * np.pi * r / 5 - np.pi * labels)))
    limit = 0.1 + 0.1 / 5 * 2.5 * np.pi
    outside = r > 0.2  # a negative radius points the other way
    assert np.abs(off[outside]).max() <= limit + 1e-9
    assert np.abs(off[outside]).max() > 0.7 * limit
    along = off[outside]
    assert abs(along.std() - np.sqrt(0.1**2 / 3 * (1 + (0.5 * np.pi) ** 2))) < 0.005
    assert 4.9 < r.max() <= 5.1


@pytest.mark.parametrize(
    ("kind", "sigma"),
    [(cls(), 2.0) for cls in (Rings, Checkerboard, AboveCurve, Attributes, Moons)]
    + [(cls(), 3.0) for cls in (Circle, Xor, ConvNetCircle)]
    + [(cls(), 1.2) for cls in (Spiral, Arms, ConvNetSpiral)],
)
def test_noise_has_the_promised_size_here_too(kind, sigma):
    n, noise = 20_000, 0.3
    moved = sample(kind, n, noise)[0] - sample(kind, n, 0.0)[0]
    assert (np.abs(moved.std(axis=1) / (sigma * noise) - 1) < 5 / np.sqrt(2 * n)).all()
    assert (np.abs(moved.mean(axis=1)) < 5 * sigma * noise / np.sqrt(n)).all()


def test_noise_is_what_the_dataset_says_it_is(dataset):
    """`sigma` is what the Bayes error goes by."""
    n, noise = 20_000, 0.4
    labels = np.arange(n) % dataset.class_count()
    places = dataset.place(labels, np.random.default_rng(3))
    points, drawn = dataset.sample(n, noise, np.random.default_rng(3))
    np.testing.assert_array_equal(np.bincount(drawn), np.bincount(labels))
    np.testing.assert_array_equal(drawn, labels)  # taking turns, so the same places were drawn
    moved = (points - places).std(axis=1)
    assert (np.abs(moved / dataset.sigma(noise) - 1) < 5 / np.sqrt(2 * n)).all()


# ---- values ----

CURVES_OF_ONE = {
    "sine": lambda x: 0.9 * np.sin(1.5 * x),
    "waves": lambda x: 0.6 * np.sin(x) + 0.35 * np.sin(3 * x),
    "bump": lambda x: 1.8 * np.exp(-x * x / 2) - 0.9,
    "step": lambda x: 0.8 * np.where(x > 0, 1, -1),
    "absolute": lambda x: np.abs(x) / 3.5 - 0.9,
}


def cones(points):
    """Six cones, point by point."""
    values = np.zeros(points.shape[1])
    for place, (x1, x2) in enumerate(points.T):
        for column, centre1 in enumerate((-4, 0, 4)):
            for row, centre2 in enumerate((2.5, -2.5)):
                height = (-1) ** (column + row) * max(0.0, 1 - np.hypot(x1 - centre1, x2 - centre2) / 2)
                values[place] += height
    return values


def test_values_without_noise_are_their_formula():
    points, values = sample(Plane(), 500)
    np.testing.assert_allclose(values, 0.1 * points[0] + 0.1 * points[1], atol=1e-15)
    points, values = sample(Bumps(), 500)
    np.testing.assert_allclose(values, cones(points), atol=1e-14)
    assert values.max() > 0.7 and values.min() < -0.7
    for function, formula in CURVES_OF_ONE.items():
        points, values = sample(Function(function=function), 500)
        np.testing.assert_allclose(values, formula(points[0]), atol=1e-14)


def test_values_lie_between_about_minus_1_and_1_at_even_points(value_dataset):
    n = 20_000
    points, values = sample(value_dataset, n)
    assert points.shape == (2, n) and values.shape == (n,) and values.dtype == np.float64
    assert np.abs(values).max() <= 1.2 and np.ptp(values) > 1
    assert np.abs(points).max() <= 6
    for axis in range(value_dataset.dimensions):
        assert abs(points[axis].mean()) < 5 * np.sqrt(12 / n)
        assert abs(points[axis].var() - 12) < 5 * 12 * np.sqrt(0.8 / n)
    assert (points[value_dataset.dimensions :] == 0).all()
    assert value_dataset.class_count() == 0


def test_noise_moves_values_by_its_own_size_and_no_points(value_dataset):
    n = 20_000
    still, values = sample(value_dataset, n)
    points, noisy = sample(value_dataset, n, noise=0.3)
    np.testing.assert_array_equal(points, still)
    noise = noisy - values
    assert abs(noise.std() / 0.3 - 1) < 5 / np.sqrt(2 * n)
    assert abs(noise.mean()) < 5 * 0.3 / np.sqrt(n)
    assert abs(np.corrcoef(noise, points[0])[0, 1]) < 5 / np.sqrt(n)


@LAW
@given(n=SIZES, noise=NOISES, seed=SEEDS)
def test_same_seed_same_values(value_dataset, n, noise, seed):
    for one, other in zip(sample(value_dataset, n, noise, seed), sample(value_dataset, n, noise, seed), strict=True):
        np.testing.assert_array_equal(one, other)
    assert (sample(value_dataset, n, noise, seed)[0] != sample(value_dataset, n, noise, seed + 1)[0]).any()


# ---- own points ----


def test_own_points_come_back_as_they_were_given():
    rng = np.random.default_rng(1)
    points, labels = rng.uniform(-6, 6, (2, 57)), rng.integers(0, 6, 57)
    dataset = Own(encode(points, labels))
    back, classes = sample(dataset)
    assert np.abs(back - points).max() <= 6 / 8191 + 1e-12  # half a step of 13 bits
    np.testing.assert_array_equal(classes, labels)
    assert dataset.class_count() == 6
    assert Own(encode(points, np.zeros(57, int))).class_count() == 2  # one class is as good as two
    data = draw(DataSpec(dataset=dataset, samples=20, noise=0.5, label_noise=0.5, imbalance=20.0))
    assert sorted(map(tuple, data.points.T)) == sorted(map(tuple, back.T))


def test_points_that_are_none_are_refused():
    for text in ("AAAA", "AAAA" + chr(233) + "AAAAA", "____________", "AAAAP" * 2):
        with pytest.raises(Refused):
            Own(text)


# ---- balance and flipped labels ----


@LAW
@given(classes=st.integers(2, 6), imbalance=st.floats(1, 20))
def test_the_first_class_is_so_many_times_as_frequent_as_the_last(classes, imbalance):
    shares = priors(classes, imbalance)
    assert shares.sum() == pytest.approx(1)
    assert shares[0] / shares[-1] == pytest.approx(imbalance)
    assert np.ptp(shares[:-1] / shares[1:]) < 1e-9 * imbalance  # equal ratios between


@LAW
@given(n=SIZES, imbalance=st.floats(1, 20), seed=SEEDS)
def test_classes_are_as_frequent_as_the_imbalance_says(default_dataset, n, imbalance, seed):
    _, labels = default_dataset.sample(n, 0.1, np.random.default_rng(seed), imbalance)
    classes = default_dataset.class_count()
    counts = np.bincount(labels, minlength=classes)
    assert counts.sum() == n and counts.min() >= 1
    shares = imbalance ** (-np.arange(classes) / (classes - 1))
    expected = n * shares / shares.sum()
    lifted = (expected < 1).sum()  # classes that are due less than a point get one all the same
    assert (np.abs(counts - expected) <= 1 + lifted).all()
    # and they take turns: the first half is as imbalanced as the whole
    half = np.bincount(labels[: n // 2], minlength=classes)
    assert (np.abs(half - counts / 2) <= classes).all()


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5])
def test_exactly_so_many_labels_are_wrong_and_evenly(dataset, share):
    n, classes = 6000, dataset.class_count()
    points, labels = dataset.sample(n, 0.1, np.random.default_rng(4))
    same, noisy = dataset.sample(n, 0.1, np.random.default_rng(4), label_noise=share)
    np.testing.assert_array_equal(points, same)  # a label is flipped, its point stays
    wrong = noisy != labels
    assert wrong.sum() == round(share * n)
    assert noisy.min() >= 0 and noisy.max() < classes
    table = np.zeros((classes, classes))
    np.add.at(table, (labels, noisy), 1)
    due = share * n / classes / (classes - 1)
    assert (np.abs(table[~np.eye(classes, dtype=bool)] - due) < 5 * np.sqrt(due)).all()


@pytest.mark.parametrize("n", [20, 33, 501])
def test_label_noise_is_rounded(n):
    for share in (0.0, 0.01, 0.1, 0.25, 0.5):
        clean, noisy = (Xor().sample(n, 0.1, np.random.default_rng(5), label_noise=each)[1] for each in (0.0, share))
        assert (clean != noisy).sum() == round(share * n)


CHANGED = {"noise": 0.4, "samples": 333, "label_noise": 0.3, "imbalance": 7.0}


def test_what_a_dataset_does_not_use_changes_nothing_and_the_rest_something(any_dataset):
    spec = DataSpec(dataset=any_dataset, samples=100)
    plain = draw(spec)
    for name, value in CHANGED.items():
        data = draw(replace(spec, **{name: value}))
        same = np.array_equal(plain.points, data.points) and np.array_equal(plain.labels, data.labels)
        assert same == (name in any_dataset.unused), name
    assert set(any_dataset.unused) <= set(CHANGED)


def test_the_worst_settings_still_give_data_that_train(any_dataset):
    if "classes" in {field.name for field in fields(any_dataset)}:
        any_dataset = replace(any_dataset, classes=6)
    for share in (0.1, 0.9):
        spec = DataSpec(
            any_dataset, noise=0.5, samples=20, train_share=share, label_noise=0.5, imbalance=20.0, shift=Rotated()
        )
        data = draw(spec)
        assert np.isfinite(data.points).all()
        if any_dataset.task == "classes" and not any_dataset.given:
            assert len(data.labels) == 20
            _, labels = any_dataset.sample(20, 0.5, np.random.default_rng(0), 20.0)
            assert set(labels) == set(range(any_dataset.class_count()))
        trainer = Trainer(data, NetworkSpec(hidden=(HiddenLayer(3),)))
        trainer.train(2)
        assert trainer.finite.all() and np.isfinite(trainer.evaluate().train_loss).all()
