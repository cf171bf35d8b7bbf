"""A burst borrows the camera's exposure: it waits until that comes, and no photo shows it afterwards."""

from __future__ import annotations

import dataclasses
import queue
import threading

import pytest
from night_bench import PATIENCE_S, GatedCamera

from firmware.errors import BurstEnded
from firmware.files.raw_files import read_raw
from firmware.night.lending import Lending
from firmware.settings import ExposureSettings, NightSettings
from isp.frames import Noise, Shot

METERED_US, LENT_US, PATIENCE = 4000, 100_000, 5


def shot_of(exposure_us: float) -> Shot:
    return Shot("unknown", "RGGB", (256.0,) * 4, 4095.0, 0, 0, exposure_us, 2.0, Noise(1e-4, 1e-6))


class Borrowed:
    """The exposure lent to a burst; then frames come."""

    def __init__(self):
        self.lending = Lending(PATIENCE)
        assert self.shown(METERED_US, METERED_US) == [False, False]
        self.lending.lend(LENT_US, 2.0)

    def shown(self, *exposures_us: float) -> list[bool]:
        return [self.lending.shows(shot_of(exposure_us)) for exposure_us in exposures_us]


def test_photos_may_have_the_frames_of_the_old_exposure_and_no_others():
    assert Borrowed().shown(METERED_US, METERED_US, LENT_US, LENT_US) == [False, False, True, True]


def test_metering_is_back_when_frames_are_exposed_as_before():
    borrowed = Borrowed()
    borrowed.shown(LENT_US)
    borrowed.lending.take_back()
    assert borrowed.shown(LENT_US, LENT_US, METERED_US, 5000, 6000) == [True, True, False, False, False]


def test_metering_that_finds_another_light_is_back_when_it_rests():
    borrowed = Borrowed()
    borrowed.shown(LENT_US)
    borrowed.lending.take_back()
    assert borrowed.shown(LENT_US, 60_000, 30_000, 20_000, 19_500) == [True, True, True, True, False]


def test_what_is_on_its_way_comes_after_a_burst_that_was_ended_at_once():
    borrowed = Borrowed()
    borrowed.lending.take_back()
    assert borrowed.shown(METERED_US, LENT_US, METERED_US) == [False, True, False]


def test_patience_ends_where_metering_wants_what_the_burst_had():
    borrowed = Borrowed()
    borrowed.shown(LENT_US)
    borrowed.lending.take_back()
    assert borrowed.shown(*[LENT_US] * PATIENCE) == [True] * (PATIENCE - 1) + [False]


def test_a_camera_that_says_nothing_of_its_exposure_is_waited_for_no_longer_than_that():
    lending = Lending(PATIENCE)
    nothing = dataclasses.replace(shot_of(1), exposure_us=None)
    assert not lending.shows(nothing)
    lending.lend(LENT_US, 2.0)
    lending.take_back()
    assert not [lending.shows(nothing) for _ in range(PATIENCE)][-1]


def test_a_photo_right_after_a_burst_has_the_exposure_of_metering(night):
    many = NightSettings(handheld_frames=60, tripod_frames=60, clean_shadow=200.0, handheld_us=40_000)
    bench = night(exposure=ExposureSettings(longest_us=METERED_US), night=many)
    accepted = bench.press()
    bench.until(lambda: bench.shooting.burst["collected"] >= 2)
    bench.shut_the_gate()
    with pytest.raises(BurstEnded):
        bench.press()
    pressed_ns = bench.thread.ring.newest().shot.timestamp_ns
    assert bench.thread.ring.newest().shot.exposure_us > METERED_US
    bench.until(lambda: not bench.shooting.burst or bench.shooting.burst["state"] == "merging")
    photos = queue.Queue()
    pressing = threading.Thread(target=lambda: photos.put(bench.shooting.press(pressed_ns, "photo")))
    pressing.start()
    bench.camera.is_open.set()
    photo = photos.get(timeout=PATIENCE_S)
    pressing.join(PATIENCE_S)
    photo.done.result(PATIENCE_S)
    bench.photo(accepted)
    assert read_raw(photo.files.dng).shot.exposure_us <= METERED_US
    assert read_raw(accepted.files.dng).shot.exposure_us > METERED_US


def test_many_quick_frames_before_the_press_are_no_proof_that_the_exposure_does_not_come(night):
    bench = night(exposure=ExposureSettings(longest_us=METERED_US), night=NightSettings(handheld_frames=3))
    bench.until(lambda: len(bench.thread.ring) > 30)
    _, burst = bench.photo(bench.press())
    assert not burst["camera_kept_its_exposure"]
    assert burst["collected"] >= 3
    assert burst["frames_of_another_exposure"] > 12, "more than patience bears"


class Drifting(GatedCamera):
    """Meters a little more at first than later, within what sensors round."""

    frames = 0

    def next_frame(self, timeout_s, not_before_ns=None):
        frame = super().next_frame(timeout_s, not_before_ns)
        self.frames += 1
        if self.frames > 4:
            return frame
        brighter = dataclasses.replace(frame.shot, exposure_us=1.03 * frame.shot.exposure_us)
        return dataclasses.replace(frame, shot=brighter)


def test_frames_of_a_metering_that_still_drifted_do_not_begin_a_burst_that_the_others_do_not_fit(night):
    taken = NightSettings(handheld_frames=8, tripod_frames=8, before_press_s=5.0)
    bench = night(camera=Drifting, night=taken)
    bench.until(lambda: len(bench.thread.ring) >= 6)
    _, burst = bench.photo(bench.press())
    assert (burst["collected"], burst["ended"]) == (8, None)
    assert burst["frames_of_another_exposure"] == 4
    assert burst["plan"]["as_metered"]
