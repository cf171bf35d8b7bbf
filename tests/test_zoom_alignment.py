"""Shifts to hundredths of a pixel, and whether frames lie between each other's pixels: by bursts with their truth."""

import dataclasses

import numpy as np
import pytest
from measures.bursts import Pose, burst_of, hand_held
from measures.passers_by import Ball
from measures.scenery import photograph, texture

from isp.burst.align import align
from isp.burst.hand import Hand
from isp.burst.places import PITCH_PX, places_of
from isp.burst.pyramid import pyramid_of
from isp.errors import FrameError
from isp.frames import RawFrame
from isp.kernels import FINE_SUMS, fine_grey, fine_tiles
from isp.zoom.diversity import measured_diversity
from isp.zoom.drift import Drift
from isp.zoom.refine import Refined, Refiner

SHAPE = (192, 256)
# What the bars of the zoom ask for on textured tiles, by the sensor's gain at ISO 100 and 1600.
BARS_PX = {1.0: 0.03, 16.0: 0.08}


def burst(scene="texture", frames=3, gain=1.0, **more):
    more = {"path_px": 6.0, "roll_degrees": 0.2, "enlarged": 0.5, "lens_px": 0.35, "light": 0.7, "shape": SHAPE} | more
    return burst_of(scene, frames, gain=gain, **more)


def by_night(taken, number, reference=0):
    return align(*(pyramid_of(taken.frames[k], 1) for k in (reference, number)), 1)


def refined(taken, number=1, threads=1):
    return Refiner(taken.frames[0], threads).refined(taken.frames[number], by_night(taken, number), threads)


def rms(errors):
    return float(np.sqrt(np.square(errors).mean()))


def between_places(px, y, x):
    """Shifts (rows, columns, 2) at pixels, the way their readers take them: bilinear between the places."""
    row, down = np.divmod(y / PITCH_PX, 1)
    column, across = np.divmod(x / PITCH_PX, 1)
    row, column, down, across = row.astype(int), column.astype(int), down[..., None], across[..., None]
    upper = (1 - across) * px[row, column] + across * px[row, column + 1]
    lower = (1 - across) * px[row + 1, column] + across * px[row + 1, column + 1]
    return (1 - down) * upper + down * lower


@pytest.mark.parametrize("gain", BARS_PX)
def test_a_hand_held_frame_is_found_to_hundredths_of_a_pixel_at_every_pixel(gain):
    taken = burst(gain=gain)
    y, x = np.mgrid[8 : SHAPE[0] - 8 : 5, 8 : SHAPE[1] - 8 : 7] + 0.5
    lies = taken.poses[2].shown(*taken.poses[0].seen(y, x, taken.eye.middle), taken.eye.middle)
    truth = np.stack([lies[0] - y, lies[1] - x], axis=-1)
    found = refined(taken, 2)
    assert rms(between_places(found.px, y, x) - truth) < BARS_PX[gain] / 2
    assert rms(found.px - taken.shifts[2]) < rms(by_night(taken, 2).px - taken.shifts[2]) / 4
    assert np.median(found.trust) > 400


def test_trust_says_how_far_a_tile_misses():
    taken = burst(gain=16.0, light=0.2)
    found = refined(taken, 2)
    drift = Drift.of_hand(found.hand, SHAPE, found.px.shape[:2])
    assert rms(drift.field - taken.shifts[2]) < 0.03  # what all tiles know together
    deviations = 1 / np.sqrt(found.trust)
    assert 0.02 < np.median(deviations) < 0.2
    assert rms(found.px - taken.shifts[2]) < np.median(deviations)


def test_a_tripod_stands_still():
    taken = burst(path_px=0.0, roll_degrees=0.0, gain=4.0)
    assert np.abs(refined(taken).px).max() < 0.03


def test_patches_without_texture_follow_the_whole_picture():
    taken = burst("steps")
    found = refined(taken, 2)
    flat = found.trust < 25
    assert flat.mean() > 0.5
    assert rms((found.px - taken.shifts[2])[flat]) < 0.1


@pytest.mark.parametrize("step", [(0.6, -0.4), (3.0, 2.0)])
def test_a_ball_keeps_its_own_movement_and_leaves_the_scene_alone(step):
    taken = burst(frames=2, objects=[Ball((96, 128), step, 64.0)], path_px=3.0)
    found, middle = refined(taken), taken.eye.middle
    y, x = np.mgrid[: found.px.shape[0] * PITCH_PX : PITCH_PX, : found.px.shape[1] * PITCH_PX : PITCH_PX].astype(float)
    seen = taken.poses[0].seen(y, x, middle)
    lies = taken.poses[1].shown(seen[0] + step[0], seen[1] + step[1], middle)
    away = np.hypot(seen[0] - 96, seen[1] - 128)
    inside, beside = away < 40, away > 100
    assert rms((found.px - np.stack([lies[0] - y, lies[1] - x], axis=-1))[inside]) < 0.06
    assert rms((found.px - taken.shifts[1])[beside]) < 0.03


def test_near_and_far_halves_each_keep_their_movement():
    poses = hand_held(2, 4.0, 0.1, seed=3)
    nearer = [poses[0], dataclasses.replace(poses[1], moved_px=tuple(px + 0.4 for px in poses[1].moved_px))]
    far, near = burst(poses=poses), burst(poses=nearer)
    pixels = far.frames[1].pixels.copy()
    pixels[:, : SHAPE[1] // 2] = near.frames[1].pixels[:, : SHAPE[1] // 2]
    both = dataclasses.replace(far, frames=[far.frames[0], RawFrame(pixels, far.frames[1].shot)])
    found, middle = refined(both).px, SHAPE[1] // 2 // PITCH_PX
    assert rms((found - near.shifts[1])[:, : middle - 1]) < 0.04
    assert rms((found - far.shifts[1])[:, middle + 2 :]) < 0.04


def fence(period_px):
    """Posts before leaves: light that nearly repeats across."""
    leaves = texture(SHAPE)
    posts = 0.2 * (1 + np.sin(2 * np.pi * np.arange(SHAPE[1]) / period_px))
    return photograph(0.1 * leaves + posts, SHAPE, 20, lens_px=0.35)


def test_what_the_night_took_for_the_next_post_of_a_fence_comes_back():
    taken = burst(fence(5), frames=2)
    night = dataclasses.replace(by_night(taken, 1), px=taken.shifts[1].copy())
    night.px[2:8, 3:9] += (0.0, 5.0)
    found = Refiner(taken.frames[0], 1).refined(taken.frames[1], night, 1)
    assert rms(found.px - taken.shifts[1]) < 0.03


def test_bad_pixels_do_not_hold_the_picture_still():
    taken = burst(gain=4.0, bad_pixels=0.002)
    assert rms(refined(taken, 2).px - taken.shifts[2]) < 0.03


def test_any_number_of_threads_gives_the_same_bytes():
    taken = burst(frames=2, gain=16.0, shape=(98, 130))
    one, three = (refined(taken, threads=threads) for threads in (1, 3))
    assert one.px.tobytes() == three.px.tobytes() and one.trust.tobytes() == three.trust.tobytes()


def still_shifts(shape, px=0.0, known=4e4, explained=1.0):
    places = places_of(shape)
    hand = Hand((0.0, 0.0), 0.0, (shape[0] / 2, shape[1] / 2))
    field = np.broadcast_to(np.asarray(px, np.float32), (*places, 2)).copy()
    return Refined(field, np.full(places, 400.0, np.float32), explained, hand, known)


@pytest.mark.parametrize("level", [0, 64, 1000, 4095, 65535])
def test_a_picture_of_one_level_says_nothing_and_stays(level):
    shot = burst(frames=1, shape=(64, 64)).frames[0].shot
    frame = RawFrame(np.full((96, 130), level, np.uint16), shot)
    found = Refiner(frame).refined(frame, still_shifts((96, 130)))
    assert not found.trust.any() and not found.px.any()


def test_a_black_frame_gives_finite_shifts_that_nobody_counts():
    taken = burst(frames=3, black=[1])
    found = refined(taken)
    assert np.isfinite(found.px).all() and np.isfinite(found.trust).all()
    assert measured_diversity([found, refined(taken, 2)]).frames == 2


@pytest.mark.parametrize("shape", [(2, 2), (2, 40), (17, 33), (33, 16)])
def test_pictures_smaller_than_a_tile_are_refined_too(shape):
    shot = burst(frames=1, shape=(64, 64)).frames[0].shot
    pixels = np.random.default_rng(1).integers(300, 3000, shape, dtype=np.uint16)
    found = Refiner(RawFrame(pixels, shot)).refined(RawFrame(pixels, shot), still_shifts(shape))
    assert np.isfinite(found.px).all() and np.abs(found.px).max() < 0.5


def test_what_cannot_be_refined_is_refused_in_words():
    taken = burst(frames=2, shape=(96, 128))
    refiner, shifts = Refiner(taken.frames[0]), still_shifts((96, 128))
    other = RawFrame(taken.frames[1].pixels[:64].copy(), taken.frames[1].shot)
    with pytest.raises(FrameError, match="cannot be refined against a reference"):
        refiner.refined(other, shifts)
    with pytest.raises(FrameError, match="do not belong to a frame"):
        refiner.refined(taken.frames[1], still_shifts((64, 128)))
    with pytest.raises(FrameError, match="must be finite"):
        refiner.refined(taken.frames[1], still_shifts((96, 128), px=np.nan))
    unknown = dataclasses.replace(taken.frames[0].shot, sensor="unknown", noise=None)
    with pytest.raises(FrameError, match="noise of the frame is unknown"):
        Refiner(RawFrame(taken.frames[0].pixels, unknown))


def test_the_drift_of_a_tipped_camera_is_found_beside_things_that_move():
    rng = np.random.default_rng(4)
    drift = Drift.of_hand(Hand((3.0, -2.0), 0.002, (96.0, 128.0)), SHAPE, places_of(SHAPE))
    y, x = np.mgrid[-0.75:0.75:13j, -1:1:17j]
    bent = np.stack([0.2 + 0.3 * y - 0.1 * x * x, -0.1 + 0.2 * x + 0.15 * x * y])
    strays = bent + rng.normal(0, 0.02, bent.shape)
    strays[:, 4:9, 3:8] += 1.5
    trust = np.stack([np.full(places_of(SHAPE), 2500.0), np.zeros(places_of(SHAPE)), np.full(places_of(SHAPE), 2500.0)])
    moved = np.moveaxis(drift.fitted(strays, trust).field - drift.field, -1, 0)
    assert rms(moved - bent) < 0.02
    assert np.abs(drift.fitted(np.zeros_like(strays), trust).field - drift.field).max() < 1e-3


def test_the_way_along_an_edge_is_no_movement_and_across_it_is_found():
    poses = [Pose(), Pose((9.0, 0.4))]
    upright = np.where(np.arange(SHAPE[1]) < SHAPE[1] // 2, 0.1, 0.8) * np.ones((SHAPE[0], 1))
    taken = burst(photograph(upright, SHAPE, 20, lens_px=0.35), poses=poses)
    night = dataclasses.replace(by_night(taken, 1), px=taken.shifts[1] + np.float32((7.0, 0.1)))
    night = dataclasses.replace(night, hand=Hand((16.0, 0.5), 0.0, taken.eye.middle))
    found = Refiner(taken.frames[0], 1).refined(taken.frames[1], night, 1)
    assert np.abs(found.px[..., 1] - 0.4).max() < 0.02
    assert np.abs(found.px[..., 0]).max() < 1.0
    assert not found.trust.any() and found.known > 1000


def test_the_false_image_of_waves_too_fine_for_the_mosaic_moves_with_the_rest():
    fine = 0.3 + 0.2 * np.sin(2 * np.pi * 0.62 * np.arange(2 * SHAPE[1]) / 2) * np.ones((2 * SHAPE[0], 1))
    rest = np.kron(texture(SHAPE), np.ones((2, 2)))
    picture = np.where(np.hypot(*(np.mgrid[: 2 * SHAPE[0], : 2 * SHAPE[1]] - 190.0)) < 100, fine, rest)
    taken = burst(photograph(picture, SHAPE, 20, lens_px=0.2, enlarged=0.5), frames=2)
    found = refined(taken)
    assert rms(found.px - taken.shifts[1]) < 0.1
    assert (found.trust == 0).mean() < 0.2


# Whether there is detail between the frames.


def diversity_of(*places_px, **facts):
    return measured_diversity([still_shifts(SHAPE, px, **facts) for px in places_px])


def test_a_tripod_has_one_phase_and_nothing_to_gain():
    found = diversity_of((0.02, -0.03), (-0.08, 0.05), (0.01, 0.09))
    assert (found.frames, found.phases, found.enough) == (1, 1 / 16, False)


def test_frames_two_pixels_apart_see_the_same_points():
    assert not diversity_of((2.0, 0.0), (-4.02, 2.0), (0.03, 6.0)).enough


def test_frames_spread_over_the_mosaic_fill_it():
    spread = [(y, x) for y in np.arange(4) / 2 for x in np.arange(4) / 2][1:]
    found = diversity_of(*spread)
    assert (found.frames, found.phases, found.enough) == (16, 1.0, True)


def test_two_phases_over_three_frames_are_enough_and_two_frames_alone_are_not():
    assert diversity_of((0.5, 0.5), (0.0, 0.0)).enough
    assert not diversity_of((0.5, 0.5)).enough
    assert not measured_diversity([]).enough


@pytest.mark.parametrize("facts", [{"known": 20.0}, {"explained": 0.05}])
def test_frames_that_nobody_can_place_are_not_counted(facts):
    found = diversity_of((0.5, 0.5), (0.5, 1.2), (1.3, 0.1), **facts)
    assert (found.frames, found.enough) == (1, False)


def test_a_hand_gives_phases_and_a_tripod_does_not():
    for path_px, enough in ((4.0, True), (0.0, False)):
        taken = burst(frames=4, gain=4.0, path_px=path_px, roll_degrees=0.0, shape=(96, 128))
        assert measured_diversity([refined(taken, number) for number in (1, 2, 3)]).enough is enough


def test_shifts_that_do_not_belong_together_are_refused():
    with pytest.raises(FrameError, match="different sizes"):
        measured_diversity([still_shifts(SHAPE), still_shifts((64, 64))])
    with pytest.raises(FrameError, match="must be finite"):
        diversity_of((np.nan, 0.0))


# The loops against their numpy twins.


def mirrored(picture, reach):
    rows, columns = (
        np.abs((np.arange(-reach, length + reach) + length - 1) % max(2 * (length - 1), 1) - (length - 1))
        for length in picture.shape
    )
    return picture[np.ix_(rows, columns)].astype(float)


def around(padded, step, reach, shape):
    """The nine values `step` apart around each pixel, the middle fifth, of a picture with `reach` more each way."""
    starts = [reach + step * k for k in (-1, 0, 1)]
    return np.stack([padded[y : y + shape[0], x : x + shape[1]] for y in starts for x in starts])


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 4), (70, 131)])
def test_grey_is_softened_over_all_four_colours_within_reach_of_its_own(size):
    counts = np.random.default_rng(size).integers(0, 65536, size, dtype=np.uint16)
    gains, curve = (1.9, 1.0, 1.1, 0.5), (300.0, 2e-5, 1e-3, 9000.0, 250.0)
    made = np.empty(size, np.uint16)
    fine_grey(counts, gains, curve, made, 2)
    own = around(mirrored(counts, 2), 2, 2, size)
    low, high = (bound(np.delete(own, 4, axis=0), axis=0) for bound in (np.min, np.max))
    held = np.clip(own[4], 2 * low - high, 2 * high - low)
    rows, columns = np.mgrid[: size[0], : size[1]] % 2
    balanced = held * np.array(gains)[2 * rows + columns]
    weights = np.outer((1, 2, 1), (1, 2, 1)).reshape(9, 1, 1)
    mean = (weights * around(mirrored(balanced, 1), 1, 1, size)).sum(axis=0) / 16
    bent = np.maximum((mean - curve[0]) * curve[1] + curve[2], 0)
    assert np.abs(made - np.clip(np.sqrt(bent) * curve[3] - curve[4], 0, 65535)).max() <= 1


def cubic(fraction):
    """Weights of the four points around a place between the second and the third."""
    at = np.arange(-1, 3)
    return np.array([np.prod([(fraction - q) / (p - q) for q in at if q != p]) for p in at])


def cell(pair, row, column, vector, model):
    """Sums over the pixels of a cell that lie in both pictures with all around them."""
    reference, frame = (grey.astype(float) for grey in pair)
    whole = np.floor(vector).astype(int)
    y, x = (
        np.arange(max(16 * first, 2, 2 - step), min(16 * first + 16, length - 2, length - 3 - step))
        for first, step, length in zip((row, column), whole, reference.shape, strict=True)
    )
    if not len(y) or not len(x):
        return np.zeros(FINE_SUMS + 4)
    down, across = (cubic(part) for part in vector - whole)
    there = sum(
        down[k] * across[m] * frame[np.ix_(y + whole[0] + k - 1, x + whole[1] + m - 1)]
        for k in range(4)
        for m in range(4)
    )
    d = there - reference[np.ix_(y, x)]
    gy = (reference[np.ix_(y + 1, x)] - reference[np.ix_(y - 1, x)]) / 2
    gx = (reference[np.ix_(y, x + 1)] - reference[np.ix_(y, x - 1)]) / 2
    e = d - gy * (vector - model)[0] - gx * (vector - model)[1]
    next_to = (reference[np.ix_(y + 1, x)] - reference[np.ix_(y, x)]) ** 2
    next_to += (reference[np.ix_(y, x + 1)] - reference[np.ix_(y, x)]) ** 2
    products = gy * gy, gy * gx, gx * gx, gy * e, gx * e, d * d, np.ones_like(d), next_to, gy, gx, e, d
    return np.array([product.sum() for product in products])


@pytest.mark.parametrize("size", [(33, 40), (64, 75)])
def test_tiles_are_sums_over_the_cells_around_each_place(size):
    rng = np.random.default_rng(5)
    pair = [rng.integers(0, 65536, size, dtype=np.uint16) for _ in range(2)]
    places = places_of(size)
    vectors = rng.normal((1.6, -2.3), 0.3, (*places, 2))
    vectors[1, 2] += (5.0, 0.0)  # moves by itself
    vectors[-1, -1] += 1000.0  # and this one out of the picture
    model = np.broadcast_to((1.5, -2.2), vectors.shape).copy()
    made = np.empty((*places, FINE_SUMS))
    fine_tiles(*pair, vectors, model, 2.0, made, 2)
    for row, column in np.ndindex(*places):
        total = np.zeros(FINE_SUMS + 4)
        for y in {max(row - 1, 0), min(row, places[0] - 2)}:
            for x in {max(column - 1, 0), min(column, places[1] - 2)}:
                corners = np.s_[y : y + 2, x : x + 2]
                strays = (vectors - model)[corners].reshape(4, 2)
                mixed = np.ptp(strays, axis=0).max() > 2.0
                at = (
                    (vectors[row, column], model[row, column])
                    if mixed
                    else (
                        vectors[corners].mean(axis=(0, 1)),
                        model[corners].mean(axis=(0, 1)),
                    )
                )
                total += cell(pair, y, x, *at)
        yy, yx, xx, ye, xe, dd, pixels, next_to, ys, xs, es, ds = total
        share = 1 / max(pixels, 1)
        wanted = [
            yy - ys * ys * share,
            yx - ys * xs * share,
            xx - xs * xs * share,
            ye - ys * es * share,
            xe - xs * es * share,
            dd - ds * ds * share,
            pixels,
            next_to,
        ]
        assert np.allclose(made[row, column], wanted, rtol=1e-4, atol=1e-4 * dd)
