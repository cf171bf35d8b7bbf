"""The part of the picture that can be subject, with enough around it to know what it stands before.

A small subject gets the whole working size for itself: its legs are as many pixels wide as those of a close one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelerators.opencv import opencv

# Less likely places are not subject, whatever their colour.
UNLIKELY = 0.25
# Room on all sides, in longer sides of the subject: as much background as subject, to know its colours.
ROOM = 0.25


@dataclass(frozen=True)
class Surroundings:
    """A part of the picture: rows top to bottom, columns left to right, of a picture of `shape` (rows, columns)."""

    top: int
    left: int
    bottom: int
    right: int
    shape: tuple[int, int]

    @property
    def window(self) -> tuple[slice, slice]:
        """For indexing the picture."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def spread(self, grid: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """The picture's grid over this part, (H, W) float32 of the size `shape`, linear between the numbers.

        grid  (rows, columns) float32; its outermost numbers stand at the picture's outermost pixels (align-corners)
        """
        cv2 = opencv()
        rows = _places(self.top, self.bottom, shape[0], self.shape[0], grid.shape[0])
        columns = _places(self.left, self.right, shape[1], self.shape[1], grid.shape[1])
        return cv2.remap(grid, *np.meshgrid(columns, rows), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def surroundings_of(grid: np.ndarray, shape: tuple[int, int]) -> Surroundings:
    """The rectangle around all that may be subject; the whole picture where nothing or everything may.

    grid   (rows, columns) float32 probability, align-corners
    shape  (rows, columns) of the picture
    """
    likely = grid > UNLIKELY
    if not likely.any():
        return Surroundings(0, 0, *shape, shape)
    rows, columns = np.flatnonzero(likely.any(axis=1)), np.flatnonzero(likely.any(axis=0))
    # Between a likely number and its unlikely neighbour it may still be subject.
    top, bottom = np.clip((rows[0] - 1, rows[-1] + 1), 0, len(grid) - 1) / max(len(grid) - 1, 1) * shape[0]
    left, right = (
        np.clip((columns[0] - 1, columns[-1] + 1), 0, grid.shape[1] - 1) / max(grid.shape[1] - 1, 1) * shape[1]
    )
    room_px = ROOM * max(bottom - top, right - left, 1)
    return Surroundings(
        top=max(0, int(top - room_px)),
        left=max(0, int(left - room_px)),
        bottom=min(shape[0], int(bottom + room_px) + 1),
        right=min(shape[1], int(right + room_px) + 1),
        shape=shape,
    )


def _places(start: int, stop: int, count: int, length: int, numbers: int) -> np.ndarray:
    """Where in a grid's axis of so many numbers the centres of `count` pixels lie that replace start to stop."""
    centres = start + (np.arange(count) + 0.5) * ((stop - start) / count) - 0.5
    return (centres * ((numbers - 1) / max(length - 1, 1))).astype(np.float32)
