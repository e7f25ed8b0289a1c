"""Sub-networks are what dropout's updates train: one choice of what is missing for all points, at training's scale."""

from itertools import product

import numpy as np
import pytest

from engine import DataSpec, HiddenLayer, NetworkSpec, Trainer
from engine.activations import Tanh
from engine.regularizers import L2, DropConnected, Dropout, GaussianNoise, PlainDropout
from engine.sub_networks import sub_networks


def trained(*regularizers, hidden=4, dtype=np.float64, **more):
    layers = (HiddenLayer(hidden, Tanh()),) if hidden else ()
    spec = NetworkSpec(hidden=layers, regularizers=regularizers, learning_rate=0.1, **more)
    trainer = Trainer(DataSpec(samples=60), spec, dtype=dtype)
    trainer.train(3)
    return trainer


def drawn(trainer, count=12, x=None, seed=1):
    return sub_networks(trainer, count, trainer.x if x is None else x, np.random.default_rng(seed))


@pytest.mark.parametrize(("form", "scale"), [(Dropout(1.0, 0.5), 2.0), (PlainDropout(1.0, 0.5), 1.0)], ids=str)
def test_each_is_the_network_without_some_units(form, scale):
    trainer = trained(form)
    first, last = (weights[0] for weights in trainer.network.weights)
    a = np.tanh(first @ trainer.x)
    possible = np.stack(
        [
            last[:, :-1] @ (scale * np.array(kept)[:, np.newaxis] * a) + last[:, -1:]
            for kept in product((0, 1), repeat=4)
        ]
    )
    found = [int(np.abs(possible - logits).max(axis=(1, 2)).argmin()) for logits in drawn(trainer, 40)]
    np.testing.assert_allclose(drawn(trainer, 40), possible[found], atol=1e-12)
    assert len(set(found)) > 8


@pytest.mark.parametrize("form", [Dropout(0.8, 0.5), PlainDropout(0.8, 0.5), DropConnected(0.7)], ids=str)
@pytest.mark.parametrize("settings", [{}, {"batch_norm": True}, {"residual": True, "hidden": 3}], ids=str)
def test_a_point_is_seen_alike_alone_and_among_others(form, settings):
    trainer = trained(form, **settings)
    together = drawn(trainer)
    alone = [drawn(trainer, x=trainer.x[:, i : i + 1]) for i in (0, 7)]
    np.testing.assert_allclose(together[..., [0, 7]], np.concatenate(alone, axis=-1), atol=1e-12)


@pytest.mark.parametrize("form", [Dropout(0.8, 0.5), PlainDropout(0.8, 0.5), DropConnected(0.7)], ids=str)
def test_the_mean_of_a_linear_networks_is_its_prediction(form):
    trainer = trained(form, hidden=0)
    many = drawn(trainer, 4000)
    np.testing.assert_allclose(many.mean(axis=0), trainer.logits(trainer.x)[0], atol=5 * many.std(axis=0).max() / 63)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_run_knows_nothing_of_it(dtype):
    """Nor do batch normalization's averages, nor the run's own random numbers."""
    settings = {"batch_norm": True, "dtype": dtype}
    watched, alone = (trained(Dropout(0.9, 0.5), GaussianNoise(0.1), **settings) for _ in range(2))
    np.testing.assert_array_equal(drawn(watched), drawn(watched))
    for trainer in (watched, alone):
        trainer.train(2)
    for one, other in zip(watched.network.averages, alone.network.averages, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(watched.network.parameters, alone.network.parameters)


def test_where_nothing_is_dropped_there_are_none():
    for regularizers in ((), (L2(0.1),), (GaussianNoise(0.5),), (Dropout(1.0, 1.0),), (DropConnected(1.0),)):
        assert drawn(trained(*regularizers)) is None


def test_they_are_one_networks():
    with pytest.raises(ValueError, match="one network"):
        drawn(Trainer(DataSpec(samples=40), NetworkSpec(), NetworkSpec(seed=2)))
