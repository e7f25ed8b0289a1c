"""A small, readable neural-network engine on NumPy: K multilayer perceptrons of one shape trained in lock-step.

>>> from engine import DataSpec, NetworkSpec, Trainer
>>> trainer = Trainer(DataSpec(noise=0.0), NetworkSpec())
>>> trainer.train(epochs=40)
>>> float(trainer.evaluate().test_accuracy[0]) > 0.95
True
"""

from engine.catalog import CATALOG
from engine.data import Data, draw
from engine.diagnostics import Metrics
from engine.gradient_check import GradientCheck, check
from engine.network import Network
from engine.spec import DataSpec, Experiment, HiddenLayer, NetworkSpec
from engine.trainer import Trainer

__all__ = [
    "CATALOG",
    "Data",
    "DataSpec",
    "Experiment",
    "GradientCheck",
    "HiddenLayer",
    "Metrics",
    "Network",
    "NetworkSpec",
    "Trainer",
    "check",
    "draw",
]
