"""The sizes a matte is made at: what costs much per pixel is done on a small copy."""

from __future__ import annotations

import numpy as np

from accelerators.opencv import opencv


def reduced(picture: np.ndarray, longer_side_px: int) -> np.ndarray:
    """The picture at most so long, each pixel the mean of those it replaces; itself where it is not longer."""
    height, width = picture.shape[:2]
    scale = longer_side_px / max(height, width)
    if scale >= 1:
        return picture
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return opencv().resize(picture, size, interpolation=opencv().INTER_AREA)


def enlarged(plane: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A plane of a reduced picture at the size `shape` (rows, columns), linear between pixel centres."""
    return opencv().resize(plane, (shape[1], shape[0]), interpolation=opencv().INTER_LINEAR)
