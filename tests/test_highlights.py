"""Claims about bright light: what is blown ends in white without a detour, and what is not blown is not clipped."""

import numpy as np
import pytest
from measures.clipping import newly_clipped
from measures.colour_difference import chroma_vector
from measures.exposed import CORNER, MIDDLE, WHOLE, exposed
from measures.hue_sweep import hue_patches, hues_of

from firmware.cameras.simulated import simulate
from firmware.sensors import load_sensor
from isp.demosaic import Demosaic
from isp.develop import develop, run_stages
from isp.frames import RawFrame
from isp.highlights import Highlights
from isp.photo import photo_pipeline
from isp.plan import plan
from isp.shading import Shading
from isp.tone import Tone, decode_srgb, encode_srgb

# Stops of the brightest raw colour against its clipping.
BEFORE_CLIPPING_EV = np.arange(-3.0, -0.49, 0.5)
AND_BEYOND_EV = np.arange(-0.25, 6.1, 0.4)


def planned(frame, light_k=None, **tables):
    """The pipeline as planned for a frame, the light known."""
    known = {} if light_k is None else {"white_balance": {"temperature_k": float(light_k)}}
    return plan(photo_pipeline(known | tables), frame, load_sensor(frame.shot.sensor).tuning)


def up_to(kind, frame, recipe):
    """The picture after this stage of a recipe."""
    stages = recipe.stages[: 1 + [type(stage) for stage in recipe.stages].index(kind)]
    return run_stages(frame, stages).pixels


def shown_light(frame, light_k, **tables):
    """Linear light 0..1 that the display shows after the tone curve."""
    return decode_srgb(up_to(Tone, frame, planned(frame, light_k, **tables)) / 65535.0)


def hues_at(ev, sensor, light_k, **tables):
    """(48,) complex hue and chroma of the patches in the photo, exposed by so many stops."""
    return hues_of(shown_light(hue_patches(ev, sensor, light_k), light_k, **tables))


@pytest.mark.parametrize(("sensor", "light_k"), [("imx477", 5000), ("imx477", 2900), ("imx708", 6500)])
def test_hue_does_not_turn_with_exposure_until_half_a_stop_before_clipping(sensor, light_k):
    hues = np.array([hues_at(ev, sensor, light_k) for ev in BEFORE_CLIPPING_EV])
    assert np.abs(np.angle(hues / hues[-3], deg=True)).max() < 4


@pytest.mark.parametrize(("sensor", "light_k"), [("imx477", 5000), ("imx708", 2900)])
def test_beyond_clipping_every_hue_goes_to_white_without_a_detour(sensor, light_k):
    before = hues_at(-1.0, sensor, light_k)
    own_hue = before / np.abs(before)
    ways = {}
    for enabled in (True, False):
        after = [hues_at(ev, sensor, light_k, highlights={"enabled": enabled}) for ev in AND_BEYOND_EV]
        ways[enabled] = np.array(after) / own_hue
    # Distance in Oklab from the straight way to white, and along it; sRGB's red has a chroma of 0.26.
    rebuilt, plain = (np.abs(way.imag).max(axis=0) for way in (ways[True], ways[False]))
    assert rebuilt.max() < 0.06 and rebuilt.mean() < 0.014
    assert rebuilt.mean() < 0.95 * plain.mean()
    assert ways[True].real.min() > -0.01
    assert np.all(ways[True].real < 1.1 * np.abs(before) + 0.01)
    assert np.abs(ways[True][-1]).max() < 0.005


def grey_ramp(sensor, light_k, field_of_view=MIDDLE):
    """Grey that rises along the row from a quarter of green's clipping to beyond every colour's."""
    light = np.linspace(0.25, 6.0 if field_of_view == MIDDLE else 16.0, 1200) * np.ones((24, 1))
    return exposed(light, sensor, light_k=light_k, noise=False, field_of_view=field_of_view)


@pytest.mark.parametrize(
    ("sensor", "light_k"), [("imx477", 5000), ("imx477", 2500), ("imx219", 4000), ("imx708", 6500)]
)
@pytest.mark.parametrize("field_of_view", [MIDDLE, CORNER])
def test_a_grey_that_clips_colour_by_colour_stays_grey(sensor, light_k, field_of_view):
    frame = grey_ramp(sensor, light_k, field_of_view)
    assert np.abs(chroma_vector(shown_light(frame, light_k)))[4:-4, 4:-4].max() < 0.005


def test_rebuilt_green_is_as_bright_as_it_was():
    frame = grey_ramp("imx477", 5000)
    recipe = planned(frame, 5000)
    light = up_to(Demosaic, frame, recipe)[12, :, 1]
    truth = np.linspace(0.25, 6.0, 1200)
    # Red clips last; up to there the truth can be known.
    inside = truth < 0.68 * recipe.stage(Highlights).white()
    np.testing.assert_allclose(light[inside], truth[inside], rtol=0.01)
    assert truth[inside].max() > 1.8


@pytest.mark.parametrize("bayer", ["RGGB", "BGGR", "GRBG", "GBRG"])
def test_nothing_becomes_darker_and_all_that_is_far_from_clipping_stays_to_the_bit(bayer):
    frame, _ = simulate("astronaut", "imx477", 1332, 990, exposure_us=30000, analogue_gain=2.0, lux=500.0, bayer=bayer)
    recipe = planned(frame)
    before, after = (run_stages(frame, recipe.stages[:end]).pixels for end in (3, 4))
    assert np.all(after >= before)
    changed = (after != before).reshape(495, 2, 666, 2).any(axis=(1, 3))
    share = frame.pixels / frame.shot.white_dn
    bright = np.pad(share > 0.7, 1, mode="reflect")
    near = np.lib.stride_tricks.sliding_window_view(bright, (4, 4))[::2, ::2].any(axis=(2, 3))
    assert changed.any() and not np.any(changed & ~near)


def blurred_disc(size=80, radius=14.0, blur_px=3.0):
    """(size, size): 1 in the middle, falling to 0 as a lens blurs a rim."""
    y, x = np.mgrid[:size, :size] - size / 2
    return 1.0 / (1.0 + np.exp((np.hypot(y, x) - radius) / (0.6 * blur_px)))


@pytest.mark.parametrize(("sensor", "light_k"), [("imx477", 5000), ("imx219", 4000), ("imx708", 2900)])
def test_a_white_lamp_has_no_coloured_rim(sensor, light_k):
    frame = exposed(0.01 + 12 * blurred_disc(), sensor, light_k=light_k, noise=False)
    assert np.abs(chroma_vector(shown_light(frame, light_k))).max() < 0.03


LAMPS = {"sodium": (1, 0.55, 0.16), "red": (1, 0.1, 0.05), "green": (0.1, 1, 0.2), "blue": (0.1, 0.2, 1)}


@pytest.mark.parametrize("colour", LAMPS.values(), ids=LAMPS)
@pytest.mark.parametrize(("sensor", "light_k"), [("imx477", 5000), ("imx708", 2900)])
def test_a_coloured_lamp_shows_its_colour_and_white_and_nothing_else(colour, sensor, light_k):
    picture = 0.005 + 12 * blurred_disc()[..., None] * np.array(colour)
    light = shown_light(exposed(picture, sensor, light_k=light_k, noise=False), light_k)
    own = chroma_vector(np.array(colour, dtype=float))
    along = chroma_vector(light) / (own / np.abs(own))
    assert np.abs(along.imag).max() < 0.12 and along.real.min() > -0.03
    assert np.abs(along[40, 40]) < 0.02  # the middle of the lamp is white


EXPOSED = [
    ("astronaut", "imx477", 3),
    ("astronaut", "imx219", 3),
    ("chelsea", "imx219", 3),
    ("rocket", "imx708", 4),
    ("rocket", "imx219", 1),
    ("coffee", "imx477", 1),
    ("room", "imx708", 1),
    ("room", "imx219", 1),
    ("lamps", "imx219", 1),
    ("lamps", "imx477", 1),
]


@pytest.mark.parametrize("gain", [1.0, 4.0])
@pytest.mark.parametrize(("scene", "sensor", "times"), EXPOSED, ids=["-".join(map(str, row)) for row in EXPOSED])
def test_nothing_is_clipped_that_the_sensor_did_not_clip(scene, sensor, times, gain):
    size = {"imx477": (1332, 990), "imx708": (1536, 864), "imx219": (640, 480)}[sensor]
    metered, _ = simulate(scene, sensor, *size)
    product = metered.shot.exposure_us * metered.shot.analogue_gain * times
    frame, _ = simulate(scene, sensor, *size, exposure_us=int(product / gain), analogue_gain=gain)
    photo = develop(frame, photo_pipeline(), load_sensor(sensor).tuning)
    assert newly_clipped(frame, photo.pixels) < 0.0005


def test_a_corner_that_shading_lifts_above_white_keeps_its_tones():
    light = np.linspace(0.3, 0.95 * 2.0, 800) * np.ones((24, 1))
    frame = exposed(light, "imx219", light_k=5000, noise=False, field_of_view=CORNER)
    codes = up_to(Tone, frame, planned(frame, 5000))[12]
    unclipped = frame.pixels[12:14].reshape(2, 400, 2).max(axis=(0, 2)).repeat(2) < frame.shot.white_dn
    assert unclipped.mean() > 0.9 and light[0, unclipped].max() > 1.5
    assert codes[unclipped].max() < 254.5 * 257
    assert np.all(np.diff(codes[unclipped, 1].astype(int)[::8]) > 0)


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("sensor", ["imx477", "imx219", "imx708", "ov5647"])
def test_all_that_is_blown_is_white_also_in_the_corners(sensor, enabled):
    frame = exposed(np.full((240, 320), 40.0), sensor, field_of_view=WHOLE)
    recipe = planned(frame, 5000, highlights={"enabled": enabled})
    # The whole lens over so few pixels is steep, and demosaic not quite even.
    assert develop(frame, recipe, None).pixels.min() >= 253
    white = up_to(Shading, frame, recipe)
    assert np.ptp(white, axis=-1).max() < 0.02 * white.max()


def test_a_scene_without_bright_lights_keeps_the_plain_curve():
    frame = exposed(np.linspace(0.0, 0.9, 320) * np.ones((240, 1)), "imx477", noise=False)
    tone = planned(frame).stage(Tone)
    light = np.linspace(0, 1, 1000)
    np.testing.assert_allclose(tone.curve(light), encode_srgb(light), atol=1e-12)


@pytest.mark.parametrize("brightest", [1.2, 2.0, 5.0, 30.0])
@pytest.mark.parametrize("exposure_ev", [-1.0, 0.0, 2.0])
@pytest.mark.parametrize("shoulder", [0.0, 0.02, 0.5, 0.95])
def test_the_curve_rises_everywhere_and_bends_only_its_shoulder(brightest, exposure_ev, shoulder):
    tone = Tone(brightest=brightest, exposure_ev=exposure_ev, shoulder=shoulder)
    light = np.linspace(0, brightest, 2000)
    shown = tone.film(light)
    straight = light * 2.0**exposure_ev
    below = straight < 1 - max(shoulder, 0.05) - 1e-9
    np.testing.assert_allclose(shown[below], straight[below])
    assert shown.max() <= 1 and np.all(np.diff(shown) >= 0)
    if shoulder > 0:
        assert np.all(np.diff(shown) > 0) and shown[-1] <= max(0.99, straight[-1] * (straight[-1] <= 1)) + 1e-9


def test_off_is_the_plain_clip_of_all_colours_at_the_first_ones_level():
    frame = grey_ramp("imx477", 5000)
    light = up_to(Highlights, frame, planned(frame, 5000, highlights={"enabled": False}))
    assert light.max() <= 1.0 and np.mean(light > 0.9999) > 0.8


def test_a_frame_with_nothing_but_noise_at_black_plans():
    counts = np.random.default_rng(1).integers(250, 262, (64, 96)).astype(np.uint16)
    shot = exposed(np.zeros((64, 96)), "imx477").shot
    assert planned(RawFrame(counts, shot)).stage(Tone).brightest < 0.1
