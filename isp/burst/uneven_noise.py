"""Noise that differs from place to place, because more frames back a merged picture here than there.

A picture's `shot.noise` is that of the median place. The stages that go by noise plan from it alone, so that a recipe
holds no map; the map itself travels with the picture and meets them in the kernels (`isp/kernels/uneven_noise.hpp`):
chroma noise, luma noise and sharpening. Demosaicking and bad pixels keep to the median. Told of eight times the noise,
demosaicking is 0.4 dB nearer to the truth, but a third more colour noise is left in the photo; and of the pixels of a
place with an eighth of the median's frames less than one in a thousand is taken for bad and mended.
"""

from __future__ import annotations

import numpy as np


def noise_times(frames_behind: np.ndarray | None) -> np.ndarray | None:
    """(rows, columns) float32: the noise's variance at each place over that at the median place; None where all are 1.

    frames_behind  (rows, columns) float32, 1 or more, as in `RawFrame`; None for a single exposure
    """
    if frames_behind is None:
        return None
    times = np.float32(np.median(frames_behind)) / frames_behind
    return None if np.all(times == 1) else times
