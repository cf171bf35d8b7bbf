"""How much noise there is at each point of the photo path, from the sensor's one calibrated model.

Raw noise is white and its variance is shot * x + read. White balance multiplies it, demosaicking mixes it between
pixels and colours, the lens correction and the tone curve multiply it again. Source of the model: Foi et al. 2008,
"Practical Poissonian-Gaussian noise modeling and fitting for single-image raw-data". What demosaicking does to it we do
not derive but measure: a flat grey with noise of one colour at a time goes through the very stage that is planned.

All of it belongs to a single frame. In a picture merged from n frames every variance here is n times smaller.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isp.colour import Colour
from isp.demosaic import Demosaic
from isp.frames import Mosaic, Noise, Shot
from isp.shading import Shading
from isp.tone import Tone
from isp.white_balance import WhiteBalance

if TYPE_CHECKING:
    from isp.plan import Scene

# Brightness before the colour matrix: what a 2 x 2 of the mosaic measures, and nearly the least noisy sum of the three.
CAMERA_LUMA = np.array([0.25, 0.5, 0.25])
# Display luma, ITU-R BT.601.
DISPLAY_LUMA = np.array([0.299, 0.587, 0.114])
# The grey that carries the test noise, so wide that its measured variances are right to about 2 %.
PROBE_PX, PROBE_GREY, PROBE_NOISE = 128, 0.5, 0.01


@dataclass(frozen=True)
class ColourNoise:
    """Noise of red, green and blue of a grey: variance of colour c at level x = shot[c] * x + read[c]."""

    shot: np.ndarray
    read: np.ndarray

    def of_sum(self, shares: np.ndarray) -> Noise:
        """Noise of a sum; `shares` says how much of each colour's variance arrives in it."""
        return Noise(float(shares @ self.shot), float(shares @ self.read))


def balanced_noise(scene: Scene) -> ColourNoise | None:
    """Noise of the mosaic after white balance; None where the sensor's noise is unknown."""
    if scene.shot.noise is None:
        return None
    gains = np.array((scene.planned(WhiteBalance) or WhiteBalance(gains=(1.0, 1.0, 1.0))).gains)
    return ColourNoise(scene.shot.noise.shot * gains, scene.shot.noise.read * gains**2)


def demosaicked_noise(scene: Scene, weights: np.ndarray) -> Noise | None:
    """Noise of a weighted sum of the three colours of a grey after demosaicking, full resolution."""
    balanced = balanced_noise(scene)
    if balanced is None:
        return None
    return balanced.of_sum(np.array([picture.dot(weights).var() for picture in _probes(scene.planned(Demosaic))]))


def luma_noise_at(scene: Scene, linear: np.ndarray) -> np.ndarray | None:
    """Standard deviation of display luma (0..1) where a grey of this light enters the tone curve; None if unknown.

    linear  light after shading, 0 = black and 1 = saturation
    Shading counts as its gain in the middle of the frame.
    """
    noise = demosaicked_noise(scene, _luma_that_stays(scene))
    if noise is None:
        return None
    lens_gain = _lens_gain_in_the_middle(scene)
    variance = noise.shot * np.maximum(linear, 0.0) / lens_gain + noise.read
    tone = scene.planned(Tone) or Tone()
    return np.sqrt(variance) * lens_gain * tone.slope(linear)


def _luma_that_stays(scene: Scene) -> np.ndarray:
    """Weights of balanced red, green and blue in the display's luma."""
    return DISPLAY_LUMA @ (scene.planned(Colour) or Colour()).complete_matrix()


def _lens_gain_in_the_middle(scene: Scene) -> float:
    shading = scene.planned(Shading)
    if shading is None or shading.gains is None:
        return 1.0
    green = np.asarray(shading.gains[1])
    return float(1.0 + shading.strength * (green[green.shape[0] // 2, green.shape[1] // 2] - 1.0))


@functools.lru_cache(maxsize=8)
def _probes(demosaic: Demosaic | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three demosaicked greys, (PROBE_PX, PROBE_PX, 3): noise of variance 1 in the mosaic's red, green or blue alone.

    The noise is of signs, whole numbers: it is the same on every machine.
    """
    signs = np.random.default_rng(1).integers(0, 2, (PROBE_PX, PROBE_PX)) * 2 - 1
    colours = np.tile([[0, 1], [1, 2]], (PROBE_PX // 2, PROBE_PX // 2))
    shot = Shot("probe", "RGGB", (0.0,) * 4, 1.0, 0, 0, 1.0, 1.0, Noise(0.0, 0.0))
    made = []
    for colour in range(3):
        grey = PROBE_GREY + PROBE_NOISE * signs * (colours == colour)
        linear = (demosaic or Demosaic())(Mosaic(grey.astype(np.float32), shot)).pixels
        made.append((linear.astype(np.float64) - PROBE_GREY) / PROBE_NOISE)
    return tuple(made)
