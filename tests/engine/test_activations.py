"""Laws of every activation: the derivative is the derivative, nothing overflows, any number of axes works."""

from dataclasses import fields

import numpy as np
import pytest

from engine import CATALOG
from engine.activations import Activation

# A tenth apart and off the tenths, where definitions like to have their kinks.
POINTS = np.arange(-4, 4, 0.1) + 0.0137

EXTREMES = [-1e3, -30.0, 0.0, 30.0, 1e3]

KNOWN = [  # id, z, g(z), g'(z)
    ("relu", -2.0, 0.0, 0.0),
    ("relu", 0.0, 0.0, 0.0),  # g'(0) = 0 by convention
    ("relu", 3.0, 3.0, 1.0),
    ("leaky_relu", -2.0, -0.02, 0.01),
    ("leaky_relu", 3.0, 3.0, 1.0),
    ("tanh", 0.0, 0.0, 1.0),
    ("tanh", 0.5 * np.log(3), 0.5, 0.75),  # (e^{2z} − 1)/(e^{2z} + 1) = (3 − 1)/(3 + 1)
    ("sigmoid", 0.0, 0.5, 0.25),
    ("sigmoid", np.log(3), 0.75, 0.1875),  # 1/(1 + 1/3), and 3/4 · 1/4
    ("softplus", 0.0, np.log(2), 0.5),
    ("softplus", np.log(3), np.log(4), 0.75),
    ("linear", -2.5, -2.5, 1.0),
]


def value(activation, z):
    return activation.f(z, np.empty_like(z))


def derivative(activation, z):
    return activation.df(z, value(activation, z), np.empty_like(z))


def test_derivative_equals_central_difference(activation):
    delta = 1e-6
    numerical = (value(activation, POINTS + delta) - value(activation, POINTS - delta)) / (2 * delta)
    np.testing.assert_allclose(derivative(activation, POINTS), numerical, rtol=0, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_finite_for_large_inputs(activation, dtype):
    z = np.array(EXTREMES, dtype)
    for result in (value(activation, z), derivative(activation, z)):
        assert result.dtype == dtype
        assert np.isfinite(result).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_writes_into_out_and_leaves_its_arguments_alone(activation, dtype):
    z = POINTS.astype(dtype)
    kept, out, slope = z.copy(), np.full_like(z, np.nan), np.full_like(z, np.nan)
    a = activation.f(z, out)
    assert a is out
    a_kept = a.copy()
    assert activation.df(z, a, slope) is slope
    np.testing.assert_array_equal(z, kept)
    np.testing.assert_array_equal(a, a_kept)


def test_every_number_is_treated_alike_in_two_and_three_dimensions(activation):
    flat, slopes = value(activation, POINTS), derivative(activation, POINTS)
    for shape in ((8, 10), (2, 4, 10)):
        z = POINTS.reshape(shape)
        np.testing.assert_allclose(value(activation, z).ravel(), flat, rtol=1e-14)
        np.testing.assert_allclose(derivative(activation, z).ravel(), slopes, rtol=1e-13, atol=1e-15)


def test_float32_agrees_with_float64(activation):
    z = POINTS.astype(np.float32)
    np.testing.assert_allclose(value(activation, z), value(activation, z.astype(np.float64)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        derivative(activation, z), derivative(activation, z.astype(np.float64)), rtol=1e-5, atol=1e-6
    )


def test_bounded_means_flat_on_both_sides(activation):
    slopes = np.abs(derivative(activation, np.array([-1e3, 1e3])))
    assert activation.bounded == bool((slopes < 0.05).all())
    if activation.bounded:
        assert np.ptp(value(activation, np.linspace(-1e3, 1e3, 2001))) <= 2.0


def test_rectifier_passes_large_positive_values(activation):
    if activation.rectifier:
        np.testing.assert_allclose(value(activation, np.array([50.0, 1e3])), [50.0, 1e3])


def test_stacked_parameters_act_network_by_network(default_activation):
    cls = type(default_activation)
    z = np.stack([POINTS.reshape(8, 10)] * 3)
    for field in fields(cls):
        members = [cls(**{field.name: slope}) for slope in (0.1, 0.2, 0.4)]
        stacked = Activation.stack(members, np.float64, axes=2)
        for k, member in enumerate(members):
            np.testing.assert_array_equal(value(stacked, z)[k], value(member, z[k]))
            np.testing.assert_array_equal(derivative(stacked, z)[k], derivative(member, z[k]))


@pytest.mark.parametrize(("name", "z", "a", "slope"), KNOWN)
def test_known_values(name, z, a, slope):
    activation = CATALOG["activations"][name]()
    z = np.array([z])
    np.testing.assert_allclose(value(activation, z), [a], rtol=1e-15, atol=1e-15)
    np.testing.assert_allclose(derivative(activation, z), [slope], rtol=1e-14, atol=1e-15)


def test_tanh_is_a_stretched_sigmoid():
    tanh, sigmoid = (CATALOG["activations"][name]() for name in ("tanh", "sigmoid"))
    np.testing.assert_allclose(value(tanh, POINTS), 2 * value(sigmoid, 2 * POINTS) - 1, atol=1e-15)


def test_leaky_relu_without_a_leak_is_relu():
    relu, leaky = CATALOG["activations"]["relu"](), CATALOG["activations"]["leaky_relu"](slope=0.0)
    np.testing.assert_array_equal(value(relu, POINTS), value(leaky, POINTS))
    np.testing.assert_array_equal(derivative(relu, POINTS), derivative(leaky, POINTS))
