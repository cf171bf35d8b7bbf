"""Pictures of zones: the way back from the published format, and grids of another size or on a part of the picture."""

from __future__ import annotations

import numpy as np

from isp.light_statistics import RENDERED_FOR_K, WHITE
from isp.tuning import Tuning


def unrendered(zones: np.ndarray, tuning: Tuning) -> np.ndarray:
    """(rows, columns, 3) float64: what the sensor read, 1 = white; where the format was clipped, the nearest it says.

    `LightStatistics.raw_colours` leaves such zones out. Here they are needed: relit, they may come out of clipping.
    """
    balanced = zones / WHITE @ np.linalg.inv(tuning.matrix_at(RENDERED_FOR_K)).T
    red, blue = np.multiply(tuning.grey_at(RENDERED_FOR_K), tuning.sensitivity)
    return balanced * (red, 1.0, blue)


def stretched(zones: np.ndarray, part: tuple[float, float, float], shape: tuple[int, int]) -> np.ndarray:
    """(rows, columns, ...) means over the zones of a new grid that lies on a part of the old one.

    part   (top, left, share): where it begins, and its side, as shares of the picture
    shape  (rows, columns) of the new grid
    """
    top, left, share = part
    down = _areas(top, share, shape[0], zones.shape[0])
    across = _areas(left, share, shape[1], zones.shape[1])
    rows = np.tensordot(down, zones.astype(float), axes=(1, 0))
    return np.moveaxis(np.tensordot(across, rows, axes=(1, 1)), 0, 1)


def _areas(begin: float, share: float, new: int, old: int) -> np.ndarray:
    """(new, old) how much of each new zone lies on each old one; rows sum to 1."""
    edges = (begin + share * np.arange(new + 1) / new) * old
    reach = np.clip(edges[:, None] - np.arange(old), 0.0, 1.0)
    covered = np.diff(reach, axis=0)
    return covered / covered.sum(axis=1, keepdims=True)
