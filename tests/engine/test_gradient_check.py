"""Back-propagation through whole networks equals central differences, and the check itself can tell."""

from dataclasses import dataclass

import numpy as np
import pytest

from engine import CATALOG, DataSpec, GradientCheck, Trainer, check
from engine.activations import ReLU, Tanh
from engine.datasets import Arms

SMALL = DataSpec(samples=40)


def assert_right(trainer):
    """From near the start and after some training, where weights are larger.

    Biases are moved off zero: a point for which a whole ReLU layer is silent would otherwise put the next one right on
    its kink, where the two sides of the central difference see different slopes.
    """
    rng = np.random.default_rng(1)
    for weights in trainer.network.weights:
        weights[..., -1] = rng.choice([-1, 1], weights.shape[:-1]) * rng.uniform(0.05, 0.2, weights.shape[:-1])
    for _ in range(2):
        result = check(trainer)
        assert result.analytic.shape == result.numerical.shape == trainer.network.parameters.shape
        assert np.abs(result.analytic).max() > 1e-4
        assert (result.relative_error < 1e-6).all()
        trainer.train(2)


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_every_activation_with_every_loss(activation, default_loss, depth, spec_with):
    specs = [spec_with([activation] * depth, loss=default_loss, seed=seed) for seed in (1, 2, 3)]
    assert_right(Trainer(SMALL, *specs, dtype=np.float64))


@pytest.mark.parametrize("networks", [1, 3])
def test_mixed_activations(default_loss, networks, spec_with):
    activations = [cls() for cls in CATALOG["activations"].values()]
    for layers in (activations[:4], activations[:3:-1] + activations[:2]):
        specs = [spec_with(layers, loss=default_loss, seed=seed) for seed in range(networks)]
        assert_right(Trainer(SMALL, *specs, dtype=np.float64))


def test_parameters_that_differ_from_network_to_network(default_activation, default_loss, spec_with):
    cls = type(default_activation)
    for name in cls.__dataclass_fields__:
        specs = [spec_with([cls(**{name: value})] * 2, loss=default_loss) for value in (0.1, 0.3, 0.8)]
        assert_right(Trainer(SMALL, *specs, dtype=np.float64))


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_every_loss_with_as_many_classes_as_it_takes(default_loss, classes, spec_with):
    if classes <= default_loss.classes[1]:
        data = DataSpec(dataset=Arms(classes=classes), samples=40)
        assert_right(Trainer(data, spec_with([Tanh()], loss=default_loss), dtype=np.float64))


def test_the_check_leaves_the_run_as_it_was(spec_with):
    checked, plain = (Trainer(SMALL, spec_with([Tanh()]), dtype=np.float64) for _ in range(2))
    check(checked)
    np.testing.assert_array_equal(checked.network.parameters, plain.network.parameters)
    for trainer in (checked, plain):
        trainer.train(2)
    np.testing.assert_array_equal(checked.network.parameters, plain.network.parameters)


def test_the_check_finds_a_wrong_derivative(spec_with):
    @dataclass(frozen=True)
    class Wrong(Tanh):
        def df(self, z, a, out):
            return np.multiply(super().df(z, a, out), 1.01, out=out)

    result = check(Trainer(SMALL, spec_with([Wrong()]), dtype=np.float64))
    assert result.relative_error[0] > 1e-4


def test_relative_error_by_hand():
    # ‖(3, 4) − (0, 0)‖ / (5 + 0) = 1; equal gradients 0; two zero gradients 0, not NaN
    analytic = np.array([[3.0, 4.0], [3.0, 4.0], [0.0, 0.0]])
    numerical = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]])
    np.testing.assert_array_equal(GradientCheck(analytic, numerical).relative_error, [1, 0, 0])


def test_dead_units_get_no_gradient(spec_with):
    trainer = Trainer(SMALL, spec_with([ReLU()]), dtype=np.float64)
    trainer.network.weights[0][..., -1] = -100
    result = check(trainer)
    first = trainer.network.spans[0]
    assert (result.analytic[:, first] == 0).all() and (result.numerical[:, first] == 0).all()
