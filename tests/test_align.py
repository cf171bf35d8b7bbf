"""Alignment against scenes that are drawn, not warped: the true shift of every place is known."""

import dataclasses
import itertools
from functools import cache

import numpy as np
import pytest
from measures.exposed import exposed

from firmware.cameras.simulated import simulate
from firmware.cameras.simulation.bad_pixels import scatter_bad_pixels
from isp.burst.align import align, align_levels
from isp.burst.motion import measure_motion
from isp.burst.places import places_of
from isp.burst.pyramid import pyramid_of, sharpness
from isp.errors import FrameError
from isp.frames import RawFrame

SHAPE = (600, 800)
# A scene's light at ISO 100, at ISO 3200 two stops under, and in the dark: four raw pixels' noise is then its texture.
LIGHTS = {"bright": (100, 1.0), "dim": (800, 0.25), "noisy": (3200, 0.25), "dark": (3200, 0.06)}


@cache
def discs(shape=SHAPE, shift=(0.0, 0.0), turn=0.0, seed=1, ball=None):
    """(H, W) linear light: soft discs of all sizes, moved by `shift` and turned about the middle.

    ball  (y, x, radius) of a patterned disc before all others
    """
    rng = np.random.default_rng(seed)
    height, width = shape
    picture = np.full(shape, 0.2, np.float32)
    for _ in range(max(height * width // 1000, 20)):
        down, across = rng.uniform(-80, height + 80) - height / 2, rng.uniform(-80, width + 80) - width / 2
        radius, level = rng.uniform(3, 40), rng.uniform(0.03, 0.7)
        y = height / 2 + down - turn * across + shift[0]
        x = width / 2 + across + turn * down + shift[1]
        paint(picture, y, x, radius, level)
    if ball is not None:
        y, x, radius = ball
        paint(picture, y, x, radius, 0.35)
        pattern = np.random.default_rng(99)
        for _ in range(40):
            angle, out = pattern.uniform(0, 2 * np.pi), radius * 0.85 * pattern.uniform() ** 0.5
            size, level = pattern.uniform(2, radius * 0.15), pattern.uniform(0.03, 0.9)
            paint(picture, y + out * np.sin(angle), x + out * np.cos(angle), size, level)
    picture.flags.writeable = False
    return picture


def paint(picture, y, x, radius, level):
    rows = slice(max(int(y - radius - 4), 0), max(int(y + radius + 5), 0))
    columns = slice(max(int(x - radius - 4), 0), max(int(x + radius + 5), 0))
    grid = np.mgrid[: picture[rows, columns].shape[0], : picture[rows, columns].shape[1]].astype(np.float32)
    distance = radius - np.hypot(grid[0] + rows.start + 0.5 - y, grid[1] + columns.start + 0.5 - x)
    share = 1 / (1 + np.exp(np.clip(-2.6 * distance, -30, 30)))
    picture[rows, columns] += share * (level - picture[rows, columns])


def shot(picture, light="bright", seed=1, **facts):
    iso, share = LIGHTS[light]
    return exposed(picture * np.float32(share), gain=iso / 100, seed=seed, **facts)


def with_bad_pixels(frame, share):
    flaws = scatter_bad_pixels(share, frame.pixels.shape, seed=7)
    counts = frame.pixels.astype(np.float32).ravel()
    counts[flaws.hot] += flaws.hot_levels * (frame.shot.white_dn - frame.shot.black_dn[0])
    counts[flaws.dead] = frame.shot.black_dn[0]
    counts = np.minimum(counts, frame.shot.white_dn).astype(np.uint16)
    return RawFrame(counts.reshape(frame.pixels.shape), frame.shot)


def places(shape):
    """(rows, 1) and (1, columns): where the places stand."""
    rows, columns = places_of(shape)
    return np.arange(rows)[:, None] * 16, np.arange(columns)[None, :] * 16


def true_shift(shape, shift, turn=0.0):
    y, x = places(shape)
    down, across = y - shape[0] / 2 + 0 * x, x - shape[1] / 2 + 0 * y
    return np.stack([shift[0] - turn * across, shift[1] + turn * down], axis=-1)


def aligned(reference, frame):
    return align(pyramid_of(reference), pyramid_of(frame))


def is_found(found):
    """Most of the reference's texture is there again."""
    return found.explained > 0.5


def errors_px(found, truth):
    return np.hypot(*np.moveaxis(found.px - truth, -1, 0))


def assert_found(found, truth, median=0.3, most=0.6, worst=1.5):
    error = errors_px(found, truth)
    assert is_found(found)
    assert np.median(error) < median
    assert np.percentile(error, 95) < most
    assert error.max() < worst


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("shift, turn", [((0.6, -0.3), 0), ((6.3, -11.7), 0), ((30.2, 10.4), 0.0087), ((-64, 50), 0)])
def test_every_place_is_found_where_the_hand_moved_it(shift, turn, light):
    found = aligned(shot(discs(), light, 1), shot(discs(shift=shift, turn=turn), light, 2))
    assert_found(found, true_shift(SHAPE, shift, turn), worst=2.5 if light == "dark" else 1.0)
    assert found.explained > 0.97


def test_in_good_light_vectors_are_good_to_a_tenth_of_a_pixel():
    for shift in ((0.0, 0.0), (0.25, 0.5), (1.0, 0.75), (-5.4, 3.9)):
        found = aligned(shot(discs(), seed=1), shot(discs(shift=shift), seed=2))
        assert_found(found, true_shift(SHAPE, shift), median=0.12, most=0.2, worst=0.5)


@pytest.mark.parametrize("light", ["bright", "noisy"])
@pytest.mark.parametrize("sensor", ["imx477", "imx708"])
@pytest.mark.parametrize("hflip, vflip", [(False, False), (True, False), (False, True), (True, True)])
def test_every_sensor_bayer_order_and_flip_gives_the_vectors_of_its_own_picture(sensor, hflip, vflip, light):
    facts = dict(sensor=sensor, hflip=hflip, vflip=vflip)
    found = aligned(shot(discs(), light, 1, **facts), shot(discs(shift=(8.4, -13.7)), light, 2, **facts))
    flips = np.array([-1 if vflip else 1, -1 if hflip else 1])
    assert_found(found, true_shift(SHAPE, (8.4, -13.7)) * flips)


@pytest.mark.parametrize("shape", [(64, 48), (97, 101), (150, 90), (333, 62), (601, 799)])
def test_odd_and_small_frames_are_aligned(shape):
    pictures = (discs(shape, seed=3), discs(shape, shift=(2.0, -3.0), seed=3))
    found = aligned(*(shot(picture[: shape[0] // 2 * 2, : shape[1] // 2 * 2]) for picture in pictures))
    assert np.median(errors_px(found, true_shift(found_shape(shape), (2.0, -3.0)))) < 0.3


def found_shape(shape):
    return tuple(length // 2 * 2 for length in shape)


@pytest.mark.parametrize("shape", [(2, 2), (3, 5), (16, 16), (31, 33), (2, 400), (400, 2)])
def test_a_frame_smaller_than_a_tile_has_a_finite_vector_at_each_place(shape):
    counts = np.random.default_rng(2).integers(300, 3000, shape, dtype=np.uint16)
    frame = RawFrame(counts, shot(np.full((2, 2), 0.2)).shot)
    found = aligned(frame, frame)
    assert found.px.shape == (*places_of(shape), 2)
    assert np.abs(found.px).max() < 1


def test_a_shift_beyond_reach_is_found_or_said_not_to_be():
    for shift in ((90, -70), (150, 120), (220, -260)):
        found = aligned(shot(discs(), seed=1), shot(discs(shift=shift), seed=2))
        assert not is_found(found) or np.median(errors_px(found, true_shift(SHAPE, shift))) < 1


def test_the_edges_of_the_frame_are_found_although_what_they_show_moves_out():
    shift = (-22.0, 31.0)
    for light in ("bright", "noisy"):
        found = aligned(shot(discs(), light, 1), shot(discs(shift=shift, turn=0.0087), light, 2))
        error = errors_px(found, true_shift(SHAPE, shift, 0.0087))
        for edge in (error[0], error[-1], error[:, 0], error[:, -1]):
            assert np.median(edge) < 0.5
            assert edge.max() < 1.5


@pytest.mark.parametrize("light", ["noisy", "dark"])
def test_hot_and_dead_pixels_that_stand_still_hold_no_tile_back(light):
    shift = (8.4, -13.7)
    clean = shot(discs(), light, 1), shot(discs(shift=shift), light, 2)
    # Ten times as many as a sensor has.
    flawed = aligned(*(with_bad_pixels(frame, 1e-3) for frame in clean))
    before = np.percentile(errors_px(aligned(*clean), true_shift(SHAPE, shift)), 95)
    assert np.percentile(errors_px(flawed, true_shift(SHAPE, shift)), 95) < 1.15 * before + 0.02


@pytest.mark.parametrize("light", ["bright", "noisy"])
@pytest.mark.parametrize("step", [(3, 4), (6, -19), (0, 40)])
def test_a_ball_keeps_its_own_vector_and_leaves_its_surroundings_theirs(step, light):
    shift, at, radius = (5.3, -3.2), (300, 380), 80
    moved = (at[0] + shift[0] + step[0], at[1] + shift[1] + step[1])
    found = aligned(
        shot(discs(ball=(*at, radius)), light, 1), shot(discs(shift=shift, ball=(*moved, radius)), light, 2)
    )
    y, x = places(SHAPE)
    distance = np.hypot(y - at[0], x - at[1])
    of_ball = errors_px(found, true_shift(SHAPE, np.add(shift, step)))[distance < radius - 24]
    assert np.median(of_ball) < 0.4
    assert np.mean(of_ball < 1.0) > 0.9
    beside = errors_px(found, true_shift(SHAPE, shift))[distance > radius + 30 + np.hypot(*step)]
    assert np.percentile(beside, 95) < 0.5
    assert beside.max() < 1.0
    assert is_found(found)


def test_near_and_far_things_keep_their_own_vectors():
    """What is near moves farther when the camera moves sideways: half the picture differs from the hand's movement."""
    near = np.arange(SHAPE[1])[None, :] < 400
    moved = np.where(near, discs(shift=(4.4, -6.6)), discs(shift=(4.4, 3.3)))
    found = aligned(shot(discs(), seed=1), shot(moved, seed=2))
    for part, shift in ((np.s_[2:-2, 2:22], (4.4, -6.6)), (np.s_[2:-2, 28:-2], (4.4, 3.3))):
        error = errors_px(found, true_shift(SHAPE, shift))[part]
        assert np.median(error) < 0.15
        assert np.percentile(error, 95) < 0.5


@pytest.mark.parametrize("light", ["bright", "noisy"])
@pytest.mark.parametrize("period_px", [6.3, 9.0, 16.0, 40.0])
def test_a_fence_moves_with_what_is_around_it(period_px, light):
    def with_fence(picture, shift):
        x = np.arange(SHAPE[1]) - shift[1]
        fence = 0.3 + 0.2 * np.tanh(4 * np.sin(2 * np.pi * x / period_px))
        framed = picture.copy()
        top, left = 200 + round(shift[0]), 200 + round(shift[1])
        framed[top : top + 200, left : left + 400] = fence[left : left + 400]
        return framed

    shift = (8.0, -14.0)
    found = aligned(shot(with_fence(discs(), (0, 0)), light, 1), shot(with_fence(discs(shift=shift), shift), light, 2))
    across = np.abs(found.px[14:23, 15:34, 1] - shift[1])
    assert np.mean(across < 1.0) > 0.97


@pytest.mark.parametrize("light", LIGHTS)
def test_a_flat_scene_stays_about_where_it_is(light):
    flat = np.full(SHAPE, 0.2, np.float32)
    found = aligned(shot(flat, light, 1), shot(flat, light, 2))
    assert np.abs(found.px).max() < 2.0
    assert is_found(found)
    assert (found.trust > 1).mean() < 0.01


@pytest.mark.parametrize("light", ["bright", "noisy", "dark"])
def test_flat_parts_follow_the_hand_that_textured_parts_show(light):
    """A dozen small discs on a wall, turned by half a degree."""
    few = [np.full(SHAPE, 0.2, np.float32) for _ in range(2)]
    rng = np.random.default_rng(4)
    shift, turn = (8.4, -13.7), 0.0087
    for _ in range(24):
        down, across = rng.uniform(-260, 260), rng.uniform(-360, 360)
        radius, level = rng.uniform(8, 25), rng.uniform(0.4, 0.8)
        paint(few[0], 300 + down, 400 + across, radius, level)
        paint(few[1], 300 + down - turn * across + shift[0], 400 + across + turn * down + shift[1], radius, level)
    found = aligned(shot(few[0], light, 1), shot(few[1], light, 2))
    assert_found(found, true_shift(SHAPE, shift, turn), median=0.5, most=1.0, worst=1.5)


@pytest.mark.parametrize("light", LIGHTS)
def test_frames_that_show_something_else_are_not_found(light):
    reference = shot(discs(), light, 1)
    for other in (np.zeros(SHAPE, np.float32), discs(seed=5), np.full(SHAPE, 0.7, np.float32)):
        assert not is_found(aligned(reference, shot(other, light, 2)))
    flat = shot(np.full(SHAPE, 0.2, np.float32), light, 1)
    assert not is_found(aligned(flat, shot(np.zeros(SHAPE, np.float32), light, 2)))


def test_a_wholly_blurred_frame_is_not_found():
    blurred = discs()
    for axis in (0, 1):
        blurred = sum(np.roll(blurred, step, axis) for step in range(-30, 31)) / 61
    assert not is_found(aligned(shot(discs(), seed=1), shot(blurred, seed=2)))


def test_flicker_moves_nothing():
    found = aligned(shot(discs(), seed=1), shot(discs(shift=(8.4, -13.7)) * np.float32(1.2), seed=2))
    assert_found(found, true_shift(SHAPE, (8.4, -13.7)), median=0.3, most=0.6)


@pytest.mark.parametrize("light", ["dim", "noisy"])
def test_trust_is_the_inverse_of_what_vectors_miss_by(light):
    """Of vectors that have not heard their neighbours; of two unknowns the mean square is 2."""
    seen = align_levels(pyramid_of(shot(discs(), light, 1)), pyramid_of(shot(discs(), light, 2)), 0, 1).observed
    y, x = seen.vectors
    told = seen.trust[0] * y**2 + 2 * seen.trust[1] * y * x + seen.trust[2] * x**2
    assert 0.6 < told[seen.trust[0] + seen.trust[2] > 8].mean() / 2 < 1.6


@pytest.mark.parametrize("sensor", ["imx477", "imx708", "ov5647"])
@pytest.mark.parametrize("iso", [400, 1600, 6400])
def test_the_noise_of_grey_is_what_the_pyramid_says_at_every_brightness(sensor, iso):
    for light in (0.01, 0.1, 0.6):
        frame = exposed(np.full((400, 500), light), sensor, gain=iso / 100, seed=4)
        pyramid = pyramid_of(frame)
        for grey, noise in list(zip(pyramid.levels, pyramid.noise, strict=True))[:2]:
            # Differences of pixels far enough apart to have noise of their own; shading hardly differs there.
            variance = np.var(grey[:, 6:].astype(float) - grey[:, :-6]) / 2
            assert variance < 1.15 * noise
            assert variance > 0.8 * noise or noise < 0.26 or (iso, light) == (6400, 0.01)


def test_a_pyramid_is_a_third_of_a_byte_a_pixel():
    pyramid = pyramid_of(shot(discs()))
    assert sum(level.nbytes for level in pyramid.levels) < 0.34 * SHAPE[0] * SHAPE[1]


def test_bytes_are_the_same_for_any_number_of_threads():
    frames = [shot(discs(), "noisy", 1), shot(discs(shift=(30.2, 10.4), turn=0.0087), "noisy", 2)]
    one, *others = ([pyramid_of(frame, threads) for frame in frames] for threads in (1, 2, 5))
    alone = align(*one, threads=1)
    for threads, pyramids in zip((2, 5), others, strict=True):
        for first, second in zip(one, pyramids, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(first.levels, second.levels, strict=True))
        found = align(*pyramids, threads=threads)
        assert np.array_equal(found.px, alone.px)
        assert np.array_equal(found.trust, alone.trust)
        assert (found.explained, found.hand) == (alone.explained, alone.hand)


@pytest.mark.parametrize("light, blur_px", [("bright", 1.0), ("dim", 1.0), ("noisy", 2.0)])
def test_sharpness_is_the_same_for_frames_equally_sharp_and_less_for_a_little_motion(light, blur_px):
    shifts = [(0, 0), (2.3, -3.1), (0, 0), (0.5, 0.5)]
    sharp = [sharpness(pyramid_of(shot(discs(shift=shift), light, seed))) for seed, shift in enumerate(shifts)]
    # The picture has a tenth of the camera's pixels: at ISO 3200 noise alone makes a percent.
    assert max(sharp) < (1.025 if light == "noisy" else 1.01) * min(sharp)
    blurred = np.mean([discs(shift=(0.0, step * blur_px)) for step in (-0.5, -0.25, 0.0, 0.25, 0.5)], axis=0)
    assert sharpness(pyramid_of(shot(blurred, light, 9))) < min(sharp)


def test_frames_that_do_not_belong_together_are_refused():
    reference = pyramid_of(shot(discs()))
    with pytest.raises(FrameError, match="cannot be aligned"):
        align(reference, pyramid_of(shot(discs((598, 800)))))
    with pytest.raises(FrameError, match="noise"):
        align(reference, pyramid_of(shot(discs(), "dim")))
    frame = shot(discs())
    unknown = dataclasses.replace(frame.shot, sensor="unknown", noise=None)
    with pytest.raises(FrameError, match="noise"):
        pyramid_of(RawFrame(frame.pixels, unknown))


def later(frame, ms):
    return RawFrame(frame.pixels, dataclasses.replace(frame.shot, timestamp_ns=int(ms * 1e6)))


@pytest.mark.parametrize("light", ["bright", "dim", "noisy"])
def test_a_tripod_is_told_from_a_hand(light):
    still = measure_motion(shot(discs(), light, 1), later(shot(discs(), light, 2), 40))
    assert np.hypot(*still.hand_px) < 0.05
    assert (still.local_px, still.moving_px) == (0, 0)
    assert still.moving_share < 0.01
    for shift in ((0.3, 0.2), (3.0, -5.0), (21.0, 9.0)):
        moved = measure_motion(shot(discs(), light, 1), later(shot(discs(shift=shift), light, 2), 40))
        assert np.hypot(*np.subtract(moved.hand_px, shift)) < 0.1 * np.hypot(*shift)
        assert moved.hand_px_per_ms == pytest.approx(np.hypot(*shift) / 40, rel=0.25)
        assert moved.local_px == 0


@pytest.mark.parametrize("light", ["bright", "noisy"])
@pytest.mark.parametrize("step", [4, 15, 40])
def test_what_moves_by_itself_is_told_from_the_hand(step, light):
    before = shot(discs(ball=(300, 380, 100)), light, 1)
    after = shot(discs(shift=(1.2, -0.4), ball=(301.2, 379.6 + step, 100)), light, 2)
    found = measure_motion(before, later(after, 40))
    assert np.hypot(*np.subtract(found.hand_px, (1.2, -0.4))) < 0.2
    assert 0.03 < found.moving_share < 0.15  # the ball is 6.5 % of the picture, and covers as much again
    assert found.moving_px == pytest.approx(step, rel=0.15, abs=0.3)


def test_the_simulated_hand_is_measured_as_it_moves():
    facts = dict(width_px=640, height_px=480, sensor="imx219", handshake_px=60.0, lux=40.0, seed=3)
    frames = [simulate("room", frame_number=number, **facts) for number in range(4)]
    for (before, was), (after, now) in itertools.pairwise(frames):
        found = measure_motion(before, after)
        assert np.hypot(*(np.subtract(found.hand_px, now.shift_px) + was.shift_px)) < 0.3
        assert found.moving_share < 0.02


def test_two_frames_of_one_instant_have_no_speed():
    frame = shot(discs())
    with pytest.raises(FrameError, match="time"):
        measure_motion(frame, frame)
