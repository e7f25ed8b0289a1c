"""Laws of every initializer: the promised distribution, the same draw from the same seed, and what follows in a run."""

import numpy as np
import pytest

from engine import CATALOG, DataSpec, HiddenLayer, Network, NetworkSpec, Trainer
from engine.activations import ELU, GELU, SELU, Cos, Maxout, PReLU, ReLU, Sigmoid, Tanh
from engine.datasets import Gaussian
from engine.initializers import (
    INITIALIZERS,
    Auto,
    Constant,
    Glorot,
    He,
    InverseSqrt,
    NormalInitializer,
    Orthogonal,
    Sparse,
    TruncatedNormal,
    Uniform,
    UniformInitializer,
    Zeros,
)
from engine.network import Shape
from engine.streams import POINTS, stream

N = 128

ACTIVATIONS = [None, *(cls() for cls in CATALOG["activations"].values())]


def draw(initializer, n_out=N, n_in=N, seed=1, activation=None):
    return initializer.draw(n_out, n_in, np.random.default_rng(seed), activation)


def is_random(initializer):
    return np.ptp(draw(initializer)) > 0


@pytest.mark.parametrize(("n_out", "n_in"), [(N, N), (64, 256), (256, 64)])
def test_promised_variance(initializer, n_out, n_in):
    for activation in ACTIVATIONS:
        w, variance = (
            draw(initializer, n_out, n_in, activation=activation),
            initializer.variance(n_out, n_in, activation),
        )
        # of n numbers the mean square strays by its own deviation/√n; five times that is a bug
        error = 5 * (w**2).std() / np.sqrt(w.size)
        assert abs((w**2).mean() - variance) <= error + 1e-14 * variance


def test_promised_variance_of_a_single_weight(initializer):
    # layers of the playground are small, so that the promise must hold there as well
    rng = np.random.default_rng(1)
    for n_out, n_in in ((1, 1), (2, 3), (8, 2)):
        squares = np.stack([initializer.draw(n_out, n_in, rng) ** 2 for _ in range(2000)])
        error = 5 * squares.mean(axis=(1, 2)).std() / np.sqrt(2000)
        assert abs(squares.mean() - initializer.variance(n_out, n_in)) <= error + 1e-12


def test_shape_and_finiteness(initializer):
    for n_out, n_in in ((1, 1), (3, 5), (N, 2)):
        w = draw(initializer, n_out, n_in)
        assert w.shape == (n_out, n_in)
        assert w.dtype == np.float64
        assert np.isfinite(w).all()


def test_random_weights_are_centred_on_zero(initializer):
    w = draw(initializer)
    if not is_random(initializer):
        assert (w == w[0, 0]).all()
        return
    assert abs(w.mean()) <= 5 * w.std() / np.sqrt(w.size)


def test_same_seed_same_draw(initializer):
    np.testing.assert_array_equal(draw(initializer, seed=3), draw(initializer, seed=3))
    if is_random(initializer):
        assert (draw(initializer, seed=3) != draw(initializer, seed=4)).any()


@pytest.mark.parametrize("kind", [NormalInitializer, UniformInitializer])
def test_initializers_of_a_kind_differ_only_in_scale(kind):
    members = [cls() for cls in INITIALIZERS.values() if issubclass(cls, kind)]
    assert len(members) >= 3
    first = draw(members[0])
    for member in members:
        w = draw(member)
        np.testing.assert_allclose(w, first * (w.std() / first.std()), rtol=1e-9)


def test_biases_start_at_zero(initializer):
    network = Network(Shape(2, (8, 8), 2), 3)
    network.parameters[...] = np.nan
    network.initialize([initializer] * 3, [1, 2, 3])
    assert (network.parameters[:, network.mask == 0] == 0).all()
    assert np.isfinite(network.parameters).all()


def test_layers_of_equal_shape_start_equal_in_different_networks(initializer):
    def started(*widths, seed=7):
        network = Network(Shape(2, widths, 2))
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
    if is_random(initializer):
        assert (deep[1] != deep[2]).any()  # but no layer repeats another


def test_a_member_starts_where_it_would_start_alone(initializer):
    together = Network(Shape(2, (5,), 2), 3)
    together.initialize([initializer] * 3, [4, 5, 6])
    for k, seed in enumerate((4, 5, 6)):
        alone = Network(Shape(2, (5,), 2))
        alone.initialize([initializer], [seed])
        np.testing.assert_array_equal(together.parameters[k], alone.parameters[0])


def test_zeros_keeps_units_identical_through_training():
    # Where all is zero nothing but the last bias gets a gradient; equal first biases let the others move, too.
    spec = NetworkSpec(hidden=(HiddenLayer(6, Tanh()),), initializer=Zeros(), learning_rate=0.3)
    trainer = Trainer(DataSpec(dataset=Gaussian(), samples=100), spec)
    trainer.network.weights[0][..., -1] = 0.3
    trainer.train(20)
    assert_identical_units(trainer)


def test_a_constant_keeps_units_identical_through_training():
    spec = NetworkSpec(hidden=(HiddenLayer(6, Tanh()),), initializer=Constant(), learning_rate=0.3)
    trainer = Trainer(DataSpec(dataset=Gaussian(), samples=100), spec)
    trainer.train(20)
    assert_identical_units(trainer)


def assert_identical_units(trainer):
    first, last = trainer.network.weights[0][0], trainer.network.weights[1][0]
    assert np.abs(first[:, :-1] - first[0, 0]).max() > 1e-3  # it did train
    assert np.abs(last[:, :-1]).max() > 1e-3
    np.testing.assert_allclose(first, first[:1].repeat(6, axis=0), rtol=1e-5)
    np.testing.assert_allclose(last[:, :-1], last[:, :1].repeat(6, axis=1), rtol=1e-5)


def test_other_initializers_break_the_symmetry(default_initializer):
    if not is_random(default_initializer):
        pytest.skip("all weights alike")
    trainer = Trainer(DataSpec(samples=100), NetworkSpec(hidden=(HiddenLayer(6),), initializer=default_initializer))
    trainer.train(20)
    first = trainer.network.weights[0][0]
    assert len(np.unique(first.round(5), axis=0)) == 6


@pytest.mark.parametrize(
    ("after", "recommended"),
    [
        (ReLU(), He()),
        (PReLU(), He()),
        (ELU(), He()),
        (GELU(), He()),
        (SELU(), InverseSqrt()),
        (Tanh(), Glorot()),
        (Sigmoid(), Glorot()),
        (Cos(), Glorot()),
        (Maxout(), Glorot()),
        (None, Glorot()),  # the output layer
    ],
)
def test_auto_draws_what_is_recommended(after, recommended):
    np.testing.assert_array_equal(draw(Auto(), 20, 60, activation=after), draw(recommended, 20, 60))


@pytest.mark.parametrize(("n_out", "n_in"), [(1, 1), (8, 2), (2, 8), (6, 6)])
def test_orthogonal_layers_turn_and_do_not_stretch(n_out, n_in):
    w = draw(Orthogonal(), n_out, n_in)
    product = w @ w.T if n_out <= n_in else w.T @ w
    np.testing.assert_allclose(product, np.eye(min(n_out, n_in)), atol=1e-14)


def test_rotations_are_evenly_spread():
    rng = np.random.default_rng(1)
    first = np.array([Orthogonal().draw(2, 2, rng)[0] for _ in range(4000)])
    quarters = np.histogram2d(np.sign(first[:, 0]), np.sign(first[:, 1]), bins=2)[0]
    assert abs(quarters - 1000).max() < 5 * np.sqrt(4000 * 3 / 16)


@pytest.mark.parametrize(("incoming", "n_in"), [(1, 5), (4, 20), (4, 3)])
def test_sparse_units_have_so_many_incoming_weights(incoming, n_in):
    w = draw(Sparse(incoming=incoming, std=1.0), 200, n_in)
    assert (np.count_nonzero(w, axis=1) == min(incoming, n_in)).all()
    if incoming < n_in:  # every input has its share of them
        share = incoming / n_in
        assert abs((w != 0).mean(axis=0) - share).max() < 5 * np.sqrt(share * (1 - share) / 200)


def test_nothing_lies_beyond_the_ends():
    for initializer, end in ((TruncatedNormal(0.3), 0.6), (Uniform(0.25), 0.25)):
        largest = np.abs(draw(initializer)).max()
        assert 0.99 * end < largest <= end


def test_weights_are_independent_of_the_data_drawn_with_the_same_seed():
    for seed in (1, 2, 3):
        layer = draw_like_network(seed)
        noise = stream(seed, POINTS).standard_normal(layer.size)  # what a dataset with this data seed draws
        assert not np.allclose(layer.ravel(), noise)


def draw_like_network(seed):
    """First-layer weights in units of their standard deviation."""
    network = Network(Shape(2, (6,), 2), dtype=np.float64)
    network.initialize([He()], [seed])
    return network.weights[0][0, :, :-1]  # He: sqrt(2/2) = 1
