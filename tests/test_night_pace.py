"""Motion metering: the hand's pace is measured, a tripod is known for one, and what cannot be seen is not made up."""

from __future__ import annotations

import pytest

from firmware.cameras.simulated import simulate
from firmware.night.pace import STEADY_HAND_PX_PER_MS, frames_to_compare, measure_pace
from firmware.ring import Ring

# Frames of an imx477 at 33 a second.
NUMBERS = (0, 6, 9, 12, 13)


def before_the_press(scene="astronaut", lux=20.0, **simulated):
    exposed = {"exposure_us": 30_000, "analogue_gain": 8.0, "lux": lux}
    return [simulate(scene, "imx477", 1332, 990, frame_number=n, **exposed, **simulated)[0] for n in NUMBERS]


@pytest.mark.parametrize(("lux", "seed"), [(200, 1), (3, 2)])
def test_a_camera_that_stands_still_is_on_a_tripod_however_dark(lux, seed):
    pace = measure_pace(before_the_press(lux=lux, seed=seed), 0)
    assert pace.on_tripod, pace


@pytest.mark.parametrize(("lux", "seed", "rms_px"), [(200, 1, 8.0), (3, 2, 8.0), (3, 1, 60.0)])
def test_a_hand_is_measured_and_never_taken_for_a_tripod(lux, seed, rms_px):
    pace = measure_pace(before_the_press(lux=lux, seed=seed, handshake_px=rms_px), 0)
    assert pace.measured
    assert not pace.on_tripod
    # Over a few frames a hand may be quicker or slower than it is on the whole.
    assert 0.2 * rms_px < 1000 * pace.hand_px_per_ms < 3 * rms_px


@pytest.mark.parametrize(("scene", "lux"), [("grey", 200), ("room", 0.2)])
def test_what_shows_nothing_is_taken_for_a_steady_hand(scene, lux):
    pace = measure_pace(before_the_press(scene, lux), 0)
    assert not pace.on_tripod
    assert not pace.measured
    assert pace.hand_px_per_ms == STEADY_HAND_PX_PER_MS


def test_who_walks_through_a_still_scene_is_seen():
    pace = measure_pace(before_the_press("room", motion_px=6.0), 0)
    # The ball goes 6 px a frame of 30 ms.
    assert pace.subjects_px_per_ms == pytest.approx(0.2, rel=0.4)
    assert measure_pace(before_the_press("room"), 0).subjects_px_per_ms == 0.0


def test_one_frame_tells_no_pace():
    assert not measure_pace(before_the_press()[:1], 0).measured


def test_only_frames_of_one_exposure_are_compared():
    ring = Ring(64, 4_000_000, 0.03)
    for number, exposure_us in enumerate((10_000, 30_000, 30_000)):
        ring.push(
            simulate("grey", "imx477", 1332, 990, frame_number=number, exposure_us=exposure_us, analogue_gain=8.0)[0]
        )
    assert [frame.shot.exposure_us for frame in frames_to_compare(ring, 0.0, lambda: True)] == [30_000, 30_000]


def lone_frame(exposure_us: int) -> Ring:
    """A ring with one frame, as after an exposure that changed."""
    ring = Ring(64, 4_000_000, 0.03)
    ring.push(simulate("grey", "imx477", 1332, 990, exposure_us=exposure_us, analogue_gain=1.0)[0])
    return ring


def test_exposures_of_seconds_are_not_waited_for_because_nothing_could_be_compared():
    def wait():
        raise AssertionError("it waits")

    assert len(frames_to_compare(lone_frame(2_000_000), 60.0, wait)) == 1


def test_who_waits_for_a_frame_to_compare_hears_that_the_burst_ends():
    asked = iter((True, True, False))
    assert len(frames_to_compare(lone_frame(20_000), 60.0, lambda: next(asked))) == 1
