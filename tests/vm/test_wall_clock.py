"""The real wall clock, set by years while the camera shoots: order and names hold, and nothing stops."""

from __future__ import annotations

import itertools

import pytest
from machines.board import SHUTTER
from machines.guest_camera import SIMULATED

pytestmark = pytest.mark.vm

SETTINGS = SIMULATED.format(frames_per_second=2.0)
YEARS = ("2037-05-01", "2001-09-09", "2026-11-23")


def test_photos_keep_order_and_names_when_the_clock_is_set_by_years(camera, board):
    camera.start(SETTINGS)
    camera.until_idle()
    process = camera.systemd("MainPID")
    known = {photo.name for photo in camera.photos()}
    for year in YEARS:
        taken = camera.status()["photos"]["taken"]
        board.move(SHUTTER, 200)
        # In the middle of the photo: the press is in, its files are not.
        camera.machine.run(f"date -s {year} > /dev/null")
        camera.until(lambda now, taken=taken: now["photos"]["taken"] == taken + 1)
        board.move(SHUTTER, 200)
        camera.until(lambda now, taken=taken: now["photos"]["taken"] == taken + 2)
    photos = [photo for photo in camera.photos() if photo.name not in known]
    assert len(photos) == 2 * len(YEARS)
    numbers = [int(photo.name.removeprefix("IMG_")) for photo in photos]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert all(before.frame_ns < after.frame_ns for before, after in itertools.pairwise(photos))
    # Every photo after a change tells the new clock's year; the one that the change met may tell either.
    told = [str(photo.sidecar["shot"]["wall_time_ns"] // 31_556_952_000_000_000 + 1970) for photo in photos[1::2]]
    assert told == [year[:4] for year in YEARS]
    assert camera.systemd("MainPID") == process, "the daemon was started anew"
