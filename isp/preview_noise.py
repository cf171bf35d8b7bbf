"""What noise explains in a preview: limits for its chroma filter and its sharpening, as straight lines over luma.

The calibrated noise model of a raw pixel is carried through gains, matrix and tone curve, as in `chroma_noise.py`; what
demosaicking and the mean of 2 x 2 pixels leave of it was measured once on flat fields.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isp.frames import Noise

LUMA = np.array([0.299, 0.587, 0.114])
STEP = 1 / 128  # of the display range: what the slope of the tone curve is taken over
# How often the filter of each colour is found on the sensor: fine detail of luma is what single pixels say.
BAYER = np.array([0.25, 0.5, 0.25])
# What is left of one pixel's noise, as a share of its deviation, measured on flat fields of three sensors in three
# lights: of luma in the detail that sharpening sees (0.6 to 0.7), of the larger colour difference in the mean of 2 x 2
# pixels (0.5 to 0.6).
DETAIL_SHARE = 0.66
CHROMA_SHARE = 0.55


@dataclass(frozen=True)
class NoiseOnDisplay:
    """How one pixel's noise reaches the display.

    noise   of a raw pixel, 1 = saturation
    gains   of red, green and blue before the matrix, lens shading included
    matrix  (3, 3) camera RGB to linear sRGB
    curve   display value 0..1 of linear light 0..1
    """

    noise: Noise
    gains: np.ndarray
    matrix: np.ndarray
    curve: Callable[[np.ndarray], np.ndarray]

    def deviations(self, luma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Deviation of colour and of fine detail at greys of this luma, all in display codes 0..255.

        Colour is the noisier difference to luma in the mean of 2 x 2 pixels; detail is what a blur takes from luma.
        """
        variance, slope = self._greys(luma / 255)
        differences = np.stack([self.matrix[0] - LUMA @ self.matrix, self.matrix[2] - LUMA @ self.matrix])
        chroma = np.sqrt((variance @ (differences**2).T).max(axis=1))
        return 255 * CHROMA_SHARE * slope * chroma, 255 * DETAIL_SHARE * slope * np.sqrt(variance @ BAYER)

    def _greys(self, luma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Variance of the balanced colours and slope of the tone curve at greys of these display values 0..1."""
        light = np.linspace(0, 1, 512) ** 2
        display = np.maximum.accumulate(self.curve(light))
        below, linear, above = (np.interp(luma + step, display, light) for step in (-STEP, 0, STEP))
        variance = (self.noise.shot * linear[:, None] / self.gains + self.noise.read) * self.gains**2
        risen = np.minimum(luma + STEP, 1) - np.maximum(luma - STEP, 0)
        return variance, risen / np.maximum(above - below, 1e-9)
