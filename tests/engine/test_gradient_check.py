"""Back-propagation through whole networks equals central differences, and the check itself can tell."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pytest

from engine import CATALOG, DataSpec, GradientCheck, HiddenLayer, NetworkSpec, Trainer, check
from engine.ablation import Off
from engine.activations import ReLU, Tanh
from engine.datasets import Arms
from engine.gradient_check import Parameter, affordable
from engine.regularizers import L2

SMALL = DataSpec(samples=40)
LEARNED = [  # activations that bring parameters or pieces of their own
    cls() for cls in CATALOG["activations"].values() if cls().unit_parameters or cls().pieces_per_unit() > 1
]


def shift(trainer):
    """Move biases off zero: a point for which a whole ReLU layer is silent would otherwise put the next one right on
    its kink, where the two sides of the central difference see different slopes."""
    rng, network = np.random.default_rng(1), trainer.network
    shifts = [weights[..., -1:] for layer, weights in enumerate(network.weights) if network.has_bias(layer)]
    for values in (*shifts, *network.views("beta", network.parameters)):
        values[...] = rng.choice([-1, 1], values.shape) * rng.uniform(0.05, 0.2, values.shape)
    for values in network.views("gamma", network.parameters):
        values[...] = rng.uniform(0.5, 1.5, values.shape)


def assert_right(trainer):
    """From near the start and after some training, where weights are larger."""
    shift(trainer)
    for _ in range(2):
        result = check(trainer)
        assert result.analytic.shape == result.numerical.shape == trainer.network.parameters.shape
        assert np.abs(result.analytic).max() > 1e-4
        error = result.relative_error
        if (error >= 1e-6).any():  # a kink within δ of a point is not within a tenth of it; a wrong derivative is wrong
            error = np.minimum(error, check(trainer, 1e-7).relative_error)
        assert (error < 1e-6).all(), (error, result.worst)
        trainer.train(2)


@pytest.mark.parametrize("depth", [1, 3])
def test_every_activation_with_every_loss(default_activation, default_loss, depth, spec_with):
    specs = [spec_with([default_activation] * depth, width=3, loss=default_loss, seed=seed) for seed in (1, 2)]
    assert_right(Trainer(SMALL, *specs, dtype=np.float64))


def test_every_activation_inside_its_ranges(activation, spec_with):
    specs = [spec_with([activation] * 3, width=4, seed=seed) for seed in (1, 2, 3)]
    assert_right(Trainer(SMALL, *specs, dtype=np.float64))


def test_every_loss_inside_its_ranges_without_hidden_layers(loss, spec_with):
    specs = [spec_with([], loss=loss, seed=seed) for seed in (1, 2, 3)]
    assert_right(Trainer(SMALL, *specs, dtype=np.float64))


@pytest.mark.parametrize("networks", [1, 3])
def test_mixed_activations(networks, spec_with):
    activations = [cls() for cls in CATALOG["activations"].values()]
    for first in range(0, len(activations), 4):
        layers = activations[first : first + 4]
        specs = [spec_with(layers, width=3, seed=seed) for seed in range(networks)]
        assert_right(Trainer(SMALL, *specs, dtype=np.float64))


def test_parameters_that_differ_from_network_to_network(default_activation, spec_with):
    for field in fields(default_activation):
        value = getattr(default_activation, field.name)
        if isinstance(value, float):
            activations = [replace(default_activation, **{field.name: value * factor}) for factor in (0.5, 1.0, 1.5)]
            specs = [spec_with([activation] * 2) for activation in activations]
            assert_right(Trainer(SMALL, *specs, dtype=np.float64))


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_every_loss_with_as_many_classes_as_it_takes(default_loss, classes, spec_with):
    if classes <= default_loss.classes[1]:
        data = DataSpec(dataset=Arms(classes=classes), samples=40)
        assert_right(Trainer(data, spec_with([Tanh()], loss=default_loss), dtype=np.float64))


@pytest.mark.parametrize("networks", [1, 2])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("bootstrap", [False, True])
def test_every_regularizer_with_every_kind_of_layer(
    default_regularizer, batch_norm, residual, bootstrap, networks, spec_with
):
    settings = {"batch_norm": batch_norm, "residual": residual, "bootstrap": bootstrap}
    regularizers = (default_regularizer,)
    specs = [
        spec_with([Tanh()] * 2, width=3, regularizers=regularizers, seed=seed, **settings) for seed in range(networks)
    ]
    assert_right(Trainer(SMALL, *specs, dtype=np.float64))


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("kind", [*LEARNED, ReLU(), Tanh()], ids=lambda activation: activation.id)
def test_every_kind_of_activation_with_every_kind_of_layer(kind, batch_norm, residual, networks, spec_with):
    settings = {"batch_norm": batch_norm, "residual": residual, "regularizers": (L2(strength=0.1),)}
    specs = [spec_with([kind] * 3, width=4, seed=seed, **settings) for seed in range(networks)]
    assert_right(Trainer(SMALL, *specs, dtype=np.float64))


def test_regularizers_together_with_strengths_of_their_own_a_layer_and_biases(default_regularizer, spec_with):
    spec = spec_with([Tanh(), Tanh()], regularize_biases=True, batch_norm=False)
    hidden = (HiddenLayer(4, Tanh(), strength=0.5), HiddenLayer(3, Tanh(), strength=3.0))
    both = (L2(strength=0.3), *(() if default_regularizer.id == "l2" else (default_regularizer,)))
    assert_right(Trainer(SMALL, replace(spec, hidden=hidden, regularizers=both), dtype=np.float64))


def test_the_objective_has_the_penalty_in_it(default_regularizer, spec_with):
    """‖dJ/dw‖ differs from ‖dL/dw‖ by what the regularizer says, unless it acts in another way."""
    plain, regularized = (
        check(Trainer(SMALL, spec_with([Tanh()], regularizers=regularizers), dtype=np.float64))
        for regularizers in ((), (default_regularizer,))
    )
    w = np.ones((1, 3))
    acts = default_regularizer.gradient(w, np.ones(3), np.empty_like(w)) is not None
    held_out = default_regularizer.held_out > 0  # other points
    assert (plain.analytic != regularized.analytic).any() == (acts or held_out)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_check_leaves_the_run_as_it_was(default_regularizer, dtype, spec_with):
    spec = spec_with([Tanh()], regularizers=(default_regularizer,), batch_norm=True)
    checked, plain = (Trainer(SMALL, spec, dtype=dtype) for _ in range(2))
    for trainer in (checked, plain):
        trainer.train(1.5)
    check(checked)
    for trainer in (checked, plain):
        trainer.train(2)
    for name, value in checked.state().items():
        np.testing.assert_equal(value, plain.state()[name])


def test_the_check_of_a_float32_network_runs_in_float64(spec_with):
    result = check(Trainer(SMALL, *(spec_with([Tanh()], seed=seed) for seed in (1, 2)), dtype=np.float32))
    assert result.analytic.dtype == result.numerical.dtype == np.float64
    assert (result.relative_error < 1e-7).all()


@dataclass(frozen=True)
class Wrong(Tanh):
    """One per cent off."""

    def df(self, z, a, out):
        return np.multiply(super().df(z, a, out), 1.01, out=out)


def test_the_check_finds_a_wrong_derivative_and_its_layer(spec_with):
    result = check(Trainer(SMALL, spec_with([Tanh(), Wrong()]), dtype=np.float64))
    assert result.relative_error[0] > 1e-4
    first, second, last = result.layer_errors[0]
    assert first > 1e-3 and second > 1e-3 and last < 1e-7  # what lies behind the mistake is right
    assert result.worst[0].startswith(("layer 1,", "layer 2,"))


def test_the_check_names_the_worst_parameter():
    names = (Parameter(0, "weights", 0, 0), Parameter(0, "bias", 0, 0), Parameter(1, "bias", 0, 0))
    right = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    result = GradientCheck(right, right + np.array([[0, 0, 0.3], [0.4, 0, 0]]), (slice(0, 2), slice(2, 3)), names)
    assert result.worst == ("layer 2, bias of unit 1", "layer 1, weight from 1 to unit 1")
    assert result.worst_in(slice(0, 2)).tolist() == [0, 0] and result.worst_in(slice(2, 3)).tolist() == [2, 2]
    assert (result.layer_errors > 0).tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize("batch_norm", [False, True])
def test_every_parameter_has_a_name_of_its_own(default_activation, batch_norm):
    hidden = (HiddenLayer(3, default_activation), HiddenLayer(2, default_activation))
    trainer = Trainer(SMALL, NetworkSpec(hidden=hidden, batch_norm=batch_norm))
    result, network = check(trainer), trainer.network
    assert len(set(result.names)) == network.parameters.shape[1]
    for layer, span in enumerate(result.spans):
        assert all(name.startswith(f"layer {layer + 1}, ") for name in result.names[span])
    for layer in range(network.depth + 1):
        biases = [name for name in result.names[result.spans[layer]] if "bias" in name]
        assert len(biases) == (network.weights[layer].shape[1] if network.has_bias(layer) else 0)
    # The name says which: put a 1 where it points to.
    where = result.names.index("layer 1, weight from 2 to unit 3")
    network.parameters[...] = 0
    network.parameters[0, where] = 1
    assert network.unbiased(0)[0, 2, 1] == 1


def test_relative_error_by_hand():
    # ‖(3, 4) − (0, 0)‖ / (5 + 0) = 1; equal gradients 0; two zero gradients 0, not NaN
    analytic = np.array([[3.0, 4.0], [3.0, 4.0], [0.0, 0.0]])
    numerical = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]])
    result = GradientCheck(analytic, numerical, (slice(0, 1), slice(1, 2)), ())
    np.testing.assert_array_equal(result.relative_error, [1, 0, 0])
    np.testing.assert_array_equal(result.layer_errors, [[1, 1], [0, 0], [0, 0]])


def test_dead_units_get_no_gradient(spec_with):
    trainer = Trainer(SMALL, spec_with([ReLU()]), dtype=np.float64)
    trainer.network.weights[0][..., -1] = -100
    result = check(trainer)
    first = trainer.network.spans[0]
    assert (result.analytic[:, first] == 0).all() and (result.numerical[:, first] == 0).all()


def test_a_sample_is_part_of_the_whole(spec_with):
    trainer = Trainer(SMALL, spec_with([Tanh()] * 2, width=6), dtype=np.float64)
    whole = check(trainer)
    some = check(trainer, sample=5, rng=np.random.default_rng(3))
    assert [span.stop - span.start for span in some.spans] == [5, 5, 5]
    assert [p.layer for p in some.parameters] == [0] * 5 + [1] * 5 + [2] * 5
    for place, parameter in enumerate(some.parameters):
        where = whole.parameters.index(parameter)
        assert some.numerical[0, place] == whole.numerical[0, where]
        assert some.analytic[0, place] == whole.analytic[0, where]
    other = check(trainer, sample=5, rng=np.random.default_rng(4))
    assert other.parameters != some.parameters
    assert check(trainer, sample=5, rng=np.random.default_rng(3)).parameters == some.parameters


def test_fewer_points_are_checked_as_well(spec_with):
    trainer = Trainer(SMALL, spec_with([Tanh()], batch_norm=True), dtype=np.float32)
    few = check(trainer, points=7, rng=np.random.default_rng(0))
    assert (few.points, check(trainer).points) == (7, trainer.n_train)
    assert few.relative_error < 1e-6 and not np.allclose(few.analytic, check(trainer).analytic)


@pytest.mark.parametrize("widths", [(), (8, 8), (64, 64), (128,) * 8])
def test_what_is_affordable_is_bounded(widths):
    """Multiplications, counted: a small network is checked whole, no network takes more than a second's worth."""
    hidden = tuple(HiddenLayer(width, Tanh()) for width in widths)
    trainer = Trainer(DataSpec(samples=2000), NetworkSpec(hidden=hidden))
    sample, points = affordable(trainer)
    checked = sum(min(sample, span.stop - span.start) for span in trainer.network.spans)
    size = trainer.network.parameters.size
    assert 2 * checked * size * points < 2e9
    assert 8 <= sample <= 300 and 16 <= points <= trainer.n_train
    if len(widths) < 3 and (not widths or widths[0] < 10):
        assert checked == size and points == trainer.n_train


# ---- what is switched off ----

PARTS = {
    "units": Off(frozenset({3, 7})),
    "links": Off(links=frozenset({(0, 1, 0), (1, 0, 2), (1, 2, None), (2, 1, 0)})),
    "a layer": Off(frozenset({2, 3, 4, 5})),
    "an output": Off(frozenset({10})),
}


@pytest.mark.parametrize("settings", [{}, {"residual": True}, {"batch_norm": True}, {"regularizers": (L2(),)}], ids=str)
@pytest.mark.parametrize("part", PARTS)
def test_a_network_is_checked_as_it_is_with_what_is_off(part, settings, spec_with):
    specs = [spec_with([Tanh()] * 2, width=4, seed=seed, **settings) for seed in (1, 2)]
    trainer = Trainer(SMALL, *specs, dtype=np.float64)
    shift(trainer)
    trainer.switch(PARTS[part])
    trainer.train(2)
    found = check(trainer)
    free = np.flatnonzero(~trainer.network.still)
    assert found.analytic.shape == found.numerical.shape == (2, len(free))
    assert [span.stop - span.start for span in found.spans] == [
        np.count_nonzero(~trainer.network.still[span]) for span in trainer.network.spans
    ]
    assert (found.relative_error < 1e-6).all(), found.worst
    # It is the gradient that the trainer follows.
    layout = trainer.layout(trainer.n_train, training=True)
    part = trainer.train_part
    d = trainer.loss.gradient(layout.forward(trainer.x[:, part]), trainer.targets[:, part], layout.d_logits)
    layout.backward(d / trainer.n_train)
    trainer._add_penalties(trainer.network.gradients)
    np.testing.assert_allclose(found.analytic, trainer.network.gradients[:, free], rtol=1e-9, atol=1e-14)


def test_a_layer_that_is_off_has_nothing_to_check(spec_with):
    trainer = Trainer(SMALL, spec_with([Tanh()] * 2, width=2), dtype=np.float64)
    trainer.switch(Off(frozenset({2, 3})))
    found = check(trainer)
    assert [span.stop - span.start for span in found.spans][:2] == [0, 2]  # of the second layer the biases
    assert found.layer_errors[0, 0] == 0
    trainer.switch(Off(frozenset(range(8))))
    assert check(trainer).worst == () and check(trainer).relative_error == [0]
