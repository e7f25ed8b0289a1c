"""Laws of every regularizer: the gradient is the penalty's, biases are free, and real runs show what it promises."""

import numpy as np
import pytest

from engine import CATALOG, DataSpec, NetworkSpec, Trainer
from engine.component import Component
from engine.datasets import Gaussian
from engine.regularizers import L1, L2, NoRegularizer, Regularizer

MASK = np.array([1.0, 1.0, 0.0, 1.0, 0.0, 1.0])  # 0 marks a bias
WEIGHTS = np.array([[0.5, -1.25, 3.0, 0.03, -2.0, -0.7], [-0.2, 0.9, -4.0, 1.1, 0.1, 2.5]])
BIASES = MASK == 0
RATE = np.array(0.1)


def slope(regularizer, w, mask=MASK):
    return regularizer.gradient(w, mask, np.full_like(w, np.nan))


def test_gradient_is_the_penaltys_central_difference(regularizer, central_difference):
    given = slope(regularizer, WEIGHTS)
    if given is not None:
        numerical = central_difference(lambda w: regularizer.penalty(w, MASK).sum(), WEIGHTS)
        np.testing.assert_allclose(given, numerical, atol=1e-7)


def test_penalty_is_one_number_a_network_and_never_negative(regularizer):
    penalty = regularizer.penalty(WEIGHTS, MASK)
    assert penalty.shape == (2,)
    assert (penalty >= 0).all()
    assert (regularizer.penalty(np.zeros_like(WEIGHTS), MASK) == 0).all()


def test_biases_are_untouched(regularizer):
    other = np.where(BIASES, WEIGHTS * 100, WEIGHTS)
    np.testing.assert_array_equal(regularizer.penalty(WEIGHTS, MASK), regularizer.penalty(other, MASK))
    given = slope(regularizer, WEIGHTS)
    assert given is None or (given[:, BIASES] == 0).all()
    w = WEIGHTS.copy()
    regularizer.after_step(w, MASK, RATE, np.empty_like(w))
    np.testing.assert_array_equal(w[:, BIASES], WEIGHTS[:, BIASES])


def test_a_step_never_raises_the_penalty(regularizer):
    w, rate = WEIGHTS.copy(), np.array(0.01)
    for _ in range(20):
        before = regularizer.penalty(w, MASK)
        given = slope(regularizer, w)
        if given is not None:
            w -= rate * given
        regularizer.after_step(w, MASK, rate, np.empty_like(w))
        assert (regularizer.penalty(w, MASK) <= before).all()


def test_strengths_broadcast_along_the_population(default_regularizer):
    cls = type(default_regularizer)
    if not hasattr(default_regularizer, "strength"):
        pytest.skip("no strength")
    members = [cls(strength=0.1), cls(strength=0.3)]
    both = Regularizer.stack(members, np.float64, axes=1)
    moved = WEIGHTS.copy()
    both.after_step(moved, MASK, RATE, np.empty_like(moved))
    for k, member in enumerate(members):
        row = WEIGHTS[k : k + 1].copy()
        np.testing.assert_allclose(both.penalty(WEIGHTS, MASK)[k], member.penalty(row, MASK)[0], rtol=1e-14)
        if slope(member, row) is not None:
            np.testing.assert_array_equal(slope(both, WEIGHTS)[k], slope(member, row)[0])
        member.after_step(row, MASK, RATE, np.empty_like(row))
        np.testing.assert_array_equal(moved[k], row[0])


def test_penalties_by_hand():
    # Row 0 without biases: 0.5, −1.25, 0.03, −0.7. Σw² = 0.25 + 1.5625 + 0.0009 + 0.49 = 2.3034, Σ|w| = 2.48.
    assert L2(strength=0.2).penalty(WEIGHTS, MASK)[0] == pytest.approx(0.5 * 0.2 * 2.3034)
    assert L1(strength=0.2).penalty(WEIGHTS, MASK)[0] == pytest.approx(0.2 * 2.48)
    assert NoRegularizer().penalty(WEIGHTS, MASK)[0] == 0


def test_soft_threshold_by_hand():
    # η λ = 0.1 · 0.5 = 0.05: everything moves 0.05 towards zero, and 0.03 stops there.
    w = WEIGHTS.copy()
    L1(strength=0.5).after_step(w, MASK, RATE, np.empty_like(w))
    np.testing.assert_allclose(w[0], [0.45, -1.2, 3.0, 0.0, -2.0, -0.65], rtol=1e-14)
    assert w[0, 3] == 0


def trained(regularizer: Component, **settings: object) -> Trainer:
    features = tuple(feature() for feature in CATALOG["features"].values())
    trainer = Trainer(
        DataSpec(dataset=Gaussian(), samples=200), NetworkSpec(features=features, regularizer=regularizer, **settings)
    )
    trainer.train(30)
    return trainer


def weights(trainer: Trainer) -> np.ndarray:
    return trainer.network.parameters[:, trainer.network.mask == 1]


def test_l1_reaches_exact_zeros_and_l2_does_not():
    sparse, smooth, free = (weights(trained(r)) for r in (L1(strength=0.03), L2(strength=0.03), NoRegularizer()))
    assert (sparse == 0).mean() > 0.2
    assert (smooth == 0).mean() < 0.01
    assert (free == 0).mean() < 0.01


def test_more_strength_means_smaller_weights(default_regularizer):
    cls = type(default_regularizer)
    if not hasattr(default_regularizer, "strength"):
        pytest.skip("no strength")
    norms = [np.linalg.norm(weights(trained(cls(strength=strength)))) for strength in (0.0, 0.01, 0.1)]
    assert norms[0] > norms[1] > norms[2]


def test_a_large_l2_shrinks_the_weights_to_almost_nothing():
    start = Trainer(DataSpec(dataset=Gaussian(), samples=200), NetworkSpec())
    before = np.linalg.norm(weights(start))
    assert np.linalg.norm(weights(trained(L2(strength=3.0)))) < 0.05 * before


def test_strength_zero_is_no_regularizer(default_regularizer):
    cls = type(default_regularizer)
    if not hasattr(default_regularizer, "strength"):
        pytest.skip("no strength")
    np.testing.assert_array_equal(weights(trained(cls(strength=0.0))), weights(trained(NoRegularizer())))


def test_biases_of_a_real_run_grow_under_the_strongest_penalty(default_regularizer):
    # With all weights held at zero only the biases are left to learn, here the log-odds of unequal classes: the free
    # biases must leave zero.
    data = Trainer(DataSpec(dataset=Gaussian(), samples=200)).data
    few_ones = np.concatenate([np.flatnonzero(data.labels == 0), np.flatnonzero(data.labels == 1)[:20]])
    uneven = type(data)(data.points[:, few_ones], data.labels[few_ones], len(few_ones) - 10, 2, 1)
    cls = type(default_regularizer)
    regularizer = cls(strength=3.0) if hasattr(default_regularizer, "strength") else default_regularizer
    trainer = Trainer(uneven, NetworkSpec(hidden=(), regularizer=regularizer))
    trainer.train(30)
    biases = trainer.network.parameters[0, trainer.network.mask == 0]
    assert biases[0] > 0.3 > -0.3 > biases[1]
