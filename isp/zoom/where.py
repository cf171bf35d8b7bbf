"""Where the pixels of a frame lie in the reference: the alignment read the other way round, and made steady.

Detail that is too fine for a frame's pixels shows as coarser waves, which move otherwise than the picture. Tiles that
hold nothing else know nothing of their movement, and tell so: they follow the whole picture.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from isp.burst.align import Shifts
from isp.burst.places import PITCH_PX

# Shifts differ by less than a tenth of a pixel from pixel to pixel: each round leaves less than a tenth of the error.
ROUNDS = 4

# A tile that knows its movement to a tenth of a pixel is sure, and those beside it share its texture. Things that move
# by themselves are: 99 of 100 of their tiles, and 2 to 12 of 100 where nothing but false waves is.
SURE = 100.0
# So many sure tiles tell how a rolling shutter has moved their row.
ENOUGH_IN_A_ROW = 3


def steadied(shifts: Shifts) -> np.ndarray:
    """(rows, columns, 2) float32: the shifts; where a tile and those beside it are not sure, the whole picture's."""
    rows, columns = shifts.px.shape[:2]
    hand = shifts.hand.at(PITCH_PX * np.arange(rows)[:, None], PITCH_PX * np.arange(columns)[None, :])
    whole = np.stack(np.broadcast_arrays(*hand), axis=-1)
    around = sliding_window_view(np.pad(shifts.trust, 1, mode="edge"), (3, 3))
    sure = around.max(axis=(2, 3)) >= SURE
    for row in np.flatnonzero(sure.sum(axis=1) >= ENOUGH_IN_A_ROW):
        whole[row] += np.median((shifts.px - whole)[row, sure[row]], axis=0)
    return np.where(sure[..., None], shifts.px, whole).astype(np.float32)


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
