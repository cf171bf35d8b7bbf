"""The noise of a picture after demosaicking, from the sensor's one calibrated model.

Raw noise is white and its variance is shot * x + read (Foi et al. 2008, "Practical Poissonian-Gaussian noise modeling
and fitting for single-image raw-data"). White balance multiplies it, demosaicking mixes it between pixels and colours
and, where it knows the noise, takes some. What that does we do not derive but measure: a dark and a bright grey with
this photo's noise go through the very stage that is planned.

Of a merged picture it is the noise at the median place, as `shot.noise` is; `isp.burst.uneven_noise` says how much more
there is elsewhere.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from isp.colour import Colour
from isp.demosaic import Demosaic
from isp.frames import NEUTRAL_SHOT, Mosaic, Noise
from isp.white_balance import WhiteBalance

if TYPE_CHECKING:
    from isp.plan import Scene

# Display luma, ITU-R BT.601.
DISPLAY_LUMA = np.array([0.299, 0.587, 0.114])
# Two greys between which most of a photo lies; a straight line through their variances is the model.
GREYS = (0.04, 0.4)
# So wide that a measured variance is right to about 2 %.
PROBE_PX = 128


def luma_weights(scene: Scene) -> np.ndarray:
    """(3,) weights, of sum 1, of balanced camera red, green and blue in the luma that the photo will show."""
    return DISPLAY_LUMA @ (scene.planned(Colour) or Colour()).complete_matrix()


def demosaicked_noise(
    scene: Scene, weights: np.ndarray, then: Callable[[np.ndarray], np.ndarray] | None = None
) -> Noise | None:
    """Noise of a weighted sum of the three colours of a grey, after demosaicking; None where the sensor's is unknown.

    then  what is done to the (H, W) sum before its noise counts, if anything
    """
    noise = scene.shot.noise
    if noise is None:
        return None
    gains = (scene.planned(WhiteBalance) or WhiteBalance(gains=(1.0, 1.0, 1.0))).gains
    probe = (scene.planned(Demosaic) or Demosaic(), tuple(gains), noise)
    if then is None:
        dark, bright = (weights @ covariance @ weights for covariance in _covariances(*probe))
    else:
        dark, bright = (then(picture @ weights).var() for picture in _probes(*probe))
    shot = max(0.0, (bright - dark) / (GREYS[1] - GREYS[0]))
    # Gains of white balance can bring what is nearly as large as saturation beyond it; more than all is not said.
    return Noise(float(min(shot, 1.0)), float(np.clip(dark - shot * GREYS[0], 0.0, 1.0)))


def demosaicked_greys(scene: Scene) -> tuple[np.ndarray, ...] | None:
    """The GREYS with this photo's noise after demosaicking, (PROBE_PX, PROBE_PX, 3) each; None where it is unknown."""
    noise = scene.shot.noise
    if noise is None:
        return None
    gains = (scene.planned(WhiteBalance) or WhiteBalance(gains=(1.0, 1.0, 1.0))).gains
    return _probes(scene.planned(Demosaic) or Demosaic(), tuple(gains), noise)


def short(values: list[float] | np.ndarray) -> tuple[float, ...]:
    """Six digits: the last ones of a sum depend on the machine's linear algebra, a recipe must not."""
    return tuple(float(f"{value:.6g}") for value in values)


@functools.lru_cache(maxsize=2)
def _probes(demosaic: Demosaic, gains: tuple[float, float, float], noise: Noise) -> tuple[np.ndarray, ...]:
    """The GREYS demosaicked with balanced noise, (PROBE_PX, PROBE_PX, 3) each.

    The noise is a sum of whole numbers, nearly Gaussian and the same on every machine.
    """
    drawn = np.random.default_rng(1).integers(-8, 9, (8, PROBE_PX, PROBE_PX)).sum(axis=0)
    # A whole number from -8 to 8 has the variance 24.
    drawn = drawn / np.sqrt(8 * 24.0)
    gain = np.tile(np.reshape(gains, 3)[[[0, 1], [1, 2]]], (PROBE_PX // 2, PROBE_PX // 2))
    made = []
    for grey in GREYS:
        mosaic = grey + drawn * np.sqrt(noise.shot * grey * gain + noise.read * gain**2)
        made.append(demosaic(Mosaic(mosaic.astype(np.float32), NEUTRAL_SHOT)).pixels.astype(np.float64))
    return tuple(made)


@functools.lru_cache(maxsize=2)
def _covariances(demosaic: Demosaic, gains: tuple[float, float, float], noise: Noise) -> tuple[np.ndarray, ...]:
    """How the three colours of each demosaicked grey vary together, (3, 3) each."""
    return tuple(np.cov(picture.reshape(-1, 3).T, bias=True) for picture in _probes(demosaic, gains, noise))
