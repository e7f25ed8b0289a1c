"""Laws of populations: each seed goes its own way, as if it were alone, and what is said of all leaves out the lost."""

import numpy as np
import pytest

from engine import DataSpec, NetworkSpec, Trainer, seeds
from engine.activations import Linear
from engine.datasets import Bumps, Circle, Rings, Spiral
from engine.optimizers import LBFGS, Adam
from engine.regularizers import Augmentation, Dropout, EarlyStopping
from engine.spec import MAX_SEED, HiddenLayer
from engine.tf_playground import trainer_for

SMALL = DataSpec(samples=60)
SETTINGS = {
    "plain": {},
    "adam": {"optimizer": Adam()},
    "lbfgs": {"optimizer": LBFGS()},
    "bootstrap": {"bootstrap": True},
    "folds": {"folds": 4},
    "batch_norm": {"batch_norm": True},
    "random": {"regularizers": (Dropout(), Augmentation())},
    "early stopping": {"regularizers": (EarlyStopping(patience=1),)},
}


def course(trainer, epochs=4):
    """Losses after every epoch, ``(epochs, 2, K)``."""
    found = []
    for _ in range(epochs):
        trainer.train(1)
        metrics = trainer.evaluate()
        found.append([metrics.train_loss, metrics.test_loss])
    return np.array(found)


@pytest.mark.parametrize("tf_seed", ["", "0.5"])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=list(SETTINGS))
def test_each_seed_has_the_history_of_the_same_seed_alone(settings, tf_seed):
    data = DataSpec(samples=60, tf_seed=tf_seed)
    specs = NetworkSpec(hidden=(HiddenLayer(4),), **settings).seeded(8)
    together = course(trainer_for(data, *specs))
    alone = np.concatenate([course(trainer_for(data, spec)) for spec in specs], axis=-1)
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert len(np.unique(together[-1, 0])) > 4


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=list(SETTINGS))
def test_a_seed_taken_out_goes_on_with_the_same_digits(settings):
    specs = NetworkSpec(hidden=(HiddenLayer(4),), **settings).seeded(8)
    together = Trainer(SMALL, *specs)
    together.advance(2.4, 1000)
    single = together.alone(5)
    assert single.specs == (specs[5],)
    np.testing.assert_array_equal(single.boundary(20)[0], together.boundary(20)[5])
    np.testing.assert_allclose(course(single)[..., 0], course(together)[..., 5], atol=1e-6)
    single.go_with(together, 5)
    assert single.position == together.position
    np.testing.assert_array_equal(single.network.parameters[0], together.network.parameters[5])


def test_looking_at_one_seed_changes_nothing():
    one, other = (Trainer(SMALL, *NetworkSpec().seeded(8)) for _ in range(2))
    one.train(1)
    one.alone(3).train(2)
    other.train(1)
    np.testing.assert_array_equal(course(one), course(other))


def test_seeds_count_up_and_begin_again_after_the_last():
    assert [spec.seed for spec in NetworkSpec(seed=MAX_SEED - 1).seeded(3)] == [MAX_SEED - 1, MAX_SEED, 0]


def test_a_seed_that_overflows_spoils_nothing_for_the_others():
    specs = NetworkSpec(hidden=(HiddenLayer(4),), clip_norm=1.0, regularizers=(EarlyStopping(patience=50),)).seeded(8)
    whole, spoiled = Trainer(SMALL, *specs), Trainer(SMALL, *specs)
    spoiled.network.parameters[2] = np.inf
    a, b = course(whole), course(spoiled)
    others = np.arange(8) != 2
    np.testing.assert_array_equal(a[..., others], b[..., others])
    metrics = spoiled.evaluate()
    np.testing.assert_array_equal(seeds.standing(metrics), others)
    p = spoiled.boundary(16)
    together = seeds.consensus(p)
    np.testing.assert_allclose(together.mean, p[others].mean(axis=0))
    np.testing.assert_array_equal(together.disagreement, seeds.consensus(p[others]).disagreement)
    values = np.stack([metrics.train_loss, metrics.gradient_norm[:, 0]])
    np.testing.assert_allclose(seeds.mean(values, others), values[:, others].mean(axis=1))
    np.testing.assert_allclose(seeds.band(values, others), np.quantile(values[:, others], [0.1, 0.9], axis=1))


@pytest.mark.parametrize("shape", [Circle(), Rings(classes=3), Spiral()], ids=lambda one: one.id)
def test_seeds_disagree_where_they_tell_another_class_than_the_mean(shape):
    trainer = Trainer(DataSpec(samples=60, dataset=shape), *NetworkSpec().seeded(8))
    trainer.train(5)
    p = trainer.boundary(16)
    together = seeds.consensus(p)
    expected = (p.argmax(axis=1) != p.mean(axis=0).argmax(axis=0)).mean(axis=0)
    np.testing.assert_array_equal(together.disagreement, expected)
    assert together.disagreement.max() > 0
    at_points = trainer.predict(trainer.data.points).mean(axis=0).argmax(axis=0)
    np.testing.assert_array_equal(seeds.predicted(trainer), at_points)


def test_values_disagree_by_their_standard_deviation():
    trainer = Trainer(DataSpec(samples=60, dataset=Bumps()), *NetworkSpec().seeded(8))
    p = trainer.boundary(16)
    together = seeds.consensus(p)
    np.testing.assert_allclose(together.disagreement, p[:, 0].std(axis=0))
    assert not seeds.predicted(trainer).any()


def test_where_all_have_overflowed_there_is_no_consensus():
    together = seeds.consensus(np.full((8, 2, 3, 3), np.nan))
    assert np.isnan(together.mean).all() and np.isnan(together.disagreement).all()


def test_solved_is_what_tests_well():
    trainer = Trainer(DataSpec(noise=0.0), *NetworkSpec().seeded(8), *NetworkSpec(seed=1).seeded(1))
    trainer.network.parameters[8] = np.nan
    assert not seeds.solved(trainer.evaluate()).any()
    trainer.train(40)
    metrics = trainer.evaluate()
    np.testing.assert_array_equal(seeds.solved(metrics), metrics.test_accuracy >= 0.95)
    assert seeds.solved(metrics)[:8].sum() >= 6 and not seeds.solved(metrics)[8]
    straight = Trainer(DataSpec(noise=0.0), *NetworkSpec(hidden=(HiddenLayer(4, Linear()),)).seeded(8))
    straight.train(5)
    assert not seeds.solved(straight.evaluate()).any()
    assert seeds.reached(np.array([np.nan, np.nan]), np.array([0.9, 0.89])).tolist() == [True, False]
