"""The plan of a burst: how long each frame exposes, at which gain, and how many frames there are.

Source: Liba et al. 2019, "Handheld Mobile Photography in Very Low Light", section 3 (motion metering): exposure as long
as the predicted blur allows, gain for the rest, frames from a budget of time. We depart twice: the number of frames
also ends where a shadow is clean, and frames are darker only as far as lamps would be blown: where the exposure is
bounded by motion, that lowers the gain and costs hardly any light.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from firmware.cameras.base import ExposureLimits
from firmware.settings import NightSettings
from isp.frames import Noise

# The reference is the sharpest of so many; fewer leave it nothing to choose from.
FEWEST_FRAMES = 3
# Where noise is judged: three stops below mid grey, which a night picture shows as a shadow with something in it.
SHADOW = 0.18 / 8
# Sensors round exposure and gain; what differs by less is one exposure.
SAME = 0.05


@dataclass(frozen=True)
class Light:
    """What metering says of the scene.

    wanted_us      exposure x gain that shows the scene well
    metered_us, metered_gain   of the frame that was looked at
    lamps_ev       stops by which the lamps in the scene would be blown at `wanted_us`
    noise          of the frame that was looked at
    """

    wanted_us: float
    metered_us: float
    metered_gain: float
    lamps_ev: float
    noise: Noise | None


@dataclass(frozen=True)
class Pace:
    """How fast the picture moves over the sensor, in raw pixels a millisecond: all of it, and what moves in it."""

    hand_px_per_ms: float
    subjects_px_per_ms: float
    on_tripod: bool
    measured: bool = True


@dataclass(frozen=True)
class BurstPlan:
    """What the camera is asked for, and why, in words.

    held_back_ev  stops of `darker_ev` that were meant, for the lamps; the rest is light that is missing
    as_metered    it is the exposure of the frame that was looked at: frames from before the press may count
    """

    exposure_us: int
    analogue_gain: float
    frames: int
    wanted_us: float
    held_back_ev: float
    pace: Pace
    blur_px: float
    reasons: tuple[str, ...]
    as_metered: bool = False

    @property
    def darker_ev(self) -> float:
        """Stops below what metering wanted, to a hundredth: what the sensor rounds is not meant."""
        return round(math.log2(self.wanted_us / (self.exposure_us * self.analogue_gain)), 2)

    def takes(self, exposure_us: float | None, analogue_gain: float | None) -> bool:
        """True for a frame of the planned exposure and gain, each for itself."""
        return is_same(exposure_us, self.exposure_us) and is_same(analogue_gain, self.analogue_gain)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the sidecar."""
        facts = dataclasses.asdict(self) | {"darker_ev": self.darker_ev, "reasons": list(self.reasons)}
        return facts | facts.pop("pace")


def is_same(value: float | None, planned: float, tolerance: float = SAME) -> bool:
    """True within what sensors round; a fact that is unknown is no proof."""
    return value is not None and abs(value - planned) <= tolerance * planned


def plan_burst(light: Light, pace: Pace, limits: ExposureLimits, settings: NightSettings) -> BurstPlan:
    """The burst for this light and this motion. Limits that leave no choice (a hand-set exposure) are kept to."""
    metered = light
    if limits.are_one:  # whoever chose it wanted it so
        light = dataclasses.replace(light, wanted_us=limits.exposure_us[0] * limits.analogue_gain[0], lamps_ev=0.0)
    darker_ev = min(light.lamps_ev, settings.underexposure_ev)
    product_us = light.wanted_us / 2.0**darker_ev
    exposure_us, why_so_long = _exposure(product_us, pace, limits, settings)
    gain, why_gain = _gain(product_us, exposure_us, limits, settings)
    as_metered = is_same(exposure_us, light.metered_us) and is_same(gain, light.metered_gain)
    if as_metered:
        exposure_us, gain = round(light.metered_us), light.metered_gain  # the frames that came before count too
    # By the scene's own shadows: what was chosen by hand makes them no cleaner.
    frames, why_frames = _frames(exposure_us, gain, metered, pace, limits, settings)
    reasons = [pace_in_words(pace), why_so_long, why_gain, why_frames]
    if round(darker_ev, 1) > 0:
        reasons.insert(1, f"{darker_ev:.1f} stops darker than metered, for the lamps")
    return BurstPlan(
        exposure_us=exposure_us,
        analogue_gain=gain,
        frames=frames,
        wanted_us=light.wanted_us,
        held_back_ev=darker_ev,
        pace=pace,
        blur_px=speed_of(pace, settings) * exposure_us / 1000,
        reasons=tuple(reasons),
        as_metered=as_metered,
    )


def speed_of(pace: Pace, settings: NightSettings) -> float:
    """Pixels a millisecond that count as blur. Who moves in the picture counts in part: the rest must stay clean."""
    return max(0.0 if pace.on_tripod else pace.hand_px_per_ms, settings.subjects_weight * pace.subjects_px_per_ms)


def _exposure(product_us: float, pace: Pace, limits: ExposureLimits, settings: NightSettings) -> tuple[int, str]:
    """As long as everything allows, and what allowed no more."""
    low_us, high_us = limits.exposure_us
    if low_us == high_us:
        return round(low_us), f"{low_us / 1000:.4g} ms a frame: the exposure is fixed"
    speed = speed_of(pace, settings)
    in_hand, on_tripod = (settings.handheld_us, "in the hand"), (settings.tripod_us, "on a tripod")
    of_support = on_tripod if pace.on_tripod else in_hand
    allowed = [
        (product_us / limits.analogue_gain[0], "all the light that is wanted, at the lowest gain"),
        (of_support[0], f"the longest {of_support[1]}"),
        (settings.total_s * 1e6 / FEWEST_FRAMES, f"{FEWEST_FRAMES} frames fit {settings.total_s:g} s"),
        (high_us, "the longest the sensor can do"),
    ]
    if speed > 0:
        allowed.append((settings.blur_px / speed * 1000, f"{settings.blur_px:g} px of blur at this pace"))
    longest_us, why = min(allowed)
    if longest_us < low_us:
        longest_us, why = low_us, "the shortest the sensor can do"
    return round(longest_us), f"{longest_us / 1000:.4g} ms a frame: {why}"


def _gain(product_us: float, exposure_us: int, limits: ExposureLimits, settings: NightSettings) -> tuple[float, str]:
    """As low as the wanted light permits."""
    low, high = limits.analogue_gain
    if low == high:
        return low, f"gain {low:.3g}: it is fixed"
    highest = max(low, min(high, settings.largest_gain))
    wanted = product_us / exposure_us
    if wanted > highest:
        return highest, f"gain {highest:.3g}, the largest: {math.log2(wanted / highest):.1f} stops of light are missing"
    if wanted <= low * (1 + SAME):
        return low, f"gain {low:.3g}, the lowest"
    return wanted, f"gain {wanted:.3g} for the rest"


def _frames(
    exposure_us: int, gain: float, light: Light, pace: Pace, limits: ExposureLimits, settings: NightSettings
) -> tuple[int, str]:
    if light.noise is None:
        return 1, "1 frame: the sensor is unknown, and so is its noise"
    most, where = (
        (settings.tripod_frames, "on a tripod") if pace.on_tripod else (settings.handheld_frames, "in the hand")
    )
    frame_us = max(exposure_us, limits.shortest_frame_s * 1e6)
    until_clean = frames_until_clean(exposure_us, gain, light, settings.clean_shadow)
    useful = (until_clean, "with them a shadow is clean")
    allowed = [
        max(useful, (FEWEST_FRAMES, "to choose the sharpest from")),
        (most, f"the most {where}"),
        (max(int(settings.total_s * 1e6 // frame_us), 1), f"what fits {settings.total_s:g} s"),
    ]
    frames, why = min(allowed)
    return frames, f"{frames} frames: {why}"


def frames_until_clean(exposure_us: int, gain: float, light: Light, clean_shadow: float) -> int:
    """How many frames bring a shadow's signal to `clean_shadow` times its noise.

    Shot noise grows with the gain, read noise with its square; the little of it that does not is left out.
    """
    level = SHADOW * min(exposure_us * gain / light.wanted_us, 1.0)
    more_gain = gain / light.metered_gain
    variance = light.noise.shot * more_gain * level + light.noise.read * more_gain**2
    return math.ceil(clean_shadow**2 * variance / level**2)


def pace_in_words(pace: Pace) -> str:
    if not pace.measured:
        return f"taken for {pace.hand_px_per_ms * 1000:.0f} px a second of a hand: what moves could not be measured"
    subjects = f"{pace.subjects_px_per_ms * 1000:.1f} px a second what moves in it" if pace.subjects_px_per_ms else ""
    if pace.on_tripod:
        return "on a tripod: the picture stands still" + (f", {subjects}" if subjects else "")
    hand = f"in the hand: the picture moves {pace.hand_px_per_ms * 1000:.1f} px a second"
    return hand + (f", and another {subjects}" if subjects else "")
