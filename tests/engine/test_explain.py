"""One point's way through a network equals a forward and backward pass done by hand, and the four equations hold."""

from functools import partial

import numpy as np
import pytest

from engine import DataSpec, HiddenLayer, NetworkSpec, Trainer
from engine.ablation import Off
from engine.activations import PReLU, ReLU, Tanh
from engine.datasets import Arms, Plane
from engine.explain import explain
from engine.regularizers import L2, Dropout, GaussianNoise, PlainDropout

DATA = DataSpec(dataset=Arms(classes=3), samples=60)
POINT, LABEL = np.array([1.5, -2.25]), 2
KINDS = pytest.mark.parametrize(
    "kind",
    [
        {},
        {"residual": True},
        {"batch_norm": True},
        {"batch_norm": True, "residual": True},
        {"regularizers": (PlainDropout(0.8, 0.5),)},
        {"regularizers": (L2(), Dropout(0.8, 0.5), GaussianNoise())},
    ],
    ids=str,
)


def trained(activation=None, networks=1, dtype=np.float64, **settings):
    activation = activation or Tanh()
    hidden = (HiddenLayer(4, activation), HiddenLayer(4, activation), HiddenLayer(3, activation))
    trainer = Trainer(DATA, *(NetworkSpec(hidden=hidden, seed=k, **settings) for k in range(networks)), dtype=dtype)
    trainer.train(3)
    return trainer


def slopes(trainer, k, by_hand):
    """dL/dθ of the point by central differences through the pass by hand."""
    flat = trainer.network.parameters[k].astype(np.float64)
    targets = trainer.loss.targets(np.array([LABEL]), 3, np.float64)
    point = POINT[:, np.newaxis]

    def loss(values):
        return float(trainer.loss.loss(by_hand(trainer, k, point, values)[1], targets))

    found = np.empty_like(flat)
    for place in range(len(flat)):
        above, below = flat.copy(), flat.copy()
        above[place] += 1e-6
        below[place] -= 1e-6
        found[place] = (loss(above) - loss(below)) / 2e-6
    return loss(flat), found


@KINDS
@pytest.mark.parametrize("networks", [1, 3])
def test_every_value_equals_the_pass_by_hand(kind, networks, by_hand):
    trainer = trained(networks=networks, **kind)
    for k in range(networks):
        found = explain(trainer, POINT, LABEL, k)
        layers, logits = by_hand(trainer, k, POINT[:, np.newaxis])
        loss, slope = slopes(trainer, k, by_hand)
        assert found.loss == pytest.approx(loss, rel=1e-9)
        np.testing.assert_allclose(found.inputs, trainer.inputs(POINT[:, np.newaxis], np.float64)[:-1, 0])
        np.testing.assert_allclose(found.logits, logits[:, 0], rtol=1e-9)
        np.testing.assert_allclose(found.probabilities, trainer.predict(POINT[:, np.newaxis])[k, :, 0], rtol=1e-9)
        assert found.probabilities.shape == (3,)
        for index, layer in enumerate(found.layers):
            network = trainer.network
            np.testing.assert_array_equal(layer.weights, network.unbiased(index)[k])
            if network.has_bias(index):
                np.testing.assert_array_equal(layer.bias, network.weights[index][k, :, -1])
            else:
                assert layer.bias is None and layer.d_bias is None
            norm = layer.normalization
            assert (norm is not None) == (not network.has_bias(index))
            if norm:
                np.testing.assert_array_equal(norm.gamma, network.views("gamma", network.parameters)[index][k, :, 0])
                np.testing.assert_array_equal(norm.beta, network.views("beta", network.parameters)[index][k, :, 0])
                np.testing.assert_allclose(norm.d_gamma, network.views("gamma", slope)[index][:, 0], 1e-5, 1e-8)
                np.testing.assert_allclose(norm.d_beta, network.views("beta", slope)[index][:, 0], 1e-5, 1e-8)
            assert layer.learned is None and layer.d_learned is None
            if index < len(layers):
                for name in ("inputs", "z", "a"):
                    np.testing.assert_allclose(getattr(layer, name), layers[index][name][:, 0], rtol=1e-9, atol=1e-12)
            gradient = network.views("weights", slope)[index]
            biased = network.has_bias(index)
            d_weights = gradient[:, :-1] if biased else gradient
            np.testing.assert_allclose(layer.d_weights, d_weights, rtol=1e-5, atol=1e-8)
            if biased:
                np.testing.assert_allclose(layer.d_bias, gradient[:, -1], rtol=1e-5, atol=1e-8)


def test_every_activation_is_explained(default_activation, by_hand):
    trainer = trained(default_activation)
    found = explain(trainer, POINT, LABEL)
    loss, slope = slopes(trainer, 0, by_hand)
    assert found.loss == pytest.approx(loss, rel=1e-9)
    for index, layer in enumerate(found.layers):
        gradient = trainer.network.views("weights", slope)[index]
        np.testing.assert_allclose(layer.d_weights, gradient[:, :-1], rtol=1e-5, atol=1e-8)
        np.testing.assert_allclose(layer.d_bias, layer.dz, rtol=1e-12)
        np.testing.assert_allclose(layer.d_weights, np.outer(layer.dz, layer.inputs), rtol=1e-9, atol=1e-14)


@KINDS
@pytest.mark.parametrize("networks", [1, 3])
def test_what_units_learn_has_its_gradient(kind, networks, by_hand):
    """PReLU's slopes, each at a value of its own, by central differences."""
    trainer = trained(PReLU(), networks, **kind)
    for k in range(networks):
        found = explain(trainer, POINT, LABEL, k)
        slope = slopes(trainer, k, by_hand)[1]
        for index, layer in enumerate(found.layers[:-1]):
            learned = trainer.network.views("learned", trainer.network.parameters)[index][k, :, 0]
            np.testing.assert_array_equal(layer.learned, learned)
            own = trainer.network.views("learned", slope)[index][:, 0]
            np.testing.assert_allclose(layer.d_learned, own, rtol=1e-5, atol=1e-8)
        assert found.layers[-1].learned is None and found.layers[-1].d_learned is None
        assert any(layer.d_learned.any() for layer in found.layers[:-1])


def flat(trainer, layers):
    """All gradients of one point, in the order of the parameters."""
    found = []
    for blocks, layer in zip(trainer.network.blocks, layers, strict=True):
        parts = {"weights": layer.d_weights, "learned": layer.d_learned}
        if layer.d_bias is not None:
            parts["weights"] = np.column_stack([layer.d_weights, layer.d_bias])
        if layer.normalization:
            parts |= {"gamma": layer.normalization.d_gamma, "beta": layer.normalization.d_beta}
        found += [np.ravel(parts[name]) for name in blocks]
    return np.concatenate(found)


@KINDS
@pytest.mark.parametrize("bend", [Tanh(), PReLU()], ids=lambda bend: bend.id)
@pytest.mark.parametrize("off", [Off(), Off(frozenset({3, 8}), frozenset({(1, 2, None)}))], ids=["", "off"])
def test_each_gradient_is_what_the_trainers_way_back_writes(kind, bend, off):
    """And the mean of the points' gradients is that of the loss: all are there, and none is scaled."""
    trainer = trained(bend, **kind)
    trainer.switch(off)
    found = [explain(trainer, *point) for point in zip(trainer.data.points.T, trainer.data.labels, strict=True)]
    layout = trainer.layout(len(found))
    d = trainer.loss.gradient(layout.forward(trainer.x), trainer.targets, layout.d_logits)
    layout.backward(np.multiply(d, 1 / len(found), d))
    mean = np.mean([flat(trainer, each.layers) for each in found], axis=0)
    np.testing.assert_allclose(mean, trainer.network.gradients[0], rtol=1e-9, atol=1e-14)


@KINDS
@pytest.mark.parametrize("networks", [1, 3])
def test_the_four_equations_hold(kind, networks):
    """dz_L = dL/dz_L, da_(l−1) = W_lᵀ dz_l, dz_l = da_l ∘ g'(z_l), dW_l = dz_l a_(l−1)ᵀ and db_l = dz_l (S1, S2)."""
    trainer = trained(networks=networks, **kind)
    for k in range(networks):
        layers = explain(trainer, POINT, LABEL, k).layers
        found = explain(trainer, POINT, LABEL, k)
        p, y = found.probabilities, np.eye(3)[LABEL]
        np.testing.assert_allclose(layers[-1].dz, p - y, rtol=1e-9)  # softmax cross-entropy
        keep = next((r.hidden for r in trainer.specs[k].regularizers if r.id == "plain_dropout"), 1.0)
        for index, layer in enumerate(layers):
            np.testing.assert_allclose(layer.d_weights, np.outer(layer.dz, layer.inputs), rtol=1e-9, atol=1e-14)
            if layer.d_bias is not None:
                np.testing.assert_allclose(layer.d_bias, layer.dz, rtol=1e-12)
            if index + 1 == len(layers):
                continue
            behind = layers[index + 1]
            da = behind.weights.T @ behind.dz
            if trainer.specs[k].residual and index + 2 < len(layers) and len(behind.a) == len(layer.a):
                da = da + behind.da  # the shortcut around the layer behind
            np.testing.assert_allclose(layer.da, keep * da, rtol=1e-9, atol=1e-14)
            if not trainer.specs[k].batch_norm:
                # tanh' = 1 − a²
                np.testing.assert_allclose(layer.dz, layer.da * (1 - layer.a**2), rtol=1e-9, atol=1e-14)


def test_by_hand():
    # 2-1-2: x = (3, −1), W = (2, 1), b = −1: z = 6 − 1 − 1 = 4 = a. Logits (4, −4) + (0, 8) = (4, 4), so p = ½, and for
    # class 0 dz = (−½, ½); da = 1·(−½) + (−1)·½ = −1 = dz; dW = −1·(3, −1), db = −1.
    trainer = Trainer(
        DataSpec(samples=40),
        NetworkSpec(hidden=(HiddenLayer(1, ReLU()),), preprocessing=trained().specs[0].preprocessing),
        dtype=np.float64,
    )
    trainer.inputs = lambda points, dtype: np.vstack([points, np.ones((1, points.shape[1]))])
    trainer.network.weights[0][0] = [[2, 1, -1]]
    trainer.network.weights[1][0] = [[1, 0], [-1, 8]]
    found = explain(trainer, np.array([3.0, -1.0]), 0)
    hidden, last = found.layers
    assert (hidden.z.tolist(), hidden.a.tolist(), found.logits.tolist()) == ([4], [4], [4, 4])
    assert found.loss == pytest.approx(np.log(2))
    np.testing.assert_allclose(last.dz, [-0.5, 0.5])
    np.testing.assert_allclose(last.d_weights, [[-2], [2]])
    np.testing.assert_allclose(hidden.da, [-1])
    np.testing.assert_allclose(hidden.d_weights, [[-3, 1]])
    np.testing.assert_allclose(hidden.d_bias, [-1])


def test_every_loss_is_explained(default_loss, by_hand):
    classes = min(3, default_loss.classes[1])
    data = DataSpec(dataset=Arms(classes=classes), samples=60)
    trainer = Trainer(data, NetworkSpec(loss=default_loss), dtype=np.float64)
    found = explain(trainer, POINT, classes - 1)
    assert found.probabilities.shape == (classes,)
    assert found.probabilities.sum() == pytest.approx(1)
    targets = trainer.loss.targets(np.array([classes - 1]), classes, np.float64)
    logits = by_hand(trainer, 0, POINT[:, np.newaxis])[1]
    assert found.loss == pytest.approx(float(trainer.loss.loss(logits, targets)), rel=1e-9)


@KINDS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_explaining_changes_no_digit_and_its_values_stay(kind, dtype):
    watched, plain = (trained(dtype=dtype, **kind) for _ in range(2))
    found = explain(watched, POINT, LABEL)
    kept = [
        {name: np.copy(value) for name, value in vars(layer).items() if value is not None} for layer in found.layers
    ]
    explain(watched, -POINT, 0)
    for trainer in (watched, plain):
        trainer.train(2)
    for name, value in watched.state().items():
        np.testing.assert_equal(value, plain.state()[name])
    for layer, before in zip(found.layers, kept, strict=True):
        for name, value in before.items():
            np.testing.assert_array_equal(getattr(layer, name), value)


def by_the_equations(found):
    """The whole way back, from dL/dz on, with nothing but the values and the equations of the module."""
    dz = found.layers[-1].dz
    for index in reversed(range(len(found.layers) - 1)):
        layer, behind = found.layers[index], found.layers[index + 1]
        da = behind.weights.T @ dz
        if behind.shortcut:
            da = da + behind.da
        da = behind.factor * da
        pieces = len(layer.z) // len(layer.a)
        dz = np.tile(da, pieces) * layer.slope
        if layer.normalization:
            dz = dz * layer.normalization.gamma / layer.normalization.deviation
        yield index, da, dz


@KINDS
@pytest.mark.parametrize("networks", [1, 3])
def test_what_stands_between_the_equations_is_said(kind, networks, by_hand):
    trainer = trained(networks=networks, **kind)
    for k in range(networks):
        found = explain(trainer, POINT, LABEL, k)
        hands_on = found.inputs
        for index, layer in enumerate(found.layers):
            np.testing.assert_allclose(layer.inputs, layer.factor * hands_on, rtol=1e-9, atol=1e-14)
            np.testing.assert_allclose(
                layer.z, layer.weights @ layer.inputs + (0 if layer.bias is None else layer.bias), rtol=1e-9, atol=1e-12
            )
            hands_on = layer.a + (layer.inputs if layer.shortcut else 0)
            if norm := layer.normalization:
                np.testing.assert_allclose(norm.normalized, (layer.z - norm.mean) / norm.deviation, 1e-9, 1e-12)
                np.testing.assert_allclose(layer.a, np.tanh(norm.gamma * norm.normalized + norm.beta), 1e-9, 1e-12)
            assert layer.shortcut == (bool(kind.get("residual")) and index == 1)
        for index, da, dz in by_the_equations(found):
            np.testing.assert_allclose(found.layers[index].da, da, rtol=1e-9, atol=1e-14)
            np.testing.assert_allclose(found.layers[index].dz, dz, rtol=1e-9, atol=1e-14)


def test_the_equations_hold_for_every_activation(default_activation):
    found = explain(trained(default_activation), POINT, LABEL)
    for index, da, dz in by_the_equations(found):
        np.testing.assert_allclose(found.layers[index].da, da, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(found.layers[index].dz, dz, rtol=1e-9, atol=1e-14)


def test_every_loss_fills_in_its_gradient(default_loss):
    classes = min(3, default_loss.classes[1])
    trainer = Trainer(
        DataSpec(dataset=Arms(classes=classes), samples=60), *(NetworkSpec(loss=default_loss, seed=k) for k in range(2))
    )
    for k in range(2):
        found = explain(trainer, POINT, classes - 1, k)
        assert all(values.shape == found.logits.shape for values in found.terms.values())
        expected = trainer.loss.gradient(
            found.logits[:, np.newaxis], found.target[:, np.newaxis], np.empty((len(found.logits), 1))
        )
        np.testing.assert_allclose(found.layers[-1].dz, expected[:, 0], rtol=1e-5, atol=1e-7)


def test_a_value_is_explained():
    """Regression: the label is a number, L = ½(ŷ − y)² and dL/dz = ŷ − y."""
    trainer = Trainer(DataSpec(dataset=Plane(), samples=60), NetworkSpec(), dtype=np.float64)
    found = explain(trainer, POINT, 0.3)
    assert found.target.tolist() == [0.3] and found.terms["ŷ"].tolist() == found.logits.tolist()
    assert found.loss == pytest.approx(0.5 * (found.logits[0] - 0.3) ** 2)
    np.testing.assert_allclose(found.layers[-1].dz, found.logits - 0.3)


# ---- what is switched off ----

OFF = pytest.mark.parametrize(
    "off",
    [
        Off(frozenset({0})),
        Off(frozenset({3, 8})),
        Off(frozenset({7, 10})),
        Off(frozenset({14})),
        Off(links=frozenset({(0, 1, 0), (1, 0, 2), (1, 2, None), (2, 1, 0), (3, 0, 1)})),
        Off(frozenset({4, 6, 12}), frozenset({(1, 1, 1), (3, 2, None)})),
    ],
    ids=lambda off: str(off.plain()),
)


@KINDS
@OFF
@pytest.mark.parametrize("networks", [1, 3])
def test_every_equation_of_the_page_holds_with_what_is_off(off, kind, networks):
    """As the page writes them, see static/js/point-steps.js, with what is off left out."""
    trainer = trained(networks=networks, **kind)
    trainer.switch(off)
    trainer.train(1)
    close = partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-14)
    for k in range(networks):
        found = explain(trainer, POINT, LABEL, k)
        entered = found.inputs * ~found.off
        assert found.off.tolist() == [unit in off.units for unit in range(len(found.inputs))]
        for index, layer in enumerate(found.layers):
            close(layer.inputs, layer.factor * entered)
            close(layer.z, layer.weights @ layer.inputs + (0 if layer.bias is None else layer.bias))
            entered = (layer.a + (layer.inputs if layer.shortcut else 0)) * ~layer.off
            close(layer.d_weights, np.where(layer.still, 0, np.outer(layer.dz, layer.inputs)))
            if layer.bias is not None:
                close(layer.d_bias, np.where(layer.still_bias, 0, layer.dz))
            if index + 1 < len(found.layers):
                behind = found.layers[index + 1]
                back = behind.weights.T @ behind.dz + (behind.da * ~layer.off if behind.shortcut else 0)
                close(layer.da, behind.factor * back)
                assert not layer.da[layer.off].any()
                if norm := layer.normalization:
                    close(norm.du, layer.da * layer.slope)
                    close(layer.dz, norm.du * norm.gamma / norm.deviation)
                    close(norm.d_gamma, np.where(layer.off, 0, norm.du * norm.normalized))
                    close(norm.d_beta, np.where(layer.still_bias, 0, norm.du))
                else:
                    close(layer.dz, layer.da * layer.slope)
        assert sum(layer.off.sum() for layer in found.layers) == len([unit for unit in off.units if unit > 1])
