"""Claims about bad pixels: what no table lists is found, and no star is eaten."""

import numpy as np
import pytest
from measures.flaws import FLAWS, planted
from measures.night_sky import SIDE, SKY, fluxes, night_sky

from firmware.sensors import load_sensor
from isp.bad_pixels import BadPixels
from isp.frames import Mosaic, Shot

SENSOR = load_sensor("imx477")
BLACK, WHITE = 256.0, 4095.0
# A white thing on imx477 in daylight: red and blue filters pass less than green.
RESPONSE = np.array([[0.34, 1.0], [1.0, 0.69]])


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


@pytest.mark.parametrize("gain", [1.0, 16.0])
@pytest.mark.parametrize("response", [RESPONSE, np.array([[0.5, 1.0], [1.0, 0.65]])])
def test_no_star_is_eaten(gain, response):
    light, stars = night_sky(np.random.default_rng(2))
    sky = through_filters(light, response)
    before = measured(sky, gain)
    after = mended(before, gain)
    of_stars = fluxes(sky - through_filters(np.full_like(light, SKY), response), stars)
    lost = fluxes(before - after.astype(np.float64), stars) / of_stars
    assert len(lost) > 200
    assert np.max(lost) < 0.03


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
