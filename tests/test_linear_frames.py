"""Claims about pictures with three measured colours a pixel: the photo is the one that a mosaic of them would give."""

import dataclasses

import numpy as np
import pytest
from measures.colour_difference import chroma_vector
from measures.discs import SHAPE, discs
from measures.exposed import CORNER, MIDDLE, WHOLE, exposed
from measures.three_colours import demosaicked, three_colours

from firmware.cameras.simulated import simulate
from firmware.sensors import load_sensor
from isp.burst.places import places_of
from isp.colour_fringes import ColourFringes
from isp.develop import develop, run_stages
from isp.errors import FrameError, PipelineError
from isp.frames import BAYER_ORDERS, NEUTRAL_SHOT, LinearFrame, LinearImage, Noise
from isp.highlights import Highlights
from isp.photo import photo_pipeline, portrait_pipeline
from isp.pipeline import Pipeline
from isp.plan import plan
from isp.shading import Shading
from isp.tone import Tone, decode_srgb, encode_srgb
from isp.white_balance import WhiteBalance
from isp.zoom.as_mosaic import as_mosaic
from isp.zoom.black import black_of_colours
from isp.zoom.developing import develop_zoomed
from isp.zoom.three_colours import LEFT_OUT, ColourLevels, on_three_colours

BLACK = (60.0, 61.0, 63.0, 62.0)


def shot(**facts):
    return dataclasses.replace(NEUTRAL_SHOT, **(dict(black_dn=BLACK, white_dn=1023.0) | facts))


@pytest.fixture(scope="module")
def tuning():
    return load_sensor("imx219").tuning


@pytest.fixture(scope="module")
def frame(tuning):
    """A hand-held scene with lamps in it, as large as two tiles, with an uneven map of frames behind it."""
    made, _ = simulate("astronaut", "imx219", 640, 480, exposure_us=60000, analogue_gain=2.0, lux=500.0)
    recipe = plan(photo_pipeline(), made, tuning)
    linear = demosaicked(made, recipe)
    pixels = np.ascontiguousarray(linear.pixels[:301].repeat(3, axis=1)[:, :1701])
    behind = np.random.default_rng(2).uniform(1, 8, places_of(pixels.shape[:2])).astype(np.float32)
    return LinearFrame(pixels, dataclasses.replace(linear.shot, frames=8), behind)


def test_any_number_of_threads_and_any_way_to_look_on_gives_the_same_photo(frame, tuning):
    seen = []
    photo = develop_zoomed(frame, photo_pipeline(), tuning, threads=1)
    watched = develop_zoomed(
        frame, photo_pipeline(), tuning, threads=3, watcher=lambda stage, made: seen.append((stage, made))
    )
    np.testing.assert_array_equal(photo.pixels, watched.pixels)
    assert [type(stage) for stage, _ in seen] == [type(s) for s in photo.recipe.stages if not isinstance(s, LEFT_OUT)]
    assert isinstance(seen[0][1], LinearImage) and seen[0][1].frames_behind is frame.frames_behind
    assert photo.frames_behind is frame.frames_behind and photo.shot == frame.shot


def test_the_recipe_is_the_photos_own_list_and_makes_the_photo_again(frame, tuning):
    photo = develop_zoomed(frame, photo_pipeline(), tuning)
    stored = Pipeline.from_dict(photo.recipe.to_dict(), {s.table_name(): type(s) for s in photo_pipeline().stages})
    assert [type(stage) for stage in stored.stages] == [type(stage) for stage in photo_pipeline().stages]
    np.testing.assert_array_equal(develop_zoomed(frame, stored, None).pixels, photo.pixels)


@pytest.mark.parametrize("scene", ["chart", "room"])
def test_a_demosaicked_mosaic_gives_the_mosaics_photo(scene):
    frame, _ = simulate(scene, "imx219", 640, 480)
    tuning = load_sensor("imx219").tuning
    # Colour noise is smoothed further around here.
    knobs = {"colour_fringes": {"enabled": False}, "chroma_noise": {"strength": 0.0}}
    photo = develop(frame, photo_pipeline(knobs), tuning)
    linear = demosaicked(frame, photo.recipe)
    same = develop_zoomed(linear, photo.recipe, tuning)
    codes = np.abs(photo.pixels.astype(int) - same.pixels).max(axis=-1)
    # Demosaicking finds other colours beside a pixel that is blown and not yet rebuilt; and all that is darker than
    # black is shown alike, so that there a rounded count can show.
    around = np.pad(frame.pixels, 9, mode="edge")
    for axis in (0, 1):
        around = np.lib.stride_tricks.sliding_window_view(around, 19, axis).max(axis=2)
    assert codes.mean() < 0.3 and np.mean(codes[around < 0.7 * frame.shot.white_dn] > 2) < 2e-4
    planned = plan(photo_pipeline(), linear, tuning)
    for one, other in zip(planned.stage(WhiteBalance).gains, photo.recipe.stage(WhiteBalance).gains, strict=True):
        assert one == pytest.approx(other, rel=0.01)
    assert planned.stage(Tone).brightest == pytest.approx(photo.recipe.stage(Tone).brightest, rel=0.05)


@pytest.mark.parametrize("bayer", BAYER_ORDERS)
def test_the_mosaic_that_planning_sees_has_each_places_colour(bayer):
    pixels = np.random.default_rng(1).integers(0, 65536, (7, 9, 3)).astype(np.uint16)
    mosaic = as_mosaic(LinearFrame(pixels, shot(bayer=bayer)))
    for position, letter in enumerate(bayer):
        y, x = divmod(position, 2)
        colour = "RGB".index(letter)
        np.testing.assert_array_equal(mosaic.pixels[y::2, x::2], pixels[y::2, x::2, colour])
        assert mosaic.shot.black_dn[position] == black_of_colours(shot(bayer=bayer))[colour]


def shown_light(frame, light_k, until=Tone, **tables):
    """What the display shows after the tone curve, linear; or the picture behind an earlier stage."""
    recipe = plan(
        photo_pipeline({"white_balance": {"temperature_k": float(light_k)}} | tables),
        frame,
        load_sensor(frame.shot.sensor).tuning,
    )
    end = 1 + [type(stage) for stage in recipe.stages].index(until)
    stages = [at_work for stage in recipe.stages[:end] if (at_work := on_three_colours(stage)) is not None]
    pixels = run_stages(frame, stages).pixels
    return decode_srgb(pixels / 65535.0) if until is Tone else pixels


@pytest.mark.parametrize(("sensor", "light_k"), [("imx477", 5000), ("imx219", 4000), ("imx708", 6500)])
@pytest.mark.parametrize("field_of_view", [MIDDLE, CORNER])
def test_a_grey_that_clips_colour_by_colour_stays_grey(sensor, light_k, field_of_view):
    light = np.linspace(0.25, 6.0 if field_of_view == MIDDLE else 16.0, 600) * np.ones((12, 1))
    frame = three_colours(light, sensor, light_k=light_k, noise=False, field_of_view=field_of_view)
    # In the dark corner a step of ten bits has as much colour as this.
    assert np.abs(chroma_vector(shown_light(frame, light_k))).max() < 0.007


def blurred_disc(size=80, radius=14.0, blur_px=3.0):
    """(size, size): 1 in the middle, falling to 0 as a lens blurs a rim."""
    y, x = np.mgrid[:size, :size] - size / 2
    return 1.0 / (1.0 + np.exp((np.hypot(y, x) - radius) / (0.6 * blur_px)))


@pytest.mark.parametrize(("sensor", "light_k"), [("imx477", 5000), ("imx708", 2900)])
def test_lamps_have_their_colour_and_white_and_no_rim_of_another(sensor, light_k):
    lamp = three_colours(0.01 + 12 * blurred_disc(), sensor, light_k=light_k, noise=False)
    assert np.abs(chroma_vector(shown_light(lamp, light_k))).max() < 0.03
    for colour in ((1, 0.55, 0.16), (1, 0.1, 0.05), (0.1, 1, 0.2), (0.1, 0.2, 1)):
        picture = 0.005 + 12 * blurred_disc()[..., None] * np.array(colour)
        light = shown_light(three_colours(picture, sensor, light_k=light_k, noise=False), light_k)
        own = chroma_vector(np.array(colour, dtype=float))
        along = chroma_vector(light) / (own / np.abs(own))
        assert np.abs(along.imag).max() < 0.12 and along.real.min() > -0.03
        assert np.abs(along[40, 40]) < 0.02  # the middle of the lamp is white


def test_nothing_becomes_darker_and_all_that_is_far_from_clipping_stays_to_the_bit():
    picture = 0.01 + 3 * blurred_disc()[..., None] * np.array((1, 0.6, 0.3))
    frame = three_colours(picture, light_k=5000)
    before, after = (shown_light(frame, 5000, until=kind) for kind in (WhiteBalance, Highlights))
    assert np.all(after >= before)
    changed = np.any(after != before, axis=-1)
    levels = run_stages(frame, [ColourLevels()]).pixels
    assert changed.any() and not np.any(changed & (levels.max(axis=-1) < 0.7))


def test_the_lens_is_known_and_taking_its_fringes_off_brings_the_photo_nearer_to_the_truth(tuning):
    corner_px = np.hypot(*SHAPE) / 2
    mosaics = [
        exposed(discs(), "imx219", field_of_view=WHOLE, colour_fringes=share / corner_px) for share in (1.5, 0.0)
    ]
    frame, flawless = (demosaicked(mosaic, plan(photo_pipeline(), mosaic, tuning)) for mosaic in mosaics)
    light = {"white_balance": {"temperature_k": 5000.0}, "sharpen": {"amount": 0.0}}
    photos = [
        develop_zoomed(frame, photo_pipeline(light | {"colour_fringes": {"enabled": on}}), tuning)
        for on in (False, True)
    ]
    lens = photos[1].recipe.stage(ColourFringes)
    assert (lens.red_scale - 1) * corner_px == pytest.approx(1.5, abs=0.1)
    assert (lens.blue_scale - 1) * corner_px == pytest.approx(-1.5, abs=0.1)
    wrong = [np.square(photo.pixels - 255 * encode_srgb(discs())).mean() for photo in photos]
    assert 10 * np.log10(wrong[0] / wrong[1]) > 2
    without = plan(photo_pipeline(), flawless, tuning).stage(ColourFringes)
    assert (without.red_scale, without.blue_scale) == (1.0, 1.0)


@pytest.mark.parametrize("enabled", [True, False])
def test_all_that_is_blown_is_white_also_in_the_corners(enabled):
    frame = three_colours(np.full((120, 160), 40.0), "imx219", field_of_view=WHOLE)
    tables = {"highlights": {"enabled": enabled}, "white_balance": {"temperature_k": 5000.0}}
    assert develop_zoomed(frame, photo_pipeline(tables), load_sensor("imx219").tuning).pixels.min() >= 253
    white = shown_light(frame, 5000, until=Shading, highlights={"enabled": enabled})
    assert np.ptp(white, axis=-1).max() < 0.02 * white.max()


@pytest.mark.parametrize(
    "tables",
    [{"highlights": {"whitening": 0.9}}, {"highlights": {"enabled": False}}, {"white_balance": {"tint": 20.0}}],
    ids=str,
)
def test_the_knobs_of_the_stages_at_work_move_the_picture(frame, tuning, tables):
    part = LinearFrame(frame.pixels[:100, :200].copy(), dataclasses.replace(frame.shot, frames=1))
    usual, moved = (develop_zoomed(part, photo_pipeline(knobs), tuning).pixels for knobs in ({}, tables))
    assert np.any(usual != moved)


EXTREMES = {"black": 60, "below black": 0, "white": 1023, "largest": 65535}


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("size", [(2, 2), (3, 5), (5, 3), (2, 33), (64, 66)], ids=lambda size: f"{size[1]}x{size[0]}")
@pytest.mark.parametrize("known", [True, False])
def test_any_frame_is_planned_and_developed(size, known):
    facts = dict(sensor="imx219", noise=Noise(1e-4, 1e-6), exposure_us=1e4, analogue_gain=1.0) if known else {}
    plain = shot(**facts, black_dn=(60.0,) * 4)
    tuning = load_sensor("imx219").tuning if known else None
    for kind, counts in EXTREMES.items():
        photo = develop_zoomed(LinearFrame(np.full((*size, 3), counts, np.uint16), plain), photo_pipeline(), tuning)
        assert photo.pixels.shape == (*size, 3)
        assert np.all(photo.pixels == (0 if "black" in kind else 255))
    noise = np.random.default_rng(size).integers(0, 1400, (*size, 3)).astype(np.uint16)
    assert develop_zoomed(LinearFrame(noise, plain), photo_pipeline(), tuning).pixels.shape == (*size, 3)


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (np.zeros((4, 4), np.uint16), r"shape \(4, 4\); it must be \(height, width, 3\)"),
        (np.zeros((4, 4, 1), np.uint16), r"shape \(4, 4, 1\)"),
        (np.zeros((4, 4, 4), np.uint16), r"shape \(4, 4, 4\)"),
        (np.zeros((0, 4, 3), np.uint16), "smallest is 2 x 2"),
        (np.zeros((9, 1, 3), np.uint16), "1 x 9 pixels"),
        (np.zeros((4, 4, 3), np.uint8), "uint8; they must be uint16"),
        (np.full((4, 4, 3), np.nan, np.float32), "float32; they must be uint16"),
        ([[[1, 2, 3]] * 2] * 2, "list"),
    ],
)
def test_what_is_no_linear_frame_is_refused(pixels, said):
    with pytest.raises(FrameError, match=said):
        LinearFrame(pixels, NEUTRAL_SHOT)


def test_recipes_that_are_no_photos_are_refused(frame):
    stages = photo_pipeline().stages
    for pipeline, said in (
        (Pipeline(stages[1:]), "begins with Levels"),
        (Pipeline(stages[:-1]), "ends with EightBit"),
        (portrait_pipeline(), "blurs"),
    ):
        with pytest.raises(PipelineError, match=said):
            develop_zoomed(frame, pipeline, None)
