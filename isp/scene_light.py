"""How bright is the scene itself, and how bright should its photo be? Dim light is to look dim, whatever the exposure.

Metering brings every scene to the same middle grey: a street under two lamps would look like noon, and a burst that was
exposed short to spare those lamps like nothing at all. Light is measured as libcamera does (`lux.cpp`, BSD-2-Clause):
the tuning says what mean signal a known light gives at a known exposure and gain. How bright that is to look is the key
value of Krawczyk, Myszkowski and Seidel 2005, "Perceptual effects in real-time tone mapping": from daylight down it
falls as the logarithm of light does. We depart in these: it is the mean of the frame that is brought there, by which
metering goes; it ends where metering would have put that mean, because good light is metered right; and no photo is
brightened until its shadows are grain (Liba et al. 2019, "Handheld mobile photography in very low light": dark scenes
stay dark, deep shadows are allowed).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from isp.highlights import Highlights
from isp.linear_noise import demosaicked_noise, luma_weights
from isp.luma_noise import LumaNoise

if TYPE_CHECKING:
    from isp.plan import Scene

MID_GREY = 0.18
# By a stop darker a well-exposed dim room already looks like evening; what lies deeper than two is hardly a picture.
MOST_DARKENED_EV, MOST_BRIGHTENED_EV = 1.0, 2.0
# Metering lets a hundredth of the frame be brighter than this; to spare it, all else gets a stop darker at most.
HIGHLIGHT_SHARE, HIGHLIGHT_LEVEL, LARGEST_PROTECTION = 0.01, 0.9, 0.5
# Grain is seen most where the display's encoding is steepest, in its straight part, up to this light: 10 of 255 codes.
DARK, DARK_CODES_PER_LIGHT = 0.0031308, 255 * 12.92
# A single frame at ISO 1600 shows 15.
MOST_GRAIN_CODES = 12.0
# A hundredth of a stop cannot be seen, and the recipe stays short.
DIGITS = 2
# Less than any converter's count: what is black altogether stays black.
LEAST_SIGNAL = 1e-6


def lux_of(scene: Scene) -> float | None:
    """Light on the scene if its mean is a grey card; None where sensor, exposure or gain are not known."""
    shot, tuning = scene.shot, scene.tuning
    if tuning is None or tuning.lux_of_signal is None or shot.exposure_us is None or shot.analogue_gain is None:
        return None
    return tuning.lux_of_signal * _mean_signal(scene) / (shot.exposure_us * shot.analogue_gain)


def key_of(lux: float) -> float:
    """Linear light, 1 = white, that the mean of a scene in this light is to have on the display."""
    luminance = lux * MID_GREY / math.pi
    return 1.03 - 2.0 / (2.0 + math.log10(luminance + 1.0))


def ev_by_light(scene: Scene) -> float | None:
    """Stops by which the frame has to become brighter to look as dim as its scene; None where nobody knows its light.

    Never so much darker that what is blown would be grey.
    """
    lux = lux_of(scene)
    if lux is None:
        return None
    wanted = math.log2(min(key_of(lux), metered_mean(scene)) / max(_mean_signal(scene), LEAST_SIGNAL))
    highlights = scene.planned(Highlights)
    white = 1.0 if highlights is None else highlights.white()
    darkest = -min(MOST_DARKENED_EV, max(math.log2(white), 0.0))
    return round(min(max(wanted, darkest), most_by_noise(scene)), DIGITS)


def metered_mean(scene: Scene) -> float:
    """What metering would have made of the mean of this scene: middle grey, or less to spare its lights."""
    bright = float(np.quantile(_green(scene), 1.0 - HIGHLIGHT_SHARE))
    as_metered = bright * MID_GREY / max(_mean_signal(scene), LEAST_SIGNAL)
    return MID_GREY * min(max(HIGHLIGHT_LEVEL / max(as_metered, LEAST_SIGNAL), LARGEST_PROTECTION), 1.0)


def most_by_noise(scene: Scene) -> float:
    """Stops by which the frame may be brightened until the grain of its shadows is seen; without a noise model all."""
    luma_noise = scene.planned(LumaNoise) or LumaNoise(strength=0.0)
    noise = demosaicked_noise(scene, luma_weights(scene), luma_noise.on_grain)
    if noise is None:
        return MOST_BRIGHTENED_EV
    steps = np.arange(0.0, MOST_BRIGHTENED_EV + 0.01, 0.05)
    gains = 2.0**steps
    grain = DARK_CODES_PER_LIGHT * gains * np.sqrt(noise.shot * DARK / gains + noise.read)
    return float(steps[max((grain <= MOST_GRAIN_CODES).sum() - 1, 0)])


def _mean_signal(scene: Scene) -> float:
    """Mean green of the frame, 1 = saturation."""
    return max(float(_green(scene).mean()), 0.0)


def _green(scene: Scene) -> np.ndarray:
    return scene.small()[..., 1]
