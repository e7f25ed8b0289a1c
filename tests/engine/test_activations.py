"""Laws of every activation: the derivative is the derivative, nothing overflows, any number of axes works.

Pre-activations are ``(k·n, m)`` with k pieces a unit, as layers have them; k is 1 for all but maxout.
"""

import math
from dataclasses import fields
from typing import get_type_hints

import numpy as np
import pytest
from annotated_types import Interval

from engine import CATALOG
from engine.activations import Activation, Maxout, PReLU

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
    ("prelu", -2.0, -0.5, 0.25),
    ("abs", -2.0, 2.0, -1.0),
    ("abs", 0.0, 0.0, 0.0),  # g'(0) = 0 by convention
    ("hard_tanh", 0.5, 0.5, 1.0),
    ("hard_tanh", -1.0, -1.0, 0.0),  # flat from the corner on, by convention
    ("rbf", np.sqrt(np.log(2)), 0.5, -np.sqrt(np.log(2))),  # −2 z e^−z² = −2 · √ln 2 · ½
    ("cos", np.pi / 3, 0.5, -np.sqrt(3) / 2),
    ("elu", -np.log(2), -0.5, 0.5),
    ("silu", np.log(3), 0.75 * np.log(3), 0.75 + 0.1875 * np.log(3)),  # σ + z σ(1 − σ)
    ("mish", 0.0, 0.0, 0.6),  # tanh ln 2 = (4 − 1)/(4 + 1)
]


def shaped(activation, z):
    """Numbers as the pre-activations of one unit: the same for every piece, but a little less for each next one."""
    shifts = 0.3 * np.arange(activation.pieces_per_unit())[:, np.newaxis]
    return (z - shifts).astype(z.dtype)


def value(activation, z):
    units = z.shape[-2] // activation.pieces_per_unit()
    return activation.f(z, np.empty((*z.shape[:-2], units, z.shape[-1]), z.dtype))


def derivative(activation, z):
    return activation.df(z, value(activation, z), np.empty_like(z))


def population(activation, networks=3, units=2, m=9, dtype=np.float64):
    """Random pre-activations of a layer, two thirds of them in the interesting part."""
    shape = (networks, activation.pieces_per_unit() * units, m)
    return (2 * np.random.default_rng(1).standard_normal(shape)).astype(dtype)


def test_derivative_equals_central_difference(activation):
    delta, z = 1e-6, shaped(activation, POINTS)
    slopes = derivative(activation, z)
    for piece in range(len(z)):  # a unit has one output, so that its pieces are moved one after the other
        step = np.zeros_like(z)
        step[piece] = delta
        numerical = (value(activation, z + step) - value(activation, z - step)) / (2 * delta)
        np.testing.assert_allclose(slopes[piece], numerical[0], rtol=0, atol=1e-8)


def test_derivative_of_a_layer_equals_central_difference(activation):
    delta, z = 1e-6, population(activation)
    units = z.shape[-2] // activation.pieces_per_unit()
    slopes = derivative(activation, z)
    for row in range(z.shape[-2]):
        step = np.zeros_like(z)
        step[:, row] = delta
        numerical = (value(activation, z + step) - value(activation, z - step)) / (2 * delta)
        np.testing.assert_allclose(slopes[:, row], numerical[:, row % units], rtol=0, atol=1e-8)
        others = np.delete(numerical, row % units, axis=1)
        assert (others == 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_finite_for_large_inputs(activation, dtype):
    z = shaped(activation, np.array(EXTREMES, dtype))
    for result in (value(activation, z), derivative(activation, z)):
        assert result.dtype == dtype
        assert np.isfinite(result).all()
        assert np.abs(result).max() <= 1100


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_writes_into_out_and_leaves_its_arguments_alone(activation, dtype):
    z = shaped(activation, POINTS.astype(dtype))
    kept, out, slope = z.copy(), np.full((1, z.shape[1]), np.nan, dtype), np.full_like(z, np.nan)
    a = activation.f(z, out)
    assert a is out
    a_kept = a.copy()
    assert activation.df(z, a, slope) is slope
    assert np.isfinite(slope).all()
    np.testing.assert_array_equal(z, kept)
    np.testing.assert_array_equal(a, a_kept)


def test_every_number_is_treated_alike_in_two_and_three_dimensions(activation):
    z = population(activation, networks=2, units=4, m=10)
    pieces = activation.pieces_per_unit()
    a, slopes = value(activation, z), derivative(activation, z)
    for k in range(2):
        np.testing.assert_allclose(value(activation, z[k]), a[k], rtol=1e-14)
        np.testing.assert_allclose(derivative(activation, z[k]), slopes[k], rtol=1e-13, atol=1e-15)
        for unit in range(4):
            rows = z[k, unit::4]
            assert len(rows) == pieces
            np.testing.assert_allclose(value(activation, rows)[0], a[k, unit], rtol=1e-14)
            np.testing.assert_allclose(derivative(activation, rows), slopes[k, unit::4], rtol=1e-13, atol=1e-15)


def test_outputs_may_be_views_of_larger_arrays(activation):
    # layers keep a row of ones below their activations
    z = population(activation)
    units = z.shape[-2] // activation.pieces_per_unit()
    with_ones = np.ones((3, units + 1, z.shape[-1]))
    activation.f(z, with_ones[:, :-1])
    np.testing.assert_array_equal(with_ones[:, :-1], value(activation, z))
    assert (with_ones[:, -1] == 1).all()


def test_float32_agrees_with_float64(activation):
    z = shaped(activation, POINTS.astype(np.float32))
    np.testing.assert_allclose(value(activation, z), value(activation, z.astype(np.float64)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        derivative(activation, z), derivative(activation, z.astype(np.float64)), rtol=1e-5, atol=1e-6
    )


def test_bounded_means_flat_on_both_sides(activation):
    ends = shaped(activation, np.array([-1e3, 1e3]))
    slopes = np.abs(derivative(activation, ends)).max(axis=0)
    assert activation.bounded == bool((slopes < 0.05).all())
    if activation.bounded:
        assert np.ptp(value(activation, shaped(activation, np.linspace(-1e3, 1e3, 2001)))) <= 2.0


def test_rectifier_passes_large_positive_values(activation):
    if activation.rectifier:
        z = shaped(activation, np.array([50.0, 1e3]))
        np.testing.assert_allclose(value(activation, z), [[50.0, 1e3]])


def test_stacked_parameters_act_network_by_network(default_activation):
    cls = type(default_activation)
    z = population(default_activation)
    for field in fields(cls):
        if field.type is int or not isinstance(field.default, float):
            continue  # only numbers that need not be whole may differ within a population
        notes = get_type_hints(cls, include_extras=True)[field.name].__metadata__
        interval = next(note for note in notes if isinstance(note, Interval))
        values = [interval.ge + share * (interval.le - interval.ge) for share in (0.1, 0.4, 0.9)]
        members = [cls(**{field.name: number}) for number in values]
        stacked = Activation.stack(members, np.float64, axes=2)
        for k, member in enumerate(members):
            np.testing.assert_array_equal(value(stacked, z)[k], value(member, z[k]))
            np.testing.assert_array_equal(derivative(stacked, z)[k], derivative(member, z[k]))


def test_units_start_with_the_parameters_they_announce(activation):
    start = activation.initial_unit_parameters()
    assert len(start) == activation.unit_parameters <= 1


@pytest.mark.parametrize("name", [name for name, cls in CATALOG["activations"].items() if cls.unit_parameters])
def test_a_units_own_parameter_acts_as_announced(name):
    # f_with at the starting parameter is f; da/dz and dL/dp equal central differences at parameters of each unit's own
    activation = CATALOG["activations"][name]()
    z = population(activation)
    units, delta, rng = z.shape[-2], 1e-6, np.random.default_rng(2)
    start = np.full((3, units, 1), activation.initial_unit_parameters()[0])
    for p in (start, start + rng.uniform(-0.5, 1.5, start.shape)):
        a = activation.f_with(z, p, np.empty_like(z))
        slopes = activation.df_with(z, a, p, np.empty_like(z))
        if p is start:
            np.testing.assert_array_equal(a, value(activation, z))
            np.testing.assert_array_equal(slopes, derivative(activation, z))
        shifted = [activation.f_with(z + sign * delta, p, np.empty_like(z)) for sign in (1, -1)]
        np.testing.assert_allclose(slopes, (shifted[0] - shifted[1]) / (2 * delta), rtol=0, atol=1e-8)
        d, out = rng.standard_normal(z.shape), np.full_like(p, np.nan)
        assert activation.dp_with(z, a, d, p, out) is out
        moved = [(d * activation.f_with(z, p + sign * delta, np.empty_like(z))).sum(axis=-1) for sign in (1, -1)]
        np.testing.assert_allclose(out[..., 0], (moved[0] - moved[1]) / (2 * delta), rtol=0, atol=1e-7)
        formula = activation.unit_gradient.translate(str.maketrans({"−": "-", "·": "*", "²": "**2"}))
        written = eval(formula, {"min": np.minimum, "max": np.maximum}, {"da": d, "z": z})
        np.testing.assert_allclose(out[..., 0], written.sum(axis=-1), rtol=1e-12)


def test_what_units_learn_has_a_name_and_a_letter(default_activation):
    texts = (default_activation.unit_label.en, default_activation.unit_label.zh, default_activation.unit_symbol)
    assert all(map(bool, texts)) if default_activation.unit_parameters else not any(texts)


@pytest.mark.parametrize(("name", "z", "a", "slope"), KNOWN)
def test_known_values(name, z, a, slope):
    activation = CATALOG["activations"][name]()
    z = np.array([[z]])
    np.testing.assert_allclose(value(activation, z), [[a]], rtol=1e-15, atol=1e-15)
    np.testing.assert_allclose(derivative(activation, z), [[slope]], rtol=1e-14, atol=1e-15)


def test_tanh_is_a_stretched_sigmoid():
    z = POINTS[np.newaxis]
    tanh, sigmoid = (CATALOG["activations"][name]() for name in ("tanh", "sigmoid"))
    np.testing.assert_allclose(value(tanh, z), 2 * value(sigmoid, 2 * z) - 1, atol=1e-15)


def test_leaky_relu_without_a_leak_is_relu():
    z = POINTS[np.newaxis]
    relu, leaky = CATALOG["activations"]["relu"](), CATALOG["activations"]["leaky_relu"](slope=0.0)
    np.testing.assert_array_equal(value(relu, z), value(leaky, z))
    np.testing.assert_array_equal(derivative(relu, z), derivative(leaky, z))


@pytest.mark.parametrize("slope", [0.0, 0.25])
def test_prelu_starts_as_leaky_relu_and_may_learn_any_slope(slope):
    z = POINTS[np.newaxis]
    prelu, leaky = PReLU(slope=slope), CATALOG["activations"]["leaky_relu"](slope=slope)
    np.testing.assert_array_equal(value(prelu, z), value(leaky, z))
    np.testing.assert_array_equal(derivative(prelu, z), derivative(leaky, z))
    for learned in (-1.0, 1.5):  # −1 is the absolute value; above 1 it is no maximum any more
        a = prelu.f_with(z, np.array([[learned]]), np.empty_like(z))
        np.testing.assert_array_equal(a, np.where(z > 0, z, learned * z))


def test_maxout_contains_relu_and_the_absolute_value():
    relu, folded = CATALOG["activations"]["relu"](), CATALOG["activations"]["abs"]()
    for other, second in ((relu, 0 * POINTS), (folded, -POINTS)):
        np.testing.assert_array_equal(value(Maxout(2), np.stack([POINTS, second])), value(other, POINTS[np.newaxis]))


def test_of_equal_pieces_the_first_wins_and_only_one():
    z = np.array([[1.0, 2.0, 0.0], [1.0, 2.0, 3.0], [0.0, 2.0, 3.0]])
    np.testing.assert_array_equal(derivative(Maxout(3), z), [[1, 1, 0], [0, 0, 1], [0, 0, 0]])


def test_maxouts_pieces_are_laid_out_piece_by_piece():
    # two units, pieces (1, 5) of the first and (4, 3) of the second: rows 1, 4 are piece 0, rows 5, 3 piece 1
    z = np.array([[1.0], [4.0], [5.0], [3.0]])
    np.testing.assert_array_equal(value(Maxout(2), z), [[5.0], [4.0]])
    np.testing.assert_array_equal(derivative(Maxout(2), z), [[0], [1], [1], [0]])


def test_gelus_normal_distribution_is_the_one_of_erf():
    z = np.linspace(-12, 12, 4801)[np.newaxis]
    exact = np.array([[math.erfc(-x / math.sqrt(2)) / 2 for x in z[0]]])
    np.testing.assert_allclose(value(CATALOG["activations"]["gelu"](), z), z * exact, rtol=0, atol=1e-14)


def test_selu_reproduces_mean_zero_and_variance_one():
    z = np.linspace(-12, 12, 200_001)[np.newaxis]
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[0, 1] - z[0, 0])
    a = value(CATALOG["activations"]["selu"](), z)
    assert (a * density).sum() == pytest.approx(0.0, abs=1e-6)
    assert (a**2 * density).sum() == pytest.approx(1.0, abs=1e-6)
