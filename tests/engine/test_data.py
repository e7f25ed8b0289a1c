"""Laws of drawing and splitting: repeatable, stratified, and the test part stays unseen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import CATALOG, DataSpec, draw
from engine.data import Inputs
from engine.datasets import Arms
from engine.preprocessing import NoPreprocessing, Standardize
from engine.streams import POINTS, stream

LAW = settings(deadline=None, derandomize=True, max_examples=40)


@LAW
@given(samples=st.integers(20, 2000), share=st.floats(0.1, 0.9), seed=st.integers(0, 2**31 - 1))
def test_both_parts_have_the_same_share_of_every_class(default_dataset, samples, share, seed):
    data = draw(DataSpec(dataset=default_dataset, samples=samples, train_share=share, seed=seed))
    train, test = (np.bincount(data.labels[part], minlength=data.classes) for part in (data.train, data.test))
    assert train.min() >= 1 and test.min() >= 1
    assert train.sum() == data.n_train
    assert (train + test).sum() == samples == data.points.shape[1]
    for count, total in zip(train, train + test, strict=True):
        assert abs(count - share * total) <= 1


@pytest.mark.parametrize("share", [0.1, 0.9])
@pytest.mark.parametrize("seed", range(20))
def test_even_the_smallest_data_have_every_class_in_both_parts(share, seed):
    data = draw(DataSpec(dataset=Arms(classes=6), samples=20, train_share=share, seed=seed))
    assert set(data.labels[data.train]) == set(data.labels[data.test]) == set(range(6))


def test_the_split_loses_and_doubles_nothing(default_dataset):
    spec = DataSpec(dataset=default_dataset, samples=101, train_share=0.7, seed=5)
    data = draw(spec)
    points, labels = default_dataset.sample(101, spec.noise, stream(5, POINTS))

    def rows(points, labels):
        return sorted(zip(*points.tolist(), labels.tolist(), strict=True))

    assert rows(data.points, data.labels) == rows(points, labels)


def test_equal_specs_draw_equal_data_and_seeds_matter(default_dataset):
    first, again, other = (draw(DataSpec(dataset=default_dataset, seed=seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.points, again.points)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert first.n_train == again.n_train
    assert (first.points != other.points).any()


def test_the_split_is_random_and_the_parts_are_mixed(default_dataset):
    # Datasets draw their classes by turns; in order they would give batches of one class or a repeating pattern.
    data = draw(DataSpec(dataset=default_dataset, samples=2000))
    labels = data.labels[data.test]
    assert (np.diff(labels) == 0).mean() > 0.1
    assert (np.diff(labels) != 0).mean() > 0.3
    for part in (data.train, data.test):
        assert np.abs(data.points[:, part].mean(axis=1) - data.points.mean(axis=1)).max() < 0.5


def test_inputs_end_with_a_row_of_ones(default_preprocessing):
    features = tuple(feature() for feature in CATALOG["features"].values())
    data = draw(DataSpec(samples=50))
    inputs = Inputs(features, default_preprocessing, data.points[:, data.train])
    assert len(inputs) == len(features)
    for dtype in (np.float32, np.float64):
        x = inputs(data.points, dtype)
        assert x.shape == (len(features) + 1, 50)
        assert x.dtype == dtype
        assert (x[-1] == 1).all()


def test_inputs_are_the_features_in_their_order():
    data = draw(DataSpec(samples=50))
    features = tuple(feature() for feature in list(CATALOG["features"].values())[::-1])
    x = Inputs(features, NoPreprocessing(), data.points)(data.points, np.float64)
    for row, feature in zip(x[:-1], features, strict=True):
        np.testing.assert_allclose(row, feature.compute(*data.points), rtol=1e-14)


def test_standardized_inputs_do_not_depend_on_the_test_points():
    data = draw(DataSpec(samples=100))
    features = (CATALOG["features"]["x1"](), CATALOG["features"]["x2"]())
    x = Inputs(features, Standardize(), data.points[:, data.train])(data.points, np.float64)[:-1]
    np.testing.assert_allclose(x[:, data.train].mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(x[:, data.train].std(axis=1), 1, rtol=1e-12)
    assert np.abs(x.mean(axis=1)).max() > 1e-6  # a fit on all points would make this 0
