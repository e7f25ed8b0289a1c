"""The libraries that the engine is measured against, one function each, each in the fastest form we know for small
networks (what else was tried stands in its docstring).

A peer takes a `Work`, the training points ``(n, 2)`` in float32, their labels ``(n,)`` and the number of networks. It
gives back a function that trains so many epochs and returns the number of updates that took, over all networks; or
None if it does not train that many at once. It raises ImportError if the library is not installed. All of them train by
SGD without momentum or penalty, on batches drawn in a new order every epoch, the last one smaller.
"""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from engine.component import Array

LEARNING_RATE = 0.03

Run: TypeAlias = Callable[[int], int]
Peer: TypeAlias = Callable[["Work", Array, Array, int], Run | None]


@dataclass(frozen=True)
class Work:
    """A network from two inputs to one logit, and how many points an update sees."""

    hidden: tuple[int, ...]
    activation: str
    batch_size: int

    def updates(self, points: int) -> int:
        """Updates in an epoch."""
        return -(-points // self.batch_size)

    def __str__(self) -> str:
        repeated = len(self.hidden) > 3 and len(set(self.hidden)) == 1
        hidden = f"{self.hidden[0]}×{len(self.hidden)}" if repeated else "-".join(map(str, self.hidden))
        return f"2-{hidden}-1 {self.activation}, batch {self.batch_size}"


def scikit_learn(work: Work, points: Array, labels: Array, networks: int) -> Run | None:
    """`MLPClassifier`, one whole `fit` with everything off that only costs: early stopping, validation of arguments,
    the search for NaN. In float64, which it computes in unless it is given something else; see also the next one."""
    return scikit_learn_float32(work, points.astype(np.float64), labels, networks)


def scikit_learn_float32(work: Work, points: Array, labels: Array, networks: int) -> Run | None:
    """The same in the type of our points, which is faster where networks are wide."""
    from sklearn import config_context
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    if networks > 1:
        return None

    def run(epochs: int) -> int:
        model = MLPClassifier(
            work.hidden,
            activation=work.activation,
            solver="sgd",
            alpha=0.0,
            batch_size=work.batch_size,
            learning_rate_init=LEARNING_RATE,
            momentum=0.0,
            nesterovs_momentum=False,
            max_iter=epochs,
            tol=0.0,
            n_iter_no_change=epochs + 1,
            random_state=1,
        )
        with warnings.catch_warnings(), config_context(assume_finite=True, skip_parameter_validation=True):
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(points, labels)
        return model.n_iter_ * work.updates(len(points))

    return run


def pytorch(work: Work, points: Array, labels: Array, networks: int) -> Run | None:
    """Eager, `nn.Sequential`. The points are brought into order once an epoch, so that batches are views: faster than
    indexing every batch. Plain SGD is faster than ``foreach`` and ``fused`` at these sizes."""
    import torch
    from torch import nn

    if networks > 1:
        return None
    torch.set_num_threads(1)
    torch.manual_seed(1)
    activation = {"tanh": nn.Tanh, "relu": nn.ReLU}[work.activation]
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise((2, *work.hidden)):
        layers += [nn.Linear(n_in, n_out), activation()]
    network = nn.Sequential(*layers, nn.Linear(work.hidden[-1], 1))
    loss = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE, foreach=False)
    x, y = torch.from_numpy(points), torch.from_numpy(labels.astype(np.float32)[:, np.newaxis])

    def run(epochs: int) -> int:
        updates = 0
        for _ in range(epochs):
            order = torch.randperm(len(x))
            for x_batch, y_batch in zip(x[order].split(work.batch_size), y[order].split(work.batch_size), strict=True):
                optimizer.zero_grad()
                loss(network(x_batch), y_batch).backward()
                optimizer.step()
                updates += 1
        return updates

    return run


def jax(work: Work, points: Array, labels: Array, networks: int) -> Run | None:
    """One compiled function an epoch: a scan over the full batches, then the rest; several networks by `vmap`. The
    parameters are donated. Drawing the order in NumPy is faster than in the compiled function, and so is a scan that
    is not unrolled."""
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax
    from jax import numpy as jnp

    Parameters: TypeAlias = list[tuple[Any, Any]]
    activation = {"tanh": jnp.tanh, "relu": jax.nn.relu}[work.activation]
    x, y = jnp.asarray(points), jnp.asarray(labels, jnp.float32)
    n, size = len(points), work.batch_size
    whole = n - n % size

    def initialize(key: Any) -> Parameters:
        sizes = list(pairwise((2, *work.hidden, 1)))
        keys = jax.random.split(key, len(sizes))
        return [
            (jax.random.normal(key, shape) * (2 / shape[0]) ** 0.5, jnp.zeros(shape[1]))
            for key, shape in zip(keys, sizes, strict=True)
        ]

    def loss(parameters: Parameters, x: Any, y: Any) -> Any:
        *hidden, (w, b) = parameters
        for weights, bias in hidden:
            x = activation(x @ weights + bias)
        z = (x @ w + b)[:, 0]
        return jnp.mean(jax.nn.softplus(z) - y * z)

    def update(parameters: Parameters, batch: tuple[Any, Any]) -> tuple[Parameters, None]:
        gradients = jax.grad(loss)(parameters, *batch)
        return jax.tree.map(lambda w, g: w - LEARNING_RATE * g, parameters, gradients), None

    def epoch(parameters: Parameters, order: Any) -> Parameters:
        xs, ys = x[order], y[order]
        batches = xs[:whole].reshape(-1, size, 2), ys[:whole].reshape(-1, size)
        parameters, _ = jax.lax.scan(update, parameters, batches)
        if whole < n:
            parameters, _ = update(parameters, (xs[whole:], ys[whole:]))
        return parameters

    if networks == 1:
        parameters = initialize(jax.random.key(1))
    else:
        parameters = jax.vmap(initialize)(jax.random.split(jax.random.key(1), networks))
        epoch = jax.vmap(epoch, in_axes=(0, None))
    compiled = jax.jit(epoch, donate_argnums=0)
    rng = np.random.default_rng(1)

    def run(epochs: int) -> int:
        nonlocal parameters
        for _ in range(epochs):
            parameters = compiled(parameters, rng.permutation(n))
        jax.block_until_ready(parameters)
        return epochs * work.updates(n) * networks

    return run


PEERS: dict[str, Peer] = {
    "scikit-learn": scikit_learn,
    "scikit-learn float32": scikit_learn_float32,
    "pytorch": pytorch,
    "jax": jax,
}
