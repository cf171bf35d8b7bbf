"""Zone pictures of another size or of a part: means over the new zones' areas."""

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
    return np.einsum("ry,yxc,kx->rkc", down, zones.astype(float), across)


def _areas(begin: float, share: float, new: int, old: int) -> np.ndarray:
    """(new, old) how much of each new zone lies on each old one; rows sum to 1."""
    edges = (begin + share * np.arange(new + 1) / new) * old
    reach = np.clip(edges[:, None] - np.arange(old), 0.0, 1.0)
    covered = np.diff(reach, axis=0)
    return covered / covered.sum(axis=1, keepdims=True)
