"""Laws of preprocessing: an affine map, fitted on the training part and on nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from engine import CATALOG, DataSpec, NetworkSpec, Trainer, draw
from engine.preprocessing import NoPreprocessing, Standardize


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
