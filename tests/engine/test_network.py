"""Laws of the network: its parameters are one array, counted as in S3, and its forward pass is the textbook's."""

import numpy as np
import pytest

from engine import DataSpec, HiddenLayer, Network, NetworkSpec, Trainer
from engine.activations import ReLU, Tanh
from engine.initializers import Glorot, He
from engine.network import Shape


@pytest.mark.parametrize(
    ("sizes", "parameters"),
    [((3, 4, 2), 26), ((3, 4, 4, 1), 41), ((2, 8, 8, 2), 114), ((2, 2), 6)],  # the first two are counted in S3
)
def test_number_of_parameters(sizes, parameters):
    network = Network(Shape(sizes[0], sizes[1:-1], sizes[-1]), 3)
    assert network.parameters.shape == network.gradients.shape == (3, parameters)
    assert network.mask.sum() == parameters - sum(sizes[1:])  # one bias a unit


def test_number_of_parameters_with_what_layers_bring_along(default_activation):
    # 3-4-5-2: a hidden layer of n units has (n_in + 1)·n parameters for every piece, and the activation's own.
    pieces, own = default_activation.pieces_per_unit(), default_activation.unit_parameters
    activations = (default_activation,) * 2
    network = Network(Shape(3, (4, 5), 2, activations))
    expected = (3 + 1) * 4 * pieces + 4 * own + (4 + 1) * 5 * pieces + 5 * own + (5 + 1) * 2
    assert network.parameters.shape == (1, expected)
    assert network.mask.sum() == (3 * 4 + 4 * 5) * pieces + 5 * 2
    # Batch normalization: γ and β for every affine map of a hidden layer, and no bias there.
    normed = Network(Shape(3, (4, 5), 2, activations, batch_norm=True))
    assert normed.parameters.shape[1] == expected + (4 + 5) * pieces
    assert normed.mask.sum() == network.mask.sum()
    assert [average.shape for average in normed.averages] == [
        (2, 1, 4 * pieces, 1),
        (2, 1, 5 * pieces, 1),
        (2, 1, 0, 1),
    ]


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_blocks_are_views_of_the_flat_array_and_share_nothing(default_activation, batch_norm, networks):
    network = Network(Shape(2, (4, 3), 2, (default_activation,) * 2, batch_norm), networks)
    seen = np.zeros(network.parameters.shape[1], int)
    for name in ("weights", "gamma", "beta", "learned"):
        for view in network.views(name, network.parameters):
            view += 1
        for layer, blocks in enumerate(network.blocks):
            if name in blocks:
                seen[blocks[name][0]] += 1
                span, whole = blocks[name][0], network.spans[layer]
                assert whole.start <= span.start <= span.stop <= whole.stop
    assert (seen == 1).all()
    assert (network.parameters == 1).all()
    assert [span.start for span in network.spans[1:]] == [span.stop for span in network.spans[:-1]]


@pytest.mark.parametrize("batch_norm", [False, True])
def test_masks_have_a_layers_strength_at_its_weights(batch_norm):
    network = Network(Shape(2, (4, 3), 2, (Tanh(), Tanh()), batch_norm))
    for biases in (False, True):
        mask = network.regularized([0.5, 2.0, 3.0], biases)
        for layer, (view, strength) in enumerate(zip(network.views("weights", mask), [0.5, 2.0, 3.0], strict=True)):
            biased = network.has_bias(layer)
            assert (view[..., : -1 if biased else None] == strength).all()
            assert not biased or (view[..., -1] == (strength if biases else 0)).all()
        for name in ("gamma", "beta", "learned"):
            assert all((view == 0).all() for view in network.views(name, mask))


@pytest.mark.parametrize("batch_norm", [False, True])
def test_gain_and_bias_are_each_networks_own(default_activation, batch_norm):
    shape = Shape(2, (4, 3), 2, (default_activation,) * 2, batch_norm)
    network, plain = Network(shape, 3, np.float64), Network(shape, 3, np.float64)
    plain.initialize([Glorot()] * 3, [1, 2, 3])
    network.initialize([Glorot()] * 3, [1, 2, 3], gains=[1.0, 0.5, 3.0], biases=[0.0, 0.2, -1.0])
    for layer in range(3):
        expected = np.array([1.0, 0.5, 3.0])[:, np.newaxis, np.newaxis] * plain.unbiased(layer)
        np.testing.assert_allclose(network.unbiased(layer), expected, rtol=1e-14)
        assert (network.unbiased(layer) != 0).all()  # every layer is drawn, the last too
        for k, bias in enumerate([0.0, 0.2, -1.0]):
            if layer == 2:  # the output layer's biases start at zero
                assert (network.weights[layer][k, :, -1] == 0).all()
            elif batch_norm:
                assert (network.views("gamma", network.parameters)[layer][k] == 1).all()
                assert (network.views("beta", network.parameters)[layer][k] == bias).all()
            else:
                assert (network.weights[layer][k, :, -1] == bias).all()
    learned = [view for view in network.views("learned", network.parameters) if view.size]
    for view in learned:
        assert (view == default_activation.initial_unit_parameters()[0]).all()


@pytest.mark.parametrize("networks", [1, 3])
def test_forward_is_w_a_plus_b_layer_by_layer(networks):
    network = Network(Shape(2, (4, 3), 2), networks, np.float64)
    network.initialize([He()] * networks, range(networks))
    rng = np.random.default_rng(1)
    for weights in network.weights:
        weights[..., -1] = rng.standard_normal(weights.shape[:-1])
    x = rng.standard_normal((2, 11))
    logits = network.lay_out([Tanh(), ReLU()], 11).forward(np.vstack([x, np.ones(11)]))
    logits = logits.reshape(networks, 2, 11)
    for k in range(networks):
        (w1, b1), (w2, b2), (w3, b3) = ((w[k, :, :-1], w[k, :, -1:]) for w in network.weights)
        expected = w3 @ np.maximum(0, w2 @ np.tanh(w1 @ x + b1) + b2) + b3
        np.testing.assert_allclose(logits[k], expected, rtol=1e-12, atol=1e-14)


def test_a_residual_network_by_hand():
    # Widths 4, 4, 3, 3: shortcuts around the second layer (4 → 4) and the fourth (3 → 3); not around the first, whose
    # inputs are as wide, nor the third, nor the output layer.
    spec = NetworkSpec(hidden=tuple(HiddenLayer(width, Tanh()) for width in (4, 4, 3, 3)), residual=True)
    features = tuple(spec.features) * 2  # four inputs
    for networks in (1, 2):
        members = [NetworkSpec(hidden=spec.hidden, residual=True, features=features, seed=k) for k in range(networks)]
        trainer = Trainer(DataSpec(samples=40), *members, dtype=np.float64)
        trainer.train(3)
        for k in range(networks):
            (w1, b1), (w2, b2), (w3, b3), (w4, b4), (w5, b5) = (
                (w[k, :, :-1], w[k, :, -1:]) for w in trainer.network.weights
            )
            first = np.tanh(w1 @ trainer.x[:-1] + b1)
            second = first + np.tanh(w2 @ first + b2)
            third = np.tanh(w3 @ second + b3)
            fourth = third + np.tanh(w4 @ third + b4)
            np.testing.assert_allclose(trainer.logits(trainer.x)[k], w5 @ fourth + b5, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("networks", [1, 3])
def test_every_network_predicts_as_written_down_by_hand(default_activation, batch_norm, residual, networks, by_hand):
    hidden = (HiddenLayer(4, default_activation),) * 3
    specs = [NetworkSpec(hidden=hidden, batch_norm=batch_norm, residual=residual, seed=k) for k in range(networks)]
    trainer = Trainer(DataSpec(samples=40), *specs, dtype=np.float64)
    trainer.train(3)
    logits = trainer.logits(trainer.x)
    for k in range(networks):
        np.testing.assert_allclose(logits[k], by_hand(trainer, k, trainer.data.points)[1], rtol=1e-9, atol=1e-12)


def test_layouts_of_different_size_share_the_parameters():
    network = Network(Shape(2, (4,), 2))
    one, many = network.lay_out([Tanh()], 1), network.lay_out([Tanh()], 5)
    network.initialize([He()], [1])
    x = np.random.default_rng(1).standard_normal((3, 5)).astype(np.float32)
    together = many.forward(x).copy()
    for column in range(5):
        np.testing.assert_allclose(
            one.forward(np.ascontiguousarray(x[:, column : column + 1]))[:, 0],
            together[:, column],
            rtol=1e-5,
            atol=1e-6,
        )


def test_each_network_may_have_inputs_of_its_own():
    together = Network(Shape(2, (4,), 2), 3, np.float64)
    together.initialize([He()] * 3, [1, 2, 3])
    x = np.random.default_rng(1).standard_normal((3, 3, 5))
    x[:, -1] = 1
    logits = together.lay_out([Tanh()], 5).forward(x)
    for k in range(3):
        alone = Network(Shape(2, (4,), 2), 1, np.float64)
        alone.initialize([He()], [k + 1])
        np.testing.assert_allclose(logits[k], alone.lay_out([Tanh()], 5).forward(x[k]), rtol=1e-12, atol=1e-14)
