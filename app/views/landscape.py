"""The loss landscape around a network, and where the networks of the same shape go in it.

A landscape is asked for; the way is looked at. The page puts the two together: it keeps the parameters it has seen and
projects them onto the plane of the newest landscape, so that all of a way can be seen in it, also what came before.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Interval

from app.views.base import Scene, Seen, Tensor, View, view
from engine import Trainer
from engine.component import Array, Refused, Setting, Text
from engine.landscape import landscape
from engine.spec import MAX_SEED
from engine.tf_playground import trainer_for

if TYPE_CHECKING:
    from app.panel import Panel

MAX_WAY = 6000
"""Parameters of a network whose way is shown: they are sent several times a second."""


@view
@dataclass(frozen=True)
class Landscape(View):
    """See `engine.landscape`."""

    id = "landscape"
    label = Text("Landscape", "地形")
    description = Text(
        "The training loss over two directions through the weights: random, each filter as long as the network's own, "
        "or along the ways that networks of this shape have gone.",
        "训练损失在过当前权重的两个方向上的地形：随机方向（按单元与权重等长归一化），或沿同形网络走过的路径。",
    )
    every = 0
    tensors: ClassVar[dict[str, Tensor]] = {
        "steps": ("F32", "(G)", "how far along either direction, 0 in the middle"),
        "loss": ("F32", "(G, G)", "training loss; rows along the second direction, upwards"),
        "centre": ("F32", "(P)", f"the parameters in the middle; none above {MAX_WAY:,}"),
        "directions": ("F32", "(2, P)", "the two directions"),
    }

    about: ClassVar[dict[str, str]] = {
        "points": "training points that the loss was taken over",
        "of": "training points there are",
    }

    along: Literal["random", "ways"] = "random"
    seed: Annotated[
        int,
        Interval(ge=0, le=MAX_SEED),
        Setting(Text("Seed", "种子"), Text("Draws the directions.", "决定随机方向。")),
    ] = 1
    reach: Annotated[
        float,
        Interval(ge=0.01, le=10.0),
        Setting(Text("Reach", "范围"), Text("How far, in lengths of the weights.", "以权重长度为单位的范围。")),
    ] = 1.0

    def show(self, scene: Scene) -> Seen | None:
        trainer = scene.trainer
        if not trainer.finite.all():
            return None
        points = None
        if self.along == "ways" and trainer.network.parameters.shape[1] <= MAX_WAY:
            points = np.stack([each for panel in _racing(scene) for each in _ends(scene, panel)])
        found = landscape(trainer, self.seed, self.reach, points=points)
        known = len(found.centre) if len(found.centre) <= MAX_WAY else 0
        return Seen(
            {
                "steps": found.steps.astype(np.float32),
                "loss": found.loss.astype(np.float32),
                "centre": found.centre[:known].astype(np.float32),
                "directions": np.ascontiguousarray(found.directions[:, :known], np.float32),
            },
            {"points": str(found.points), "of": str(trainer.n_train)},
        )


@view
@dataclass(frozen=True)
class Way(View):
    """The parameters of the network and of those that can be shown in its landscape."""

    id = "way"
    label = Text("Way", "路径")
    description = Text(
        "All parameters of the networks with the shape of this one, for their ways through its landscape.",
        "与该网络同形的各网络的全部参数，用于在其地形中画出路径。",
    )
    tensors: ClassVar[dict[str, Tensor]] = {
        "parameters": ("F32", "(N, P)", "parameters of the chosen seed of each panel"),
        "panels": ("I32", "(N)", "the panels' ids"),
    }

    def show(self, scene: Scene) -> Seen | None:
        count = scene.trainer.network.parameters.shape[1]
        if count > MAX_WAY:
            raise Refused(
                "id",
                Text(
                    f"The way of a network with {count:,} parameters is not shown; {MAX_WAY:,} is the most.",
                    f"网络有 {count:,} 个参数，最多只显示 {MAX_WAY:,} 个参数的网络的路径。",
                ),
            )
        shown = _racing(scene)
        if not shown:
            return None
        return Seen(
            {
                "parameters": np.stack([_parameters(scene, panel) for panel in shown]).astype(np.float32),
                "panels": np.array([panel.id for panel in shown], np.int32),
            }
        )


def _parameters(scene: Scene, panel: "Panel") -> Array:
    """The parameters of a panel's network with the chosen seed."""
    return panel.trainer.network.parameters[scene.seed]


def _ends(scene: Scene, panel: "Panel") -> tuple[Array, Array]:
    """Where that network is, and where it began."""
    first = trainer_for(scene.data, panel.own.specs[scene.seed])
    return _parameters(scene, panel), first.network.parameters[0]


def _racing(scene: Scene) -> list["Panel"]:
    """The panels whose network with the chosen seed can be shown in the landscape: it has the shape of the one that is
    looked at, and its numbers have not overflowed."""
    wanted = _shape(scene.panel.own)
    alike = [panel for panel in scene.panels if not panel.diverged and _shape(panel.own) == wanted]
    return [panel for panel in alike if np.isfinite(_parameters(scene, panel)).all()]


def _shape(trainer: Trainer) -> object:
    """What networks have in common whose parameters mean the same."""
    return trainer.network.sizes, trainer.network.blocks, trainer.specs[0].residual
