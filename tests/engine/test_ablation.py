"""Ablation: what is off is 0 and stays as it was, the rest trains on as if it had never been there."""

import json

import numpy as np
import pytest

from engine import DataSpec, HiddenLayer, NetworkSpec, Trainer
from engine.ablation import Off
from engine.activations import LeakyReLU, Maxout, PReLU, ReLU, Tanh
from engine.initializers import Glorot
from engine.optimizers import LBFGS, SGD, Adam, Momentum
from engine.regularizers import L2, DropConnected, Dropout, EarlyStopping, MaxNorm
from engine.tf_playground import trainer_for

DATA = DataSpec(samples=60, noise=0.1)


def units(*places):
    return Off(units=frozenset(places))


def links(*places):
    return Off(links=frozenset(places))


def spec_of(*activations, **settings):
    hidden = tuple(HiddenLayer(4, activation) for activation in activations)
    return NetworkSpec(hidden=hidden, initializer=Glorot(), bias=0.1, batch_size=10, **settings)


# Kinds of networks: units count through 2 inputs, then 4 and 4 hidden ones, then 2 outputs.
KINDS = {
    "plain": spec_of(Tanh(), ReLU()),
    "batch norm": spec_of(Tanh(), ReLU(), batch_norm=True),
    "pieces and learned slopes": spec_of(Maxout(), PReLU()),
    "adam": spec_of(Tanh(), Tanh(), optimizer=Adam()),
    "decay": spec_of(Tanh(), Tanh(), optimizer=Momentum(), regularizers=(L2(strength=0.1), MaxNorm(limit=1.0))),
    "clipped": spec_of(Tanh(), Tanh(), clip_norm=0.05, frozen=1),
    "line search": spec_of(Tanh(), Tanh(), optimizer=LBFGS(), regularizers=(L2(strength=0.01),)),
    "dropconnect": spec_of(Tanh(), Tanh(), regularizers=(DropConnected(),)),
}
OFFS = {
    "a hidden unit": units(3),
    "an input": units(0),
    "an output": units(10),
    "a weight": links((1, 2, 3)),
    "a bias": links((0, 1, None)),
    "several": Off(frozenset({2, 7}), frozenset({(2, 0, 1), (1, 0, 0), (1, 3, None)})),
}


@pytest.mark.parametrize("off", OFFS.values(), ids=OFFS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_off_is_zero_and_nothing_of_it_moves(kind, off):
    trainer = Trainer(DATA, KINDS[kind])
    trainer.train(1.5)
    network = trainer.network
    before = network.parameters.copy()
    trainer.switch(off)
    places = [network.place_of(link) for link in off.links]
    assert not network.parameters[:, places].any()
    np.testing.assert_array_equal(network.whole(), before)
    still = network.still
    assert still[places].all() and not still.all()
    trainer.train(2.5)
    np.testing.assert_array_equal(network.whole()[:, still], before[:, still])
    moved = network.whole() != before
    if kind != "clipped":
        assert moved[:, ~still].mean() > 0.5, "nothing else moved either"
    assert not network.parameters[:, places].any()
    assert not trainer.update[:, still].any()
    trainer.evaluate()
    assert not network.gradients[:, still].any()
    trained = network.whole()
    trainer.switch(Off())
    np.testing.assert_array_equal(network.parameters, trained)
    assert network.still is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_unit_that_is_off_hands_on_nothing(kind):
    """Whatever reaches it, nothing of it arrives: the networks with other weights leading to it predict the same."""
    trainer = Trainer(DATA, KINDS[kind])
    trainer.train(1)
    free = trainer.boundary(20).copy()
    trainer.switch(units(3))
    without = trainer.boundary(20).copy()
    assert not np.allclose(free, without)
    for layer, row in ((0, 1), (0, 1)):
        for column in (0, 1, None):
            trainer.network.put(0, (layer, row, column), 5.0)
    np.testing.assert_array_equal(trainer.boundary(20), without)


def test_it_equals_a_network_without_the_weights():
    """The other weights train digit for digit as in a network in which these weights are 0 and are put back to 0 after
    every step."""
    spec = KINDS["plain"]
    ablated, zeroed = Trainer(DATA, spec), Trainer(DATA, spec)
    off = Off(frozenset({4}), frozenset({(0, 0, 1), (2, 1, None)}))
    ablated.switch(off)
    cut = np.zeros(ablated.network.parameters.shape[1], bool)
    views = ablated.network.views("weights", cut)
    views[1][:, 2] = views[0][0, 1] = views[2][1, -1] = True
    zeroed.network.parameters[:, cut] = 0
    for _ in range(40):
        ablated.step()
        zeroed.step()
        zeroed.network.parameters[:, cut] = 0
        np.testing.assert_array_equal(ablated.network.parameters, zeroed.network.parameters)
    np.testing.assert_array_equal(ablated.boundary(20), zeroed.boundary(20))


def test_off_and_on_again_leaves_no_trace():
    for kind, spec in KINDS.items():
        one, other = Trainer(DATA, spec), Trainer(DATA, spec)
        one.train(1.5)
        other.train(1.5)
        for off in OFFS.values():
            one.switch(off)
        one.switch(Off())
        np.testing.assert_array_equal(one.boundary(20), other.boundary(20), err_msg=kind)
        one.train(1.5)
        other.train(1.5)
        np.testing.assert_array_equal(one.network.parameters, other.network.parameters, err_msg=kind)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "line search"])
def test_a_population_equals_the_networks_alone(kind):
    spec = KINDS[kind]
    specs = spec.seeded(3)
    together = Trainer(DATA, *specs)
    off = OFFS["several"]
    together.train(0.5)
    together.switch(off)
    together.train(1.5)
    for k, own in enumerate(specs):
        alone = Trainer(DATA, own)
        alone.train(0.5)
        alone.switch(off)
        alone.train(1.5)
        np.testing.assert_allclose(together.network.whole()[k], alone.network.whole()[0], rtol=1e-4, atol=1e-6)
        taken = together.alone(k)
        assert taken.network.off == off
        np.testing.assert_array_equal(taken.network.parameters[0], together.network.parameters[k])


def test_the_shortcut_of_a_residual_layer_is_off_too():
    trainer = Trainer(DATA, spec_of(Tanh(), Tanh(), Tanh(), residual=True))
    trainer.train(1)
    trainer.switch(units(3))
    without = trainer.boundary(20).copy()
    for column in (0, 1, None):
        trainer.network.put(0, (0, 1, column), 5.0)
    np.testing.assert_array_equal(trainer.boundary(20), without)
    rows = trainer.network.whole()[0, trainer.network.place_of((0, 1, 0))]
    trainer.train(2)
    assert trainer.network.whole()[0, trainer.network.place_of((0, 1, 0))] == rows


def test_an_output_that_is_off_is_zero():
    trainer = Trainer(DATA, KINDS["plain"])
    trainer.switch(units(11))
    assert not trainer.logits(trainer.x)[0, 1].any()


def test_a_weight_that_is_off_can_be_given_a_value_to_come_back_with():
    trainer = Trainer(DATA, *KINDS["plain"].seeded(2))
    trainer.switch(Off(frozenset({2}), frozenset({(1, 1, 1), (1, 2, None)})))
    place = trainer.network.place_of((1, 1, 1))
    trainer.network.put(1, (1, 1, 1), 2.5)
    trainer.network.put(1, (1, 2, None), -3.5)
    assert not trainer.network.parameters[:, place].any()
    trainer.switch(Off())
    assert trainer.network.parameters[1, place] == 2.5 and trainer.network.parameters[0, place] != 2.5
    assert trainer.network.biases(1)[1, 2] == -3.5


def test_it_is_part_of_the_state_and_goes_with_the_weights():
    spec = KINDS["decay"]
    first = Trainer(DATA, spec)
    first.switch(OFFS["several"])
    first.train(1.5)
    state = first.state()
    assert json.loads(json.dumps(state["off"])) == state["off"]
    second = Trainer(DATA, spec)
    second.restore(state)
    moved = Trainer(DataSpec(samples=60, noise=0.1, seed=2), spec)
    moved.go_on_from(first)
    for other in (second, moved):
        assert other.network.off == first.network.off
        np.testing.assert_array_equal(other.network.whole(), first.network.whole())
        np.testing.assert_array_equal(other.network.parameters, first.network.parameters)
    first.train(1.5)
    second.train(1.5)
    np.testing.assert_array_equal(first.network.whole(), second.network.whole())
    second.restore(Trainer(DATA, spec).state())
    assert second.network.still is None
    heir = Trainer(DATA, spec)
    heir.adopt(first, 2)
    end = heir.network.spans[2].start
    np.testing.assert_array_equal(heir.network.parameters[:, :end], first.network.whole()[:, :end])


def test_with_the_exact_trainer_of_tensorflow_playground():
    trainer = trainer_for(DataSpec(samples=60, tf_seed="0.5"), spec_of(Tanh(), optimizer=SGD()))
    trainer.train(1)
    before = trainer.network.parameters.copy()
    trainer.switch(units(3))
    trainer.train(1)
    still = trainer.network.still
    np.testing.assert_array_equal(trainer.network.whole()[:, still], before[:, still])


def test_early_stopping_watches_from_then_on():
    spec = spec_of(LeakyReLU(), regularizers=(EarlyStopping(patience=3),), learning_rate=0.3)
    trainer = Trainer(DATA, spec)
    trainer.train(300)
    assert trainer.finished
    position = trainer.position
    trainer.switch(units(3))
    assert not trainer.finished
    trainer.train(300)
    assert trainer.finished and trainer.position > position
    assert not trainer.network.parameters[:, trainer.network.place_of((1, 0, 1))].any()


@pytest.mark.parametrize(
    "off",
    [units(12), units(-1), links((3, 0, 0)), links((-1, 0, 0)), links((0, 4, 0)), links((0, 0, 2)), links((0, 0, -1))],
)
def test_what_there_is_not_cannot_be_off(off):
    trainer = Trainer(DATA, KINDS["plain"])
    before = trainer.network.parameters.copy()
    with pytest.raises(ValueError, match="is not from 0 to"):
        trainer.switch(off)
    np.testing.assert_array_equal(trainer.network.parameters, before)
    assert not trainer.network.off


def test_dropout_and_ablation_go_together():
    trainer = Trainer(DATA, spec_of(Tanh(), Tanh(), regularizers=(Dropout(),)))
    trainer.switch(units(3))
    trainer.train(2)
    assert np.isfinite(trainer.evaluate().train_loss).all()


def test_gradients_are_those_of_the_network_as_it_is_now(central_difference):
    """Also through the shortcuts of residual layers, which a unit that is off no longer takes."""
    spec = spec_of(Tanh(), Tanh(), Tanh(), residual=True)
    trainer = Trainer(DATA, spec, dtype=np.float64)
    trainer.switch(Off(frozenset({3, 8}), frozenset({(2, 0, 1), (1, 1, None)})))
    network = trainer.network
    trainer.evaluate()
    analytic = network.gradients[0].copy()
    free = ~network.still

    def loss(free_ones):
        network.parameters[0, free] = free_ones
        return trainer.evaluate().train_loss[0]

    numerical = central_difference(loss, network.parameters[0, free].copy())
    np.testing.assert_allclose(analytic[free], numerical, atol=1e-8)


def test_what_belongs_to_a_unit_that_is_off_does_not_count_in_the_penalty():
    trainer = Trainer(DATA, KINDS["decay"])
    before = trainer.penalty()
    trainer.switch(units(3))
    own, leading = trainer.network.views("weights", trainer.network.whole()[0])[:2]
    lost = 0.1 / 2 * (np.square(own[1, :-1]).sum() + np.square(leading[:, 1]).sum())
    assert lost > 0.01
    np.testing.assert_allclose(trainer.penalty(), before - lost, rtol=1e-4)
