"""What a small picture of the scene says: mean colour of each zone, and how much of it is blown.

`measure` averages over coarse zones without blown pixels: how the light is found. `shrink` is a small picture with
everything in it: what the tones of the scene are planned from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isp.frames import RawFrame
from isp.kernels import measure_zones

# Zones are about square for 4:3 and small enough that one usually holds one thing.
ZONE_ROWS, ZONE_COLUMNS = 24, 32
# A cell of the small picture is at least so large; the small picture at most so wide.
CELL_PX = 16
WIDEST_SMALL_PX = 256
# Counts from here up are left out: some sensors saturate a little below the last count.
CLIP_SHARE = 0.97
NO_CLIP = 65536


@dataclass(frozen=True)
class Zones:
    """means  (rows, columns, 3) float64 linear red, green, blue without clipped pixels; NaN where nothing is left
    used   (rows, columns) float64 share of the zone's pixels that were not clipped
    """

    means: np.ndarray
    used: np.ndarray


def measure(frame: RawFrame) -> Zones:
    """Average the frame over a coarse grid. Integer sums: the same for any order and machine."""
    shot = frame.shot
    clip = int(min(shot.black_dn) + CLIP_SHARE * (shot.white_dn - min(shot.black_dn)))
    return _averaged(frame, ZONE_ROWS, ZONE_COLUMNS, clip)


def shrink(frame: RawFrame) -> np.ndarray:
    """(rows, columns, 3) float64 linear red, green, blue: the mean of every cell of CELL_PX squared or more.

    0 is black, 1 saturation; no gain of any kind is in it, and blown pixels count as what they read.
    """
    height, width = frame.pixels.shape
    cell = max(CELL_PX, -(-width // WIDEST_SMALL_PX))
    return _averaged(frame, max(1, height // cell), max(1, width // cell), NO_CLIP).means


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
    colours = ["RGB".index(letter) for letter in shot.bayer]
    means = np.stack(
        [linear[..., [i for i, c in enumerate(colours) if c == colour]].mean(-1) for colour in range(3)], -1
    )
    quads_per_zone = (height // 2) * (width // 2) / (rows * columns)
    return Zones(means=means, used=np.minimum(counts[..., 0] / quads_per_zone, 1.0))
