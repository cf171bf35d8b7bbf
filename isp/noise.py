"""The noise of the photo: the sensor's one calibrated model, carried to the display."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isp.linear_noise import demosaicked_noise, luma_weights
from isp.luma_noise import LumaNoise
from isp.shading import Shading
from isp.tone import Tone

if TYPE_CHECKING:
    from isp.plan import Scene


def luma_noise_at(scene: Scene, linear: np.ndarray) -> np.ndarray | None:
    """Standard deviation of display luma (0..1) where a grey of this light enters the tone curve; None if unknown.

    linear  light after shading, 0 = black and 1 = saturation
    Shading counts as its gain in the middle of the pixel array. To first order: where noise is as large as the light
    itself the tone curve bends within it, and the photo has up to a tenth more.
    """
    luma_noise = scene.planned(LumaNoise) or LumaNoise(strength=0.0)
    noise = demosaicked_noise(scene, luma_weights(scene), luma_noise.on_grain)
    if noise is None:
        return None
    lens_gain = _lens_gain_in_the_middle(scene)
    variance = noise.shot * np.maximum(linear, 0.0) / lens_gain + noise.read
    tone = scene.planned(Tone) or Tone()
    return np.sqrt(variance) * lens_gain * tone.slope(linear)


def _lens_gain_in_the_middle(scene: Scene) -> float:
    shading = scene.planned(Shading)
    gains = None if shading is None else shading.applied()
    if gains is None:
        return 1.0
    rows, columns = gains.shape[1:]
    return float(gains[1, rows // 2, columns // 2])
