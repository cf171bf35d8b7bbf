"""Claims about the lens: its shading goes in any light and mode, and so do its coloured fringes."""

import dataclasses

import numpy as np
import pytest
from measures.discs import SHAPE, discs
from measures.exposed import MIDDLE, WHOLE, exposed

from firmware.cameras.simulated import simulate
from firmware.sensors import load_sensor
from isp.colour import Colour
from isp.colour_fringes import ColourFringes
from isp.colour_scales import colour_scales
from isp.develop import develop, run_stages
from isp.frames import Mosaic, RawFrame
from isp.photo import photo_pipeline
from isp.plan import plan
from isp.tone import encode_srgb

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
CORNER_PX = np.hypot(*SHAPE) / 2


def evenness(frame):
    """(largest difference of brightness, of colour, mean colour cast) of a flat field's 8 x 8 parts, as shares."""
    recipe = plan(photo_pipeline(), frame, load_sensor(frame.shot.sensor).tuning)
    at = [type(stage) for stage in recipe.stages].index(Colour)
    light = run_stages(frame, recipe.stages[: at + 1]).pixels.astype(float)
    height, width = (side // 8 for side in light.shape[:2])
    parts = light[: 8 * height, : 8 * width].reshape(8, height, 8, width, 3).mean(axis=(1, 3))
    luminance = parts @ LUMINANCE
    colours = parts / luminance[..., None]
    return np.ptp(luminance) / luminance.mean(), np.ptp(colours, axis=(0, 1)).max(), colours.mean(axis=(0, 1)) - 1


# Between the calibrated lights, at their ends, and beyond them.
@pytest.mark.parametrize("light_k", [2200, 2850, 3400, 4200, 5000, 5800, 6500, 9000])
@pytest.mark.parametrize("sensor", ["imx477", "imx219", "imx708", "ov5647"])
def test_a_flat_field_is_even_and_grey_in_any_light(sensor, light_k):
    brightness, colour, cast = evenness(
        exposed(np.full((480, 640), 0.5), sensor, light_k=light_k, field_of_view=WHOLE, gain=1.0)
    )
    assert brightness < 0.01 and colour < 0.015
    assert np.abs(cast).max() < 0.01


@pytest.mark.parametrize("flips", [{}, {"hflip": True}, {"vflip": True}, {"hflip": True, "vflip": True}])
@pytest.mark.parametrize(("sensor", "mode"), [("imx477", (1332, 990)), ("imx219", (640, 480)), ("imx708", (1536, 864))])
def test_a_cropped_and_turned_mode_finds_its_own_shading(sensor, mode, flips):
    frame, _ = simulate("flat", sensor, *mode, illuminant_k=3400, bad_pixels=0.0, **flips)
    brightness, colour, cast = evenness(frame)
    assert brightness < 0.01 and colour < 0.015
    assert np.abs(cast).max() < 0.01


def fringed(corner_px, sensor="imx477", **facts):
    """Discs through a lens that draws red by so many pixels too far out in the corner, and blue too far in."""
    return exposed(discs(), sensor, colour_fringes=corner_px / CORNER_PX, **{"field_of_view": WHOLE, **facts})


@pytest.mark.parametrize(("letter", "share"), [("R", 0.004), ("G", 0.0), ("B", -0.004)])
def test_the_simulated_lens_draws_each_colour_at_its_own_scale(letter, share):
    rows, columns = np.indices((200, 300))
    dot = 0.8 * np.exp(-((rows - 20.5) ** 2 + (columns - 270.5) ** 2) / 2 / 3.0**2)
    frame = exposed(dot, noise=False, colour_fringes=0.004)
    y, x = divmod(frame.shot.bayer.index(letter), 2)
    light = frame.pixels[y::2, x::2] - frame.shot.black_dn[0]
    at = [np.average(place[y::2, x::2], weights=light) for place in (rows, columns)]
    assert at == pytest.approx([99.5 - 79.0 * (1 + share), 149.5 + 121.0 * (1 + share)], abs=0.03)


@pytest.mark.parametrize("gain", [1.0, 8.0])
@pytest.mark.parametrize("corner_px", [-1.0, 0.5, 1.0, 2.0])
def test_the_lens_is_known_to_a_tenth_of_a_pixel(corner_px, gain):
    red, blue = colour_scales(fringed(corner_px, gain=gain))
    assert (red - 1) * CORNER_PX == pytest.approx(corner_px, abs=0.1)
    assert (blue - 1) * CORNER_PX == pytest.approx(-corner_px, abs=0.1)


@pytest.mark.parametrize(
    "turned", [{"hflip": True}, {"vflip": True}, {"field_of_view": (0.3, 0.1, 0.6, 0.8), "hflip": True}]
)
def test_the_lens_is_known_in_a_turned_or_cropped_frame(turned):
    red, blue = colour_scales(fringed(1.5, "imx219", **turned))
    assert (red - 1) * CORNER_PX == pytest.approx(1.5, abs=0.1)
    assert (blue - 1) * CORNER_PX == pytest.approx(-1.5, abs=0.1)


@pytest.mark.parametrize("gain", [1.0, 16.0])
def test_a_lens_without_fringes_is_left_alone(gain):
    frame = fringed(0.0, gain=gain)
    assert colour_scales(frame) == (1.0, 1.0)
    tuning = load_sensor("imx477").tuning
    photos = [
        develop(frame, photo_pipeline({"colour_fringes": {"enabled": on}}), tuning).pixels for on in (True, False)
    ]
    np.testing.assert_array_equal(*photos)


@pytest.mark.parametrize("scene", ["chart", "flat", "lamps", "zoneplate"])
def test_what_has_no_fringes_to_see_is_left_alone(scene):
    frame, _ = simulate(scene, "imx477", 2028, 1520)
    assert colour_scales(frame) == (1.0, 1.0)


def test_a_picture_of_noise_or_too_small_says_nothing():
    noise = np.random.default_rng(3).integers(256, 4000, SHAPE).astype(np.uint16)
    frame = fringed(2.0)
    assert colour_scales(RawFrame(noise, frame.shot)) == (1.0, 1.0)
    assert colour_scales(RawFrame(frame.pixels[:2, :2].copy(), frame.shot)) == (1.0, 1.0)
    assert colour_scales(RawFrame(np.full(SHAPE, 4095, np.uint16), frame.shot)) == (1.0, 1.0)


def test_taking_the_fringes_off_brings_the_photo_nearer_to_the_truth():
    frame, tuning = fringed(1.5), load_sensor("imx477").tuning
    wanted = 255 * encode_srgb(discs())
    light = {"white_balance": {"temperature_k": 5000.0}, "sharpen": {"amount": 0.0}}
    knobs = [light | {"colour_fringes": {"enabled": on}} for on in (False, True)]
    wrong = [np.square(develop(frame, photo_pipeline(tables), tuning).pixels - wanted).mean() for tables in knobs]
    assert 10 * np.log10(wrong[0] / wrong[1]) > 3


def test_a_blown_sky_stays_white():
    frame = fringed(2.0)
    blown = np.where(np.indices(SHAPE)[1] > 430, np.float32(1.0), np.float32(0.2)).astype(np.float32)
    shown = ColourFringes(red_scale=1.004, blue_scale=0.996, axis_px=(300.0, 400.0))(Mosaic(blown, frame.shot)).pixels
    assert shown.min() >= np.float32(0.2) and shown.max() <= 1.0


def test_a_foreign_raw_file_has_a_lens_too():
    frame = fringed(1.0)
    foreign = dataclasses.replace(frame.shot, sensor="unknown", noise=None, exposure_us=None, analogue_gain=None)
    recipe = plan(photo_pipeline(), RawFrame(frame.pixels, foreign), None)
    assert (recipe.stage(ColourFringes).red_scale - 1) * CORNER_PX == pytest.approx(1.0, abs=0.1)


def test_the_middle_of_a_frame_lies_where_the_lens_points():
    frame = exposed(np.full((20, 40), 0.2), field_of_view=MIDDLE)
    recipe = plan(photo_pipeline(), frame, load_sensor("imx477").tuning)
    assert recipe.stage(ColourFringes).axis_px == pytest.approx((9.5, 19.5))
    speck = dataclasses.replace(frame.shot, field_of_view=(0.3, 0.1, 1e-300, 1e-300))
    recipe = plan(photo_pipeline(), RawFrame(frame.pixels, speck), None)
    assert np.all(np.isfinite(recipe.stage(ColourFringes).axis_px))
