"""What a small picture of the scene says: mean colour of each zone, and how much of it is blown.

`measure` averages over coarse zones without blown pixels, `average` with them: how the light is found. `shrink` is a
small picture with everything in it: what the tones of the scene are planned from. `sample` picks small places: how
bright its lights are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isp.frames import RawFrame
from isp.kernels import block_sums, measure_zones

# Zones are about square for 4:3 and small enough that one usually holds one thing.
ZONE_ROWS, ZONE_COLUMNS = 24, 32
# A cell of the small picture is at least so large; the small picture at most so wide.
CELL_PX = 16
WIDEST_SMALL_PX = 256
# Counts from here up are left out: some sensors saturate a little below the last count.
CLIP_SHARE = 0.97
NO_CLIP = 65536
# Places looked at, each way, where small lights matter: 1 in 10 000 of the picture can still be counted.
MOST_SAMPLES = 256
BLOCKS_QUADS = 4  # two blocks of 2 x 2 quads, one up and left of the other
BLOCK_WEIGHTS = 16  # what the weights of a block's pixels add up to


@dataclass(frozen=True)
class Zones:
    """means  (rows, columns, 3) float64 linear red, green, blue without clipped pixels; NaN where nothing is left
    used   (rows, columns) float64 share of the zone's pixels that were not clipped
    """

    means: np.ndarray
    used: np.ndarray


def measure(frame: RawFrame, rows: int = ZONE_ROWS, columns: int = ZONE_COLUMNS) -> Zones:
    """Average the frame over a coarse grid, coarser in tiny frames. Integer sums: the same for any machine."""
    shot = frame.shot
    clip = int(min(shot.black_dn) + CLIP_SHARE * (shot.white_dn - min(shot.black_dn)))
    return _averaged(frame, rows, columns, clip)


def shrink(frame: RawFrame) -> np.ndarray:
    """(rows, columns, 3) float64 linear red, green, blue: the mean of every cell of CELL_PX squared or more.

    0 is black, 1 saturation; no gain of any kind is in it, and blown pixels count as what they read.
    """
    height, width = frame.pixels.shape
    cell = max(CELL_PX, -(-width // WIDEST_SMALL_PX))
    return _averaged(frame, max(1, height // cell), max(1, width // cell), NO_CLIP).means


def average(frame: RawFrame, rows: int, columns: int) -> np.ndarray:
    """(rows, columns, 3) float64 linear red, green, blue of even zones, blown pixels in them; fewer in tiny frames."""
    return _averaged(frame, rows, columns, NO_CLIP).means


def sample(frame: RawFrame) -> np.ndarray:
    """(3, 2, rows, columns) float64 linear red, green, blue of places at even distances over the whole frame.

    A place is two neighbouring blocks of 2 x 2 quads: a light shows in both, a hot pixel only in one. Pixels of a block
    weigh such that its red, green and blue have one centre: an edge is hardly taken for a colour.
    """
    shot = frame.shot
    step = max(1, -(-max(frame.pixels.shape) // (2 * MOST_SAMPLES)))
    pixels = _in_blocks(frame.pixels)
    rows, columns = (-(-(size // 2 - BLOCKS_QUADS + 1) // step) for size in pixels.shape)
    sums = np.empty((2, 4, rows, columns), dtype=np.uint32)
    block_sums(pixels, step, sums)
    black = np.reshape(shot.black_dn, (4, 1, 1))
    linear = (sums / BLOCK_WEIGHTS - black) / (shot.white_dn - black)
    positions = [[index for index, has in enumerate(shot.bayer) if has == letter] for letter in "RGB"]
    return np.stack([linear[:, places].mean(axis=1) for places in positions])


def _in_blocks(pixels: np.ndarray) -> np.ndarray:
    """The pixels; of a frame too small for two blocks the last quads are repeated."""
    if min(pixels.shape) >= 2 * BLOCKS_QUADS:
        return np.ascontiguousarray(pixels)
    sizes = [max(size // 2, BLOCKS_QUADS) for size in pixels.shape]
    inside = [np.minimum(np.arange(size), have // 2 - 1) for size, have in zip(sizes, pixels.shape, strict=True)]
    down, across = ((2 * quads[:, None] + [0, 1]).ravel() for quads in inside)
    return np.ascontiguousarray(pixels[np.ix_(down, across)])


def _averaged(frame: RawFrame, rows: int, columns: int, clip: int) -> Zones:
    shot = frame.shot
    height, width = frame.pixels.shape
    rows, columns = min(rows, height // 2), min(columns, width // 2)
    sums = np.zeros((rows, columns, 4), dtype=np.uint64)
    counts = np.zeros((rows, columns, 4), dtype=np.uint64)
    measure_zones(np.ascontiguousarray(frame.pixels), clip, sums, counts)

    black = np.array(shot.black_dn)
    with np.errstate(invalid="ignore"):
        linear = (sums / np.where(counts == 0, np.nan, counts) - black) / (shot.white_dn - black)
    positions = [[index for index, has in enumerate(shot.bayer) if has == letter] for letter in "RGB"]
    means = np.stack([sum(linear[..., index] for index in places) / len(places) for places in positions], axis=-1)
    down = np.bincount(2 * np.arange(height // 2) * rows // height, minlength=rows)
    across = np.diff(np.arange(columns + 1) * (width // 2) // columns)
    return Zones(means=means, used=counts[..., 0] / np.maximum(np.outer(down, across), 1))
