"""Results equal their definitions, counted one point at a time."""

from itertools import pairwise

import numpy as np
import pytest

from engine import DataSpec, HiddenLayer, Network, NetworkSpec, Trainer
from engine.activations import Tanh
from engine.datasets import Arms, Moons
from engine.network import Shape
from engine.regularizers import L1, EarlyStopping
from engine.results import calibration, ensemble, histograms, results, size, spread, vote


def trained(networks=1, classes=3, epochs=4, **settings):
    specs = [NetworkSpec(hidden=(HiddenLayer(6, Tanh()),), seed=k, **settings) for k in range(networks)]
    trainer = Trainer(DataSpec(dataset=Arms(classes=classes), samples=120, noise=0.3), *specs)
    trainer.train(epochs)
    return trainer


@pytest.mark.parametrize("part", ["train", "test", "all"])
def test_confusion_precision_recall_and_f1_by_brute_force(default_loss, part):
    classes = min(4, default_loss.classes[1])
    trainer = trained(2, classes, loss=default_loss)
    data = trainer.data
    where = {"train": data.train, "test": data.test, "all": slice(None)}[part]
    for k in range(2):
        found = results(trainer, where, k)
        predicted = trainer.evaluate().predicted[k].tolist()  # test_diagnostics has it by brute force
        points = range(120)[where]
        for true in range(classes):
            for said in range(classes):
                count = sum(data.labels[i] == true and predicted[i] == said for i in points)
                assert found.confusion[true, said] == count
        assert found.confusion.sum() == len(points)
        for c in range(classes):
            hit = sum(predicted[i] == c == data.labels[i] for i in points)
            said = sum(predicted[i] == c for i in points)
            true = sum(data.labels[i] == c for i in points)
            precision, recall = hit / said if said else 0, hit / true if true else 0
            assert found.precision[c] == pytest.approx(precision)
            assert found.recall[c] == pytest.approx(recall)
            f1 = 2 * precision * recall / (precision + recall) if hit else 0
            assert found.f1[c] == pytest.approx(f1)
        assert found.misclassified.tolist() == [i for i in points if predicted[i] != data.labels[i]]


def test_a_class_that_is_never_predicted_has_zeros_and_no_warning():
    trainer = trained(classes=3)
    trainer.network.parameters[...] = 0
    trainer.network.weights[-1][0, :, -1] = [1, 0, 0]
    found = results(trainer, trainer.data.test)
    assert found.precision[1:].tolist() == found.recall[1:].tolist() == found.f1[1:].tolist() == [0, 0]
    assert found.recall[0] == 1 and found.confusion[:, 1:].sum() == 0


def test_results_of_the_validation_part():
    trainer = trained(regularizers=(EarlyStopping(),))
    found = results(trainer, trainer.validation)
    assert found.confusion.sum() == trainer.validation.stop - trainer.validation.start
    assert all(trainer.validation.start <= place < trainer.validation.stop for place in found.misclassified)


def test_ensemble_and_vote_by_brute_force():
    trainer = trained(5, epochs=1)
    points = trainer.data.points
    p = trainer.predict(points)
    mean, votes = ensemble(trainer, points), vote(trainer, points)
    assert mean.shape == votes.shape == (3, 120)
    for i in range(120):
        for c in range(3):
            assert mean[c, i] == pytest.approx(sum(p[k, c, i] for k in range(5)) / 5, rel=1e-5)
            assert votes[c, i] == sum(p[k, :, i].argmax() == c for k in range(5)) / 5
    np.testing.assert_allclose(votes.sum(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(mean.sum(axis=0), 1, rtol=1e-5)
    assert ((votes > 0) & (votes < 1)).any()
    alone = trained(1, epochs=1)
    np.testing.assert_array_equal(ensemble(alone, points), alone.predict(points)[0])


def test_spread_leaves_out_what_has_diverged():
    # mean 2, deviation √(2/3) of 1, 2, 3
    assert spread(np.array([1.0, np.nan, 2.0, np.inf, 3.0])) == pytest.approx((2, np.sqrt(2 / 3)))
    assert spread(np.array([4.0])) == (4, 0)
    assert all(np.isnan(value) for value in spread(np.array([np.nan, np.inf])))


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("settings", [{}, {"batch_norm": True}, {"regularizers": (EarlyStopping(),)}], ids=str)
def test_histograms_count_every_weight_and_activation_once(networks, settings, by_hand):
    specs = [NetworkSpec(hidden=(HiddenLayer(6, Tanh()), HiddenLayer(3)), seed=k, **settings) for k in range(networks)]
    trainer = Trainer(DataSpec(dataset=Moons(), samples=120), *specs, dtype=np.float64)
    trainer.train(4)
    points = trainer.data.points[:, trainer.train_part]
    for k in range(networks):
        found = histograms(trainer, k, bins=7)
        layers, logits = by_hand(trainer, k, points)
        outputs = [*(layer["a"] for layer in layers), logits]
        assert len(found) == 3
        for index, layer in enumerate(found):
            w = trainer.network.unbiased(index)[k]
            assert layer.weight_norm == pytest.approx(np.sqrt(sum(x * x for x in w.ravel())))
            assert layer.near_zero == sum(abs(x) < 1e-3 for x in w.ravel()) / w.size
            trainer.evaluate()
            slopes = trainer.network.views("weights", trainer.network.gradients)[index][k]
            slopes = slopes[:, :-1] if trainer.network.has_bias(index) else slopes
            pairs = [(layer.weights, w), (layer.activations, outputs[index]), (layer.gradients, slopes)]
            for seen, values in pairs:
                counts, edges = seen.counts, seen.edges
                assert len(counts) == 7 and len(edges) == 8
                assert counts.sum() + seen.zeros == values.size and seen.zeros == (values == 0).sum()
                others = values[values != 0]
                assert edges[0] <= others.min() and others.max() <= edges[-1]
                assert (edges[0], edges[-1]) in ((-edges[-1], edges[-1]), (0, edges[-1]), (edges[0], 0))
                assert max(-edges[0], edges[-1]) <= 2 * np.abs(others).max()
                inner = [((others >= low) & (others < high)).sum() for low, high in pairwise(edges)]
                assert np.abs(np.array(inner) - counts).sum() <= 2  # the last bin holds its upper edge


def test_a_histogram_ends_at_round_numbers_and_leaves_out_zeros():
    trainer = trained()
    for values, zeros, ends in (
        ([0.0, 0.0, 0.71, 0.2], 2, (0, 0.8)),
        ([-0.71, 1e-12, 0.0, 3.4], 1, (-4, 4)),
        ([-12.0, -1.0, -1.0, -2.0], 0, (-15, 0)),
        ([0.0, 0.0, 0.0, 0.0], 4, (-1, 1)),
        ([10.0, 5.0, 5.0, 5.0], 0, (0, 10)),
    ):
        trainer.network.unbiased(0)[0, :2, :2] = np.reshape(values, (2, 2))
        trainer.network.unbiased(0)[0, 2:] = values[0]
        seen = histograms(trainer)[0].weights
        np.testing.assert_allclose((seen.edges[0], seen.edges[-1]), ends, rtol=1e-9)
        more = (len(trainer.network.unbiased(0)[0]) - 2) * 2 * (values[0] == 0)
        assert seen.zeros == zeros + more


def test_l1_shows_in_the_share_of_weights_near_zero():
    sparse, free = (trained(epochs=60, regularizers=r) for r in ((L1(0.1),), ()))
    assert histograms(sparse)[0].near_zero > histograms(free)[0].near_zero + 0.3


def test_histograms_of_a_network_that_has_diverged():
    trainer = trained()
    trainer.network.parameters[0, :5] = [np.nan, np.inf, -np.inf, np.nan, np.inf]
    counts = histograms(trainer)[0].weights.counts
    assert counts.sum() == trainer.network.unbiased(0)[0].size - np.sum(~np.isfinite(trainer.network.unbiased(0)[0]))
    trainer.network.parameters[...] = np.nan
    histograms(trainer)


@pytest.mark.parametrize(
    ("sizes", "units", "parameters"),
    [((3, 4, 2), 6, 26), ((3, 4, 4, 1), 9, 41), ((2, 2), 2, 6)],  # the first two are counted in S3
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_size_as_counted_in_the_notes(sizes, units, parameters, dtype):
    found = size(Network(Shape(sizes[0], sizes[1:-1], sizes[-1]), 3, dtype))
    assert (found.units, found.parameters) == (units, parameters)
    assert found.bytes == parameters * (4 if dtype == np.float32 else 8)


def test_calibration_by_hand():
    # Two classes, bins of 0.1 from 0.5: confidences .55 .55 (one right), .95 (right), 1 (wrong, last bin).
    p = np.array([[0.55, 0.45, 0.05, 1.0], [0.45, 0.55, 0.95, 0.0]])
    found = calibration(p, np.array([0, 0, 1, 1]), bins=5)
    np.testing.assert_allclose(found.edges, [0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert found.counts.tolist() == [2, 0, 0, 0, 2]
    np.testing.assert_allclose(found.confidence, [0.55, np.nan, np.nan, np.nan, 0.975])
    np.testing.assert_allclose(found.accuracy, [0.5, np.nan, np.nan, np.nan, 0.5])
    assert found.error == pytest.approx((2 * 0.05 + 2 * 0.475) / 4)


def test_honest_probabilities_are_calibrated_and_boasted_ones_are_not():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([1, 1, 1], 50_000).T
    labels = (rng.random(50_000) > np.cumsum(p, axis=0)).sum(axis=0)
    honest = calibration(p, labels)
    assert honest.error < 0.01 and honest.counts.sum() == 50_000
    sharp = p**4 / (p**4).sum(axis=0)
    assert calibration(sharp, labels).error > 0.1


def test_nothing_to_calibrate():
    empty = calibration(np.zeros((3, 0)), np.zeros(0, int))
    assert np.isnan(empty.error) and empty.counts.sum() == 0
