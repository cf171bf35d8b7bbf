"""Claims about a picture that more frames back here than there: noise goes where it was not merged away, not detail."""

import dataclasses

import numpy as np
import pytest
from measures.exposed import exposed
from measures.half_merged import half_merged
from measures.luma_chroma import chroma_of, luma_of

from firmware.cameras.simulated import simulate
from firmware.sensors import load_sensor
from isp.burst.places import places_of
from isp.develop import develop, run_stages
from isp.errors import FrameError
from isp.frames import LinearImage, Mosaic, Noise, Photo, RawFrame
from isp.local_tone import LocalTone
from isp.photo import photo_pipeline
from isp.plan import plan

ISO_3200 = 32.0
LIGHT_K = 5000.0
OFF = {"chroma_noise": {"strength": 0.0}, "luma_noise": {"strength": 0.0}, "sharpen": {"amount": 0.0}}
# Of a picture of 640 columns: the clean places are the median, or the noisy ones are.
MOSTLY_MERGED, MOSTLY_SINGLE = 384, 256
# What either side's noise reduction sees of the other's picture ends well before these.
CLEAN, NOISY = (slice(16, -16), slice(16, 200)), (slice(16, -16), slice(440, -16))


def recipe_of(frame, tables=None):
    given = {"white_balance": {"temperature_k": LIGHT_K}} | (tables or {})
    return plan(photo_pipeline(given), frame, load_sensor(frame.shot.sensor).tuning)


def photo(frame, tables=None) -> np.ndarray:
    """(H, W, 3) uint8."""
    return run_stages(frame, recipe_of(frame, tables).stages).pixels


def unmapped(frame):
    return dataclasses.replace(frame, frames_behind=None)


def noise_of(pixels) -> tuple[float, float]:
    """Deviation of luma and of colour, in codes."""
    return luma_of(pixels).std(), np.sqrt(chroma_of(pixels).var(axis=(1, 2)).sum())


@pytest.mark.parametrize("level", [0.18, 0.05])
@pytest.mark.parametrize("merged", [MOSTLY_MERGED, MOSTLY_SINGLE])
def test_both_sides_look_alike(level, merged):
    """One frame is 2.8 times as noisy as the mean of eight, in grain and in colour."""
    frame = half_merged(np.full((160, 640), level), merged, gain=ISO_3200)
    times = {}
    for name, picture in (("as it is", photo(frame, OFF)), ("even", photo(unmapped(frame))), ("map", photo(frame))):
        times[name] = np.divide(noise_of(picture[NOISY]), noise_of(picture[CLEAN]))
    grain, colour = times["map"]
    assert grain < 0.9 * times["as it is"][0] and colour < times["as it is"][1]
    if merged == MOSTLY_MERGED:
        # Told of the clean side's noise alone, both filters leave the noisy side as it is.
        assert grain < 1.9 < 3 < times["even"][0]
        assert colour < 2.7 < 8 < times["even"][1]
    else:
        # Told of the noisy side's noise alone, they smooth the clean side as if it were noisy too.
        assert np.all(times["map"] < 0.85 * times["even"])


def test_the_clean_half_is_what_it_is_without_a_noisy_one():
    frame = half_merged(np.full((96, 640), 0.18), MOSTLY_MERGED, gain=ISO_3200)
    change = photo(frame).astype(int) - photo(unmapped(frame))
    assert np.abs(change[CLEAN]).max() <= 1
    assert np.abs(change[NOISY]).max() > 20


def test_faint_texture_of_the_clean_half_outlives_the_noise_of_the_other():
    """A fine pattern as strong as one frame's grain: three times as strong as the merged half's."""
    y, x = np.mgrid[:192, :640]
    wave = np.exp(2j * np.pi * 0.25 * (0.8 * x + 0.6 * y))
    flat = exposed(np.full((192, 192), 0.18), gain=ISO_3200)
    linear = run_stages(flat, recipe_of(flat, OFF).stages[:6]).pixels
    grain = (linear @ recipe_of(flat).stages[7].weights).std()
    frame = half_merged(0.18 + grain * wave.real, MOSTLY_SINGLE, gain=ISO_3200)

    def contrast(pixels):
        return abs((luma_of(pixels) * wave.conj())[CLEAN].mean())

    sharp = {"sharpen": {"amount": 0.0}}
    before, even, mapped = contrast(photo(frame, OFF)), contrast(photo(unmapped(frame), sharp)), photo(frame, sharp)
    assert even < 0.9 * before
    assert contrast(mapped) > 0.97 * before


def test_an_even_map_is_no_map():
    frame = half_merged(np.full((64, 96), 0.18), 96 + 16, gain=ISO_3200)
    assert frame.frames_behind.min() == frame.shot.frames
    np.testing.assert_array_equal(photo(frame), photo(unmapped(frame)))


def test_one_by_one_and_on_any_number_of_threads_the_bytes_are_the_same():
    rng = np.random.default_rng(2)
    frame = half_merged(rng.uniform(0, 0.5, (130, 1650, 3)), 800, gain=ISO_3200)
    behind = rng.uniform(1, 8, frame.frames_behind.shape).astype(np.float32)
    frame = dataclasses.replace(frame, frames_behind=behind)
    stages = recipe_of(frame).stages
    wanted = run_stages(frame, stages, 1).pixels
    assert np.any(wanted != run_stages(unmapped(frame), stages, 1).pixels)
    for threads in (2, 7):
        np.testing.assert_array_equal(run_stages(frame, stages, threads).pixels, wanted)
    picture = frame
    for stage in stages:
        picture = stage(picture)
        assert picture.frames_behind is behind
    np.testing.assert_array_equal(picture.pixels, wanted)


def test_the_recipe_says_nothing_of_the_map_and_follows_it_all_the_same():
    frame = half_merged(np.full((64, 640), 0.18), MOSTLY_MERGED, gain=ISO_3200)
    made = develop(frame, recipe_of(frame), None)
    assert made.recipe == recipe_of(unmapped(frame))
    np.testing.assert_array_equal(develop(frame, made.recipe, None).pixels, made.pixels)


@pytest.mark.parametrize(
    ("kind", "pixels"),
    [
        (RawFrame, np.zeros((32, 48), np.uint16)),
        (Mosaic, np.zeros((32, 48), np.float32)),
        (LinearImage, np.zeros((32, 48, 3), np.float32)),
        (Photo, np.zeros((32, 48, 3), np.uint8)),
    ],
)
def test_a_map_that_does_not_fit_its_picture_is_refused(kind, pixels):
    shot = half_merged(np.full((32, 48), 0.1), 16, gain=1.0).shot
    fits = np.full(places_of((32, 48)), 2, np.float32)
    kind(pixels, shot, frames_behind=fits)
    for wrong in (fits[:-1], fits.astype(np.float64), np.full_like(fits, 0.5), np.full_like(fits, 9), fits * np.nan):
        with pytest.raises(FrameError, match="frames_behind"):
            kind(pixels, shot, frames_behind=wrong)


@pytest.mark.parametrize("scene", ["chart", "lamps"])
def test_finer_counts_make_the_same_photo(scene):
    """A merge multiplies counts and levels; nothing in planning or developing may depend on their scale."""
    frame, _ = simulate(scene, "imx219", 640, 480, lux=20.0)
    finer = int(65535 // frame.shot.white_dn)
    levels = {
        "black_dn": tuple(finer * level for level in frame.shot.black_dn),
        "white_dn": finer * frame.shot.white_dn,
    }
    same = RawFrame(frame.pixels * np.uint16(finer), dataclasses.replace(frame.shot, **levels))
    tuning = load_sensor("imx219").tuning
    photos = [develop(counts, photo_pipeline(), tuning).pixels.astype(int) for counts in (frame, same)]
    assert np.abs(photos[0] - photos[1]).max() <= 1
    assert np.mean(photos[0] != photos[1]) < 0.02


def test_the_cleaner_shadows_of_a_merged_picture_are_lifted_further():
    frame, _ = simulate("room", "imx477", 1332, 990, lux=20.0)
    lifts = []
    for frames in (1, 4, 15):
        left = Noise(frame.shot.noise.shot / frames, frame.shot.noise.read / frames)
        merged = RawFrame(frame.pixels, dataclasses.replace(frame.shot, noise=left))
        lifts.append(plan(photo_pipeline(), merged, load_sensor("imx477").tuning).stage(LocalTone).largest_lift_ev)
    assert 0 < lifts[0] < 0.8 * lifts[1] < 0.7 * lifts[2]
