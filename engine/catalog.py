"""The catalog: every family of components by name. Importing it is what makes all of them known."""

from typing import Any

from engine.activations import ACTIVATIONS
from engine.component import Registry
from engine.datasets import DATASETS
from engine.features import FEATURES
from engine.initializers import INITIALIZERS
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS
from engine.preprocessing import PREPROCESSING
from engine.regularizers import REGULARIZERS
from engine.schedules import SCHEDULES
from engine.shifts import SHIFTS

CATALOG: dict[str, Registry[Any]] = {
    registry.family: registry
    for registry in (
        ACTIVATIONS,
        LOSSES,
        REGULARIZERS,
        OPTIMIZERS,
        SCHEDULES,
        INITIALIZERS,
        PREPROCESSING,
        DATASETS,
        SHIFTS,
        FEATURES,
    )
}
