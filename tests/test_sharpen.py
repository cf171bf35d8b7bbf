"""Claims about sharpening: edges gain, grain does not, nothing gets an outline."""

import dataclasses
from functools import cache

import numpy as np
import pytest
from measures.edges import blurred_edge, mtf50, overshoot
from measures.exposed import CORNER, MIDDLE, exposed

from firmware.sensors import load_sensor
from isp.develop import run_stages
from isp.eight_bit import EightBit
from isp.frames import Noise, Photo, Shot
from isp.photo import photo_pipeline
from isp.plan import plan
from isp.sharpen import Sharpen
from isp.tone import decode_srgb

LUMA = np.array([0.299, 0.587, 0.114])
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
# Local tone changes light from place to place on purpose; what it does to edges is tested with it.
LIGHT = {"white_balance": {"temperature_k": 5000.0}, "local_tone": {"strength": 0.0}}
# Low, middle and high contrast around a grey card, then black to nearly white.
STEPS = [(0.17, 0.19), (0.12, 0.25), (0.06, 0.30), (0.01, 0.50), (0.005, 0.95)]
# A good lens on 1.5 um pixels, and a fair one.
LENS_BLURS_PX = [0.5, 0.8]


def shown(frame, knobs=None):
    """The photo before and after sharpening, 16 bits, as display values 0..1."""
    recipe = plan(photo_pipeline(LIGHT | (knobs or {})), frame, load_sensor(frame.shot.sensor).tuning)
    at = [type(stage) for stage in recipe.stages].index(Sharpen)
    before = run_stages(frame, recipe.stages[:at])
    return before.pixels / 65535.0, recipe.stages[at](before).pixels / 65535.0


@cache
def edge_shown(low, high, blur_px):
    return shown(exposed(blurred_edge(low, high, blur_px), noise=False))


def photo(codes, sensor="unknown", noise=None):
    """A grey 16-bit photo of these codes."""
    facts = dict(bayer="RGGB", black_dn=(0.0,) * 4, white_dn=1023.0, timestamp_ns=0, wall_time_ns=0)
    shot = Shot(sensor=sensor, exposure_us=None, analogue_gain=None, noise=noise, **facts)
    return Photo(np.repeat(np.asarray(codes, dtype=np.uint16)[..., None], 3, axis=-1), shot)


@pytest.mark.parametrize("sigma_px", [0.5, 0.7, 1.0, 2.0])
def test_the_measure_finds_the_sharpness_that_the_formula_gives(sigma_px):
    edge = blurred_edge(0.1, 0.6, np.sqrt(sigma_px**2 - 1 / 12))
    assert mtf50(edge) == pytest.approx(np.sqrt(np.log(2) / 2) / np.pi / sigma_px, rel=0.02)
    assert max(overshoot(edge)) < 1e-6


@pytest.mark.parametrize("blur_px", LENS_BLURS_PX)
@pytest.mark.parametrize(("low", "high"), STEPS)
def test_edges_are_a_quarter_sharper(low, high, blur_px):
    before, after = (mtf50(decode_srgb(picture) @ LUMINANCE) for picture in edge_shown(low, high, blur_px))
    assert after > 1.25 * before


@pytest.mark.parametrize("blur_px", LENS_BLURS_PX)
@pytest.mark.parametrize(("low", "high"), STEPS)
def test_an_edge_does_not_swing_beyond_its_sides(low, high, blur_px):
    _, after = edge_shown(low, high, blur_px)
    assert max(overshoot(after @ LUMA)) < 0.08
    assert max(overshoot(decode_srgb(after) @ LUMINANCE)) < 0.08


@pytest.mark.parametrize("place", [MIDDLE, CORNER], ids=["middle", "corner"])
@pytest.mark.parametrize("gain", [1.0, 4.0, 16.0, 32.0])
@pytest.mark.parametrize("sensor", ["imx477", "imx219", "imx708"])
def test_the_grain_of_a_flat_patch_stays_as_it_is(sensor, gain, place):
    for level in (0.02, 0.18, 0.6):
        before, after = shown(exposed(np.full((128, 128), level), sensor, gain=gain, field_of_view=place))
        assert (after @ LUMA).std() < 1.1 * (before @ LUMA).std()


@pytest.mark.parametrize("gain", [1.0, 4.0])
@pytest.mark.parametrize("sensor", ["imx477", "imx708"])
def test_the_grain_of_a_lifted_shadow_stays_as_it_is(sensor, gain):
    room = np.where(np.arange(400) < 200, 0.9, 0.005) * np.ones((300, 1))
    lifted = {"local_tone": {"strength": 1.0, "noise_codes": 50.0}}
    before, after = shown(exposed(room, sensor, gain=gain), lifted)
    plain, _ = shown(exposed(room, sensor, gain=gain))
    wall = np.s_[60:240, 280:380]
    assert (before @ LUMA)[wall].mean() > 1.3 * (plain @ LUMA)[wall].mean()
    # Unlike the middle of a wall, the lift is not even: compare what is finer than it.
    grain = [np.diff(np.diff((picture @ LUMA)[wall], axis=0), axis=1).std() for picture in (before, after)]
    assert grain[1] < 1.1 * grain[0]


def test_grain_is_sharpened_when_asked_for():
    frame = exposed(np.full((128, 128), 0.18), gain=4.0)
    before, after = shown(frame, {"sharpen": {"leave_grain": 0.0}})
    assert (after @ LUMA).std() > 1.15 * (before @ LUMA).std()


def test_texture_gains_contrast_even_where_there_is_noise():
    rows, columns = np.mgrid[:160, :160]
    wave = 2 * np.pi * 0.2 * (columns * np.cos(0.4) + rows * np.sin(0.4))
    before, after = shown(exposed(0.18 + 0.05 * np.sin(wave), gain=4.0))
    contrast = [abs(np.mean((picture @ LUMA) * np.exp(-1j * wave))) for picture in (before, after)]
    assert contrast[1] > 1.1 * contrast[0]


def test_one_noisy_pixel_is_not_taken_for_detail():
    codes = np.full((9, 9), 30000)
    codes[4, 4] += 1500
    grain = (500.0,) * 64
    np.testing.assert_array_equal(Sharpen(grain=grain)(photo(codes)).pixels, photo(codes).pixels)
    assert np.any(Sharpen(grain=grain, leave_grain=0.0)(photo(codes)).pixels != photo(codes).pixels)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5])
def test_no_pixel_leaves_the_range_of_its_neighbours_by_more_than_the_knob_allows(share):
    codes = np.random.default_rng(2).integers(0, 65536, (40, 50))
    made = Sharpen(amount=2.0, overshoot=share)(photo(codes)).pixels[1:-1, 1:-1, 0].astype(float)
    squares = np.lib.stride_tricks.sliding_window_view(codes, (3, 3)).reshape(38, 48, 9)
    low, high = squares.min(axis=-1), squares.max(axis=-1)
    assert np.all(made <= high + share * (high - low) + 1) and np.all(made >= low - share * (high - low) - 1)
    assert np.any(made > high) == (share > 0)


def test_a_star_gets_no_dark_ring():
    rows, columns = np.mgrid[:21, :21]
    star = 0.02 + 0.8 * np.exp(-((rows - 10.3) ** 2 + (columns - 9.8) ** 2) / 2 / 0.8**2)
    codes = np.round(65535 * star)
    made = Sharpen()(photo(codes)).pixels[..., 0]
    assert made.max() >= codes.max() and made.min() > 0.9 * codes.min()


def random_colours():
    """All codes, those near both ends often."""
    rng = np.random.default_rng(5)
    ends = rng.choice([0, 128, 129, 300, 3000, 62000, 65000, 65406, 65407, 65535], (60, 80, 3))
    codes = np.where(rng.random((60, 80, 1)) < 0.3, rng.integers(0, 65536, (60, 80, 3)), ends)
    return Photo(codes.astype(np.uint16), photo(codes[..., 0]).shot)


def test_only_what_was_black_or_white_before_is_so_afterwards():
    before = random_colours()
    made = Sharpen(amount=2.0)(before)
    assert np.mean(made.pixels != before.pixels) > 0.5
    shown, was = (EightBit()(picture).pixels for picture in (made, before))
    assert not np.any((shown == 255) & (was < 255)) and not np.any((shown == 0) & (was > 0))


def test_a_bright_colour_at_an_edge_does_not_fade_towards_white():
    """All three colours rise by the same or not at all: where red has no room left, green and blue wait for it."""
    before = random_colours().pixels.astype(int)
    made = Sharpen(amount=2.0)(random_colours()).pixels.astype(int)
    rise = made - before
    rising = (rise > 1).any(axis=-1)
    assert rising.sum() > 500 and np.ptp(rise[rising], axis=-1).max() <= 1


def test_a_white_edge_stays_white_and_sharp():
    codes = np.round(65535 * blurred_edge(0.2, 1.0, 0.7))
    made = Sharpen()(photo(codes)).pixels[..., 0].astype(float)
    assert np.all(made[codes == 65535] == 65535) and np.any(codes == 65535)
    assert mtf50(made) > 1.25 * mtf50(codes)


def test_grey_edges_get_no_colour():
    codes = np.round(65535 * blurred_edge(0.2, 0.7, 0.7))
    made = Sharpen()(photo(codes)).pixels
    assert np.all(made == made[..., :1]) and np.any(made[..., 0] != codes)


def test_without_noise_figures_edges_are_sharpened_and_single_codes_are_not():
    tuning = load_sensor("imx477").tuning
    frame = exposed(blurred_edge(0.12, 0.25, 0.7, (64, 64)), noise=False)
    foreign = dataclasses.replace(frame, shot=dataclasses.replace(frame.shot, sensor="unknown", noise=None))
    recipe = plan(photo_pipeline(LIGHT), foreign, tuning)
    assert recipe.stage(Sharpen).grain is None and recipe.stage(Sharpen).lens_noise is None
    codes = np.round(65535 * blurred_edge(0.3, 0.6, 0.7))
    assert mtf50(Sharpen()(photo(codes)).pixels[..., 0].astype(float)) > 1.25 * mtf50(codes)
    steps = 30000 + 257 * (np.indices((32, 32)).sum(axis=0) // 4 % 2)
    np.testing.assert_array_equal(Sharpen()(photo(steps)).pixels, photo(steps).pixels)


def test_a_sensor_without_noise_is_sharpened_everywhere():
    frame = exposed(blurred_edge(0.17, 0.19, 0.6, (64, 64)), noise=False)
    silent = dataclasses.replace(frame, shot=dataclasses.replace(frame.shot, noise=Noise(0.0, 0.0)))
    before, after = shown(silent)
    assert np.any(before != after)


def test_amount_zero_adds_nothing_to_the_chain():
    codes = np.random.default_rng(1).integers(0, 65536, (20, 30))
    np.testing.assert_array_equal(Sharpen(amount=0.0)(photo(codes)).pixels, photo(codes).pixels)
