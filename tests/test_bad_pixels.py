"""Claims about bad pixels: what no table lists is found, and no star is eaten."""

import math

import numpy as np
import pytest

from firmware.sensors import load_sensor
from isp.bad_pixels import BadPixels
from isp.frames import Mosaic, Shot

SENSOR = load_sensor("imx477")
BLACK, WHITE = 256.0, 4095.0
SIDE = 384
SKY = 0.01
# A white thing on imx477 in daylight: red and blue filters pass less than green.
RESPONSE = np.array([[0.34, 1.0], [1.0, 0.69]])
erf = np.vectorize(math.erf)


def shot(gain):
    noise = SENSOR.noise_at(gain, SENSOR.modes[0])
    return Shot("imx477", "RGGB", (BLACK,) * 4, WHITE, 0, 0, 1e6, gain, noise)


def through_filters(light, response=RESPONSE):
    return light * np.tile(response, (SIDE // 2, SIDE // 2))


def measured(light, gain, seed=1):
    """What the sensor makes of light (0..1) on each pixel, noise and rounding included."""
    noise = shot(gain).noise
    drawn = np.random.default_rng(seed).normal(0, 1, light.shape) * np.sqrt(noise.shot * light + noise.read)
    span = WHITE - BLACK
    return (np.clip(np.round((light + drawn) * span), -BLACK, span) / span).astype(np.float32)


def mended(mosaic, gain):
    return BadPixels()(Mosaic(mosaic.astype(np.float32), shot(gain))).pixels


def in_pixels(centre, sigma):
    """(13,) shares of a Gaussian's light in the pixels around 0."""
    edges = (np.arange(-6.5, 7) - centre) / (sigma * math.sqrt(2))
    return np.diff(erf(edges)) / 2


def night_sky(rng):
    """Light of stars of five magnitudes and all sharpnesses, where they are, and what each one gives in all."""
    light, stars = np.full((SIDE, SIDE), SKY), []
    for y in range(16, SIDE - 16, 24):
        for x in range(16, SIDE - 16, 24):
            sigma, flux = rng.uniform(0.6, 1.0), 10 ** rng.uniform(-1.3, 0.7)
            (down, across) = (in_pixels(rng.uniform(-0.5, 0.5), sigma) for _ in range(2))
            light[y - 6 : y + 7, x - 6 : x + 7] += flux * np.outer(down, across)
            stars.append((y, x))
    return light, stars


@pytest.mark.parametrize("gain", [1.0, 16.0])
@pytest.mark.parametrize("response", [RESPONSE, np.array([[0.5, 1.0], [1.0, 0.65]])])
def test_no_star_is_eaten(gain, response):
    light, stars = night_sky(np.random.default_rng(2))
    sky = through_filters(light, response)
    before = measured(sky, gain)
    after = mended(before, gain)
    lost = []
    for y, x in stars:
        box = np.s_[y - 4 : y + 5, x - 4 : x + 5]
        of_star = (sky - through_filters(np.full_like(light, SKY), response))[box].sum()
        lost.append((before[box] - after[box]).sum(dtype=np.float64) / of_star)
    assert len(lost) > 200
    assert np.max(lost) < 0.03


def planted(mosaic, flaw, rng):
    """The mosaic with one flaw, of one pixel or a pair, in each cell of a grid, and their places."""
    hurt, places = mosaic.copy(), []
    for top in range(8, SIDE - 16, 16):
        for left in range(8, SIDE - 16, 16):
            y, x = top + rng.integers(0, 4), left + rng.integers(0, 4)
            for place in [(y, x)] + [(y + dy, x + dx) for dy, dx in FLAWS[flaw][1]]:
                hurt[place] = FLAWS[flaw][0](mosaic[place], rng)
                places.append(place)
    return hurt, tuple(np.transpose(places))


def hot(value, rng):
    return min(1.0, value + rng.uniform(0.3, 0.9))


# How the pixel answers, and where its companion lies.
FLAWS = {
    "hot": (hot, []),
    "full": (lambda value, rng: 1.0, []),
    "dead": (lambda value, rng: 0.0, []),
    "stuck": (lambda value, rng: 0.75, []),
    "pair of neighbours": (hot, [(0, 1)]),
    "pair across": (hot, [(1, 1)]),
    "full pair of one colour": (lambda value, rng: 1.0, [(0, 2)]),
    "dead pair of one colour": (lambda value, rng: 0.0, [(2, 0)]),
}


@pytest.mark.parametrize("flaw", FLAWS)
@pytest.mark.parametrize("gain", [1.0, 16.0])
def test_flaws_go_wherever_they_are(flaw, gain):
    light = through_filters(np.full((SIDE, SIDE), 0.35))
    hurt, places = planted(measured(light, gain), flaw, np.random.default_rng(3))
    noise = shot(gain).noise
    deviation = np.sqrt(noise.shot * light + noise.read)
    left = np.abs(mended(hurt, gain) - light) / deviation
    # A mended pixel is as noisy as its neighbours, no more.
    assert np.mean(left[places] > 5) < 0.02
    untouched = np.ones(light.shape, bool)
    untouched[places] = False
    assert np.mean((mended(hurt, gain) != hurt)[untouched]) < 1e-4


def test_a_noisy_flat_is_left_alone():
    mosaic = measured(through_filters(np.full((SIDE, SIDE), 0.05)), 16.0)
    np.testing.assert_array_equal(mended(mosaic, 16.0), mosaic)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_whole_line_is_no_bad_pixel_and_stays(axis, level):
    mosaic = measured(through_filters(np.full((SIDE, SIDE), 0.18)), 1.0)
    line = np.s_[200, :] if axis == 0 else np.s_[:, 200]
    mosaic[line] = level
    after = mended(mosaic, 1.0)
    inside = (slice(8, -8),)
    np.testing.assert_array_equal(after[line][inside], mosaic[line][inside])
    beside = np.s_[180:220, 8:-8] if axis == 0 else np.s_[8:-8, 180:220]
    assert np.abs(after - mosaic)[beside].max() == 0
