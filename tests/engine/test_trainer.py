"""Laws of training: repeatable to the last bit, the same alone as in a population, stoppable and resumable anywhere."""

import json
from dataclasses import dataclass, fields, replace
from typing import get_type_hints

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import CATALOG, DataSpec, HiddenLayer, NetworkSpec, Trainer
from engine.activations import Activation, LeakyReLU, Linear, ReLU, Tanh
from engine.component import Refused
from engine.datasets import Arms, Gaussian
from engine.features import X1
from engine.initializers import Glorot, He, SmallNormal
from engine.losses import Logistic, SoftmaxCrossEntropy
from engine.optimizers import SGD, Adam, Momentum
from engine.preprocessing import NoPreprocessing
from engine.regularizers import L1, L2, NoRegularizer


def parameters(trainer):
    return trainer.network.parameters.copy()


def relative_difference(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return np.linalg.norm(a - b) / np.linalg.norm(b)


# ---- a population ----


def assert_members_equal_networks_alone(data, specs, dtype, epochs=2):
    together = Trainer(data, *specs, dtype=dtype)
    together.train(epochs)
    for k, spec in enumerate(specs):
        alone = Trainer(data, spec, dtype=dtype)
        alone.train(epochs)
        assert relative_difference(together.network.parameters[k], alone.network.parameters[0]) < 1e-6
        np.testing.assert_allclose(together.evaluate().test_loss[k], alone.evaluate().test_loss[0], rtol=1e-5)
    assert relative_difference(together.network.parameters[0], together.network.parameters[1]) > 1e-3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_member_equals_the_network_alone(default_optimizer, default_regularizer, default_loss, dtype, few):
    def with_strength(value):
        regularized = hasattr(default_regularizer, "strength")
        return replace(default_regularizer, strength=value) if regularized else default_regularizer

    specs = [
        NetworkSpec(
            hidden=(HiddenLayer(6, LeakyReLU(slope)), HiddenLayer(4, Tanh())),
            seed=seed,
            learning_rate=rate,
            initializer=initializer,
            regularizer=with_strength(strength),
            optimizer=default_optimizer,
            loss=default_loss,
        )
        for seed, rate, initializer, strength, slope in (
            (1, 0.003, He(), 0.0, 0.0),
            (2, 0.01, Glorot(), 0.01, 0.1),
            (3, 0.03, He(), 0.1, 0.5),
        )
    ]
    assert_members_equal_networks_alone(few, specs, dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_member_equals_the_network_alone_for_every_optimizer_parameter(default_optimizer, dtype, few):
    for parameter in fields(default_optimizer):
        optimizers = [replace(default_optimizer, **{parameter.name: value}) for value in (0.0, 0.5, 0.9)]
        specs = [NetworkSpec(hidden=(HiddenLayer(5, Tanh()),), optimizer=optimizer) for optimizer in optimizers]
        assert_members_equal_networks_alone(few, specs, dtype)


def test_a_member_that_diverges_does_not_touch_the_others(few):
    specs = [NetworkSpec(learning_rate=rate, hidden=(HiddenLayer(64),) * 4) for rate in (0.01, 10.0, 0.02)]
    together, alone = Trainer(few, *specs), Trainer(few, specs[0], specs[2])
    for trainer in (together, alone):
        trainer.train(20)
    assert together.finite.tolist() == [True, False, True]
    assert relative_difference(together.network.parameters[::2], alone.network.parameters) < 1e-3


@dataclass(frozen=True)
class Pieces(Tanh):
    """An activation with a parameter that cannot broadcast."""

    pieces: int = 2


BASE = NetworkSpec()


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("hidden", replace(BASE, hidden=BASE.hidden[:1])),
        ("hidden", replace(BASE, hidden=(HiddenLayer(8), HiddenLayer(9)))),
        ("activation", replace(BASE, hidden=(HiddenLayer(8), HiddenLayer(8, Tanh())))),
        ("optimizer", replace(BASE, optimizer=Adam())),
        ("regularizer", replace(BASE, regularizer=L2())),
        ("features", replace(BASE, features=(X1(),))),
        ("preprocessing", replace(BASE, preprocessing=NoPreprocessing())),
        ("loss", replace(BASE, loss=Logistic())),
        ("batch_size", replace(BASE, batch_size=20)),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_networks_that_cannot_share_a_population_are_refused_by_name(name, other, swapped, few):
    specs = (other, BASE) if swapped else (BASE, other)
    with pytest.raises(ValueError, match=name):
        Trainer(few, *specs)


def test_a_parameter_that_cannot_differ_is_refused_by_name(few):
    specs = [replace(BASE, hidden=(HiddenLayer(8, Pieces(pieces=n)),)) for n in (2, 3)]
    with pytest.raises(ValueError, match="pieces"):
        Trainer(few, *specs)


def test_a_loss_that_cannot_tell_the_classes_apart_is_refused_by_name():
    with pytest.raises(Refused, match="loss") as caught:
        Trainer(DataSpec(dataset=Arms(classes=3), samples=60), NetworkSpec(loss=Logistic()))
    assert caught.value.field == "loss"
    assert all(caught.value.reason)


# ---- repeating and resuming ----


def test_equal_seeds_give_bit_equal_runs(default_optimizer, few):
    specs = [NetworkSpec(optimizer=default_optimizer, seed=seed) for seed in (1, 2)]
    first, again = Trainer(few, *specs), Trainer(few, *specs)
    for trainer in (first, again):
        trainer.train(5)
    np.testing.assert_array_equal(parameters(first), parameters(again))
    np.testing.assert_array_equal(first.boundary(16), again.boundary(16))


@pytest.mark.parametrize("change", [{"seed": 2}, {"noise": 0.11}])
def test_other_data_give_another_run(change, few):
    first, other = Trainer(few), Trainer(replace(few, **change))
    for trainer in (first, other):
        trainer.train(1)
    assert (parameters(first) != parameters(other)).any()


def test_training_in_pieces_equals_training_at_once(default_optimizer, few):
    spec = NetworkSpec(optimizer=default_optimizer)
    whole, pieces, steps = (Trainer(few, spec) for _ in range(3))
    whole.train(3)
    for target in (0.4, 1.0, 1.7, 2.0, 2.9, 3.0):
        while not pieces.advance(target, 1):
            pass
    while steps.position < 3:
        steps.step()
    np.testing.assert_array_equal(parameters(whole), parameters(pieces))
    np.testing.assert_array_equal(parameters(whole), parameters(steps))


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("batch_size", [7, 10])
def test_a_restored_run_goes_on_bit_equal(optimizer, networks, batch_size, few):
    specs = [
        NetworkSpec(optimizer=optimizer, batch_size=batch_size, regularizer=L1(0.001), seed=seed)
        for seed in range(networks)
    ]
    original, restored = Trainer(few, *specs), Trainer(few, *specs)
    original.train(1.7)
    assert original.position % 1 > 0
    state = original.state()
    original.train(2.5)
    restored.train(0.5)  # a past of its own must not show
    restored.restore(state)
    restored.train(2.5)
    np.testing.assert_array_equal(parameters(original), parameters(restored))
    assert (original.steps, original.position) == (restored.steps, restored.position)
    for name, value in vars(original.evaluate()).items():
        np.testing.assert_array_equal(value, getattr(restored.evaluate(), name))
    for name, value in original.state().items():
        np.testing.assert_equal(value, restored.state()[name])


def test_a_state_is_arrays_and_json_and_restores_after_the_round_trip(few):
    spec = NetworkSpec(optimizer=Adam())
    original = Trainer(few, spec)
    original.train(1.4)
    state = original.state()
    text = json.dumps({name: value for name, value in state.items() if not isinstance(value, np.ndarray)})
    arrays = {name: value.tolist() for name, value in state.items() if isinstance(value, np.ndarray)}
    restored = Trainer(few, spec)
    restored.restore(json.loads(text) | arrays)
    for trainer in (original, restored):
        trainer.train(2)
    np.testing.assert_array_equal(parameters(original), parameters(restored))


def test_a_state_does_not_change_with_the_run(few):
    trainer = Trainer(few, NetworkSpec(optimizer=Adam()))
    trainer.train(1)
    state, kept = trainer.state(), parameters(trainer)
    trainer.train(1)
    np.testing.assert_array_equal(state["parameters"], kept)


def test_a_state_restored_twice_gives_the_same_run_twice(few):
    trainer = Trainer(few)
    trainer.train(0.6)
    state, ends = trainer.state(), []
    for _ in range(2):
        trainer.restore(state)
        trainer.train(2)
        ends.append(parameters(trainer))
    np.testing.assert_array_equal(*ends)


@pytest.mark.parametrize(
    ("name", "spec", "data"),
    [
        ("parameters", NetworkSpec(hidden=(HiddenLayer(3),)), DataSpec(samples=60)),
        ("slots", NetworkSpec(optimizer=Momentum()), DataSpec(samples=60)),
        ("order", NetworkSpec(), DataSpec(samples=80)),
    ],
)
def test_a_state_that_does_not_fit_is_refused_by_name_and_changes_nothing(name, spec, data, few):
    trainer = Trainer(few)
    kept = parameters(trainer)
    with pytest.raises(ValueError, match=name):
        trainer.restore(Trainer(data, spec).state())
    np.testing.assert_array_equal(parameters(trainer), kept)


# ---- epochs and batches ----


def spying():
    """An activation, and the list of every batch of pre-activations that it is given."""
    seen = []

    @dataclass(frozen=True)
    class Spy(Linear):
        def f(self, z, out):
            seen.append(z.copy())
            return super().f(z, out)

    return Spy(), seen


def spied_batches(data, batch_size, epochs=1.0, networks=1):
    """The points of every batch of a run, in order: the first layer is the identity and nothing is learned."""
    spy, seen = spying()
    spec = NetworkSpec(
        hidden=(HiddenLayer(2, spy),), preprocessing=NoPreprocessing(), learning_rate=0.0, batch_size=batch_size
    )
    trainer = Trainer(data, *[spec] * networks, dtype=np.float64)
    trainer.network.weights[0][...] = [[1, 0, 0], [0, 1, 0]]
    trainer.train(epochs)
    return trainer, [batch.reshape(networks, 2, -1)[-1] for batch in seen]


def as_set(points):
    return sorted(map(tuple, points.T.tolist()))


@pytest.mark.parametrize("batch_size", [1, 7, 10, 29, 30, 31, 2000])
def test_an_epoch_visits_every_training_point_once(batch_size, few):
    trainer, batches = spied_batches(few, batch_size, epochs=3)
    n = trainer.data.n_train
    per_epoch = -(-n // batch_size)
    assert trainer.epoch_steps == per_epoch
    assert len(batches) == trainer.steps == 3 * per_epoch
    for epoch in range(3):
        part = batches[epoch * per_epoch : (epoch + 1) * per_epoch]
        assert all(batch.shape[1] == min(batch_size, n) for batch in part[:-1])
        assert as_set(np.concatenate(part, axis=1)) == as_set(trainer.data.points[:, trainer.data.train])


def test_the_order_is_drawn_anew_each_epoch_and_shared_by_all_trainers_on_the_data(few):
    _, first = spied_batches(few, 30, epochs=3)
    _, others = spied_batches(few, 30, epochs=3, networks=3)
    np.testing.assert_array_equal(first, others)
    assert (first[0] != first[1]).any() and (first[1] != first[2]).any()
    assert (first[0] != spied_batches(replace(few, seed=2), 30)[1][0]).any()


def test_targets_stay_with_their_points(few):
    """Labels that went astray in shuffling could not be learned."""
    trainer = Trainer(replace(few, noise=0.0, dataset=Gaussian()), NetworkSpec(batch_size=7, learning_rate=0.1))
    trainer.train(30)
    assert trainer.evaluate().train_accuracy[0] == 1


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    samples=st.integers(20, 120),
    batch_size=st.integers(1, 70),
    targets=st.lists(st.floats(0, 3), min_size=1, max_size=4),
    updates=st.integers(1, 50),
)
def test_advance_never_passes_its_target_and_stops_less_than_a_batch_before(samples, batch_size, targets, updates):
    trainer = Trainer(DataSpec(samples=samples), NetworkSpec(hidden=(), batch_size=batch_size))
    for target in sorted(targets):
        done, before = False, trainer.steps
        while not done:
            done = trainer.advance(target, updates)
            assert trainer.steps <= before + updates
            before = trainer.steps
            assert trainer.position <= target + 1e-6
        assert trainer.next_position > target - 1e-6
        assert trainer.position > target - batch_size / trainer.data.n_train - 1e-6


@pytest.mark.parametrize("tenths", range(1, 31))
def test_advance_is_exact_at_fractions(tenths):
    trainer = Trainer(DataSpec(samples=200), NetworkSpec(hidden=()))  # ten batches of ten
    target = tenths / 10
    assert trainer.advance(target, 1000)
    assert trainer.steps == tenths
    assert trainer.position == pytest.approx(target, abs=1e-12)
    assert trainer.next_position == pytest.approx(target + 0.1, abs=1e-12)


def test_many_small_calls_of_train_do_not_lose_an_update():
    trainer = Trainer(DataSpec(samples=200), NetworkSpec(hidden=()))
    for _ in range(100):
        trainer.train(0.1)
    assert (trainer.steps, trainer.position) == (100, 10.0)


def test_advance_to_where_it_is_does_nothing(few):
    trainer = Trainer(few)
    trainer.train(1)
    kept = parameters(trainer)
    assert trainer.advance(1.0, 100) and trainer.advance(0.2, 100)
    assert not trainer.advance(2.0, 0)
    assert trainer.steps == 3
    np.testing.assert_array_equal(parameters(trainer), kept)


# ---- changing ----


OTHERS = {  # every field of NetworkSpec with another value
    "hidden": (HiddenLayer(8), HiddenLayer(9)),
    "regularizer": L2(),
    "learning_rate": 0.1,
    "optimizer": Adam(),
    "batch_size": 7,
    "loss": Logistic(),
    "initializer": Glorot(),
    "seed": 2,
    "features": (X1(),),
    "preprocessing": NoPreprocessing(),
}


def is_live(name):
    return get_type_hints(NetworkSpec, include_extras=True)[name].__metadata__[-1].live


def test_every_setting_has_another_value_to_try():
    assert set(OTHERS) == {setting.name for setting in fields(NetworkSpec)}


@pytest.mark.parametrize("name", [name for name in OTHERS if is_live(name)])
@pytest.mark.parametrize("networks", [1, 3])
def test_a_live_setting_changes_in_mid_epoch_and_keeps_the_weights(name, networks, few):
    specs = [replace(BASE, seed=seed) for seed in range(networks)]
    changed, plain = Trainer(few, *specs), Trainer(few, *specs)
    for trainer in (changed, plain):
        trainer.train(1.7)
    kept, position, steps = parameters(changed), changed.position, changed.steps
    changed.change(*(replace(spec, **{name: OTHERS[name]}) for spec in specs))
    np.testing.assert_array_equal(parameters(changed), kept)
    assert (changed.position, changed.steps) == (position, steps)
    for trainer in (changed, plain):
        trainer.train(3)
    assert changed.position > 4.3
    assert changed.finite.all()
    assert (parameters(changed) != parameters(plain)).any(axis=1).all()


@pytest.mark.parametrize("name", [name for name in OTHERS if not is_live(name)])
def test_a_setting_that_is_not_live_is_refused_and_the_run_goes_on(name, few):
    changed, plain = Trainer(few), Trainer(few)
    for trainer in (changed, plain):
        trainer.train(0.7)
    with pytest.raises(ValueError):
        changed.change(replace(BASE, **{name: OTHERS[name]}))
    for trainer in (changed, plain):
        trainer.train(1)
    np.testing.assert_array_equal(parameters(changed), parameters(plain))
    assert changed.specs == plain.specs


def test_another_number_of_networks_is_refused(few):
    with pytest.raises(ValueError):
        Trainer(few).change(BASE, BASE)
    with pytest.raises(ValueError):
        Trainer(few, BASE, BASE).change(BASE)


def test_an_activation_changes_live(activation, few):
    trainer = Trainer(few)
    trainer.train(0.7)
    trainer.evaluate(), trainer.boundary(8)  # whatever these keep must not outlive the change
    hidden = tuple(replace(layer, activation=activation) for layer in BASE.hidden)
    trainer.change(replace(BASE, hidden=hidden))
    fresh = Trainer(few, replace(BASE, hidden=hidden))
    fresh.restore(trainer.state())
    for _ in range(2):
        np.testing.assert_array_equal(trainer.boundary(8), fresh.boundary(8))
        np.testing.assert_array_equal(trainer.evaluate().train_loss, fresh.evaluate().train_loss)
        np.testing.assert_array_equal(parameters(trainer), parameters(fresh))
        trainer.train(1)
        fresh.train(1)


def test_changing_to_the_same_settings_changes_no_digit(optimizer, few):
    spec = NetworkSpec(optimizer=optimizer, batch_size=7)
    changed, plain = Trainer(few, spec), Trainer(few, spec)
    for trainer in (changed, plain):
        trainer.train(0.7)
    changed.change(spec)
    for trainer in (changed, plain):
        trainer.train(2)
    np.testing.assert_array_equal(parameters(changed), parameters(plain))


def test_an_epoch_whose_batch_size_changes_still_visits_every_point_once(few):
    spy, seen = spying()
    spec = NetworkSpec(hidden=(HiddenLayer(2, spy),), preprocessing=NoPreprocessing(), learning_rate=0.0, batch_size=4)
    trainer = Trainer(few, spec, dtype=np.float64)
    trainer.network.weights[0][...] = [[1, 0, 0], [0, 1, 0]]
    trainer.advance(0.4, 1000)  # three batches of four
    trainer.change(replace(spec, batch_size=7))
    trainer.advance(1.0, 1000)
    assert [batch.shape[1] for batch in seen] == [4, 4, 4, 7, 7, 4]
    assert as_set(np.concatenate(seen, axis=1)) == as_set(trainer.data.points[:, trainer.data.train])


def test_the_optimizer_keeps_its_memory_unless_it_is_replaced(few):
    def next_update(before, after):
        trainer = Trainer(few, replace(BASE, optimizer=before))
        trainer.train(1)
        trainer.change(replace(BASE, optimizer=after, learning_rate=1e-3))
        kept = parameters(trainer)
        trainer.step()
        return parameters(trainer) - kept

    # Adam's first step has size η whatever the gradient; a later one does not.
    fresh = np.abs(next_update(SGD(), Adam()))
    assert np.median(fresh[fresh > 0]) == pytest.approx(1e-3, rel=1e-2)
    kept = np.abs(next_update(Adam(), Adam(beta1=0.8)))
    assert np.median(kept) < 0.9e-3


REFUSED_LATE = [  # refused after the activations, or the optimizer, of the new specs were looked at
    {"hidden": [(HiddenLayer(8, Tanh()),) * 2] * 2, "optimizer": [SGD(), Adam()]},
    {"optimizer": [Adam(), Adam()], "regularizer": [L1(), L2()]},
]


@pytest.mark.parametrize("settings", REFUSED_LATE, ids=["activation", "optimizer"])
def test_a_refused_change_changes_nothing(settings, few):
    specs = [replace(BASE, seed=seed) for seed in (1, 2)]
    changed, plain = Trainer(few, *specs), Trainer(few, *specs)
    for trainer in (changed, plain):
        trainer.train(0.7)
    others = [replace(spec, **{name: values[k] for name, values in settings.items()}) for k, spec in enumerate(specs)]
    with pytest.raises(ValueError):
        changed.change(*others)
    for trainer in (changed, plain):
        trainer.train(1)
    np.testing.assert_array_equal(parameters(changed), parameters(plain))
    np.testing.assert_array_equal(changed.boundary(8), plain.boundary(8))


# ---- divergence ----


def hot_and_cool(**settings):
    """A big network with a learning rate far too large beside one that learns slowly."""
    return [NetworkSpec(hidden=(HiddenLayer(64),) * 4, learning_rate=rate, **settings) for rate in (10.0, 1e-3)]


def look(trainer):
    trainer.evaluate(), trainer.boundary(8), trainer.predict(trainer.data.points), trainer.state()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_divergence_is_found_by_finite_and_is_no_exception_and_no_warning(default_loss, dtype, few):
    specs = hot_and_cool(loss=default_loss)
    trainer = Trainer(few, *specs, dtype=dtype)
    assert trainer.finite.tolist() == [True, True]
    for _ in range(3):
        trainer.train(10)
        look(trainer)
        trainer.change(*specs)
    assert trainer.finite.tolist() == [False, True]
    assert trainer.evaluate().train_loss[1] < 1
    assert np.isfinite(trainer.boundary(8)[1]).all()
    alone = Trainer(few, specs[0], dtype=dtype)
    alone.train(30)
    assert alone.finite.tolist() == [False]
    look(alone)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_part_warns_at_the_largest_learning_rate(optimizer, default_regularizer, dtype, few):
    trainer = Trainer(few, *hot_and_cool(optimizer=optimizer, regularizer=default_regularizer), dtype=dtype)
    trainer.train(3)
    look(trainer)
    assert trainer.finite[1]


def test_one_number_that_is_not_finite_is_enough(few):
    trainer = Trainer(few, BASE, BASE, BASE)
    trainer.network.parameters[0, -1] = np.inf
    trainer.network.parameters[2, 0] = np.nan
    assert trainer.finite.tolist() == [False, True, False]


# ---- seeing ----


@pytest.mark.parametrize("batch_size", [7, 30])  # 30 is the whole training part, so that buffers are shared
def test_looking_does_not_change_the_runs_digits(default_optimizer, batch_size, few):
    spec = NetworkSpec(optimizer=default_optimizer, batch_size=batch_size, regularizer=L2())
    watched, plain = (Trainer(few, spec, replace(spec, seed=2)) for _ in range(2))
    for _ in range(12):
        watched.step()
        watched.evaluate(), watched.boundary(8), watched.predict(watched.data.points), watched.state()
        plain.step()
    np.testing.assert_array_equal(parameters(watched), parameters(plain))
    assert watched.position == plain.position


def test_boundary_has_class_1_in_the_top_right_corner_of_gaussian(default_loss):
    trainer = Trainer(DataSpec(dataset=Gaussian(), noise=0.0), NetworkSpec(loss=default_loss))
    trainer.train(10)
    p = trainer.boundary(16)
    assert p.shape == (1, 2, 16, 16)
    assert p[0, 1, 0, -1] > 0.95  # row 0 is the top
    assert p[0, 1, -1, 0] < 0.05
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)


@dataclass(frozen=True)
class Step(Activation):
    """Steep enough to make a picture of one coordinate."""

    def f(self, z, out):
        return np.tanh(100 * z, out=out)


@pytest.mark.parametrize("axis", [0, 1])
def test_columns_of_the_boundary_run_along_x1_and_rows_against_x2(axis):
    spec = NetworkSpec(hidden=(HiddenLayer(1, Step()),), preprocessing=NoPreprocessing())
    trainer = Trainer(DataSpec(samples=40), spec)
    trainer.network.weights[0][...] = 0
    trainer.network.weights[0][0, 0, axis] = 1
    trainer.network.weights[1][...] = [[[-20, 0], [20, 0]]]
    right = trainer.boundary(10)[0, 1] > 0.5
    assert right.sum() == 50
    assert right[:, 5:].all() if axis == 0 else right[:5].all()


@pytest.mark.parametrize("resolution", [1, 7, 64, 200])  # the last needs more than one chunk
def test_boundary_is_the_prediction_at_the_centres_of_the_cells(resolution, few):
    trainer = Trainer(few, *(replace(BASE, seed=seed) for seed in range(2)))
    trainer.train(2)
    p = trainer.boundary(resolution)
    cell = 12 / resolution
    for row, column in {(0, 0), (0, resolution - 1), (resolution // 3, resolution // 2), (resolution - 1, 0)}:
        point = np.array([[-6 + cell * (column + 0.5)], [6 - cell * (row + 0.5)]])
        np.testing.assert_allclose(p[:, :, row, column], trainer.predict(point)[:, :, 0], rtol=1e-4, atol=1e-6)


def test_boundary_follows_training_and_resolution(few):
    trainer = Trainer(few)
    first = trainer.boundary(8)
    kept = first.copy()
    trainer.train(2)
    second = trainer.boundary(8)
    assert (second != kept).any()
    np.testing.assert_array_equal(first, kept)
    assert trainer.boundary(16).shape == (1, 2, 16, 16)
    np.testing.assert_array_equal(trainer.boundary(8), second)


@pytest.mark.parametrize("classes", [2, 4, 6])
def test_as_many_probabilities_as_classes(classes):
    spec = NetworkSpec(loss=SoftmaxCrossEntropy())
    trainer = Trainer(DataSpec(dataset=Arms(classes=classes), samples=60), spec, spec)
    assert trainer.boundary(8).shape == (2, classes, 8, 8)
    assert trainer.predict(trainer.data.points).shape == (2, classes, 60)
    assert set(np.unique(trainer.evaluate().predicted)) <= set(range(classes))


# ---- one step by hand ----


def test_one_step_by_hand():
    # Depth 0, all weights zero: every logit 0, p = 1/2, dL/dz = ±1/2, the mean gradient of row c is
    # Σ (p_c − y_c) x / m, and w ← 0 − η · that. With biases the same with x = 1.
    trainer = Trainer(
        DataSpec(samples=60),
        NetworkSpec(hidden=(), learning_rate=0.5, batch_size=2000, initializer=SmallNormal()),
        dtype=np.float64,
    )
    trainer.network.parameters[...] = 0
    trainer.step()
    x, labels = trainer.x[:, trainer.data.train], trainer.data.labels[trainer.data.train]
    expected = [-0.5 * ((0.5 - (labels == c)) * x).mean(axis=1) for c in range(2)]
    np.testing.assert_allclose(trainer.network.weights[0][0], expected, rtol=1e-12, atol=1e-15)


def test_weight_decay_by_hand():
    # L2's share of the step is −ηλw for weights and nothing for biases.
    plain, decayed = (
        Trainer(DataSpec(samples=60), NetworkSpec(regularizer=regularizer, learning_rate=0.1), dtype=np.float64)
        for regularizer in (NoRegularizer(), L2(strength=0.3))
    )
    start = parameters(plain)
    for trainer in (plain, decayed):
        trainer.step()
    np.testing.assert_allclose(
        parameters(decayed) - parameters(plain), -0.1 * 0.3 * start * plain.network.mask, rtol=1e-9, atol=1e-14
    )


def test_no_networks_means_the_default_one(few):
    trainer = Trainer(few)
    assert trainer.specs == (NetworkSpec(),)
    assert trainer.network.networks == 1
    assert set(CATALOG["losses"]) >= {trainer.loss.id}
    assert isinstance(trainer.activations[0], ReLU)
