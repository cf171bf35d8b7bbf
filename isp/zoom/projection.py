"""What a larger picture must give back: reduced to the size of the measured one, it is the measured one.

So nothing that was seen is changed, whoever drew the detail between the pixels. Source: Irani and Peleg 1991,
"Improving resolution by image registration" (back-projection), with the steps of Young 1953, "On Richardson's method
for solving linear systems". Differs: both pictures are of 8 bits, so a measured level is known to half of one and what
lies within that counts as given back; what 8 bits cannot show is cut, so a measured white may be any brighter one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from isp.errors import FrameError
from isp.zoom.resample import by_taps, resampled
from isp.zoom.taps import Filter, taps_for

# Twice each way, the one factor at which this is used: the finer picture's pixels lie evenly about the measured ones'.
FACTOR = 2
# Enlarged and reduced again, a pattern keeps from 0.22 of itself (the finest along both axes) to 0.47 (the finest along
# one) to all. Of a difference these steps leave 0.28, 0.01 and nothing. Steps that undo the first too made the grain of
# a flat wall a twentieth stronger and Kodak's pictures 0.01 dB better. The longest first: what it overdoes the others
# take back.
STEPS = (2.0, 1.5, 1.0)
WHITE = 255.0
# What rounding a measured level to 8 bits may have taken; to give that back would be to amplify its noise.
ROUNDED_OFF = 0.5
# Measured pixels around a part that what is made of it depends on: 3 for each step, and 2 of enlarging before them.
REACH_PX = 3 * len(STEPS) + 2
STRIP_PX = 256


def enlarged_twice(measured: np.ndarray, threads: int = 0) -> np.ndarray:
    """(h, w) or (h, w, 3), uint8 or float32, to twice the size each way by bicubic interpolation, float32, uncut."""
    height, width = measured.shape[:2]
    return resampled(measured, (FACTOR * height, FACTOR * width), Filter.BICUBIC, np.float32, threads)


def reduced_by_half(pixels: np.ndarray, threads: int = 0) -> np.ndarray:
    """(2h, 2w) or (2h, 2w, 3), uint8 or float32, to half the size each way without aliases, float32, uncut."""
    height, width = pixels.shape[:2]
    return resampled(pixels, (height // FACTOR, width // FACTOR), Filter.BICUBIC, np.float32, threads)


def projected(drawn: np.ndarray, measured: np.ndarray, threads: int = 0) -> np.ndarray:
    """The picture nearest to a drawn one that gives the measured one back.

    drawn     (2h, 2w) or (2h, 2w, 3) float32, 0 to 255 and somewhat beyond
    measured  (h, w) or (h, w, 3) uint8
    Returns float32 of the shape of `drawn`, to be rounded to 8 bits; pixels further than REACH_PX of `measured` apart
    do not depend on each other. Raises FrameError where the shapes do not fit.
    """
    if drawn.shape[:2] != tuple(FACTOR * side for side in measured.shape[:2]) or drawn.shape[2:] != measured.shape[2:]:
        raise FrameError(f"A picture of {drawn.shape} is not twice one of {measured.shape}.")
    wanted = measured.astype(np.float32)
    for step in STEPS:
        drawn = np.clip(drawn, 0.0, WHITE)
        missing = wanted - np.clip(reduced_by_half(drawn, threads), 0.0, WHITE)
        missing -= np.clip(missing, -ROUNDED_OFF, ROUNDED_OFF)
        missing *= np.float32(step)
        drawn += enlarged_twice(missing, threads)
    return drawn


def difference_rms(pixels: np.ndarray, measured: np.ndarray, threads: int = 0) -> float:
    """How far a picture, reduced to the size of the measured one, is from it: root mean square, in levels of 8 bits.

    pixels    (H, W) or (H, W, 3) uint8, larger along both axes or of the same size
    measured  (h, w) or (h, w, 3) uint8
    """
    sums = sum(float(np.square(strip, dtype=np.float64).sum()) for strip in _differences(pixels, measured, threads))
    return (sums / measured.size) ** 0.5


def _differences(pixels: np.ndarray, measured: np.ndarray, threads: int) -> Iterator[np.ndarray]:
    """Strip by strip: a whole picture in floats would take more memory than the picture."""
    rows, columns = (taps_for(pixels.shape[axis], measured.shape[axis], Filter.BICUBIC) for axis in (0, 1))
    for top in range(0, len(measured), STRIP_PX):
        strip = slice(top, top + STRIP_PX)
        reduced = by_taps(pixels, rows[strip], columns, np.float32, threads)
        yield np.clip(reduced, 0.0, WHITE) - measured[strip]
