"""A press in zoom mode: many frames of the middle become one larger photo, and whatever happens, there is a photo."""

from __future__ import annotations

import dataclasses
import functools
import json

import numpy as np
import pytest
import simplejpeg
from measures.zoom_stand_in import MOVED, TOLD, OnTripod, StandIn, broken, doubling, enlarged_frame
from night_bench import FRAMES, PATIENCE_S, GatedCamera
from PIL import Image

from firmware.body.button_actions import ButtonActions
from firmware.body.buttons import ButtonEvent
from firmware.cameras.simulated import simulate
from firmware.darkroom.darkroom import Job
from firmware.darkroom.developing import ZoomWishes, develop_job
from firmware.errors import CameraStalled, PressRefused, ZoomError
from firmware.files.raw_files import read_frame, read_raw
from firmware.sensors import load_sensor
from firmware.settings import ExposureSettings, ReplaySettings, ZoomSettings
from firmware.storage.photo_name import PhotoName
from firmware.zoom.entry import in_words
from firmware.zoom.making import SHARPENED, ZoomWork
from firmware.zoom.memory import burst_bytes, check_zoom_room, room_for_frames
from firmware.zoom.requests import ZoomRequests
from isp.errors import FrameError, PipelineError
from isp.frames import Burst, LinearFrame
from isp.photo import photo_pipeline, portrait_pipeline
from isp.sharpen import Sharpen
from isp.zoom.crop import crop_for
from isp.zoom.zoomed import ZoomStory

WHOLE, HALF = (480, 640), (240, 320)


def entry_of(accepted) -> dict:
    return json.loads(accepted.files.sidecar.read_text())["zoom"]


def size_of(accepted) -> tuple[int, int]:
    return simplejpeg.decode_jpeg(accepted.files.jpeg.read_bytes()).shape[:2]


def sharpened(accepted) -> float:
    """By how much, as the recipe says."""
    recipe = json.loads(accepted.files.sidecar.read_text())["recipe"]
    return next(stage["amount"] for stage in recipe if stage["stage"] == "sharpen")


def add_up(entry) -> bool:
    return set(entry["shares"]) == {"measured", "learned", "plain"} and abs(sum(entry["shares"].values()) - 1) < 1e-9


def test_a_press_in_zoom_mode_makes_one_photo_of_many_frames_of_the_middle(night, caplog):
    caplog.set_level("INFO")
    bench = night()
    accepted = bench.press("zoom")
    report, burst = bench.photo(accepted)
    assert (burst["collected"], burst["ended"], len(burst["frames"])) == (FRAMES, None, FRAMES)
    entry = entry_of(accepted)
    assert (entry["asked"], entry["factor"], entry["rung"]) == (2.0, 2.0, "measured")
    assert entry["crop"] == {"top": 120, "left": 160, "height": 240, "width": 320}
    assert (entry["shares"]["measured"], add_up(entry), entry["enlarged"]) == (0.9, True, [])
    assert entry["frames_behind"] == FRAMES and entry["diversity"]["enough"]
    assert report["zoom"] == entry
    raw = read_frame(accepted.files.dng)
    assert isinstance(raw, LinearFrame) and raw.pixels.shape == (*WHOLE, 3)
    left, top, wide, high = bench.thread.ring.newest().shot.field_of_view
    assert raw.shot.field_of_view == pytest.approx((left + wide / 4, top + high / 4, wide / 2, high / 2))
    assert size_of(accepted) == WHOLE
    with Image.open(accepted.files.jpeg) as photo:
        assert float(photo.getexif().get_ifd(0x8769)[0xA404]) == 2.0
    assert "zoomed 2 times, 90 % measured" in caplog.text


@pytest.mark.slow
def test_the_photo_shows_the_middle_of_what_a_photo_without_zoom_shows(night):
    bench = night()
    pictures = {}
    for mode in ("zoom", "photo"):
        accepted = bench.press(mode)
        accepted.done.result(PATIENCE_S)
        pictures[mode] = simplejpeg.decode_jpeg(accepted.files.jpeg.read_bytes()).astype(float)
    middle = pictures["photo"][120:360, 160:480]
    smaller = pictures["zoom"].reshape(240, 2, 320, 2, 3).mean(axis=(1, 3))
    likeness = np.corrcoef(middle.mean(axis=2).ravel(), smaller.mean(axis=2).ravel())[0, 1]
    assert likeness > 0.97


@pytest.mark.slow
@pytest.mark.parametrize(
    ("factor", "measured", "steps", "share"),
    [(1.0, 1.0, [], 0.9), (1.5, 1.5, [], 0.9), (3.0, 2.0, ["classical"], 0.4)],
)
def test_the_photo_is_as_large_as_the_part_times_the_factor(night, factor, measured, steps, share):
    bench = night(zoom=ZoomSettings(factor=factor, frames=2, dim_frames=2))
    accepted = bench.press("zoom")
    accepted.done.result(PATIENCE_S)
    entry = entry_of(accepted)
    assert (entry["factor"], [step["by"] for step in entry["enlarged"]]) == (measured, steps)
    assert entry["shares"]["measured"] == pytest.approx(share) and add_up(entry)
    assert size_of(accepted) == tuple(entry["size"]) == crop_for(WHOLE, factor).zoomed_shape(factor)


def test_on_a_tripod_the_network_enlarges_the_merged_crop(night):
    bench = night(zoomed=OnTripod, upscaling=doubling())
    accepted = bench.press("zoom")
    accepted.done.result(PATIENCE_S)
    entry = entry_of(accepted)
    assert (entry["rung"], entry["factor"], entry["why"]) == ("learned", 1.0, "The camera stood still.")
    assert entry["shares"] == {"measured": 0.0, "learned": 0.75, "plain": 0.25}
    assert entry["enlarged"] == [{"by": "learned", "size": [480, 640]} | TOLD]
    raw = read_raw(accepted.files.dng)
    assert (raw.pixels.shape, raw.shot.frames) == (HALF, FRAMES)
    assert size_of(accepted) == WHOLE
    assert sharpened(accepted) == SHARPENED * Sharpen().amount, "the network sharpens, too"


@pytest.mark.slow
def test_a_factor_between_is_enlarged_twice_and_then_made_smaller(night):
    knobs = ZoomSettings(factor=1.5, frames=2, dim_frames=2)
    accepted = night(zoomed=OnTripod, upscaling=doubling(), zoom=knobs).press("zoom")
    accepted.done.result(PATIENCE_S)
    entry = entry_of(accepted)
    assert [step["by"] for step in entry["enlarged"]] == ["learned", "classical"] and add_up(entry)
    assert size_of(accepted) == tuple(entry["size"]) == (480, 638)


@pytest.mark.parametrize(
    ("upscaling", "knobs", "lacking"),
    [
        (broken, {}, "no LiteRT runtime"),
        pytest.param(doubling, {"learned": False}, None, marks=pytest.mark.slow),
    ],
)
def test_without_the_network_the_plain_rung_serves_and_that_is_said(night, upscaling, knobs, lacking):
    asked = upscaling()
    knobs = ZoomSettings(frames=2, dim_frames=2, **knobs)
    accepted = night(zoomed=OnTripod, upscaling=asked, zoom=knobs).press("zoom")
    accepted.done.result(PATIENCE_S)
    entry = entry_of(accepted)
    assert (entry["rung"], entry["shares"]["plain"]) == ("plain", 1.0)
    assert [step["by"] for step in entry["enlarged"]] == ["classical"]
    assert size_of(accepted) == WHOLE
    assert (lacking is None) == (entry["without_network"] is None)
    assert sharpened(accepted) == (Sharpen().amount if lacking is None else SHARPENED * Sharpen().amount)
    assert lacking is None or (lacking in entry["without_network"] and lacking in asked.report()["lacking"])


def test_a_network_for_which_memory_lacks_is_left_alone(tmp_path):
    (tmp_path / "meminfo").write_text("MemAvailable: 80000 kB\n")
    with pytest.raises(ZoomError, match=r"takes \d+ MB beside what is in use, and 82 MB"):
        doubling()(np.zeros((1520, 2028, 3), np.uint8), tmp_path / "meminfo")


def test_the_whole_first_frame_is_durable_before_the_others_have_come(night):
    bench = night()
    accepted = bench.press_and_let_in(2, "zoom")
    assert bench.card.written.get(timeout=PATIENCE_S) == accepted.files.dng
    first = read_raw(accepted.files.dng)
    assert (first.pixels.shape, first.shot.frames) == (WHOLE, 1)
    bench.camera.is_open.set()
    accepted.done.result(PATIENCE_S)
    assert isinstance(read_frame(accepted.files.dng), LinearFrame)


class Failing(StandIn):
    """A merge that breaks with its third frame."""

    def add(self, frame):
        if len(self) == 2:
            raise MemoryError("no room for a tile")
        return super().add(frame)


def test_a_merge_that_fails_leaves_the_whole_frame_and_a_photo_of_its_middle(night):
    bench = night(zoomed=Failing, upscaling=doubling())
    accepted = bench.press("zoom")
    bench.photo(accepted)
    entry = entry_of(accepted)
    assert entry["why"] == "The photo is made of one frame: no room for a tile."
    assert entry["rung"] == "learned" and size_of(accepted) == WHOLE
    raw = read_raw(accepted.files.dng)
    assert (raw.pixels.shape, raw.shot.frames) == (WHOLE, 1)
    bench.photo(bench.press("night"))


class Unwritable(StandIn):
    """Comes to a picture that no file can hold."""

    def finish(self):
        made = super().finish()
        return dataclasses.replace(made, frame=None)


@pytest.mark.slow
def test_a_picture_that_cannot_be_handed_on_leaves_the_whole_frame_and_a_photo_of_its_middle(night):
    bench = night(zoomed=Unwritable)
    accepted = bench.press("zoom")
    _, burst = bench.photo(accepted)
    entry = entry_of(accepted)
    assert burst["failed"] in entry["why"] and entry["rung"] == "plain"
    assert read_raw(accepted.files.dng).pixels.shape == size_of(accepted) == WHOLE


def test_a_picture_that_cannot_be_developed_leaves_a_photo_of_one_frame(tmp_path):
    spare, tuning = simulate("astronaut", "imx219", 640, 480)[0], load_sensor("imx219").tuning
    story = ZoomStory(2.0, 2.0, crop_for((960, 1280), 2.0), "measured", 0.9, 6.0, MOVED)
    work = ZoomWork.of_burst(story)
    job = Job(
        press_ns=0,
        mode="zoom",
        burst=Burst((enlarged_frame(spare, story.crop, 2.0),)),
        files=PhotoName.of(1, tmp_path),
        pipeline=portrait_pipeline(),  # nobody blurs what is zoomed
        tuning=tuning,
        threads=1,
        jpeg_quality=90,
        raw_done=None,
        zoom=ZoomWishes(work, spare, photo_pipeline()),
    )
    made = develop_job(job)
    assert "The zoomed picture failed: This recipe blurs" in made.zoom["why"]
    assert (made.zoom["rung"], made.zoom["shares"]["plain"]) == ("plain", 1.0)
    assert made.photo.pixels.shape == (960, 1280, 3)
    with pytest.raises(PipelineError):
        develop_job(dataclasses.replace(job, zoom=ZoomWishes(work)))


@pytest.mark.slow
def test_a_camera_that_falls_silent_leaves_the_frames_at_hand(night):
    bench = night()
    accepted = bench.press_and_let_in(3, "zoom")
    bench.camera.trouble.put(CameraStalled("No frame for 5 s."))
    _, burst = bench.photo(accepted)
    assert burst["collected"] == 3 and "the camera fell silent" in burst["ended"]
    assert entry_of(accepted)["frames_behind"] == 3


@pytest.mark.slow
def test_a_camera_that_falls_silent_at_once_leaves_the_frame_of_the_press(night):
    bench = night(exposure=ExposureSettings(longest_us=4000))
    bench.shut_the_gate()
    bench.thread.set_exposure(2000, 1.0)
    accepted = bench.press("zoom")
    bench.camera.trouble.put(CameraStalled("No frame for 5 s."))
    bench.photo(accepted)
    assert entry_of(accepted)["rung"] == "plain" and size_of(accepted) == WHOLE


@pytest.mark.slow
def test_one_frame_alone_is_enlarged_and_said_to_be(night):
    accepted = night(zoom=ZoomSettings(frames=1, dim_frames=1)).press("zoom")
    accepted.done.result(PATIENCE_S)
    assert entry_of(accepted)["why"] == "There was one frame."
    assert read_raw(accepted.files.dng).pixels.shape == HALF


class Nameless(GatedCamera):
    """Nobody knows its sensor, nor its noise."""

    def next_frame(self, timeout_s, not_before_ns=None):
        frame = super().next_frame(timeout_s, not_before_ns)
        return dataclasses.replace(frame, shot=dataclasses.replace(frame.shot, sensor="unknown", noise=None))


@pytest.mark.slow
def test_an_unknown_sensor_gives_one_frame_on_the_plain_rung(night):
    accepted = night(camera=Nameless).press("zoom")
    accepted.done.result(PATIENCE_S)
    entry = entry_of(accepted)
    assert entry["rung"] == "plain" and "the sensor is unknown, and so is its noise" in entry["why"]
    assert size_of(accepted) == WHOLE


@pytest.mark.slow
def test_recorded_frames_are_zoomed_as_they_were_exposed(night, tmp_path):
    from firmware.cameras.replay import ReplayCamera
    from firmware.files.dng import encode_dng

    recorded = tmp_path / "recorded"
    recorded.mkdir()
    for number in range(5):
        frame, _ = simulate("astronaut", "imx219", 640, 480, frame_number=number, lux=20)
        (recorded / f"{number}.DNG").write_bytes(b"".join(encode_dng(frame, None)))
    bench = night(camera=ReplayCamera, replay=ReplaySettings(folder=str(recorded), frames_per_second=20.0))
    accepted = bench.press("zoom")
    _, burst = bench.photo(accepted)
    assert (burst["collected"], burst["ended"]) == (FRAMES, None)
    assert size_of(accepted) == WHOLE


@pytest.mark.slow
def test_another_zoom_meanwhile_is_for_the_next_photo(night):
    bench = night()
    accepted = bench.press_and_let_in(2, "zoom")
    bench.shooting.zoom.choose(3.0)
    bench.camera.is_open.set()
    accepted.done.result(PATIENCE_S)
    again = bench.press("zoom")
    again.done.result(PATIENCE_S)
    assert (entry_of(accepted)["asked"], entry_of(again)["asked"]) == (2.0, 3.0)


@pytest.mark.slow
def test_a_zoom_for_one_photo_takes_the_mode_that_zooms_and_leaves_the_camera_as_it_is(night):
    bench = night()
    accepted = bench.shooting.press(bench.thread.ring.newest().shot.timestamp_ns, zoom=1.5)
    report = accepted.done.result(PATIENCE_S)
    assert (report["mode"], entry_of(accepted)["asked"]) == ("zoom", 1.5)
    assert (bench.shooting.mode, bench.shooting.zoom.factor(bench.settings.zoom)) == ("photo", 2.0)


def test_what_is_no_zoom_is_refused_before_anything_is_taken(night):
    bench = night()
    press = functools.partial(bench.shooting.press, bench.thread.ring.newest().shot.timestamp_ns)
    for factor in (0.5, 3.5, float("nan"), float("inf"), -1.0, True, "2"):
        with pytest.raises(ZoomError, match="must be a number, 1 to 3"):
            press(zoom=factor)
    with pytest.raises(PressRefused, match=r"Mode night does not zoom\. Name no mode, or zoom"):
        press("night", 2.0)
    assert bench.shooting.wait_until_done(0)


class Tiny(GatedCamera):
    """Has hardly any pixels."""

    def next_frame(self, timeout_s, not_before_ns=None):
        frame = super().next_frame(timeout_s, not_before_ns)
        return dataclasses.replace(frame, pixels=frame.pixels[:120, :160].copy())


def test_a_share_that_rounds_to_nothing_is_not_said():
    told = {"asked": 2.0, "rung": "measured", "frames_behind": 8.0, "why": None}
    for measured, said in ((0.996, "100 % measured, 8.0"), (0.99, "99 % measured, 1 % plain, 8.0")):
        shares = {"measured": measured, "learned": 0.0, "plain": 1 - measured}
        assert in_words(told | {"shares": shares}) == f"zoomed 2 times, {said} frames behind it"


def test_a_part_that_would_be_too_small_refuses_the_press_in_words(night):
    bench = night(camera=Tiny)
    with pytest.raises(FrameError, match=r"160 x 120 pixels zoomed 3 times leave 52 x 40.*Zoom less"):
        bench.shooting.press(bench.thread.ring.newest().shot.timestamp_ns, zoom=3.0)
    assert bench.shooting.wait_until_done(0)


def test_where_memory_is_short_fewer_frames_are_taken_and_where_two_do_not_fit_none(tmp_path):
    meminfo = tmp_path / "meminfo"
    crop, whole, promised = crop_for((3040, 4056), 2.0), 24_700_000, 100_000_000
    free = promised + burst_bytes(crop, 2.0, 5, whole)
    meminfo.write_text(f"MemAvailable: {-(-free // 1024)} kB\n")
    assert room_for_frames(crop, 2.0, whole, promised, 15, meminfo) == 5
    check_zoom_room(crop, 2.0, whole, promised, meminfo)
    meminfo.write_text(f"MemAvailable: {free // 2048} kB\n")
    with pytest.raises(PressRefused, match=r"zoomed 2 times takes \d+ MB.*MB of memory are free. Zoom farther"):
        check_zoom_room(crop, 2.0, whole, promised, meminfo)
    assert room_for_frames(crop, 2.0, whole, promised, 15, tmp_path / "no such file") == 15


@pytest.mark.slow
def test_the_zoom_button_zooms_in_step_by_step_and_held_shows_all_of_the_frame(night):
    bench = night()
    zoom = ZoomRequests(bench.shooting, bench.thread)
    actions = ButtonActions(bench.shooting, bench.heartbeats, pytest.fail, pytest.fail, zoom)
    actions.start()
    for kind in ["press"] * 4 + ["long_press"]:
        actions.events.put(ButtonEvent("zoom", kind, 0))
    actions.close(PATIENCE_S)
    assert (bench.shooting.mode, bench.shooting.zoom.factor(bench.settings.zoom)) == ("zoom", 1.0)


def test_each_press_of_the_zoom_button_is_a_step(night):
    bench = night()
    zoom = ZoomRequests(bench.shooting, bench.thread)
    steps = []
    for _ in range(5):
        zoom.press()
        steps.append((bench.shooting.mode, zoom.report()["factor"]))
    assert steps == [("zoom", 2.0), ("zoom", 3.0), ("zoom", 1.0), ("zoom", 1.5), ("zoom", 2.0)]
    zoom.hold()
    bench.shooting.mode = "photo"
    zoom.press()
    assert (bench.shooting.mode, zoom.report()["factor"]) == ("zoom", 1.5), "a press that does nothing is no press"
