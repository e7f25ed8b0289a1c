"""Laws of the network: its parameters are one array, counted as in S3, and its forward pass is the textbook's."""

import numpy as np
import pytest

from engine import Network
from engine.activations import ReLU, Tanh
from engine.initializers import He


@pytest.mark.parametrize(
    ("sizes", "parameters"),
    [((3, 4, 2), 26), ((3, 4, 4, 1), 41), ((2, 8, 8, 2), 114), ((2, 2), 6)],  # the first two are counted in S3
)
def test_number_of_parameters(sizes, parameters):
    network = Network(sizes[0], sizes[1:-1], sizes[-1], 3)
    assert network.parameters.shape == network.gradients.shape == (3, parameters)
    assert network.mask.sum() == parameters - sum(sizes[1:])  # one bias a unit


@pytest.mark.parametrize("networks", [1, 3])
def test_layers_are_views_of_the_flat_array(networks):
    network = Network(2, (4, 3), 2, networks)
    for index, view in enumerate(network.weights):
        view[...] = index + 1
    for index, span in enumerate(network.spans):
        assert (network.parameters[:, span] == index + 1).all()
    assert (network.parameters > 0).all()


@pytest.mark.parametrize("networks", [1, 3])
def test_forward_is_w_a_plus_b_layer_by_layer(networks):
    network = Network(2, (4, 3), 2, networks, np.float64)
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


def test_layouts_of_different_size_share_the_parameters():
    network = Network(2, (4,), 2)
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
