"""Laws of the layers: batch normalization and dropout against PyTorch's figures, noise with the promised mean and
deviation, shortcuts by hand. Backward passes in whole networks are checked in test_gradient_check."""

import numpy as np
import pytest

from engine import DataSpec, HiddenLayer, NetworkSpec, Trainer
from engine.activations import Linear, Tanh
from engine.layers import (
    Activate,
    BatchNorm,
    Dense,
    Drop,
    DropConnect,
    InputNoise,
    NoisePart,
    Residual,
    Scale,
    with_ones,
)
from engine.regularizers import Dropout, PlainDropout
from engine.streams import stream


def column(values):
    return np.array(values, np.float64)[:, np.newaxis]


def rows(values, networks):
    """A figure's array as the layers have it: alone, or the same for every network."""
    array = np.array(values, np.float64)
    return array if networks == 1 else np.stack([array] * networks)


# ---- batch normalization ----


@pytest.mark.parametrize("networks", [1, 3])
def test_batch_norm_equals_pytorch(figures, networks):
    figure = figures("batch_norm")
    assert (BatchNorm.EPSILON, BatchNorm.MOMENTUM) == (figure["epsilon"], figure["momentum"])
    gamma, beta = (rows(column(figure[name]), networks) for name in ("gamma", "beta"))
    d_gamma, d_beta = np.empty_like(gamma), np.empty_like(beta)
    averages = np.stack([rows(column(figure["running_start"][name]), networks) for name in ("mean", "variance")])
    z = rows(figure["batches"][0]["z"], networks)
    training = BatchNorm(z, gamma, beta, d_gamma, d_beta, averages, training=True)
    for batch in figure["batches"]:
        out = training.forward(rows(batch["z"], networks))
        np.testing.assert_allclose(out, rows(batch["out"], networks), rtol=1e-12, atol=1e-12)
        dz = training.backward(rows(batch["d"], networks))
        # Where the batch's variance is 0.01, the terms of dz cancel to a tenth of a millionth of their size.
        np.testing.assert_allclose(dz, rows(batch["dz"], networks), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(d_gamma, rows(column(batch["d_gamma"]), networks), rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(d_beta, rows(column(batch["d_beta"]), networks), rtol=1e-12, atol=1e-12)
        for average, name in zip(averages, ("running_mean", "running_variance"), strict=True):
            np.testing.assert_allclose(average, rows(column(batch[name]), networks), rtol=1e-12)
    kept = averages.copy()
    z = rows(figure["prediction"]["z"], networks)
    predicting = BatchNorm(z, gamma, beta, d_gamma, d_beta, averages, training=False)
    np.testing.assert_allclose(
        predicting.forward(z), rows(figure["prediction"]["out"], networks), rtol=1e-12, atol=1e-12
    )
    np.testing.assert_array_equal(averages, kept)


def test_predicting_the_gradient_flows_through_the_running_averages():
    """γ/√(v + ε) and no more: mean and variance are constants there."""
    rng = np.random.default_rng(1)
    gamma, beta, d_gamma, d_beta = (rng.uniform(0.5, 2, (3, 1)) for _ in range(4))
    averages = rng.uniform(0.5, 2, (2, 3, 1))
    z, d = rng.standard_normal((2, 3, 7))
    layer = BatchNorm(z, gamma, beta, d_gamma, d_beta, averages, training=False)
    layer.forward(z)
    expected = d * gamma / np.sqrt(averages[1] + 1e-5)
    np.testing.assert_allclose(layer.backward(d.copy()), expected, rtol=1e-12)
    np.testing.assert_allclose(d_beta[:, 0], d.sum(axis=1), rtol=1e-12)


def test_batch_norm_makes_every_unit_mean_zero_and_deviation_one_in_training():
    rng = np.random.default_rng(1)
    z = 100 + 20 * rng.standard_normal((4, 5, 50))
    gamma, beta = np.ones((4, 5, 1)), np.zeros((4, 5, 1))
    layer = BatchNorm(z, gamma, beta, gamma.copy(), beta.copy(), np.ones((2, 4, 5, 1)), training=True)
    out = layer.forward(z)
    np.testing.assert_allclose(out.mean(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(out.std(axis=-1), 1, rtol=1e-6)


def test_a_batch_without_variance_is_no_obstacle():
    for m in (1, 3):  # a last batch may have one point
        z = np.full((2, m), 7.0, np.float32)
        ones, zeros = np.ones((2, 1), np.float32), np.zeros((2, 1), np.float32)
        averages = np.stack([zeros, ones])
        layer = BatchNorm(z, ones, zeros, ones.copy(), zeros.copy(), averages, training=True)
        assert (layer.forward(z) == 0).all()
        assert np.isfinite(layer.backward(np.ones_like(z))).all()
        assert np.isfinite(averages).all()
        np.testing.assert_allclose(averages[0], 0.7, rtol=1e-6)


def test_the_running_averages_of_a_real_run_come_near_those_of_its_training_part():
    spec = NetworkSpec(hidden=(HiddenLayer(5, Tanh()),), batch_norm=True, learning_rate=1e-4, batch_size=50)
    trainer = Trainer(DataSpec(samples=400), spec, dtype=np.float64)
    trainer.train(40)
    z = trainer.network.unbiased(0)[0] @ trainer.x[:-1, trainer.train_part]
    mean, variance = trainer.network.averages[0][:, 0, :, 0]
    np.testing.assert_allclose(mean, z.mean(axis=1), atol=0.05)
    np.testing.assert_allclose(variance, z.var(axis=1), rtol=0.2)


# ---- dropout ----


class Masks(NoisePart):
    """Uniform numbers that make ``keep`` drop exactly what a mask says."""

    def __init__(self, mask):
        self.generators = []
        self.mask = mask

    def uniform(self, out):
        out[...] = np.where(self.mask, 0.0, 0.999999)
        return out


def signal_of(values):
    """The buffer of a signal, with its row of ones."""
    values = np.asarray(values, np.float64)
    x = with_ones(values, values.shape[-2])
    x[..., :-1, :] = values
    return x


@pytest.mark.parametrize("place", range(4))
def test_dropout_equals_pytorch(figures, place):
    figure = figures("dropout")
    case = figure["cases"][place]
    inverted = case["id"] == "inverted"
    x, d = signal_of(figure["x"]), np.array(figure["d"])
    layer = Drop(x, case["keep"], Masks(np.array(case["mask"])), inverted)
    out = layer.forward(x)
    np.testing.assert_allclose(out[:-1], case["out"], rtol=1e-12)
    assert (out[-1] == 1).all()
    np.testing.assert_allclose(layer.backward(d), case["dx"], rtol=1e-12, atol=0)
    regularizer = (Dropout if inverted else PlainDropout)(hidden=case["keep"])
    predicting = regularizer.signal(True, x, NoisePart([]), training=False)
    predicted = x if predicting is None else predicting.forward(x)
    np.testing.assert_allclose(predicted[:-1], case["prediction"], rtol=1e-12)
    assert (predicted[-1] == 1).all()


@pytest.mark.parametrize("place", range(4))
def test_dropout_has_the_promised_mean_and_variance(figures, place):
    figure = figures("dropout")
    case, draws = figure["cases"][place], 4000
    x = signal_of(figure["x"])
    layer = Drop(x, case["keep"], NoisePart([stream(1, 3)]), inverted=case["id"] == "inverted")
    seen = np.stack([layer.forward(x)[:-1].copy() for _ in range(draws)])
    variance = np.array(case["variance"])
    near = 5 * np.sqrt(variance / draws) + 1e-12  # five standard errors
    assert (np.abs(seen.mean(axis=0) - case["expectation"]) < near).all()
    np.testing.assert_allclose(seen.var(axis=0), variance, rtol=0.1)


@pytest.mark.parametrize("place", range(2))
@pytest.mark.parametrize("form", ["inverted", "plain"])
def test_the_mean_of_all_sub_networks_is_the_prediction_of_the_whole(figures, place, form):
    ensemble = figures("dropout")["ensembles"][place]
    w, a = np.array(ensemble["w"]), np.array(ensemble["a"])
    x = signal_of(a[:, np.newaxis])
    mean = 0.0
    for member in ensemble["networks"]:
        out = Drop(x, ensemble["keep"], Masks(np.array(member["mask"])[:, np.newaxis]), form == "inverted").forward(x)
        output = w @ out[:-1, 0] + ensemble["b"]
        assert output == pytest.approx(member[form], rel=1e-12)
        mean += member["chance"] * output
    assert mean == pytest.approx(ensemble[f"{form}_mean"], rel=1e-12)
    regularizer = (Dropout if form == "inverted" else PlainDropout)(hidden=ensemble["keep"])
    predicting = regularizer.signal(True, x, NoisePart([]), training=False)
    predicted = x if predicting is None else predicting.forward(x)
    assert w @ predicted[:-1, 0] + ensemble["b"] == pytest.approx(ensemble[f"{form}_prediction"], rel=1e-12)
    assert mean == pytest.approx(ensemble[f"{form}_prediction"], rel=1e-12)


def test_keeping_all_changes_nothing_and_the_bias_is_never_dropped():
    x = signal_of(np.random.default_rng(1).standard_normal((6, 100)))
    noise = NoisePart([stream(1, 3)])
    np.testing.assert_array_equal(Drop(x, 1.0, noise, inverted=True).forward(x), x)
    layer = Drop(x, 0.05, noise, inverted=True)
    for _ in range(20):
        assert (layer.forward(x)[-1] == 1).all()


def test_every_sample_and_every_network_has_masks_of_its_own():
    x = signal_of(np.ones((3, 4, 200)))
    layer = Drop(
        x, np.array([0.2, 0.5, 0.9]).reshape(3, 1, 1), NoisePart([stream(seed, 3) for seed in range(3)]), False
    )
    kept = layer.forward(x)[:, :-1].copy()
    np.testing.assert_allclose(kept.mean(axis=(1, 2)), [0.2, 0.5, 0.9], atol=0.06)
    assert (kept[..., 0] != kept[..., 1]).any() and (layer.forward(x)[:, :-1] != kept).any()
    for k in range(3):  # and they are those that the network draws alone
        alone = Drop(x[k], [0.2, 0.5, 0.9][k], NoisePart([stream(k, 3)]), False)
        np.testing.assert_array_equal(alone.forward(x[k])[:-1], kept[k])


def test_scaling_multiplies_signal_and_gradient():
    x, d = signal_of([[1.0, 2.0], [3.0, -4.0]]), np.array([[1.0, 1.0], [2.0, 2.0]])
    layer = Scale(x, 0.25)
    np.testing.assert_array_equal(layer.forward(x), [[0.25, 0.5], [0.75, -1.0], [1, 1]])
    np.testing.assert_array_equal(layer.backward(d), [[0.25, 0.25], [0.5, 0.5]])


# ---- DropConnect ----


@pytest.mark.parametrize("bias", [True, False])
def test_drop_connect_by_hand(bias):
    rng = np.random.default_rng(1)
    weights, gradient = rng.standard_normal((2, 3 + bias)), np.empty((2, 3 + bias))
    mask = np.array([[1, 0, 1], [0, 0, 1]])
    whole = np.hstack([mask, np.zeros((2, 1))]) if bias else mask  # the bias stays even where the draw says no
    layer = DropConnect(Dense(weights, gradient, 4, first=False, bias=bias), 0.5, Masks(whole))
    x, d = signal_of(rng.standard_normal((3, 4))), rng.standard_normal((2, 4))
    dropped = weights[:, :3] * mask / 0.5
    np.testing.assert_allclose(layer.forward(x), dropped @ x[:-1] + (weights[:, -1:] if bias else 0), rtol=1e-12)
    np.testing.assert_allclose(layer.backward(d), dropped.T @ d, rtol=1e-12)
    np.testing.assert_allclose(gradient[:, :3], d @ x[:-1].T * mask / 0.5, rtol=1e-12, atol=1e-15)
    if bias:
        np.testing.assert_allclose(gradient[:, -1], d.sum(axis=1), rtol=1e-12)


def test_the_mean_of_drop_connect_is_the_whole_map():
    rng, draws, keep = np.random.default_rng(1), 4000, 0.7
    weights = rng.standard_normal((2, 4))
    layer = DropConnect(Dense(weights, np.empty_like(weights), 3, first=True), keep, NoisePart([stream(1, 3)]))
    x = signal_of(rng.standard_normal((3, 3)))
    seen = np.stack([layer.forward(x).copy() for _ in range(draws)])
    variance = (1 - keep) / keep * weights[:, :3] ** 2 @ x[:-1] ** 2
    assert (np.abs(seen.mean(axis=0) - weights @ x) < 5 * np.sqrt(variance / draws)).all()
    np.testing.assert_allclose(seen.var(axis=0), variance, rtol=0.12)
    np.testing.assert_array_equal(layer.original, weights)  # what is dropped is a copy


# ---- noise on the inputs ----


def test_input_noise_has_mean_zero_and_the_promised_deviation():
    x = signal_of(np.tile([[1.0], [-2.0]], (3, 1, 5000)))
    deviations = np.array([0.0, 0.3, 2.0]).reshape(3, 1, 1)
    layer = InputNoise(x, deviations, NoisePart([stream(seed, 3) for seed in range(3)]))
    first = layer.forward(x).copy()
    noise = first[:, :-1] - x[:, :-1]
    assert (first[:, -1] == 1).all()
    np.testing.assert_allclose(noise.mean(axis=-1), 0, atol=5 * 2.0 / np.sqrt(5000))
    np.testing.assert_allclose(noise.std(axis=-1), deviations[..., 0] * np.ones((3, 2)), rtol=0.05)
    assert (layer.forward(x)[1:, :-1] != first[1:, :-1]).all()  # drawn anew every time
    d = np.ones((3, 2, 5000))
    np.testing.assert_array_equal(layer.backward(d), 1)


# ---- shortcuts ----


def test_a_shortcut_by_hand():
    # out = x + 2x − 1 = 3x − 1 for positive 2x − 1; dx = d + 2d.
    weights, gradient = np.array([[2.0, -1.0]]), np.empty((1, 2))
    x = signal_of([[1.0, 2.0]])
    dense = Dense(weights, gradient, 2, first=False)
    layer = Residual([dense, Activate(Linear(), dense.z)], x)
    np.testing.assert_array_equal(layer.forward(x), [[2.0, 5.0], [1, 1]])
    np.testing.assert_array_equal(layer.backward(np.array([[1.0, 10.0]])), [[3.0, 30.0]])
    np.testing.assert_array_equal(gradient, [[1 * 1 + 10 * 2, 1 + 10]])


def test_a_deep_stack_passes_its_gradient_on_through_shortcuts():
    hidden = (HiddenLayer(6, Tanh()),) * 8
    plain, short = (
        Trainer(
            DataSpec(samples=60), *(NetworkSpec(hidden=hidden, residual=residual, gain=0.3, seed=s) for s in (1, 2))
        )
        for residual in (False, True)
    )
    for faded, carried in zip(plain.evaluate().gradient_norm, short.evaluate().gradient_norm, strict=True):
        assert carried[0] > 100 * faded[0]
