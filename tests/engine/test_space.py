"""The space of a layer: two of its units as they are, or the directions in which they vary most, which do not turn over
from one moment to the next."""

import numpy as np
import pytest

from engine import DataSpec, HiddenLayer, NetworkSpec, Trainer
from engine.ablation import Off
from engine.activations import Maxout, Tanh
from engine.datasets import PLANE
from engine.space import principal, space

DATA = DataSpec(samples=120, noise=0.1)


def trainer_of(*widths, epochs=2, activation=Tanh, **settings):
    hidden = tuple(HiddenLayer(width, activation()) for width in widths)
    trainer = Trainer(DATA, NetworkSpec(hidden=hidden, **settings), dtype=np.float64)
    trainer.train(epochs)
    return trainer


@pytest.mark.parametrize("settings", [{}, {"activation": Maxout}, {"batch_norm": True}])
def test_two_units_are_what_they_put_out(settings, by_hand):
    trainer = trainer_of(4, 3, **settings)
    side = np.linspace(*PLANE, 5)
    places = np.array([[x1, x2] for x2 in side[::-1] for x1 in side]).T
    layers, logits = by_hand(trainer, 0, trainer.data.points)
    over_plane, far = by_hand(trainer, 0, places)
    for layer, units in ((1, (3, 0)), (2, (2, 1))):
        seen = space(trainer, layer, units, steps=4)
        np.testing.assert_allclose(seen.points, layers[layer - 1]["a"][list(units)], atol=1e-12)
        np.testing.assert_allclose(seen.lattice.reshape(2, -1), over_plane[layer - 1]["a"][list(units)], atol=1e-12)
        np.testing.assert_allclose(seen.logits.reshape(2, -1), far, atol=1e-12)
    np.testing.assert_allclose(space(trainer, 3, (0, 1)).points, logits, atol=1e-12)
    np.testing.assert_allclose(space(trainer, 0, (1, 0)).points, trainer.x[[1, 0]], atol=1e-12)


@pytest.mark.parametrize("settings", [{}, {"batch_norm": True}])
def test_a_residual_layer_is_seen_as_the_layers_behind_see_it(settings, by_hand):
    trainer = trainer_of(3, 3, 3, residual=True, **settings)
    trainer.switch(Off(frozenset({5})))  # in the second layer
    layers, _ = by_hand(trainer, 0, trainer.data.points)
    for layer in (1, 2):
        for units in ((0, 1), (2, 0)):
            handed_on = layers[layer]["inputs"][list(units)]
            handed_on = handed_on * [[layer == 1 or unit > 0] for unit in units]
            np.testing.assert_allclose(space(trainer, layer, units).points, handed_on, atol=1e-12)
    assert np.abs(layers[2]["inputs"] - layers[1]["a"]).max() > 0.1, "there is something around it"


def test_principal_components_are_the_directions_of_most_variance():
    trainer = trainer_of(6)
    seen = space(trainer, 1)
    trainer.layout(trainer.n_train).forward(trainer.x[:, trainer.train_part])
    values = trainer.layout(trainer.n_train).hidden[0].a
    variances = np.sort(np.linalg.eigvalsh(np.cov(values, bias=True)))[::-1]
    np.testing.assert_allclose(seen.share, variances[:2] / variances.sum())
    np.testing.assert_allclose(seen.axes @ seen.axes.T, np.eye(2), atol=1e-12)
    own = seen.points[:, trainer.train_part]
    np.testing.assert_allclose(own.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(np.cov(own, bias=True), np.diag(variances[:2]), atol=1e-12)


def test_components_keep_their_sides_from_one_moment_to_the_next():
    """The direction of most variance goes all the way round: without the one before, it would turn over on the way."""
    rng = np.random.default_rng(1)
    cloud = rng.standard_normal((2, 200)) * [[3.0], [1.0]]
    axes, turned = None, 0
    for angle in np.linspace(0, 2 * np.pi, 100):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        found = principal(turn @ cloud, axes)
        if axes is not None:
            assert ((found * axes).sum(axis=1) > 0.9).all()
            turned += (found * principal(turn @ cloud)).sum(axis=1).min() < 0
        axes = found
    assert turned
    np.testing.assert_array_equal(principal(cloud, -principal(cloud)), -principal(cloud))


def test_components_keep_their_places_where_their_variances_cross():
    rng = np.random.default_rng(1)
    cloud = rng.standard_normal((4, 300))
    cloud -= cloud.mean(axis=1, keepdims=True)
    cloud = np.linalg.inv(np.linalg.cholesky(cloud @ cloud.T / 300)) @ cloud  # nothing goes with anything else
    turn, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    axes, crossed = None, 0
    for first in np.linspace(3, 1, 50):
        values = turn @ (cloud * [[first], [2.01], [0.5], [0.4]])
        own = principal(values)
        found = principal(values, axes)
        np.testing.assert_allclose(found.T @ found, own.T @ own, atol=1e-9, err_msg="they are the first two")
        if axes is not None:
            assert ((found * axes).sum(axis=1) > 0.99).all()
            crossed += np.abs(found[0] @ own[0]) < 0.5
        axes = found
    assert 10 < crossed < 40
    # A third that becomes the first takes the place of the second.
    found = principal(turn @ (cloud * [[0.5], [2.01], [3], [0.4]]), axes)
    np.testing.assert_allclose(np.abs(found @ turn), np.eye(4)[[2, 1]], atol=1e-6)


def test_components_of_few_units():
    one = principal(np.array([[1.0, -2.0, 4.0]]))
    np.testing.assert_array_equal(one, [[1], [0]])
    assert not space(trainer_of(1), 1).points[1].any()
    assert not space(trainer_of(1), 1, (0, 0)).points[1].any()
    nothing = principal(np.zeros((3, 5)), None)
    np.testing.assert_allclose(nothing @ nothing.T, np.eye(2))


def test_a_unit_that_is_off_is_where_it_is_for_those_behind_it():
    trainer = trainer_of(3)
    trainer.switch(Off(frozenset({3})))
    seen = space(trainer, 1, (0, 1))
    assert seen.points[0].any() and not seen.points[1].any() and not seen.lattice[1].any()


@pytest.mark.parametrize(("layer", "units"), [(-1, None), (3, None), (1, (0, 3)), (1, (-1, 0))])
def test_what_there_is_not_is_refused(layer, units):
    with pytest.raises(ValueError, match="from 0 to"):
        space(trainer_of(3), layer, units)
