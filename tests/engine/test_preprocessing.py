"""Laws of preprocessing: an affine map, fitted on the training part and on nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from engine import CATALOG, DataSpec, NetworkSpec, Trainer, draw
from engine.preprocessing import PCA, MeanSubtraction, MinMax, NoPreprocessing, Standardize, Whitening


@pytest.fixture
def x():
    rng = np.random.default_rng(1)
    return np.array([[3.0], [-1.0], [100.0]]) + np.array([[2.0], [0.01], [40.0]]) * rng.standard_normal((3, 80))


def test_the_map_is_affine(preprocessing, x):
    apply = preprocessing.fit(x)
    a, b = x[:, :40], x[:, 40:]
    np.testing.assert_allclose(apply(0.3 * a + 0.7 * b), 0.3 * apply(a) + 0.7 * apply(b), atol=1e-9)


def test_fitting_changes_nothing_and_repeats(preprocessing, x):
    kept = x.copy()
    first, again = preprocessing.fit(x), preprocessing.fit(x)
    np.testing.assert_array_equal(first(x), again(x))
    np.testing.assert_array_equal(x, kept)


def test_test_data_do_not_leak(preprocessing):
    """What the training points become must not change when test points do."""
    data = draw(DataSpec(samples=100))
    far = data.points.copy()
    far[:, data.test] = 1000 * far[:, data.test] + 77
    features = tuple(feature() for feature in CATALOG["features"].values())
    spec = NetworkSpec(features=features, preprocessing=preprocessing)
    trainers = [Trainer(d, spec) for d in (data, replace(data, points=far))]
    np.testing.assert_array_equal(trainers[0].x[:, data.train], trainers[1].x[:, data.train])
    assert (trainers[0].x[:, data.test] != trainers[1].x[:, data.test]).any()
    for trainer in trainers:
        trainer.train(3)
    np.testing.assert_array_equal(trainers[0].network.parameters, trainers[1].network.parameters)


def test_standardization_gives_mean_0_and_deviation_1(x):
    z = Standardize().fit(x)(x)
    np.testing.assert_allclose(z.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(z.std(axis=1), 1, rtol=1e-12)


def test_standardization_by_hand():
    # 1, 2, 3, 6: mean 3, variance (4 + 1 + 0 + 9)/4 = 3.5; a new point 10 goes to 7/√3.5
    apply = Standardize().fit(np.array([[1.0, 2.0, 3.0, 6.0]]))
    np.testing.assert_allclose(apply(np.array([[10.0, 3.0]])), [[7 / np.sqrt(3.5), 0]], rtol=1e-14)


def test_a_trainers_training_inputs_are_standardized():
    trainer = Trainer(DataSpec(samples=100), NetworkSpec(preprocessing=Standardize()), dtype=np.float64)
    train = trainer.x[:-1, trainer.data.train]
    np.testing.assert_allclose(train.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(train.std(axis=1), 1, rtol=1e-12)


def test_none_is_the_identity(x):
    np.testing.assert_array_equal(NoPreprocessing().fit(x)(x), x)


def test_a_constant_feature_survives(preprocessing):
    x = np.stack([np.full(50, 5.0), np.linspace(-1, 1, 50)])
    apply = preprocessing.fit(x)
    assert np.isfinite(apply(x)).all()
    assert np.isfinite(apply(x + 1)).all()


@pytest.mark.parametrize("constant", [0.0, 5.0, -0.25])
def test_standardization_only_centres_a_constant_feature(constant):
    x = np.full((1, 250), constant)
    apply = Standardize().fit(x)
    np.testing.assert_allclose(apply(x), 0, atol=1e-12)
    np.testing.assert_allclose(apply(x + 0.5), 0.5, rtol=1e-12)


@pytest.mark.parametrize("constant", [1 / 3, 1e-3])
def test_standardization_only_centres_a_constant_feature_that_rounds(constant):
    x = np.full((1, 250), constant)
    apply = Standardize().fit(x)
    np.testing.assert_allclose(apply(x), 0, atol=1e-12)
    np.testing.assert_allclose(apply(x + 0.5), 0.5, rtol=1e-12)


# ---- mean and range ----


def test_mean_subtraction_moves_and_does_not_scale(x):
    z = MeanSubtraction().fit(x)(x)
    np.testing.assert_allclose(z.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(z - x, np.broadcast_to((z - x)[:, :1], x.shape), atol=1e-12)
    # 1, 2, 3, 6: mean 3
    apply = MeanSubtraction().fit(np.array([[1.0, 2.0, 3.0, 6.0]]))
    np.testing.assert_array_equal(apply(np.array([[10.0, 3.0]])), [[7, 0]])


def test_min_max_fills_the_range_from_minus_1_to_1(x):
    z = MinMax().fit(x)(x)
    np.testing.assert_allclose(z.min(axis=1), -1, atol=1e-12)
    np.testing.assert_allclose(z.max(axis=1), 1, atol=1e-12)
    np.testing.assert_array_equal(z.argsort(axis=1), x.argsort(axis=1))
    # 2, 3, 6: centre 4, half the range 2; a new point may lie beyond
    apply = MinMax().fit(np.array([[2.0, 3.0, 6.0]]))
    np.testing.assert_allclose(apply(np.array([[2.0, 3.0, 6.0, 10.0]])), [[-1, -0.5, 1, 3]], rtol=1e-14)


@pytest.mark.parametrize("kind", [Standardize(), MinMax(), MeanSubtraction()])
@pytest.mark.parametrize("constant", [0.0, 5.0, -0.25, 1 / 3, 1e-3])
def test_a_constant_input_is_only_centred_also_beside_others(kind, constant):
    x = np.stack([np.full(250, constant), np.linspace(-3, 1, 250)])
    apply = kind.fit(x)
    np.testing.assert_allclose(apply(x)[0], 0, atol=1e-12)
    np.testing.assert_allclose(apply(x + 0.5)[0], 0.5, rtol=1e-9)
    np.testing.assert_allclose(kind.fit(x[:1])(x[:1] + 0.5), 0.5, rtol=1e-9)  # and alone


# ---- principal axes ----


def principal(n=4, m=300, seed=1):
    """Correlated inputs whose covariance has eigenvalues far apart, and those eigenvalues."""
    rng = np.random.default_rng(seed)
    x = np.linspace(-5, 40, n)[:, np.newaxis] + rng.standard_normal((n, n)) @ (
        np.logspace(1, -2, n)[:, np.newaxis] * rng.standard_normal((n, m))
    )
    return x, np.sort(np.linalg.eigvals(np.atleast_2d(np.cov(x, bias=True))).real)[::-1]


@pytest.mark.parametrize("n", [1, 2, 4])
def test_pca_turns_to_uncorrelated_inputs_of_sinking_variance(n):
    x, variances = principal(n)
    z = PCA().fit(x)(x)
    np.testing.assert_allclose(z.mean(axis=1), 0, atol=1e-10)
    np.testing.assert_allclose(np.atleast_2d(np.cov(z, bias=True)), np.diag(variances), atol=1e-9 * variances[0])
    assert (np.diff(z.var(axis=1)) < 0).all()


def test_pca_is_an_isometry():
    x, _ = principal()
    apply = PCA().fit(x)
    np.testing.assert_allclose(apply.matrix @ apply.matrix.T, np.eye(4), atol=1e-12)
    one, other = x[:, :150], x[:, 150:]
    before, after = np.linalg.norm(one - other, axis=0), np.linalg.norm(apply(one) - apply(other), axis=0)
    np.testing.assert_allclose(before, after, rtol=1e-12)


def test_pca_by_hand():
    # points on the line x2 = x1: the first axis is (1, 1)/√2, the second has nothing
    x = np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]])
    apply = PCA().fit(x)
    np.testing.assert_allclose(np.abs(apply.matrix), np.sqrt(0.5), rtol=1e-12)
    np.testing.assert_allclose(apply(x), [[-np.sqrt(2), 0, np.sqrt(2)], [0, 0, 0]], atol=1e-12)


@pytest.mark.parametrize("kind", [PCA(), Whitening()])
@pytest.mark.parametrize("seed", range(5))
def test_an_axis_points_to_where_its_largest_component_is_positive(kind, seed):
    """Eigenvectors come with any sign; a picture that flips when a point moves would be a riddle."""
    x, _ = principal(seed=seed)
    axes = kind.fit(x).matrix
    assert (np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, np.newaxis], axis=1) > 0).all()
    shuffled = x[:, np.random.default_rng(seed).permutation(x.shape[1])]
    np.testing.assert_allclose(kind.fit(shuffled).matrix, axes, rtol=1e-6, atol=1e-9 * np.abs(axes).max())
    mirrored = kind.fit(-x).matrix  # the same axes, whichever way the points look
    np.testing.assert_allclose(mirrored, axes, rtol=1e-6, atol=1e-9 * np.abs(axes).max())


@pytest.mark.parametrize("n", [1, 2, 4])
def test_whitening_gives_the_identity_covariance(n):
    x, variances = principal(n)
    z = Whitening(epsilon=1e-8).fit(x)(x)
    np.testing.assert_allclose(np.atleast_2d(np.cov(z, bias=True)), np.eye(n), atol=2e-8 / variances[-1] + 1e-9)
    np.testing.assert_allclose(z.mean(axis=1), 0, atol=1e-10)


@pytest.mark.parametrize("epsilon", [1e-5, 0.01, 1.0, 10.0])
def test_epsilon_holds_small_directions_down(epsilon):
    x, variances = principal()
    deviations = Whitening(epsilon=epsilon).fit(x)(x).std(axis=1)
    np.testing.assert_allclose(deviations, np.sqrt(variances / (variances + epsilon)), rtol=1e-6)
    assert (np.diff(deviations) < 0).all()


def test_whitening_is_pca_and_then_scaling():
    x, variances = principal()
    turned, white = PCA().fit(x)(x), Whitening(epsilon=0.1).fit(x)(x)
    np.testing.assert_allclose(white, turned / np.sqrt(variances + 0.1)[:, np.newaxis], rtol=1e-9)


def test_whitening_magnifies_noise_unless_epsilon_is_large():
    """An input that is nothing but a little noise becomes as large as the others (S3)."""
    rng = np.random.default_rng(1)
    x = np.stack([3 * rng.standard_normal(500), 0.001 * rng.standard_normal(500)])
    assert Whitening(epsilon=1e-8).fit(x)(x)[1].std() > 0.99
    assert Whitening(epsilon=0.01).fit(x)(x)[1].std() < 0.011
    assert Whitening(epsilon=0.01).fit(x)(x)[0].std() > 0.99


# ---- one input, few points ----


def test_one_input_and_one_point_are_enough(preprocessing):
    for m in (1, 2, 50):
        x = np.arange(m, dtype=float)[np.newaxis] + 3
        apply = preprocessing.fit(x)
        assert apply(x).shape == (1, m)
        assert np.isfinite(apply(np.array([[1e3, -1e3]]))).all()
        if m == 50 and not isinstance(preprocessing, NoPreprocessing):
            assert abs(apply(x).mean()) < 1e-12
            assert (np.diff(apply(x)) > 0).all()  # the sign of the one axis, too


def test_fitting_on_all_points_is_told_apart(preprocessing):
    """What the mistake looks like: the map is that of all points, not that of the training points."""
    data = draw(DataSpec(samples=60))
    right, wrong = (
        Trainer(data, NetworkSpec(preprocessing=preprocessing, fit_on_all=mistake)).inputs.affine
        for mistake in (False, True)
    )
    for affine, points in ((right, data.points[:, data.train]), (wrong, data.points)):
        fitted = preprocessing.fit(points)
        np.testing.assert_allclose(affine.matrix, fitted.matrix)
        np.testing.assert_allclose(affine.centre, fitted.centre)
    differs = not isinstance(preprocessing, NoPreprocessing)
    assert (right.centre != wrong.centre).any() == differs
