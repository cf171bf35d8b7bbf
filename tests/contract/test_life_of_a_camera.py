"""What holds for every camera, from opening to opening again: the simulated one, recorded files, and picamera2 on real
libcamera. What needs raw frames is claimed elsewhere, of those that have them.
"""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from firmware.errors import CameraError, CameraStalled

# An emulated processor takes seconds for a frame.
PATIENCE_S = 60.0
# No camera is so fast.
AT_ONCE_S = 0.001
# picamera2 is given so long to hand over a frame that came just after the wait ended.
GIVEN_UP_S = 10.0
# At most so many frames are on their way from a device that has just fallen silent.
BUFFERS = 8


def fall_silent(camera):
    """Ask for frames faster than any camera is, until it says that there is none. On a busy machine one may wait."""
    while True:
        began_s = time.monotonic()
        try:
            camera.next_frame(AT_ONCE_S)
        except CameraStalled:
            return time.monotonic() - began_s


def times(camera, frames):
    return [camera.next_frame(PATIENCE_S).shot.timestamp_ns for _ in range(frames)]


def test_a_camera_that_was_not_started_says_so(camera):
    with pytest.raises(CameraError):
        camera.next_frame(1.0)


def test_frames_come_in_order_on_the_clock_of_the_buttons(started):
    seen = times(started, 4)
    assert all(before < after for before, after in itertools.pairwise(seen))
    assert 0 < time.monotonic_ns() - seen[-1] < PATIENCE_S * 1e9


def test_frames_have_the_size_that_was_promised(started):
    assert started.next_frame(PATIENCE_S).pixels.shape[:2] == started.frame_shape
    assert started.frame_interval_s > 0


def test_the_pixels_are_the_callers_own(started):
    kept = [started.next_frame(PATIENCE_S).pixels for _ in range(3)]
    assert not any(np.shares_memory(one, other) for one, other in itertools.combinations(kept, 2))
    was = kept[1].copy()
    kept[0][:] = 0
    # More than the camera has buffers: each of them was filled again meanwhile.
    times(started, 8)
    np.testing.assert_array_equal(kept[1], was)


def test_silence_is_told_in_bounded_time_and_frames_come_again(started):
    last_ns = started.next_frame(PATIENCE_S).shot.timestamp_ns
    for _ in range(2):
        assert fall_silent(started) < GIVEN_UP_S
    assert started.next_frame(PATIENCE_S).shot.timestamp_ns > last_ns


def test_a_camera_that_fell_silent_is_opened_again(started):
    last_ns = started.next_frame(PATIENCE_S).shot.timestamp_ns
    fall_silent(started)
    for _ in range(2):
        started.recover()
        seen = times(started, 2)
        assert last_ns < seen[0] < seen[1]
        last_ns = seen[1]


def test_a_device_that_falls_silent_is_told_each_time_and_comes_back(started, cable):
    last_ns = started.next_frame(PATIENCE_S).shot.timestamp_ns
    cable.slip()
    for _ in range(2):
        with pytest.raises(CameraStalled):
            # What was in the buffers may still come.
            for _ in range(BUFFERS):
                asked_s = time.monotonic()
                last_ns = started.next_frame(cable.longest_wait_s).shot.timestamp_ns
        assert time.monotonic() - asked_s < cable.longest_wait_s + GIVEN_UP_S
        # Opening succeeds: nobody knows before the first frame is missed.
        started.recover()
    cable.sit_well()
    started.recover()
    assert times(started, 1)[0] > last_ns


def test_a_closed_camera_says_so_and_closing_twice_is_safe(started):
    started.next_frame(PATIENCE_S)
    started.close()
    started.close()
    with pytest.raises(CameraError, match="closed"):
        started.next_frame(1.0)


def test_a_closed_camera_can_be_started_again(started):
    last_ns = started.next_frame(PATIENCE_S).shot.timestamp_ns
    for _ in range(3):
        started.close()
        started.start()
        assert started.next_frame(PATIENCE_S).shot.timestamp_ns > last_ns
