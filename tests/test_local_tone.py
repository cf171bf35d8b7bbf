"""Claims about local tone: hidden shadows come into view, and nothing else happens. Scored against scenes' truth."""

import dataclasses
import json

import numpy as np
import pytest
from measures.exposed import exposed
from measures.texture import cut_out, texture

from firmware.cameras.simulated import scene_names, simulate
from firmware.cameras.simulation.room import PATTERN_EV, room_boxes
from firmware.sensors import load_sensor
from isp.develop import develop, run_stages
from isp.frames import NEUTRAL_SHOT, LinearImage, RawFrame
from isp.kernels import LIFT_LEVELS
from isp.local_tone import BINS_EV, FROM_EV, LEVELS_EV, LocalTone, lift_grid, lift_needed
from isp.photo import STAGES, photo_pipeline
from isp.pipeline import Pipeline
from isp.plan import plan
from isp.tone import encode_srgb

SIZE_PX = (1332, 990)
CLEAN = {"noise": False, "bad_pixels": 0.0}
LIGHT = {"white_balance": {"temperature_k": 5000.0}}
LUMA = np.array([0.2126, 0.7152, 0.0722])
BOXES = room_boxes(SIZE_PX[1], SIZE_PX[0])
# Codes that the median of a night's dark parts may rise: seen side by side, but night stays night.
NIGHT_RISE = 10


def photos_of(frame, knobs=None):
    """The photo without and with local tone, and the planned stage."""
    tuning = load_sensor(frame.shot.sensor).tuning
    tables = LIGHT | (knobs or {})
    without = develop(frame, photo_pipeline(tables | {"local_tone": {"strength": 0.0}}), tuning)
    photo = develop(frame, photo_pipeline(tables), tuning)
    return without.pixels.astype(int), photo.pixels.astype(int), photo.recipe.stage(LocalTone)


def planned(frame, **knobs):
    """The stage alone, planned for this frame."""
    recipe = plan(photo_pipeline(LIGHT | {"local_tone": knobs}), frame, load_sensor(frame.shot.sensor).tuning)
    return recipe.stage(LocalTone)


def grey_picture(light):
    return np.repeat(np.asarray(light, dtype=np.float32)[..., None], 3, axis=-1)


def slanted(low, high, degrees, shape=(480, 640)):
    """A hard edge through the middle, one pixel soft, dark on the left."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    slant = np.radians(degrees)
    distance = (columns - shape[1] / 2) * np.cos(slant) + (rows - shape[0] / 2) * np.sin(slant)
    return low + (high - low) * np.clip(distance + 0.5, 0, 1)


def stage_with(lifts):
    largest = float(lifts.max())
    return LocalTone(largest_lift_ev=largest, shares=tuple(tuple(map(tuple, p)) for p in (lifts / largest).tolist()))


@pytest.fixture(scope="module")
def room():
    frame, truth = simulate("room", "imx477", *SIZE_PX, **CLEAN)
    return truth.linear, *photos_of(frame)


def test_the_room_holds_twelve_stops(room):
    truth, *_ = room
    assert np.log2(truth.max() / truth.min()) > 12
    assert np.mean(truth >= 1) < 0.001


@pytest.mark.parametrize(("area", "gain"), [("wall", 1.4), ("sofa", 1.2), ("floor", 1.4), ("far wall", 1.2)])
def test_a_dark_room_shows_its_texture(room, area, gain):
    _, without, photo, _ = room
    assert texture(photo[..., 1], BOXES[area]) > gain * texture(without[..., 1], BOXES[area])


@pytest.mark.parametrize("area", ["wall", "sofa", "floor", "far wall"])
def test_the_texture_of_a_dark_room_is_lifted_and_not_flattened(room, area):
    truth, *_, stage = room
    lifted = stage(truth)
    before, after = (texture(np.log2(picture[..., 1]), BOXES[area]) for picture in (truth, lifted))
    assert before > 0.2 * PATTERN_EV
    assert after > 0.75 * before
    assert np.log2(cut_out(lifted, BOXES[area]) / cut_out(truth, BOXES[area])).mean() > 1.0


@pytest.mark.parametrize("area", ["sky", "houses"])
def test_a_bright_window_stays_as_it_was(room, area):
    _, without, photo, _ = room
    np.testing.assert_array_equal(cut_out(photo, BOXES[area]), cut_out(without, BOXES[area]))
    assert texture(photo[..., 1], BOXES[area]) > 4


@pytest.mark.parametrize("scene", sorted(set(scene_names()) - {"room", "lamps", "coffee", "astronaut"}))
def test_a_scene_that_a_display_can_show_is_left_alone(scene):
    without, photo, stage = photos_of(simulate(scene, "imx219", 640, 480)[0])
    assert stage.largest_lift_ev == 0
    np.testing.assert_array_equal(photo, without)


@pytest.mark.parametrize("low", [0.001, 0.0025, 0.005, 0.01])
@pytest.mark.parametrize("high", [0.3, 0.8])
@pytest.mark.parametrize("degrees", [0, 5, 30, 80])
def test_a_hard_edge_gets_no_halo(low, high, degrees):
    light = slanted(low, high, degrees)
    stage = planned(exposed(grey_picture(light), noise=False))
    assert stage.largest_lift_ev > 0.5
    shown = encode_srgb(stage(grey_picture(light))[..., 1].astype(np.float64))
    sides = [shown[light == np.float64(level)] for level in (low, high)]
    step = np.median(sides[1]) - np.median(sides[0])
    for side in sides:
        assert np.abs(side - np.median(side)).max() < 0.02 * step


@pytest.mark.parametrize("levels", [(0.02, 0.06), (0.004, 0.03), (0.002, 0.008)])
def test_an_edge_between_two_shadows_gets_no_halo_either(levels):
    low, high = levels
    light = slanted(low, high, 10)
    light[:96] = 0.9  # the bright window because of which shadows are lifted
    lifts = lift_grid(np.log2(light.reshape(30, 16, 40, 16).mean(axis=(1, 3))), 2.0, np.full(len(BINS_EV), 9.0))
    row = encode_srgb(stage_with(lifts)(grey_picture(light))[300, :, 1].astype(np.float64))
    dark, bright = row[light[300] == low], row[light[300] == high]
    # Over a twentieth of the picture's width; beyond that it is no halo but a soft change of light.
    near = 32
    assert abs(dark[-1] - dark[-near]) < 0.02 * (bright[-1] - dark[0])
    assert abs(bright[0] - bright[near]) < 0.02 * (bright[-1] - dark[0])


def test_thin_branches_before_the_sky_look_as_they_do_before_the_ground():
    rows, _ = np.mgrid[:480, :640]
    light = np.where(rows < 300, 0.8, 0.004)
    for middle, width in ((100, 1), (220, 2), (330, 4), (450, 8), (560, 16)):
        light[60:, middle : middle + width] = 0.004
    stage = planned(exposed(grey_picture(light), noise=False))
    assert stage.largest_lift_ev > 1
    shown = encode_srgb(stage(grey_picture(light))[..., 1].astype(np.float64))
    dark = shown[light < 0.01]
    assert np.ptp(dark) < 0.02 * (0.8 - dark.mean())
    np.testing.assert_array_equal(shown[light > 0.5], encode_srgb(np.float64(np.float32(0.8))))


def test_middle_grey_and_all_above_it_stay_exactly_where_metering_put_them():
    lifts = np.random.default_rng(1).uniform(0, 4, (LIFT_LEVELS, 9, 12))
    bright = grey_picture(np.random.default_rng(2).uniform(0.18, 1.5, (100, 130)))
    bright[:50, :, 1:] *= 0.01  # a strong colour counts by its strongest channel
    np.testing.assert_array_equal(stage_with(lifts)(bright), bright)


def test_no_tone_is_reversed_and_nothing_comes_out_above_what_is_left_alone():
    """For any scene: a stop more light in is a sixth of a stop out at least, everywhere; so nothing new can clip."""
    ramp_ev = np.linspace(-12, 0.5, 500)
    ramp = grey_picture(np.broadcast_to(np.exp2(ramp_ev)[:, None], (500, 24)))
    scenes = [np.full((60, 80), ev) for ev in (-9.4, -7.0, -4.4)]
    scenes += [np.resize(evs, (60, 80)) for evs in ((-8.3, -5.6, -8.4), (-8.7, -5.6, -8.2))]
    rng = np.random.default_rng(3)
    scenes += [rng.choice(rng.uniform(-11, 0, 4), (60, 80)) + rng.normal(0, 0.5, (60, 80)) for _ in range(10)]
    for light_ev in scenes:
        for limits in (np.full(len(BINS_EV), 9.0), 0.3 * (BINS_EV + 13)):
            lifts = lift_grid(np.maximum(light_ev, BINS_EV[0]), 4.0, limits)
            made = stage_with(lifts)(ramp)[..., 0].astype(np.float64)
            assert np.all(np.diff(np.log2(made), axis=0) > np.diff(ramp_ev)[:, None] / 6)
            assert made[ramp_ev < FROM_EV].max() <= 2.0**FROM_EV


@pytest.mark.parametrize("noise", [False, True])
def test_nothing_is_clipped_that_the_sensor_did_not_clip(noise):
    frame, _ = simulate("room", "imx477", *SIZE_PX, noise=noise)
    without, photo, stage = photos_of(frame, {"sharpen": {"amount": 0.0}})
    assert stage.largest_lift_ev > 1
    assert np.mean((photo.max(axis=-1) == 255) & (without.max(axis=-1) < 255)) < 0.0005


def noisy_patch(level, gain):
    """Two thirds of the frame dark and flat, one third bright: its raw frame and where the dark patch is."""
    light = np.full((480, 640), level)
    light[:, 420:] = 0.7
    return exposed(grey_picture(light), gain=gain), np.s_[80:400, 60:340]


@pytest.mark.parametrize("gain", [1.0, 2.0, 4.0, 8.0])
@pytest.mark.parametrize("level", [0.0015, 0.004, 0.008, 0.015])
def test_lifted_noise_stays_within_the_knob(level, gain):
    frame, patch = noisy_patch(level, gain)
    plain = {"chroma_noise": {"strength": 0.0}, "sharpen": {"amount": 0.0}}
    for codes in (4.0, 8.0):
        without, photo, _ = photos_of(frame, plain | {"local_tone": {"noise_codes": codes}})
        before, after = ((picture[patch] @ LUMA).std() for picture in (without, photo))
        assert after < max(1.05 * codes, 1.05 * before)


def test_lifts_end_at_the_knobs():
    frame, _ = noisy_patch(0.004, 1.0)
    free = {"noise_codes": 50.0}
    whole = planned(frame, **free).largest_lift_ev
    assert whole > 2
    assert planned(frame, shadow_lift_ev=1.0, **free).largest_lift_ev == pytest.approx(1.0, abs=0.01)
    assert planned(frame, strength=0.5, **free).largest_lift_ev == pytest.approx(whole / 2, abs=0.02)
    assert planned(frame, shadow_lift_ev=0.0, **free).largest_lift_ev == 0
    assert planned(frame, noise_codes=0.0).largest_lift_ev == 0
    assert planned(frame, strength=0.0) == LocalTone(strength=0.0)


def test_without_a_noise_model_the_knob_alone_decides():
    frame, _ = noisy_patch(0.004, 8.0)
    unknown = RawFrame(frame.pixels, dataclasses.replace(frame.shot, sensor="unknown", noise=None))
    lifts = [
        plan(photo_pipeline({"local_tone": {"shadow_lift_ev": most}}), unknown, None).stage(LocalTone).largest_lift_ev
        for most in (3.0, 1.5)
    ]
    assert lifts[0] > 2 > planned(frame).largest_lift_ev
    assert lifts[1] == 1.5


@pytest.mark.parametrize("lux", [1.0, 5.0, 20.0, 50.0, 800.0])
@pytest.mark.parametrize(("sensor", "size_px"), [("imx219", (640, 480)), ("imx708", (1536, 864))])
def test_a_street_at_night_stays_night(lux, sensor, size_px):
    frame, _ = simulate("lamps", sensor, *size_px, lux=lux, illuminant_k=2700.0)
    without, photo, _ = photos_of(frame, {"white_balance": {"temperature_k": 2700.0}})
    luma = [picture @ LUMA for picture in (without, photo)]
    dark = luma[0] < 60
    assert np.mean(dark) > 0.4
    assert np.median(luma[1][dark]) - np.median(luma[0][dark]) < NIGHT_RISE
    assert luma[1].mean() - luma[0].mean() < NIGHT_RISE


@pytest.mark.parametrize("level", [0.0005, 0.002, 0.006])
def test_a_few_lamps_in_the_dark_do_not_make_it_day(level):
    rows, columns = np.mgrid[:480, :640]
    light = np.full((480, 640), level)
    for y, x in ((120, 100), (90, 330), (140, 560)):
        distance = np.hypot(rows - y, columns - x)
        light += np.where(distance < 8, 5.0, 0.5 / (1 + (distance / 6) ** 2.5))
    without, photo, _ = photos_of(exposed(grey_picture(light)))
    dark = without.max(axis=-1) < 60
    assert np.median(photo[dark]) - np.median(without[dark]) < NIGHT_RISE


def test_what_was_done_is_said_and_gives_the_same_bytes_again():
    frame, _ = simulate("room", "imx477", *SIZE_PX)
    photo = develop(frame, photo_pipeline(), load_sensor("imx477").tuning)
    stage = photo.recipe.stage(LocalTone)
    assert 1 < stage.largest_lift_ev == round(stage.largest_lift_ev, 2) < 3
    assert np.max(stage.shares) == 1
    line = json.dumps(stage.to_dict())
    assert len(line) < 8000
    stored = json.loads(json.dumps(photo.recipe.to_dict()))
    again = develop(frame, Pipeline.from_dict(stored, STAGES), tuning=None, threads=1)
    np.testing.assert_array_equal(again.pixels, photo.pixels)


def test_a_turned_camera_lifts_the_same_shadows():
    lifts = []
    for flips in (False, True):
        frame, _ = simulate("room", "imx477", *SIZE_PX, hflip=flips, vflip=flips, **CLEAN)
        stage = planned(frame)
        lifts.append(stage.largest_lift_ev * np.array(stage.shares))
    np.testing.assert_allclose(lifts[1][:, ::-1, ::-1], lifts[0], atol=0.15)


def test_black_things_alone_ask_for_no_lift():
    day = np.full(1000, -2.0)
    assert lift_needed(day) == 0
    day[:50] = -8.0
    assert lift_needed(day) == 0
    day[:400] = -8.0
    assert lift_needed(day) == pytest.approx(3.0)
    assert lift_needed(np.full(1000, -8.0)) == 0  # taken in the dark
    assert lift_needed(np.where(np.arange(1000) < 400, -12.0, -2.0)) == 0  # nothing there that was measured


@pytest.mark.parametrize("shape", [(2, 2), (2, 63), (17, 33), (481, 35)])
@pytest.mark.parametrize("counts", [0, 4095, "half"])
def test_odd_small_black_and_white_frames_have_a_defined_photo(shape, counts):
    frame = exposed(grey_picture(np.ones(shape)), noise=False)
    pixels = np.where(np.arange(shape[1]) < shape[1] // 2, 270, 4000) if counts == "half" else counts
    frame = RawFrame(np.broadcast_to(np.uint16(pixels), shape).copy(), frame.shot)
    without, photo, stage = photos_of(frame, {"sharpen": {"amount": 0.0}})
    assert np.all(np.isfinite(stage.largest_lift_ev))
    if counts != "half":
        np.testing.assert_array_equal(photo, without)


def test_light_beyond_all_bounds_stays_a_number():
    stage = stage_with(np.random.default_rng(4).uniform(0, 4, (LIFT_LEVELS, 3, 4)))
    beyond = np.array([1e20, 100.0, 0.0, -0.0, -1.0, -1e20, 1e-41], dtype=np.float32)
    made = stage(grey_picture(np.broadcast_to(beyond, (5, 7))))
    assert np.all(np.isfinite(made))
    np.testing.assert_array_equal(np.sign(made[..., 0]), np.sign(np.broadcast_to(beyond, (5, 7))))
    np.testing.assert_array_equal(made[:, :2, 0], np.broadcast_to(beyond[:2], (5, 2)))


def test_any_number_of_threads_and_any_tile_gives_the_same_bytes():
    rng = np.random.default_rng(5)
    stage = stage_with(rng.uniform(0, 3, (LIFT_LEVELS, 9, 12)))
    picture = LinearImage(np.exp2(rng.uniform(-12, 0, (130, 3301, 3))).astype(np.float32), NEUTRAL_SHOT)
    photos = [run_stages(picture, (stage,), threads).pixels for threads in (1, 2, 3)]
    np.testing.assert_array_equal(photos[1], photos[0])
    np.testing.assert_array_equal(photos[2], photos[0])


def test_the_levels_lie_a_stop_apart_below_middle_grey():
    assert FROM_EV < np.log2(0.18)
    np.testing.assert_array_equal(LEVELS_EV, FROM_EV - np.arange(1, LIFT_LEVELS + 1))
