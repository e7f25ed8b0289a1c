"""Bias and variance as the notes read them, and no reading of what is only chance."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import DataSpec, HiddenLayer, NetworkSpec, Trainer
from engine.activations import Linear, Tanh
from engine.datasets import Circle, Function, Xor
from engine.diagnosis import LEAST, Error, deviation, errors, gaps, rate
from engine.regularizers import EarlyStopping
from engine.shifts import Rotated

KINDS = {
    ("train", "test"): ["variance"],
    ("train", "validation", "test"): ["variance", "validation_overfitting"],
    ("train", "train_dev", "test"): ["variance", "data_mismatch"],
    ("train", "train_dev", "validation", "test"): ["variance", "data_mismatch", "validation_overfitting"],
}


def of(**values):
    return {name: Error(value) for name, value in values.items()}


@pytest.mark.parametrize("parts", KINDS, ids="-".join)
def test_every_step_has_its_kind(parts):
    known = of(**{name: 0.1 * place for place, name in enumerate(parts)})
    found = gaps(known)
    assert [gap.kind for gap in found] == KINDS[parts]
    assert [(gap.before, gap.after) for gap in found] == list(pairwise(parts))
    bias, *rest = gaps(known, best=0.0)
    assert (bias.kind, bias.before, bias.after) == ("avoidable_bias", "best", "train")
    assert tuple(rest) == found


def test_the_notes_example():
    """Human error 4 %, training 7 %, train-dev 10 %, dev 12 %, test 12 % (S1, S2): every gap by its name."""
    known = of(train=0.07, train_dev=0.10, validation=0.12, test=0.12)
    found = {gap.kind: gap for gap in gaps(known, best=0.04)}
    sizes = {kind: pytest.approx(gap.size) for kind, gap in found.items()}
    assert sizes == {"avoidable_bias": 0.03, "variance": 0.03, "data_mismatch": 0.02, "validation_overfitting": 0.0}
    assert [kind for kind, gap in found.items() if gap.matters] == ["avoidable_bias", "variance", "data_mismatch"]


errors_of_parts = st.floats(0, 1, allow_subnormal=False)


@given(st.lists(errors_of_parts, min_size=4, max_size=4), errors_of_parts)
def test_gaps_add_up(values, best):
    known = dict(zip(("train", "train_dev", "validation", "test"), map(Error, values), strict=True))
    found = gaps(known, best)
    assert sum(gap.size for gap in found) == pytest.approx(values[-1] - best, abs=1e-12)
    assert all(gap.matters == (gap.size > LEAST) for gap in found)


@pytest.mark.parametrize("more", [{}, {"regularizers": (EarlyStopping(),)}, {"folds": 4}, {"folds": 8, "seed": 5}])
def test_parts_are_those_that_the_metrics_measure(more):
    trainer = Trainer(DataSpec(samples=200, noise=0.4, dataset=Xor()), *(NetworkSpec(**{"seed": 1, **more}).seeded(3)))
    trainer.train(3)
    metrics, data = trainer.evaluate(), trainer.data
    for network in range(3):
        parts = trainer.parts(network)
        found = errors(trainer, network)
        assert sorted(np.concatenate(list(parts.values()))) == list(range(len(data.labels)))
        for name in ("train", "validation", "test"):
            accuracy = getattr(metrics, f"{name}_accuracy")[network]
            assert (name in found) == np.isfinite(accuracy)
            if name in found:
                assert found[name].value == pytest.approx(1 - accuracy)
        held = trainer.held_out
        if held:
            begin, end = held[network if len(held) > 1 else 0]
            assert parts["validation"].tolist() == list(range(begin, end))


def test_few_points_prove_little():
    """12 % wrong is more than 4 % on thousands of points, on 25 points it may be chance."""
    for points, matters in ((25, False), (2500, True)):
        known = {"train": rate(points // 25, points), "test": rate(3 * points // 25, points)}
        (gap,) = gaps(known)
        assert gap.size == pytest.approx(0.08) and gap.matters is matters


def test_uncertainty_is_what_repeated_draws_show():
    rng = np.random.default_rng(0)
    wrong = rng.binomial(200, 0.2, 4000) / 200
    assert rate(40, 200).uncertainty == pytest.approx(wrong.std(), rel=0.05)
    assert 0 < rate(0, 200).uncertainty < 0.01
    noise = np.sqrt(np.mean(rng.standard_normal((4000, 200)) ** 2, axis=1))
    exact = np.sqrt(0.5) * np.array([1, -1] * 100)  # of root mean square √½
    assert deviation(exact).value == pytest.approx(np.sqrt(0.5))
    assert deviation(exact).uncertainty / np.sqrt(0.5) == pytest.approx(noise.std(), rel=0.05)


@pytest.mark.parametrize(
    ("data", "settings"),
    [
        (DataSpec(samples=120), {}),
        (DataSpec(samples=120, validation_share=0.3, shift=Rotated()), {}),
        (DataSpec(samples=120), {"regularizers": (EarlyStopping(),)}),
        (DataSpec(dataset=Function(), samples=120, noise=0.1), {}),
    ],
    ids=["plain", "all parts", "held out", "values"],
)
def test_errors_are_those_of_the_diagnostics(data, settings):
    trainer = Trainer(data, *(NetworkSpec(seed=seed, **settings) for seed in range(2)), dtype=np.float64)
    trainer.train(5)
    metrics = trainer.evaluate()
    for network in range(2):
        found = errors(trainer, network)
        for name in ("train", "train_dev", "validation", "test"):
            known = (
                1 - getattr(metrics, f"{name}_accuracy")[network]
                if trainer.data.task == "classes"
                else getattr(metrics, f"{name}_error")[network]
            )
            assert (name in found) == bool(np.isfinite(known))
            if name in found:
                assert found[name].value == pytest.approx(known)


def test_a_line_on_xor_is_biased_and_a_large_net_on_few_noisy_points_varies():
    """Real runs: what the notes call high bias and high variance are read as such."""
    biased = Trainer(DataSpec(dataset=Xor(), samples=1000), NetworkSpec(hidden=(HiddenLayer(8, Linear()),)))
    biased.train(20)
    first, second = gaps(errors(biased), best=0.0)
    assert first.kind == "avoidable_bias" and first.matters and first.size > max(0.2, 3 * second.size)

    few = DataSpec(dataset=Circle(), samples=400, train_share=0.1, noise=0.1, label_noise=0.2)
    wide = (HiddenLayer(64, Tanh()), HiddenLayer(64, Tanh()))
    varied = Trainer(few, NetworkSpec(hidden=wide, learning_rate=0.3, batch_size=10))
    varied.train(800)
    first, second = gaps(errors(varied), best=0.2)
    assert second.kind == "variance" and second.matters and not first.matters
