"""A press in night mode: many frames become one photo, and whatever happens on the way, there is a photo."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from night_bench import FRAMES, PATIENCE_S, GatedCamera

from firmware.errors import BurstEnded, CameraError, CameraStalled, PressRefused, StorageError
from firmware.files.raw_files import read_raw
from firmware.night.board import Board
from firmware.night.memory import check_room, merge_bytes
from firmware.night.night import new_merge
from firmware.sensors import load_sensor
from firmware.settings import ExposureSettings, NightSettings, ReplaySettings
from firmware.white_balance.balances import Balances
from firmware.white_balance.choice import Choice
from firmware.white_balance.judging import Judging
from isp.light import classical
from isp.light_statistics import gather

THROTTLED = "devices/platform/soc/soc:firmware/get_throttled"
THROTTLED_PI_5 = "devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled"


def test_a_press_in_night_mode_makes_one_photo_of_many_frames(night, caplog):
    caplog.set_level("INFO")
    bench = night()
    accepted = bench.press()
    report, burst = bench.photo(accepted)
    assert (burst["collected"], burst["ended"]) == (FRAMES, None)
    assert burst["plan"]["exposure_us"] == 8000
    assert "fixed" in " ".join(burst["plan"]["reasons"])
    assert [frame["is_reference"] for frame in burst["frames"]].count(True) == 1
    assert all(0.5 < frame["share"] <= 1 for frame in burst["frames"])
    merged = read_raw(accepted.files.dng)
    assert merged.shot.frames == FRAMES == len(burst["frames"])
    assert merged.shot.noise.shot < 0.5 * bench.thread.ring.newest().shot.noise.shot
    assert report["mode"] == "night"
    assert f"frames {FRAMES}" in caplog.text


def test_the_raw_file_and_its_sidecar_give_the_photo_again(night):
    from firmware.files.sidecar import read_sidecar

    accepted = night().press()
    accepted.done.result(PATIENCE_S)
    assert read_sidecar(accepted.files.sidecar).shot == read_raw(accepted.files.dng).shot


def test_the_quick_merge_makes_a_photo_of_all_frames_too(night):
    bench = night(night=NightSettings(handheld_frames=3, tripod_frames=3, merge="quick"))
    accepted = bench.press()
    bench.photo(accepted)
    assert read_raw(accepted.files.dng).shot.frames == 3


def test_the_light_of_a_burst_is_judged_from_the_merged_frame(night, tmp_path):
    asked = []
    balances = Balances(tmp_path / "kept", Judging(lambda: lambda seen: asked.append(seen) or classical(seen)))
    accepted = night(balances=balances).press()
    accepted.done.result(PATIENCE_S)
    merged, tuning = read_raw(accepted.files.dng), load_sensor("imx219").tuning
    np.testing.assert_array_equal(asked[-1].zones, gather(merged, tuning).zones)
    assert any(np.any(seen.zones != asked[-1].zones) for seen in asked), "the first frame's raw file has its own"
    assert json.loads(accepted.files.sidecar.read_text())["white_balance"]["source"] == "classical"


def test_a_white_balance_chosen_during_a_burst_is_for_the_next_one(night, tmp_path):
    (tmp_path / "kept").mkdir()
    balances = Balances(tmp_path / "kept", Judging(lambda: classical))
    bench = night(balances=balances)
    bench.shut_the_gate()
    accepted = bench.press()
    balances.choose(Choice("temperature", 2800.0), "night", "imx219", load_sensor("imx219").tuning)
    bench.camera.is_open.set()
    accepted.done.result(PATIENCE_S)
    assert json.loads(accepted.files.sidecar.read_text())["white_balance"]["source"] == "classical"
    again = bench.press()
    again.done.result(PATIENCE_S)
    assert json.loads(again.files.sidecar.read_text())["white_balance"]["temperature_k"] == 2800


def test_frames_from_before_the_press_count(night):
    bench = night(night=NightSettings(handheld_frames=3, tripod_frames=3, before_press_s=5.0))
    bench.until(lambda: len(bench.thread.ring) > 5)
    bench.shut_the_gate()
    pressed_ns = bench.thread.ring.newest().shot.timestamp_ns
    accepted = bench.shooting.press(pressed_ns, "night")
    _, burst = bench.photo(accepted)
    assert burst["collected"] == 3, "no frame came after the press"
    assert read_raw(accepted.files.dng).shot.timestamp_ns < pressed_ns


def test_frames_from_before_the_press_are_no_sign_that_the_exposure_never_comes(night):
    knobs = NightSettings(handheld_frames=3, tripod_frames=3, before_press_s=5.0)
    bench = night(exposure=ExposureSettings(longest_us=4000), night=knobs)
    bench.until(lambda: len(bench.thread.ring) > 30)
    _, burst = bench.photo(bench.press())
    assert burst["frames_of_another_exposure"] > 30
    assert (burst["camera_kept_its_exposure"], burst["collected"], burst["ended"]) == (False, 3, None)


def test_the_exposure_is_asked_for_and_metering_goes_on_afterwards(night):
    bench = night(exposure=ExposureSettings(longest_us=4000))
    _, burst = bench.photo(bench.press())
    asked = (burst["plan"]["exposure_us"], burst["plan"]["analogue_gain"])
    bench.until(lambda: bench.camera.asked == [asked, (0, 0.0)])
    assert burst["plan"]["exposure_us"] > 4000
    assert burst["frames_of_another_exposure"] > 0
    bench.until(lambda: bench.thread.ring.newest().shot.exposure_us <= 4000)


def test_the_first_frame_is_a_photo_on_the_card_before_the_others_have_come(night):
    bench = night()
    accepted = bench.press_and_let_in(2)
    assert bench.card.written.get(timeout=PATIENCE_S) == accepted.files.dng
    assert read_raw(accepted.files.dng).shot.frames == 1
    assert not accepted.files.jpeg.exists()
    bench.camera.is_open.set()
    bench.photo(accepted)
    assert read_raw(accepted.files.dng).shot.frames == FRAMES


@pytest.mark.parametrize("mode", ["night", "photo"])
def test_a_second_press_ends_the_burst_and_takes_no_photo_of_its_own(night, mode):
    bench = night()
    accepted = bench.press_and_let_in(3)
    with pytest.raises(BurstEnded, match=f"collecting 3 of {FRAMES}.*no photo of its own"):
        bench.press(mode)
    _, burst = bench.photo(accepted)
    assert (burst["collected"], burst["ended"]) == (3, "a second press")
    assert read_raw(accepted.files.dng).shot.frames == 3
    bench.camera.is_open.set()
    bench.photo(bench.press())
    assert bench.darkroom.tally.taken == 2


def test_a_burst_of_one_frame_is_that_frame_developed_plainly(night):
    bench = night(night=NightSettings(handheld_frames=1, tripod_frames=1))
    accepted = bench.press()
    _, burst = bench.photo(accepted)
    raw = read_raw(accepted.files.dng)
    assert (burst["collected"], raw.shot.frames) == (1, 1)
    taken = [frame for frame in bench.thread.ring.frames() if frame.shot.timestamp_ns == raw.shot.timestamp_ns]
    assert (raw.pixels == taken[0].pixels).all(), "not even scaled"


def test_a_camera_that_falls_silent_leaves_the_frames_at_hand(night):
    bench = night()
    accepted = bench.press_and_let_in(4)
    bench.camera.trouble.put(CameraStalled("No frame for 5 s."))
    _, burst = bench.photo(accepted)
    assert burst["collected"] == 4
    assert "the camera fell silent" in burst["ended"]


def test_a_camera_that_falls_silent_before_the_first_frame_leaves_those_that_had_come_before_the_press(night):
    def stall_and_merge(settings):
        bench.camera.trouble.put(CameraStalled("No frame for 5 s."))
        bench.until(lambda: bench.thread.report.state == "stalled")
        return new_merge(settings)

    taken = NightSettings(handheld_frames=FRAMES, tripod_frames=FRAMES, before_press_s=5.0)
    bench = night(night=taken, merge=stall_and_merge)
    bench.until(lambda: len(bench.thread.ring) >= FRAMES)
    bench.shut_the_gate()
    _, burst = bench.photo(bench.press())
    assert burst["collected"] == FRAMES


def test_a_camera_that_falls_silent_at_once_leaves_the_frame_of_the_press(night):
    bench = night(exposure=ExposureSettings(longest_us=4000))
    bench.shut_the_gate()
    accepted = bench.press()
    bench.camera.trouble.put(CameraStalled("No frame for 5 s."))
    _, burst = bench.photo(accepted)
    assert burst["collected"] == 0
    assert read_raw(accepted.files.dng).shot.frames == 1
    assert accepted.files.jpeg.stat().st_size > 0


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        (THROTTLED, "50005\n", "low voltage"),
        (THROTTLED_PI_5, "1\n", "low voltage"),
        ("class/thermal/thermal_zone0/temp", "84123\n", "heat: the processor has 84"),
        ("class/hwmon/hwmon2/in0_lcrit_alarm", "1\n", "low voltage"),
    ],
)
def test_heat_or_low_voltage_end_the_burst_with_the_frames_at_hand(night, file, text, words):
    bench = night()
    put(bench.sysfs / "class/hwmon/hwmon2/name", "rpi_volt\n")
    accepted = bench.press_and_let_in(2)
    put(bench.sysfs / file, text)
    _, burst = bench.photo(accepted)
    assert burst["collected"] == 2
    assert words in burst["ended"]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (THROTTLED, "50000\n"),  # it was low some time ago
        (THROTTLED, "no number\n"),
        ("class/thermal/thermal_zone0/temp", "61000\n"),
        ("class/thermal/thermal_zone0/temp", "\n"),
        ("class/hwmon/hwmon2/in0_lcrit_alarm", "1\n"),  # of another chip
    ],
)
def test_a_board_that_is_well_or_says_nothing_is_no_reason_to_end(tmp_path, file, text):
    put(tmp_path / file, text)
    assert Board(tmp_path).trouble(hottest_c=82.0) == ""


def test_a_card_that_fills_up_ends_the_burst_with_the_frames_at_hand(night):
    bench = night()
    accepted = bench.press_and_let_in(2)
    bench.card.set_floor(10**9)
    _, burst = bench.photo(accepted)
    assert burst["collected"] == 2
    assert "the card: The card at" in burst["ended"]


def test_a_merged_file_that_the_card_refuses_leaves_the_first_frame_and_the_jpeg(night):
    bench = night()
    bench.card.refuses = True
    accepted = bench.press()
    with pytest.raises(StorageError, match="the card fails"):
        accepted.done.result(PATIENCE_S)
    assert read_raw(accepted.files.dng).shot.frames == 1
    assert accepted.files.jpeg.stat().st_size > 0
    assert json.loads(accepted.files.sidecar.read_text())["burst"]["raw_not_written"] == "the card fails"
    assert bench.darkroom.tally.failed == 1


class Stubborn(GatedCamera):
    """Takes no orders."""

    def set_exposure(self, exposure_us, analogue_gain):
        raise CameraError("This camera does not let exposure be set.")


def test_an_exposure_that_never_comes_gives_a_burst_of_what_does_come(night):
    bench = night(camera=Stubborn, exposure=ExposureSettings(longest_us=4000))
    accepted = bench.press()
    _, burst = bench.photo(accepted)
    assert burst["camera_kept_its_exposure"]
    assert burst["plan"]["exposure_us"] > 4000
    assert burst["collected"] == burst["plan"]["frames"]
    assert read_raw(accepted.files.dng).shot.exposure_us <= 4000


class Exchanged(GatedCamera):
    """Becomes another camera, with smaller frames."""

    smaller = False

    def next_frame(self, timeout_s, not_before_ns=None):
        frame = super().next_frame(timeout_s, not_before_ns)
        return dataclasses.replace(frame, pixels=frame.pixels[:-32, :-32].copy()) if self.smaller else frame


def test_frames_that_cannot_be_merged_are_left_out_and_end_the_burst(night):
    bench = night(camera=Exchanged)
    accepted = bench.press_and_let_in(2)
    bench.camera.smaller = True
    bench.camera.is_open.set()
    _, burst = bench.photo(accepted)
    assert accepted.files.jpeg.stat().st_size > 0
    assert read_raw(accepted.files.dng).pixels.shape == bench.thread.ring.frames()[0].pixels.shape
    assert burst["collected"] == 2
    assert "608 x 448" in burst["frames_refused"][0]
    assert "did not fit the burst" in burst["ended"]


class Failing:
    """A merge that breaks with its third frame."""

    def __init__(self, settings):
        self.taken = 0

    def add(self, frame):
        self.taken += 1
        if self.taken == 3:
            raise MemoryError("no room for a tile")


def test_a_merge_that_fails_leaves_a_photo_of_one_frame_and_the_next_burst_is_taken(night):
    bench = night(merge=Failing)
    accepted = bench.press()
    report, burst = bench.photo(accepted)
    assert burst["failed"] == "no room for a tile"
    assert read_raw(accepted.files.dng).shot.frames == 1
    assert report["jpeg"] == str(accepted.files.jpeg)
    assert bench.shooting.burst is None
    bench.photo(bench.press())


def test_a_reload_and_another_mode_meanwhile_do_not_disturb_the_burst(night):
    bench = night()
    accepted = bench.press_and_let_in(2)
    bench.shooting.mode = "plain"
    stages = bench.settings.pictures | {"sharpen": {"amount": 0.0}}
    bench.settings = dataclasses.replace(
        bench.settings, pictures=stages, night=NightSettings(handheld_frames=2, tripod_frames=2)
    )
    bench.shooting.look = bench.look()
    bench.thread.set_exposure(3000, 2.0)
    bench.camera.is_open.set()
    report, burst = bench.photo(accepted)
    assert (report["mode"], burst["collected"]) == ("night", FRAMES)
    recipe = json.loads(accepted.files.sidecar.read_text())["recipe"]
    assert next(stage["amount"] for stage in recipe if stage["stage"] == "sharpen") > 0
    bench.until(lambda: bench.thread.ring.newest().shot.exposure_us == 3000)


def test_switching_off_finishes_the_burst_with_the_frames_at_hand(night):
    bench = night()
    accepted = bench.press_and_let_in(3)
    bench.shooting.end_bursts()
    _, burst = bench.photo(accepted)
    assert (burst["collected"], burst["ended"]) == (3, "the camera was switched off")


def test_a_card_that_gives_no_number_refuses_the_press_and_the_next_one_is_taken(night, tmp_path):
    bench = night()
    obstacle = tmp_path / "state" / ".photo-number.partial"
    obstacle.mkdir()
    with pytest.raises(StorageError):
        bench.press()
    obstacle.rmdir()
    bench.until(lambda: bench.shooting.burst is None)
    assert bench.shooting.wait_until_done(0)
    bench.photo(bench.press())


def test_while_a_burst_is_merged_another_one_is_refused_and_a_photo_is_not(night):
    bench = night()
    bench.card.may_number.clear()
    chosen = bench.shooting.choose(bench.thread.ring.newest().shot.timestamp_ns, "night")
    bench.until(lambda: bench.shooting.burst["state"] == "merging")
    with pytest.raises(PressRefused, match=f"merging {FRAMES} frames"):
        bench.press()
    photo = bench.shooting.choose(bench.thread.ring.newest().shot.timestamp_ns, "photo")
    bench.card.may_number.set()
    bench.photo(bench.shooting.accept(chosen))
    assert bench.shooting.accept(photo).done.result(PATIENCE_S)["mode"] == "photo"


def test_where_memory_lacks_a_burst_is_refused_in_words(tmp_path):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemAvailable: 300000 kB\n")
    frame_bytes = 24_600_000
    needed_bytes = merge_bytes(frame_bytes) + 10 * frame_bytes
    with pytest.raises(PressRefused, match=r"takes 433 MB.*307 MB of memory are free.*\[ring\] memory_mb"):
        check_room(needed_bytes, meminfo)
    check_room(300_000_000, meminfo)
    check_room(needed_bytes, tmp_path / "no such file")


def test_recorded_frames_are_taken_as_they_were_exposed(night, tmp_path):
    from firmware.cameras.replay import ReplayCamera
    from firmware.cameras.simulated import simulate
    from firmware.files.dng import encode_dng

    recorded = tmp_path / "recorded"
    recorded.mkdir()
    for number in range(5):
        frame, _ = simulate("astronaut", "imx219", 640, 480, frame_number=number, lux=20)
        (recorded / f"{number}.DNG").write_bytes(b"".join(encode_dng(frame, None)))
    bench = night(camera=ReplayCamera, replay=ReplaySettings(folder=str(recorded), frames_per_second=20.0))
    accepted = bench.press()
    _, burst = bench.photo(accepted)
    assert (burst["collected"], burst["ended"]) == (FRAMES, None)
    assert read_raw(accepted.files.dng).shot.exposure_us == frame.shot.exposure_us
    # The recording begins again after five: the sixth holds the very same pixels as the first.
    assert [bool(frame["why"]) for frame in burst["frames"]].count(True) == 1
