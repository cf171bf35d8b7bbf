"""What raw frames themselves say of black, white, alignment and noise. Pure sums; no camera.

Noise from pairs: Foi et al. 2008, "Practical Poissonian-Gaussian noise modeling and fitting for single-image raw data",
section 2, variance linear in the signal. Differs: two frames of a scene at rest, whose difference needs no model of the
scene; spread by the median, so that what moves does not count.
"""

from __future__ import annotations

import math

import numpy as np

from isp.frames import RawFrame

# Of a normal distribution: the median of |x| is this share of its standard deviation.
MEDIAN_SHARE = 0.6745
# A pixel this near saturation is cut off, and one this near black tells read noise only.
DARKEST, BRIGHTEST = 0.02, 0.8
# Fewer pixels say little.
FEWEST_PIXELS = 2000
# A scene at rest has no more pixels than this at exactly its largest count unless they are cut off there.
PLATEAU_SHARE = 0.001
# Counts in steps of the converter: a rounding noise of 1/12.
ROUNDING = 1 / 12


def darkest_over_black_dn(frame: RawFrame) -> float:
    """Where the darkest hundredth of the pixels lies against the black level, in counts; below 0 black is too high."""
    return float(np.quantile(frame.pixels, 0.01)) - float(np.mean(frame.shot.black_dn))


def steps_of_counts(frame: RawFrame) -> int:
    """The largest power of two that divides every count: 16 where 12 bits lie left in 16."""
    every_bit = int(np.bitwise_or.reduce(frame.pixels, axis=None))
    return every_bit & -every_bit if every_bit else 1


def plateau_dn(frame: RawFrame) -> int | None:
    """The count at which the frame is cut off; None where nothing of it is."""
    largest = int(frame.pixels.max())
    return largest if np.count_nonzero(frame.pixels == largest) > PLATEAU_SHARE * frame.pixels.size else None


def noise_against_known(first: RawFrame, second: RawFrame) -> float | None:
    """Standard deviation of one frame's pixels over the known one; None where too little of the picture is grey.

    first, second  two frames of the same exposure of a scene at rest
    """
    shot, noise = first.shot, first.shot.noise
    if noise is None:
        return None
    step = steps_of_counts(first)
    # Wide enough: a picture of 12 million pixels has more than is needed.
    thin = max(1, math.isqrt(first.pixels.size // 1_000_000)) * 2
    ratios = []
    for position, black in enumerate(shot.black_dn):
        span = shot.white_dn - black
        counts = [
            frame.pixels[position // 2 :: thin, position % 2 :: thin].astype(np.float32) for frame in (first, second)
        ]
        level = ((counts[0] + counts[1]) / 2 - black) / span
        fits = (level > DARKEST) & (level < BRIGHTEST)
        if np.count_nonzero(fits) < FEWEST_PIXELS:
            continue
        apart = (counts[0] - counts[1])[fits]
        expected = np.sqrt((noise.shot * level[fits] + noise.read) * span**2 + ROUNDING * step**2)
        # The light may have changed a little between the frames: the middle of the differences is taken off.
        scaled = np.abs(apart - np.median(apart)) / (expected * math.sqrt(2))
        ratios.append(float(np.median(scaled)) / MEDIAN_SHARE)
    return float(np.mean(ratios)) if ratios else None
