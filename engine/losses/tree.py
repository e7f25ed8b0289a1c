"""A loss for very many classes: they are the leaves of a binary tree, and each fork is one output."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from engine.activations import HALF, ZERO, sigmoid
from engine.component import Array, Text
from engine.losses.base import LOSSES, Loss, Sides, entropy


def forks(leaves: tuple[int, ...]) -> tuple[Sides, ...]:
    """The forks of the balanced binary tree over these classes, in the order of reading it (a fork, its left part, its
    right part), and the classes left and right of each; the left half is the larger one."""
    if len(leaves) == 1:
        return ()
    half = (len(leaves) + 1) // 2
    left, right = leaves[:half], leaves[half:]
    return (left, right), *forks(left), *forks(right)


@cache
def turns(classes: int) -> Array:
    """How to get to each class in the tree, ``(classes − 1, classes)``: at a fork (row) class c (column) goes right
    (1), left (−1), or does not pass (0)."""
    rows = np.zeros((classes - 1, classes), np.float32)
    for row, (left, right) in zip(rows, forks(tuple(range(classes))), strict=True):
        row[list(left)], row[list(right)] = -1, 1
    return rows


@LOSSES.add
@dataclass(frozen=True)
class HierarchicalSoftmax(Loss):
    """A balanced binary tree over the classes (see `forks`) with one output z at each fork, σ(z) the probability of
    going right there. A class is as probable as its path, the product of its turns, so that all classes sum to 1;
    L = Σ ln(1 + e^∓z) over the path. Costs log₂(classes) instead of classes, which pays for thousands of them; classes
    that are alike should stand together, because the first turns must separate whole groups.
    Source: S3; Morin & Bengio 2005."""

    id = "hierarchical_softmax"
    label = Text("Hierarchical softmax", "分层 Softmax")
    formula = "L = Σ ln(1 + exp(∓z)) over the path to y"
    description = Text(
        "A binary tree of classes: at each fork one output decides between left and right.",
        "把类别排成二叉树，每个分叉处由一个输出决定向左还是向右。",
    )
    suits = Text(
        "Very many classes: the cost grows with the tree's depth, not with their number.",
        "类别极多时：代价随树的深度而非类别数增长。",
    )
    fails = Text(
        "A tree that splits alike classes early makes them hard to tell; with few classes nothing is gained.",
        "树若过早把相近的类分开就难以学好；类别少时没有好处。",
    )
    gradient_formula = "w·(p − y)"
    gradient_terms = Text(
        "p = σ(z), the probability of going right at this fork; y is 1 where the path to the true class "
        "goes right; w is 1 for forks on that path and 0 elsewhere.",
        "p = σ(z)，即在该分叉处向右的概率；y：通往真实类别的路径向右时为 1；w：在该路径上的分叉处为 1，其余为 0。",
    )

    output = Text("Fork", "分叉")

    def sides(self, classes: int) -> tuple[Sides, ...]:
        return forks(tuple(range(classes)))

    def targets(self, labels: Array, classes: int, dtype: Any) -> Array:
        return np.ascontiguousarray(turns(classes)[:, labels]).astype(dtype)

    def loss(self, logits: Array, targets: Array) -> Array:
        cost = np.logaddexp(-targets * logits, ZERO)
        np.multiply(cost, np.absolute(targets), cost)  # nodes off the path cost nothing
        return np.asarray(np.add.reduce(cost, axis=-2).mean(axis=-1))

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        np.multiply(logits, HALF, out)  # −tσ(−tz) = ½(|t| tanh(z/2) − t), t in {−1, 0, 1}
        np.tanh(out, out)
        np.multiply(out, np.absolute(targets), out)
        np.subtract(out, targets, out)
        return np.multiply(out, HALF, out)

    def terms(self, logits: Array, targets: Array) -> dict[str, Array]:
        p = sigmoid(logits, np.empty_like(logits))
        return {"w": np.absolute(targets), "p": p, "y": np.maximum(targets, ZERO)}

    def _log_probabilities(self, logits: Array) -> Array:
        paths = turns(logits.shape[-2] + 1).T.astype(logits.dtype)
        cost = np.maximum(-paths, ZERO) @ np.logaddexp(logits, ZERO)
        cost += np.maximum(paths, ZERO) @ np.logaddexp(-logits, ZERO)
        return np.negative(cost, cost)

    def written(self, classes: int) -> tuple[str, dict[str, Array]]:
        return "paths(z, TURNS)", {"TURNS": turns(classes)}

    def probabilities(self, logits: Array, classes: int | None = None) -> Array:
        p = self._log_probabilities(logits)
        return np.exp(p, p)

    def predict(self, logits: Array, classes: int | None = None) -> Array:
        return np.argmax(self._log_probabilities(logits), axis=-2)

    def least(self, posterior: Array) -> Array:
        return entropy(posterior)
