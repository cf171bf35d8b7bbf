"""What a small picture of the scene says: mean colour of each zone, and how much of it is blown.

`measure` averages over coarse zones without blown pixels: how the light is found. `shrink` is a small picture with
everything in it: what the tones of the scene are planned from. `sample` picks small places: how bright its lights are.
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
# Places looked at, each way, where small lights matter: 1 in 10 000 of the picture can still be counted.
MOST_SAMPLES = 256
BLOCKS_QUADS = 4  # two blocks of 2 x 2 quads, one up and left of the other


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


def sample(frame: RawFrame) -> np.ndarray:
    """(3, 2, rows, columns) float64 linear red, green, blue of places at even distances over the whole frame.

    A place is two neighbouring blocks of 2 x 2 quads: a light shows in both, a hot pixel only in one. Pixels of a block
    weigh such that its red, green and blue have one centre: an edge is hardly taken for a colour.
    """
    shot = frame.shot
    step = max(1, -(-max(frame.pixels.shape) // (2 * MOST_SAMPLES)))
    planes: dict[str, list[np.ndarray]] = {"R": [], "G": [], "B": []}
    for index, letter in enumerate(shot.bayer):
        blocks = np.stack([_blocks(frame.pixels, index, step, start) for start in (0, 2)])
        planes[letter].append((blocks - shot.black_dn[index]) / (shot.white_dn - shot.black_dn[index]))
    return np.stack([np.mean(planes[letter], axis=0) for letter in "RGB"])


def _blocks(pixels: np.ndarray, index: int, step: int, start: int) -> np.ndarray:
    """The mean of 2 x 2 pixels of one Bayer position, every so many quads; it stands for the block's centre."""
    row, column = divmod(index, 2)
    height, width = (size // 2 for size in pixels.shape)
    plane = pixels[row : 2 * height : 2, column : 2 * width : 2]
    if min(height, width) < BLOCKS_QUADS:
        missing = [(0, max(0, BLOCKS_QUADS - size)) for size in plane.shape]
        plane = np.pad(plane, missing, mode="edge")
    down, across = ((0.75, 0.25) if parity else (0.25, 0.75) for parity in (row, column))
    ends = [size - (BLOCKS_QUADS - 1) + start for size in plane.shape]
    mean = 0.0
    for y, upright in enumerate(down):
        for x, beside in enumerate(across):
            mean = mean + upright * beside * plane[start + y : ends[0] + y : step, start + x : ends[1] + x : step]
    return mean


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
