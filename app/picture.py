"""What a frame shows of the panels beside numbers: boundaries, where several seeds disagree, and for data of one
dimension curves. A network whose numbers overflow leaves the last picture on screen.
"""

from collections.abc import Sequence

import numpy as np

from app.panel import Groups, Panel, shares
from app.shades import resized, shades
from engine import Data, seeds
from engine.component import Array

# Cells of the boundary along a side: while training, for networks too large for that, and while paused.
GRID, COARSE_GRID, FINE_GRID = 64, 40, 100
CURVE = 121  # places along the x1 axis where data of one dimension are predicted
LARGE = 8_000  # parameters, over all panels
MANY = 32  # networks, over all panels


def grid_size(panels: Sequence[Panel], flows: bool, coarse: bool) -> int:
    """Cells along a side; while the run flows, and where the line is slow, fewer."""
    parameters = sum(panel.own.network.parameters.size for panel in panels)
    many = sum(panel.seeds for panel in panels) > MANY
    if parameters > LARGE or many or coarse:
        return COARSE_GRID if flows else GRID
    return GRID if flows else FINE_GRID


def pictures(panels: Sequence[Panel], groups: Groups, data: Data, grid: int) -> dict[str, Array]:
    """The arrays of a frame that are pictures."""
    several = panels[0].seeds > 1
    _look(groups, data, grid)

    def stacked(fields: list[Array | None]) -> Array:
        return np.array(
            [np.zeros((grid, grid), np.uint8) if field is None else resized(field, grid) for field in fields]
        )

    arrays = {"boundary": stacked([panel.boundary for panel in panels])}
    if several:
        arrays["disagreement"] = stacked([panel.disagreement for panel in panels])
    if data.dimensions == 1:
        found = _curves(panels, groups, several)
        for place, name in enumerate(("curve", "curve_low", "curve_high") if several else ("curve",)):
            arrays[name] = np.stack([curve[place] for curve in found]).astype(np.float32)
    return arrays


def _look(groups: Groups, data: Data, grid: int) -> None:
    """Note what the panels show of the plane; of several seeds their mean, and how much they disagree."""
    for trainer, panels in groups:
        for panel, p in zip(panels, shares(trainer.boundary(grid), panels), strict=True):
            together = seeds.consensus(p) if panel.seeds > 1 else None
            mean = together.mean if together else p[0]
            if not np.isfinite(mean).all():
                continue
            panel.boundary = shades(mean, data)
            if together:
                panel.disagreement = (np.minimum(together.disagreement, 1) * 255).round().astype(np.uint8)


def _curves(panels: Sequence[Panel], groups: Groups, several: bool) -> list[Array]:
    """What the panels predict along the x1 axis, ``(1, m)``; of several seeds mean, low and high, ``(3, m)``."""
    found = {panel.id: np.full((3 if several else 1, CURVE), np.nan) for panel in panels}
    for trainer, together in groups:
        for panel, curves in zip(together, shares(trainer.curve(CURVE)[:, 0], together), strict=True):
            standing = np.asarray(np.isfinite(curves).all(axis=1))
            if several and standing.any():
                found[panel.id] = np.vstack([seeds.mean(curves.T, standing), seeds.band(curves.T, standing)])
            else:
                found[panel.id] = curves[[0] * len(found[panel.id])]
    return list(found.values())


def predictions(panels: Sequence[Panel], count: int) -> Array:
    """The predicted class of every point in every panel, as last known, ``(P, count)``."""
    return np.array([np.zeros(count, np.uint8) if panel.predicted is None else panel.predicted for panel in panels])
