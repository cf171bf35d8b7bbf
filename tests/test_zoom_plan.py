"""The plan of a zoomed burst: as metered where the hand allows it, shorter where it does not, never darker."""

from __future__ import annotations

import dataclasses

import pytest

from firmware.cameras.base import ExposureLimits
from firmware.night.plan import Light, Pace
from firmware.settings import NightSettings, ZoomSettings
from firmware.zoom.plan import plan_zoom
from isp.frames import Noise

LIMITS = ExposureLimits((60, 600_000_000), (1.0, 22.0), 1 / 30)
TRIPOD = Pace(0.0, 0.0, True)
# Of an imx477 at gain 1.
NOISE = Noise(1.25e-4, 1.7e-7)


def light(metered_us: float, gain: float = 1.0, missing: float = 1.0) -> Light:
    """A scene that was metered so; it wants `missing` times as much."""
    return Light(metered_us * gain * missing, metered_us, gain, 0.0, Noise(NOISE.shot * gain, NOISE.read * gain**2))


def hand(px_per_s: float) -> Pace:
    return Pace(px_per_s / 1000, 0.0, False)


def plan(seen, pace, factor=2.0, limits=LIMITS, room=99, **knobs):
    return plan_zoom(seen, pace, limits, factor, ZoomSettings(**knobs), NightSettings(), room)


def test_in_daylight_the_burst_is_as_metered_so_that_frames_from_before_the_press_count():
    made = plan(light(2_000), hand(20))
    assert (made.exposure_us, made.analogue_gain, made.frames, made.as_metered) == (2_000, 1.0, 8, True)
    assert made.darker_ev == 0.0


@pytest.mark.parametrize("factor", [1.0, 1.5, 2.0, 3.0])
def test_a_quick_hand_shortens_the_exposure_to_half_a_zoomed_pixel_and_gain_pays(factor):
    made = plan(light(80_000), hand(20), factor)
    moved_px = 20 * made.exposure_us / 1e6 * min(factor, 2.0)
    assert moved_px == pytest.approx(0.5, rel=0.01) == made.blur_px
    assert made.exposure_us * made.analogue_gain == pytest.approx(80_000, rel=1e-3)
    assert not made.as_metered and "px of blur in the zoomed picture" in made.reasons[1]


@pytest.mark.parametrize("speed", [0.0, 1.0, 20.0, 500.0, 1e6])
@pytest.mark.parametrize("gain", [1.0, 8.0, 16.0, 22.0])
def test_no_plan_loses_light_or_leaves_what_the_camera_can_do(speed, gain):
    made = plan(light(50_000, gain), hand(speed))
    assert made.exposure_us * made.analogue_gain == pytest.approx(50_000 * gain, rel=0.06)
    assert LIMITS.exposure_us[0] <= made.exposure_us <= 50_000
    assert 1.0 <= made.analogue_gain <= 22.0
    assert 1 <= made.frames <= 15


def test_a_tripod_is_as_metered():
    assert plan(light(100_000, 8.0), TRIPOD).as_metered


def test_more_frames_are_taken_where_shadows_need_them_and_no_more_than_allowed():
    bright, dim = plan(light(1_000), hand(1)), plan(light(100_000, 8.0, missing=4.0), TRIPOD)
    assert (bright.frames, dim.frames) == (8, 15) and "dim" in dim.reasons[3]
    assert plan(light(100_000, 8.0, missing=4.0), TRIPOD, dim_frames=10).frames == 10
    assert plan(light(100_000, 8.0, missing=4.0), TRIPOD, frames=12, dim_frames=4).frames == 12


def test_where_memory_is_short_there_are_fewer_and_that_is_said():
    made = plan(light(1_000), hand(1), room=3)
    assert (made.frames, made.reasons[3]) == (3, "3 frames: what fits the memory that is free")
    assert plan(light(1_000), hand(1), room=0).frames == 1


def test_what_a_hand_has_set_is_kept_to():
    fixed = ExposureLimits((40_000, 40_000), (4.0, 4.0), 1 / 30)
    made = plan(light(40_000, 4.0), hand(50), limits=fixed)
    assert (made.exposure_us, made.analogue_gain) == (40_000, 4.0)
    assert "fixed" in made.reasons[1] and "fixed" in made.reasons[2]


def test_a_sensor_whose_noise_nobody_knows_gives_one_frame():
    assert plan(dataclasses.replace(light(1_000), noise=None), hand(1)).frames == 1
