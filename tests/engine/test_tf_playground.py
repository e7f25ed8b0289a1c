"""TensorFlow Playground's runs, digit for digit: against figures of that program itself (``tests/figures/
tf_playground.json`` and those below), and against a naive implementation, point by point and link by link."""

import json
import math
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import DataSpec, HiddenLayer, NetworkSpec, Trainer, draw
from engine.activations import Linear, ReLU, Sigmoid, Tanh
from engine.datasets import Bumps, Circle, Gaussian, Moons, Plane, Spiral, Xor
from engine.features import X1, X2, Product, SinX1, SinX2, X1Squared, X2Squared
from engine.initializers import Uniform, Zeros
from engine.losses import SquaredError, SquaredTanh
from engine.optimizers import Adam, Momentum
from engine.preprocessing import NoPreprocessing
from engine.regularizers import L1, L2, Augmentation
from engine.shifts import NoShift
from engine.tf_playground import PlaygroundTrainer, Seedrandom, draw_points, serves, trainer_for

FIGURES = Path(__file__).resolve().parents[1] / "figures"
GOLDEN = json.loads((FIGURES / "tf_playground.json").read_text("utf-8"))

DATASETS = {
    "circle": Circle(),
    "xor": Xor(),
    "gauss": Gaussian(),
    "spiral": Spiral(),
    "reg-plane": Plane(),
    "reg-gauss": Bumps(),
}
ACTIVATIONS = {"TANH": Tanh(), "RELU": ReLU(), "SIGMOID": Sigmoid(), "LINEAR": Linear()}
FEATURES = {
    "x": X1(),
    "y": X2(),
    "xSquared": X1Squared(),
    "ySquared": X2Squared(),
    "xTimesY": Product(),
    "sinX": SinX1(),
    "sinY": SinX2(),
}


def spec_of(options):
    """The data and the network of a case of the figures."""
    values = options["problem"] == "r"
    regularizer = {"L1": L1, "L2": L2, None: None}[options["reg"]]
    data = DataSpec(
        dataset=DATASETS[options["ds"]],
        noise=options["noise"] / 100,
        samples=1200 if values else 500,
        train_share=options["perc"] / 100,
        tf_seed=options["seed"],
    )
    panel = NetworkSpec(
        hidden=tuple(HiddenLayer(width, ACTIVATIONS[options["act"]]) for width in options["shape"]),
        regularizers=(regularizer(options["rr"]),) if regularizer else (),
        learning_rate=options["lr"],
        batch_size=options["bs"],
        loss=SquaredError() if values else SquaredTanh(),
        initializer=Zeros() if options.get("initZero") else Uniform(0.5),
        bias=0.0 if options.get("initZero") else 0.1,
        features=tuple(feature for name, feature in FEATURES.items() if name in options["feat"]),
        preprocessing=NoPreprocessing(),
    )
    return data, panel


def history(trainer, epochs):
    """Training and test losses at these epochs, ``(epochs, 2)``, of the first network."""
    losses = []
    for epoch in epochs:
        while not trainer.advance(epoch, 1000):
            pass
        metrics = trainer.evaluate()
        losses.append((metrics.train_loss[0], metrics.test_loss[0]))
    return np.array(losses)


# ---- figures of the program itself ----


def test_the_draws_are_those_of_seedrandom():
    generator = Seedrandom("0.88257")
    assert [generator.random() for _ in GOLDEN["random_draws"]] == GOLDEN["random_draws"]


@pytest.mark.parametrize(
    ("seed", "first", "hundredth"),
    [  # seedrandom 2.4.3 under Node; the third has characters of two bytes, the last is longer than the key
        ("", 0.23144008215179881, 0.2571999126758361),
        ("hello world", 0.5407725273692652, 0.28838004850650534),
        ("种子😀", 0.6905572529728745, 0.7708890770210013),
        ("y" * 300, 0.852999738493037, 0.33990284711632673),
    ],
)
def test_any_text_is_a_seed(seed, first, hundredth):
    generator = Seedrandom(seed)
    draws = [generator.random() for _ in range(100)]
    assert (draws[0], draws[-1]) == (first, hundredth)


def test_a_copy_goes_on_alike_and_alone():
    generator = Seedrandom("0.5")
    generator.random()
    twin = generator.copy()
    ahead = [twin.random() for _ in range(50)]
    assert [generator.random() for _ in range(50)] == ahead


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["options"]["ds"] + str(case["options"]["reg"]))
def test_a_run_is_the_run_there(case):
    data, panel = spec_of(case["options"])
    trainer = trainer_for(data, panel)
    points, labels = trainer.data.points[:, :5], trainer.data.labels[:5]
    labels = labels if trainer.data.task == "values" else 2 * labels - 1
    np.testing.assert_array_equal(np.vstack([points, labels]).T, case["first_training_points"])
    weights = np.concatenate([trainer.network.unbiased(i)[0].ravel() for i in range(trainer.network.depth + 1)])
    np.testing.assert_array_equal(weights, case["initial_weights"])
    losses = history(trainer, case["epochs"])
    np.testing.assert_allclose(losses, case["losses_train_test"], rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("name", "seed", "noise", "x", "y", "label", "next_draw"),
    [  # the program's own data sets under Node, shuffled; sums weighted by 1, 2, 3, …
        ("circle", "hello", 35, -10775.066293025158, -24622.194408770658, -30330, 0.43432709573588985),
        ("circle", "0.20000", 50, 2867.0215475445393, 5530.7557331492635, -30040, 0.7395399527605133),
        ("xor", "hello", 35, -153.01693991286072, 10340.869704699031, 5764, 0.43432709573588985),
        ("xor", "0.20000", 50, 380.4962132248477, -7989.096823533596, -2234, 0.7395399527605133),
        ("gaussian", "hello", 35, -11681.285029743132, -12789.453374880202, -5982, 0.1183135515873841),
        ("gaussian", "0.20000", 50, -1397.9241807642588, 28134.43166238658, 1918, 0.4045344040562266),
        ("spiral", "hello", 35, -11696.582643091428, 4314.340362492439, -2280, 0.3774368895955869),
        ("spiral", "0.20000", 50, 6376.84294004567, -2977.60925166346, -2712, 0.8775887390099044),
        ("plane", "hello", 35, 36612.983790282255, 46530.42611215745, -960.96615273681, 0.40859063321981476),
        ("plane", "0.20000", 50, -45214.21768494116, 3802.5652251371193, 8080.997954425724, 0.579907307279237),
        ("bumps", "hello", 35, 36612.983790282255, 46530.42611215745, -6521.458575209389, 0.40859063321981476),
        ("bumps", "0.20000", 50, -45214.21768494116, 3802.5652251371193, -9860.936717825247, 0.579907307279237),
    ],
)
def test_points_are_those_there(name, seed, noise, x, y, label, next_draw):
    values = name in ("plane", "bumps")
    generator = Seedrandom(seed)
    points, labels = draw_points(name, 1200 if values else 500, noise / 100, generator)
    place = np.arange(1, len(labels) + 1)
    signs = labels if values else 2 * labels - 1
    np.testing.assert_allclose([*(points @ place), signs @ place], [x, y, label], rtol=1e-12)
    assert generator.random() == next_draw


# ---- a naive implementation ----


@dataclass
class Link:
    weight: float
    gradient: float = 0.0
    dead: bool = False


def naive(options, epochs):
    """Losses as the description says, one point and one link at a time, with nothing of the engine but the points."""
    data = draw(spec_of(options)[0])
    generator = data.exact.generator.copy()
    values, zero = options["problem"] == "r", options.get("initZero", False)
    compute = {
        "x": lambda x, y: x,
        "y": lambda x, y: y,
        "xSquared": lambda x, y: x * x,
        "ySquared": lambda x, y: y * y,
        "xTimesY": lambda x, y: x * y,
        "sinX": lambda x, y: math.sin(x),
        "sinY": lambda x, y: math.sin(y),
    }
    rows = [[compute[name](x, y) for name in compute if name in options["feat"]] for x, y in data.points.T.tolist()]
    goals = [float(label) if values else 2.0 * label - 1 for label in data.labels.tolist()]
    sizes = [len(rows[0]), *options["shape"], 1]
    layers = []
    for n_in, n_out in pairwise(sizes):
        links = [[Link(generator.random() - 0.5) for _ in range(n_in)] for _ in range(n_out)]
        for link in (link for unit in links for link in unit if zero):
            link.weight = 0.0
        layers.append((links, [0.0 if zero else 0.1] * n_out, [0.0] * n_out))

    def squash(kind, z):
        if kind == "TANH":
            return math.tanh(z)
        if kind == "SIGMOID":
            return 1 / (1 + math.exp(-z)) if z > -700 else 0.0
        return z if kind == "LINEAR" or z > 0 or math.isnan(z) else 0.0

    def slope(kind, z):
        a = squash(kind, z)
        return {"TANH": 1 - a * a, "SIGMOID": a * (1 - a), "LINEAR": 1.0, "RELU": 0.0 if z <= 0 else 1.0}[kind]

    kinds = [options["act"]] * len(options["shape"]) + ["LINEAR" if values else "TANH"]

    def forward(row):
        signals, sums = [row], []
        for (links, biases, _), kind in zip(layers, kinds, strict=True):
            z = [
                bias + sum(link.weight * x for link, x in zip(unit, signals[-1], strict=True))
                for unit, bias in zip(links, biases, strict=True)
            ]
            sums.append(z)
            signals.append([squash(kind, value) for value in z])
        return signals, sums

    def loss(part):
        outputs = [(forward(rows[i])[0][-1][0], goals[i]) for i in range(len(goals))[part]]
        return sum(0.5 * (o - t) * (o - t) for o, t in outputs) / len(outputs)

    batch = min(options["bs"], data.n_train)
    rate = options["lr"]
    count, found = 0, []
    for epoch in range(max(epochs) + 1):
        if epoch in epochs:
            found.append((loss(data.train), loss(data.test)))
        for i in range(data.n_train):
            signals, sums = forward(rows[i])
            behind = [signals[-1][0] - goals[i]]
            for index in reversed(range(len(layers))):
                links, _, bias_gradients = layers[index]
                d = [behind[j] * slope(kinds[index], z) for j, z in enumerate(sums[index])]
                behind = [sum(links[j][k].weight * d[j] for j in range(len(d))) for k in range(len(signals[index]))]
                for j, unit in enumerate(links):
                    bias_gradients[j] += d[j]
                    for k, link in enumerate(unit):
                        link.gradient += d[j] * signals[index][k]
            count += 1
            if (i + 1) % batch:
                continue
            for links, biases, bias_gradients in layers:
                for j, unit in enumerate(links):
                    biases[j] -= rate * bias_gradients[j] / count
                    bias_gradients[j] = 0.0
                    for link in (link for link in unit if not link.dead):
                        moved = link.weight - rate / count * link.gradient
                        pull = {None: 0.0, "L1": float(np.sign(link.weight)), "L2": link.weight}[options["reg"]]
                        after = moved - rate * options["rr"] * pull
                        link.dead = options["reg"] == "L1" and moved * after < 0
                        link.weight = 0.0 if link.dead else after
                    for link in unit:
                        link.gradient = 0.0
            count = 0
    return np.array(found), sum(link.dead for links, *_ in layers for unit in links for link in unit)


@st.composite
def cases(draw, **fixed):
    values = draw(st.booleans())
    case = {
        "problem": "r" if values else "c",
        "ds": draw(st.sampled_from(["reg-plane", "reg-gauss"] if values else ["circle", "xor", "gauss", "spiral"])),
        "noise": draw(st.integers(0, 50)),
        "perc": 10 if values else draw(st.sampled_from([10, 20, 29, 30])),
        "shape": draw(st.lists(st.integers(1, 8), max_size=3)),
        "act": draw(st.sampled_from(sorted(ACTIVATIONS))),
        "lr": draw(st.sampled_from([1e-5, 1e-3, 0.01, 0.03])),
        "bs": draw(st.integers(1, 30)),
        "reg": draw(st.sampled_from([None, "L1", "L2"])),
        "rr": draw(st.sampled_from([0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10])),
        "feat": draw(st.sets(st.sampled_from(sorted(FEATURES)), min_size=1)),
        "seed": draw(st.text(min_size=1, max_size=8)),
        "initZero": draw(st.booleans()),
    }
    return case | fixed


@settings(deadline=None, max_examples=60, derandomize=True)
@given(case=cases())
def test_every_run_is_that_of_a_naive_implementation(case):
    data, panel = spec_of(case)
    trainer = trainer_for(data, panel)
    losses = history(trainer, [0, 1, 2])
    expected, dead = naive(case, [0, 1, 2])
    np.testing.assert_allclose(losses, expected, rtol=1e-9, atol=1e-9)
    assert trainer.dead.sum() == dead


@pytest.mark.parametrize("remainder", ["none", "some", "one batch", "too large a batch"])
@pytest.mark.parametrize("reg", [None, "L1", "L2"])
def test_what_an_epoch_leaves_over_joins_the_next_one(remainder, reg):
    case = GOLDEN["cases"][4]["options"] | {"reg": reg, "rr": 0.03, "act": "RELU"}  # 50 training points
    case["bs"] = {"none": 10, "some": 18, "one batch": 50, "too large a batch": 77}[remainder]
    epochs = [0, 1, 2, 3, 4]
    np.testing.assert_allclose(history(trainer_for(*spec_of(case)), epochs), naive(case, epochs)[0], rtol=1e-11)


@pytest.mark.parametrize("lr", [1.0, 10.0])
@pytest.mark.parametrize("act", ["LINEAR", "RELU"])
def test_what_diverges_there_diverges_here(lr, act):
    case = GOLDEN["cases"][3]["options"] | {"lr": lr, "act": act, "feat": list(FEATURES), "perc": 10, "bs": 7}
    epochs = [1, 2, 30]
    expected = naive(case, epochs)[0]
    found = history(trainer_for(*spec_of(case)), epochs)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))


@pytest.mark.parametrize("percent", range(10, 91))
def test_the_training_part_is_rounded_down_from_whole_percents(percent):
    for values in (False, True):
        n = 1200 if values else 500
        spec = DataSpec(dataset=Plane() if values else Xor(), samples=n, train_share=percent / 100, tf_seed="1")
        assert draw(spec).n_train == n * percent // 100


# ---- laws ----

L1_RUN = GOLDEN["cases"][2]["options"] | {"rr": 0.03, "bs": 9}  # a remainder, and links that die


def test_links_die_and_stay_dead():
    trainer = trainer_for(*spec_of(L1_RUN))
    trainer.train(30)
    dead = trainer.dead.copy()
    assert 0 < dead.sum() < dead.size
    trainer.change(replace(trainer.specs[0], regularizers=(L1(0.0),)))
    trainer.train(10)
    assert (trainer.dead == dead).all()
    trainer.change(replace(trainer.specs[0], regularizers=(L2(0.001),), optimizer=Momentum()))
    trainer.train(10)
    assert (trainer.network.parameters[dead] == 0).all()
    assert (trainer.network.parameters[~dead] != 0).all()


@pytest.mark.parametrize("position", [4.0, 4.04, 4.5, 10 / 3])
@pytest.mark.parametrize("more", [(), (Augmentation(),)])
def test_a_run_goes_on_from_its_state(position, more):
    data, panel = spec_of(L1_RUN)
    panel = replace(panel, regularizers=(*panel.regularizers, *more))
    trainer = trainer_for(data, panel)
    trainer.advance(position, 10_000)
    other = trainer_for(data, panel)
    other.train(7)
    other.restore(trainer.state())
    for one in (trainer, other):
        one.advance(9.3, 10_000)
    assert trainer.position == other.position
    assert trainer.dead.any()
    for name, value in trainer.state().items():
        np.testing.assert_equal(other.state()[name], value, name)


@pytest.mark.parametrize("left", [-1, 250])
def test_a_state_with_more_left_over_than_there_is_does_not_fit(left):
    trainer = trainer_for(*spec_of(L1_RUN))
    before = trainer.network.parameters.copy()
    trainer.train(1)
    state = trainer.state()
    fresh = trainer_for(*spec_of(L1_RUN))
    for wrong in (state | {"left": np.array([left])}, {name: state[name] for name in state if name != "left"}):
        with pytest.raises(ValueError, match="left"):
            fresh.restore(wrong)
    np.testing.assert_array_equal(fresh.network.parameters, before)


def test_links_that_died_before_the_state_was_kept_stay_dead_without_l1():
    data, panel = spec_of(L1_RUN)
    trainer, other = trainer_for(data, panel), trainer_for(data, panel)
    trainer.train(20)
    for one in (trainer, other):
        one.change(replace(panel, regularizers=()))
    other.restore(trainer.state())
    for one in (trainer, other):
        one.train(3)
    np.testing.assert_array_equal(other.network.parameters, trainer.network.parameters)
    assert (other.network.parameters[trainer.dead] == 0).all()


def test_a_population_has_the_curves_of_its_networks():
    data, panel = spec_of(L1_RUN)
    specs = [
        replace(panel, seed=seed, regularizers=(L1(0.01 * seed),), learning_rate=0.01 * seed) for seed in (1, 2, 3)
    ]
    together = trainer_for(data, *specs)
    together.train(12)
    for k, spec in enumerate(specs):
        alone = trainer_for(data, spec)
        alone.train(12)
        np.testing.assert_allclose(together.network.parameters[k], alone.network.parameters[0], rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(together.dead[k], alone.dead[0])


def test_weight_seeds_are_repeatable_and_differ():
    data, panel = spec_of(L1_RUN)
    first, again, other = (trainer_for(data, replace(panel, seed=seed)).network.parameters for seed in (2, 2, 3))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert np.abs(first).max() <= 0.5


def test_gain_and_bound_stretch_the_weights_there():
    data, panel = spec_of(L1_RUN)
    plain = trainer_for(data, panel).network
    wide = trainer_for(data, replace(panel, initializer=Uniform(1.0), gain=3.0)).network
    for layer in range(3):
        np.testing.assert_allclose(wide.unbiased(layer), 6 * plain.unbiased(layer), rtol=1e-15)


def test_all_biases_start_where_the_spec_says_whatever_the_initializer():
    data, panel = spec_of(L1_RUN)
    for initializer in (Uniform(0.5), Uniform(2.0), Zeros()):
        network = trainer_for(data, replace(panel, initializer=initializer, bias=0.7)).network
        for layer in network.weights:
            np.testing.assert_array_equal(layer[..., -1], 0.7)


def test_epochs_are_counted_whole_in_spite_of_remainders():
    trainer = trainer_for(*spec_of(L1_RUN))  # 250 points, 9 at a time
    assert trainer.epoch_steps == 27
    for epoch in (1, 2, 3):
        for _ in range(27):
            assert trainer.position < epoch
            trainer.step()
        assert trainer.position == epoch
    trainer.advance(3.5, 1000)
    assert 3 < trainer.position <= 3.5
    trainer.advance(3.99, 1000)  # the last update of an epoch ends it, points that are left over included
    assert (trainer.position, trainer.next_position) == (3 + 26 * 9 / 250, 4)


def test_the_batch_size_can_change_anywhere():
    trainer = trainer_for(*spec_of(L1_RUN))
    for steps, batch in ((3, 40), (5, 7), (36, 250), (1, 30), (6, 249), (1, 249), (1, 1), (20, 200), (3, 11)):
        for _ in range(steps):
            trainer.step()
        trainer.change(replace(trainer.specs[0], batch_size=batch))
    trainer.train(3)
    assert trainer.finite.all()


def test_other_methods_run_on_such_points_too():
    data, panel = spec_of(GOLDEN["cases"][0]["options"])
    trainer = trainer_for(data, replace(panel, optimizer=Adam(), batch_norm=True, bootstrap=True))
    trainer.train(40)
    assert trainer.evaluate().train_accuracy > 0.95
    assert trainer.boundary(16).shape == (1, 2, 16, 16)


def test_new_points_do_not_bring_dead_links_back():
    data, panel = spec_of(L1_RUN)
    trainer = trainer_for(data, panel)
    trainer.train(20)
    trainer.change(replace(panel, regularizers=()))
    next_one = trainer_for(replace(data, tf_seed="other"), *trainer.specs)
    next_one.go_on_from(trainer)
    next_one.train(2)
    assert trainer.dead.any()
    assert (next_one.network.parameters[trainer.dead] == 0).all()


def test_validation_points_are_the_last_of_the_training_part():
    data, _ = spec_of(L1_RUN)
    plain, split = draw(data), draw(replace(data, validation_share=0.2))
    assert (split.n_train, split.n_validation, len(split.labels)) == (200, 50, 500)
    np.testing.assert_array_equal(split.points, plain.points)


def test_what_it_cannot_draw_is_drawn_by_us():
    base = DataSpec(tf_seed="0.5")
    assert serves(base)
    others = [replace(base, **{name: value}) for name, value in (("tf_seed", ""), ("dataset", Moons()))]
    others += [replace(base, dataset=Spiral(2.0)), replace(base, label_noise=0.1), replace(base, imbalance=2.0)]
    for spec in others:
        assert not serves(spec)
        assert type(trainer_for(spec, NetworkSpec())) is Trainer
    assert isinstance(base.shift, NoShift)


def test_an_odd_number_of_points_is_drawn_too():
    for dataset in (Circle(), Gaussian(), Spiral(), Xor()):
        data = draw(DataSpec(dataset=dataset, samples=51, noise=0.0, tf_seed="0.5"))
        assert data.points.shape == (2, 51)
        assert np.isfinite(data.points).all()


def test_such_a_trainer_needs_such_points():
    with pytest.raises(ValueError, match="data"):
        PlaygroundTrainer(draw(DataSpec()), NetworkSpec())
