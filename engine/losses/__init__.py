"""All losses. The order of the imports is the order in which they are presented."""

# isort: off
from engine.losses.base import LOSSES, AutomaticLoss, Loss, Sides, entropy
from engine.losses.classes import Logistic, OneOutputPerClass, SoftmaxCrossEntropy, SquaredTanh, softmax
from engine.losses.margins import Hinge, MulticlassHinge, SquaredHinge
from engine.losses.values import AbsoluteError, Huber, Regression, SquaredError
from engine.losses.attributes import AttributeHinge, AttributeLogistic, Attributes, digits
from engine.losses.tree import HierarchicalSoftmax, forks, turns

__all__ = [
    "LOSSES",
    "AbsoluteError",
    "AttributeHinge",
    "AttributeLogistic",
    "Attributes",
    "AutomaticLoss",
    "HierarchicalSoftmax",
    "Hinge",
    "Huber",
    "Logistic",
    "Loss",
    "MulticlassHinge",
    "OneOutputPerClass",
    "Regression",
    "Sides",
    "SoftmaxCrossEntropy",
    "SquaredError",
    "SquaredHinge",
    "SquaredTanh",
    "digits",
    "entropy",
    "forks",
    "softmax",
    "turns",
]
