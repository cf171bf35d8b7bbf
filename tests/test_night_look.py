"""Claims about the look of night: dark stays dark and clean, lamps keep their colour, and no light is added.

The bursts are perfect merges of still frames (measures/night_stand_in.py); truth is the simulated sensor's.
"""

import dataclasses
import functools
import json

import numpy as np
import pytest
from measures.clipping import clipped_by_sensor, newly_clipped
from measures.colour_difference import chroma_vector
from measures.exposed import exposed
from measures.night_stand_in import merged, night
from measures.texture import texture

from firmware.cameras.simulated import simulate
from firmware.cameras.simulation.night_street import HORIZON, HOUSES, LAMPS
from firmware.cameras.simulation.sensor_physics import camera_matrix
from firmware.darkroom.modes import load_modes, mode_pipeline
from firmware.sensors import load_sensor
from isp.black_body import DISPLAY_WHITE_K, colour_of_black_body
from isp.develop import develop
from isp.frames import RawFrame
from isp.local_tone import LocalTone
from isp.photo import STAGES, photo_pipeline
from isp.pipeline import Pipeline
from isp.scene_light import MOST_DARKENED_EV, MOST_GRAIN_CODES, key_of
from isp.tone import MID_GREY, Tone, decode_srgb, encode_srgb
from isp.white_balance import WhiteBalance

SENSORS = {"imx219": (640, 480), "imx708": (1536, 864)}
LAMPLIGHT_K = 2700.0
LUMA = np.array([0.2126, 0.7152, 0.0722])
STREET_LUX = (2.0, 15.0, 50.0)
SIGNS = {"red": (1, 0.02, 0.015), "green": (0.03, 1, 0.1), "blue": (0.03, 0.08, 1), "violet": (0.35, 0.05, 1)}


def photo_of(frame, mode="night", **by_hand):
    tuning = load_sensor(frame.shot.sensor).tuning
    return develop(frame, mode_pipeline(load_modes()[mode], {}, by_hand), tuning)


def shown(light, stops=0.0):
    """(H, W) luma codes of linear sRGB, so many stops brighter."""
    return 255 * encode_srgb(np.clip(light * 2.0**stops, 0, 1)) @ LUMA


@functools.cache
def street(sensor, lux, **facts):
    """Single frames, their merge, its photo and the truth of a night street."""
    frames, truth = night("lamps", lux, sensor, SENSORS[sensor], illuminant_k=LAMPLIGHT_K, **facts)
    burst = merged(frames)
    return frames, burst, photo_of(burst), truth


def taken_in(lux, frame):
    """The same counts from a scene in this light, exposed for as much longer."""
    longer = frame.shot.exposure_us * frame.shot.lux / lux
    return RawFrame(frame.pixels, dataclasses.replace(frame.shot, exposure_us=longer, lux=lux), frame.frames_behind)


# How bright ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sensor", SENSORS)
def test_a_brighter_street_gives_a_brighter_photo_but_never_a_day(sensor):
    lights = (0.5, 2.0, 5.0, 15.0, 50.0) if sensor == "imx219" else STREET_LUX
    means = [(street(sensor, lux)[2].pixels @ LUMA).mean() for lux in lights]
    assert np.all(np.diff(means) > 0)
    assert means[0] > 8 and means[-1] < 80
    light = [decode_srgb(street(sensor, lux)[2].pixels / 255.0).mean() for lux in lights]
    assert light[-1] / light[0] < 0.25 * lights[-1] / lights[0]


def test_a_dim_room_looks_dim_although_it_was_exposed_like_day():
    frame, _ = simulate("chart", "imx219", 640, 480, illuminant_k=LAMPLIGHT_K)
    frame = merged([frame])
    means = [(photo_of(taken_in(lux, frame)).pixels @ LUMA).mean() for lux in (0.5, 5.0, 12.0, 50.0, 800.0)]
    assert means[0] < means[-1] - 25
    assert np.all(np.diff(means) >= 0)
    stops = [photo_of(taken_in(lux, frame)).recipe.stage(Tone).light_ev for lux in (0.01, 800.0)]
    assert stops == [-MOST_DARKENED_EV, pytest.approx(0.0, abs=0.3)]


def test_what_spared_the_lamps_is_given_back_whatever_it_was():
    bursts = [street("imx708", 15.0, darker_ev=darker_ev, frames=4) for darker_ev in (0.0, 0.7, 1.4)]
    off = {"tone": {"scene_light": 0.0}, "local_tone": {"strength": 0.0}}
    as_exposed = [(photo_of(burst, **off).pixels @ LUMA).mean() for _, burst, _, _ in bursts]
    means = [(photo.pixels @ LUMA).mean() for _, _, photo, _ in bursts]
    assert np.ptp(means) < 0.3 * np.ptp(as_exposed)
    gained = np.diff([photo.recipe.stage(Tone).light_ev for _, _, photo, _ in bursts])
    np.testing.assert_allclose(gained, 0.7, atol=0.2)


def test_the_key_rises_with_light_and_reaches_middle_grey_in_a_lit_room():
    keys = [key_of(lux) for lux in (0.0, 0.1, 1.0, 5.0, 20.0, 30.0, 1e5)]
    assert np.all(np.diff(keys) > 0)
    assert 0.02 < keys[0] and keys[2] < 0.05 and keys[5] > MID_GREY


@pytest.mark.parametrize("sensor", ["imx477", "imx708", "imx219", "ov5647"])
@pytest.mark.parametrize("lux", [3.0, 400.0])
def test_every_sensor_knows_how_much_light_there_was(sensor, lux):
    small = load_sensor(sensor).modes[-1]
    frame, _ = simulate("grey", sensor, small.width, small.height, lux=lux)
    tuning = load_sensor(sensor).tuning
    mean = (frame.pixels.mean() - frame.shot.black_dn[0]) / (frame.shot.white_dn - frame.shot.black_dn[0])
    # The mean of all pixels stands for green's, and corners are shaded.
    found = tuning.lux_of_signal * mean / (frame.shot.exposure_us * frame.shot.analogue_gain)
    assert 0.4 < found / lux < 1.1


def test_a_camera_that_knows_nothing_of_its_light_shows_what_was_exposed():
    frame = taken_in(1.0, merged(street("imx219", 15.0)[0]))
    unknown = RawFrame(frame.pixels, dataclasses.replace(frame.shot, sensor="unknown", exposure_us=None))
    photo = develop(unknown, mode_pipeline(load_modes()["night"], {}), None)
    assert photo.recipe.stage(Tone).light_ev is None
    assert photo.recipe.stage(Tone).stops == 0


# Shadows ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sensor", SENSORS)
@pytest.mark.parametrize("lux", STREET_LUX)
def test_dark_stays_dark(sensor, lux):
    _, _, photo, truth = street(sensor, lux)
    true = shown(truth, photo.recipe.stage(Tone).stops)
    dark = true < 60
    assert np.mean(dark) > 0.4
    assert -2 < np.median((photo.pixels @ LUMA)[dark]) - np.median(true[dark]) < 8


def test_houses_stand_out_from_the_sky_behind_them():
    _, _, photo, truth = street("imx708", 15.0)
    height, width = truth.shape[:2]
    left, right, top, _ = HOUSES[1]
    middle = slice(round((left + 0.03) * width), round((right - 0.03) * width))
    house = np.s_[round((top + 0.05) * height) : round((HORIZON - 0.05) * height), middle]
    sky = np.s_[round(0.05 * height) : round((top - 0.05) * height), middle]
    true, seen = shown(truth, photo.recipe.stage(Tone).stops), photo.pixels @ LUMA
    steps = [picture[house].mean() - picture[sky].mean() for picture in (true, seen)]
    assert steps[1] > 0.7 * steps[0] > 5


def test_texture_in_shadows_is_kept():
    rows, columns = np.mgrid[:384, :384]
    light = 0.008 * (1 + 0.4 * np.sin(2 * np.pi * (0.08 * rows + 0.05 * columns)))
    frames = [taken(light, gain=4.0, seed=seed) for seed in range(8)]
    photo = photo_of(merged(frames))
    box = (40, 40, 344, 344)
    true = shown(light[..., None] * np.ones(3), photo.recipe.stage(Tone).stops)
    blurred = photo.pixels @ LUMA
    blurred = (blurred[:-1, :-1] + blurred[1:, :-1] + blurred[:-1, 1:] + blurred[1:, 1:]) / 4
    assert 0.85 < texture(blurred, box) / texture(true, box) < 1.25


def taken(light, gain, seed, lux=5.0):
    """A frame of grey light in a scene of about so many lux, from the middle of an imx477."""
    frame = exposed(light, gain=gain, seed=seed)
    tuning = load_sensor("imx477").tuning
    exposure_us = tuning.lux_of_signal * float(light.mean()) / lux / gain
    return RawFrame(frame.pixels, dataclasses.replace(frame.shot, exposure_us=exposure_us))


# Noise --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.01, 0.05])
def test_eight_frames_leave_little_of_the_grain_and_brightening_pumps_none(level):
    light = np.full((256, 256), level)
    frames = [taken(light, gain=4.0, seed=seed) for seed in range(8)]
    patch = np.s_[32:-32, 32:-32]
    plain = {"local_tone": {"strength": 0.0}}
    photo = photo_of(merged(frames), **plain)
    tone = photo.recipe.stage(Tone)
    as_exposed = photo_of(merged(frames), tone={"scene_light": 0.0}, **plain)
    alone = photo_of(frames[0], tone={"scene_light": 0.0, "exposure_ev": tone.stops}, **plain)
    grain, exposed_grain, of_one = ((p.pixels[patch] @ LUMA).std() for p in (photo, as_exposed, alone))
    assert grain < 1.15 * of_one / np.sqrt(8)
    slope = tone.slope(np.array(level)) / Tone().slope(np.array(level))
    assert grain < 1.1 * exposed_grain * slope


@pytest.mark.parametrize("frames", [1, 4, 12])
def test_no_photo_is_brightened_into_its_grain(frames):
    light = np.full((256, 256), 0.004)
    burst = merged([taken(light, gain=16.0, seed=seed) for seed in range(frames)])
    grains = [
        (photo_of(burst, tone={"scene_light": strength}).pixels[32:-32, 32:-32] @ LUMA).std() for strength in (0.0, 1.0)
    ]
    assert grains[1] < 1.05 * max(MOST_GRAIN_CODES, grains[0])


def test_more_frames_let_a_darker_scene_be_seen():
    light = np.full((256, 256), 0.004)
    shots = [taken(light, gain=8.0, seed=seed) for seed in range(15)]
    stops = [photo_of(merged(shots[:frames])).recipe.stage(Tone).light_ev for frames in (1, 4, 15)]
    assert stops[0] < stops[1] < stops[2]


def test_a_night_sky_fades_without_bands():
    """At the lowest gain: the grain that is left carries what 8 bits cannot. Bands alone deviate by 0.29 codes."""
    light = np.broadcast_to(np.linspace(0.002, 0.006, 512)[:, None], (512, 512))
    photo = photo_of(merged([taken(light, gain=1.0, seed=seed) for seed in range(8)]))
    rows = (photo.pixels[:, 32:-32] @ LUMA).mean(axis=1)
    bent = np.polynomial.Polynomial.fit(np.arange(512), rows, 5)(np.arange(512))
    assert np.ptp(bent) > 10
    assert (rows - bent)[16:-16].std() < 0.1


# Lamps --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sensor", SENSORS)
@pytest.mark.parametrize("lux", STREET_LUX)
def test_nothing_becomes_white_that_the_sensor_did_not_clip(sensor, lux):
    _, burst, photo, _ = street(sensor, lux)
    assert newly_clipped(burst, photo.pixels) < 0.0005
    assert np.mean((photo.pixels == 255).any(axis=-1)) <= np.mean(clipped_by_sensor(burst))


@pytest.mark.parametrize("lux", STREET_LUX)
def test_lamps_do_not_bloom(lux):
    """Beyond the demosaic's reach around a lamp the photo is as dark as the truth, give or take the lift of shadows."""
    _, _, photo, truth = street("imx708", lux)
    height, width = truth.shape[:2]
    true, seen = shown(truth, photo.recipe.stage(Tone).stops), photo.pixels @ LUMA
    rows, columns = np.mgrid[:height, :width]
    for y, x, radius, _ in LAMPS:
        away = np.hypot(rows + 0.5 - y * height, columns + 0.5 - x * width) - radius * height
        assert np.median(seen[away < -1]) > 240
        ring, farther = (away > 3) & (away < 8), (away > 12) & (away < 24)
        assert seen[ring].mean() - true[ring].mean() < seen[farther].mean() - true[farther].mean() + 2


@pytest.mark.parametrize("sensor", ["imx477", "imx708"])
def test_signs_keep_their_colour_up_to_clipping(sensor):
    """Exposed so that the strongest raw colour just clips: photo mode leaves red and blue 40 % of their chroma."""
    light_k = 4500.0
    raw_of = camera_matrix(load_sensor(sensor).tuning, light_k)
    for colour in map(np.array, SIGNS.values()):
        light = np.broadcast_to(0.999 * colour / (raw_of @ colour).max(), (64, 64, 3))
        frame = exposed(light, sensor, light_k=light_k, noise=False)
        codes = photo_of(frame, white_balance={"temperature_k": light_k}).pixels[32, 32]
        seen, true = chroma_vector(decode_srgb(codes / 255.0)), chroma_vector(colour / colour.max())
        assert abs(np.angle(seen / true, deg=True)) < 15
        assert abs(seen) > 0.5 * abs(true)


# Lamplight ----------------------------------------------------------------------------------------------------------


def grey_in(light_k, mode="night", **white_balance):
    """Linear light, green 1, that a grey wall in this light shows."""
    frame = exposed(np.full((96, 96), 0.3), light_k=light_k, noise=False)
    codes = photo_of(frame, mode, white_balance=white_balance).pixels[48, 48]
    light = decode_srgb(codes / 255.0)
    return light / light[1]


@pytest.mark.parametrize("light_k", [2500.0, 2856.0, 4000.0])
def test_lamplight_stays_as_warm_as_eyes_leave_it(light_k):
    left = 1e6 / (1e6 / DISPLAY_WHITE_K + 0.18 * (1e6 / light_k - 1e6 / DISPLAY_WHITE_K))
    warm = colour_of_black_body(left)
    np.testing.assert_allclose(grey_in(light_k), warm / warm[1], rtol=0.03)
    assert grey_in(light_k)[0] > 1.03 and 0.65 < grey_in(light_k)[2] < 0.97
    np.testing.assert_allclose(grey_in(light_k, "photo"), 1, rtol=0.02)


def test_light_that_was_fixed_by_hand_or_is_blue_is_balanced_wholly():
    np.testing.assert_allclose(grey_in(2856.0, temperature_k=2856.0), 1, rtol=0.02)
    np.testing.assert_allclose(grey_in(7500.0), 1, rtol=0.02)


def test_a_black_body_has_the_colour_of_cie_illuminant_a():
    xyz = np.array([1.09850, 1.0, 0.35585])  # CIE 15: tungsten, 2856 K
    to_srgb = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
    white = to_srgb @ np.array([0.96870, 1.0, 1.12128])  # Planck's law at 6504 K
    np.testing.assert_allclose(colour_of_black_body(2856.0), to_srgb @ xyz / white, atol=0.02)
    np.testing.assert_allclose(colour_of_black_body(DISPLAY_WHITE_K), 1)


def test_the_light_that_was_found_is_kept_beside_the_warmer_balance():
    burst = street("imx219", 15.0)[1]
    stages = [photo_of(burst, mode).recipe.stage(WhiteBalance) for mode in ("photo", "night")]
    assert stages[0].light_k == stages[1].light_k
    assert stages[0].gains[2] > stages[1].gains[2]


# Knobs and recipes --------------------------------------------------------------------------------------------------


def test_every_part_can_be_switched_off_which_leaves_photo_mode():
    off = {
        "tone": {"scene_light": 0.0},
        "white_balance": {"adaptation": 1.0},
        "highlights": {"whitening": 0.4},
        "local_tone": {"shadow_lift_ev": 3.0},
    }
    assert mode_pipeline(load_modes()["night"], {}, off) == photo_pipeline()
    burst = street("imx219", 15.0)[1]
    assert np.any(photo_of(burst).pixels != photo_of(burst, "photo").pixels)


def test_shadows_are_judged_by_where_the_tone_curve_shows_them():
    frame, _ = simulate("room", "imx219", 640, 480)
    plans = [photo_of(frame, "photo", tone={"exposure_ev": ev}).recipe.stage(LocalTone) for ev in (0.0, 0.7)]
    assert plans[1].from_ev == plans[0].from_ev - 0.7
    assert 0 < plans[1].largest_lift_ev < plans[0].largest_lift_ev - 0.5


def test_a_night_recipe_gives_the_same_bytes_again():
    _, burst, photo, _ = street("imx219", 50.0)
    assert photo.recipe.stage(LocalTone).largest_lift_ev > 0
    stored = json.loads(json.dumps(photo.recipe.to_dict()))
    again = develop(burst, Pipeline.from_dict(stored, STAGES), tuning=None, threads=1)
    np.testing.assert_array_equal(again.pixels, photo.pixels)


@pytest.mark.parametrize("counts", [256 * 16, 4095 * 16])
def test_black_and_white_bursts_have_a_defined_photo(counts):
    frame = merged([exposed(np.zeros((64, 64)), noise=False)])
    frame = RawFrame(np.full_like(frame.pixels, counts), frame.shot, frame.frames_behind)
    codes = photo_of(frame).pixels
    assert codes.min() == codes.max() == (0 if counts == 256 * 16 else 255)
