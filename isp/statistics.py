"""What a small picture of the scene says: mean colour of each zone, and how much of it is blown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isp.frames import RawFrame
from isp.kernels import measure_zones

# Zones are about square for 4:3 and small enough that one usually holds one thing.
ZONE_ROWS, ZONE_COLUMNS = 24, 32
# Counts from here up are left out: some sensors saturate a little below the last count.
CLIP_SHARE = 0.97


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
    height, width = frame.pixels.shape
    rows, columns = min(ZONE_ROWS, height // 2), min(ZONE_COLUMNS, width // 2)
    sums = np.zeros((rows, columns, 4), dtype=np.uint64)
    counts = np.zeros((rows, columns, 4), dtype=np.uint64)
    clip = int(min(shot.black_dn) + CLIP_SHARE * (shot.white_dn - min(shot.black_dn)))
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
