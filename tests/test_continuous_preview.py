"""The live picture: the newest frame at the chosen pace, in a steady light, and never in a photo's way."""

from __future__ import annotations

import base64
import dataclasses
import itertools
import logging
import os
import queue
import threading
from collections.abc import Callable

import numpy as np
import pytest
import simplejpeg

from accelerators.subject.subject import NoSubject
from firmware.camera_thread import CameraReport, CameraThread
from firmware.cameras.simulated import simulate
from firmware.darkroom.darkroom import Darkroom
from firmware.errors import PreviewError
from firmware.look import Look
from firmware.night.night import Night
from firmware.preview.light import JUST_VISIBLE, SteadyLight, for_preview
from firmware.preview.pace import Pace
from firmware.preview.picture import (
    MOST_PIXELS,
    SmallFrames,
    develop_picture,
    encode_picture,
    memory_bytes,
    room_for,
    size_of,
)
from firmware.preview.preview import Preview
from firmware.preview.tally import Tally
from firmware.ring import Ring
from firmware.sensors import load_sensor
from firmware.service.heartbeat import Heartbeats
from firmware.service.reloading import build_pipelines
from firmware.settings import Settings, StorageSettings
from firmware.shooting import Shooting
from firmware.storage.card import Card
from firmware.storage.card_writer import CardWriter
from isp.bokeh import Bokeh
from isp.develop import run_stages
from isp.frames import RawFrame
from isp.grey_curve import grey_of
from isp.light_estimate import LightEstimate
from isp.local_tone import LocalTone
from isp.photo import photo_pipeline
from isp.pipeline import Pipeline
from isp.plan import plan
from isp.tone import Tone
from isp.white_balance import WhiteBalance

PATIENCE_S = 20.0
SECOND_NS = 1_000_000_000


@pytest.fixture(scope="module")
def tuning():
    return load_sensor("imx219").tuning


@pytest.fixture(scope="module")
def scene():
    """Frames of one scene under a light of this temperature, all different in their noise."""
    drawn = {}

    def take(illuminant_k: float = 5000.0, seed: int = 1) -> RawFrame:
        if (illuminant_k, seed) not in drawn:
            frame, _ = simulate("chart", "imx219", 640, 480, illuminant_k=illuminant_k, seed=seed)
            drawn[illuminant_k, seed] = frame
        return drawn[illuminant_k, seed]

    return take


def at(frame: RawFrame, time_ns: int) -> RawFrame:
    return dataclasses.replace(frame, shot=dataclasses.replace(frame.shot, timestamp_ns=time_ns))


# Pace


@pytest.mark.parametrize(
    ("camera_fps", "wanted", "expected"),
    [(30, 15, 15), (30, 30, 30), (40, 30, 30), (60, 15, 15), (10, 15, 10), (29.97, 30, 29.97), (30.03, 30, 30)],
)
def test_the_pace_is_the_wanted_one_or_the_camera_s_and_nothing_counts_as_dropped(camera_fps, wanted, expected):
    pace, jitter = Pace(wanted), np.random.default_rng(1)
    seconds, passed, pictures, dropped = 20, 0, 0, 0
    for number in range(round(seconds * camera_fps)):
        time_ns = int((number / camera_fps + jitter.uniform(-0.001, 0.001)) * SECOND_NS)
        if pace.wants(time_ns):
            dropped += pace.take(time_ns, passed)
            pictures, passed = pictures + 1, 0
        else:
            passed += 1
    assert pictures / seconds == pytest.approx(expected, rel=0.01)
    assert dropped <= 1, "where camera and preview drift past each other one frame may go"


def test_of_a_camera_twice_as_fast_every_second_frame_is_taken_in_spite_of_jitter():
    pace, jitter, taken = Pace(15), np.random.default_rng(1), []
    for number in range(300):
        time_ns = int((number / 30 + jitter.uniform(-0.003, 0.003)) * SECOND_NS)
        if pace.wants(time_ns):
            pace.take(time_ns, passed=1)
            taken.append(number)
    assert taken == list(range(0, 300, 2))


def test_pictures_and_drops_together_are_the_wanted_rate_where_developing_is_too_slow():
    pace, pictures, dropped = Pace(15), 0, 0
    for number in range(100):  # developing takes 0.2 s: six of the camera's thirty frames per second
        time_ns = number * SECOND_NS // 5
        assert pace.wants(time_ns)
        dropped += pace.take(time_ns, passed=5)
        pictures += 1
    assert (pictures + dropped) / 20 == pytest.approx(15, rel=0.01)


# Rates


def test_rate_and_core_share_are_those_of_the_last_seconds():
    tally = Tally()
    for number in range(200):
        tally.count(number / 20, core_s=0.01, dropped=number % 2)
    assert tally.rates(199 / 20) == pytest.approx((20.0, 0.2), rel=0.01)
    assert (tally.developed, tally.dropped) == (200, 100)
    assert tally.rates(199 / 20 + 2.5)[0] == pytest.approx(10.0, rel=0.05), "half of the last five seconds were idle"
    assert tally.rates(30.0) == (0.0, 0.0)


# Light


def gains_of(recipe) -> np.ndarray:
    return np.array(recipe.stage(WhiteBalance).gains)


def test_the_first_picture_has_the_light_of_a_photo(scene, tuning):
    frame, pipeline = scene(), photo_pipeline()
    ours, photo = SteadyLight().recipe(frame, pipeline, tuning), plan(pipeline, frame, tuning)
    assert gains_of(ours) == pytest.approx(gains_of(photo), rel=1e-9)
    assert ours.stage(WhiteBalance).light_k == pytest.approx(photo.stage(WhiteBalance).light_k)


def test_a_still_scene_keeps_its_colour_whatever_the_noise(scene, tuning):
    light, pipeline = SteadyLight(), photo_pipeline()
    frames = [at(scene(seed=1 + number % 4), number * SECOND_NS // 3) for number in range(30)]
    gains = {tuple(gains_of(light.recipe(frame, pipeline, tuning))) for frame in frames}
    measured = {tuple(gains_of(plan(pipeline, frame, tuning))) for frame in frames}
    assert len(measured) > 1, "the measurements differ"
    assert len(gains) == 1


def test_another_light_is_reached_in_small_steps(scene, tuning):
    light, pipeline = SteadyLight(), photo_pipeline()
    warm, cold = scene(3000.0), scene(6500.0)
    frames = [at(cold if number else warm, number * SECOND_NS // 15) for number in range(76)]
    gains = [gains_of(light.recipe(frame, pipeline, tuning)) for frame in frames]
    colours = np.log([gain[[0, 2]] / gain[1] for gain in gains])
    steps = np.abs(np.diff(colours, axis=0)).max(axis=1)
    whole = np.abs(colours[-1] - colours[0]).max()
    assert whole > 0.3, "lamplight and daylight differ"
    assert steps.max() < 0.11 * whole
    goal = gains_of(plan(pipeline, cold, tuning))
    assert np.abs(colours[-1] - np.log(goal[[0, 2]] / goal[1])).max() <= JUST_VISIBLE


def shown_mired(frames, fps, tuning, judge=None, pipeline=None, light=None) -> np.ndarray:
    """The light of each picture of a preview of these frames, one after the other."""
    light, begin = light or SteadyLight(), pipeline or as_far_as_balance()
    recipes = [
        light.recipe(at(frame, number * SECOND_NS // fps), begin, tuning, judge) for number, frame in enumerate(frames)
    ]
    return np.array([1e6 / recipe.stage(WhiteBalance).light_k for recipe in recipes])


def as_far_as_balance(tables=None) -> Pipeline:
    """The photo's own stages up to the white balance: it is planned before what follows."""
    stages = photo_pipeline(tables or {}).stages
    return Pipeline(stages[: 1 + next(index for index, stage in enumerate(stages) if isinstance(stage, WhiteBalance))])


def judging(answers) -> Callable:
    """A judge that gives one of these temperatures after the other, each sure within 15 mired."""
    turns = itertools.cycle(answers)

    def judge(statistics):
        kelvin = next(turns)
        grey = grey_of(kelvin, 0.0, statistics.tuning)
        return LightEstimate(grey, kelvin, covariance=((225.0, 0.0), (0.0, 0.0004)), source="learned")

    return judge


@pytest.mark.parametrize("lux", [800.0, 1.0])
def test_sensor_noise_moves_no_still_scene(tuning, lux):
    frames = [simulate("chart", "imx219", 640, 480, illuminant_k=2800.0, lux=lux, seed=n)[0] for n in range(1, 5)]
    mired = shown_mired(frames * 15, 5, tuning)
    assert np.abs(np.diff(mired)).max() < 5.0, "between two pictures"
    assert np.abs(np.diff(mired)).sum() / (len(mired) / 5) < 1.0, "a second"


@pytest.mark.parametrize("fps", [2, 30])
def test_a_judge_that_is_as_unsure_as_it_says_makes_no_jumps(scene, tuning, fps):
    answers = 1e6 / (250.0 + 15.0 * np.random.default_rng(1).standard_normal(40))
    mired = shown_mired([scene()] * 20 * fps, fps, tuning, judging(answers))
    assert np.abs(np.diff(mired)).max() < 5.0
    assert mired[5 * fps :].std() < 7.5, "half of what one answer is wrong by"


def test_a_scene_that_could_be_judged_either_way_does_not_waver(scene, tuning):
    mired = shown_mired([scene()] * 50, 5, tuning, judging([3000.0, 6500.0]))
    assert np.ptp(mired) == 0.0


@pytest.mark.parametrize("fps", [2, 15])
def test_a_lamp_that_is_switched_is_followed_within_four_seconds_at_any_pace(scene, tuning, fps):
    mired = shown_mired([scene(3000.0)] + [scene(6500.0)] * 4 * fps, fps, tuning)
    assert mired[0] == pytest.approx(1e6 / 3000, abs=10.0)
    assert mired[-1] == pytest.approx(1e6 / 6500, abs=10.0)
    assert np.abs(np.diff(mired)).max() < max(5.0, 122.0 / fps)


def test_a_covered_lens_is_no_other_light(scene, tuning):
    black = RawFrame(np.full_like(scene().pixels, 64), scene().shot)
    mired = shown_mired([scene(3000.0)] * 5 + [black] * 15 + [scene(3000.0)] * 5, 5, tuning)
    assert np.ptp(mired) == 0.0


def test_what_is_chosen_or_locked_is_there_with_the_next_picture(scene, tuning):
    light, warm = SteadyLight(), judging([3000.0])
    told = as_far_as_balance({"white_balance": {"preset": "shade"}})
    assert shown_mired([scene()], 15, tuning, warm, light=light)[0] == pytest.approx(1e6 / 3000)
    assert shown_mired([scene()], 15, tuning, warm, told, light)[0] == pytest.approx(1e6 / 7500)
    assert shown_mired([scene()], 15, tuning, judging([4000.0]), light=light)[0] == pytest.approx(1e6 / 4000)


def test_a_sensor_without_a_curve_has_a_steady_light_too(scene):
    light, tuning = SteadyLight(), load_sensor("imx219_noir").tuning
    frames = [at(scene(k), n * SECOND_NS // 5) for n, k in enumerate([3000.0] + [6500.0] * 20)]
    colours = np.log([gains_of(light.recipe(frame, as_far_as_balance(), tuning))[[0, 2]] for frame in frames])
    assert np.ptp(colours, axis=0).max() > 0.3, "it follows"
    assert np.abs(np.diff(colours, axis=0)).max() < 0.5 * np.ptp(colours, axis=0).max()


def test_a_light_set_by_hand_is_kept(scene, tuning):
    pipeline = photo_pipeline({"white_balance": {"temperature_k": 3200.0}})
    recipe = SteadyLight().recipe(scene(6500.0), pipeline, tuning)
    assert recipe == plan(for_preview(pipeline), scene(6500.0), tuning)


def test_another_exposure_is_planned_at_once(scene, tuning):
    light, pipeline, frame = SteadyLight(), photo_pipeline(), scene()
    light.recipe(at(frame, 0), pipeline, tuning)
    noisy = dataclasses.replace(frame.shot.noise, shot=9 * frame.shot.noise.shot, read=9 * frame.shot.noise.read)
    later = RawFrame(frame.pixels, dataclasses.replace(frame.shot, timestamp_ns=1, noise=noisy))
    assert light.recipe(later, pipeline, tuning) == plan(for_preview(pipeline), later, tuning)


def test_a_still_scene_is_planned_twice_a_second_and_its_tones_do_not_pump(scene, tuning):
    light, pipeline = SteadyLight(), photo_pipeline()
    frames = [at(scene(seed=1 + number % 4), number * SECOND_NS // 20) for number in range(40)]
    recipes = [light.recipe(frame, pipeline, tuning) for frame in frames]
    assert len({id(recipe) for recipe in recipes}) <= 5
    assert len({recipe.stage(Tone).brightest for recipe in recipes}) == 1
    measured = {plan(pipeline, frame, tuning).stage(Tone).brightest for frame in frames[:4]}
    assert len(measured) > 1, "the measurements differ"


def test_a_lamp_that_is_switched_on_moves_the_tones(scene, tuning):
    light, pipeline, frame = SteadyLight(), photo_pipeline(), scene()
    lit = frame.pixels.copy()
    lit[100:200, 100:200] = 0.9 * frame.shot.white_dn
    before = light.recipe(at(frame, 0), pipeline, tuning).stage(Tone).brightest
    recipe = light.recipe(at(RawFrame(lit, frame.shot), SECOND_NS), pipeline, tuning)
    assert recipe.stage(Tone).brightest > 1.2 * before


# Size


def test_a_small_frame_is_taken_as_it_is_and_a_large_one_is_binned_into_the_same_memory(scene):
    small = SmallFrames()
    assert small(scene()) is scene()
    large = RawFrame(np.zeros((2464, 3280), np.uint16), scene().shot)
    first, second = small(large), small(large)
    assert first.pixels.shape == (1232, 1640)
    assert first.pixels is second.pixels
    huge = RawFrame(np.zeros((6944, 9152), np.uint16), scene().shot)
    assert small(huge).pixels.size <= MOST_PIXELS
    assert memory_bytes((2464, 3280)) == 2 * 2464 * 3280 + (2 + 3) * 1232 * 1640


def test_a_preview_shows_what_a_photo_of_that_frame_would(scene, tuning):
    frame = scene()
    recipe = plan(for_preview(photo_pipeline()), frame, tuning)
    picture = room_for(frame, None)
    develop_picture(frame, recipe, picture)
    shown = simplejpeg.decode_jpeg(encode_picture(picture, frame.shot)).astype(float)
    assert np.abs(shown - run_stages(frame, recipe.stages).pixels).mean() < 3.5
    assert room_for(frame, picture) is picture
    assert size_of(picture) == shown.shape[:2] == frame.pixels.shape


# The thread


class WatchedShooting(Shooting):
    """Says when somebody begins to wait for its photos."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self.awaited = threading.Semaphore(0)

    def wait_until_done(self, timeout_s):
        if self.waiting:
            self.awaited.release()
        return super().wait_until_done(timeout_s)


class Bench:
    """A preview with everything beside it, a ring that the test fills, and an engine that does as the test says."""

    def __init__(self, folder, frame, ring_mb=16, find_mask=None):
        settings = Settings(
            storage=StorageSettings(folder=str(folder), state_folder=str(folder / "state"), free_space_floor_mb=0)
        )
        self.frame = frame
        self.begun = queue.Queue()
        self.may_go = threading.Event()
        self.may_go.set()
        self.trouble: list[Exception] = []
        heartbeats = Heartbeats()
        self.card = Card(settings.storage)
        self.card.open()
        self.camera = CameraThread(settings, heartbeats, lambda: None)
        self.ring = self.camera.ring = Ring(ring_mb, frame.pixels.nbytes, 0.1)
        self.camera.report = CameraReport("streaming")
        writer = CardWriter(self.card, heartbeats)
        self.darkroom = Darkroom(writer, heartbeats, lambda: None)
        night = Night(self.camera, self.card, writer, self.darkroom, heartbeats, lambda: None)
        look = Look(settings, build_pipelines(settings))
        self.shooting = WatchedShooting(look, self.camera, self.card, writer, self.darkroom, night, lambda: None)
        self.preview = Preview(10, self.camera, self.shooting, self.develop, 0.05, find_mask)
        self.parts = (self.preview, self.darkroom, writer)
        writer.start()

    def develop(self, frame, recipe, out):
        self.begun.put((frame.shot.timestamp_ns // (SECOND_NS // 10), self.shooting.waiting))
        assert self.may_go.wait(PATIENCE_S)
        if self.trouble:
            raise self.trouble[0]
        develop_picture(frame, recipe, out)

    def push(self, *numbers):
        for number in numbers:
            self.ring.push(at(self.frame, number * SECOND_NS // 10))

    def next_begun(self) -> tuple[int, int]:
        """(number of the frame, photos in work) when the engine next begins."""
        return self.begun.get(timeout=PATIENCE_S)

    def close(self):
        self.may_go.set()
        self.preview.close(PATIENCE_S)
        self.darkroom.start() if self.shooting.waiting else None
        for part in self.parts:
            part.close(PATIENCE_S)
        self.card.close()


@pytest.fixture
def bench(tmp_path, scene):
    made = Bench(tmp_path, scene())
    yield made
    made.close()


def test_while_a_frame_is_developed_the_others_are_dropped_and_the_newest_is_next(bench):
    bench.may_go.clear()
    bench.preview.start()
    bench.push(0)
    assert bench.next_begun() == (0, 0)
    bench.push(*range(1, 8))
    bench.may_go.set()
    assert bench.next_begun() == (7, 0)
    bench.push(8)
    assert bench.next_begun() == (8, 0), "picture 7 is counted by now"
    report = bench.preview.report()
    assert (report["state"], report["developed"], report["dropped"]) == ("on", 2, 6)


def test_no_frame_is_begun_while_a_photo_is_in_work(bench):
    bench.preview.start()
    bench.push(0)
    assert bench.next_begun() == (0, 0)
    accepted = bench.shooting.press(0)  # the darkroom does not work yet
    bench.push(1)
    assert bench.shooting.awaited.acquire(timeout=PATIENCE_S)
    bench.darkroom.start()
    assert accepted.done.result(PATIENCE_S)["jpeg"]
    bench.push(2)
    assert bench.next_begun()[1] == 0


def test_the_picture_of_the_newest_frame_is_given_as_jpeg(bench, tuning):
    bench.preview.start()
    bench.push(3)
    picture = bench.preview.view()
    pixels = simplejpeg.decode_jpeg(base64.b64decode(picture["jpeg"]))
    assert pixels.shape == (picture["height"], picture["width"], 3) == (480, 640, 3)
    assert picture["timestamp_ns"] == 3 * SECOND_NS // 10
    judge = bench.shooting.balances.judging
    photo = run_stages(bench.frame, plan(photo_pipeline(), bench.frame, tuning, judge).stages).pixels
    assert np.abs(pixels.astype(int) - photo).mean() < 3, "it is the photo, but for compression"


def test_a_preview_that_fails_says_so_once_and_photos_go_on(bench, caplog):
    bench.trouble.append(ValueError("the engine broke"))
    bench.preview.start()
    bench.darkroom.start()
    with caplog.at_level(logging.ERROR):
        bench.push(0)
        with pytest.raises(PreviewError, match="photos go on without it: the engine broke"):
            bench.preview.view()
        assert bench.shooting.press(0).done.result(PATIENCE_S)["jpeg"]
        for _ in range(3):
            assert bench.next_begun() == (0, 0), "it is tried again and again"
    assert bench.preview.report()["state"] == "failed"
    assert bench.preview.report()["reason"] == "the engine broke"
    assert len([record for record in caplog.records if "engine broke" in record.getMessage()]) == 1
    bench.trouble.clear()
    bench.preview.use_rate(20)  # a reload tries again at once
    assert bench.preview.view()["width"] == 640
    assert bench.preview.report()["state"] == "on"


def test_off_a_picture_is_made_only_when_somebody_asks(bench):
    bench.preview.use_rate(0)
    bench.preview.start()
    bench.push(0)
    assert bench.begun.empty(), "nobody looks, and nothing is developed"
    assert bench.preview.view()["width"] == 640
    report = bench.preview.report()
    assert (report["state"], report["developed_per_second"], report["core_share"]) == ("off", 0.0, 0.0)
    bench.push(1)
    assert bench.preview.view()["timestamp_ns"] > 0, "the next one is of a newer frame"
    bench.preview.use_rate(30)
    assert bench.preview.view()["width"] == 640


def test_before_the_first_frame_there_is_no_picture(bench):
    bench.preview.start()
    with pytest.raises(PreviewError, match="no picture yet"):
        bench.preview.view()
    bench.camera.report = CameraReport("no camera", "The ribbon cable is loose.")
    with pytest.raises(PreviewError, match=r"not ready \(no camera\): The ribbon cable"):
        bench.preview.view()


def test_without_memory_for_it_beside_ring_and_photos_there_is_no_preview(tmp_path, scene):
    bench = Bench(tmp_path, scene(), ring_mb=10**9)
    try:
        bench.preview.start()
        bench.push(0)
        with pytest.raises(PreviewError, match=r"memory are free. Lower \[ring\] memory_mb"):
            bench.preview.view()
    finally:
        bench.close()


@pytest.fixture
def portrait_bench(tmp_path, scene):
    """A bench in a mode that blurs; its network finds the left half, or nobody."""
    pytest.importorskip("cv2", reason="OpenCV is not installed: pip install 'nightjar[portrait]'")
    answers = {"subject": True}

    def find_mask(picture):
        if not answers["subject"]:
            return NoSubject("nobody is in the picture")
        mask = np.zeros(picture.shape[:2], np.uint8)
        mask[:, : mask.shape[1] // 2] = 255
        return mask

    made = Bench(tmp_path, scene(), find_mask=find_mask)
    stages = photo_pipeline().stages
    before = next(place for place, stage in enumerate(stages) if isinstance(stage, LocalTone))
    blurring = Pipeline((*stages[:before], Bokeh(largest_px=12.0), *stages[before:]))
    look = made.shooting.look
    made.shooting.look = dataclasses.replace(look, pipelines={**look.pipelines, "blurring": blurring})
    made.shooting.mode = "blurring"
    made.answers = answers
    yield made
    made.close()


def luma_of_view(view) -> np.ndarray:
    return simplejpeg.decode_jpeg(base64.b64decode(view["jpeg"]), colorspace="GRAY")[:, :, 0].astype(float)


def detail(luma: np.ndarray) -> float:
    return float(np.abs(np.diff(luma, axis=1)).mean())


def test_in_a_mode_that_blurs_the_subject_is_sharp_and_the_rest_is_not(portrait_bench):
    bench = portrait_bench
    bench.preview.use_rate(0)
    bench.preview.start()
    bench.push(0)
    blurred = bench.preview.view()
    assert blurred["portrait"]["blurred"] is True
    bench.shooting.mode = "photo"
    bench.push(1)
    plain = bench.preview.view()
    assert plain["portrait"] is None
    left, right = np.s_[:, :300], np.s_[:, 340:]
    assert detail(luma_of_view(blurred)[left]) == pytest.approx(detail(luma_of_view(plain)[left]), rel=0.05)
    assert detail(luma_of_view(blurred)[right]) < 0.5 * detail(luma_of_view(plain)[right])


def test_where_nobody_is_found_the_view_says_why_it_is_not_blurred(portrait_bench):
    bench = portrait_bench
    bench.answers["subject"] = False
    bench.preview.use_rate(0)
    bench.preview.start()
    bench.push(0)
    assert bench.preview.view()["portrait"] == {
        "blurred": False,
        "why_plain": "nobody is in the picture",
        "looks_per_second": 0.0,
    }
    left = [thread for thread in threading.enumerate() if thread.name == "preview-masks"]
    for thread in left:
        thread.join(PATIENCE_S)
    assert not any(thread.is_alive() for thread in left), "off, nothing is looked for"


def test_its_thread_stands_back_but_is_not_starved(bench):
    found = queue.Queue()

    def look(frame, recipe, out):
        found.put((os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)))

    preview = Preview(10, bench.camera, bench.shooting, look)
    preview.start()
    bench.push(0)
    policy, nice = found.get(timeout=PATIENCE_S)
    preview.close(PATIENCE_S)
    assert policy == os.SCHED_BATCH
    assert nice == os.getpriority(os.PRIO_PROCESS, os.getpid()), "who holds Python's lock must get on"
