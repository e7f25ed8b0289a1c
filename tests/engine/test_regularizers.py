"""Laws of every regularizer: the gradient is the penalty's, biases are free, and real runs show what it promises."""

from dataclasses import replace

import numpy as np
import pytest

from engine import CATALOG, DataSpec, HiddenLayer, NetworkSpec, Trainer
from engine.activations import ReLU, Tanh
from engine.component import Component
from engine.datasets import Gaussian, Moons, Xor
from engine.features import X1, X2
from engine.layers import NoisePart
from engine.optimizers import SGD, Adam, AdamW
from engine.preprocessing import NoPreprocessing
from engine.regularizers import (
    L1,
    L2,
    Augmentation,
    DropConnected,
    Dropout,
    ElasticNet,
    GaussianNoise,
    MaxNorm,
    PlainDropout,
    Regularizer,
)
from engine.streams import stream

MASK = np.array([1.0, 1.0, 0.0, 1.0, 0.0, 1.0])  # 0 marks a bias
WEIGHTS = np.array([[0.5, -1.25, 3.0, 0.03, -2.0, -0.7], [-0.2, 0.9, -4.0, 1.1, 0.1, 2.5]])
BIASES = MASK == 0
RATE = np.array(0.1)


def strengths(cls):
    """The names of a regularizer's strengths: what multiplies its penalty, in whole or in part."""
    probes = {name: replace(cls(), **{name: 0.7}) for name in cls.__dataclass_fields__ if is_float(cls, name)}
    return [
        name for name, probe in probes.items() if (probe.penalty(WEIGHTS, MASK) != cls().penalty(WEIGHTS, MASK)).any()
    ]


def is_float(cls, name):
    return isinstance(getattr(cls(), name), float)


PENALTIES = [cls for cls in CATALOG["regularizers"].values() if (cls().penalty(WEIGHTS, MASK) > 0).all()]
PENALIZING = pytest.mark.parametrize("penalizing", PENALTIES, ids=lambda cls: cls.id)


def slope(regularizer, w, mask=MASK):
    return regularizer.gradient(w, mask, np.full_like(w, np.nan))


def test_gradient_is_the_penaltys_central_difference(regularizer, central_difference):
    """And where a part acts by `after_step`, both together make the penalty's slope."""
    given = slope(regularizer, WEIGHTS)
    moved, rate = WEIGHTS.copy(), 1e-4  # so small a step that nothing reaches zero
    regularizer.after_step(moved, MASK, np.array(rate), np.empty_like(moved))
    assert regularizer.proximal == (moved != WEIGHTS).any()
    total = (WEIGHTS - moved) / rate + (0 if given is None else given)
    numerical = central_difference(lambda w: regularizer.penalty(w, MASK).sum(), WEIGHTS)
    np.testing.assert_allclose(total, numerical, atol=1e-6)


def test_penalty_is_one_number_a_network_and_never_negative(regularizer):
    penalty = regularizer.penalty(WEIGHTS, MASK)
    assert penalty.shape == (2,)
    assert (penalty >= 0).all()
    assert (regularizer.penalty(np.zeros_like(WEIGHTS), MASK) == 0).all()


def test_biases_are_untouched(regularizer):
    other = np.where(BIASES, WEIGHTS * 100, WEIGHTS)
    np.testing.assert_array_equal(regularizer.penalty(WEIGHTS, MASK), regularizer.penalty(other, MASK))
    given = slope(regularizer, WEIGHTS)
    assert given is None or (given[:, BIASES] == 0).all()
    w = WEIGHTS.copy()
    regularizer.after_step(w, MASK, RATE, np.empty_like(w))
    np.testing.assert_array_equal(w[:, BIASES], WEIGHTS[:, BIASES])


def test_a_step_never_raises_the_penalty(regularizer):
    w, rate = WEIGHTS.copy(), np.array(0.01)
    for _ in range(20):
        before = regularizer.penalty(w, MASK)
        given = slope(regularizer, w)
        if given is not None:
            w -= rate * given
        regularizer.after_step(w, MASK, rate, np.empty_like(w))
        assert (regularizer.penalty(w, MASK) <= before).all()


@PENALIZING
def test_strengths_broadcast_along_the_population(penalizing):
    for name in strengths(penalizing):
        members = [replace(penalizing(), **{name: value}) for value in (0.1, 0.3)]
        both = Regularizer.stack(members, np.float64, axes=1)
        moved = WEIGHTS.copy()
        both.after_step(moved, MASK, RATE, np.empty_like(moved))
        for k, member in enumerate(members):
            row = WEIGHTS[k : k + 1].copy()
            np.testing.assert_allclose(both.penalty(WEIGHTS, MASK)[k], member.penalty(row, MASK)[0], rtol=1e-14)
            if slope(member, row) is not None:
                np.testing.assert_array_equal(slope(both, WEIGHTS)[k], slope(member, row)[0])
            member.after_step(row, MASK, RATE, np.empty_like(row))
            np.testing.assert_array_equal(moved[k], row[0])


@PENALIZING
def test_the_mask_is_a_layers_share_of_the_strength(penalizing):
    """Half the mask is half the strength, in penalty, gradient and step."""
    halved = replace(penalizing(), **{name: 0.5 * 0.2 for name in strengths(penalizing)})
    whole = replace(penalizing(), **{name: 0.2 for name in strengths(penalizing)})
    np.testing.assert_allclose(whole.penalty(WEIGHTS, 0.5 * MASK), halved.penalty(WEIGHTS, MASK), rtol=1e-14)
    if slope(whole, WEIGHTS) is not None:
        np.testing.assert_allclose(slope(whole, WEIGHTS, 0.5 * MASK), slope(halved, WEIGHTS), rtol=1e-14)
    first, second = WEIGHTS.copy(), WEIGHTS.copy()
    whole.after_step(first, 0.5 * MASK, RATE, np.empty_like(first))
    halved.after_step(second, MASK, RATE, np.empty_like(second))
    np.testing.assert_allclose(first, second, rtol=1e-14)


def test_penalties_by_hand():
    # Row 0 without biases: 0.5, −1.25, 0.03, −0.7. Σw² = 0.25 + 1.5625 + 0.0009 + 0.49 = 2.3034, Σ|w| = 2.48.
    assert L2(strength=0.2).penalty(WEIGHTS, MASK)[0] == pytest.approx(0.5 * 0.2 * 2.3034)
    assert L1(strength=0.2).penalty(WEIGHTS, MASK)[0] == pytest.approx(0.2 * 2.48)
    # λ₁ Σ|w| + λ₂ Σw² = 0.2 · 2.48 + 0.1 · 2.3034
    assert ElasticNet(absolute=0.2, square=0.1).penalty(WEIGHTS, MASK)[0] == pytest.approx(0.496 + 0.23034)


def test_soft_threshold_by_hand():
    # η λ = 0.1 · 0.5 = 0.05: everything moves 0.05 towards zero, and 0.03 stops there.
    w = WEIGHTS.copy()
    L1(strength=0.5).after_step(w, MASK, RATE, np.empty_like(w))
    np.testing.assert_allclose(w[0], [0.45, -1.2, 3.0, 0.0, -2.0, -0.65], rtol=1e-14)
    assert w[0, 3] == 0


def test_elastic_net_by_hand():
    # gradient 2 λ₂ w = 2 · 0.3 · 0.5 = 0.3; step: η λ₁ = 0.1 · 0.5 = 0.05 towards zero, 0.03 stops there
    net = ElasticNet(absolute=0.5, square=0.3)
    assert slope(net, WEIGHTS)[0, 0] == pytest.approx(0.3)
    w = WEIGHTS.copy()
    net.after_step(w, MASK, RATE, np.empty_like(w))
    np.testing.assert_allclose(w[0], [0.45, -1.2, 3.0, 0.0, -2.0, -0.65], rtol=1e-14)


@pytest.mark.parametrize("other", [L1, L2])
def test_elastic_net_has_l1_and_l2_in_it(other):
    """With one of its strengths at zero it is the other; L2's ½λ is here λ₂."""
    net = ElasticNet(absolute=0.05, square=0.0) if other is L1 else ElasticNet(absolute=0.0, square=0.05)
    alone = L1(strength=0.05) if other is L1 else L2(strength=0.1)
    np.testing.assert_allclose(weights(trained(net)), weights(trained(alone)), rtol=1e-4, atol=1e-6)


def trained(*regularizers: Component, epochs: float = 30, **settings: object) -> Trainer:
    features = tuple(feature() for feature in CATALOG["features"].values())
    spec = NetworkSpec(**{"features": features, "regularizers": regularizers, **settings})
    trainer = Trainer(DataSpec(dataset=Gaussian(), samples=200), spec)
    trainer.train(epochs)
    return trainer


def weights(trainer: Trainer) -> np.ndarray:
    return trainer.network.parameters[:, trainer.network.mask == 1]


@pytest.mark.parametrize("rule", [SGD(), Adam()], ids=lambda rule: rule.id)
def test_l1_and_elastic_net_reach_exact_zeros_and_l2_does_not(rule):
    rate = {"optimizer": rule, "learning_rate": 0.03, "epochs": 60}
    sparse, mixed, smooth, free = (
        weights(trained(*regularizers, **rate))
        for regularizers in ([L1(strength=0.03)], [ElasticNet(absolute=0.03, square=0.01)], [L2(strength=0.03)], [])
    )
    assert (sparse == 0).mean() > 0.2
    assert (mixed == 0).mean() > 0.2
    assert (smooth == 0).mean() < 0.01
    assert (free == 0).mean() < 0.01


@PENALIZING
def test_more_strength_means_smaller_weights(penalizing):
    for name in strengths(penalizing):
        norms = [np.linalg.norm(weights(trained(penalizing(**{name: value})))) for value in (0.0, 0.01, 0.1)]
        assert norms[0] > norms[1] > norms[2]


def test_a_large_l2_shrinks_the_weights_to_almost_nothing():
    start = Trainer(DataSpec(dataset=Gaussian(), samples=200), NetworkSpec())
    before = np.linalg.norm(weights(start))
    assert np.linalg.norm(weights(trained(L2(strength=3.0)))) < 0.05 * before


@PENALIZING
def test_strength_zero_is_no_regularizer(penalizing):
    nothing = penalizing(**{name: 0.0 for name in strengths(penalizing)})
    np.testing.assert_array_equal(weights(trained(nothing, epochs=5)), weights(trained(epochs=5)))


OFF = [Dropout(1.0, 1.0), PlainDropout(1.0, 1.0), DropConnected(1.0), GaussianNoise(0.0), Augmentation(0, 0, 0, False)]


@pytest.mark.parametrize("off", OFF, ids=lambda regularizer: regularizer.id)
def test_what_disturbs_nothing_is_no_regularizer(off):
    np.testing.assert_allclose(weights(trained(off, epochs=5)), weights(trained(epochs=5)), rtol=1e-4, atol=1e-5)


def test_a_layers_strength_multiplies_its_own_share_alone():
    # With L1 at 0.03 times 5 the first layer falls to zero, at times 0 it keeps every weight.
    hidden = [tuple(HiddenLayer(8, ReLU(), strength=s) for s in pair) for pair in ((5.0, 0.0), (0.0, 5.0))]
    for first, second in hidden:
        trainer = trained(L1(strength=0.03), hidden=(first, second))
        zero = [(trainer.network.unbiased(layer) == 0).mean() for layer in range(2)]
        assert zero[0 if first.strength else 1] > 0.5
        assert zero[1 if first.strength else 0] == 0
        w = [trainer.network.unbiased(layer) for layer in range(3)]
        expected = sum(0.03 * s * np.abs(x).sum() for s, x in zip((first.strength, second.strength, 1), w, strict=True))
        assert trainer.penalty()[0] == pytest.approx(expected, rel=1e-5)


def test_the_output_layer_has_a_strength_of_its_own():
    hidden = (HiddenLayer(8, ReLU(), strength=0.0),)
    for strength in (0.0, 0.5, 5.0):
        trainer = trained(L1(strength=0.03), hidden=hidden, output_strength=strength)
        w = trainer.network.unbiased(1)
        assert trainer.penalty()[0] == pytest.approx(0.03 * strength * np.abs(w).sum(), rel=1e-5)
        assert ((w == 0).mean() > 0.5) == (strength == 5)


def test_adamws_decay_is_as_strong_as_the_layer_and_the_switch_say():
    """All else being equal, w is smaller by ηλ times its strength after one update."""
    hidden = (HiddenLayer(4, Tanh(), strength=0.0), HiddenLayer(4, Tanh(), strength=2.0))
    for biases in (False, True):
        plain, decayed = (
            Trainer(
                DataSpec(samples=40),
                NetworkSpec(
                    hidden=hidden,
                    output_strength=0.5,
                    optimizer=AdamW(weight_decay=decay),
                    learning_rate=0.1,
                    bias=0.3,
                    regularize_biases=biases,
                ),
                dtype=np.float64,
            )
            for decay in (0.0, 0.2)
        )
        start = decayed.network.parameters.copy()
        plain.step()
        decayed.step()
        taken = plain.network.parameters - decayed.network.parameters
        for layer, strength in enumerate((0.0, 2.0, 0.5)):
            before, off = (decayed.network.views("weights", array)[layer] for array in (start, taken))
            expected = 0.1 * 0.2 * strength * before
            if not biases:
                expected[..., -1] = 0
            np.testing.assert_allclose(off, expected, atol=1e-12)


@PENALIZING
def test_biases_are_regularized_when_asked(penalizing):
    strong = penalizing(**{name: 3.0 for name in strengths(penalizing)})
    free, held = (trained(strong, regularize_biases=asked, hidden=(HiddenLayer(8),)) for asked in (False, True))
    biases = [trainer.network.weights[1][0, :, -1] for trainer in (free, held)]
    assert np.abs(held.network.parameters).max() < 0.05
    assert np.abs(biases[1]).max() < 0.02
    w = free.network.parameters[0, free.network.mask == 1]
    np.testing.assert_allclose(free.penalty(), strong.penalty(w[np.newaxis], np.ones(len(w))), rtol=1e-4)
    b = held.network.parameters
    np.testing.assert_allclose(held.penalty(), strong.penalty(b, np.ones(b.shape[1])), rtol=1e-4, atol=1e-9)


def uneven():
    """Unequal classes: with all weights held at zero only the biases are left to learn, here the log-odds."""
    data = Trainer(DataSpec(dataset=Gaussian(), samples=200)).data
    few_ones = np.concatenate([np.flatnonzero(data.labels == 0), np.flatnonzero(data.labels == 1)[:20]])
    return type(data)(data.points[:, few_ones], data.labels[few_ones], len(few_ones) - 10, 2, 1)


@PENALIZING
def test_biases_of_a_real_run_grow_under_the_strongest_penalty(penalizing):
    regularizer = penalizing(**{name: 3.0 for name in strengths(penalizing)})
    trainer = Trainer(uneven(), NetworkSpec(hidden=(), regularizers=(regularizer,)))
    trainer.train(30)
    biases = trainer.network.parameters[0, trainer.network.mask == 0]
    assert biases[0] > 0.3 > -0.3 > biases[1]


# ---- max-norm ----


def unit_norms(trainer):
    layers = [trainer.network.unbiased(layer) for layer in range(trainer.network.depth + 1)]
    return np.concatenate([np.linalg.norm(w.astype(np.float64), axis=-1) for w in layers], axis=1)


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_max_norm_holds_after_every_step(default_optimizer, networks, batch_norm, few):
    if default_optimizer.line_search:
        return  # refused, see test_checks
    limits = [0.5, 2.0, 1.0][:networks]
    specs = [
        NetworkSpec(regularizers=(MaxNorm(c),), optimizer=default_optimizer, learning_rate=0.3, batch_norm=batch_norm)
        for c in limits
    ]
    trainer = Trainer(few, *specs)
    for _ in range(12):
        with np.errstate(all="ignore"):
            trainer.step()
        assert (unit_norms(trainer) <= np.array(limits)[:, np.newaxis] * (1 + 1e-6)).all()
    assert (unit_norms(trainer) > 0.98 * np.array(limits)[:, np.newaxis]).any()


def test_max_norm_by_hand():
    # (3, 4) has length 5: cut to c = 2.5 it is (1.5, 2); (0.3, 0.4) is short enough; zero stays zero.
    w = np.array([[[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]]])
    MaxNorm(limit=2.5).project([w])
    np.testing.assert_allclose(w, [[[1.5, 2.0], [0.3, 0.4], [0.0, 0.0]]], rtol=1e-15)


def test_max_norm_keeps_finite_what_explodes_without(few):
    def run(*regularizers):
        specs = (
            NetworkSpec(hidden=(HiddenLayer(16),) * 3, learning_rate=10.0, seed=seed, regularizers=regularizers)
            for seed in (1, 2, 3)
        )
        trainer = Trainer(few, *specs)
        trainer.train(60)
        return trainer

    assert run().finite.sum() <= 1
    held = run(MaxNorm(limit=3.0))
    assert held.finite.all()
    assert np.isfinite(held.evaluate().train_loss).all()


# ---- dropout and its kin ----


RANDOM = [cls() for cls in CATALOG["regularizers"].values() if cls.random]


@pytest.mark.parametrize("regularizer_of_chance", RANDOM, ids=lambda regularizer: regularizer.id)
def test_prediction_is_not_random_and_training_is(regularizer_of_chance, few):
    spec = NetworkSpec(regularizers=(regularizer_of_chance,), learning_rate=1e-5)
    trainer, plain = Trainer(few, spec), Trainer(few, replace(spec, regularizers=()))
    np.testing.assert_array_equal(trainer.boundary(8), trainer.boundary(8))
    first, second = (trainer.evaluate() for _ in range(2))
    np.testing.assert_array_equal(first.train_loss, second.train_loss)
    steps = []
    for each in (trainer, plain):
        each.step()
        steps.append(each.update.copy())
    assert (steps[0] != steps[1]).any()
    seeds = [Trainer(few, replace(spec, seed=1)), Trainer(few, replace(spec, seed=2))]
    seeds[1].network.parameters[...] = seeds[0].network.parameters
    for each in seeds:
        each.step()
    drawn_from_the_data = type(regularizer_of_chance).augment is not Regularizer.augment
    assert (seeds[0].update != seeds[1].update).any() != drawn_from_the_data


def sampled_logits(trainer, draws):
    """Logits of random sub-networks, as training has them."""
    x = trainer.x[:, trainer.train_part]
    layout = trainer.layout(x.shape[1], training=True)
    return np.stack([layout.forward(x).copy() for _ in range(draws)])


@pytest.mark.parametrize(
    "form", [Dropout(0.8, 0.5), Dropout(1.0, 0.8), PlainDropout(0.8, 0.5), DropConnected(0.85)], ids=str
)
def test_a_trained_networks_prediction_is_the_mean_of_its_sub_networks(form):
    """Exact for a linear network (S3: dropout as an ensemble); near for one with a non-linearity."""
    data = DataSpec(dataset=Moons(), samples=80)
    for hidden, near in (((), 0.0), ((HiddenLayer(16, Tanh()),), 0.15)):
        trainer = Trainer(data, NetworkSpec(hidden=hidden, regularizers=(form,), learning_rate=0.1), dtype=np.float64)
        trainer.train(20)
        sampled = sampled_logits(trainer, 3000)
        predicted = trainer.logits(trainer.x[:, trainer.train_part])[0]
        error = np.abs(sampled.mean(axis=0) - predicted)
        assert (error < near * np.abs(predicted).max() + 5 * sampled.std(axis=0) / np.sqrt(3000) + 1e-9).all()
        if hidden or form.id == "drop_connect" or form.inputs < 1:
            assert sampled.std(axis=0).max() > 0.05


def test_plain_dropout_scales_at_prediction_and_inverted_in_training(by_hand, few):
    inverted, plain = (
        Trainer(few, NetworkSpec(hidden=(HiddenLayer(6, Tanh()),) * 2, regularizers=(r,)), dtype=np.float64)
        for r in (Dropout(0.8, 0.5), PlainDropout(0.8, 0.5))
    )
    for trainer in (inverted, plain):
        points = trainer.data.points
        np.testing.assert_allclose(trainer.logits(trainer.x)[0], by_hand(trainer, 0, points)[1], rtol=1e-10, atol=1e-12)
    # the same weights, scaled: W₁ by 0.8 (inputs), the others by 0.5 (hidden units), give the same prediction
    inverted.network.parameters[...] = plain.network.parameters
    for layer, keep in enumerate((0.8, 0.5, 0.5)):
        inverted.network.unbiased(layer)[...] *= keep
    np.testing.assert_allclose(inverted.logits(inverted.x), plain.logits(plain.x), rtol=1e-10, atol=1e-12)


def test_one_point_is_kept_with_the_promised_probability():
    x = np.ones((3, 4, 500), np.float32)
    for cls in (Dropout, PlainDropout):
        layer = cls(inputs=0.8, hidden=0.5).signal(False, x, NoisePart([stream(k, 3) for k in range(3)]), training=True)
        kept = layer.forward(x)[:, :-1] > 0
        np.testing.assert_allclose(kept.mean(axis=(1, 2)), 0.8, atol=0.06)


# ---- augmentation ----


@pytest.mark.parametrize(
    "augmentation",
    [Augmentation(0.3), Augmentation(0.0, 180.0), Augmentation(0.0, 0.0, 0.5), Augmentation(0.0, mirror=True)],
    ids=["jitter", "rotation", "scaling", "mirror"],
)
def test_augmentation_moves_points_as_it_says(augmentation):
    points = np.tile([[3.0], [4.0]], 4000)
    moved = augmentation.augment(points, np.random.default_rng(1))
    assert moved.shape == points.shape and (points[0] == 3).all()  # a copy
    length, angle = np.hypot(*moved), np.arctan2(moved[1], moved[0])
    if augmentation.jitter:
        np.testing.assert_allclose(moved.mean(axis=1), [3, 4], atol=0.03)
        np.testing.assert_allclose(moved.std(axis=1), 0.3, rtol=0.06)
    elif augmentation.rotation:
        np.testing.assert_allclose(length, 5, rtol=1e-12)
        assert angle.min() < -3 and angle.max() > 3 and np.abs(angle.mean()) < 0.2
    elif augmentation.scaling:
        np.testing.assert_allclose(angle, np.arctan2(4, 3), rtol=1e-12)
        assert 2.5 <= length.min() < 2.6 and 7.4 < length.max() <= 7.5
        assert length.mean() == pytest.approx(5, abs=0.1)
    else:
        np.testing.assert_allclose(moved[1], 4)
        assert (moved[0] == -3).mean() == pytest.approx(0.5, abs=0.05) and (np.abs(moved[0]) == 3).all()


@pytest.mark.parametrize("networks", [1, 2])
@pytest.mark.parametrize("bootstrap", [False, True])
def test_augmented_points_keep_their_labels_and_are_new_every_epoch(networks, bootstrap):
    data = DataSpec(dataset=Xor(), samples=100, noise=0.0)
    tiny = Augmentation(jitter=0.01)
    spec = NetworkSpec(hidden=(), regularizers=(tiny,), preprocessing=NoPreprocessing(), bootstrap=bootstrap)
    specs = [replace(spec, seed=seed) for seed in range(networks)]
    trainer = Trainer(data, *specs, dtype=np.float64)
    original, labels = trainer.data.points[:, trainer.train_part], trainer.data.labels[trainer.train_part]
    seen = []
    for _ in range(3):
        x = trainer._shuffled_x[..., :-1, :].reshape(-1, 2, trainer._count)
        targets = trainer._shuffled_targets.reshape(len(x), -1, trainer._count) if bootstrap else None
        for k in range(len(x)):
            distance = np.hypot(*(x[k][:, :, np.newaxis] - original[:, np.newaxis, :]))
            nearest = distance.argmin(axis=1)
            assert (distance.min(axis=1) < 0.06).all() and (distance.min(axis=1) > 0).all()
            own = targets[k] if bootstrap else trainer._shuffled_targets
            np.testing.assert_array_equal(own.argmax(axis=0), labels[nearest])
        seen.append(set(x.ravel().tolist()))
        trainer.train(1)
    assert not seen[0] & seen[1] and not seen[1] & seen[2]


def test_augmentation_is_off_for_evaluation_and_prediction(few):
    spec = NetworkSpec(hidden=(HiddenLayer(4, Tanh()),), learning_rate=1e-5)
    augmented = Trainer(few, replace(spec, regularizers=(Augmentation(2.0, 180.0, 0.5, True),)))
    plain = Trainer(few, spec)
    augmented.train(2)
    plain.network.parameters[...] = augmented.network.parameters
    for name, value in vars(augmented.evaluate()).items():
        if name != "update_ratio":
            np.testing.assert_array_equal(value, getattr(plain.evaluate(), name))
    np.testing.assert_array_equal(augmented.boundary(8), plain.boundary(8))


def test_augmentation_moves_the_points_before_features_and_preprocessing(few):
    """Mirrored points have mirrored x1 and the same x1²."""
    features = (X1(), CATALOG["features"]["x1_squared"](), X2())
    spec = NetworkSpec(hidden=(), features=features, preprocessing=NoPreprocessing())
    trainer = Trainer(few, replace(spec, regularizers=(Augmentation(0.0, mirror=True),)), dtype=np.float64)
    x = trainer._shuffled_x
    original = trainer.data.points[:, trainer._order]
    np.testing.assert_allclose(np.abs(x[0]), np.abs(original[0]))
    np.testing.assert_allclose(x[1], original[0] ** 2)
    np.testing.assert_allclose(x[2], original[1])
    assert 0.2 < (x[0] == -original[0]).mean() < 0.8


# ---- against overfitting ----


def test_every_regularizer_brings_training_and_test_loss_closer_together(default_regularizer):
    """On few noisy points a large network learns the noise; regularized it learns less of it."""
    data = DataSpec(dataset=Moons(), noise=0.5, samples=80)
    stronger = {"l2": {"strength": 0.1}, "l1": {"strength": 0.2}, "elastic_net": {"absolute": 0.1, "square": 0.03}}
    stronger |= {"max_norm": {"limit": 0.8}, "input_noise": {"deviation": 0.5}, "drop_connect": {"keep": 0.5}}
    stronger |= {"augmentation": {"jitter": 0.6}, "early_stopping": {"patience": 5}}
    regularizer = replace(default_regularizer, **stronger.get(default_regularizer.id, {}))
    spec = NetworkSpec(hidden=(HiddenLayer(32),) * 2, optimizer=Adam(), learning_rate=0.01)
    gaps = []
    for regularizers in ((), (regularizer,)):
        specs = [replace(spec, regularizers=regularizers, seed=seed) for seed in range(4)]
        trainer = Trainer(data, *specs)
        trainer.train(150)
        metrics = trainer.evaluate()
        gaps.append((metrics.test_loss - metrics.train_loss).mean())
    assert gaps[1] < 0.6 * gaps[0]
