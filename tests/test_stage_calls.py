"""Every stage can be called alone, on a picture with its facts or on a plain array; both give the same bytes."""

import dataclasses

import numpy as np
import pytest

from firmware.cameras.simulated import simulate
from firmware.sensors import load_sensor
from isp.chroma_noise import ChromaNoise
from isp.colour_fringes import ColourFringes
from isp.errors import FrameError, KnobError
from isp.frames import NEUTRAL_SHOT, LinearImage, Mosaic, Noise, Photo, RawFrame
from isp.levels import Levels
from isp.luma_noise import LumaNoise
from isp.photo import STAGES, photo_pipeline
from isp.plan import plan
from isp.sharpen import Sharpen

DTYPES = {RawFrame: np.uint16, Mosaic: np.float32, LinearImage: np.float32, Photo: np.uint16}


@pytest.fixture(scope="module")
def steps():
    """Each stage as planned for one photo, with the picture it gets there: name -> (stage, picture)."""
    picture, _ = simulate("chart", "imx219", 640, 480, lux=20.0, bayer="GBRG")
    found = {}
    for stage in plan(photo_pipeline(), picture, load_sensor("imx219").tuning).stages:
        found[stage.table_name()] = (stage, picture)
        picture = stage(picture)
    return found


@pytest.mark.parametrize("name", STAGES)
def test_an_array_with_its_shot_gives_the_bytes_of_the_picture(steps, name):
    stage, picture = steps[name]
    before = picture.pixels.copy()
    made = stage(picture.pixels, picture.shot)
    assert type(made) is np.ndarray
    np.testing.assert_array_equal(made, stage(picture).pixels, strict=True)
    np.testing.assert_array_equal(picture.pixels, before)
    assert not np.shares_memory(made, picture.pixels)
    assert made.dtype == (np.uint8 if name == "eight_bit" else DTYPES[stage.makes])


@pytest.mark.parametrize("name", STAGES)
def test_an_array_without_a_shot_is_of_the_neutral_sensor(steps, name):
    stage, picture = steps[name]
    neutral = dataclasses.replace(picture, shot=NEUTRAL_SHOT)
    np.testing.assert_array_equal(stage(picture.pixels), stage(neutral).pixels, strict=True)


@pytest.mark.parametrize("name", STAGES)
def test_a_view_of_an_array_gives_the_bytes_of_its_copy(steps, name):
    stage, picture = steps[name]
    view = picture.pixels[::-1, 1::2]
    np.testing.assert_array_equal(stage(view, picture.shot), stage(view.copy(), picture.shot))


def test_levels_of_a_plain_array_spread_all_sixteen_bits():
    counts = np.array([[0, 65535], [13107, 52428]], np.uint16)
    np.testing.assert_allclose(Levels()(counts), [[0, 1], [0.2, 0.8]], rtol=1e-6)


@pytest.mark.parametrize(
    ("pixels", "found"),
    [
        (np.zeros((4, 4, 3), np.float32), "Photo pixels are float32; they must be uint8 or uint16"),
        (np.zeros((4, 4), np.uint16), r"Photo has shape \(4, 4\); it must be \(height, width, 3\)"),
        (np.zeros((4, 1, 3), np.uint16), "Photo is 1 x 4 pixels; the smallest is 2 x 2"),
        (np.zeros((4, 4, 3), np.uint8), "this one has 8 bits already"),
        ([[0, 0], [0, 0]], "Sharpen takes Photo, not list"),
    ],
)
def test_an_array_that_is_no_such_picture_is_refused_in_words(pixels, found):
    with pytest.raises(FrameError, match=found):
        Sharpen()(pixels)


def test_a_picture_brings_its_own_shot():
    photo = Photo(np.zeros((4, 4, 3), np.uint16), NEUTRAL_SHOT)
    with pytest.raises(FrameError, match="A Photo carries its own shot"):
        Sharpen()(photo, NEUTRAL_SHOT)


NOISY_SHOT = dataclasses.replace(NEUTRAL_SHOT, noise=Noise(shot=2e-3, read=1e-6))


@pytest.mark.parametrize("kind", [ChromaNoise, LumaNoise])
def test_noise_reduction_called_alone_goes_by_the_noise_of_the_shot(kind):
    rng = np.random.default_rng(5)
    noisy = rng.normal(0.2, np.sqrt(2e-3 * 0.2 + 1e-6), (96, 96, 3)).astype(np.float32)
    calm = kind()(noisy, NOISY_SHOT)
    assert 0.3 < calm.var() / noisy.var() < 0.95
    np.testing.assert_array_equal(kind(strength=0.0)(noisy, NOISY_SHOT), noisy)
    np.testing.assert_array_equal(kind()(noisy), noisy)


def test_sharpening_called_alone_leaves_the_grain_that_the_shot_explains():
    rng = np.random.default_rng(6)
    codes = rng.normal(30000, 1500, (96, 96, 1)).repeat(3, axis=2).astype(np.uint16)
    known, unknown = (Sharpen()(codes, shot).astype(float).std() for shot in (NOISY_SHOT, NEUTRAL_SHOT))
    assert known < 1.02 * codes.std() < 1.2 * codes.std() < unknown


@pytest.mark.parametrize(
    ("kind", "facts", "lacks"),
    [
        (LumaNoise, {"noise": (1e-4, 1e-6)}, "weights"),
        (ChromaNoise, {"noise": (1e-4, 1e-6)}, "differences, colours"),
        (ColourFringes, {"red_scale": 1.001}, "blue_scale, axis_px"),
    ],
)
def test_facts_that_mean_nothing_alone_are_refused_by_name(kind, facts, lacks):
    with pytest.raises(KnobError, match=f"{kind.__name__} lacks {lacks}"):
        kind(**facts)
    with pytest.raises(KnobError, match=f"{kind.__name__} lacks {lacks}"):
        kind.from_dict(kind().to_dict() | facts)


@pytest.mark.parametrize("shot", ["imx219", {}, NEUTRAL_SHOT.to_dict()])
def test_facts_that_are_no_shot_are_refused(shot):
    with pytest.raises(FrameError, match="The facts of an array are a Shot, not"):
        Levels()(np.zeros((4, 4), np.uint16), shot)
