"""Laws of looking inside: what is shown of every unit is what the network computes."""

import numpy as np
import pytest

from engine import CATALOG, DataSpec, HiddenLayer, NetworkSpec, Trainer
from engine.activations import ReLU, Sigmoid, Tanh
from engine.inside import inside

RESOLUTION = 12


def grid() -> np.ndarray:
    side = np.linspace(-6, 6, 2 * RESOLUTION + 1)[1::2]
    x1, x2 = np.meshgrid(side, side[::-1])
    return np.stack([x1.ravel(), x2.ravel()])


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("settings", [{}, {"batch_norm": True}, {"residual": True}], ids=str)
def test_maps_and_numbers_are_those_of_the_forward_pass(default_activation, settings, networks, by_hand):
    hidden = (HiddenLayer(4, default_activation), HiddenLayer(4, Tanh()))
    specs = [NetworkSpec(hidden=hidden, seed=seed, **settings) for seed in range(networks)]
    trainer = Trainer(DataSpec(samples=60), *specs, dtype=np.float64)
    trainer.train(2)
    for k in range(networks):
        seen = inside(trainer, RESOLUTION, k)
        over_plane, logits = by_hand(trainer, k, grid())
        expected = np.concatenate(
            [trainer.inputs(grid(), np.float64)[:-1], *(layer["a"] for layer in over_plane), logits]
        )
        np.testing.assert_allclose(
            seen.maps.reshape(len(seen.maps), -1) * seen.scale[:, np.newaxis], expected, atol=1e-9
        )
        assert np.abs(seen.maps).max() <= 1
        points = trainer.data.points[:, trainer.train_part]
        at_points, logits = by_hand(trainer, k, points)
        outputs = np.concatenate(
            [trainer.inputs(points, np.float64)[:-1], *(layer["a"] for layer in at_points), logits]
        )
        np.testing.assert_allclose(seen.mean, outputs.mean(axis=1), atol=1e-9)
        np.testing.assert_allclose(seen.spread, outputs.std(axis=1), atol=1e-9)
        assert seen.sizes == (2, 4, 4, 2)
        for layer, (weights, biases) in enumerate(zip(seen.weights, seen.biases, strict=True)):
            np.testing.assert_array_equal(weights, trainer.network.unbiased(layer)[k])
            np.testing.assert_array_equal(biases, trainer.network.biases(layer)[k])
        for name in ("gamma", "learned"):
            for values, own in zip(
                getattr(seen, name), trainer.network.views(name, trainer.network.parameters), strict=True
            ):
                assert (values is None) == (own.size == 0)
                if values is not None:
                    np.testing.assert_array_equal(values, own[k, :, 0])


def test_dead_and_saturated_units_are_counted():
    trainer = Trainer(DataSpec(samples=100), NetworkSpec(hidden=(HiddenLayer(3, ReLU()), HiddenLayer(3, Sigmoid()))))
    trainer.network.unbiased(0)[0, 0] = 0
    trainer.network.biases(0)[0, 0] = -1  # never active
    trainer.network.unbiased(1)[0, 1] = 0
    trainer.network.biases(1)[0, 1] = 20  # flat everywhere
    seen = inside(trainer)
    assert seen.active[2] == 0 and (seen.active[3:5] > 0).any()
    assert seen.saturated[6] == 1
    assert (seen.saturated[:5] == 0).all()
    assert trainer.evaluate().layer_dead_ratio[0, 0] == pytest.approx((seen.active[2:5] == 0).mean())


def test_what_is_seen_does_not_change_with_training():
    trainer = Trainer(DataSpec(samples=60), NetworkSpec())
    seen = inside(trainer)
    kept = [np.copy(array) for array in (seen.maps, seen.mean, *seen.weights, *seen.biases)]
    trainer.train(3)
    for before, now in zip(kept, (seen.maps, seen.mean, *seen.weights, *seen.biases), strict=True):
        np.testing.assert_array_equal(before, now)


@pytest.mark.parametrize("features", [1, len(CATALOG["features"])])
def test_looking_changes_nothing(features):
    chosen = tuple(cls() for cls in list(CATALOG["features"].values())[:features])
    one, other = (Trainer(DataSpec(samples=60), NetworkSpec(features=chosen)) for _ in range(2))
    for _ in range(5):
        one.train(1)
        inside(one)
        other.train(1)
    np.testing.assert_array_equal(one.network.parameters, other.network.parameters)
