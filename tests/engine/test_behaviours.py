"""What the notes promise, over several seeds trained as one population. Single runs are in test_behaviour."""

import numpy as np
import pytest

from engine import CATALOG, DataSpec, HiddenLayer, NetworkSpec, Trainer
from engine.activations import LeakyReLU, Linear, ReLU, Sigmoid, Tanh
from engine.datasets import Circle, Moons, Xor
from engine.initializers import Glorot, SmallNormal, Zeros
from engine.optimizers import Adam
from engine.results import vote

CLEAN = DataSpec(noise=0.0, samples=400)


def trained(data, *specs, epochs):
    trainer = Trainer(data, *specs)
    trainer.train(epochs)
    return trainer


def seeds(count, **settings):
    """One population: the same network from so many seeds."""
    return [NetworkSpec(seed=seed, **settings) for seed in range(count)]


def test_a_linear_stack_is_one_linear_map_however_deep():
    data = DataSpec(dataset=Xor(), noise=0.0, samples=200)
    for depth in (1, 4):
        stack = trained(data, *seeds(8, hidden=(HiddenLayer(8, Linear()),) * depth), epochs=30)
        assert (stack.evaluate().test_accuracy < 0.8).all()
        weights = stack.network.weights
        for k in range(8):  # the logits are an affine function of the inputs
            product, shift = np.eye(2), np.zeros(2)
            for layer in weights:
                product, shift = layer[k, :, :-1] @ product, layer[k, :, :-1] @ shift + layer[k, :, -1]
            expected = product @ stack.x[:-1] + shift[:, np.newaxis]
            np.testing.assert_allclose(stack.logits(stack.x)[k], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("constant", [0.0, 0.1])
def test_units_that_start_alike_stay_alike(constant):
    """Zeros, or any constant: every unit of a layer gets the same gradient (S1, S3)."""
    hidden = (HiddenLayer(8, Sigmoid()),) * 2
    initializer = CATALOG["initializers"]["constant"](constant) if constant else Zeros()
    trainer = trained(CLEAN, *seeds(2, hidden=hidden, initializer=initializer, learning_rate=1.0), epochs=10)
    for layer in trainer.network.weights[:-1]:
        assert np.ptp(layer, axis=1).max() == 0
        assert np.abs(layer).max() > 0.01  # they do learn, all the same
    free = trained(CLEAN, *seeds(2, hidden=hidden, learning_rate=1.0), epochs=10)
    assert all(np.ptp(layer, axis=1).max() > 0.1 for layer in free.network.weights[:-1])


def test_a_deep_stack_of_sigmoids_does_not_learn_where_tanh_does():
    """Vanishing gradients (S0, S3): 8-8-8-8."""
    common = {"initializer": Glorot(), "learning_rate": 0.1}
    sigmoid, tanh = (
        trained(CLEAN, *seeds(8, hidden=(HiddenLayer(8, activation),) * 4, **common), epochs=60).evaluate()
        for activation in (Sigmoid(), Tanh())
    )
    assert (sigmoid.test_accuracy < 0.7).all()
    assert (tanh.test_accuracy > 0.95).all()


def test_biases_of_minus_one_kill_half_of_the_relu_units_and_no_leaky_ones():
    common = {"bias": -1.0, "learning_rate": 0.05}
    relu, leaky = (
        Trainer(CLEAN, *seeds(16, hidden=(HiddenLayer(16, activation),) * 4, **common))
        for activation in (ReLU(), LeakyReLU(0.1))
    )
    assert 0.3 < relu.evaluate().dead_ratio.mean() < 0.75
    for trainer in (relu, leaky):
        trainer.train(40)
    dead, alive = relu.evaluate(), leaky.evaluate()
    assert 0.3 < dead.dead_ratio.mean() < 0.75  # the dead stay dead
    assert (alive.dead_ratio == 0).all()
    assert alive.test_accuracy.mean() > dead.test_accuracy.mean() + 0.15
    common["bias"] = 0.0
    assert Trainer(CLEAN, *seeds(16, hidden=(HiddenLayer(16),) * 4, **common)).evaluate().dead_ratio.mean() < 0.2


@pytest.mark.parametrize(
    ("activation_of_all", "start", "rate", "depth"),
    [
        (ReLU(), {"initializer": SmallNormal()}, 0.1, 4),
        (ReLU(), {"gain": 0.05}, 0.1, 4),
        (Tanh(), {"initializer": SmallNormal()}, 0.3, 3),
    ],
    ids=["relu-small", "relu-gain", "tanh-small"],
)
def test_batch_normalization_rescues_a_bad_initialization(activation_of_all, start, rate, depth):
    hidden = (HiddenLayer(8, activation_of_all),) * depth
    plain, normed = (
        trained(
            CLEAN, *seeds(8, hidden=hidden, batch_size=20, learning_rate=rate, batch_norm=on, **start), epochs=50
        ).evaluate()
        for on in (False, True)
    )
    assert (plain.test_accuracy < 0.7).all()
    assert (normed.test_accuracy > 0.95).sum() >= 7


def test_batch_normalization_allows_a_larger_learning_rate():
    hidden = (HiddenLayer(8),) * 4
    plain, normed = (
        trained(CLEAN, *seeds(8, hidden=hidden, batch_size=20, learning_rate=2.0, batch_norm=on), epochs=30).evaluate()
        for on in (False, True)
    )
    assert normed.test_accuracy.mean() > plain.test_accuracy.mean() + 0.2


@pytest.mark.parametrize("shape", [Circle(), Moons()], ids=lambda shape: shape.id)
def test_small_networks_land_in_different_minima_and_large_ones_agree(shape):
    """S3: the spread of the final test loss over 16 seeds."""
    data = DataSpec(dataset=shape, noise=0.1, samples=400)
    small, large = (
        trained(data, *seeds(16, hidden=(HiddenLayer(width, Tanh()),), learning_rate=0.1), epochs=60).evaluate()
        for width in (3, 64)
    )
    assert small.test_loss.std() > 3 * large.test_loss.std()
    assert small.test_loss.mean() > large.test_loss.mean()


def test_the_vote_of_a_bagging_ensemble_is_as_good_as_its_mean_member():
    members, votes = [], []
    spec = {"hidden": (HiddenLayer(8),) * 2, "optimizer": Adam(), "learning_rate": 0.01, "bootstrap": True}
    for seed in range(6):
        data = DataSpec(dataset=Moons(), noise=0.4, samples=200, seed=seed)
        trainer = trained(data, *seeds(15, **spec), epochs=60)
        test = trainer.data.test
        chosen = vote(trainer, trainer.data.points[:, test]).argmax(axis=0)
        votes.append((chosen == trainer.data.labels[test]).mean())
        members.append(trainer.evaluate().test_accuracy.mean())
    assert (np.array(votes) > np.array(members) - 0.005).all()
    assert np.mean(votes) > np.mean(members) + 0.005


def test_a_learning_rate_can_be_too_small_and_too_large():
    low, right, high = (
        trained(CLEAN, *seeds(8, learning_rate=rate), epochs=30).evaluate() for rate in (1e-4, 0.1, 3.0)
    )
    assert (right.test_accuracy > 0.95).all()
    assert (low.test_accuracy < 0.8).all() and (high.test_accuracy < 0.8).all()
    start = Trainer(CLEAN, *seeds(8, learning_rate=1e-4)).evaluate()
    assert ((low.train_loss < start.train_loss) & (low.train_loss > 0.3)).all()  # on its way, but slow
