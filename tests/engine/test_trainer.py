"""Laws of training: repeatable to the last bit, the same alone as in a population, stoppable and resumable anywhere."""

import io
import json
from dataclasses import dataclass, fields, replace
from typing import get_type_hints

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import CATALOG, DataSpec, HiddenLayer, NetworkSpec, Trainer, draw
from engine.activations import Activation, LeakyReLU, Linear, ReLU, Sigmoid, Tanh
from engine.component import Refused
from engine.datasets import Arms, Gaussian, Plane
from engine.initializers import Glorot, He, SmallNormal
from engine.losses import Logistic
from engine.optimizers import SGD, Adam, Momentum
from engine.preprocessing import NoPreprocessing
from engine.regularizers import L1, L2, Dropout, EarlyStopping, MaxNorm
from engine.trainer import OWN


def parameters(trainer):
    return trainer.network.parameters.copy()


def relative_difference(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return np.linalg.norm(a - b) / np.linalg.norm(b)


# ---- a population ----


def assert_members_equal_networks_alone(data, specs, dtype, epochs=2.0, differ=True):
    together = Trainer(data, *specs, dtype=dtype)
    together.train(epochs)
    for k, spec in enumerate(specs):
        alone = Trainer(data, spec, dtype=dtype)
        alone.train(epochs)
        # A line search branches on comparisons, so that rounding may grow.
        near = 1e-3 if spec.optimizer.line_search and dtype == np.float32 else 1e-6
        assert relative_difference(together.network.parameters[k], alone.network.parameters[0]) < near
        np.testing.assert_allclose(together.evaluate().test_loss[k], alone.evaluate().test_loss[0], rtol=10 * near)
        assert together.specs[k] == alone.specs[0]
    if differ:
        assert (together.network.parameters[0] != together.network.parameters[1]).any()
        assert (together.network.parameters[1] != together.network.parameters[2]).any()


SMOOTH = (HiddenLayer(6, Sigmoid()), HiddenLayer(4, Tanh()))  # no kinks, where rounding could decide


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_member_equals_the_network_alone(default_optimizer, dtype, few):
    specs = [
        NetworkSpec(
            hidden=(HiddenLayer(6, LeakyReLU(slope)), HiddenLayer(4, Tanh())),
            seed=seed,
            learning_rate=rate,
            initializer=initializer,
            gain=gain,
            bias=bias,
            clip_norm=0.0 if default_optimizer.line_search else clip,
            regularizers=(L2(strength),),
            optimizer=default_optimizer,
        )
        for seed, rate, initializer, strength, slope, gain, bias, clip in (
            (1, 0.003, He(), 0.0, 0.0, 1.0, 0.0, 0.0),
            (2, 0.01, Glorot(), 0.01, 0.1, 0.5, 0.1, 0.05),
            (3, 0.03, He(), 0.1, 0.5, 1.5, -0.1, 0.3),
        )
    ]
    assert_members_equal_networks_alone(few, specs, dtype)


def test_a_member_equals_the_network_alone_for_every_initializer(default_initializer, few):
    specs = [NetworkSpec(hidden=SMOOTH, initializer=default_initializer, seed=seed) for seed in (1, 2, 3)]
    trainer = Trainer(few, *specs)
    random = (trainer.network.parameters[0] != trainer.network.parameters[1]).any()
    assert_members_equal_networks_alone(few, specs, np.float32, differ=random)
    mixed = [replace(specs[0], initializer=initializer) for initializer in (default_initializer, He(), Glorot())]
    assert_members_equal_networks_alone(few, mixed, np.float64, differ=False)


def test_a_member_equals_the_network_alone_for_every_loss(default_loss, few):
    specs = [NetworkSpec(hidden=SMOOTH, loss=default_loss, seed=seed) for seed in (1, 2, 3)]
    assert_members_equal_networks_alone(few, specs, np.float64)


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("residual", [False, True])
def test_a_member_equals_the_network_alone_for_every_activation(default_activation, batch_norm, residual, few):
    hidden = (HiddenLayer(5, default_activation),) * 2
    specs = [NetworkSpec(hidden=hidden, batch_norm=batch_norm, residual=residual, seed=seed) for seed in (1, 2, 3)]
    assert_members_equal_networks_alone(few, specs, np.float64)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [field.name for field in fields(NetworkSpec)])
def test_a_member_equals_the_network_alone_for_every_field(name, others, dtype, few):
    base = NetworkSpec(hidden=SMOOTH)
    changed = [replace(base, **{"seed": seed, name: others[name]}) for seed in (1, 2, 3)]
    assert_members_equal_networks_alone(few, changed, dtype, differ=name != "seed")
    if name in OWN:  # some with, some without
        mixed = [base, replace(base, **{name: others[name]}), base]
        assert_members_equal_networks_alone(few, mixed, dtype)


@pytest.mark.parametrize("rule", [SGD(), Adam()], ids=lambda rule: rule.id)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("settings", [{}, {"bootstrap": True}, {"batch_norm": True, "residual": True}], ids=str)
def test_a_member_equals_the_network_alone_for_every_regularizer(default_regularizer, settings, dtype, rule, few):
    base = NetworkSpec(hidden=(HiddenLayer(6, Tanh()),) * 2, optimizer=rule, **settings)
    specs = [replace(base, regularizers=(default_regularizer,), seed=seed) for seed in (1, 2, 3)]
    assert_members_equal_networks_alone(few, specs, dtype, epochs=3)


def shares(component, name):
    """The component with three values of one of its float parameters, from the low end of its range to the high."""
    note = get_type_hints(type(component), include_extras=True)[name].__metadata__[0]
    low, high = note.ge if note.ge is not None else note.gt, note.le if note.le is not None else note.lt
    low, high = (low if note.ge is not None else low + 1e-3), min(high, low + 1)
    return [replace(component, **{name: low + share * (high - low)}) for share in (0.0, 0.5, 1.0)]


OWN_PARAMETERS = [
    pytest.param(family, cls, field.name, id=f"{cls.id}.{field.name}")
    for family in ("activations", "regularizers", "optimizers", "schedules")
    for cls in CATALOG[family].values()
    for field in fields(cls)
    if isinstance(getattr(cls(), field.name), float)
]


@pytest.mark.parametrize(("family", "cls", "name"), OWN_PARAMETERS)
def test_a_member_equals_the_network_alone_for_every_parameter_of_its_own(family, cls, name, few):
    """Any float parameter of a component may differ within a population, to the ends of its range; where it may not, it
    is refused by name."""
    base = NetworkSpec(hidden=SMOOTH)

    def spec(component):
        if family == "activations":
            return replace(base, hidden=(HiddenLayer(5, component), HiddenLayer(4, Tanh())))
        return replace(base, **{"regularizers": (component,)} if family == "regularizers" else {family[:-1]: component})

    specs = [spec(component) for component in shares(cls(), name)]
    epochs = 12 if family == "schedules" else 3
    alone = [Trainer(few, spec, dtype=np.float64) for spec in specs]
    for trainer in alone:
        trainer.train(epochs)
    matters = (parameters(alone[0]) != parameters(alone[2])).any()
    try:
        Trainer(few, *specs)
    except ValueError as refusal:
        assert f"{cls.id}.{name}" in str(refusal)
        return
    assert_members_equal_networks_alone(few, specs, np.float64, epochs, differ=False)
    together = Trainer(few, *specs, dtype=np.float64)
    together.train(epochs)
    assert (together.network.parameters[0] != together.network.parameters[2]).any() == matters


def test_a_schedule_multiplies_the_learning_rate_of_every_epoch(schedule, few):
    spec = NetworkSpec(hidden=(), batch_size=7, schedule=schedule, learning_rate=0.2)
    trainer = Trainer(few, spec, dtype=np.float64)
    for epoch in range(25):
        before = parameters(trainer)
        trainer.step()
        # SGD's step is η g: the update is the gradient times the scheduled rate
        expected = trainer.network.gradients * 0.2 * schedule.factor(epoch)
        np.testing.assert_allclose(before - parameters(trainer), expected, rtol=1e-9, atol=1e-15)
        trainer.advance(epoch + 1, 1000)


def test_clipping_by_hand(few):
    """g is cut to the length c, all layers together, and each network by its own."""
    base = NetworkSpec(hidden=SMOOTH, learning_rate=1.0)
    specs = [replace(base, clip_norm=clip) for clip in (0.0, 0.01, 0.05, 100.0)]
    trainer = Trainer(few, *specs, dtype=np.float64)
    start = parameters(trainer)
    trainer.step()
    steps = start - parameters(trainer)
    norms = np.linalg.norm(steps, axis=1)
    assert norms[0] > 0.05
    np.testing.assert_allclose(norms[1:3], [0.01, 0.05], rtol=1e-12)
    np.testing.assert_allclose(steps[1] / 0.01, steps[0] / norms[0], rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(steps[3], steps[0], rtol=1e-12)


def test_every_update_is_clipped_and_points_where_it_would_have(few):
    """From each place on the way, with clipping and without: η min(‖g‖, c) long, in the same direction."""
    spec = NetworkSpec(hidden=SMOOTH, learning_rate=0.5, clip_norm=0.2)
    clipped, free = (Trainer(few, each, dtype=np.float64) for each in (spec, replace(spec, clip_norm=0.0)))
    cut = []
    for _ in range(30):
        free.restore(clipped.state())
        free.step()
        clipped.step()
        length = np.linalg.norm(free.update)
        cut.append(length > 0.1)
        np.testing.assert_allclose(clipped.update, free.update * min(1, 0.1 / length), rtol=1e-9, atol=1e-15)
    assert any(cut) and not all(cut)


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
        ("activation", replace(BASE, hidden=(HiddenLayer(8), HiddenLayer(8, Tanh())))),
        ("strength", replace(BASE, hidden=(HiddenLayer(8), HiddenLayer(8, strength=2.0)))),
        ("regularizers", replace(BASE, regularizers=(L1(), L2()))),
        ("regularizers", replace(BASE, regularizers=(EarlyStopping(),))),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_networks_that_cannot_share_a_population_are_refused_by_name(name, other, swapped, few):
    specs = (other, BASE) if swapped else (BASE, other)
    with pytest.raises(ValueError, match=name):
        Trainer(few, *specs)


@pytest.mark.parametrize("name", [field.name for field in fields(NetworkSpec) if field.name not in OWN])
@pytest.mark.parametrize("swapped", [False, True])
def test_every_field_that_a_population_must_share_is_refused_by_name(name, swapped, others, few):
    specs = BASE, replace(BASE, **{name: others[name]})
    with pytest.raises(ValueError, match=name.removesuffix("s")):
        Trainer(few, *(specs[::-1] if swapped else specs))


@pytest.mark.parametrize("name", [field.name for field in fields(NetworkSpec) if field.name not in OWN])
def test_a_population_cannot_fall_apart_while_it_trains(name, others, few):
    changed, plain = Trainer(few, BASE, BASE), Trainer(few, BASE, BASE)
    for trainer in (changed, plain):
        trainer.train(0.7)
    with pytest.raises(ValueError):
        changed.change(BASE, replace(BASE, **{name: others[name]}))
    for trainer in (changed, plain):
        trainer.train(1)
    for key, value in changed.state().items():
        np.testing.assert_equal(value, plain.state()[key])


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


def assert_equal_states(one, other):
    assert one.state().keys() == other.state().keys()
    for name, value in one.state().items():
        np.testing.assert_equal(value, other.state()[name], err_msg=name)


def assert_a_restored_run_goes_on_bit_equal(data, specs, epochs=(1.7, 2.5)):
    original, restored = Trainer(data, *specs), Trainer(data, *specs)
    original.train(epochs[0])
    assert original.position % 1 > 0 or original.optimizer.full_batch or original.finished or epochs[0] % 1 == 0
    state = original.state()
    original.train(epochs[1])
    restored.train(0.5)  # a past of its own must not show
    restored.evaluate(), restored.boundary(4)
    restored.restore(state)
    np.testing.assert_equal(restored.state(), state)
    restored.train(epochs[1])
    np.testing.assert_array_equal(parameters(original), parameters(restored))
    assert (original.steps, original.position) == (restored.steps, restored.position)
    for name, value in vars(original.evaluate()).items():
        np.testing.assert_array_equal(value, getattr(restored.evaluate(), name))
    assert_equal_states(original, restored)
    return original


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("batch_size", [7, 10])
def test_a_restored_run_goes_on_bit_equal(optimizer, networks, batch_size, few):
    specs = [NetworkSpec(optimizer=optimizer, batch_size=batch_size, seed=seed) for seed in range(networks)]
    assert_a_restored_run_goes_on_bit_equal(few, specs)


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("bootstrap", [False, True])
def test_a_restored_run_goes_on_bit_equal_with_every_regularizer(regularizer, networks, batch_norm, bootstrap, few):
    settings = {"regularizers": (regularizer,), "batch_norm": batch_norm, "bootstrap": bootstrap}
    specs = [NetworkSpec(seed=seed, batch_size=7, **settings) for seed in range(networks)]
    assert_a_restored_run_goes_on_bit_equal(few, specs)


def test_a_restored_run_goes_on_bit_equal_with_all_regularizers_together(few):
    chosen, dropping = [], False
    for cls in CATALOG["regularizers"].values():
        if not (cls.exclusive and dropping):
            chosen.append(cls())
        dropping = dropping or cls.exclusive
    chosen[-1:] = [replace(r, patience=1) if r.id == "early_stopping" else r for r in chosen[-1:]]
    specs = [NetworkSpec(seed=seed, batch_size=7, batch_norm=True, regularizers=tuple(chosen)) for seed in range(3)]
    for epochs in ((1.7, 2.5), (6.4, 3.0)):
        assert_a_restored_run_goes_on_bit_equal(few, specs, epochs)


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("name", [field.name for field in fields(NetworkSpec)])
def test_a_restored_run_goes_on_bit_equal_with_every_field(name, networks, others, few):
    specs = [replace(NetworkSpec(seed=seed), **{name: others[name]}) for seed in range(networks)]
    assert_a_restored_run_goes_on_bit_equal(few, specs)


def test_a_restored_run_goes_on_bit_equal_with_every_schedule(schedule, few):
    specs = [NetworkSpec(hidden=(), schedule=schedule, seed=seed) for seed in (1, 2)]
    assert_a_restored_run_goes_on_bit_equal(few, specs, (7.4, 5.0))


def test_a_restored_run_stops_as_early(few):
    """Restored before, at and after its end."""
    specs = [NetworkSpec(regularizers=(EarlyStopping(patience=2),), optimizer=Adam(), seed=seed) for seed in (1, 2)]
    end = assert_a_restored_run_goes_on_bit_equal(few, specs, (1.5, 200.0))
    assert end.finished
    for epochs in (end.position - 1, end.position, end.position + 3):
        assert assert_a_restored_run_goes_on_bit_equal(few, specs, (epochs, 200.0)).position == end.position


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_state_is_arrays_and_json_and_restores_after_the_round_trip(default_regularizer, batch_norm, few):
    spec = NetworkSpec(optimizer=Adam(), regularizers=(default_regularizer,), batch_norm=batch_norm)
    original = Trainer(few, spec)
    original.train(1.4)
    state = original.state()
    text = json.dumps({name: value for name, value in state.items() if not isinstance(value, np.ndarray)})
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **{n: value for n, value in state.items() if isinstance(value, np.ndarray)})
    file.seek(0)
    restored = Trainer(few, spec)
    with np.load(file) as arrays:
        restored.restore(json.loads(text) | dict(arrays))
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
        ("averages", NetworkSpec(batch_norm=True), DataSpec(samples=60)),
    ],
)
def test_a_state_that_does_not_fit_is_refused_by_name_and_changes_nothing(name, spec, data, few):
    trainer, strange = Trainer(few), Trainer(data, spec)
    if name == "averages":  # the shapes of all that comes before are the same
        trainer, strange = strange, trainer
        strange.network.parameters = np.zeros_like(trainer.network.parameters)
        strange._slots, strange.update = trainer._slots, trainer.update
    kept = trainer.state()
    with pytest.raises(ValueError, match=name):
        trainer.restore(strange.state())
    np.testing.assert_equal(trainer.state(), kept)


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


def live(name):
    return get_type_hints(NetworkSpec, include_extras=True)[name].__metadata__[-1].live


LIVE = [field.name for field in fields(NetworkSpec) if live(field.name)]
STILL = [field.name for field in fields(NetworkSpec) if not live(field.name)]
# Where a live setting shows only beside another one.
BESIDE = {name: {"regularizers": (L2(strength=0.1),)} for name in ("regularize_biases", "output_strength")}


@pytest.mark.parametrize("name", LIVE)
@pytest.mark.parametrize("networks", [1, 3])
def test_a_live_setting_changes_in_mid_epoch_and_keeps_the_weights(name, networks, others, few):
    specs = [replace(BASE, seed=seed, **BESIDE.get(name, {})) for seed in range(networks)]
    changed, plain = Trainer(few, *specs), Trainer(few, *specs)
    for trainer in (changed, plain):
        trainer.train(1.7)
    kept, position, steps = parameters(changed), changed.position, changed.steps
    changed.change(*(replace(spec, **{name: others[name]}) for spec in specs))
    np.testing.assert_array_equal(parameters(changed), kept)
    assert (changed.position, changed.steps) == (position, steps)
    for trainer in (changed, plain):
        trainer.train(3)
    assert changed.position > 4.3
    assert changed.finite.all()
    assert (parameters(changed) != parameters(plain)).any(axis=1).all()


@pytest.mark.parametrize("name", STILL)
def test_a_setting_that_is_not_live_is_refused_and_the_run_goes_on(name, others, few):
    changed, plain = Trainer(few), Trainer(few)
    for trainer in (changed, plain):
        trainer.train(0.7)
    with pytest.raises(ValueError):
        changed.change(replace(BASE, **{name: others[name]}))
    for trainer in (changed, plain):
        trainer.train(1)
    np.testing.assert_array_equal(parameters(changed), parameters(plain))
    assert changed.specs == plain.specs


def test_a_live_change_gives_the_digits_that_a_restored_run_has_with_the_new_settings(others, few):
    """Nothing of the old settings stays behind."""
    for name in LIVE:
        if name == "optimizer":  # another kind begins with an empty memory
            continue
        spec = replace(BASE, **BESIDE.get(name, {}))
        changed, fresh = Trainer(few, spec), Trainer(few, replace(spec, **{name: others[name]}))
        changed.train(1.7)
        changed.evaluate(), changed.boundary(8)
        changed.change(replace(spec, **{name: others[name]}))
        fresh.restore(changed.state())
        for trainer in (changed, fresh):
            trainer.train(2)
        assert_equal_states(changed, fresh)


def test_a_regularizer_comes_and_goes_live(default_regularizer, few):
    """But for early stopping, which holds points out."""
    spec = replace(BASE, regularizers=(default_regularizer,))
    trainer = Trainer(few)
    trainer.train(0.7)
    kept = parameters(trainer)
    if default_regularizer.held_out:
        with pytest.raises(ValueError):
            trainer.change(spec)
        return
    trainer.change(spec)
    np.testing.assert_array_equal(parameters(trainer), kept)
    fresh = Trainer(few, spec)
    fresh.restore(trainer.state())
    for each in (trainer, fresh):
        each.train(1)
    assert_equal_states(trainer, fresh)
    trainer.change(BASE)
    plain = Trainer(few)
    plain.restore(trainer.state())
    for each in (trainer, plain):
        each.train(1)
    np.testing.assert_array_equal(parameters(trainer), parameters(plain))


def test_combinations_that_make_no_sense_are_refused_live_and_change_nothing(few):
    spec = replace(BASE, batch_norm=True)
    changed, plain = Trainer(few, spec), Trainer(few, spec)
    for trainer in (changed, plain):
        trainer.train(0.7)
    with pytest.raises(Refused, match="batch_size"):
        changed.change(replace(spec, batch_size=1))
    for trainer in (changed, plain):
        trainer.train(1)
    assert_equal_states(changed, plain)
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
    if activation.unit_parameters or activation.pieces_per_unit() > 1:  # parameters that would have to be drawn
        with pytest.raises(ValueError):
            trainer.change(replace(BASE, hidden=hidden))
        return
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
    {"optimizer": [Adam(), Adam()], "regularizers": [(L1(),), (L2(),)]},
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
    assert_equal_states(changed, plain)
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
    # These stop at their margins, or where tanh is flat.
    steep = default_loss.id not in ("attribute_hinge", "multiclass_hinge", "squared_tanh")
    assert trainer.finite[1] and (not trainer.finite[0] or not steep)
    np.testing.assert_array_equal(trainer.finite, np.isfinite(trainer.network.parameters).all(axis=1))
    assert np.isfinite(trainer.evaluate().train_loss[1])
    assert np.isfinite(trainer.boundary(8)[1]).all()
    alone = Trainer(few, specs[0], dtype=dtype)
    alone.train(30)
    assert alone.finite.tolist() == [trainer.finite[0]]
    look(alone)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("settings", [{}, {"batch_norm": True}, {"residual": True}, {"clip_norm": 1.0}], ids=str)
def test_no_part_warns_at_the_largest_learning_rate(
    default_optimizer, default_regularizer, settings, dtype, few, sensible
):
    specs = hot_and_cool(optimizer=default_optimizer, regularizers=(default_regularizer,), **settings)
    if not sensible(specs[0], few):
        pytest.skip("refused together")
    trainer = Trainer(few, *specs, dtype=dtype)
    trainer.train(2)
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
    spec = NetworkSpec(optimizer=default_optimizer, batch_size=batch_size, regularizers=(L2(),), batch_norm=True)
    watched, plain = (Trainer(few, spec, replace(spec, seed=2)) for _ in range(2))
    for _ in range(12):
        watched.step()
        watched.evaluate(), watched.boundary(8), watched.predict(watched.data.points), watched.state()
        plain.step()
    assert_equal_states(watched, plain)
    assert watched.position == plain.position


def test_looking_draws_no_random_numbers(default_regularizer, few):
    spec = NetworkSpec(regularizers=(default_regularizer,), batch_size=30)
    watched, plain = (Trainer(few, spec) for _ in range(2))
    for _ in range(4):
        watched.step()
        watched.evaluate(), watched.boundary(8), watched.predict(watched.data.points), watched.state()
        plain.step()
    assert_equal_states(watched, plain)


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


@pytest.mark.parametrize("classes", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("networks", [1, 2])
def test_as_many_probabilities_as_classes(default_loss, classes, networks):
    if classes > default_loss.classes[1]:
        pytest.skip("too many classes")
    specs = [NetworkSpec(loss=default_loss, gain=2.0, learning_rate=0.001, seed=seed) for seed in range(networks)]
    trainer = Trainer(DataSpec(dataset=Arms(classes=classes), samples=60), *specs)
    for _ in range(2):
        assert trainer.boundary(8).shape == (networks, classes, 8, 8)
        p = trainer.predict(trainer.data.points)
        assert p.shape == (networks, classes, 60)
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
        predicted = trainer.evaluate().predicted
        assert set(np.unique(predicted)) <= set(range(classes))
        probable = np.take_along_axis(p, predicted[:, np.newaxis], 1)[:, 0]
        np.testing.assert_allclose(probable, p.max(axis=1), rtol=1e-5)
        trainer.train(1)


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
        Trainer(DataSpec(samples=60), NetworkSpec(regularizers=regularizers, learning_rate=0.1), dtype=np.float64)
        for regularizers in ((), (L2(strength=0.3),))
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


# ---- frozen layers, transfer learning, rows of one's own ----


@pytest.mark.parametrize("networks", [1, 2])
@pytest.mark.parametrize("frozen", [1, 2, 8])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_frozen_layers_do_not_move(default_optimizer, frozen, batch_norm, networks, few, sensible):
    hidden = (HiddenLayer(4, CATALOG["activations"]["prelu"]()), HiddenLayer(4, Tanh()), HiddenLayer(3))
    for regularizers in ((), (L1(0.1), MaxNorm(0.5)), (L2(0.5), Dropout())):
        specs = [
            NetworkSpec(
                hidden=hidden,
                optimizer=default_optimizer,
                frozen=frozen,
                batch_norm=batch_norm,
                regularizers=regularizers,
                regularize_biases=True,
                seed=seed,
                gain=2.0,
            )
            for seed in range(networks)
        ]
        if not sensible(specs[0], few):
            continue
        trainer = Trainer(few, *specs)
        start, end = parameters(trainer), trainer.network.spans[min(frozen, 3)].start
        trainer.train(3)
        np.testing.assert_array_equal(trainer.network.parameters[:, :end], start[:, :end])
        assert (trainer.network.parameters[:, end:] != start[:, end:]).any(axis=1).all()


def test_layers_thaw_and_freeze_live(few):
    trainer = Trainer(few, replace(BASE, frozen=1, optimizer=Adam()))
    span = trainer.network.spans[0]
    start = parameters(trainer)[:, span]
    for frozen, moves in ((1, False), (0, True), (2, False)):
        trainer.change(replace(BASE, frozen=frozen, optimizer=Adam()))
        start = parameters(trainer)[:, span]
        trainer.train(1)
        assert (parameters(trainer)[:, span] != start).any() == moves


@pytest.mark.parametrize("networks", [1, 2])
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("layers", [0, 1, 2])
def test_adopted_layers_are_those_of_the_source_and_the_others_as_drawn(layers, batch_norm, networks, few):
    specs = [replace(BASE, batch_norm=batch_norm, seed=seed) for seed in range(networks)]
    source = Trainer(few, *specs)
    source.train(5)
    kept = source.state()
    other = replace(few, dataset=Arms(classes=3))  # three outputs
    target, fresh = Trainer(other, *specs), Trainer(other, *specs)
    target.adopt(source, layers)
    end = target.network.spans[layers].start
    np.testing.assert_array_equal(target.network.parameters[:, :end], source.network.parameters[:, :end])
    np.testing.assert_array_equal(target.network.parameters[:, end:], fresh.network.parameters[:, end:])
    for layer, (own, given_too, drawn) in enumerate(
        zip(target.network.averages, source.network.averages, fresh.network.averages, strict=True)
    ):
        np.testing.assert_array_equal(own, given_too if layer < layers else drawn)
    target.train(2)  # and they are copies
    np.testing.assert_equal(source.state(), kept)


def test_adopting_what_does_not_fit_is_refused_and_changes_nothing(few):
    target = Trainer(few)
    kept = parameters(target)
    for source, layers in (
        (Trainer(few), 3),
        (Trainer(few), -1),
        (Trainer(few, replace(BASE, hidden=(HiddenLayer(5),) * 2)), 1),
        (Trainer(few, replace(BASE, batch_norm=True)), 1),
        (Trainer(few, replace(BASE, features=BASE.features[:1])), 1),
        (Trainer(few, BASE, BASE), 1),
    ):
        with pytest.raises(ValueError, match="layers"):
            target.adopt(source, layers)
    np.testing.assert_array_equal(parameters(target), kept)


def test_what_was_learned_on_one_task_helps_with_another():
    """The hidden layers of a network that tells two rings apart, frozen, tell them apart with the colours swapped."""
    spec = NetworkSpec(learning_rate=0.1, frozen=2)
    first = Trainer(DataSpec(noise=0.0, seed=1), replace(spec, frozen=0))
    first.train(60)
    adopted, drawn = (Trainer(DataSpec(noise=0.0, seed=2), replace(spec, hidden=spec.hidden, seed=3)) for _ in range(2))
    adopted.adopt(first, 2)
    for trainer in (adopted, drawn):
        trainer.train(20)
    assert adopted.evaluate().test_accuracy[0] > max(0.95, drawn.evaluate().test_accuracy[0] + 0.05)


def test_a_bootstrap_sample_is_as_many_points_with_replacement_by_the_weight_seed():
    specs = [NetworkSpec(bootstrap=True, seed=seed) for seed in range(4)]
    data = DataSpec(samples=800)
    trainer, again = Trainer(data, *specs), Trainer(replace(data, noise=0.2), *specs)
    assert trainer.rows.shape == (4, 400)
    assert trainer.rows.min() >= 0 and trainer.rows.max() < 400
    np.testing.assert_array_equal(trainer.rows, again.rows)
    for k in range(4):
        distinct = len(set(trainer.rows[k].tolist())) / 400
        assert distinct == pytest.approx(1 - np.exp(-1), abs=0.06)  # 1 − (1 − 1/n)ⁿ
    assert len({row.tobytes() for row in trainer.rows}) == 4


@pytest.mark.parametrize("folds", [4, 8])
def test_seeds_in_a_row_hold_out_the_folds_in_turn(folds):
    """k-fold cross-validation (S1): every training point is validation to one seed of k, and trains all others."""
    data = draw(DataSpec(samples=102, train_share=0.6))
    trainer = Trainer(data, *NetworkSpec(folds=folds, seed=5).seeded(folds))
    size = data.n_train // folds
    assert trainer.fold.shape == (folds, size) and trainer.rows.shape == (folds, data.n_train - size)
    assert sorted(trainer.fold.ravel()) == list(range(size * folds))
    for own, rows in zip(trainer.fold, trainer.rows, strict=True):
        assert sorted([*own, *rows]) == list(range(data.n_train))
        shares = np.bincount(data.labels[own], minlength=2) / size
        assert abs(shares - 0.5).max() <= 0.5 / size + 0.01  # a fold has as much of each class as all points


def test_every_loss_is_measured_on_a_network_s_own_fold(loss):
    """Training and validation figures of a population with folds are those of each network's own points."""
    classes = 2 if loss.classes[1] == 2 else 4
    data = draw(DataSpec(dataset=Arms(classes=classes), samples=120))
    specs = NetworkSpec(hidden=(HiddenLayer(4),), loss=loss, folds=4).seeded(4)
    for chosen in (specs, specs[2:3]):
        trainer = Trainer(data, *chosen, dtype=np.float64)
        trainer.train(3)
        metrics = trainer.evaluate()
        logits = trainer.logits(trainer.x)
        for own, rows, accuracy, found in (
            ("train", trainer.rows, metrics.train_accuracy, metrics.train_loss),
            ("validation", trainer.fold, metrics.validation_accuracy, metrics.validation_loss),
        ):
            for k in range(len(chosen)):
                at = logits[k : k + 1, :, rows[k]]
                expected = np.broadcast_to(trainer.loss.loss(at, trainer.targets[:, rows[k]]), 1)[0]
                assert found[k] == pytest.approx(expected), own
                right = trainer.loss.predict(at, classes)[0] == data.labels[rows[k]]
                assert accuracy[k] == pytest.approx(right.mean()), own
        assert metrics.predicted.shape == (len(chosen), len(data.labels))


def test_values_are_cross_validated_as_well():
    trainer = Trainer(DataSpec(dataset=Plane(), samples=80), *NetworkSpec(folds=4).seeded(4), dtype=np.float64)
    trainer.train(3)
    metrics, values = trainer.evaluate(), trainer.logits(trainer.x)[:, 0]
    for k, fold in enumerate(trainer.fold):
        y = trainer.data.labels[fold]
        assert metrics.validation_r2[k] == pytest.approx(1 - ((values[k, fold] - y) ** 2).mean() / y.var())
    assert np.isnan(metrics.vote_accuracy).all()


def test_the_vote_is_that_of_the_networks_that_stand():
    trainer = Trainer(DataSpec(dataset=Arms(classes=3), samples=120, noise=0.4), *NetworkSpec().seeded(7))
    trainer.train(2)
    test, labels = trainer.data.test, trainer.data.labels[trainer.data.test]

    def vote(members):
        said = trainer.evaluate().predicted[members][:, test]
        most = [np.bincount(column, minlength=3).argmax() for column in said.T]
        return np.mean(most == labels)

    np.testing.assert_allclose(trainer.evaluate().vote_accuracy, vote(slice(None)))
    trainer.network.parameters[2] = np.nan
    metrics = trainer.evaluate()
    np.testing.assert_allclose(metrics.vote_accuracy, vote([0, 1, 3, 4, 5, 6]))
    assert metrics.of(4).vote_accuracy == metrics.test_accuracy[4], "alone it is its own vote"


@pytest.mark.parametrize("bootstrap", [False, True])
@pytest.mark.parametrize("networks", [1, 3])
def test_rows_give_each_network_points_of_its_own(networks, bootstrap, few):
    """As in cross-validation: an epoch visits each of them once, labels stay with their points."""
    spec = NetworkSpec(hidden=(), preprocessing=NoPreprocessing(), bootstrap=bootstrap)
    rng = np.random.default_rng(1)
    rows = np.stack([rng.permutation(30)[:20] for _ in range(networks)])
    specs = [replace(spec, seed=k) for k in range(networks)]
    trainer = Trainer(few, *specs, rows=None if bootstrap else rows, dtype=np.float64)
    rows = trainer.rows
    assert trainer.epoch_steps == -(-rows.shape[1] // 10)
    points, labels = trainer.data.points, trainer.data.labels
    for _ in range(2):
        x = trainer._shuffled_x.reshape(networks, 3, -1)
        targets = trainer._shuffled_targets.reshape(networks, -1, rows.shape[1])
        for k in range(networks):
            assert as_set(x[k, :2]) == as_set(points[:, rows[k]])
            where = [int(np.hypot(*(points - p[:, np.newaxis])).argmin()) for p in x[k, :2].T]
            np.testing.assert_array_equal(targets[k].argmax(axis=0), labels[where])
        trainer.train(1)
    for k, each in enumerate(specs):
        alone = Trainer(few, each, rows=None if bootstrap else rows[k : k + 1], dtype=np.float64)
        alone.train(2)
        assert relative_difference(parameters(trainer)[k], parameters(alone)[0]) < 1e-9


def test_rows_of_all_points_are_plain_training(few):
    rows = np.arange(30)[np.newaxis]
    given_rows, plain = Trainer(few, rows=rows), Trainer(few)
    for trainer in (given_rows, plain):
        trainer.train(2)
    assert relative_difference(parameters(given_rows), parameters(plain)) < 1e-6


def test_a_full_batch_optimizer_sees_the_whole_training_part_in_every_update(default_optimizer, few):
    trainer = Trainer(few, NetworkSpec(optimizer=default_optimizer, batch_size=7))
    trainer.train(3)
    assert trainer.steps == (3 if default_optimizer.full_batch else 15)
    assert trainer.batch_size == (30 if default_optimizer.full_batch else 7)
