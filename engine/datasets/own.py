"""The user's own points, drawn by hand or uploaded."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Len

from engine.component import Array, Refused, Setting, Text
from engine.datasets.base import DATASETS, Dataset
from engine.own import CHARACTERS, MAX_POINTS, decode, encode


def _example() -> str:
    """A few points to begin with: a triangle of each class, pointing at each other."""
    corner = np.array([[-3.5, -3.5, -2.5, -4.5, -1.5], [1.0, -1.0, 0.0, 0.0, 0.0]])
    return encode(np.hstack([corner, -corner]), np.repeat([0, 1], 5))


@DATASETS.add
@dataclass(frozen=True)
class Own(Dataset):
    """Points given one by one, as the text of `engine.own`. They stay as they are: nothing is added or moved."""

    id = "own"
    label = Text("Your own", "自己的数据")
    formula = "(x₁, x₂, y)"
    description = Text(
        "Points drawn by hand, or read from a file.",
        "手工绘制或从文件读入的数据点。",
    )
    given = True
    unused = ("noise", "samples", "imbalance", "label_noise")

    points: Annotated[
        str,
        Len(0, MAX_POINTS * CHARACTERS),
        Setting(
            Text("Points", "数据点"),
            Text("The points and their classes, five characters each.", "数据点及其类别，每点五个字符。"),
            group="data",
            control="points",
        ),
    ] = _example()

    def __post_init__(self) -> None:
        """Raises Refused if the text does not hold at least two points."""
        try:
            labels = decode(self.points)[1]
        except ValueError as error:
            damaged = Text(f"The points are damaged: {error}.", f"数据点已损坏：{error}。")
            raise Refused("points", damaged) from None
        if len(labels) < 2:
            raise Refused("points", Text("At least two points are needed.", "至少需要两个数据点。"))

    def class_count(self) -> int:
        return max(2, int(decode(self.points)[1].max()) + 1)

    def sample(
        self, n: int, noise: float, rng: np.random.Generator, imbalance: float = 1.0, label_noise: float = 0.0
    ) -> tuple[Array, Array]:
        """All the points, however many were asked for."""
        return decode(self.points)
