"""Pictures averaged over the zones of a coarser grid."""

from __future__ import annotations

import numpy as np


def averaged(picture: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(rows, columns, ...) means over the zones of a grid of this shape; what lies on a border is shared out."""
    down, across = (_areas(new, old) for new, old in zip(shape, picture.shape[:2], strict=True))
    rows = np.tensordot(down, picture.astype(float), axes=(1, 0))
    return np.moveaxis(np.tensordot(across, rows, axes=(1, 1)), 0, 1)


def _areas(new: int, old: int) -> np.ndarray:
    """(new, old) how much of each new zone lies on each old one; rows sum to 1."""
    edges = np.arange(new + 1) / new * old
    reach = np.clip(edges[:, None] - np.arange(old), 0.0, 1.0)
    covered = np.diff(reach, axis=0)
    return covered / covered.sum(axis=1, keepdims=True)
