"""How a picture of any size is handed to a network of one: tiles that overlap, of which only the inner parts count.

Each inner part depends on nothing but the pixels that its network looks at, so no seam can be between two of them.
Beyond the picture's edges lies its mirror image, the edge pixels twice, as where it is resampled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tiling:
    """What a network takes and gives.

    shape  (height, width) of a tile
    halo   pixels on each side that only inform the inner part
    """

    shape: tuple[int, int]
    halo: int

    @property
    def inner(self) -> tuple[int, int]:
        """(height, width) of a tile's inner part."""
        return self.shape[0] - 2 * self.halo, self.shape[1] - 2 * self.halo

    def starts(self, length: int, axis: int) -> list[int]:
        """Where inner parts begin along an axis, so that they cover it; the last one ends with it where it can."""
        inner = self.inner[axis]
        return [max(min(start, length - inner), 0) for start in range(0, length, inner)]

    def tile(self, luma: np.ndarray, top: int, left: int) -> np.ndarray:
        """(*shape, 1) uint8: the tile whose inner part begins there, of a (H, W) picture."""
        rows, columns = (
            _mirrored(np.arange(start - self.halo, start - self.halo + length), side)
            for start, length, side in zip((top, left), self.shape, luma.shape, strict=True)
        )
        return luma[rows[:, np.newaxis], columns][:, :, np.newaxis]


def _mirrored(places: np.ndarray, length: int) -> np.ndarray:
    """... 1 0 | 0 1 2 ... n-1 | n-1 n-2 ..., as often as needed."""
    folded = places % (2 * length)
    return np.minimum(folded, 2 * length - 1 - folded)
