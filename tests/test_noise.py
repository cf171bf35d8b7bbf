"""Claims about noise: what the model says is what the photo shows, what goes, and what must stay."""

import dataclasses

import numpy as np
import pytest
from measures.exposed import exposed
from measures.luma_chroma import chroma_of, luma_of
from measures.noise_power import BLOTCHES, decibels, noise_power
from measures.reading import can_read, unread_words

from firmware.cameras.simulation.scenes import find_scene, scene_names
from firmware.cameras.simulation.view import View
from firmware.sensors import load_sensor
from isp.chroma_noise import ChromaNoise
from isp.colour import Colour
from isp.demosaic import Demosaic
from isp.develop import develop, run_stages
from isp.frames import LinearImage, RawFrame
from isp.light_estimate import LightEstimate
from isp.linear_noise import DISPLAY_LUMA
from isp.luma_noise import LumaNoise
from isp.noise import luma_noise_at
from isp.photo import photo_pipeline
from isp.pipeline import Pipeline
from isp.plan import Scene, plan
from isp.tone import decode_srgb, encode_srgb

SENSORS = ("imx477", "imx708", "imx219")
# Gain of the sensor and of numbers together; the base of all three sensors is about ISO 100.
ISO_1600, ISO_3200 = 16.0, 32.0
GREY = np.full((384, 384), 0.18)
LIGHT_K = 5000.0
RED, GREEN, BLUE = np.array([0.40, 0.05, 0.05]), np.array([0.06, 0.28, 0.07]), np.array([0.05, 0.07, 0.32])


def demosaicked(recipe: Pipeline) -> tuple:
    """The stages up to demosaicking, where noise reduction begins."""
    return recipe.stages[: recipe.stages.index(recipe.stage(Demosaic)) + 1]


def recipe_of(frame, chroma=1.0, luma=None) -> Pipeline:
    """The photo's planned stages at these strengths; the light is known, and sharpening is another matter."""
    given = {"chroma_noise": {"strength": chroma}, "sharpen": {"amount": 0.0}}
    given |= {"luma_noise": {"strength": luma}} if luma is not None else {}
    given |= {"white_balance": {"temperature_k": LIGHT_K}}
    return plan(photo_pipeline(given), frame, load_sensor(frame.shot.sensor).tuning)


def photo(frame, chroma=1.0, luma=None) -> np.ndarray:
    """(H, W, 3) uint8."""
    return run_stages(frame, recipe_of(frame, chroma, luma).stages).pixels


def scene_of(frame, recipe) -> Scene:
    """What a stage behind the whole recipe would plan from."""
    tuning = load_sensor(frame.shot.sensor).tuning
    return Scene(frame.shot, tuning, LightEstimate((1.0, 1.0), LIGHT_K), lambda: None, lambda: None, recipe.stages)


@pytest.mark.parametrize("sensor", SENSORS)
@pytest.mark.parametrize("gain", [1.0, 10.0])
@pytest.mark.parametrize("level", [0.09, 0.18, 0.36])
@pytest.mark.parametrize("luma", [0.0, 0.5])
def test_the_noise_model_says_what_the_photo_shows(sensor, gain, level, luma):
    frame = exposed(np.full((256, 256), level), sensor, gain=gain)
    recipe = recipe_of(frame, 0.0, luma)
    shown = luma_of(run_stages(frame, recipe.stages[:-1]).pixels) / 65535.0
    predicted = luma_noise_at(scene_of(frame, recipe), decode_srgb(shown.mean()))
    # To first order: in the shadows of a high gain the tone curve bends within the noise.
    assert shown.std() == pytest.approx(float(predicted), rel=0.1)


@pytest.mark.parametrize("sensor", SENSORS)
class TestOnAFlatPatch:
    def test_chroma_noise_goes_with_its_clouds_and_luma_keeps_its_grain(self, sensor):
        frame = exposed(GREY, sensor, gain=ISO_3200)
        before, after = photo(frame, 0.0, 0.0), photo(frame)
        for noisy, quiet in zip(chroma_of(before), chroma_of(after), strict=True):
            assert decibels(quiet.var(), noisy.var()) < -8
            assert decibels(noise_power(quiet, BLOTCHES), noise_power(noisy, BLOTCHES)) < -8
        assert luma_of(after).var() > 0.5 * luma_of(before).var()
        # Nor does the patch change its colour: less noise under a bent tone curve brings it nearer to the truth.
        truth = 255 * encode_srgb(np.array(0.18))
        assert np.abs(after.mean(axis=(0, 1)) - truth).max() < np.abs(before.mean(axis=(0, 1)) - truth).max() < 8

    @pytest.mark.parametrize(("chroma", "luma"), [(1.0, 0.4), (0.0, 1.0), (4.0, 0.0), (0.5, 0.8), (4.0, 1.0)])
    def test_no_strength_makes_blotches(self, sensor, chroma, luma):
        frame = exposed(GREY, sensor, gain=ISO_3200)
        before, after = (luma_of(photo(frame, *strengths)) for strengths in ((0.0, 0.0), (chroma, luma)))
        assert noise_power(after, BLOTCHES) <= noise_power(before, BLOTCHES)

    def test_few_coloured_speckles_stay(self, sensor):
        """Of the pixels that stand out of the colour noise, by two of its deviations, at most one in eight is left."""
        frame = exposed(GREY, sensor, gain=ISO_3200)
        before, after = (chroma_of(photo(frame, *strengths)) for strengths in ((0.0, 0.0), ()))
        far = 4 * before.var(axis=(1, 2)).sum()
        standing_out = [
            np.mean(((chroma - chroma.mean(axis=(1, 2), keepdims=True)) ** 2).sum(axis=0) > far)
            for chroma in (before, after)
        ]
        assert standing_out[0] > 0.01
        assert standing_out[1] < 0.125 * standing_out[0]

    def test_what_stays_is_a_fine_even_grain(self, sensor):
        """Worms and patches are places with more grain than others: the grain's own variance must not vary more."""
        frame = exposed(GREY, sensor, gain=ISO_3200)

        def patchiness(pixels):
            cells = luma_of(pixels).reshape(24, 16, 24, 16).var(axis=(1, 3))
            return cells.std() / cells.mean()

        assert patchiness(photo(frame)) < 1.15 * patchiness(photo(frame, 0.0, 0.0))


@pytest.mark.parametrize("sensor", ["imx477", "imx219"])
@pytest.mark.parametrize("direction", [(0.0, 1.0), (1.0, 0.0), (0.7071, 0.7071)])
def test_a_faint_fine_pattern_keeps_its_contrast(sensor, direction):
    level, side = 0.18, 256
    flat = exposed(np.full((side, side), level), sensor, gain=ISO_3200)
    recipe = recipe_of(flat)
    grain = (run_stages(flat, demosaicked(recipe)).pixels @ recipe.stage(LumaNoise).weights).std()
    y, x = np.mgrid[:side, :side]
    wave = np.exp(2j * np.pi * 0.25 * (direction[0] * y + direction[1] * x))

    def contrast(chroma, luma):
        frames = (exposed(level + 3 * grain * wave.real, sensor, gain=ISO_3200, seed=seed) for seed in range(2))
        return sum(abs((luma_of(photo(frame, chroma, luma)) * wave.conj())[16:-16, 16:-16].mean()) for frame in frames)

    assert contrast(1.0, None) > 0.95 * contrast(0.0, 0.0)


def slanted(left, right, side=320, degrees=5.0):
    """A hard edge between two colours, and each pixel's distance from it."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    distance = x * np.cos(np.radians(degrees)) + y * np.sin(np.radians(degrees))
    share = np.clip(distance + 0.5, 0, 1)[..., None]
    return left * (1 - share) + right * share, distance


def width_px(values, distance):
    """From 10 to 90 % of the way between two sides."""
    bins = np.arange(-12, 12.01, 0.25)
    which = np.digitize(distance, bins)
    profile = np.array([values[which == number].mean() for number in range(1, len(bins))])
    share = (profile - profile[:24].mean()) / (profile[-24:].mean() - profile[:24].mean())
    middle = (bins[:-1] + bins[1:]) / 2
    last_dark, first_bright = np.flatnonzero(share < 0.1)[-1], np.flatnonzero(share > 0.9)[0]
    crossing = lambda level, at: np.interp(level, share[at : at + 2], middle[at : at + 2])  # noqa: E731
    return crossing(0.9, first_bright - 1) - crossing(0.1, last_dark)


# On imx219 in the same light blue lies hardly three deviations of its noise from grey: there the edge does soften.
@pytest.mark.parametrize("sensor", ["imx477", "imx708"])
@pytest.mark.parametrize(("left", "right", "plane"), [(RED, GREEN, 1), (BLUE, np.full(3, 0.18), 0)])
def test_colours_do_not_bleed_over_a_hard_edge(sensor, left, right, plane):
    picture, distance = slanted(left, right)
    frames = [exposed(picture, sensor, gain=ISO_3200, seed=seed) for seed in range(6)]
    before, after = (
        width_px(np.mean([chroma_of(photo(frame, *strengths))[plane] for frame in frames], axis=0), distance)
        for strengths in ((0.0, 0.0), ())
    )
    assert after == pytest.approx(before, rel=0.1)


def thread(side=320):
    """A red thread of 2 px, slanted, on grey, and where it is."""
    y, x = np.mgrid[:side, :side] - side / 2
    distance = (x * np.cos(0.14) + y * np.sin(0.14) + 12) % 24 - 12
    share = np.clip(1.5 - np.abs(distance), 0, 1)[..., None]
    return 0.18 * (1 - share) + RED * share, np.abs(distance) < 1


def dots(side=320):
    """Red dots of 3 px on grey, and where they are."""
    y, x = np.mgrid[:side, :side] % 17
    inside = (y < 3) & (x < 3)
    return np.where(inside[..., None], RED, 0.18), inside


@pytest.mark.parametrize("draw", [thread, dots])
def test_small_coloured_things_keep_most_of_their_colour(draw):
    picture, inside = draw()
    frame = exposed(picture, gain=ISO_3200)

    def colour(pixels):
        red = chroma_of(pixels)[1]
        return red[inside].mean() - np.median(red)

    assert colour(photo(frame)) > 0.75 * colour(photo(frame, 0.0, 0.0))


def test_taking_chroma_noise_leaves_the_luma_of_the_photo_alone():
    frame = exposed(GREY[:60, :90], gain=ISO_3200)
    recipe = recipe_of(frame)
    noisy = run_stages(frame, demosaicked(recipe))
    quiet = recipe.stage(ChromaNoise)(noisy)
    change = quiet.pixels.astype(np.float64) - noisy.pixels
    weights = DISPLAY_LUMA @ recipe.stage(Colour).complete_matrix()
    assert np.abs(change).max() > 0.02
    assert np.abs(change @ weights).max() < 1e-5


def test_strength_zero_is_truly_off():
    frame = exposed(GREY[:60, :90], gain=ISO_3200)
    stages = recipe_of(frame, 0.0, 0.0).stages
    without = tuple(stage for stage in stages if not isinstance(stage, ChromaNoise | LumaNoise))
    assert len(without) == len(stages) - 2
    np.testing.assert_array_equal(run_stages(frame, stages).pixels, run_stages(frame, without).pixels)
    assert np.any(run_stages(frame, stages).pixels != photo(frame))


def test_unknown_noise_is_not_guessed():
    frame = exposed(GREY[:60, :90], gain=ISO_3200)
    foreign = RawFrame(frame.pixels, dataclasses.replace(frame.shot, sensor="unknown", noise=None))
    off = {"chroma_noise": {"strength": 0.0}, "luma_noise": {"strength": 0.0}}
    shown, plain = (develop(foreign, photo_pipeline(tables), None) for tables in (None, off))
    np.testing.assert_array_equal(shown.pixels, plain.pixels)
    assert shown.recipe.stage(ChromaNoise).noise is None and shown.recipe.stage(LumaNoise).noise is None
    scene = Scene(foreign.shot, None, LightEstimate((1.0, 1.0), None), lambda: None, lambda: None, shown.recipe.stages)
    assert luma_noise_at(scene, np.array([0.1])) is None


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_black_and_white_stay_what_they_are(level):
    linear = np.full((33, 47, 3), level, np.float32)
    frame = exposed(GREY[:60, :90], gain=ISO_3200)
    for stage in recipe_of(frame).stages:
        if isinstance(stage, ChromaNoise | LumaNoise):
            np.testing.assert_allclose(stage(LinearImage(linear, frame.shot)).pixels, level, atol=1e-6)


@pytest.mark.skipif(not can_read(), reason="tesseract is not on this machine: apt install tesseract-ocr")
@pytest.mark.skipif("page" not in scene_names(), reason="scikit-image's photographs are not installed (extra: bench)")
def test_print_is_read_as_well_as_without_noise_reduction():
    """Letters 20 pixels high in light so dim that without noise reduction about every fifth word is lost."""
    page = 0.08 * np.stack(list(find_scene("page")(View(572, 1152, LIGHT_K))), axis=-1)
    # A reader that guesses misses a few words more or less by chance: several exposures.
    frames = [exposed(page[:420], gain=ISO_1600, seed=seed) for seed in range(5)]
    before, after = (sum(unread_words(photo(frame, *strengths)) for frame in frames) for strengths in ((0.0, 0.0), ()))
    assert 5 < before < 80
    assert after <= before
