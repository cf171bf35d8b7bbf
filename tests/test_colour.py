"""Claims about colour: charts through measured spectra, saturation, unknown sensors, and black that stays black."""

import numpy as np
import pytest
from measures.chart import blocks, patches
from measures.colour_difference import chroma_vector, delta_e_2000, lab, lab_of_photo
from measures.shared_folder import SHARED
from measures.spectral_camera import EXPOSURE, calibrated, chart, chart_frame, light, responses, seen_by_eye

from firmware.cameras.simulated import simulate
from firmware.sensors import load_sensor
from isp.colour import LUMINANCE, Colour
from isp.develop import develop
from isp.frames import NEUTRAL_SHOT, LinearImage
from isp.photo import photo_pipeline
from isp.tone import Tone, decode_srgb

SPECTRA = SHARED / "data/pi-spectra/IMX219.csv"
needs_spectra = pytest.mark.skipif(not SPECTRA.is_file(), reason=f"no spectra at {SPECTRA}; set NIGHTJAR_SHARED")


@needs_spectra
@pytest.mark.parametrize("name", ["A", "D50", "D65", "LED-B1", "LED-B3"])
def test_a_chart_through_measured_spectra_has_the_colours_it_was_printed_with(name):
    response = responses(SPECTRA)
    photo = develop(chart_frame(light(name), response), photo_pipeline(), calibrated(response))
    wanted = lab(EXPOSURE * seen_by_eye(chart(), light(name)))
    differences = delta_e_2000(lab(patches(photo.pixels)), wanted)
    assert differences.mean() < 3 and differences.max() < 8


def test_the_colour_difference_gives_the_papers_own_pairs():
    pairs = np.array(
        [
            [[50, 2.6772, -79.7751], [50, 0, -82.7485]],
            [[50, 0, 0], [50, -1, 2]],
            [[50, -1, 2], [50, 0, 0]],
            [[50, 2.49, -0.001], [50, -2.49, 0.0011]],
            [[50, 2.5, 0], [73, 25, -18]],
            [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387]],
        ]
    )
    published = [2.0425, 2.3669, 2.3669, 7.2195, 27.1492, 1.2644]
    np.testing.assert_allclose(delta_e_2000(pairs[:, 0], pairs[:, 1]), published, atol=1e-4)


def test_white_is_white_and_grey_is_grey_in_lab_and_oklab():
    greys = np.linspace(0, 1, 9)[:, None] * np.ones(3)
    np.testing.assert_allclose(lab(greys)[:, 1:], 0, atol=1e-9)
    np.testing.assert_allclose(np.abs(chroma_vector(greys)), 0, atol=1e-4)
    np.testing.assert_allclose(lab(greys)[-1], [100, 0, 0], atol=1e-9)
    assert lab_of_photo(np.full((1, 3), 255, np.uint8))[0, 0] == pytest.approx(100)


@pytest.mark.parametrize("scene", ["astronaut", "coffee", "chelsea"])
@pytest.mark.parametrize(("sensor", "size"), [("imx477", (1332, 990)), ("imx219", (640, 480))])
def test_a_photograph_keeps_the_colours_of_skin_wood_and_fur(scene, sensor, size):
    frame, truth = simulate(scene, sensor, *size, illuminant_k=5000, lux=1000.0, bad_pixels=0.0)
    knobs = {"white_balance": {"temperature_k": 5000.0}, "sharpen": {"amount": 0}}
    photo = develop(frame, photo_pipeline(knobs), load_sensor(sensor).tuning)
    shown, wanted = blocks(decode_srgb(photo.pixels / 255.0)), blocks(truth.linear)
    # Below the shoulder the plain look is colorimetric; near black hue means little.
    inside = (wanted.max(axis=-1) < 0.5) & (wanted.min(axis=-1) > 0.01) & (np.abs(chroma_vector(wanted)) > 0.04)
    change = chroma_vector(shown[inside]) / chroma_vector(wanted[inside])
    assert inside.mean() > 0.05
    assert np.abs(np.median(np.angle(change, deg=True))) < 2
    assert np.median(np.abs(change)) == pytest.approx(1.0, abs=0.05)


def test_no_saturation_is_grey_of_the_same_luminance_and_two_is_twice_as_strong():
    light = np.random.default_rng(1).uniform(0.2, 0.4, (8, 8, 3)).astype(np.float32)
    grey, plain, strong = (Colour(saturation=s)(LinearImage(light, NEUTRAL_SHOT)).pixels for s in (0.0, 1.0, 2.0))
    np.testing.assert_allclose(grey, (light @ LUMINANCE)[..., None].repeat(3, -1), rtol=1e-5)
    np.testing.assert_array_equal(plain, light)
    np.testing.assert_allclose(strong - light, light - grey, rtol=1e-3, atol=1e-6)


def test_an_unknown_sensor_keeps_the_colours_it_measured():
    light = np.random.default_rng(2).uniform(0, 1, (8, 8, 3)).astype(np.float32)
    planned = Colour()
    assert planned.matrix is None
    np.testing.assert_array_equal(planned(LinearImage(light, NEUTRAL_SHOT)).pixels, light)


def test_noise_below_black_makes_no_colour():
    light = -np.random.default_rng(3).uniform(0, 0.02, (8, 8, 3)).astype(np.float32)
    matrix = (2.2, -0.7, -0.5, -0.7, 2.7, -1.0, -0.3, -0.7, 2.0)
    assert not Colour(matrix=matrix)(LinearImage(light, NEUTRAL_SHOT)).pixels.any()


@pytest.mark.parametrize("colour", np.vstack([np.eye(3), 1 - np.eye(3)]))
def test_colours_outside_the_display_keep_their_differences(colour):
    """From the edge of sRGB outward: every step stays a step, and nothing jumps."""
    outward = np.linspace(0.1, -0.25, 300)[:, None]
    light = (0.4 * (colour + outward * (1 - colour)) * np.ones((2, 300, 3))).astype(np.float32)
    codes = Tone()(LinearImage(light, NEUTRAL_SHOT)).pixels[0].astype(int)
    falling = codes[:, colour == 0]
    assert np.all(np.diff(falling, axis=0) < 0) and falling.min() > 0
    assert np.abs(np.diff(falling, axis=0)).max() < 700
    assert np.ptp(codes[:, colour == 1]) == 0
