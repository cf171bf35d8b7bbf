"""The ring gives the frame nearest the press, and never more memory than it was given."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from firmware.errors import CameraStalled, SettingsError
from firmware.memory import MEGABYTE
from firmware.ring import Ring, check_memory, frame_time_ns
from isp.frames import Noise, RawFrame, Shot

MS = 1_000_000
INTERVAL_MS = 100


def frame_at(middle_ms: int, exposure_us: float = 10_000) -> RawFrame:
    """A frame whose exposure's middle is at this moment."""
    shot = Shot(
        sensor="imx477",
        bayer="RGGB",
        black_dn=(256, 256, 256, 256),
        white_dn=4095,
        timestamp_ns=middle_ms * MS - int(exposure_us * 500),
        wall_time_ns=0,
        exposure_us=exposure_us,
        analogue_gain=1.0,
        noise=Noise(1e-4, 1e-6),
    )
    return RawFrame(np.full((4, 4), 256, np.uint16), shot)


def ring_of(*middles_ms: int, capacity: int = 8) -> Ring:
    """A ring with frames at these moments."""
    ring = Ring(16, 16 * MEGABYTE // capacity, INTERVAL_MS / 1000)
    for middle in middles_ms:
        ring.push(frame_at(middle))
    return ring


@pytest.mark.parametrize(("press_ms", "chosen_ms"), [(0, 100), (140, 100), (160, 200), (200, 200), (290, 300)])
def test_the_photo_is_the_frame_nearest_the_press(press_ms, chosen_ms):
    ring = ring_of(100, 200, 300)
    assert frame_time_ns(ring.nearest(press_ms * MS, timeout_s=0)) == chosen_ms * MS


def test_a_frame_is_where_the_middle_of_its_exposure_is():
    long, short = frame_at(1000, exposure_us=400_000), frame_at(1000, exposure_us=100)
    assert frame_time_ns(long) == frame_time_ns(short) == 1000 * MS


def test_a_press_waits_for_the_frame_after_it():
    ring = ring_of(100)
    asked = threading.Event()

    def camera():
        asked.wait(5)
        ring.push(frame_at(200))

    thread = threading.Thread(target=camera)
    thread.start()
    asked.set()
    assert frame_time_ns(ring.nearest(190 * MS, timeout_s=5)) == 200 * MS
    thread.join(5)


def test_a_frame_that_was_exposed_for_a_burst_is_no_photo_and_is_waited_out():
    ring = ring_of(100)
    ring.push(frame_at(900), for_photos=False)
    assert frame_time_ns(ring.nearest_of_any(850 * MS, timeout_s=0)) == 900 * MS
    ring.push(frame_at(1400))
    assert frame_time_ns(ring.nearest(850 * MS, timeout_s=0)) == 1400 * MS


def test_the_frame_just_before_a_burst_is_near_enough_to_a_press():
    ring = ring_of(100)
    ring.push(frame_at(200), for_photos=False)
    assert frame_time_ns(ring.nearest(190 * MS, timeout_s=0)) == 100 * MS


def test_a_silent_camera_still_gives_the_frame_just_before_the_press():
    assert frame_time_ns(ring_of(100).nearest(150 * MS, timeout_s=0)) == 100 * MS


def test_a_frame_from_long_before_the_press_is_no_photo_of_it():
    with pytest.raises(CameraStalled, match="was not taken"):
        ring_of(100).nearest(5000 * MS, timeout_s=0)


def test_an_empty_ring_says_that_no_frame_came():
    with pytest.raises(CameraStalled):
        ring_of().nearest(0, timeout_s=0)


def test_the_oldest_frame_leaves_and_memory_stays_bounded():
    ring = ring_of(*range(0, 5000, 100), capacity=4)
    assert len(ring) == ring.capacity == 4
    assert ring.pushed == 50
    assert frame_time_ns(ring.nearest(0, timeout_s=0)) == 4600 * MS


def test_the_number_of_frames_follows_from_the_memory():
    frame_bytes = 2 * 4056 * 3040
    assert Ring(200, frame_bytes, 0.1).capacity == 8


def test_a_ring_too_small_for_two_frames_says_how_many_megabytes_it_needs():
    with pytest.raises(SettingsError, match="memory_mb = 50 or more"):
        Ring(40, 2 * 4056 * 3040, 0.1)


def test_a_board_without_the_memory_is_told_so_at_start(tmp_path):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:  500000 kB\nMemAvailable:  100000 kB\n")
    check_memory(90 * MEGABYTE, meminfo)
    with pytest.raises(SettingsError, match=r"take 200 MB, and 102 MB .* are free"):
        check_memory(200 * MEGABYTE, meminfo)
    check_memory(200 * MEGABYTE, tmp_path / "absent")


def test_every_frame_is_had_once_and_in_order():
    ring = ring_of(100, 200, 300)
    seen = ring.came_before(200 * MS)
    had = []
    while came := ring.after(seen, timeout_s=0):
        seen = came[0]
        had.append(frame_time_ns(came[1]) // MS)
    assert had == [200, 300]
    ring.push(frame_at(400))
    assert frame_time_ns(ring.after(seen, timeout_s=0)[1]) == 400 * MS


def test_who_lags_behind_is_told_how_many_frames_left_the_ring():
    ring = ring_of(100, capacity=4)
    seen, _ = ring.after(0, timeout_s=0)
    for middle in (200, 300, 400, 500, 600):
        ring.push(frame_at(middle))
    number, frame = ring.after(seen, timeout_s=0)
    assert (number - seen - 1, frame_time_ns(frame)) == (1, 300 * MS)
