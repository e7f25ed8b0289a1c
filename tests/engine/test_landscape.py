"""Laws of the loss landscape: its middle is the network, its directions are as long as the weights, by filters."""

from dataclasses import replace

import numpy as np
import pytest

from engine import CATALOG, DataSpec, HiddenLayer, NetworkSpec, Trainer
from engine.ablation import Off
from engine.landscape import BUDGET, CELLS, FEWEST, chosen, coordinates, directions, landscape, places

FEW = DataSpec(samples=60)
KINDS = {
    "plain": NetworkSpec(hidden=(HiddenLayer(5), HiddenLayer(4))),
    "none": NetworkSpec(hidden=()),
    "normalized": NetworkSpec(hidden=(HiddenLayer(4),) * 3, batch_norm=True, residual=True),
    "learned": NetworkSpec(
        hidden=tuple(HiddenLayer(4, CATALOG["activations"][name]()) for name in ("prelu", "maxout"))
    ),
    "dropout": NetworkSpec(regularizers=(CATALOG["regularizers"]["plain_dropout"](),)),
}


def trained(spec: NetworkSpec, data: DataSpec = FEW) -> Trainer:
    trainer = Trainer(data, spec)
    trainer.train(3)
    return trainer


def filters(trainer: Trainer, flat: np.ndarray) -> list[np.ndarray]:
    return [np.linalg.norm(view, axis=-1) for view in trainer.network.views("weights", flat)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_middle_is_the_training_loss(kind):
    trainer = trained(KINDS[kind])
    found = landscape(trainer, seed=1, side=5)
    middle = len(found.steps) // 2
    assert found.steps[middle] == 0
    assert found.loss[middle, middle] == pytest.approx(trainer.evaluate().train_loss[0], rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_directions_are_as_long_as_the_weights_filter_by_filter(kind):
    trainer = trained(KINDS[kind])
    drawn = directions(trainer, np.random.default_rng(3))
    for direction in drawn:
        for own, theirs in zip(
            filters(trainer, trainer.network.parameters[0]), filters(trainer, direction), strict=True
        ):
            np.testing.assert_allclose(theirs, own, rtol=1e-5)
    others = np.ones(drawn.shape[1], bool)
    for view in trainer.network.views("weights", others):
        view[...] = False
    assert not drawn[:, others].any()
    assert np.abs(drawn[0] - drawn[1]).max() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_every_place_has_the_loss_that_a_network_has_there(kind):
    trainer = trained(KINDS[kind])
    found = landscape(trainer, seed=2, reach=0.7, side=3)
    parameters = trainer.network.parameters[0]
    for i, up in enumerate(found.steps):
        for j, right in enumerate(found.steps):
            parameters[...] = found.centre + right * found.directions[0] + up * found.directions[1]
            assert found.loss[i, j] == pytest.approx(trainer.evaluate().train_loss[0], rel=1e-4)
    parameters[...] = found.centre


def test_nothing_changes_and_equal_seeds_give_equal_landscapes():
    trainer, twin = trained(KINDS["normalized"]), trained(KINDS["normalized"])
    first, again, other = (landscape(trainer, seed, side=5) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first.loss, again.loss)
    assert np.abs(first.loss - other.loss).max() > 0
    trainer.train(2)
    twin.train(2)
    np.testing.assert_array_equal(trainer.network.parameters, twin.network.parameters)


def test_what_is_switched_off_stays_off():
    trainer = trained(KINDS["normalized"])
    trainer.switch(Off(frozenset({1, 4}), frozenset({(1, 2, 0)})))
    found = landscape(trainer, seed=1, side=3)
    assert found.loss[1, 1] == pytest.approx(trainer.evaluate().train_loss[0], rel=1e-5)
    still = trainer.network.still
    assert still is not None and not found.directions[:, still].any()


def test_places_in_the_plane_are_found_again():
    trainer = trained(KINDS["plain"])
    found = landscape(trainer, seed=6, side=3)
    wanted = np.array([[0.0, 0.0], [0.5, -0.25], [-3.0, 2.0]])
    np.testing.assert_allclose(coordinates(found, found.centre + wanted @ found.directions), wanted, atol=1e-5)
    # What is off the plane does not count.
    q, _ = np.linalg.qr(found.directions.T.astype(float), mode="complete")
    np.testing.assert_allclose(coordinates(found, found.centre + 5 * q[:, 2]), 0, atol=1e-4)


def test_large_networks_have_fewer_places_and_always_a_middle():
    small = Trainer(DataSpec(), NetworkSpec())
    large = Trainer(DataSpec(samples=2000), NetworkSpec(hidden=(HiddenLayer(128),) * 8))
    assert places(small) == CELLS
    assert places(large) == FEWEST
    assert len(chosen(small, CELLS)) == small.n_train
    for trainer in (small, large, Trainer(DataSpec(), NetworkSpec(hidden=(HiddenLayer(40),) * 3))):
        assert places(trainer) % 2 == 1


def test_a_loss_that_overflows_is_no_error():
    trainer = Trainer(replace(FEW, dataset=CATALOG["datasets"]["plane"]()), NetworkSpec(hidden=(HiddenLayer(4),) * 3))
    trainer.network.parameters *= 1e12
    found = landscape(trainer, seed=1, side=3)
    assert not np.isfinite(found.loss).all()


def test_of_a_population_each_network_has_its_own():
    trainer = Trainer(FEW, *(NetworkSpec(seed=seed) for seed in (1, 2)))
    trainer.train(2)
    losses = trainer.evaluate().train_loss
    for network in range(2):
        assert landscape(trainer, 1, side=3, network=network).loss[1, 1] == pytest.approx(losses[network], rel=1e-5)


def test_along_ways_all_points_of_a_plane_are_in_view():
    trainer = trained(KINDS["normalized"])
    end = trainer.network.parameters[0]
    rng = np.random.default_rng(8)
    two = rng.standard_normal((2, len(end)))
    points = (end + rng.uniform(-3, 3, (5, 2)) @ two).astype(np.float32)
    found = landscape(trainer, seed=1, side=3, points=points)
    assert found.loss[1, 1] == pytest.approx(trainer.evaluate().train_loss[0], rel=1e-5)
    first, second = found.directions
    assert abs(first @ second) < 1e-4 * (first @ first)
    places = coordinates(found, points)
    assert np.abs(places).max() == pytest.approx(1 / 1.2, rel=1e-3)
    np.testing.assert_allclose(found.centre + places @ found.directions, points, atol=1e-3)


@pytest.mark.parametrize("count", [1, 2])
def test_without_a_way_or_with_one_only_random_directions_help_out(count):
    trainer = trained(KINDS["plain"])
    end = trainer.network.parameters[0]
    drawn = directions(trainer, np.random.default_rng(1))
    np.testing.assert_array_equal(landscape(trainer, 1, side=3, points=end[np.newaxis]).directions, drawn)
    start = end + np.linspace(0, 1, len(end), dtype=np.float32)
    found = landscape(trainer, 1, side=3, points=np.stack([start] * count))
    np.testing.assert_allclose(np.abs(coordinates(found, start)), [[1 / 1.2, 0]], atol=1e-4)


@pytest.mark.parametrize("lost", [np.nan, np.inf, np.finfo(np.float32).max])
def test_ways_to_where_numbers_overflow_spoil_no_picture(lost):
    trainer = trained(KINDS["plain"])
    points = np.stack([trainer.network.parameters[0]] * 3)
    points[0] += 0.1
    points[1] = lost
    found = landscape(trainer, seed=1, side=3, points=points)
    assert np.isfinite(found.loss[1, 1])
    assert np.isfinite(landscape(trainer, seed=1, side=3, points=points[1:2]).loss[1, 1])


def test_the_largest_networks_are_seen_on_some_of_the_points_always_the_same():
    spec = NetworkSpec(hidden=(HiddenLayer(128, CATALOG["activations"]["maxout"](pieces=5)),) * 8)
    trainer = Trainer(DataSpec(samples=2000, train_share=0.9), spec)
    some = chosen(trainer, places(trainer))
    assert len(some) * FEWEST**2 * trainer.network.parameters.size <= BUDGET
    np.testing.assert_array_equal(some, chosen(trainer, places(trainer)))
    assert len(set(some)) == len(some) and 0 <= some.min() and some.max() < trainer.n_train
    found = landscape(trainer, seed=1)
    assert found.points == len(some)
    at_some = trainer.loss.loss(trainer.logits(trainer.x[:, some]), trainer.targets[:, some])
    assert found.loss[FEWEST // 2, FEWEST // 2] == pytest.approx(float(np.ravel(at_some)[0]), rel=1e-4)
