"""Values between two pixels of one colour: the short filters that the merge moves a frame by.

Each eighth of a pixel has six weights. They are fitted so that waves up to `FINEST` keep their height and place as well
as six weights can: least squares over the wave lengths, the weights adding up to 1, so that flat stays flat.
Source: the least-squares design of fractional delays, Laakso et al. 1996, "Splitting the unit delay", IEEE Signal
Processing Magazine 13(1), section on general least squares. Differs: nothing but the fixed sum.
"""

from __future__ import annotations

import functools

import numpy as np

from isp.kernels import MERGE_FREQUENCIES, MERGE_STEPS, MERGE_TAPS

# Waves per pixel of one colour up to which the filters are faithful; at 0.5, the finest, half a step has no answer.
FINEST = 0.42
WAVES = 64
# So rounded the weights are the same whatever library solved for them.
DECIMALS = 6


@functools.cache
def between_pixels() -> np.ndarray:
    """(steps, taps) float32: weights of the pixels from two before to three behind, for each eighth of a step."""
    waves = 2 * np.pi * np.linspace(0.0, FINEST, WAVES)
    at = np.arange(MERGE_TAPS) - 2
    weights = np.zeros((MERGE_STEPS, MERGE_TAPS))
    weights[0, 2] = 1.0
    for step in range(1, MERGE_STEPS):
        # Waves seen from the place between the pixels: what should be 1 there is the cosine, what should be 0 the sine.
        away = waves[:, None] * (at - step / MERGE_STEPS)
        rows = np.concatenate([np.cos(away), np.sin(away)])
        wanted = np.concatenate([np.ones(WAVES), np.zeros(WAVES)])
        # The last weight is what the others leave of 1.
        free = np.linalg.lstsq(rows[:, 1:] - rows[:, :1], wanted - rows[:, 0], rcond=None)[0]
        weights[step] = [1.0 - free.sum(), *free]
    return np.round(weights, DECIMALS).astype(np.float32)


@functools.cache
def noise_left() -> np.ndarray:
    """(steps, frequencies) float32: share of the noise's variance that those filters leave at each tile frequency."""
    waves = np.pi * np.arange(MERGE_FREQUENCIES) / MERGE_FREQUENCIES
    response = between_pixels().astype(np.float64) @ np.exp(-1j * np.outer(np.arange(MERGE_TAPS), waves))
    return np.round(np.abs(response) ** 2, DECIMALS).astype(np.float32)
