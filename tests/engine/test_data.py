"""Laws of drawing and splitting: repeatable, stratified, and the test part stays unseen."""

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import CATALOG, DataSpec, NetworkSpec, Trainer, draw
from engine.data import Inputs
from engine.datasets import Arms, Own, Plane
from engine.features import X1, X2, Product, X1Squared
from engine.losses import AbsoluteError, Huber, SquaredError
from engine.optimizers import Adam
from engine.own import encode
from engine.preprocessing import NoPreprocessing, Standardize
from engine.regularizers import EarlyStopping
from engine.shifts import NoShift, Rotated
from engine.streams import POINTS, stream

LAW = settings(deadline=None, derandomize=True, max_examples=40)


@LAW
@given(samples=st.integers(20, 2000), share=st.floats(0.1, 0.9), seed=st.integers(0, 2**31 - 1))
def test_both_parts_have_the_same_share_of_every_class(default_dataset, samples, share, seed):
    data = draw(DataSpec(dataset=default_dataset, samples=samples, train_share=share, seed=seed))
    train, test = (np.bincount(data.labels[part], minlength=data.classes) for part in (data.train, data.test))
    assert train.min() >= 1 and test.min() >= 1
    assert train.sum() == data.n_train
    assert (train + test).sum() == samples == data.points.shape[1]
    for count, total in zip(train, train + test, strict=True):
        assert abs(count - share * total) <= 1


@pytest.mark.parametrize("share", [0.1, 0.9])
@pytest.mark.parametrize("seed", range(20))
def test_even_the_smallest_data_have_every_class_in_both_parts(share, seed):
    data = draw(DataSpec(dataset=Arms(classes=6), samples=20, train_share=share, seed=seed))
    assert set(data.labels[data.train]) == set(data.labels[data.test]) == set(range(6))


def test_the_split_loses_and_doubles_nothing(default_dataset):
    spec = DataSpec(dataset=default_dataset, samples=101, train_share=0.7, seed=5)
    data = draw(spec)
    points, labels = default_dataset.sample(101, spec.noise, stream(5, POINTS))
    assert rows(data.points, data.labels) == rows(points, labels)


def test_equal_specs_draw_equal_data_and_seeds_matter(default_dataset):
    first, again, other = (draw(DataSpec(dataset=default_dataset, seed=seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.points, again.points)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert first.n_train == again.n_train
    assert (first.points != other.points).any()


def test_the_split_is_random_and_the_parts_are_mixed(default_dataset):
    # Datasets draw their classes by turns; in order they would give batches of one class or a repeating pattern.
    data = draw(DataSpec(dataset=default_dataset, samples=2000))
    labels = data.labels[data.test]
    assert (np.diff(labels) == 0).mean() > 0.1
    assert (np.diff(labels) != 0).mean() > 0.3
    for part in (data.train, data.test):
        assert np.abs(data.points[:, part].mean(axis=1) - data.points.mean(axis=1)).max() < 0.5


def test_inputs_end_with_a_row_of_ones(default_preprocessing):
    features = tuple(feature() for feature in CATALOG["features"].values())
    data = draw(DataSpec(samples=50))
    inputs = Inputs(features, default_preprocessing, data.points[:, data.train])
    assert len(inputs) == len(features)
    for dtype in (np.float32, np.float64):
        x = inputs(data.points, dtype)
        assert x.shape == (len(features) + 1, 50)
        assert x.dtype == dtype
        assert (x[-1] == 1).all()


def test_inputs_are_the_features_in_their_order():
    data = draw(DataSpec(samples=50))
    features = tuple(feature() for feature in list(CATALOG["features"].values())[::-1])
    x = Inputs(features, NoPreprocessing(), data.points)(data.points, np.float64)
    for row, feature in zip(x[:-1], features, strict=True):
        np.testing.assert_allclose(row, feature.compute(*data.points), rtol=1e-14)


def test_standardized_inputs_do_not_depend_on_the_test_points():
    data = draw(DataSpec(samples=100))
    features = (CATALOG["features"]["x1"](), CATALOG["features"]["x2"]())
    x = Inputs(features, Standardize(), data.points[:, data.train])(data.points, np.float64)[:-1]
    np.testing.assert_allclose(x[:, data.train].mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(x[:, data.train].std(axis=1), 1, rtol=1e-12)
    assert np.abs(x.mean(axis=1)).max() > 1e-6  # a fit on all points would make this 0


# ---- parts ----

PARTS = ("train", "train_dev", "validation", "test")


def rows(points, labels):
    """Points with their labels, as a sorted list."""
    return sorted(zip(*np.asarray(points).tolist(), np.asarray(labels).tolist(), strict=True))


@LAW
@given(
    samples=st.integers(20, 2000),
    share=st.floats(0.1, 0.9),
    held=st.floats(0, 0.5),
    shifted=st.booleans(),
    imbalance=st.sampled_from([1.0, 3.0, 20.0]),
    seed=st.integers(0, 2**31 - 1),
)
def test_parts_are_disjoint_complete_and_stratified(
    default_any_dataset, samples, share, held, shifted, imbalance, seed
):
    shift = Rotated(0.0) if shifted else NoShift()  # a shift by nothing, so that the points can be known again
    spec = DataSpec(
        default_any_dataset,
        samples=samples,
        train_share=share,
        validation_share=held,
        imbalance=imbalance,
        shift=shift,
        seed=seed,
    )
    data = draw(spec)
    n = len(data.labels)
    places = [list(range(n)[getattr(data, name)]) for name in PARTS]
    assert [*chain(*places)] == list(range(n))  # one after the other, nothing left out, nothing twice
    whole = default_any_dataset.sample(samples, spec.noise, stream(seed, POINTS), imbalance)
    assert rows(data.points, data.labels) == rows(*whole)
    learning = sum(map(len, places[:3]))
    assert len(places[0]) >= 1
    assert bool(len(places[1])) <= shifted
    if default_any_dataset.given:
        return  # ten points, see below
    assert len(places[2]) == round(held * learning)
    assert len(places[1]) == (round(0.2 * (learning - len(places[2]))) if shifted else 0)
    if data.task == "classes":
        of_all = np.bincount(data.labels[:learning], minlength=data.classes)
        for part in places[:3]:
            counts = np.bincount(data.labels[part], minlength=data.classes)
            assert np.abs(counts - of_all * len(part) / learning).max() <= 2
    else:
        assert abs(learning - share * samples) <= 1


@LAW
@given(samples=st.integers(20, 2000), share=st.floats(0.1, 0.9), seed=st.integers(0, 2**31 - 1))
def test_values_are_split_by_their_number(default_value_dataset, samples, share, seed):
    data = draw(DataSpec(default_value_dataset, samples=samples, train_share=share, seed=seed))
    assert data.n_train == round(samples * share)
    assert data.classes == 0 and data.labels.dtype == np.float64


def test_a_validation_share_leaves_the_test_part_alone(any_dataset):
    plain, held = (draw(DataSpec(any_dataset, validation_share=share)) for share in (0.0, 0.4))
    np.testing.assert_array_equal(plain.points[:, plain.test], held.points[:, held.test])
    np.testing.assert_array_equal(plain.labels[plain.test], held.labels[held.test])
    learned = np.concatenate([np.arange(len(held.labels))[part] for part in (held.train, held.validation)])
    assert rows(held.points[:, learned], held.labels[learned]) == rows(
        plain.points[:, plain.train], plain.labels[plain.train]
    )


def test_early_stopping_watches_the_datas_validation_part_or_else_a_fifth():
    spec = NetworkSpec(regularizers=(EarlyStopping(),))
    alone, given_one = (Trainer(DataSpec(samples=200, validation_share=share), spec) for share in (0.0, 0.3))
    assert (alone.n_train, alone.validation) == (80, slice(80, 100))
    assert (given_one.n_train, given_one.validation) == (70, slice(70, 100))
    assert given_one.data.validation == slice(70, 100)
    for trainer in (alone, given_one):
        trainer.train(5)
        metrics = trainer.evaluate()
        part = trainer.validation
        logits = trainer.logits(trainer.x[:, part])
        assert metrics.validation_loss[0] == pytest.approx(trainer.loss.loss(logits, trainer.targets[:, part])[0])
        predicted = trainer.loss.predict(logits, 2)[0]
        assert metrics.validation_accuracy[0] == pytest.approx((predicted == trainer.data.labels[part]).mean())
        np.testing.assert_array_equal(metrics.predicted[0, part], predicted)  # in the order of the points
        assert trainer.stopping.best_loss[0] <= metrics.validation_loss[0] + 1e-6
    without = Trainer(DataSpec(samples=200, validation_share=0.3), NetworkSpec())
    assert (without.n_train, without.validation) == (70, slice(70, 100))  # held out, watched or not


@pytest.mark.parametrize("shift", [NoShift(), Rotated(20.0)])
@pytest.mark.parametrize("held", [0.0, 0.3])
@pytest.mark.parametrize("watched", [(), (EarlyStopping(),)])
def test_predictions_stand_in_the_order_of_the_points(shift, held, watched):
    """Whatever parts there are."""
    data = DataSpec(Arms(), samples=200, validation_share=held, shift=shift)
    trainer = Trainer(data, NetworkSpec(regularizers=watched))
    trainer.train(10)
    predicted = trainer.predict(trainer.data.points)[0].argmax(axis=0)
    np.testing.assert_array_equal(trainer.evaluate().predicted[0], predicted)


# ---- given points ----


@LAW
@given(data=st.data())
def test_given_points_stay_in_their_part_when_others_are_added(data):
    n, more = data.draw(st.integers(2, 80)), data.draw(st.integers(1, 20))
    labels = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n + more, max_size=n + more)))
    points = np.random.default_rng(0).uniform(-6, 6, (2, n + more))
    spec = DataSpec(
        train_share=data.draw(st.floats(0.1, 0.9)),
        validation_share=data.draw(st.sampled_from([0.0, 0.2, 0.5])),
        shift=data.draw(st.sampled_from([NoShift(), Rotated(0.0)])),
        seed=data.draw(st.integers(0, 99)),
    )

    def where(count):
        drawn = draw(replace(spec, dataset=Own(encode(points[:, :count], labels[:count]))))
        return {
            tuple(point): name for name in PARTS for point in drawn.points[:, getattr(drawn, name)].T.round(9).tolist()
        }

    before, after = where(n), where(n + more)
    assert {point: after[point] for point in before} == before
    assert "train" in before.values()


@pytest.mark.parametrize("held", [0.0, 0.3])
@pytest.mark.parametrize("classes", [2, 6])
def test_given_points_are_split_in_the_shares_asked_for(held, classes):
    labels = np.arange(1200) % classes
    points = np.random.default_rng(0).uniform(-6, 6, (2, 1200))
    spec = DataSpec(Own(encode(points, labels)), train_share=0.7, validation_share=held, shift=Rotated(0.0))
    data = draw(spec)
    due = {"test": 0.3, "validation": 0.7 * held, "train_dev": 0.7 * (1 - held) * 0.2, "train": 0.7 * (1 - held) * 0.8}
    for name, share in due.items():
        counts = np.bincount(data.labels[getattr(data, name)], minlength=classes)
        assert np.abs(counts - share * 1200 / classes).max() <= 5, name


# ---- degenerate data ----


def own(*points):
    table = np.array(points, float)
    return Own(encode(table[:, :2].T, table[:, 2].astype(int)))


DEGENERATE = {
    "all points equal": (own(*[(1, 1, i % 2) for i in range(20)]), {}),
    "all points equal and of one class": (own(*[(1, 1, 0)] * 20), {}),
    "one class": (own(*[(i / 5, -i / 7, 0) for i in range(20)]), {}),
    "a class that only tests know": (own((0, 0, 1), *[(i / 5, 1, 0) for i in range(20)]), {"validation_share": 0.5}),
    "two points": (own((0, 0, 0), (1, 1, 1)), {}),
    "two points that train": (own((0, 0, 0), (1, 1, 1)), {"train_share": 0.9}),
    "two equal points": (own((0, 0, 0), (0, 0, 0)), {}),
    "two equal points of two classes": (own((0, 0, 0), (0, 0, 1)), {}),
    "one point of each of six classes": (own(*[(i, -i, i) for i in range(6)]), {"validation_share": 0.5}),
    "on a line": (own(*[(i / 5, 0, i % 2) for i in range(20)]), {}),
    "two points, everything held out": (own((0, 0, 0), (1, 1, 0)), {"validation_share": 0.5, "shift": Rotated()}),
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_data_train(case, default_preprocessing):
    """In earnest: warnings are errors here."""
    dataset, more = DEGENERATE[case]
    data = draw(DataSpec(dataset, **more))
    for changes in ({}, {"features": (X1(), X2(), X1Squared(), Product())}, {"fit_on_all": True}):
        trainer = Trainer(data, NetworkSpec(preprocessing=default_preprocessing, **changes))
        trainer.train(5)
        metrics = trainer.evaluate()
        assert trainer.finite.all()
        assert np.isfinite(metrics.train_loss).all() and np.isfinite(metrics.train_accuracy).all()
        assert np.isfinite(trainer.boundary(16)).all()
        for name in ("test", "validation", "train_dev"):
            part = getattr(data, name)
            for number in ("loss", "accuracy"):
                known = np.isfinite(getattr(metrics, f"{name}_{number}")).all()
                assert known == (part.stop > part.start), (name, number)
        assert np.isnan(metrics.train_r2).all() and np.isnan(metrics.test_error).all()


def test_without_a_test_point_test_numbers_are_none():
    data = draw(DataSpec(own((0, 0, 0), (1, 1, 1), (2, 2, 2)), train_share=0.9))
    assert data.test == slice(3, 3)
    metrics = Trainer(data, NetworkSpec()).evaluate()
    assert np.isnan(metrics.test_loss).all() and np.isnan(metrics.test_accuracy).all()
    assert metrics.predicted.shape == (1, 3)


def test_values_that_are_all_alike_explain_no_variance():
    """R² is a share of nothing there."""
    data = draw(DataSpec(Plane(), samples=40, noise=0.0))
    flat = replace(data, labels=np.zeros(40))
    trainer = Trainer(flat, NetworkSpec())
    trainer.train(3)
    metrics = trainer.evaluate()
    assert np.isnan(metrics.train_r2).all() and np.isnan(metrics.test_r2).all()
    assert np.isfinite(metrics.train_error).all() and np.isfinite(metrics.train_loss).all()


# ---- numbers of regression ----


@pytest.mark.parametrize("kind", [SquaredError(), AbsoluteError(), Huber()])
def test_r2_and_error_are_those_of_the_predictions(kind):
    trainer = Trainer(
        DataSpec(Plane(), samples=200, noise=0.2, validation_share=0.2), NetworkSpec(loss=kind), dtype=np.float64
    )
    trainer.train(5)
    metrics, data = trainer.evaluate(), trainer.data
    values = trainer.predict(data.points)[0, 0]
    for name in ("train", "test"):
        part = getattr(data, name)
        residual = values[part] - data.labels[part]
        spread = data.labels[part] - data.labels[part].mean()
        assert getattr(metrics, f"{name}_r2")[0] == pytest.approx(1 - (residual @ residual) / (spread @ spread))
        assert getattr(metrics, f"{name}_error")[0] == pytest.approx(np.sqrt((residual @ residual) / len(residual)))
        assert np.isnan(getattr(metrics, f"{name}_accuracy")).all()
    assert np.isfinite(metrics.validation_loss).all()
    assert (metrics.predicted == 0).all()


# ---- leakage ----


@pytest.mark.parametrize("part", ["validation", "test"])
@pytest.mark.parametrize("kind", [Arms(), Plane()])
def test_nothing_of_training_knows_the_points_that_are_held_out(part, kind):
    """Neither the inputs nor the weights change when held-out points and their labels do; with the mistake of fitting
    the preprocessing on all points, both do."""
    data = draw(DataSpec(kind, samples=100, validation_share=0.3))
    points, labels = data.points.copy(), data.labels.copy()
    points[:, getattr(data, part)] = 30 * points[:, getattr(data, part)] + 7
    labels[getattr(data, part)] = labels[getattr(data, part)][::-1]
    changed = replace(data, points=points, labels=labels)
    for cls in CATALOG["preprocessing"].values():
        for mistake in (False, True):
            spec = NetworkSpec(
                preprocessing=cls(), fit_on_all=mistake, features=(X1(), X2(), X1Squared(), Product()), optimizer=Adam()
            )
            one, other = Trainer(data, spec), Trainer(changed, spec)
            told = mistake and cls is not NoPreprocessing
            assert np.array_equal(one.x[:, data.train], other.x[:, data.train]) != told
            one.train(3), other.train(3)
            assert np.array_equal(one.network.parameters, other.network.parameters) != told
            assert np.array_equal(one.evaluate().train_loss, other.evaluate().train_loss) != told


def test_early_stopping_takes_nothing_else_from_its_validation_part():
    """As long as nothing is stopped the weights do not know the points that are watched, wherever those come from."""
    spec = NetworkSpec(regularizers=(EarlyStopping(patience=100),))
    for held in (0.0, 0.3):
        data = draw(DataSpec(samples=200, validation_share=held))
        part = Trainer(data, spec).validation
        labels = data.labels.copy()
        labels[part] = 1 - labels[part]
        points = data.points.copy()
        points[:, part] *= 5
        trainers = [Trainer(each, spec) for each in (data, replace(data, points=points, labels=labels))]
        for trainer in trainers:
            trainer.train(3)
        np.testing.assert_array_equal(trainers[0].network.parameters, trainers[1].network.parameters)
        assert trainers[0].stopping.best_loss[0] != trainers[1].stopping.best_loss[0]


def test_wrong_values_are_training_points_that_read_the_end_of_the_scale():
    spec = DataSpec(dataset=Plane(), samples=200, validation_share=0.2)
    clean, spoiled = draw(spec), draw(replace(spec, label_noise=0.25))
    np.testing.assert_array_equal(clean.points, spoiled.points)
    wrong = np.flatnonzero(clean.labels != spoiled.labels)
    assert len(wrong) == 20 and wrong.max() < clean.n_train == 80
    assert (spoiled.labels[wrong] == 1).all()
    assert [np.count_nonzero(wrong // 20 == quarter) for quarter in range(4)] == [5, 5, 5, 5], "in any part as many"
