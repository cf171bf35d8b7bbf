"""Many noisy frames become one: nearer to the truth where they show the same, and never worse where they do not."""

import dataclasses

import numpy as np
import pytest
from measures.hand_held import (
    Move,
    drawn,
    exposure,
    flat,
    gained_db,
    ghost_share,
    hand_path,
    textured,
    true_shifts,
    worst_block_db,
)
from measures.merge_quality import linear

from isp.burst.merging import Merging, Rung
from isp.frames import Noise, RawFrame

SHAPE = (192, 256)
INNER = np.s_[32:-32, 32:-32]
# ISO 100 and 3200, of one sensor each.
NOISES = [("imx477", 1.0), ("imx708", 16.0)]


def merge(frames, moves=None, rung=Rung.FREQUENCIES, threads=0):
    """Merged at the true shifts, so that nothing here is the alignment's."""
    merging = Merging(frames[0], threads, rung)
    for number, frame in enumerate(frames[1:], start=1):
        move = moves[number] if moves else Move()
        merging.add(frame, true_shifts(frame.pixels.shape, move))
    return merging.merged()


def exposed(pictures, **how):
    """(frames, truths) of pictures taken one after the other."""
    return zip(*(exposure(picture, number, **how) for number, picture in enumerate(pictures)), strict=True)


@pytest.mark.parametrize("rung", list(Rung))
@pytest.mark.parametrize(("sensor", "gain"), NOISES)
@pytest.mark.parametrize(("count", "least_db"), [(8, 8.3), (15, 10.8)])
def test_a_still_burst_gains_nearly_what_its_plain_average_does(count, least_db, sensor, gain, rung):
    frames, truths = exposed([drawn(textured(), SHAPE)] * count, sensor=sensor, gain=gain)
    gained = gained_db(merge(frames, rung=rung), frames[0], truths[0])
    average = np.mean([linear(frame) for frame in frames], axis=0)
    plain = 10 * np.log10(np.mean((linear(frames[0]) - truths[0]) ** 2) / np.mean((average - truths[0]) ** 2))
    assert gained >= least_db
    assert gained >= plain - 0.3


@pytest.mark.parametrize(("sensor", "gain"), [("imx477", 2.0), ("imx708", 16.0)])
@pytest.mark.parametrize(("scene", "least_db"), [(textured(), 7.0), (flat(), 6.0)])
def test_a_hand_held_burst_gains_on_texture_and_on_flats(scene, least_db, sensor, gain):
    moves = hand_path(8, seed=3)
    frames, truths = exposed([drawn(scene, SHAPE, move) for move in moves], sensor=sensor, gain=gain)
    assert gained_db(merge(frames, moves), frames[0], truths[0], INNER) >= least_db


def disc(y, x, radius):
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return np.clip(radius + 0.5 - np.hypot(rows - y, columns - x), 0, 1)[..., None]


def ball(picture, y, x):
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    pattern = 1 + 0.3 * np.sin(rows / 3) * np.sin(columns / 4)
    return picture + disc(y, x, 22) * (np.array([0.6, 0.25, 0.08]) * pattern[..., None] - picture)


def lamp(picture, lit):
    glow = sum(disc(70, 110, radius) * level for radius, level in ((8, 3.0), (25, 0.3), (60, 0.1)))
    return picture + lit * glow.astype(np.float32)


def shaken(picture, px=9):
    return np.mean([np.roll(picture, offset, 1) for offset in range(-px, px + 1)], axis=0)


# What a scene does from frame to frame; of eight frames the first is the reference.
EVENTS = {
    "a ball that flies": lambda picture, number: ball(picture, 80 + 4 * number, 24 + 28 * number),
    "a ball that creeps": lambda picture, number: ball(picture, 90, 100 + 4 * number),
    "somebody who steps in": lambda picture, number: picture * (1 - (number > 3) * disc(150, 200, 70)) + 0.02,
    "a lamp switched on": lambda picture, number: lamp(picture, number > 2),
    "a lamp switched off": lambda picture, number: lamp(picture, number < 1),
    "one frame shaken": lambda picture, number: shaken(picture) if number == 4 else picture,
    "all others shaken": lambda picture, number: shaken(picture) if number else picture,
    "one frame black": lambda picture, number: picture * (number != 4),
    "all others black": lambda picture, number: picture * (number == 0),
}


@pytest.mark.parametrize("rung", list(Rung))
@pytest.mark.parametrize(("sensor", "gain"), NOISES)
@pytest.mark.parametrize("event", EVENTS)
def test_nothing_that_moves_makes_any_block_worse_or_leaves_a_ghost(event, sensor, gain, rung):
    background = drawn(textured(contrast=0.3), SHAPE)
    pictures = [EVENTS[event](background, number).astype(np.float32) for number in range(8)]
    frames, truths = exposed(pictures, sensor=sensor, gain=gain)
    merged = merge(frames, rung=rung)
    assert worst_block_db(merged, frames[0], truths[0]) <= 0.3
    assert ghost_share(merged, truths[0], truths[1:]) < (0.03 if rung is Rung.FREQUENCIES else 0.1)


def test_what_moves_costs_only_its_own_place():
    background = drawn(textured(contrast=0.3), SHAPE)
    frames, truths = exposed([ball(background, 60, 40 + 4 * number) for number in range(8)])
    merged = merge(frames)
    below = np.s_[112:, :]
    assert gained_db(merged, frames[0], truths[0], below) > 8.3
    places = merged.frames_behind
    assert places[8:].min() > 6
    assert places[4, 3:5].max() < 3


@pytest.mark.parametrize("rung", list(Rung))
@pytest.mark.parametrize(("sensor", "gain"), NOISES)
def test_frames_behind_and_noise_are_those_of_flats(sensor, gain, rung):
    frames, truths = exposed([drawn(flat(), SHAPE)] * 8, sensor=sensor, gain=gain)
    merged = merge(frames, rung=rung)
    one, left = (np.var(linear(frame) - truths[0]) for frame in (frames[0], merged))
    assert left * np.median(merged.frames_behind) == pytest.approx(one, rel=0.1)
    noise = merged.shot.noise
    assert np.mean(noise.shot * truths[0] + noise.read) == pytest.approx(left, rel=0.05)
    assert merged.shot.frames == 8


def test_the_noise_of_a_hand_held_flat_is_told_too():
    moves = [dataclasses.replace(move, degrees=0.0) for move in hand_path(8, seed=5)]
    frames, truths = exposed([drawn(flat(), SHAPE, move) for move in moves])
    merged = merge(frames, moves)
    noise = merged.shot.noise
    left = np.var((linear(merged) - truths[0])[INNER])
    assert np.mean(noise.shot * truths[0] + noise.read) == pytest.approx(left, rel=0.05)


@pytest.mark.parametrize("gain", [1.0, 16.0])
def test_detail_below_the_noise_of_one_frame_keeps_its_contrast(gain):
    moves = hand_path(8, seed=4, degrees=0.0)
    per_pixel = np.array([0.04, 0.08, 0.12, 0.16])  # the finest that one colour's pixels show is 0.25

    def fine(y, x):
        sines = [np.sin(2 * np.pi * wave * (x * np.cos(wave * 40) + y * np.sin(wave * 40))) for wave in per_pixel]
        return np.repeat((0.3 + 0.006 * sum(sines))[..., None], 3, axis=-1)

    frames, truths = exposed([drawn(fine, SHAPE, move) for move in moves], gain=gain)
    merged = linear(merge(frames, moves))
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    for wave in per_pixel:
        pattern = np.sin(2 * np.pi * wave * (x * np.cos(wave * 40) + y * np.sin(wave * 40)))[INNER]
        there, true = (np.sum((picture[INNER] - picture[INNER].mean()) * pattern) for picture in (merged, truths[0]))
        assert there / true == pytest.approx(1, abs=0.06 if gain > 1 else 0.03), wave


@pytest.mark.parametrize("gain", [1.0, 16.0])
def test_an_edge_stays_as_sharp_as_the_references(gain):
    moves = hand_path(8, seed=6, degrees=0.0)
    edge = lambda y, x: np.repeat(np.where(x + 0.1 * y < 140, 0.1, 0.5)[..., None], 3, axis=-1)  # noqa: E731
    frames, truths = exposed([drawn(edge, SHAPE, move) for move in moves], gain=gain)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    across = (x + 0.1 * y - 140) / np.hypot(1, 0.1)
    near = (np.abs(across) < 3) & (y > 32) & (y < SHAPE[0] - 32) & (y % 2 == 0) & (x % 2 == 1)
    merged = linear(merge(frames, moves))
    # The slope of brightness with distance, over the first pixels on both sides.
    slopes = [np.polyfit(across[near], picture[near], 3)[2] for picture in (merged, truths[0])]
    assert slopes[0] / slopes[1] == pytest.approx(1, abs=0.03)


def test_hot_and_dead_pixels_leave_no_copies_where_the_hand_went():
    moves = hand_path(8, seed=2, degrees=0.0)
    pictures = [drawn(flat(), SHAPE, move) for move in moves]
    frames, truths = exposed(pictures, bad_pixels=5e-4)
    sound, _ = exposed(pictures)
    merged, flawless = (linear(merge(burst, moves)) - truths[0] for burst in (frames, sound))
    fine = frames[0].pixels == sound[0].pixels  # the reference's own flaws stay for BadPixels to mend
    deviation = flawless[INNER].std()
    assert np.sum(~fine) > 10
    assert np.abs(merged[fine]).max() < 6 * deviation
    assert np.var(merged[fine]) < 1.02 * np.var(flawless)


@pytest.mark.parametrize("rung", list(Rung))
def test_blown_pixels_stay_blown_and_nothing_else_becomes_so(rung):
    moves = hand_path(6, seed=8, degrees=0.0)
    lit = lambda y, x: np.repeat(np.where(np.hypot(y - 90, x - 120) < 30, 4.0, 0.1)[..., None], 3, axis=-1)  # noqa: E731
    frames, truths = exposed([drawn(lit, SHAPE, move) for move in moves])
    merged = merge(frames, moves, rung)
    blown = frames[0].pixels >= frames[0].shot.white_dn
    np.testing.assert_array_equal(merged.pixels >= merged.shot.white_dn, blown)
    # No ringing around the lamp: it is nowhere further from the truth than noise.
    error = np.abs(linear(merged) - truths[0])[~blown]
    assert error.max() < np.abs(linear(frames[0]) - truths[0])[~blown].max() * 1.05


def test_one_frame_alone_is_itself_on_a_finer_scale():
    frame, _ = exposure(drawn(textured(), SHAPE))
    merged = merge([frame])
    np.testing.assert_array_equal(merged.pixels, 16 * frame.pixels)
    assert np.all(merged.frames_behind == 1)
    assert merged.shot == dataclasses.replace(
        frame.shot, black_dn=tuple(16 * level for level in frame.shot.black_dn), white_dn=16 * 4095.0
    )


def test_frames_of_another_scene_change_nothing():
    frame, _ = exposure(drawn(textured(seed=1, contrast=0.7), SHAPE), gain=1.0)
    others = [exposure(drawn(flat(0.9), SHAPE), number, gain=1.0)[0] for number in (1, 2, 3)]
    merged = merge([frame, *others])
    np.testing.assert_array_equal(merged.pixels, 16 * frame.pixels)
    assert np.all(merged.frames_behind == 1)


@pytest.mark.parametrize(("white", "factor"), [(1023.0, 64), (4095.0, 16), (16383.0, 4), (65535.0, 1), (15000.5, 4)])
def test_the_scale_is_as_fine_as_sixteen_bits_allow(white, factor):
    frame, _ = exposure(drawn(flat(), (32, 48)))
    shot = dataclasses.replace(frame.shot, white_dn=white, black_dn=(10.0, 11.0, 12.0, 13.0))
    pixels = np.minimum(frame.pixels, int(white)).astype(np.uint16)
    merged = merge([RawFrame(pixels, shot)])
    assert merged.shot.white_dn == factor * white
    assert merged.shot.black_dn == tuple(factor * level for level in shot.black_dn)
    np.testing.assert_array_equal(merged.pixels, factor * pixels)


@pytest.mark.parametrize("rung", list(Rung))
@pytest.mark.parametrize(("sensor", "gain"), NOISES)
def test_the_frames_border_is_merged_as_well_as_its_middle(sensor, gain, rung):
    """Its tiles hold fewer pixels, which noise alone must not make look like motion."""
    frames, _ = exposed([drawn(textured(), SHAPE)] * 8, sensor=sensor, gain=gain)
    behind = merge(frames, rung=rung).frames_behind
    border = np.concatenate([behind[0], behind[-1], behind[:, 0], behind[:, -1]])
    assert border.mean() > 0.97 * behind[1:-1, 1:-1].mean()


@pytest.mark.parametrize("rung", list(Rung))
def test_any_number_of_threads_gives_the_same_bytes(rung):
    moves = hand_path(4, seed=7)
    frames, _ = exposed([drawn(textured(), SHAPE, move) for move in moves])
    merged = [merge(frames, moves, rung, threads) for threads in (1, 2, 5)]
    for other in merged[1:]:
        np.testing.assert_array_equal(other.pixels, merged[0].pixels)
        np.testing.assert_array_equal(other.frames_behind, merged[0].frames_behind)


@pytest.mark.parametrize("size", [(2, 2), (3, 2), (5, 17), (33, 34)])
@pytest.mark.parametrize("level", [0.0, 0.3, 2.0])
def test_the_smallest_sizes_and_extreme_levels_merge(size, level):
    frames, _ = exposed([drawn(flat(level), size)] * 3)
    merged = merge(frames)
    assert merged.pixels.shape == size
    assert np.all(merged.pixels <= merged.shot.white_dn)


def with_model(frames, factor):
    """The same frames, their noise told as so many times what it is."""
    noise = frames[0].shot.noise
    told = Noise(noise.shot * factor, noise.read * factor)
    return [RawFrame(frame.pixels, dataclasses.replace(frame.shot, noise=told)) for frame in frames]


@pytest.mark.parametrize("rung", list(Rung))
@pytest.mark.parametrize(("sensor", "gain"), NOISES)
@pytest.mark.parametrize("told", [0.8, 0.5])
def test_a_module_noisier_than_its_model_merges_as_well(sensor, gain, told, rung):
    frames, truths = exposed([drawn(textured(), SHAPE)] * 8, sensor=sensor, gain=gain)
    assert gained_db(merge(with_model(frames, told), rung=rung), frames[0], truths[0]) >= 8.3


def test_ten_times_the_noise_of_the_model_is_taken_for_motion():
    """No module is so noisy: whatever it is, it does not fit."""
    frames, _ = exposed([drawn(flat(), SHAPE)] * 3)
    assert np.median(merge(with_model(frames, 0.1)).frames_behind) == 1
