"""A trained network taken out of the trainer: everything that its predictions need, as plain arrays and expressions.

From it come the programs (`engine.programs`) and the weights under the names that PyTorch would give them. What is only
of use in training is left out: dropout masks, noise, optimizer. Plain dropout's factor at prediction stays.
"""

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from engine.activations import Activation
from engine.component import Array, Component, Refused, Text
from engine.layers import BatchNorm, NoisePart, Scale
from engine.trainer import Trainer

EXAMPLES = 4  # points whose predictions are exported along, to check with


@dataclass(frozen=True)
class ExportedLayer:
    """One affine map with what follows it. Hidden layers have an activation; with batch normalization ``norm`` (γ, β,
    mean and variance, each ``(n,)``) in the place of the bias. ``learned`` ``(n,)`` is what the units learn besides."""

    weights: Array
    bias: Array | None
    activation: str = ""
    norm: dict[str, Array] = field(default_factory=dict)
    learned: Array | None = None
    residual: bool = False
    kept: Array | None = None
    """0 for units that are switched off and 1 for the others, where weights of 0 do not say it (`engine.ablation`)."""
    factor: float = 1.0
    """What its output is multiplied by at prediction."""


@dataclass(frozen=True)
class Exported:
    """A network in its parts. ``features`` are expressions of NumPy; inputs are ``matrix (features − centre)``, then
    times ``input_factor``. ``probabilities`` is an expression of the last layer's ``z`` with the ``constants`` in it,
    for ``classes``, or the predicted value where they are 0. ``points`` ``(m, 2)`` and ``predicted`` are examples."""

    dtype: np.dtype[Any]
    features: tuple[str, ...]
    matrix: Array
    centre: Array
    input_factor: float
    layers: tuple[ExportedLayer, ...]
    probabilities: str
    constants: dict[str, Array]
    classes: int
    points: Array
    predicted: Array
    speechless: tuple[Component, ...] = ()
    """What has no form in a program; all numbers are there all the same."""


def export(trainer: Trainer, network: int = 0) -> Exported:
    """One of the trainer's networks as it is now. Raises Refused if its numbers have overflowed."""
    net, spec, data = trainer.network, trainer.specs[network], trainer.data
    if not trainer.finite[network]:
        reason = Text("The network has diverged: it has no numbers to export.", "网络已发散，没有可导出的数值。")
        raise Refused("hidden", reason)
    parts = {name: net.views(name, net.parameters[network]) for name in ("gamma", "beta", "learned")}
    factors, speechless = _factors(trainer, network)
    layers = []
    for index in range(net.depth + 1):
        last = index == net.depth
        norm = {}
        if not last and spec.batch_norm:
            mean, variance = net.averages[index][:, network]
            norm = {"gamma": parts["gamma"][index], "beta": parts["beta"][index], "mean": mean, "variance": variance}
        learned, kept = parts["learned"][index], net.handed_on(index + 1)
        layers.append(
            ExportedLayer(
                np.array(net.unbiased(index)[network]),
                np.array(net.biases(index)[network]) if net.has_bias(index) else None,
                "" if last else _written(spec.hidden[index].activation),
                {name: np.array(value[:, 0]) for name, value in norm.items()},
                np.array(learned[:, 0]) if learned.size else None,
                spec.residual and 0 < index < net.depth and net.sizes[index] == net.sizes[index + 1],
                None if last or not spec.residual or kept is None else kept[:, 0],
                1.0 if last else factors[index + 1],
            )
        )
    features = tuple(feature.written() for feature in spec.features)
    probabilities, constants = trainer.loss.written(data.classes)
    speechless += [feature for feature, text in zip(spec.features, features, strict=True) if not text]
    speechless += [hidden.activation for hidden in spec.hidden if not hidden.activation.program]
    speechless += [] if probabilities else [trainer.loss]
    affine = trainer.inputs.affine
    points = data.points[:, :EXAMPLES]
    return Exported(
        trainer.dtype,
        features,
        affine.matrix,
        affine.centre,
        factors[0],
        tuple(layers),
        probabilities,
        {name: values.astype(trainer.dtype) for name, values in constants.items()},
        data.classes,
        points.T,
        trainer.predict(points)[network].T,
        tuple(speechless),
    )


def tensors(exported: Exported) -> dict[str, Array]:
    """All numbers under the names of the exported PyTorch program's ``state_dict``, with the fitted preprocessing as
    ``inputs.matrix`` and ``inputs.centre``."""
    found: dict[str, Array] = {}
    for number, layer in enumerate(exported.layers, 1):
        found[f"layer{number}.weight"] = layer.weights
        if layer.bias is not None:
            found[f"layer{number}.bias"] = layer.bias
        for name, own in TORCH_NORM.items():
            if layer.norm:
                found[f"norm{number}.{name}"] = layer.norm[own]
        if layer.learned is not None:
            found[f"p{number}"] = layer.learned
    return found | {"inputs.matrix": exported.matrix, "inputs.centre": exported.centre}


TORCH_NORM = {"weight": "gamma", "bias": "beta", "running_mean": "mean", "running_var": "variance"}
"""What PyTorch calls the numbers of batch normalization."""

NORM_EPSILON = BatchNorm.EPSILON


def _written(activation: Activation) -> str:
    """An activation's expression with its parameters filled in."""
    values = {setting.name: getattr(activation, setting.name) for setting in fields(activation)}  # type: ignore[arg-type]
    constants = {name: value for name, value in vars(type(activation)).items() if isinstance(value, float)}
    return activation.program.format_map(constants | values)


def _factors(trainer: Trainer, network: int) -> tuple[list[float], list[Component]]:
    """What regularizers multiply the signal behind the inputs and behind every hidden layer by at prediction, and those
    that do something else to it."""
    factors = [1.0] * (trainer.network.depth + 1)
    others: list[Component] = []
    for place in range(len(factors)):
        for regularizer in trainer.specs[network].regularizers:
            layer = regularizer.signal(place > 0, np.ones((2, 1), trainer.dtype), NoisePart([]), training=False)
            if isinstance(layer, Scale):
                factors[place] *= float(layer.factor)
            elif layer is not None:
                others.append(regularizer)
    return factors, others
