"""Laws of every optimizer: the rule is the rule (one step by hand) and a parabola's minimum is found."""

from dataclasses import fields

import numpy as np
import pytest

from engine.optimizers import SGD, Adam, Momentum, Optimizer


class Memory:
    """An optimizer with its slots and step counter."""

    def __init__(self, optimizer, shape=(1, 1), dtype=np.float64):
        self.optimizer, self.t = optimizer, 0
        self.slots = np.zeros((optimizer.slots, *shape), dtype)

    def step(self, g, learning_rate):
        """The update for gradient ``g``."""
        self.t += 1
        g = np.array(g, self.slots.dtype)
        out = np.full_like(g, np.nan)
        self.optimizer.update(g, np.asarray(learning_rate, g.dtype), self.t, self.slots, out)
        return out


def test_reaches_the_minimum_of_a_parabola(optimizer):
    # J = ½ Σ c (w − w*)², steep in one direction and flat in the other; η c < 2 keeps plain descent stable.
    curvature, minimum = np.array([[1.0, 8.0], [2.0, 0.5]]), np.array([[1.0, -2.0], [0.5, 3.0]])
    memory, w = Memory(optimizer, curvature.shape), np.zeros((2, 2))
    for rate, steps in ((0.05, 400), (0.01, 400), (0.002, 400)):  # a smaller step at the end stops the jitter
        for _ in range(steps):
            w -= memory.step(curvature * (w - minimum), rate)
    np.testing.assert_allclose(w, minimum, atol=0.01)


def test_the_first_step_goes_downhill(optimizer):
    g = np.array([[3.0, -0.2, 1e-3, -40.0]])
    update = Memory(optimizer, g.shape).step(g, 0.1)
    np.testing.assert_array_equal(np.sign(update), np.sign(g))


def test_no_gradient_no_update(optimizer):
    memory = Memory(optimizer, (2, 3))
    for _ in range(3):
        assert (memory.step(np.zeros((2, 3)), 0.1) == 0).all()


def test_the_update_is_in_proportion_to_the_learning_rate(optimizer):
    memories = Memory(optimizer, (2, 3)), Memory(optimizer, (2, 3))
    rng = np.random.default_rng(1)
    for _ in range(5):
        g = rng.standard_normal((2, 3))
        np.testing.assert_allclose(memories[0].step(g, 0.4), 4 * memories[1].step(g, 0.1), rtol=1e-12)


def test_every_network_has_its_own_rate_and_parameters(default_optimizer):
    cls = type(default_optimizer)
    names = [field.name for field in fields(cls)]
    members = [cls(**{name: value for name in names}) for value in (0.5, 0.8, 0.9)]
    rates = np.array([[0.1], [0.2], [0.3]])
    together = Memory(Optimizer.stack(members, np.float64, axes=1), (3, 4))
    alone = [Memory(member, (1, 4)) for member in members]
    rng = np.random.default_rng(2)
    for _ in range(5):
        g = rng.standard_normal((3, 4))
        updates = together.step(g, rates)
        for k in range(3):
            np.testing.assert_allclose(updates[k : k + 1], alone[k].step(g[k : k + 1], rates[k]), rtol=1e-12)


def test_float32_stays_float32(optimizer):
    memory = Memory(optimizer, (1, 2), np.float32)
    memory.step([[1.0, -2.0]], 0.1)
    assert memory.step([[1.0, -2.0]], 0.1).dtype == memory.slots.dtype == np.float32


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
