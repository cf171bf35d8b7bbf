"""Which frames are refused: noise makes no two of them alike, and time only goes forward."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from firmware.cameras.simulated import simulate
from firmware.cameras.whole_frames import WholeFrames
from firmware.errors import FrameRepeated, FrameTorn
from firmware.sensors import known_sensors, load_sensor
from isp.frames import RawFrame

MEMORY = 8


def frames(count: int, sensor: str = "imx219", **facts) -> list[RawFrame]:
    """Of a grey wall, in the sensor's smallest mode."""
    mode = min(load_sensor(sensor).modes, key=lambda mode: mode.width)
    size = {"width_px": mode.width, "height_px": mode.height}
    return [simulate("grey", sensor, **size, frame_number=number, **facts)[0] for number in range(count)]


def torn(frame: RawFrame, before: RawFrame, row: int) -> RawFrame:
    return RawFrame(np.concatenate([frame.pixels[:row], before.pixels[row:]]), frame.shot)


@pytest.mark.parametrize("sensor", known_sensors())
@pytest.mark.parametrize("light", [{"exposure_us": 100, "analogue_gain": 1.0, "lux": 0.01}, {"lux": 800}])
def test_frames_of_the_same_scene_are_never_taken_for_each_other(sensor, light):
    checks = WholeFrames(MEMORY, is_noisy=True)
    for frame in frames(3, sensor, **light):
        checks.check(frame)


@pytest.mark.parametrize("row", [0, 1, 200, 479])
@pytest.mark.parametrize("age", [1, MEMORY])
def test_a_frame_that_ends_with_rows_of_an_earlier_one_is_torn(row, age):
    *earlier, last = frames(MEMORY + 1)
    checks = WholeFrames(MEMORY, is_noisy=True)
    for frame in earlier:
        checks.check(frame)
    with pytest.raises(FrameRepeated if row == 0 else FrameTorn, match="ribbon cable"):
        checks.check(torn(last, earlier[-age], row))


@pytest.mark.parametrize("filler", [0, 64])
def test_a_filler_line_that_is_the_same_in_every_frame_is_no_tear(filler):
    checks = WholeFrames(MEMORY, is_noisy=True)
    for frame in frames(4):
        frame.pixels[-1] = filler
        checks.check(frame)


def test_frames_that_are_torn_from_the_first_one_on_are_refused():
    first, *others = frames(4)
    checks = WholeFrames(MEMORY, is_noisy=True)
    checks.check(first)
    for frame in others:
        with pytest.raises(FrameTorn):
            checks.check(torn(frame, first, 300))


def test_a_frame_that_ends_in_memory_nothing_was_written_to_is_torn():
    first, second = frames(2)
    second.pixels[300:] = 0
    checks = WholeFrames(MEMORY, is_noisy=True)
    checks.check(first)
    with pytest.raises(FrameTorn, match="from row 3"):
        checks.check(second)


def test_a_frame_that_is_handed_over_again_is_refused_and_the_next_one_taken():
    first, second = frames(2)
    checks = WholeFrames(MEMORY, is_noisy=True)
    checks.check(first)
    with pytest.raises(FrameRepeated, match="0 ms older"):
        checks.check(first)
    checks.check(second)


def test_a_picture_that_freezes_while_its_time_goes_on_is_refused():
    first, second = frames(2)
    checks = WholeFrames(MEMORY, is_noisy=True)
    checks.check(first)
    with pytest.raises(FrameRepeated, match="in all its noise"):
        checks.check(RawFrame(first.pixels, second.shot))


def test_blown_out_rows_are_alike_and_no_proof():
    checks = WholeFrames(MEMORY, is_noisy=True)
    for frame in frames(3, exposure_us=100_000, analogue_gain=8.0, lux=5000):
        checks.check(frame)


@pytest.mark.parametrize("sizes_us", [(100, 500_000), (500_000, 100)])
def test_another_exposure_is_no_step_back_in_time(sizes_us):
    first, second = frames(2)
    ends_ns = (1_000_000_000, 1_600_000_000)
    checks = WholeFrames(MEMORY, is_noisy=True)
    for frame, size_us, end_ns in zip((first, second), sizes_us, ends_ns, strict=True):
        shot = dataclasses.replace(frame.shot, exposure_us=float(size_us), timestamp_ns=end_ns - 1000 * size_us)
        checks.check(RawFrame(frame.pixels, shot))


def test_without_noise_the_same_picture_may_come_again_later():
    first, second = frames(2, noise=False)
    assert np.array_equal(first.pixels, second.pixels)
    checks = WholeFrames(MEMORY, is_noisy=False)
    checks.check(first)
    checks.check(second)
