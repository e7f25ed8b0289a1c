"""Laws of every loss: the gradient is the gradient, probabilities are probabilities, nothing overflows."""

import numpy as np
import pytest

from engine.losses import LOSSES, Logistic, SoftmaxCrossEntropy


def class_counts(loss):
    low, high = loss.classes
    return range(low, high + 1)


def example(loss, classes, dtype=np.float64, networks=3, m=7, scale=1.0):
    """Logits of a population and targets, every class at least once."""
    rng = np.random.default_rng(classes)
    labels = np.arange(m) % classes
    logits = rng.standard_normal((networks, loss.outputs(classes), m)) * scale
    return logits.astype(dtype), loss.targets(labels, classes, dtype), labels


def gradient(loss, logits, targets):
    return loss.gradient(logits, targets, np.empty_like(logits))


def test_gradient_equals_central_difference(loss, central_difference):
    for classes in class_counts(loss):
        logits, targets, _ = example(loss, classes)
        numerical = central_difference(lambda z, t=targets: loss.loss(z, t).sum(), logits) * logits.shape[-1]
        np.testing.assert_allclose(gradient(loss, logits, targets), numerical, rtol=0, atol=1e-7)


def test_a_population_is_every_network_alone(loss):
    logits, targets, _ = example(loss, 2)
    losses, slopes = loss.loss(logits, targets), gradient(loss, logits, targets)
    assert losses.shape == (3,)
    for k in range(3):
        np.testing.assert_allclose(loss.loss(logits[k], targets), losses[k], rtol=1e-14)
        np.testing.assert_allclose(gradient(loss, logits[k], targets), slopes[k], rtol=1e-14)
        np.testing.assert_array_equal(loss.predict(logits[k]), loss.predict(logits)[k])
        np.testing.assert_allclose(loss.probabilities(logits[k]), loss.probabilities(logits)[k], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_probabilities_sum_to_one_and_stay_finite(loss, dtype, scale):
    for classes in class_counts(loss):
        logits, targets, _ = example(loss, classes, dtype)
        logits = np.sign(logits) * dtype(scale)
        p = loss.probabilities(logits)
        assert p.shape == (3, classes, 7)
        assert p.dtype == dtype
        assert (p >= 0).all()
        np.testing.assert_allclose(p.sum(axis=-2), 1, rtol=1e-6)
        assert np.isfinite(loss.loss(logits, targets)).all()
        assert (loss.loss(logits, targets) >= 0).all()
        assert np.isfinite(gradient(loss, logits, targets)).all()


def test_predicts_the_most_probable_class(loss):
    for classes in class_counts(loss):
        logits, _, _ = example(loss, classes, m=50, scale=3.0)
        predicted = loss.predict(logits)
        assert predicted.shape == (3, 50)
        np.testing.assert_array_equal(predicted, loss.probabilities(logits).argmax(axis=-2))


def test_following_the_gradient_makes_every_prediction_right(loss):
    for classes in class_counts(loss):
        logits, targets, labels = example(loss, classes)
        before = loss.loss(logits, targets)
        for _ in range(200):
            logits = logits - gradient(loss, logits, targets)
        assert (loss.loss(logits, targets) < 0.1 * before).all()
        assert (loss.predict(logits) == labels).all()


def test_arguments_are_left_alone(loss):
    logits, targets, _ = example(loss, 2)
    kept, kept_targets = logits.copy(), targets.copy()
    loss.loss(logits, targets), loss.probabilities(logits), loss.predict(logits), gradient(loss, logits, targets)
    np.testing.assert_array_equal(logits, kept)
    np.testing.assert_array_equal(targets, kept_targets)


def test_logistic_is_two_output_softmax_with_a_fixed_zero():
    z = np.array([[-30.0, -2.0, -0.1, 0.3, 5.0, 700.0]])
    both = np.concatenate([np.zeros_like(z), z])
    labels = np.array([0, 1, 0, 1, 1, 0])
    logistic, softmax = Logistic(), SoftmaxCrossEntropy()
    one, two = logistic.targets(labels, 2, np.float64), softmax.targets(labels, 2, np.float64)
    np.testing.assert_allclose(logistic.loss(z, one), softmax.loss(both, two), rtol=1e-14)
    np.testing.assert_allclose(gradient(logistic, z, one)[0], gradient(softmax, both, two)[1], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(logistic.probabilities(z), softmax.probabilities(both), rtol=1e-9, atol=1e-15)
    np.testing.assert_array_equal(logistic.predict(z), softmax.predict(both))


def test_softmax_by_hand():
    # logits ln 1, ln 2, ln 5: p = (1, 2, 5)/8. Label 2: L = −ln(5/8) = ln 1.6, dL/dz = (1/8, 2/8, 5/8 − 1).
    # The second sample has equal logits and label 0: L = ln 3, dL/dz = (1/3 − 1, 1/3, 1/3). The loss is their mean.
    loss = SoftmaxCrossEntropy()
    logits = np.array([[np.log(1), 4.0], [np.log(2), 4.0], [np.log(5), 4.0]])
    targets = loss.targets(np.array([2, 0]), 3, np.float64)
    np.testing.assert_allclose(loss.loss(logits, targets), (np.log(1.6) + np.log(3)) / 2, rtol=1e-14)
    np.testing.assert_allclose(
        gradient(loss, logits, targets), [[1 / 8, -2 / 3], [2 / 8, 1 / 3], [-3 / 8, 1 / 3]], rtol=1e-14
    )


def test_logistic_by_hand():
    # z = ln 3: p = 3/4. Label 1: L = −ln(3/4), dL/dz = −1/4. Label 0: L = −ln(1/4), dL/dz = 3/4.
    loss = Logistic()
    logits = np.full((1, 2), np.log(3))
    targets = loss.targets(np.array([1, 0]), 2, np.float64)
    np.testing.assert_allclose(loss.loss(logits, targets), (np.log(4 / 3) + np.log(4)) / 2, rtol=1e-14)
    np.testing.assert_allclose(gradient(loss, logits, targets), [[-0.25, 0.75]], rtol=1e-14)


def test_ranges_of_classes_make_sense():
    for loss in LOSSES.values():
        low, high = loss.classes
        assert 2 <= low <= high
