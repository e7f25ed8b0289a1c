"""Diagnostics equal their definitions, worked out here by brute force, one point or one unit at a time."""

import numpy as np
import pytest

from engine import CATALOG, DataSpec, HiddenLayer, NetworkSpec, Trainer
from engine.activations import LeakyReLU, Linear, ReLU, Sigmoid, Tanh
from engine.optimizers import SGD
from engine.regularizers import L1, L2, EarlyStopping, PlainDropout

DATA = DataSpec(samples=60, train_share=0.7)


def trained(*specs, epochs=5, dtype=np.float64, data=DATA):
    trainer = Trainer(data, *specs, dtype=dtype)
    trainer.train(epochs)
    return trainer


def train_points(trainer):
    return trainer.data.points[:, trainer.train_part]


def population(activations, **settings):
    hidden = tuple(HiddenLayer(6, activation) for activation in activations)
    return [NetworkSpec(hidden=hidden, seed=seed, learning_rate=0.1, **settings) for seed in (1, 2, 3)]


def test_all_units_are_dead_with_biases_of_minus_100():
    trainer = Trainer(DATA, *population([ReLU(), ReLU()]))
    trainer.network.weights[0][1, :, -1] = -100  # network 1: first layer
    for weights in trainer.network.weights[:-1]:
        weights[2, :, -1] = -100  # network 2: both
    metrics = trainer.evaluate()
    assert metrics.layer_dead_ratio[1, 0] == 1
    assert metrics.layer_dead_ratio[2].tolist() == [1, 1]
    assert metrics.dead_ratio[2] == 1
    assert metrics.dead_ratio[0] < 0.5


def test_a_known_share_of_dead_units():
    # Two of six units dead in the first layer, one of two in the second: 3 of 8.
    spec = NetworkSpec(hidden=(HiddenLayer(6), HiddenLayer(2)))
    trainer = Trainer(DATA, spec)
    first, second, _ = trainer.network.weights
    first[0, :, -1], second[0, :, -1] = 10, 100
    first[0, :2, -1], second[0, :1, -1] = -100, -1000
    metrics = trainer.evaluate()
    np.testing.assert_allclose(metrics.layer_dead_ratio, [[2 / 6, 1 / 2]])
    np.testing.assert_allclose(metrics.dead_ratio, [3 / 8])


KINDS = pytest.mark.parametrize(
    "kind",
    [
        {},
        {"batch_norm": True},
        {"residual": True},
        {"regularizers": (EarlyStopping(),)},
        {"regularizers": (PlainDropout(),)},
    ],
    ids=str,
)


def shifted(trainer, shift):
    network = trainer.network
    for layer, weights in enumerate(network.weights[:-1]):
        if network.has_bias(layer):
            weights[..., -1] += shift
    for beta in network.views("beta", network.parameters):
        beta += shift


@pytest.mark.parametrize("shift", [0.0, -1.5])
@KINDS
def test_dead_ratio_by_brute_force(default_activation, shift, kind, by_hand):
    trainer = trained(*population([default_activation, default_activation], **kind))
    shifted(trainer, shift)
    metrics = trainer.evaluate()
    for k in range(3):
        hidden, _ = by_hand(trainer, k, train_points(trainer))
        dead = [[all(value == 0 for value in unit) for unit in layer["a"]] for layer in hidden]
        np.testing.assert_allclose(metrics.layer_dead_ratio[k], np.mean(dead, axis=1), atol=1e-12)
        assert metrics.dead_ratio[k] == pytest.approx(np.mean(dead))


def test_a_unit_that_wakes_for_test_points_only_is_dead():
    trainer = Trainer(DATA, NetworkSpec(hidden=(HiddenLayer(1),)), dtype=np.float64)
    first = trainer.x[0]
    far = trainer.data.n_train + int(np.argmax(first[trainer.data.test]))
    edge = first[trainer.data.train].max()
    trainer.x[0, far] = edge + 2
    trainer.network.weights[0][0] = [[1, 0, -edge - 1]]
    assert trainer.evaluate().dead_ratio[0] == 1
    trainer.x[0, 0] = edge + 2
    assert trainer.evaluate().dead_ratio[0] == 0


def test_no_hidden_layers_no_ratio():
    metrics = trained(NetworkSpec(hidden=())).evaluate()
    assert np.isnan(metrics.dead_ratio).all() and np.isnan(metrics.saturation_ratio).all()
    assert metrics.layer_dead_ratio.shape == metrics.layer_saturation_ratio.shape == (1, 0)


def test_zero_ratio_counts_small_weights_of_all_layers_and_no_biases():
    trainer = trained(
        NetworkSpec(hidden=(HiddenLayer(3), HiddenLayer(2))),
        NetworkSpec(hidden=(HiddenLayer(3), HiddenLayer(2)), seed=2),
    )
    assert not trainer.evaluate().zero_ratio.any()
    trainer.network.unbiased(0)[0, 1] = [0, 0.00099]
    trainer.network.unbiased(2)[0, 0, 0] = -0.0005
    trainer.network.unbiased(1)[1, 0, 0] = 0.0011
    trainer.network.biases(0)[1] = 0
    count = 2 * 3 + 3 * 2 + 2 * len(trainer.network.biases(2)[0])
    assert trainer.evaluate().zero_ratio == pytest.approx([3 / count, 0])


def saturated(z, activation):
    """|g'| < 0.05 by central difference."""
    above, below = (activation.f(z + shift, np.empty_like(z)) for shift in (1e-6, -1e-6))
    return np.abs((above - below) / 2e-6) < 0.05


@KINDS
def test_saturation_by_brute_force(activation, kind, by_hand):
    trainer = trained(*population([activation, activation], **kind))
    network = trainer.network
    for values in (*network.weights[:-1], *network.views("gamma", network.parameters)):
        values *= 3
    metrics = trainer.evaluate()
    for k in range(3):
        hidden, _ = by_hand(trainer, k, train_points(trainer))
        shares = [saturated(h["normalized"], activation).mean() if activation.bounded else 0.0 for h in hidden]
        np.testing.assert_allclose(metrics.layer_saturation_ratio[k], shares, atol=1e-12)
        assert metrics.saturation_ratio[k] == pytest.approx(np.mean(shares))
        if activation.bounded:
            assert 0 < metrics.saturation_ratio[k] < 1


def test_saturation_of_mixed_layers(by_hand):
    trainer = trained(*population([Tanh(), ReLU(), Sigmoid(), LeakyReLU()]))
    trainer.network.weights[0][...] *= 4
    metrics = trainer.evaluate()
    for k in range(3):
        hidden, _ = by_hand(trainer, k, train_points(trainer))
        activations = [layer.activation for layer in trainer.specs[k].hidden]
        shares = [saturated(h["z"], g).mean() if g.bounded else 0.0 for h, g in zip(hidden, activations, strict=True)]
        np.testing.assert_allclose(metrics.layer_saturation_ratio[k], shares, atol=1e-12)
        assert shares[0] > 0


def brute_force_gradient(trainer, k, by_hand):
    """d(mean loss)/d[W b] of every layer in float64: one training point at a time, by the four equations (S1, S2)."""
    network, activations = trainer.network, [layer.activation for layer in trainer.specs[k].hidden]
    weights = [w[k].astype(np.float64) for w in network.weights]
    sums = [np.zeros_like(w) for w in weights]
    targets = trainer.targets.astype(np.float64)
    for i in range(trainer.n_train):
        hidden, logits = by_hand(trainer, k, trainer.data.points[:, i : i + 1])
        inputs = [trainer.inputs(trainer.data.points[:, i : i + 1], np.float64)[:-1], *(h["a"] for h in hidden)]
        d = trainer.loss.gradient(logits, targets[:, i : i + 1], np.empty_like(logits))
        for index in range(len(sums) - 1, -1, -1):
            sums[index] += d @ np.vstack([inputs[index], [[1.0]]]).T
            if index:
                z, a = hidden[index - 1]["z"], hidden[index - 1]["a"]
                d = (weights[index][:, :-1].T @ d) * activations[index - 1].df(z, a, np.empty_like(z))
    return [total / trainer.n_train for total in sums]


@pytest.mark.parametrize("train_share", [0.5, 0.7])  # parts of equal size share their buffers
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradient_norm_by_brute_force(default_loss, dtype, train_share, by_hand):
    data = DataSpec(samples=60, train_share=train_share)
    trainer = trained(*population([Tanh(), ReLU()], loss=default_loss), dtype=dtype, data=data)
    norms = trainer.evaluate().gradient_norm
    assert norms.shape == (3, 3)
    for k in range(3):
        expected = [np.linalg.norm(g) for g in brute_force_gradient(trainer, k, by_hand)]
        np.testing.assert_allclose(norms[k], expected, rtol=1e-3 if dtype == np.float32 else 1e-9)


@KINDS
def test_gradient_norm_is_the_slope_of_the_training_loss_as_evaluated(default_activation, kind, by_hand):
    """By central differences: whatever the layers, the norm is that of the loss that stands beside it."""
    hidden = (HiddenLayer(3, default_activation),) * 2
    trainer = trained(*(NetworkSpec(hidden=hidden, learning_rate=0.1, seed=seed, **kind) for seed in (1, 2)))
    shifted(trainer, 0.1)
    metrics, targets = trainer.evaluate(), trainer.targets[:, trainer.train_part]
    for k in range(2):
        flat = trainer.network.parameters[k].copy()

        def loss(values, k=k):
            return float(trainer.loss.loss(by_hand(trainer, k, train_points(trainer), values)[1], targets))

        assert metrics.train_loss[k] == pytest.approx(loss(flat), rel=1e-9)
        for layer, span in enumerate(trainer.network.spans):
            slope = []
            for place in range(span.start, span.stop):
                above, below = flat.copy(), flat.copy()
                above[place] += 1e-7
                below[place] -= 1e-7
                slope.append((loss(above) - loss(below)) / 2e-7)
            assert metrics.gradient_norm[k, layer] == pytest.approx(np.linalg.norm(slope), rel=1e-5, abs=1e-7)


def test_gradient_norm_is_of_the_data_loss_alone():
    specs = population([Tanh()], regularizers=(L2(strength=1.0),)), population([Tanh()])
    plain, regularized = (Trainer(DATA, *members).evaluate() for members in specs)
    np.testing.assert_array_equal(plain.gradient_norm, regularized.gradient_norm)


def test_gradients_vanish_in_a_deep_stack_of_sigmoids():
    norms = Trainer(DATA, NetworkSpec(hidden=(HiddenLayer(6, Sigmoid()),) * 6)).evaluate().gradient_norm[0]
    assert norms[0] < 0.01 * norms[-1]


@KINDS
def test_losses_and_accuracies_by_brute_force(default_loss, kind):
    trainer = trained(*population([Tanh()], loss=default_loss, **kind))
    metrics = trainer.evaluate()
    data = trainer.data
    for k in range(3):
        probability, hits = [], []
        for i in range(data.points.shape[1]):
            p = trainer.predict(data.points[:, i : i + 1])[k, :, 0]
            probability.append(p[data.labels[i]])
            hits.append(p.argmax() == data.labels[i])
            assert metrics.predicted[k, i] == p.argmax()
        assert metrics.train_accuracy[k] == pytest.approx(np.mean(hits[trainer.train_part]))
        assert metrics.test_accuracy[k] == pytest.approx(np.mean(hits[data.test]))
        if default_loss.id in ("softmax_cross_entropy", "logistic"):  # −ln p of the right class
            assert metrics.train_loss[k] == pytest.approx(-np.log(probability[trainer.train_part]).mean())
            assert metrics.test_loss[k] == pytest.approx(-np.log(probability[data.test]).mean())


def test_the_penalty_stands_beside_the_loss():
    for regularizer, power in ((L2(strength=0.2), lambda w: 0.5 * w**2), (L1(strength=0.2), np.abs)):
        trainer = trained(*population([Tanh()], regularizers=(regularizer,)))
        metrics = trainer.evaluate()
        for k in range(3):
            w = np.concatenate([weights[k, :, :-1].ravel() for weights in trainer.network.weights])
            assert metrics.penalty[k] == pytest.approx(0.2 * power(w).sum())
        free = Trainer(DATA, *population([Tanh()]), dtype=np.float64)
        free.network.parameters[...] = trainer.network.parameters
        np.testing.assert_array_equal(free.evaluate().train_loss, metrics.train_loss)


def test_the_penalties_of_several_regularizers_add_up(few):
    chosen = [cls() for cls in CATALOG["regularizers"].values() if not (cls.exclusive or cls.held_out)]
    trainer = Trainer(few, NetworkSpec(regularizers=tuple(chosen)), NetworkSpec(regularizers=tuple(chosen), seed=2))
    alone = [Trainer(few, *(NetworkSpec(regularizers=(r,), seed=s) for s in (1, 2))).penalty() for r in chosen]
    np.testing.assert_allclose(trainer.evaluate().penalty, np.sum(alone, axis=0), rtol=1e-5)


def test_update_ratio_is_the_last_change_over_the_weights():
    trainer = trained(*population([Tanh()], optimizer=SGD()))
    before = [weights.copy() for weights in trainer.network.weights]
    trainer.step()
    ratio = trainer.evaluate().update_ratio
    for index, (old, new) in enumerate(zip(before, trainer.network.weights, strict=True)):
        for k in range(3):
            assert ratio[k, index] == pytest.approx(np.linalg.norm(new[k] - old[k]) / np.linalg.norm(new[k]), rel=1e-6)


def test_every_number_has_its_shape_and_is_finite(default_loss):
    activations = [Linear(), *(cls() for cls in CATALOG["activations"].values())]
    for networks, layers in ((1, activations[:8]), (3, activations[8:] or activations[:2])):
        specs = population(layers, loss=default_loss)
        metrics = trained(*specs[:networks]).evaluate()
        depth, n = len(specs[0].hidden), DATA.samples
        for name, value in vars(metrics).items():
            shape = {"predicted": (networks, n), "gradient_norm": (networks, depth + 1)}.get(name)
            shape = shape or {"update_ratio": (networks, depth + 1)}.get(name)
            shape = shape or ((networks, depth) if name.startswith("layer_") else (networks,))
            assert np.shape(value) == shape, name
            absent = name.startswith(("validation", "train_dev")) or name.endswith(("_r2", "_error"))
            assert np.isnan(value).all() if absent else np.isfinite(value).all(), name


def test_evaluating_twice_gives_the_same_numbers_that_later_training_does_not_touch():
    trainer = trained(*population([Tanh(), ReLU()]))
    first, again = trainer.evaluate(), trainer.evaluate()
    kept = {name: np.copy(value) for name, value in vars(first).items()}
    trainer.train(3)
    trainer.evaluate()
    for name, value in vars(again).items():
        np.testing.assert_array_equal(value, kept[name])
        np.testing.assert_array_equal(vars(first)[name], kept[name])


@pytest.mark.parametrize("networks", [1, 3])
def test_mean_and_spread_of_each_layers_outputs(networks, by_hand):
    specs = [NetworkSpec(hidden=(HiddenLayer(6, Tanh()), HiddenLayer(3)), seed=k) for k in range(networks)]
    trainer = Trainer(DataSpec(samples=120), *specs, dtype=np.float64)
    trainer.train(2)
    metrics = trainer.evaluate()
    for k in range(networks):
        layers, _ = by_hand(trainer, k, trainer.data.points[:, trainer.train_part])
        for index, layer in enumerate(layers):
            np.testing.assert_allclose(metrics.layer_mean[k, index], layer["a"].mean())
            np.testing.assert_allclose(metrics.layer_spread[k, index], layer["a"].std())
