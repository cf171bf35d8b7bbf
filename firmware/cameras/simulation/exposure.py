"""How bright a scene is on the sensor, and how its metering settles.

A white reflector's green signal, as a share of saturation, is proportional to lux x exposure x gain. The constant
comes from the tuning's rpi.lux: a test scene under `reference_lux` gave the mean `reference_Y` (16-bit scale, black
removed) at `reference_shutter_speed` and `reference_gain` (libcamera utils/raspberrypi/ctt/ctt_lux.py). We take that
scene's mean reflectance as a grey card's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware.cameras.metering import MEAN_TARGET, brighter_by
from firmware.cameras.simulation.procedural import GREY_CARD
from firmware.sensors import Sensor
from firmware.settings import ExposureSettings

# Part of the way (in stops) that each measured frame moves the exposure; a dead zone keeps a still scene still.
DAMPING = 0.4
DEAD_ZONE_EV = 0.1
SETTLING_STEPS = 40  # enough from any start: the deepest clipping halves each step


@dataclass(frozen=True)
class Exposure:
    """What the sensor is set to."""

    exposure_us: int
    analogue_gain: float

    @property
    def product_us(self) -> float:
        """Exposure times gain: what decides how bright the frame is."""
        return self.exposure_us * self.analogue_gain


@dataclass(frozen=True)
class Limits:
    """What metering may choose from, and what a hand has fixed (0: not fixed)."""

    exposure_us: tuple[int, int]
    analogue_gain: tuple[float, float]
    fixed_us: int = 0
    fixed_gain: float = 0.0

    @classmethod
    def of(cls, sensor: Sensor, settings: ExposureSettings, longest_frame_us: float = 0.0) -> Limits:
        """The sensor's limits within the settings'; with a frame rate asked for, metering keeps to it."""
        longest = min(settings.longest_us, longest_frame_us or settings.longest_us)
        return cls(
            exposure_us=_within(sensor.exposure_us, int(longest)),
            analogue_gain=_within(sensor.analogue_gain, settings.largest_gain),
        )

    def is_fixed(self) -> bool:
        """Nothing is left to metering."""
        return self.fixed_us > 0 and self.fixed_gain > 0

    def split(self, product_us: float) -> Exposure:
        """Exposure and gain whose product comes nearest: time first, because gain only amplifies noise."""
        lowest_gain = self.fixed_gain or self.analogue_gain[0]
        wanted = round(min(product_us / lowest_gain, self.exposure_us[1]))
        exposure_us = self.fixed_us or max(wanted, self.exposure_us[0])
        if self.fixed_gain or (not self.fixed_us and exposure_us < self.exposure_us[1]):
            return Exposure(exposure_us, lowest_gain)
        return Exposure(exposure_us, float(np.clip(product_us / exposure_us, *self.analogue_gain)))


def signal_of_white(sensor: Sensor, lux: float, exposure: Exposure) -> float:
    """Green signal of a white reflector in the middle of the frame; 1 saturates."""
    reference = sensor.lux_reference
    of_reference = reference["reference_Y"] / 65535.0 / GREY_CARD
    product = reference["reference_shutter_speed"] * reference["reference_gain"]
    return of_reference * (lux / reference["reference_lux"]) * exposure.product_us / product


def damped(current_us: float, wanted_us: float) -> float:
    """The next exposure product on the way to the wanted one; the current one inside the dead zone."""
    stops = float(np.log2(wanted_us / current_us))
    return current_us if abs(stops) < DEAD_ZONE_EV else current_us * 2.0 ** (DAMPING * stops)


def settled(levels: np.ndarray, signal_per_us: float, limits: Limits, compensation_ev: float) -> Exposure:
    """The exposure that metering would arrive at for these green levels of light."""
    product_us = MEAN_TARGET / (signal_per_us * max(float(levels.mean()), 1e-6))
    exposure = limits.split(product_us)
    for _ in range(SETTLING_STEPS):
        product_us = exposure.product_us * brighter_by(levels * (signal_per_us * exposure.product_us), compensation_ev)
        following = limits.split(product_us)
        if following == exposure:
            break
        exposure = following
    return exposure


def _within(limits: tuple[float, float], largest: float) -> tuple[float, float]:
    return limits[0], max(limits[0], min(limits[1], largest))
