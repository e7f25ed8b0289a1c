"""Early stopping: it watches points that are never trained on, ends each network in its own time, and gives it back the
best weights it has had."""

from dataclasses import replace

import numpy as np
import pytest

from engine import Data, DataSpec, HiddenLayer, NetworkSpec, Trainer, draw
from engine.activations import Tanh
from engine.datasets import Moons
from engine.optimizers import Adam
from engine.regularizers import L2, Dropout, EarlyStopping

NOISY = DataSpec(dataset=Moons(), noise=0.5, samples=120)
SPEC = NetworkSpec(
    hidden=(HiddenLayer(32, Tanh()), HiddenLayer(32, Tanh())),
    optimizer=Adam(),
    learning_rate=0.02,
    regularizers=(EarlyStopping(patience=5),),
)
KINDS = pytest.mark.parametrize(
    "kind",
    [{}, {"batch_norm": True}, {"residual": True}, {"bootstrap": True}, {"batch_size": 16}],
    ids=str,
)


def validation_loss(trainer):
    part = trainer.validation
    return np.asarray(trainer.loss.loss(trainer.logits(trainer.x[:, part]), trainer.targets[:, part]))


def watched(trainer, limit=300):
    """The validation loss after every epoch, (epochs + 1, K), until all have ended."""
    losses = [validation_loss(trainer)]
    for epoch in range(1, limit):
        if trainer.advance(epoch, 1000) and trainer.finished:
            return np.array(losses)
        losses.append(validation_loss(trainer))
    raise AssertionError("it never stops")


def test_a_fifth_of_the_training_points_is_held_out():
    plain, trainer = Trainer(NOISY, replace(SPEC, regularizers=())), Trainer(NOISY, SPEC)
    assert plain.validation == slice(60, 60)
    assert (trainer.n_train, trainer.validation, trainer.train_part) == (48, slice(48, 60), slice(0, 48))
    trainer.train(1)
    assert trainer.steps == 5  # 48 points in batches of 10
    assert plain.stopping is None and not plain.finished


@KINDS
def test_it_stops_and_restores_the_best_weights(kind):
    trainer = Trainer(NOISY, replace(SPEC, **kind), dtype=np.float64)
    losses = watched(trainer)
    assert trainer.finished
    best = int(trainer.stopping.best_epoch[0])
    assert trainer.position == best + 5  # patience
    np.testing.assert_allclose(trainer.stopping.best_loss, losses[1:].min(axis=0), rtol=1e-9)
    np.testing.assert_allclose(validation_loss(trainer), losses[1:].min(axis=0), rtol=1e-9)
    assert losses[best] == losses[1:].min()
    # exactly those of a run that ends there
    plain = Trainer(NOISY, replace(SPEC, **kind), dtype=np.float64)
    plain.train(best)
    np.testing.assert_array_equal(trainer.network.parameters, plain.network.parameters)
    np.testing.assert_array_equal(trainer.boundary(8), plain.boundary(8))


def test_it_ends_where_training_on_would_have_been_worse():
    trainer = Trainer(NOISY, *(replace(SPEC, seed=seed) for seed in range(4)))
    trainer.train(300)
    on = Trainer(NOISY, *(replace(SPEC, seed=seed, regularizers=(EarlyStopping(patience=500),)) for seed in range(4)))
    on.train(300)
    assert (validation_loss(trainer) < 0.6 * validation_loss(on)).all()
    assert trainer.evaluate().test_loss.mean() < 0.7 * on.evaluate().test_loss.mean()


@KINDS
def test_each_network_of_a_population_ends_in_its_own_time(kind):
    specs = [replace(SPEC, seed=seed, **kind) for seed in range(8)]
    together = Trainer(NOISY, *specs, dtype=np.float64)
    together.train(300)
    assert together.finished
    assert len(set(together.stopping.best_epoch)) > 1
    for k, spec in enumerate(specs):
        alone = Trainer(NOISY, spec, dtype=np.float64)
        alone.train(300)
        assert alone.position == together.stopping.best_epoch[k] + 5
        np.testing.assert_allclose(together.network.parameters[k], alone.network.parameters[0], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(together.boundary(8)[k], alone.boundary(8)[0], rtol=1e-6, atol=1e-9)


def test_a_network_that_has_ended_stands_still_while_the_others_go_on():
    together = Trainer(NOISY, *(replace(SPEC, seed=seed) for seed in range(4)))
    while not together.stopping.stopped.any():
        together.train(1)
    ended = together.stopping.stopped.copy()
    assert not together.finished
    kept = together.network.parameters.copy()
    together.step()
    changed = (together.network.parameters != kept).any(axis=1)
    np.testing.assert_array_equal(changed, ~ended)


def test_training_on_after_the_end_does_nothing():
    trainer = Trainer(NOISY, SPEC)
    trainer.train(300)
    kept, position, steps = trainer.network.parameters.copy(), trainer.position, trainer.steps
    trainer.train(10)
    assert trainer.advance(position + 10, 100)
    np.testing.assert_array_equal(trainer.network.parameters, kept)
    assert (trainer.position, trainer.steps) == (position, steps)


def poisoned(data, part):
    labels = data.labels.copy()
    labels[part] = 1 - labels[part]
    points = data.points.copy()
    return Data(points, labels, data.n_train, data.classes, data.seed)


def test_validation_and_test_points_are_never_trained_on():
    """Wrong labels there change no digit of training, right ones do."""
    data, spec = draw(NOISY), replace(SPEC, regularizers=(EarlyStopping(patience=500),))
    runs = [Trainer(data, spec), *(Trainer(poisoned(data, part), spec) for part in (slice(48, 60), slice(60, None)))]
    for trainer in runs:
        trainer.train(8)
    np.testing.assert_array_equal(runs[0].network.parameters, runs[1].network.parameters)
    np.testing.assert_array_equal(runs[0].network.parameters, runs[2].network.parameters)
    learned = Trainer(poisoned(data, slice(0, 3)), spec)
    learned.train(8)
    assert (runs[0].network.parameters != learned.network.parameters).any()
    assert validation_loss(runs[0])[()] != validation_loss(runs[1])[()]


@pytest.mark.parametrize("kind", [{}, {"bootstrap": True}], ids=str)
def test_preprocessing_and_batches_see_the_training_points_alone(kind):
    data, spec = draw(NOISY), replace(SPEC, **kind)
    far = data.points.copy()
    far[:, 48:] += 1000
    moved = Trainer(Data(far, data.labels, data.n_train, data.classes, data.seed), spec)
    plain = Trainer(data, spec)
    np.testing.assert_array_equal(moved.x[:, :48], plain.x[:, :48])
    np.testing.assert_array_equal(moved._shuffled_x, plain._shuffled_x)


def test_the_held_out_points_have_the_classes_that_the_training_points_have():
    """The points are in random order, so that any stretch of them is a sample."""
    for seed in range(10):
        data = draw(replace(NOISY, samples=400, seed=seed))
        share = data.labels[Trainer(data, SPEC).validation].mean()
        assert 0.25 < share < 0.75


@pytest.mark.parametrize("patience", [1, 3, 10])
def test_patience_is_how_long_it_waits_for_a_new_best(patience):
    trainer = Trainer(NOISY, replace(SPEC, regularizers=(EarlyStopping(patience),)))
    losses = watched(trainer)[1:, 0]
    best = int(trainer.stopping.best_epoch[0])
    bests = [epoch for epoch in range(1, len(losses) + 1) if losses[epoch - 1] == losses[:epoch].min()]
    assert max(after - before for before, after in zip([0, *bests], bests, strict=False)) <= patience
    assert trainer.position == best + patience


def test_patience_changes_live():
    trainer = Trainer(NOISY, replace(SPEC, regularizers=(EarlyStopping(patience=500),)))
    trainer.train(60)
    assert not trainer.finished
    best = trainer.stopping.best_epoch.copy()
    trainer.change(replace(SPEC, regularizers=(EarlyStopping(patience=2),)))
    np.testing.assert_array_equal(trainer.stopping.best_epoch, best)  # it remembers
    trainer.train(3)
    assert trainer.finished


def test_it_goes_with_the_other_regularizers():
    trainer = Trainer(NOISY, replace(SPEC, regularizers=(L2(strength=0.01), EarlyStopping(patience=3), Dropout())))
    losses = watched(trainer)
    np.testing.assert_allclose(validation_loss(trainer), losses[1:].min(axis=0), rtol=1e-5)


def test_a_network_that_diverges_is_no_obstacle():
    specs = [replace(SPEC, learning_rate=rate, hidden=(HiddenLayer(32),) * 3) for rate in (10.0, 0.01)]
    trainer, alone = Trainer(NOISY, *specs), Trainer(NOISY, specs[1])
    for each in (trainer, alone):
        each.train(300)
    assert trainer.stopping.best_epoch[1] == alone.stopping.best_epoch[0]
