"""All activations. The order of the imports is the order in which they are presented."""

from engine.activations.base import (
    ACTIVATIONS,
    FOUR,
    HALF,
    LARGE,
    MINUS_HALF,
    MINUS_ONE,
    MINUS_TWO,
    ONE,
    TWO,
    ZERO,
    Activation,
    sigmoid,
    zeros,
)
from engine.activations.classic import Linear, ReLU, Sigmoid, Tanh
from engine.activations.rectified import Abs, LeakyReLU, Maxout, PReLU
from engine.activations.shapes import RBF, Cos, HardTanh, Softplus
from engine.activations.smooth import ELU, GELU, SELU, Mish, SiLU

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "FOUR",
    "GELU",
    "HALF",
    "LARGE",
    "MINUS_HALF",
    "MINUS_ONE",
    "MINUS_TWO",
    "ONE",
    "RBF",
    "SELU",
    "TWO",
    "ZERO",
    "Abs",
    "Activation",
    "Cos",
    "HardTanh",
    "LeakyReLU",
    "Linear",
    "Maxout",
    "Mish",
    "PReLU",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Tanh",
    "sigmoid",
    "zeros",
]
