"""What the ring's frames say before a burst: how much light there is, and what the camera may be asked for."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from firmware.cameras.base import ExposureLimits
from firmware.cameras.metering import brighter_by, green_levels
from firmware.night.plan import Light
from firmware.settings import ExposureSettings
from isp.frames import RawFrame, Shot

# The camera's own metering has its own idea of a good exposure; as long as it is that near, it is the photographer's.
TRUSTED_EV = 0.5
# Lamps are small: one place in ten thousand is one. What is blown is brighter than it says, nobody knows by how much.
LAMP_SHARE, BLOWN, BRIGHTER_EV = 1e-4, 0.95, 0.7
# Below saturation, so that a lamp's strongest colour is not blown either.
LAMP_LEVEL = 0.9


def measure_light(frame: RawFrame, compensation_ev: float) -> Light:
    """The exposure that this scene wants, from a frame of it.

    The frame must know its exposure and its noise. In the dark its own exposure is the most that metering could do,
    and what is missing is read from its levels.
    """
    shot = frame.shot
    black = sum(shot.black_dn) / len(shot.black_dn)
    levels = (green_levels(frame.pixels, shot.bayer) - black) / (shot.white_dn - black)
    factor = brighter_by(levels, compensation_ev)
    if abs(math.log2(factor)) < TRUSTED_EV:
        factor = 1.0
    lamp = float(np.quantile(levels, 1 - LAMP_SHARE))
    lamps_ev = math.log2(max(lamp, LAMP_LEVEL / factor) * factor / LAMP_LEVEL) + (BRIGHTER_EV if lamp >= BLOWN else 0.0)
    return Light(
        wanted_us=shot.exposure_us * shot.analogue_gain * factor,
        metered_us=shot.exposure_us,
        metered_gain=shot.analogue_gain,
        lamps_ev=round(max(lamps_ev, 0.0), 2),
        noise=shot.noise,
    )


def limits_for(camera: ExposureLimits | None, by_hand: ExposureSettings, shot: Shot) -> ExposureLimits:
    """What a plan may choose from: nothing where a hand has chosen, or where the camera cannot be asked."""
    if camera is None:
        return ExposureLimits((shot.exposure_us,) * 2, (shot.analogue_gain,) * 2, 0.0)
    limits = camera
    if by_hand.fixed_us:
        fixed_us = min(max(by_hand.fixed_us, camera.exposure_us[0]), camera.exposure_us[1])
        limits = replace(limits, exposure_us=(fixed_us,) * 2)
    if by_hand.fixed_gain:
        fixed_gain = min(max(by_hand.fixed_gain, camera.analogue_gain[0]), camera.analogue_gain[1])
        limits = replace(limits, analogue_gain=(fixed_gain,) * 2)
    return limits
