"""The noise of a picture up to the end of demosaicking, from the sensor's one calibrated model.

Raw noise is white and its variance is shot * x + read (Foi et al. 2008, "Practical Poissonian-Gaussian noise modeling
and fitting for single-image raw-data"). White balance multiplies it, demosaicking mixes it between pixels and colours.
What that does we do not derive but measure: a flat grey with noise of one colour at a time goes through the very stage
that is planned.

All of it belongs to a single frame. In a picture merged from n frames every variance here is n times smaller.
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
# The grey that carries the test noise is so wide that its measured variances are right to about 2 %.
PROBE_PX, PROBE_GREY, PROBE_NOISE = 128, 0.5, 0.01


def luma_weights(scene: Scene) -> np.ndarray:
    """(3,) weights, of sum 1, of balanced camera red, green and blue in the luma that the photo will show."""
    return DISPLAY_LUMA @ (scene.planned(Colour) or Colour()).complete_matrix()


def demosaicked_noise(
    scene: Scene, weights: np.ndarray, then: Callable[[np.ndarray], np.ndarray] | None = None
) -> Noise | None:
    """Noise of a weighted sum of the three colours of a grey, after demosaicking; None where the sensor's is unknown.

    then  what is done to the (H, W) sum before its noise counts, if anything
    """
    if scene.shot.noise is None:
        return None
    gains = np.array((scene.planned(WhiteBalance) or WhiteBalance(gains=(1.0, 1.0, 1.0))).gains)
    demosaic = scene.planned(Demosaic)
    if then is None:
        share = np.array([weights @ covariance @ weights for covariance in _covariances(demosaic)])
    else:
        share = np.array([then(picture @ weights).var() for picture in _probes(demosaic)])
    return Noise(float(scene.shot.noise.shot * share @ gains), float(scene.shot.noise.read * share @ gains**2))


def short(values: list[float] | np.ndarray) -> tuple[float, ...]:
    """Six digits: the last ones of a sum depend on the machine's linear algebra, a recipe must not."""
    return tuple(float(f"{value:.6g}") for value in values)


@functools.lru_cache(maxsize=8)
def _probes(demosaic: Demosaic | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three demosaicked greys, (PROBE_PX, PROBE_PX, 3): noise of variance 1 in the mosaic's red, green or blue alone.

    The noise is of signs, whole numbers: it is the same on every machine.
    """
    signs = np.random.default_rng(1).integers(0, 2, (PROBE_PX, PROBE_PX)) * 2 - 1
    colours = np.tile([[0, 1], [1, 2]], (PROBE_PX // 2, PROBE_PX // 2))
    made = []
    for colour in range(3):
        grey = PROBE_GREY + PROBE_NOISE * signs * (colours == colour)
        linear = (demosaic or Demosaic())(Mosaic(grey.astype(np.float32), NEUTRAL_SHOT)).pixels
        made.append((linear.astype(np.float64) - PROBE_GREY) / PROBE_NOISE)
    return tuple(made)


@functools.lru_cache(maxsize=8)
def _covariances(demosaic: Demosaic | None) -> np.ndarray:
    """(3, 3, 3): how demosaicked colours vary together for noise of variance 1 in red, in green and in blue alone."""
    return np.stack([np.cov(picture.reshape(-1, 3).T, bias=True) for picture in _probes(demosaic)])
