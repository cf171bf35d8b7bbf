"""Values between two pixels of one colour: the short filters that the merge moves a frame by.

Each sixteenth of a step has six weights. They are fitted so that waves up to `FINEST` keep their height and place as
well as six weights can, the weights adding up to 1, so that flat stays flat.
Source: the least-squares design of fractional delays, Laakso et al. 1996, "Splitting the unit delay", IEEE Signal
Processing Magazine 13(1). Differs: waves count by what a lens's picture holds of them, one over their frequency, and
the sum is fixed.
"""

from __future__ import annotations

import functools

import numpy as np

from isp.kernels import MERGE_FREQUENCIES, MERGE_STEPS, MERGE_TAPS

# Waves per pixel of one colour up to which the filters are fitted. Half a step has no answer to the finest, 0.5, and
# asking for more than this bends the slower ones: measured on hand-held bursts, 0.36 merges most (0.42: 0.2 dB less).
FINEST = 0.36
WAVES = 128
# So rounded the weights are the same whatever library solved for them.
DECIMALS = 6


@functools.cache
def between_pixels() -> np.ndarray:
    """(steps, taps) float32: weights of the pixels from two before to three behind, for each sixteenth of a step."""
    per_pixel = FINEST * np.arange(0.5, WAVES) / WAVES
    matter = 1.0 / per_pixel[:, None]
    at = np.arange(MERGE_TAPS) - 2
    weights = np.zeros((MERGE_STEPS, MERGE_TAPS))
    weights[0, 2] = 1.0
    for step in range(1, MERGE_STEPS):
        # Waves seen from the place between the pixels: of what is answered the cosine should be 1 and the sine 0.
        away = 2 * np.pi * per_pixel[:, None] * (at - step / MERGE_STEPS)
        rows = np.concatenate([matter * np.cos(away), matter * np.sin(away)])
        wanted = np.concatenate([matter[:, 0], np.zeros(WAVES)])
        # The first weight is what the others leave of 1.
        free = np.linalg.lstsq(rows[:, 1:] - rows[:, :1], wanted - rows[:, 0], rcond=None)[0]
        weights[step] = [1.0 - free.sum(), *free]
    return np.round(weights, DECIMALS).astype(np.float32)


@functools.cache
def noise_left() -> np.ndarray:
    """(steps, frequencies) float32: what those filters leave of white noise's variance at each frequency of a tile.

    The frequencies are those of the orthonormal cosine transform of as many pixels of one colour.
    """
    count = MERGE_FREQUENCIES
    at = np.arange(count)
    waves = np.cos(np.pi * np.outer(at, 2 * at + 1) / (2 * count)) * np.sqrt(2 / count)
    waves[0] /= np.sqrt(2)
    left = np.empty((MERGE_STEPS, count))
    for step, taps in enumerate(between_pixels().astype(np.float64)):
        alike = np.zeros(2 * count)
        alike[:MERGE_TAPS] = np.correlate(taps, taps, "full")[MERGE_TAPS - 1 :]
        left[step] = np.sum((waves @ alike[np.abs(at[:, None] - at)]) * waves, axis=1)
    return np.round(left, DECIMALS).astype(np.float32)
