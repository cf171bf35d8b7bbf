"""The plan of a burst: what moves decides how long, light decides gain and number, and every plan says why."""

from __future__ import annotations

import dataclasses

import pytest

from firmware.cameras.base import ExposureLimits
from firmware.cameras.simulated import simulate
from firmware.night.metering import limits_for, measure_light
from firmware.night.plan import FEWEST_FRAMES, Light, Pace, plan_burst
from firmware.settings import ExposureSettings, NightSettings
from isp.frames import Noise

LIMITS = ExposureLimits((60, 600_000_000), (1.0, 22.0), 0.1)
# Of an imx477 at gain 1.
NOISE = Noise(1.25e-4, 1.7e-7)
SETTINGS = NightSettings()
TRIPOD = Pace(0.0, 0.0, True)


def light(wanted_us: float, lamps_ev: float = 0.0) -> Light:
    """A scene that wants this exposure at gain 1, seen by a metering that may go to 100 ms at gain 8."""
    metered_us = min(wanted_us, 100_000)
    gain = min(wanted_us / metered_us, 8.0)
    return Light(wanted_us, metered_us, gain, lamps_ev, Noise(NOISE.shot * gain, NOISE.read * gain**2))


def hand(px_per_s: float, subjects_px_per_s: float = 0.0) -> Pace:
    return Pace(px_per_s / 1000, subjects_px_per_s / 1000, False)


def plan(seen, pace, limits=LIMITS, **knobs):
    return plan_burst(seen, pace, limits, dataclasses.replace(SETTINGS, **knobs))


@pytest.mark.parametrize("wanted_us", [50, 5_000, 300_000, 8_000_000, 200_000_000])
@pytest.mark.parametrize("pace", [TRIPOD, hand(0.1), hand(8), hand(200), hand(2, 40)], ids=str)
def test_every_plan_keeps_to_its_limits(wanted_us, pace):
    made = plan(light(wanted_us), pace)
    longest_us, most = (1_000_000, 8) if pace.on_tripod else (333_000, 15)
    assert LIMITS.exposure_us[0] <= made.exposure_us <= longest_us
    assert 1 <= made.frames <= most
    assert made.blur_px <= SETTINGS.blur_px + 1e-3
    assert 1.0 <= made.analogue_gain <= SETTINGS.largest_gain
    assert made.frames * max(made.exposure_us / 1e6, LIMITS.shortest_frame_s) <= SETTINGS.total_s
    assert made.exposure_us * made.analogue_gain <= 1.001 * max(wanted_us, LIMITS.exposure_us[0])


def test_in_the_dark_a_tripod_gives_long_frames_and_the_hand_many():
    tripod, held = plan(light(8_000_000), TRIPOD), plan(light(8_000_000), hand(2))
    assert (tripod.exposure_us, tripod.frames) == (1_000_000, 8)
    assert (held.exposure_us, held.frames) == (333_000, 15)
    assert tripod.analogue_gain == pytest.approx(8.0)
    assert held.analogue_gain == pytest.approx(16.0)
    assert held.darker_ev == pytest.approx(0.586, abs=0.01), "the largest gain leaves something missing"
    assert "stops of light are missing" in held.reasons[2]


def test_the_exposure_ends_where_blur_would_begin():
    made = plan(light(8_000_000), hand(20))
    assert made.exposure_us == 50_000
    assert "1 px of blur" in made.reasons[1]
    assert plan(light(8_000_000), hand(20), blur_px=2.0).exposure_us == 100_000


def test_who_moves_in_the_picture_counts_in_part_even_on_a_tripod():
    walking = Pace(0.0, 0.04, True)
    assert plan(light(8_000_000), walking).exposure_us == 50_000
    assert plan(light(8_000_000), walking, subjects_weight=0.0).exposure_us == 1_000_000


def test_bright_light_gives_a_few_short_frames_at_the_lowest_gain():
    made = plan(light(5_000), hand(8))
    assert (made.exposure_us, made.analogue_gain) == (5_000, 1.0)
    assert made.frames == FEWEST_FRAMES
    assert made.takes(5_000.0, 1.0), "what the ring holds already is part of the burst"


def test_more_frames_are_taken_as_light_is_missing():
    numbers = [plan(light(wanted_us), hand(30)).frames for wanted_us in (5_000, 50_000, 100_000, 200_000, 2_000_000)]
    assert numbers == sorted(numbers)
    assert numbers[0] == FEWEST_FRAMES
    assert numbers[-1] == 15
    assert len(set(numbers)) > 3


def test_lamps_make_the_frames_darker_as_far_as_they_would_be_blown():
    assert plan(light(50_000), TRIPOD).darker_ev == pytest.approx(0.0, abs=1e-3)
    assert plan(light(50_000, lamps_ev=0.5), TRIPOD).darker_ev == pytest.approx(0.5, abs=1e-2)
    made = plan(light(50_000, lamps_ev=5.0), TRIPOD, underexposure_ev=1.5)
    assert made.darker_ev == made.held_back_ev == pytest.approx(1.5, abs=1e-2)
    assert "for the lamps" in made.reasons[1]


def test_where_motion_bounds_the_exposure_lamps_cost_gain_and_no_light():
    plain, spared = plan(light(1_000_000), hand(10)), plan(light(1_000_000, lamps_ev=1.0), hand(10))
    assert spared.exposure_us == plain.exposure_us
    assert spared.analogue_gain == pytest.approx(plain.analogue_gain / 2)


def test_the_total_time_bounds_the_burst():
    made = plan(light(8_000_000), hand(2), total_s=1.0)
    assert made.frames * made.exposure_us <= 1e6
    assert made.frames >= FEWEST_FRAMES
    assert plan(light(5_000), TRIPOD, total_s=0.1).frames == 1, "a slow sensor gives no second frame in that time"


def test_the_sensors_limits_win():
    made = plan(light(8_000_000), TRIPOD, ExposureLimits((60, 200_000), (1.0, 10.0), 0.1))
    assert (made.exposure_us, made.analogue_gain) == (200_000, 10.0)
    assert plan(light(10), TRIPOD, ExposureLimits((60, 200_000), (1.0, 10.0), 0.1)).exposure_us == 60


def test_an_exposure_set_by_hand_is_kept_to():
    frame, _ = simulate("grey", "imx219", 640, 480, exposure_us=20_000, analogue_gain=3.0)
    by_hand = ExposureSettings(fixed_us=20_000, fixed_gain=3.0)
    seen = dataclasses.replace(measure_light(frame, 0.0), lamps_ev=3.0)
    made = plan(seen, hand(300), limits_for(LIMITS, by_hand, frame.shot))
    assert made.darker_ev == made.held_back_ev == 0.0, "it is as dark as it was wanted"
    assert (made.exposure_us, made.analogue_gain) == (20_000, 3.0)
    assert "fixed" in made.reasons[1]
    of_a_recording = limits_for(None, ExposureSettings(), frame.shot)
    assert plan(measure_light(frame, 0.0), hand(300), of_a_recording).takes(20_000.0, 3.0)


def test_an_exposure_set_too_short_by_hand_is_made_up_for_in_frames():
    chosen = ExposureLimits((20_000, 20_000), (3.0, 3.0), 0.02)
    numbers = [plan(light(wanted_us), TRIPOD, chosen, tripod_frames=64).frames for wanted_us in (6e4, 24e4, 96e4)]
    assert numbers[0] < numbers[1] < numbers[2]


def test_a_plan_tells_no_nothings():
    assert not any("0.0 stops" in reason for reason in plan(light(50_000, lamps_ev=0.04), TRIPOD).reasons)


@pytest.mark.parametrize("lux", [0.3, 3, 30, 300])
def test_light_is_measured_in_the_dark_too(lux):
    frame, _ = simulate("grey", "imx477", 1332, 990, lux=lux)
    bright, _ = simulate("grey", "imx477", 1332, 990, lux=3000)
    wanted_us = measure_light(bright, 0.0).wanted_us * 3000 / lux
    seen = measure_light(frame, 0.0)
    # A black frame says no more than that four stops are missing.
    darkest_us = 16 * seen.metered_us * seen.metered_gain
    assert seen.wanted_us == pytest.approx(min(wanted_us, darkest_us), rel=0.25)


def test_a_lamp_is_seen_and_a_grey_wall_has_none():
    night, _ = simulate("lamps", "imx477", 1332, 990, lux=20)
    wall, _ = simulate("grey", "imx477", 1332, 990, lux=20)
    assert measure_light(night, 0.0).lamps_ev > 1.0
    assert measure_light(wall, 0.0).lamps_ev == 0.0


def test_a_plan_is_plain_values_for_the_sidecar():
    facts = plan(light(8_000_000, lamps_ev=1.0), hand(20, 60)).to_dict()
    assert facts["on_tripod"] is False
    assert facts["subjects_px_per_ms"] == pytest.approx(0.06)
    assert facts["darker_ev"] >= facts["held_back_ev"] == 1.0
    assert all(isinstance(reason, str) for reason in facts["reasons"])
