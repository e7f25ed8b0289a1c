"""Laws of every optimizer: the rule is the rule (one step by hand) and a parabola's minimum is found.

Most are called with a gradient and give an update; those with a line search evaluate the objective themselves. What is
true of both is tested through `descend`, the rest through `Memory` and `Landscape`.
"""

from dataclasses import fields
from itertools import pairwise
from typing import get_type_hints

import numpy as np
import pytest
from annotated_types import Interval

from engine.optimizers import (
    LBFGS,
    OPTIMIZERS,
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    ClassicalMomentum,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
)

UPDATING = {name: cls for name, cls in OPTIMIZERS.items() if not cls.line_search}
SEARCHING = {name: cls for name, cls in OPTIMIZERS.items() if cls.line_search}


def settings(cls):
    """Every choice of a component's yes/no fields, and its other fields inside their ranges, one at a time."""
    hints = get_type_hints(cls, include_extras=True)
    yield cls()
    for field in fields(cls):
        if isinstance(field.default, bool):
            yield cls(**{field.name: not field.default})
            continue
        interval = next(note for note in hints[field.name].__metadata__ if isinstance(note, Interval))
        for share in (0.25, 0.5, 0.75):
            yield cls(**{field.name: type(field.default)(interval.ge + share * (interval.le - interval.ge))})


def each(family):
    return [pytest.param(member, id=repr(member)) for cls in family.values() for member in settings(cls)]


class Memory:
    """An optimizer with its slots and step counter."""

    def __init__(self, optimizer, shape=(1, 1), dtype=np.float64):
        self.optimizer, self.t = optimizer, 0
        self.slots = np.zeros((optimizer.slot_count(), *shape), dtype)

    def step(self, g, learning_rate, w=None, mask=None):
        """The update for gradient ``g``; at zero weights, which all count as weights, unless told otherwise."""
        self.t += 1
        g = np.array(g, self.slots.dtype)
        w = np.zeros_like(g) if w is None else w
        mask = np.ones_like(g[0]) if mask is None else mask
        out, kept, kept_mask = np.full_like(g, np.nan), w.copy(), mask.copy()
        self.optimizer.update(g, w, mask, np.asarray(learning_rate, g.dtype), self.t, self.slots, out)
        np.testing.assert_array_equal(w, kept)
        np.testing.assert_array_equal(mask, kept_mask)
        return out


class Landscape:
    """An objective that writes its gradient into one buffer, as the trainer does, and counts its evaluations."""

    def __init__(self, objective, gradient, w):
        self.objective, self.gradient, self.w = objective, gradient, w
        self.buffers, self.count = (np.empty(len(w), w.dtype), np.empty_like(w)), 0

    def evaluate(self):
        self.count += 1
        self.buffers[0][...] = self.objective(self.w)
        self.buffers[1][...] = self.gradient(self.w)
        return self.buffers


def search(optimizer, objective, gradient, w, iterations):
    """So many iterations from ``w``, which is changed. Returns the objective after each, and the landscape."""
    landscape, reached = Landscape(objective, gradient, w), []
    slots = np.zeros((optimizer.slot_count(), *w.shape), w.dtype)
    for t in range(1, iterations + 1):
        optimizer.search(w, landscape.evaluate, slots, t, np.asarray(0.1, w.dtype))
        reached.append(np.array(objective(w)))
    return np.array(reached), landscape


def descend(optimizer, objective, gradient, w, rate, steps):
    if optimizer.line_search:
        search(optimizer, objective, gradient, w, 20)
        return
    memory, no_weights = Memory(optimizer, w.shape, w.dtype), np.zeros_like(w[0])
    for share in (1.0, 0.2, 0.04, 0.008):  # smaller steps at the end stop the jitter
        for _ in range(steps):
            w -= memory.step(gradient(w), rate * share, w, no_weights)


CURVATURE, MINIMUM = np.array([[1.0, 8.0], [2.0, 0.5]]), np.array([[1.0, -2.0], [0.5, 3.0]])


@pytest.mark.parametrize("rule", each(OPTIMIZERS))
def test_reaches_the_minimum_of_a_parabola(rule):
    # J = ½ Σ c (w − w*)², steep in one direction and flat in the other. η c = 1.2 is stable for all: plain descent can
    # take 2, Nesterov momentum with β = 0.9 can take 1.36.
    w = np.zeros((2, 2))
    descend(
        rule,
        lambda w: (CURVATURE * (w - MINIMUM) ** 2).sum(axis=1) / 2,
        lambda w: CURVATURE * (w - MINIMUM),
        w,
        rate=0.15,
        steps=600,
    )
    np.testing.assert_allclose(w, MINIMUM, atol=0.01)


@pytest.mark.parametrize("rule", each(OPTIMIZERS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_at_a_minimum_nothing_moves(rule, dtype):
    w = np.full((2, 3), 0.5, dtype)
    descend(rule, lambda w: np.zeros(2, dtype), np.zeros_like, w, rate=0.15, steps=3)
    assert w.dtype == dtype
    assert (w == 0.5).all()


@pytest.mark.parametrize("rule", each(UPDATING))
def test_the_first_step_goes_downhill(rule):
    g = np.array([[3.0, -0.2, 1e-3, -40.0]])
    update = Memory(rule, g.shape).step(g, 0.1)
    np.testing.assert_array_equal(np.sign(update), np.sign(g))


@pytest.mark.parametrize("rule", each(UPDATING))
def test_the_update_is_in_proportion_to_the_learning_rate(rule):
    memories = Memory(rule, (2, 3)), Memory(rule, (2, 3))
    rng = np.random.default_rng(1)
    for _ in range(5):
        g, w = rng.standard_normal((2, 2, 3))
        np.testing.assert_allclose(memories[0].step(g, 0.4, w), 4 * memories[1].step(g, 0.1, w), rtol=1e-12)


@pytest.mark.parametrize("rule", each(UPDATING))
def test_biases_do_not_decay(rule):
    # where the mask is 0 the update does not depend on the parameters
    rng, mask = np.random.default_rng(1), np.array([1.0, 0.0, 1.0, 0.0])
    here, there = Memory(rule, (2, 4)), Memory(rule, (2, 4))
    for _ in range(5):
        g, w = rng.standard_normal((2, 2, 4))
        updates = here.step(g, 0.1, w, mask), there.step(g, 0.1, w + 1, mask)
        np.testing.assert_array_equal(updates[0][:, 1::2], updates[1][:, 1::2])


@pytest.mark.parametrize("cls", UPDATING.values(), ids=UPDATING)
def test_every_network_has_its_own_rate_and_parameters(cls):
    hints, members = get_type_hints(cls, include_extras=True), []
    for share in (0.3, 0.6, 0.9):
        values = {}
        for field in fields(cls):
            if isinstance(field.default, float):
                interval = next(note for note in hints[field.name].__metadata__ if isinstance(note, Interval))
                values[field.name] = interval.ge + share * (interval.le - interval.ge)
        members.append(cls(**values))
    rates = np.array([[0.1], [0.2], [0.3]])
    together = Memory(Optimizer.stack(members, np.float64, axes=1), (3, 4))
    alone = [Memory(member, (1, 4)) for member in members]
    rng = np.random.default_rng(2)
    for _ in range(5):
        g, w = rng.standard_normal((2, 3, 4))
        updates = together.step(g, rates, w)
        for k in range(3):
            one = slice(k, k + 1)
            np.testing.assert_allclose(updates[one], alone[k].step(g[one], rates[k], w[one]), rtol=1e-12)


@pytest.mark.parametrize("rule", each(UPDATING))
def test_in_single_precision_it_takes_the_same_steps(rule):
    short = rule.for_type(np.float32)
    assert short == rule and all(constant.dtype == np.float32 for constant in short.constants)
    assert [*short.constants] == [np.float32(number) for number in rule.numbers()]  # 1 − β is rounded once, as a whole
    single, double = Memory(short, (1, 4), np.float32), Memory(rule, (1, 4))
    rng = np.random.default_rng(3)
    for _ in range(20):
        g, w = rng.standard_normal((2, 1, 4)).astype(np.float32)
        step = single.step(g, 0.1, w)
        np.testing.assert_allclose(step, double.step(g, 0.1, w.astype(np.float64)), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("rule", each(OPTIMIZERS))
def test_slots_are_counted(rule):
    assert isinstance(rule.slot_count(), int) and rule.slot_count() >= 0
    assert rule.full_batch or not rule.line_search  # a search on a batch would fit the batch


def test_sgd_by_hand():
    # η g = 0.1 · 0.5 = 0.05, and no memory of it
    memory = Memory(SGD())
    assert memory.step([[0.5]], 0.1)[0, 0] == pytest.approx(0.05)
    assert memory.step([[-2.0]], 0.1)[0, 0] == pytest.approx(-0.2)


def test_momentum_by_hand():
    # β = 0.9, g = 2: v = 0.9 · 0 + 0.1 · 2 = 0.2, update 0.5 · 0.2 = 0.1
    # then g = −1:    v = 0.9 · 0.2 − 0.1 · 1 = 0.08, update 0.5 · 0.08 = 0.04: still going the old way
    memory = Memory(Momentum(beta=0.9))
    assert memory.step([[2.0]], 0.5)[0, 0] == pytest.approx(0.1)
    assert memory.step([[-1.0]], 0.5)[0, 0] == pytest.approx(0.04)


def test_momentum_is_an_exponential_average():
    # v_t = (1 − β) Σ β^(t−s) g_s
    beta, gradients = 0.7, np.random.default_rng(3).standard_normal(10)
    memory = Memory(Momentum(beta=beta))
    for t in range(10):
        average = (1 - beta) * sum(beta ** (t - s) * gradients[s] for s in range(t + 1))
        assert memory.step([[gradients[t]]], 0.5)[0, 0] == pytest.approx(0.5 * average, rel=1e-12)


def test_momentum_equals_the_classical_form_at_a_smaller_rate():
    # classical: v ← βv + g, w ← w − η(1 − β)v
    beta, rate, v = 0.9, 0.3, 0.0
    memory = Memory(Momentum(beta=beta))
    for g in np.random.default_rng(4).standard_normal(10):
        v = beta * v + g
        assert memory.step([[g]], rate)[0, 0] == pytest.approx(rate * (1 - beta) * v, rel=1e-12)


def test_momentum_without_memory_is_sgd():
    sgd, momentum = Memory(SGD(), (1, 3)), Memory(Momentum(beta=0.0), (1, 3))
    for g in np.random.default_rng(5).standard_normal((5, 1, 3)):
        np.testing.assert_allclose(momentum.step(g, 0.1), sgd.step(g, 0.1), rtol=1e-12, atol=1e-15)


def test_adam_by_hand():
    # β1 = 0.9, β2 = 0.99, η = 0.1. g = 3: m = 0.3, v = 0.09; m̂ = 0.3/0.1 = 3, v̂ = 0.09/0.01 = 9: 0.1 · 3/3 = 0.1
    # then g = −1: m = 0.9 · 0.3 − 0.1 = 0.17, v = 0.99 · 0.09 + 0.01 = 0.0991;
    #   m̂ = 0.17/(1 − 0.81) = 0.17/0.19, v̂ = 0.0991/(1 − 0.9801) = 0.0991/0.0199: 0.1 · 0.894737/2.231575 = 0.0400944
    memory = Memory(Adam(beta1=0.9, beta2=0.99))
    assert memory.step([[3.0]], 0.1)[0, 0] == pytest.approx(0.1, rel=1e-7)
    assert memory.step([[-1.0]], 0.1)[0, 0] == pytest.approx(0.0400944, rel=1e-5)


@pytest.mark.parametrize("beta1", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("beta2", [0.5, 0.999])
def test_adams_first_step_is_the_learning_rate_whatever_the_gradient(beta1, beta2):
    g = np.array([[1e3, -7.0, 0.02, -0.02]])
    update = Memory(Adam(beta1=beta1, beta2=beta2), g.shape).step(g, 0.03)
    np.testing.assert_allclose(update, 0.03 * np.sign(g), rtol=1e-6)


def test_classical_momentum_by_hand():
    # β = 0.9, g = 2: v = 2, update 0.5 · 2 = 1; then g = −1: v = 0.9 · 2 − 1 = 0.8, update 0.4
    memory = Memory(ClassicalMomentum(beta=0.9))
    assert memory.step([[2.0]], 0.5)[0, 0] == pytest.approx(1.0)
    assert memory.step([[-1.0]], 0.5)[0, 0] == pytest.approx(0.4)


def test_nesterov_by_hand():
    # β = 0.9, g = 2: v = 2, update 0.5 (2 + 0.9 · 2) = 1.9; then g = −1: v = 0.8, update 0.5 (−1 + 0.9 · 0.8) = −0.14
    memory = Memory(Nesterov(beta=0.9))
    assert memory.step([[2.0]], 0.5)[0, 0] == pytest.approx(1.9)
    assert memory.step([[-1.0]], 0.5)[0, 0] == pytest.approx(-0.14)


def test_adagrad_by_hand():
    # g = 3: v = 9, update 0.1 · 3/3; then g = 4: v = 25, update 0.1 · 4/5
    memory = Memory(AdaGrad())
    assert memory.step([[3.0]], 0.1)[0, 0] == pytest.approx(0.1)
    assert memory.step([[4.0]], 0.1)[0, 0] == pytest.approx(0.08)


def test_rmsprop_by_hand():
    # β = 0.9, g = 2: v = 0.1 · 4 = 0.4, update 0.1 · 2/√0.4; then g = −1: v = 0.9 · 0.4 + 0.1 = 0.46, −0.1/√0.46
    memory = Memory(RMSProp(beta=0.9))
    assert memory.step([[2.0]], 0.1)[0, 0] == pytest.approx(0.2 / np.sqrt(0.4))
    assert memory.step([[-1.0]], 0.1)[0, 0] == pytest.approx(-0.1 / np.sqrt(0.46))


def test_without_bias_correction_adams_first_step_is_too_long():
    # (1 − β1)/√(1 − β2) = 0.1/√0.001
    g = np.array([[1e3, -7.0, 0.02]])
    update = Memory(Adam(bias_correction=False), g.shape).step(g, 0.03)
    np.testing.assert_allclose(update, 0.03 * np.sign(g) * 0.1 / np.sqrt(0.001), rtol=1e-4)


def test_the_bias_correction_wears_off():
    corrected, plain = (Memory(Adam(beta2=0.99, bias_correction=on)) for on in (True, False))
    for _ in range(2000):
        updates = corrected.step([[0.7]], 0.1)[0, 0], plain.step([[0.7]], 0.1)[0, 0]
    assert updates[0] == pytest.approx(updates[1], rel=1e-6)


def test_adamw_is_adam_and_a_share_of_every_weight():
    adam, adamw = Memory(Adam(), (2, 3)), Memory(AdamW(weight_decay=0.2), (2, 3))
    rng, mask = np.random.default_rng(6), np.array([1.0, 1.0, 0.0])
    for _ in range(5):
        g, w = rng.standard_normal((2, 2, 3))
        decay = 0.1 * 0.2 * w * mask
        np.testing.assert_allclose(adamw.step(g, 0.1, w, mask), adam.step(g, 0.1, w, mask) + decay, rtol=1e-12)


# ---- optimizers with a line search ----


def valley(w):
    """Rosenbrock's: a narrow bent valley with the minimum 0 at 1, summed over pairs of neighbours."""
    return (100 * (w[:, 1:] - w[:, :-1] ** 2) ** 2 + (1 - w[:, :-1]) ** 2).sum(axis=1)


def valley_gradient(w):
    g = np.zeros_like(w)
    across = w[:, 1:] - w[:, :-1] ** 2
    g[:, 1:] += 200 * across
    g[:, :-1] -= 400 * across * w[:, :-1] + 2 * (1 - w[:, :-1])
    return g


STARTS = np.array([[-1.2, 1.0, -0.5, 0.8], [2.0, -1.0, 0.0, 3.0], [0.0, 0.0, 0.0, 0.0]])


@pytest.mark.parametrize("rule", each(SEARCHING))
def test_finds_the_end_of_a_bent_valley_from_every_start(rule):
    w = STARTS[:, :3].copy()
    search(rule, valley, valley_gradient, w, 100)
    np.testing.assert_allclose(w, 1, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", each(SEARCHING))
def test_the_objective_never_rises(rule, dtype):
    w = STARTS.astype(dtype)
    before = valley(w)
    reached, _ = search(rule, valley, valley_gradient, w, 60)
    assert w.dtype == dtype and np.isfinite(w).all()
    for now in reached:
        assert (now <= before).all()
        before = now
    assert (before < 1e-3 * valley(STARTS)).all()


@pytest.mark.parametrize("cls", SEARCHING.values(), ids=SEARCHING)
def test_networks_search_independently(cls):
    together = STARTS.copy()
    search(cls(), valley, valley_gradient, together, 12)
    for k in range(3):
        alone = STARTS[k : k + 1].copy()
        search(cls(), valley, valley_gradient, alone, 12)
        np.testing.assert_allclose(together[k : k + 1], alone, rtol=1e-9)


@pytest.mark.parametrize("cls", SEARCHING.values(), ids=SEARCHING)
def test_a_network_that_cannot_go_on_does_not_hold_up_the_others(cls):
    # the first network's objective is a lie (it rises along −g), the second has diverged, the third has nothing to do
    def objective(w):
        return np.array([-valley(w[:1])[0], np.nan, 1.0, valley(w[3:])[0]])

    def gradient(w):
        return np.concatenate(
            [valley_gradient(w[:1]), np.full((1, 4), np.nan), np.zeros((1, 4)), valley_gradient(w[3:])]
        )

    w = np.concatenate([STARTS[:1], STARTS])
    kept, alone = w.copy(), STARTS[2:].copy()
    with np.errstate(invalid="ignore"):
        search(cls(), objective, gradient, w, 10)
    np.testing.assert_array_equal(w[:3], kept[:3])
    search(cls(), valley, valley_gradient, alone, 10)
    np.testing.assert_allclose(w[3:], alone, rtol=1e-9)


@pytest.mark.parametrize("cls", SEARCHING.values(), ids=SEARCHING)
def test_an_iteration_costs_few_evaluations(cls):
    w = STARTS[:1].copy()
    _, landscape = search(cls(), valley, valley_gradient, w, 40)
    assert landscape.count < 40 * 3.5
    stuck = Landscape(lambda w: -valley(w), valley_gradient, STARTS[:1].copy())
    slots = np.zeros((cls().slot_count(), 1, 4))
    cls().search(stuck.w, stuck.evaluate, slots, 1, np.asarray(0.1))
    assert stuck.count == 22  # where it stands, the first step, 20 halvings
    assert (slots == 0).all()  # and nothing is remembered


def test_lbfgs_first_step_is_cautious_and_its_memory_is_a_ring():
    # ‖g‖₁ = 16 + 8: the first step is −g/24, which falls enough: J is a parabola with curvature 8 at most
    w = np.zeros((1, 2))
    curvature, minimum = np.array([[8.0, 1.0]]), np.array([[2.0, -8.0]])
    landscape = Landscape(
        lambda w: (curvature * (w - minimum) ** 2).sum(axis=1) / 2, lambda w: curvature * (w - minimum), w
    )
    optimizer = LBFGS(memory=3)
    slots, path = np.zeros((6, 1, 2)), [w.copy()]
    for t in range(1, 5):
        optimizer.search(w, landscape.evaluate, slots, t, np.asarray(1.0))
        path.append(w.copy())
        if t == 1:
            np.testing.assert_allclose(w, np.array([[16.0, -8.0]]) / 24)
    steps = [after - before for before, after in pairwise(path)]
    np.testing.assert_allclose(slots[:3], [steps[3], steps[1], steps[2]], atol=1e-15)  # the fourth replaced the first
    np.testing.assert_allclose(slots[3:], curvature * slots[:3], atol=1e-12)  # y = H⁻¹s


def test_lbfgs_leaves_out_pairs_that_bend_the_wrong_way():
    # J = −w²: down the flank of a hill the gradient grows, so that sᵀy < 0
    w = np.array([[0.1], [0.1]])
    landscape = Landscape(lambda w: -(w[:, 0] ** 2), lambda w: -2 * w, w)
    slots = np.zeros((20, 2, 1))
    LBFGS().search(w, landscape.evaluate, slots, 1, np.asarray(1.0))
    assert (w > 0.1).all()  # it did go downhill
    assert (slots == 0).all()
