"""Pictures of zones on a grid of another size, or on a part of the picture."""

from __future__ import annotations

import numpy as np


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
