"""Laws of every loss: the gradient is the gradient, probabilities are probabilities, nothing overflows."""

import numpy as np
import pytest

from engine import CATALOG, DataSpec, NetworkSpec, Trainer, draw
from engine.component import Refused
from engine.losses import (
    LOSSES,
    AbsoluteError,
    AttributeLogistic,
    AutomaticLoss,
    HierarchicalSoftmax,
    Huber,
    Logistic,
    MulticlassHinge,
    Regression,
    SoftmaxCrossEntropy,
    SquaredError,
    SquaredHinge,
    SquaredTanh,
)


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
    for classes in class_counts(loss):
        logits, targets, _ = example(loss, classes)
        losses, slopes = loss.loss(logits, targets), gradient(loss, logits, targets)
        p, predicted = loss.probabilities(logits, classes), loss.predict(logits, classes)
        assert losses.shape == (3,)
        for k in range(3):
            np.testing.assert_allclose(loss.loss(logits[k], targets), losses[k], rtol=1e-14)
            np.testing.assert_allclose(gradient(loss, logits[k], targets), slopes[k], rtol=1e-14)
            np.testing.assert_array_equal(loss.predict(logits[k], classes), predicted[k])
            np.testing.assert_allclose(loss.probabilities(logits[k], classes), p[k], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1.0, 1e3, 1e4])
def test_probabilities_sum_to_one_and_stay_finite(loss, dtype, scale):
    for classes in class_counts(loss):
        logits, targets, _ = example(loss, classes, dtype)
        logits = np.sign(logits) * dtype(scale)
        p = loss.probabilities(logits, classes)
        assert p.shape == (3, classes, 7)
        assert p.dtype == dtype
        assert (p >= 0).all()
        np.testing.assert_allclose(p.sum(axis=-2), 1, rtol=1e-6)
        assert loss.loss(logits, targets).dtype == dtype
        assert np.isfinite(loss.loss(logits, targets)).all()
        assert (loss.loss(logits, targets) >= 0).all()
        assert np.isfinite(gradient(loss, logits, targets)).all()


def test_predicts_the_most_probable_class(loss):
    for classes in class_counts(loss):
        logits, _, _ = example(loss, classes, m=50, scale=3.0)
        predicted, p = loss.predict(logits, classes), loss.probabilities(logits, classes)
        assert predicted.shape == (3, 50)
        assert predicted.max() < classes
        # no other class is more probable; clipped regression outputs may be as probable
        np.testing.assert_array_equal(np.take_along_axis(p, predicted[:, np.newaxis], axis=1)[:, 0], p.max(axis=1))
        unclear = np.sort(p, axis=1)[:, -1] == np.sort(p, axis=1)[:, -2]
        np.testing.assert_array_equal(predicted[~unclear], p.argmax(axis=1)[~unclear])


def test_following_the_gradient_makes_every_prediction_right(loss):
    for classes in class_counts(loss):
        logits, targets, labels = example(loss, classes)
        before = loss.loss(logits, targets)
        for rate in np.linspace(0.15, 0.0, 500):  # below 2 / curvature of all; smaller towards the end, for kinks
            logits = logits - rate * gradient(loss, logits, targets)
        assert (loss.loss(logits, targets) < 0.1 * before).all()
        assert (loss.predict(logits, classes) == labels).all()
        right = np.take_along_axis(loss.probabilities(logits, classes), labels[np.newaxis, np.newaxis], axis=1)
        assert (right > 1 / classes).all()


def test_arguments_are_left_alone(loss):
    logits, targets, _ = example(loss, 2)
    kept, kept_targets = logits.copy(), targets.copy()
    loss.loss(logits, targets), loss.probabilities(logits), loss.predict(logits), gradient(loss, logits, targets)
    np.testing.assert_array_equal(logits, kept)
    np.testing.assert_array_equal(targets, kept_targets)


def test_the_gradient_is_written_into_out(loss):
    logits, targets, _ = example(loss, 2, np.float32)
    out = np.full_like(logits, np.nan)
    assert loss.gradient(logits, targets, out) is out
    assert np.isfinite(out).all()


def test_targets_are_one_contiguous_column_a_sample(loss):
    for classes in class_counts(loss):
        for dtype in (np.float32, np.float64):
            labels = np.arange(11) % classes
            targets = loss.targets(labels, classes, dtype)
            assert targets.shape == (loss.outputs(classes), 11)
            assert targets.dtype == dtype and targets.flags.c_contiguous
            np.testing.assert_array_equal(targets[:, classes:], targets[:, : 11 - classes])  # equal labels
            assert len(np.unique(targets, axis=1).T) == classes


def test_without_a_number_of_classes_a_loss_assumes_all_its_outputs_can_tell_apart(loss):
    # every loss needs no more outputs for that many classes, and gives probabilities for them
    for classes in class_counts(loss):
        logits, _, _ = example(loss, classes)
        p = loss.probabilities(logits)
        assert p.shape[1] >= classes
        assert loss.outputs(p.shape[1]) == logits.shape[1]
        np.testing.assert_allclose(p, loss.probabilities(logits, p.shape[1]), rtol=1e-14)


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


def test_hinges_by_hand():
    # scores (1, 3, 2.5), label 1: max(0, 1 + 1 − 3) = 0 and max(0, 1 + 2.5 − 3) = 0.5; squared 0.25, slope 2 · 0.5
    # scores (0, 0, 0), label 0: 1 + 1
    logits = np.array([[1.0, 0.0], [3.0, 0.0], [2.5, 0.0]])
    for loss, total, slopes in (
        (MulticlassHinge(), 0.5 + 2, [[0, -2], [-1, 1], [1, 1]]),
        (SquaredHinge(), 0.25 + 2, [[0, -4], [-1, 2], [1, 2]]),
    ):
        targets = loss.targets(np.array([1, 0]), 3, np.float64)
        assert loss.loss(logits, targets) == pytest.approx(total / 2)
        np.testing.assert_array_equal(gradient(loss, logits, targets), slopes)


@pytest.mark.parametrize("cls", [MulticlassHinge, SquaredHinge])
def test_beyond_the_margin_nothing_counts(cls):
    loss = cls()
    targets = loss.targets(np.array([0]), 3, np.float64)
    for logits in ([[1.0], [-0.1], [-5.0]], [[1e3], [0.0], [998.9]]):
        assert loss.loss(np.array(logits), targets) == 0
        assert (gradient(loss, np.array(logits), targets) == 0).all()


def test_huber_is_squared_error_near_and_in_proportion_far_away():
    targets, near, far = np.zeros((1, 1)), np.array([[0.3]]), np.array([[-7.0]])
    assert Huber(0.5).loss(near, targets) == pytest.approx(SquaredError().loss(near, targets))
    assert Huber(0.5).loss(far, targets) == pytest.approx(0.5 * (7 - 0.25))
    assert gradient(Huber(0.5), far, targets) == -0.5


def test_regressed_probabilities_are_clipped_and_scaled():
    # (0.5, 1.5, −1) → (0.5, 1, 0)/1.5; where nothing is above 0 all classes are alike, and the largest is predicted
    logits = np.array([[0.5, -3.0], [1.5, -1.0], [-1.0, -2.0]])
    p = SquaredError().probabilities(logits)
    np.testing.assert_allclose(p, [[1 / 3, 1 / 3], [2 / 3, 1 / 3], [0, 1 / 3]])
    np.testing.assert_array_equal(SquaredError().predict(logits), [1, 1])


ATTRIBUTES = [loss for name, loss in LOSSES.items() if name.startswith("attribute")]


@pytest.mark.parametrize("cls", ATTRIBUTES)
@pytest.mark.parametrize("classes", range(2, 7))
def test_attributes_are_the_binary_digits_of_the_class(cls, classes):
    loss = cls()
    targets = loss.targets(np.arange(classes), classes, np.float64)
    words = ["".join("1" if answer > 0 else "0" for answer in column) for column in targets.T]
    assert words == [f"{c:0{loss.outputs(classes)}b}" for c in range(classes)]
    assert loss.outputs(classes) == int(np.ceil(np.log2(classes)))


@pytest.mark.parametrize("cls", ATTRIBUTES)
@pytest.mark.parametrize("classes", range(2, 7))
def test_a_class_is_as_probable_as_all_its_answers_together(cls, classes):
    loss = cls()
    logits, _, _ = example(loss, classes)
    yes = 1 / (1 + np.exp(-logits))
    bits = loss.targets(np.arange(classes), classes, np.float64) > 0
    product = np.stack([np.where(bits[:, c, np.newaxis], yes, 1 - yes).prod(axis=1) for c in range(classes)], axis=1)
    np.testing.assert_allclose(loss.probabilities(logits, classes), product / product.sum(axis=1, keepdims=True))


def test_one_attribute_and_a_tree_of_two_are_the_logistic_loss():
    logits = np.array([[-30.0, -2.0, -0.1, 0.3, 5.0, 700.0]])
    labels = np.array([0, 1, 0, 1, 1, 0])
    logistic = Logistic()
    for loss in (AttributeLogistic(), HierarchicalSoftmax()):
        one, other = (each.targets(labels, 2, np.float64) for each in (logistic, loss))
        np.testing.assert_allclose(loss.loss(logits, other), logistic.loss(logits, one), rtol=1e-14)
        np.testing.assert_allclose(gradient(loss, logits, other), gradient(logistic, logits, one), atol=1e-15)
        np.testing.assert_allclose(loss.probabilities(logits, 2), logistic.probabilities(logits), atol=1e-15)
        np.testing.assert_array_equal(loss.predict(logits, 2), logistic.predict(logits))


def test_an_output_decides_between_the_classes_that_it_makes_less_and_more_probable(loss, central_difference):
    for classes in class_counts(loss):
        rng = np.random.default_rng(classes)
        z = rng.uniform(0.2, 0.8, (loss.outputs(classes), 1))  # where no probability is clipped
        slopes = [
            central_difference(lambda z, c=c, n=classes: loss.probabilities(z, n)[c, 0], z.copy())[:, 0]
            for c in range(classes)
        ]
        signs = np.sign(np.round(slopes, 6)).T
        assert np.abs(signs).any(axis=1).all()
        assert loss.sides(classes) == tuple(
            (tuple(np.flatnonzero(row < 0)), tuple(np.flatnonzero(row > 0))) for row in signs
        )


def test_an_output_that_is_a_value_is_about_no_classes(loss):
    if loss.values:
        assert loss.sides(0) == (((), ()),)


def depth(leaves, sides):
    """How many forks there are on the way to each of these classes, as the sides of all forks tell; every fork has to
    be found by the classes that it divides."""
    if len(leaves) == 1:
        return {leaves[0]: 0}
    [(left, right)] = [each for each in sides if each[0] + each[1] == leaves]
    return {leaf: 1 + below for side in (left, right) for leaf, below in depth(side, sides).items()}


def test_forks_are_a_balanced_tree_in_the_order_of_reading():
    loss = HierarchicalSoftmax()
    assert loss.sides(2) == (((0,), (1,)),)
    assert loss.sides(3) == (((0, 1), (2,)), ((0,), (1,)))
    assert loss.sides(4) == (((0, 1), (2, 3)), ((0,), (1,)), ((2,), (3,)))
    assert loss.sides(5) == (((0, 1, 2), (3, 4)), ((0, 1), (2,)), ((0,), (1,)), ((3,), (4,)))
    for classes in range(2, 20):
        depths = depth(tuple(range(classes)), loss.sides(classes))
        assert list(depths) == list(range(classes))
        assert np.ptp(list(depths.values())) <= 1


@pytest.mark.parametrize("classes", range(2, 7))
def test_a_class_is_as_probable_as_its_path(classes):
    # right with probability σ(z) and left otherwise, at every fork that the class is on a side of
    loss = HierarchicalSoftmax()
    logits, _, labels = example(loss, classes)
    right = 1 / (1 + np.exp(-logits))
    p = np.ones((3, classes, logits.shape[-1]))
    for fork, sides in enumerate(loss.sides(classes)):
        for side, share in zip(sides, (1 - right[:, fork], right[:, fork]), strict=True):
            for c in side:
                p[:, c] *= share
    np.testing.assert_allclose(loss.probabilities(logits), p, rtol=1e-12)
    cost = -np.log(p[:, labels, np.arange(len(labels))]).mean(axis=1)
    np.testing.assert_allclose(loss.loss(logits, loss.targets(labels, classes, np.float64)), cost, rtol=1e-12)


def test_ranges_of_classes_make_sense():
    for loss in LOSSES.values():
        low, high = loss.classes
        assert 2 <= low <= high


def test_squared_tanh_by_hand():
    # tanh(½ ln 3) = ½. Label 1: L = ½(½ − 1)² = 1/8, dL/dz = (½ − 1)(1 − ¼) = −3/8. Label 0: ½(½ + 1)² = 9/8, 9/8.
    loss = SquaredTanh()
    logits = np.full((1, 2), 0.5 * np.log(3))
    targets = loss.targets(np.array([1, 0]), 2, np.float64)
    np.testing.assert_array_equal(targets, [[1, -1]])
    np.testing.assert_allclose(loss.loss(logits, targets), (1 / 8 + 9 / 8) / 2, rtol=1e-14)
    np.testing.assert_allclose(gradient(loss, logits, targets), [[-3 / 8, 9 / 8]], rtol=1e-14)
    np.testing.assert_allclose(loss.probabilities(logits), [[1 / 4, 1 / 4], [3 / 4, 3 / 4]], rtol=1e-14)


def test_squared_tanh_learns_slowly_where_it_is_very_wrong():
    squared, logistic = SquaredTanh(), Logistic()
    z = np.array([[-6.0]])
    slopes = [abs(gradient(each, z, each.targets(np.array([1]), 2, np.float64))[0, 0]) for each in (squared, logistic)]
    assert slopes[0] < 1e-4 < 0.9 < slopes[1]


# ---- what a loss is chosen by ----


def test_the_automatic_loss_goes_by_the_data():
    for name, cls in CATALOG["datasets"].items():
        data = draw(DataSpec(cls(), samples=40))
        loss = AutomaticLoss().resolve(data)
        expected = "squared_error" if data.task == "values" else "softmax_cross_entropy"
        assert loss.id == ("attribute_logistic" if data.attributes else expected), name
        one, other = (Trainer(data, NetworkSpec(loss=each)) for each in (AutomaticLoss(), loss))
        one.train(2), other.train(2)
        np.testing.assert_array_equal(one.network.parameters, other.network.parameters)
    assert draw(DataSpec(CATALOG["datasets"]["attributes"]())).attributes


def test_a_chosen_loss_stays_as_it_is(loss):
    for name in ("circle", "attributes", "plane"):
        assert loss.resolve(draw(DataSpec(CATALOG["datasets"][name](), samples=40))) is loss


def test_only_losses_of_values_take_values(loss):
    data = DataSpec(CATALOG["datasets"]["plane"](), samples=40)
    if isinstance(loss, Regression):
        trainer = Trainer(data, NetworkSpec(loss=loss, learning_rate=0.01))
        trainer.train(3)
        assert trainer.predict(np.zeros((2, 5))).shape == (1, 1, 5)
    else:
        assert not loss.values
        with pytest.raises(Refused) as refused:
            Trainer(data, NetworkSpec(loss=loss))
        assert refused.value.field == "loss"


# ---- regression ----

REGRESSION = [cls() for cls in LOSSES.values() if issubclass(cls, Regression)] + [Huber(0.1), Huber(5.0)]


@pytest.mark.parametrize("kind", REGRESSION, ids=repr)
def test_with_no_classes_there_is_one_output_which_is_the_value(kind, central_difference):
    values = np.array([-1.2, 0.0, 0.3, 2.5])
    assert kind.outputs(0) == 1
    for dtype in (np.float32, np.float64):
        targets = kind.targets(values, 0, dtype)
        assert targets.shape == (1, 4) and targets.dtype == dtype
        np.testing.assert_allclose(targets[0], values, rtol=1e-6)
    logits = np.random.default_rng(1).standard_normal((3, 1, 4))
    np.testing.assert_array_equal(kind.probabilities(logits, 0), logits)  # not clipped, not scaled
    numerical = central_difference(lambda z: kind.loss(z, targets).sum(), logits) * 4
    np.testing.assert_allclose(gradient(kind, logits, targets), numerical, atol=1e-7)
    assert (kind.loss(np.broadcast_to(values, (1, 1, 4)), targets) == 0).all()


def test_losses_of_values_by_hand():
    # residuals 0.5, −2 and 0: squares ½·0.25 and ½·4; sizes 0.5 and 2; Huber at δ = 1: ½·0.25 and 2 − ½
    logits, targets = np.array([[1.5, 0.0, 3.0]]), np.array([[1.0, 2.0, 3.0]])
    for kind, total, slopes in (
        (SquaredError(), 0.125 + 2, [0.5, -2, 0]),
        (AbsoluteError(), 0.5 + 2, [1, -1, 0]),
        (Huber(1.0), 0.125 + 1.5, [0.5, -1, 0]),
    ):
        assert kind.loss(logits, targets) == pytest.approx(total / 3)
        np.testing.assert_array_equal(gradient(kind, logits, targets), [slopes])


@pytest.mark.parametrize("kind", REGRESSION, ids=repr)
@pytest.mark.parametrize("sigma", [0.05, 0.3, 0.5, 2.0])
def test_the_least_loss_under_noise_is_what_the_noise_itself_costs(kind, sigma):
    n = 400_000
    noise = sigma * np.random.default_rng(1).standard_normal(n)
    costs = np.array([kind.loss(np.array([[each]]), np.zeros((1, 1))) for each in noise[:1000]])
    np.testing.assert_allclose(kind.loss(noise[:1000, np.newaxis, np.newaxis], np.zeros((1, 1))), costs)
    simulated = kind.loss(noise[np.newaxis], np.zeros((1, n)))  # the mean over all of them
    assert kind.least_of_noise(sigma) == pytest.approx(simulated, rel=0.01)
    for shift in (-0.1 * sigma, 0.1 * sigma):  # and no other constant does better
        assert kind.loss(noise[np.newaxis] + shift, np.zeros((1, n))) > simulated
    assert kind.least_of_noise(0.0) == 0


def test_the_least_of_normal_noise_in_closed_form():
    for sigma in (0.1, 0.5):
        assert SquaredError().least_of_noise(sigma) == pytest.approx(sigma**2 / 2, rel=1e-9)
        assert AbsoluteError().least_of_noise(sigma) == pytest.approx(sigma * np.sqrt(2 / np.pi), rel=0.01)


# ---- the smallest loss that anyone can expect ----


def posteriors(classes, m=12):
    """Random probabilities of the classes, some of them clear, some of them not, and the corners."""
    rng = np.random.default_rng(classes)
    mixed = np.concatenate([rng.dirichlet(np.full(classes, a), m) for a in (0.3, 1.0, 5.0)])
    return np.concatenate([mixed, np.full((1, classes), 1 / classes), np.eye(classes)]).T


def expected_loss(loss, logits, posterior):
    """Σ_c P(c) L(z, c) for logits ``(n_out, m)`` and probabilities ``(classes, m)``, sample by sample."""
    classes, m = posterior.shape
    total = np.zeros(m)
    for c in range(classes):
        target = loss.targets(np.array([c]), classes, np.float64)
        each = np.stack([logits[np.newaxis, :, place] for place in range(m)])[..., np.newaxis]  # (m, 1, n_out, 1)
        total += posterior[c] * loss.loss(each[:, 0], target)
    return total


def least_by_descent(loss, posterior, rounds=1200):
    """The smallest expected loss over the logits, by Adam on all samples at once, with a rate that sinks (for kinks)
    but slowly (some minima lie far off)."""
    classes, m = posterior.shape
    z = 0.1 * np.random.default_rng(1).standard_normal((loss.outputs(classes), m))
    targets = [loss.targets(np.full(m, c), classes, np.float64) for c in range(classes)]
    first, second = np.zeros_like(z), np.zeros_like(z)
    for t in range(1, rounds + 1):
        g = sum(posterior[c] * gradient(loss, z, targets[c]) for c in range(classes))
        first, second = 0.9 * first + 0.1 * g, 0.99 * second + 0.01 * g * g
        step = (first / (1 - 0.9**t)) / (np.sqrt(second / (1 - 0.99**t)) + 1e-12)
        z = z - 0.2 * 0.995**t * step
    return expected_loss(loss, z, posterior)


def test_no_prediction_can_expect_less_than_the_least_and_the_best_one_reaches_it(loss):
    told = 0
    for classes in set(class_counts(loss)) & {2, 3, 4}:
        posterior = posteriors(classes)
        least = loss.least(posterior)
        if least is None:
            continue
        told += 1
        assert least.shape == posterior.shape[1:]
        rng = np.random.default_rng(1)
        for scale in (0.1, 1.0, 3.0):
            for _ in range(30):
                z = scale * rng.standard_normal((loss.outputs(classes), posterior.shape[1]))
                assert (expected_loss(loss, z, posterior) >= least - 1e-6).all()  # yes/no digits are float32
        reached = least_by_descent(loss, posterior)
        np.testing.assert_allclose(reached, least, atol=0.01)
        assert np.abs(reached - least).mean() < 0.003
        sure = slice(-classes, None)  # where the class is known nothing need be lost
        np.testing.assert_allclose(least[sure], 0, atol=1e-6)
    assert told or (isinstance(loss, Huber) and loss.delta < 1)


def test_a_loss_that_knows_no_formula_says_so():
    for kind in (MulticlassHinge(), SquaredHinge()):
        assert kind.least(posteriors(2)) is not None
        assert kind.least(posteriors(3)) is None
    for delta in (0.05, 0.5, 0.99):  # one-hot targets are up to 1 away
        assert Huber(delta).least(posteriors(2)) is None
    assert Huber(1.0).least(posteriors(2)) is not None
    assert AutomaticLoss().least(posteriors(2)) is None


def test_the_gradient_is_what_its_formula_says(loss):
    """The formula, read as arithmetic with the terms filled in, gives dL/dz; and it says what its terms are."""
    plain = loss.gradient_formula.translate(str.maketrans({"−": "-", "·": "*", "²": "**2"}))
    for classes in class_counts(loss):
        logits, targets, _ = example(loss, classes)
        terms = loss.terms(logits, targets)
        value = eval(plain, {"sign": np.sign, "clip": np.clip}, dict(terms))
        np.testing.assert_allclose(value, gradient(loss, logits, targets), rtol=1e-12, atol=1e-15)
        for name in terms:
            np.broadcast_to(terms[name], logits.shape)
            if name != "δ":
                assert name in loss.gradient_terms.en and name in loss.gradient_terms.zh


def test_every_loss_says_what_its_gradient_is():
    """But for the automatic choice, which has none of its own."""
    assert [id for id, cls in LOSSES.items() if not cls.gradient_formula] == ["auto"]
