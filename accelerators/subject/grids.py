"""Coarse grids whose outermost places stand at the outermost pixels of what they describe (align-corners)."""

from __future__ import annotations

import numpy as np

from accelerators.opencv import opencv


def resampled(
    grid: np.ndarray,
    shape: tuple[int, int],
    top_left: tuple[float, float] = (0, 0),
    bottom_right: tuple[float, float] = (1, 1),
) -> np.ndarray:
    """Read a grid bilinearly at the places of another.

    grid          (rows, columns) or (rows, columns, depth) float32
    shape         (rows, columns) to read
    top_left,     (y, x), where the outermost places to read stand: 0 and 1 are the grid's own outermost places.
    bottom_right  Beyond them its border is repeated.
    Returns float32, (rows, columns) or (rows, columns, depth).
    """
    y, x = (
        np.linspace(start, stop, count, dtype=np.float32) * (places - 1)
        for start, stop, count, places in zip(top_left, bottom_right, shape, grid.shape[:2], strict=True)
    )
    deep = grid.reshape(*grid.shape[:2], -1)
    return _between(_between(deep, y, axis=0), x, axis=1).reshape(*shape, *grid.shape[2:]).astype(np.float32)


def _between(grid: np.ndarray, at: np.ndarray, axis: int) -> np.ndarray:
    last = grid.shape[axis] - 1
    at = np.clip(at, 0, last)
    before = np.minimum(at.astype(int), max(last - 1, 0))
    after = np.minimum(before + 1, last)
    weight = (at - before).reshape([-1 if a == axis else 1 for a in range(3)]).astype(np.float32)
    return grid.take(before, axis) * (1 - weight) + grid.take(after, axis) * weight


def squashed(picture: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The picture in another shape, sides stretched as needed: averaged where it shrinks, bilinear where it grows."""
    cv2 = opencv()
    shrinks = picture.shape[0] * picture.shape[1] > shape[0] * shape[1]
    return cv2.resize(picture, shape[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two masks of the same shape; 1 where both are empty."""
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0
