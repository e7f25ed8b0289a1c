"""All datasets. The order of the imports is the order in which they are presented."""

from engine.datasets.base import DATASETS, PLANE, Classes, Dataset, Values
from engine.datasets.classic import Arms, Circle, Gaussian, Moons, Spiral, Xor
from engine.datasets.clouds import AboveCurve, Attributes, Blobs, Checkerboard, Rings, Valley
from engine.datasets.convnet import ConvNetCircle, ConvNetSimple, ConvNetSpiral
from engine.datasets.functions import Bumps, Function, Plane
from engine.datasets.own import Own

__all__ = [
    "DATASETS",
    "PLANE",
    "AboveCurve",
    "Arms",
    "Attributes",
    "Blobs",
    "Bumps",
    "Checkerboard",
    "Circle",
    "Classes",
    "ConvNetCircle",
    "ConvNetSimple",
    "ConvNetSpiral",
    "Dataset",
    "Function",
    "Gaussian",
    "Moons",
    "Own",
    "Plane",
    "Rings",
    "Spiral",
    "Valley",
    "Values",
    "Xor",
]
