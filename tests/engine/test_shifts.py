"""Laws of distribution shift: what is moved, how far, and what it costs a network."""

import numpy as np
import pytest

from engine import DataSpec, NetworkSpec, Trainer, draw
from engine.datasets import Function, Gaussian, Plane, Xor
from engine.shifts import Mixture, Noisier, NoShift, Rotated


@pytest.fixture
def points():
    return np.random.default_rng(1).uniform(-5, 5, (2, 20_000))


def moved(shift, points, seed=2):
    return shift.move(points, np.random.default_rng(seed))


def test_equal_seeds_move_alike_and_leave_the_argument_alone(any_shift, points):
    kept = points.copy()
    first = moved(any_shift, points)
    assert first.shape == points.shape
    np.testing.assert_array_equal(first, moved(any_shift, points))
    np.testing.assert_array_equal(points, kept)


def test_only_no_shift_leaves_points_where_they_are(default_any_shift, points):
    same = np.array_equal(moved(default_any_shift, points), points)
    assert same == isinstance(default_any_shift, NoShift)


@pytest.mark.parametrize("neutral", [NoShift(), Rotated(0.0), Noisier(0.0), Mixture(share=0.0), Mixture(angle=0.0)])
def test_neutral_settings_move_nothing(neutral, points):
    np.testing.assert_array_equal(moved(neutral, points), points)


@pytest.mark.parametrize("angle", [30.0, 90.0, 180.0])
def test_rotation_is_counter_clockwise_in_degrees(angle, points):
    turned = moved(Rotated(angle), points)
    expected = (points[0] + 1j * points[1]) * np.exp(1j * np.pi * angle / 180)
    np.testing.assert_allclose(turned[0] + 1j * turned[1], expected, atol=1e-12)


@pytest.mark.parametrize("sigma", [0.5, 3.0])
def test_noise_has_the_promised_size_in_both_directions(sigma, points):
    noise = moved(Noisier(sigma), points) - points
    n = points.shape[1]
    assert (np.abs(noise.std(axis=1) / sigma - 1) < 5 / np.sqrt(2 * n)).all()
    assert (np.abs(noise.mean(axis=1)) < 5 * sigma / np.sqrt(n)).all()
    assert abs(np.corrcoef(noise)[0, 1]) < 5 / np.sqrt(n)


@pytest.mark.parametrize("share", [0.2, 0.5, 1.0])
def test_of_a_mixture_a_share_is_turned_and_the_rest_stays(share, points):
    mixed, turned = moved(Mixture(share, 90.0), points), moved(Rotated(90.0), points)
    stays, foreign = (mixed == points).all(axis=0), (mixed == turned).all(axis=0)
    assert (stays ^ foreign).all()
    n = points.shape[1]
    assert abs(foreign.mean() - share) <= 5 * np.sqrt(share * (1 - share) / n)
    assert abs(np.corrcoef(foreign[:-1], foreign[1:])[0, 1]) < 0.05 if share < 1 else foreign.all()


def test_a_shift_moves_the_training_and_train_dev_points_and_no_other(any_shift):
    plain = draw(DataSpec(Xor(), samples=300, validation_share=0.2))
    data = draw(DataSpec(Xor(), samples=300, validation_share=0.2, shift=any_shift))
    foreign = data.n_train + data.n_train_dev
    assert foreign == plain.n_train
    np.testing.assert_array_equal(data.labels, plain.labels)
    np.testing.assert_array_equal(data.points[:, foreign:], plain.points[:, foreign:])
    before, after = plain.points[:, :foreign], data.points[:, :foreign]
    if isinstance(any_shift, Rotated):
        np.testing.assert_allclose(after, moved(any_shift, before), atol=1e-12)
    elif isinstance(any_shift, Noisier):
        assert (after - before).std() == pytest.approx(any_shift.sigma, rel=0.2)
    elif isinstance(any_shift, Mixture):
        stays = (after == before).all(axis=0)
        assert stays.mean() == pytest.approx(1 - any_shift.share, abs=0.2)
        np.testing.assert_allclose(after[:, ~stays], moved(Rotated(any_shift.angle), before)[:, ~stays], atol=1e-12)


def test_train_dev_exists_only_where_training_points_are_shifted(any_shift):
    data = draw(DataSpec(samples=200, shift=any_shift))
    shifted = not isinstance(any_shift, NoShift)
    assert data.n_train_dev == (20 if shifted else 0)  # a fifth of what is for learning
    assert data.n_train == 100 - data.n_train_dev
    metrics = Trainer(data, NetworkSpec()).evaluate()
    assert np.isfinite(metrics.train_dev_loss).all() == np.isfinite(metrics.train_dev_accuracy).all() == shifted


@pytest.mark.parametrize("kind", [Function(), Plane()])
def test_values_keep_their_dimensions_under_a_shift(kind, any_shift):
    """Points on the x1 axis stay on it; a network would otherwise read from x2 which points were shifted."""
    data = draw(DataSpec(kind, samples=200, shift=any_shift))
    assert (data.points[data.dimensions :] == 0).all()
    trainer = Trainer(data, NetworkSpec())
    trainer.train(2)
    metrics = trainer.evaluate()
    assert np.isfinite(metrics.train_loss).all() and np.isnan(metrics.train_dev_accuracy).all()


def test_train_dev_tells_a_shift_from_overfitting():
    """Overfitting shows between training and train-dev, the shift between train-dev and validation."""
    data = DataSpec(Gaussian(), noise=0.1, samples=2000, validation_share=0.3, shift=Rotated(90.0))
    trainer = Trainer(data, NetworkSpec())
    trainer.train(20)
    metrics = trainer.evaluate()
    assert metrics.train_accuracy[0] > 0.97 and metrics.train_dev_accuracy[0] > 0.97
    assert metrics.validation_accuracy[0] < 0.7 and metrics.test_accuracy[0] < 0.7
    plain = Trainer(DataSpec(Gaussian(), noise=0.1, samples=2000, validation_share=0.3), NetworkSpec())
    plain.train(20)
    assert plain.evaluate().validation_accuracy[0] > 0.97
