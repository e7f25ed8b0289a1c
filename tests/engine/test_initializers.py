"""Laws of every initializer: the promised distribution, the same draw from the same seed, and what follows in a run."""

import numpy as np
import pytest

from engine import DataSpec, HiddenLayer, Network, NetworkSpec, Trainer
from engine.activations import Tanh
from engine.datasets import Gaussian
from engine.initializers import INITIALIZERS, He, Zeros
from engine.streams import POINTS, stream

N = 128

VARIANCE = {  # promised for n_in = n_in, n_out = n_out
    "he": lambda n_in, n_out: 2 / n_in,
    "glorot": lambda n_in, n_out: 2 / (n_in + n_out),
    "small_normal": lambda n_in, n_out: 0.01**2,
    "zeros": lambda n_in, n_out: 0.0,
}


def draw(initializer, n_out=N, n_in=N, seed=1):
    return initializer.draw(n_out, n_in, np.random.default_rng(seed))


@pytest.mark.parametrize(("n_out", "n_in"), [(N, N), (64, 256), (256, 64)])
@pytest.mark.parametrize("name", VARIANCE)
def test_promised_mean_and_variance(name, n_out, n_in):
    w = draw(INITIALIZERS[name](), n_out, n_in)
    variance = VARIANCE[name](n_in, n_out)
    # of n normal numbers the mean strays by σ/√n and the variance by σ²√(2/n); five times that is a bug
    assert abs(w.mean()) <= 5 * np.sqrt(variance / w.size)
    assert abs(w.var() - variance) <= 5 * variance * np.sqrt(2 / w.size)


def test_shape_and_finiteness(initializer):
    for n_out, n_in in ((1, 1), (3, 5), (N, 2)):
        w = draw(initializer, n_out, n_in)
        assert w.shape == (n_out, n_in)
        assert w.dtype == np.float64
        assert np.isfinite(w).all()


def test_centred_on_zero(initializer):
    w = draw(initializer)
    assert abs(w.mean()) <= 5 * w.std() / np.sqrt(w.size)


def test_same_seed_same_draw(initializer):
    np.testing.assert_array_equal(draw(initializer, seed=3), draw(initializer, seed=3))
    if draw(initializer).any():
        assert (draw(initializer, seed=3) != draw(initializer, seed=4)).any()


def test_initializers_differ_only_in_scale(initializer):
    w, he = draw(initializer), draw(He())
    np.testing.assert_allclose(w, he * (w.std() / he.std()), rtol=1e-9)


def test_biases_start_at_zero(initializer):
    network = Network(2, (8, 8), 2, 3)
    network.parameters[...] = np.nan
    network.initialize([initializer] * 3, [1, 2, 3])
    assert (network.parameters[:, network.mask == 0] == 0).all()
    assert np.isfinite(network.parameters).all()


def test_layers_of_equal_shape_start_equal_in_different_networks(initializer):
    def started(*widths, seed=7):
        network = Network(2, widths, 2)
        network.initialize([initializer], [seed])
        return network.weights

    deep, short = started(8, 8, 8, 4), started(8, 8)
    np.testing.assert_array_equal(deep[0], short[0])
    np.testing.assert_array_equal(deep[1], short[1])
    narrow_end = started(8, 8, 3)
    np.testing.assert_array_equal(deep[0], narrow_end[0])
    np.testing.assert_array_equal(deep[1], narrow_end[1])
    wide_start, narrow_start = started(20, 6, 6), started(4, 6, 6)
    np.testing.assert_array_equal(wide_start[2], narrow_start[2])
    if deep[0].any():
        assert (deep[1] != deep[2]).any()  # but no layer repeats another


def test_a_member_starts_where_it_would_start_alone(initializer):
    together = Network(2, (5,), 2, 3)
    together.initialize([initializer] * 3, [4, 5, 6])
    for k, seed in enumerate((4, 5, 6)):
        alone = Network(2, (5,), 2)
        alone.initialize([initializer], [seed])
        np.testing.assert_array_equal(together.parameters[k], alone.parameters[0])


def test_zeros_keeps_units_identical_through_training():
    # Where all is zero nothing but the last bias gets a gradient; equal first biases let the others move, too.
    spec = NetworkSpec(hidden=(HiddenLayer(6, Tanh()),), initializer=Zeros(), learning_rate=0.3)
    trainer = Trainer(DataSpec(dataset=Gaussian(), samples=100), spec)
    trainer.network.weights[0][..., -1] = 0.3
    trainer.train(20)
    first, last = trainer.network.weights[0][0], trainer.network.weights[1][0]
    assert np.abs(first[:, :-1]).max() > 1e-3  # it did train
    assert np.abs(last[:, :-1]).max() > 1e-3
    np.testing.assert_allclose(first, first[:1].repeat(6, axis=0), rtol=1e-5)
    np.testing.assert_allclose(last[:, :-1], last[:, :1].repeat(6, axis=1), rtol=1e-5)


def test_other_initializers_break_the_symmetry(default_initializer):
    if not draw(default_initializer).any():
        pytest.skip("zeros")
    trainer = Trainer(DataSpec(samples=100), NetworkSpec(hidden=(HiddenLayer(6),), initializer=default_initializer))
    trainer.train(20)
    first = trainer.network.weights[0][0]
    assert len(np.unique(first.round(5), axis=0)) == 6


def test_weights_are_independent_of_the_data_drawn_with_the_same_seed():
    for seed in (1, 2, 3):
        layer = draw_like_network(seed)
        noise = stream(seed, POINTS).standard_normal(layer.size)  # what a dataset with this data seed draws
        assert not np.allclose(layer.ravel(), noise)


def draw_like_network(seed):
    """First-layer weights in units of their standard deviation."""
    network = Network(2, (6,), 2, dtype=np.float64)
    network.initialize([He()], [seed])
    return network.weights[0][0, :, :-1]  # He: sqrt(2/2) = 1
