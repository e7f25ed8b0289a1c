"""What a student sees: real runs that must come out as the textbook says."""

import numpy as np
import pytest

from engine import DataSpec, HiddenLayer, NetworkSpec, Trainer
from engine.activations import Linear, ReLU
from engine.bayes import bayes
from engine.datasets import Circle, Gaussian, Xor
from engine.features import X1, X2, Product, X1Squared, X2Squared
from engine.initializers import Zeros
from engine.optimizers import SGD, Adam, Momentum


def best_test_accuracy(data, *specs, epochs=60):
    trainer, best = Trainer(data, *specs), np.zeros(len(specs))
    for _ in range(epochs // 10):
        trainer.train(10)
        best = np.maximum(best, trainer.evaluate().test_accuracy)
    return best


def test_the_default_network_solves_the_circle():
    best = [best_test_accuracy(DataSpec(seed=seed), NetworkSpec(seed=seed))[0] for seed in range(10)]
    assert sum(accuracy > 0.95 for accuracy in best) >= 9


def test_a_linear_stack_does_not_solve_xor_and_relu_does():
    data = DataSpec(dataset=Xor(), noise=0.0)
    for activation, solves in ((Linear(), False), (ReLU(), True)):
        hidden = (HiddenLayer(8, activation),) * 3
        best = best_test_accuracy(data, *(NetworkSpec(hidden=hidden, seed=seed) for seed in range(1, 6)))
        assert (best > 0.95).sum() >= 4 if solves else (best < 0.75).all()


def test_without_hidden_layers_only_the_right_features_solve_the_circle():
    data = DataSpec(dataset=Circle(), noise=0.0)
    straight = NetworkSpec(hidden=(), learning_rate=0.1)
    squares = NetworkSpec(hidden=(), learning_rate=0.1, features=(X1Squared(), X2Squared()))
    assert best_test_accuracy(data, straight)[0] < 0.75
    assert best_test_accuracy(data, squares)[0] > 0.97


def test_without_hidden_layers_the_product_solves_xor():
    data = DataSpec(dataset=Xor(), noise=0.0)
    assert best_test_accuracy(data, NetworkSpec(hidden=(), features=(Product(),)))[0] > 0.97
    assert best_test_accuracy(data, NetworkSpec(hidden=(), features=(X1(), X2())))[0] < 0.75


def test_a_straight_cut_is_enough_for_two_clouds():
    assert best_test_accuracy(DataSpec(dataset=Gaussian(), noise=0.0), NetworkSpec(hidden=()))[0] > 0.97


def test_zeros_learn_nothing():
    assert best_test_accuracy(DataSpec(noise=0.0), NetworkSpec(initializer=Zeros()))[0] < 0.6


def test_every_activation_learns_two_clouds(activation, default_loss):
    spec = NetworkSpec(hidden=(HiddenLayer(6, activation),), loss=default_loss, learning_rate=0.1)
    trainer = Trainer(DataSpec(dataset=Gaussian(), samples=200), spec)
    before = trainer.evaluate().train_loss[0]
    trainer.train(20)
    fall = 0.7 if default_loss.id == "absolute_error" else 0.3  # its gradient does not shrink, so it hovers
    assert trainer.evaluate().train_loss[0] < fall * before


def test_every_dataset_can_be_learned(default_dataset):
    spec = NetworkSpec(hidden=(HiddenLayer(20), HiddenLayer(20)), optimizer=Adam(), learning_rate=0.01)
    trainer = Trainer(DataSpec(dataset=default_dataset, noise=0.0), spec)
    trainer.train(200)
    # Clouds overlap also without noise; the training points, known by heart, may do better than what is best possible.
    best = bayes(DataSpec(dataset=default_dataset, noise=0.0))
    assert trainer.evaluate().train_accuracy[0] > 0.95 - best.error


def test_every_function_can_be_approximated(default_value_dataset):
    spec = NetworkSpec(hidden=(HiddenLayer(20), HiddenLayer(20)), optimizer=Adam(), learning_rate=0.01)
    trainer = Trainer(DataSpec(dataset=default_value_dataset, noise=0.0, samples=1000), spec)
    trainer.train(150)
    assert trainer.evaluate().test_r2[0] > 0.9


def test_every_optimizer_learns(default_optimizer):
    rate = {SGD.id: 0.1, Momentum.id: 0.1}.get(default_optimizer.id, 0.01)
    trainer = Trainer(DataSpec(samples=200), NetworkSpec(optimizer=default_optimizer, learning_rate=rate))
    before = trainer.evaluate().train_loss[0]
    trainer.train(50 * (10 if default_optimizer.full_batch else 1))  # as many updates for all
    assert trainer.evaluate().train_loss[0] < 0.3 * before


def test_noise_costs_accuracy(default_dataset):
    spec = NetworkSpec(optimizer=Adam(), learning_rate=0.01)
    clean, noisy = (best_test_accuracy(DataSpec(dataset=default_dataset, noise=noise), spec)[0] for noise in (0.0, 0.5))
    rise = bayes(DataSpec(dataset=default_dataset, noise=0.5)).error - bayes(DataSpec(dataset=default_dataset)).error
    assert noisy < clean - 0.02 or rise < 0.1  # arms of a spiral lie far apart beside their noise


@pytest.mark.parametrize("width", [1, 20])
def test_one_unit_is_too_few_for_the_circle_and_twenty_are_enough(width):
    best = best_test_accuracy(DataSpec(noise=0.0), NetworkSpec(hidden=(HiddenLayer(width),)))[0]
    assert best > 0.95 if width == 20 else best < 0.85
