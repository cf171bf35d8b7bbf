"""The plan of a burst that is to be zoomed: as metered, but as short as keeps the hand from blurring new detail.

Source: Wronski et al. 2019, "Handheld Multi-Frame Super-Resolution", section 4 (the hand's tremor gives the phases that
are between pixels; frames are exposed as for one photo). We depart in two things: what the hand moves during one frame
is held below a share of the *zoomed* pixel, for which gain pays as far as night mode lets it; and in dim light more
frames are taken.
"""

from __future__ import annotations

from firmware.cameras.base import ExposureLimits
from firmware.night.plan import (
    SAME,
    BurstPlan,
    Light,
    Pace,
    frames_until_clean,
    is_same,
    pace_in_words,
    speed_of,
)
from firmware.settings import NightSettings, ZoomSettings
from isp.zoom.crop import MEASURED_AT_MOST


def plan_zoom(
    light: Light,
    pace: Pace,
    limits: ExposureLimits,
    factor: float,
    settings: ZoomSettings,
    night: NightSettings,
    room: int,
) -> BurstPlan:
    """The burst for this light and this motion. Limits that leave no choice (a hand-set exposure) are kept to.

    room  how many frames the memory that is free holds
    """
    zoomed_px_per_ms = min(factor, MEASURED_AT_MOST) * speed_of(pace, night)
    exposure_us, why_so_long = _exposure(light, zoomed_px_per_ms, limits, settings, night)
    gain, why_gain = _gain(light, exposure_us, limits, night)
    as_metered = is_same(exposure_us, light.metered_us) and is_same(gain, light.metered_gain)
    if as_metered:  # the frames that came before count too
        exposure_us, gain = round(light.metered_us), light.metered_gain
    frames, why_frames = _frames(exposure_us, gain, light, limits, settings, night, room)
    return BurstPlan(
        exposure_us=exposure_us,
        analogue_gain=gain,
        frames=frames,
        wanted_us=light.wanted_us,
        held_back_ev=0.0,
        pace=pace,
        blur_px=zoomed_px_per_ms * exposure_us / 1000,
        reasons=(pace_in_words(pace), why_so_long, why_gain, why_frames),
        as_metered=as_metered,
    )


def _exposure(
    light: Light, px_per_ms: float, limits: ExposureLimits, settings: ZoomSettings, night: NightSettings
) -> tuple[int, str]:
    """As metered, or shorter where the hand is quick; never so short that light is lost."""
    low_us, high_us = limits.exposure_us
    if low_us == high_us:
        return round(low_us), f"{low_us / 1000:.4g} ms a frame: the exposure is fixed"
    still_us = settings.blur_px / px_per_ms * 1000 if px_per_ms > 0 else float("inf")
    bright_us = light.metered_us * light.metered_gain / _highest_gain(light, limits, night)
    shortest = [
        (still_us, f"{settings.blur_px:g} px of blur in the zoomed picture at this pace"),
        (bright_us, "the shortest that the largest gain allows"),
        (low_us, "the shortest the sensor can do"),
    ]
    exposure_us, why = max(shortest)
    if exposure_us >= light.metered_us * (1 - SAME):
        exposure_us, why = light.metered_us, "as metered"
    exposure_us = min(max(exposure_us, low_us), high_us)
    return round(exposure_us), f"{exposure_us / 1000:.4g} ms a frame: {why}"


def _gain(light: Light, exposure_us: int, limits: ExposureLimits, night: NightSettings) -> tuple[float, str]:
    low, highest = limits.analogue_gain[0], _highest_gain(light, limits, night)
    gain = min(max(light.metered_us * light.metered_gain / exposure_us, low), max(highest, low))
    if low == limits.analogue_gain[1]:
        return gain, f"gain {gain:.3g}: it is fixed"
    return gain, f"gain {gain:.3g}, " + ("as metered" if is_same(gain, light.metered_gain) else "for the rest")


def _highest_gain(light: Light, limits: ExposureLimits, night: NightSettings) -> float:
    """Night mode's largest, but never less than metering has taken already."""
    low, high = limits.analogue_gain
    return max(low, min(high, max(night.largest_gain, light.metered_gain)))


def _frames(
    exposure_us: int,
    gain: float,
    light: Light,
    limits: ExposureLimits,
    settings: ZoomSettings,
    night: NightSettings,
    room: int,
) -> tuple[int, str]:
    if light.noise is None:
        return 1, "1 frame: the sensor is unknown, and so is its noise"
    until_clean = frames_until_clean(exposure_us, gain, light, night.clean_shadow)
    frame_us = max(exposure_us, limits.shortest_frame_s * 1e6)
    wanted = (settings.frames, "as set")
    if until_clean > settings.frames < settings.dim_frames:
        wanted = (min(until_clean, settings.dim_frames), "it is dim, and shadows need them")
    allowed = [
        wanted,
        (max(int(night.total_s * 1e6 // frame_us), 1), f"what fits {night.total_s:g} s"),
        (max(room, 1), "what fits the memory that is free"),
    ]
    frames, why = min(allowed)
    return frames, f"{frames} frames: {why}"
