"""Depth where none was measured: from what was, along the edges of the picture.

Min et al. 2014, "Fast global image smoothing based on weighted least squares": rows and columns in turn, each solved
exactly. What is hidden from the second camera is background: holes start from the farther of their two neighbours on
the row, and the picture's own edges decide how far each side reaches.
"""

from __future__ import annotations

import numpy as np

# Neighbours that differ by this many of 255 hold together 63 % less.
EDGE = 3.0
# How far depth spreads inside one surface, in squares of pixels.
REACH = 2000.0
ROUNDS = 3
# A hole's first guess counts as much as a measured place: less, and the nearer side spreads into what it hides.
GUESS = 1.0


def fill(disparity: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """(h, w) float32 without holes; measured places keep what was measured.

    disparity  (h, w) float32, NaN where unknown; somewhere known
    picture    (h, w, 3) uint8 of the same place
    """
    known = ~np.isnan(disparity)
    guess = np.where(known, disparity, _farther_neighbour(disparity))
    weight = np.where(known, 1.0, GUESS)
    colours = picture.astype(np.float64)
    across, down = (np.exp(-np.abs(np.diff(colours, axis=axis)).max(axis=2) / EDGE) for axis in (1, 0))
    spread, counted = weight * guess, weight
    for step in range(ROUNDS):
        reach = 1.5 * REACH * 4.0 ** (ROUNDS - step - 1) / (4.0**ROUNDS - 1)
        both = np.stack([spread, counted])
        both = _along_rows(both, reach * across)
        both = _along_rows(both.transpose(0, 2, 1), reach * down.T).transpose(0, 2, 1)
        spread, counted = both
    filled = spread / np.maximum(counted, 1e-12)
    return np.where(known, disparity, filled).astype(np.float32)


def _along_rows(values: np.ndarray, ties: np.ndarray) -> np.ndarray:
    """Solve (1 + ties' Laplacian) u = values on every row: elimination forward, substitution back.

    values  (n, h, w); ties (h, w - 1) between neighbours
    """
    _, height, width = values.shape
    columns = np.moveaxis(values, 2, 0).copy()
    tie = np.zeros((width + 1, height))
    tie[1:-1] = ties.T
    rest = np.empty((width, height))
    for x in range(width):
        taken = tie[x] * rest[x - 1] if x else 0.0
        pivot = 1.0 + tie[x] + tie[x + 1] - taken
        rest[x] = tie[x + 1] / pivot
        columns[x] = (columns[x] + (tie[x] * columns[x - 1] if x else 0.0)) / pivot
    for x in range(width - 2, -1, -1):
        columns[x] += rest[x] * columns[x + 1]
    return np.moveaxis(columns, 0, 2)


def _farther_neighbour(disparity: np.ndarray) -> np.ndarray:
    """For each place the smaller of the nearest known values left and right of it, else the smallest usual value."""
    known = ~np.isnan(disparity)
    height, width = disparity.shape
    columns = np.broadcast_to(np.arange(width), (height, width))
    before = np.maximum.accumulate(np.where(known, columns, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, columns, width)[:, ::-1], axis=1)[:, ::-1]
    left = np.where(before >= 0, np.take_along_axis(disparity, np.maximum(before, 0), axis=1), np.inf)
    right = np.where(after < width, np.take_along_axis(disparity, np.minimum(after, width - 1), axis=1), np.inf)
    nearest = np.minimum(left, right)
    return np.where(np.isinf(nearest), np.nanpercentile(disparity, 5.0), nearest)
