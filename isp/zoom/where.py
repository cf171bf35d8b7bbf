"""Where the pixels of a frame lie in the reference: the alignment read the other way round."""

from __future__ import annotations

import numpy as np

from isp.burst.places import PITCH_PX

# Shifts differ by less than a tenth of a pixel from pixel to pixel: each round leaves less than a tenth of the error.
ROUNDS = 4


def lying(shifts_px: np.ndarray) -> np.ndarray:
    """(rows, columns, 2) float32: what lies at a place of the frame lies at that place plus this in the reference.

    shifts_px  (rows, columns, 2) float32 at the places of the reference, as in `isp.burst.align.Shifts`
    """
    shifts = np.asarray(shifts_px, np.float64)
    rows, columns = shifts.shape[:2]
    y, x = np.mgrid[:rows, :columns].astype(np.float64)
    back = -shifts
    for _ in range(ROUNDS):
        back = -_between(shifts, y + back[..., 0] / PITCH_PX, x + back[..., 1] / PITCH_PX)
    return back.astype(np.float32)


def _between(values: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Bilinear, and held beyond the ends; y and x in steps of the grid."""
    (row, down), (column, across) = (_place(at, length) for at, length in zip((y, x), values.shape[:2], strict=True))
    above = values[row, column] * (1 - across) + values[row, column + 1] * across
    below = values[row + 1, column] * (1 - across) + values[row + 1, column + 1] * across
    return above * (1 - down) + below * down


def _place(at: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    held = np.clip(at, 0.0, length - 1)
    first = np.minimum(held.astype(np.intp), length - 2)
    return first, (held - first)[..., None]
