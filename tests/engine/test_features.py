"""Laws of every input feature: one finite number a point, from that point alone."""

from dataclasses import replace

import numpy as np
import pytest

from engine import DataSpec, NetworkSpec, Trainer
from engine.component import Refused
from engine.features import FEATURES, Formula

SIDE = np.linspace(-6, 6, 25)
X1, X2 = (grid.ravel() for grid in np.meshgrid(SIDE, SIDE))

KNOWN = {  # at the point (−2, 3)
    "x1": -2.0,
    "x2": 3.0,
    "x1_squared": 4.0,
    "x2_squared": 9.0,
    "x1x2": -6.0,
    "sin_x1": -np.sin(2.0),
    "sin_x2": np.sin(3.0),
    "formula": -6 + np.sin(-6.0),
}


def test_one_finite_number_for_every_point(feature):
    values = feature.compute(X1, X2)
    assert values.shape == X1.shape
    assert np.isfinite(values).all()
    assert np.ptp(values) > 0


def test_every_point_is_treated_alone(feature):
    order = np.random.default_rng(1).permutation(len(X1))
    np.testing.assert_allclose(feature.compute(X1[order], X2[order]), feature.compute(X1, X2)[order], rtol=1e-14)
    np.testing.assert_allclose(feature.compute(X1[7:8], X2[7:8]), feature.compute(X1, X2)[7:8], rtol=1e-14)


def test_no_two_features_are_the_same():
    values = [feature().compute(X1, X2) for feature in FEATURES.values()]
    for i, first in enumerate(values):
        for second in values[:i]:
            assert np.abs(first - second).max() > 1e-3


@pytest.mark.parametrize("name", KNOWN)
def test_known_values(name):
    value = FEATURES[name]().compute(np.array([-2.0]), np.array([3.0]))
    np.testing.assert_allclose(value, [KNOWN[name]], rtol=1e-14)


def test_a_formula_is_the_feature_it_says():
    same = {"x1": "x1", "x2": "x2", "x1_squared": "x1^2", "x2_squared": "x2²", "x1x2": "x1*x2", "sin_x1": "sin(x1)"}
    for name, expression in same.items():
        expected = FEATURES[name]().compute(X1, X2)
        np.testing.assert_allclose(Formula(expression).compute(X1, X2), expected, rtol=1e-14)
    assert Formula("1").compute(X1, X2).tolist() == [1.0] * len(X1)


@pytest.mark.parametrize(
    ("expression", "position"), [("x1 +* x2", 4), ("", 0), ("3x1", 1), ("foo", 0), ("x1" * 60, 100), ("log(x1)", None)]
)
def test_a_formula_with_an_error_is_refused_when_it_is_made(expression, position):
    for make in (lambda: Formula(expression), lambda: replace(Formula(), expression=expression)):
        with pytest.raises(Refused) as caught:
            make()
        assert caught.value.field == "expression"
        where = "x1 = 0" if position is None else str(position) if expression else ""
        assert all(where in sentence for sentence in caught.value.reason)


def test_points_beside_the_plane_spoil_nothing():
    """Noise moves points out of the plane, where a formula that was fine inside may have no value."""
    beside = np.array([-7.0, -6.5, 7.0, 1e200])
    for expression in ("log(x1+6.5)", "sqrt(x1+6)", "1/(x1-7)", "1/(x1+6.5)", "exp(2*x1)", "-x1^7", "x1*(x1-1e200)*0"):
        values = Formula(expression).compute(beside, np.zeros(4))
        assert np.isfinite(values).all()
        assert np.abs(values).max() <= 1e6
    assert Formula("log(x1+6.5)").compute(beside, beside)[0] == 0


def test_computing_leaves_the_points_alone():
    x1 = np.array([np.inf, 1.0])
    Formula("x1").compute(x1, x1)
    assert x1.tolist() == [np.inf, 1.0]


def test_formulas_stand_together_and_their_order_is_theirs():
    features = (Formula("x1*x2"), FEATURES["x1"](), Formula("x1^2"), Formula())
    trainer = Trainer(DataSpec(samples=40), NetworkSpec(features=features))
    points = trainer.data.points
    raw = np.stack([feature.compute(*points) for feature in features])
    shown = trainer.inputs(points, np.float64)[:-1]
    assert shown.shape == raw.shape
    for given, kept in zip(raw, shown, strict=True):
        assert abs(np.corrcoef(given, kept)[0, 1]) == pytest.approx(1)


def test_a_formula_alone_solves_what_it_describes():
    """Without hidden layers the circle is one number: the distance from the middle."""
    spec = NetworkSpec(hidden=(), features=(Formula("sqrt(x1^2 + x2^2)"),), learning_rate=0.3)
    trainer = Trainer(DataSpec(noise=0.0), spec, NetworkSpec(hidden=(), features=spec.features, seed=2))
    trainer.train(epochs=30)
    assert trainer.evaluate().test_accuracy.min() > 0.97


def test_the_examples_are_legal_and_differ():
    notes = Formula.__annotations__["expression"].__metadata__
    setting = next(note for note in notes if hasattr(note, "suggestions"))
    examples = [Formula(str(text)) for text in setting.suggestions]
    assert len(set(examples)) == len(examples) > 3
