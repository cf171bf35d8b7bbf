"""Bursts that should not be: each is merged to a picture without a wrong number, or refused with the frame named."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measures.hand_held import drawn, exposure, textured

from isp.burst.align import align
from isp.burst.merging import Merging, Rung
from isp.burst.motion import measure_motion
from isp.burst.pyramid import pyramid_of
from isp.burst.streaming import NightBurst
from isp.errors import FrameError
from isp.frames import BAYER_ORDERS, Noise, RawFrame, Shot

# A warning from numpy is a number that nobody defined.
pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

SIZES = [(2, 2), (3, 2), (5, 7), (2, 99), (17, 15), (33, 31), (64, 66), (97, 131)]
NOISES = [(0.0, 1e-12), (1e-300, 0.0), (1e-4, 0.0), (0.0, 1e-4), (1e-3, 1e-6), (1.0, 0.0), (1.0, 1.0)]
# (black, white) in counts: white as near as it may be, an odd fraction, usual sensors, all of 16 bits.
LEVELS = [
    ((0.0,) * 4, 1.0),
    ((64.0, 65.0, 66.0, 67.0), 69.5),
    ((64.0,) * 4, 1023.0),
    ((256.0, 250.0, 260.0, 255.5), 4095.0),
    ((0.0,) * 4, 65535.0),
]
PICTURES = ("nothing", "black", "white", "beyond white", "any counts", "dark", "checkered", "edge")


def shot_of(levels, noise, **facts):
    black_dn, white_dn = levels
    usual = dict(sensor="made", bayer="RGGB", timestamp_ns=0, wall_time_ns=0, exposure_us=1e4, analogue_gain=1.0)
    return Shot(**usual | facts, black_dn=black_dn, white_dn=white_dn, noise=Noise(*noise))


def pixels_of(kind, size, shot, rng):
    black, white = min(shot.black_dn), shot.white_dn
    y, x = np.indices(size)
    pixels = {
        "nothing": np.zeros(size),
        "black": np.full(size, black),
        "white": np.full(size, white),
        "beyond white": np.full(size, 65535),
        "any counts": rng.integers(0, 65536, size),
        "dark": np.clip(rng.normal(black, 0.01 * (white - black) + 0.6, size), 0, 65535),
        "checkered": np.where((y + x) % 2, black, white),
        "edge": np.where(x > size[1] // 2 + rng.integers(-9, 9), black, white),
    }
    return pixels[kind].astype(np.uint16)


def burst_of(kinds, size, shot, seed=0):
    rng = np.random.default_rng(seed)
    return [
        RawFrame(pixels_of(kind, size, shot, rng), dataclasses.replace(shot, timestamp_ns=1000 * number))
        for number, kind in enumerate(kinds)
    ]


def finished(frames, **how):
    burst = NightBurst(**how)
    for frame in frames:
        burst.add(frame)
    return burst.finish()


@given(
    size=st.sampled_from(SIZES),
    levels=st.sampled_from(LEVELS),
    noise=st.sampled_from(NOISES),
    bayer=st.sampled_from(BAYER_ORDERS),
    flips=st.tuples(st.booleans(), st.booleans()),
    kinds=st.lists(st.sampled_from(PICTURES), min_size=1, max_size=4),
    rung=st.sampled_from(Rung),
    threads=st.sampled_from([0, 1, 3]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_pixels_and_legal_facts_merge_to_legal_counts(
    size, levels, noise, bayer, flips, kinds, rung, threads, seed
):
    shot = shot_of(levels, noise, bayer=bayer, hflip=flips[0], vflip=flips[1])
    merged = finished(burst_of(kinds, size, shot, seed), threads=threads, rung=rung)
    picture = merged.frame
    # Counts are whole numbers, so that a white level between two of them is rounded up.
    assert picture.pixels.max() <= picture.shot.white_dn + 0.5
    assert picture.pixels.shape == size
    assert (picture.shot.bayer, picture.shot.hflip, picture.shot.vflip) == (bayer, *flips)
    assert 1 <= picture.shot.frames <= len(kinds)
    # The picture refuses numbers that are none, in its map and in its noise.
    assert picture.frames_behind.max() <= picture.shot.frames
    assert picture.shot.noise.shot <= noise[0]
    assert [0 <= story.share <= 1.0001 for story in merged.story] == [True] * len(kinds)


@given(
    size=st.sampled_from(SIZES),
    levels=st.sampled_from(LEVELS),
    noise=st.sampled_from(NOISES),
    kinds=st.lists(st.sampled_from(PICTURES), min_size=2, max_size=2),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_two_frames_align_and_move_by_numbers(size, levels, noise, kinds, seed):
    one, other = burst_of(kinds, size, shot_of(levels, noise), seed)
    shifts = align(pyramid_of(one), pyramid_of(other))
    assert np.all(np.abs(shifts.px) <= 300)
    assert np.all(np.isfinite(shifts.trust))
    assert 0 <= shifts.explained <= 1
    movement = measure_motion(one, other)
    assert np.all(np.isfinite([value for value in dataclasses.astuple(movement) if isinstance(value, float)]))


@pytest.fixture(scope="module")
def frames():
    return [exposure(drawn(textured(), (64, 96)), number)[0] for number in range(5)]


def test_black_parts_are_averaged_where_the_noise_model_has_no_read_noise():
    shot = shot_of(LEVELS[2], (1e-3, 0.0))
    # All below black: shot noise explains no difference there, and 0 of 0 is no number.
    frames = [
        RawFrame(np.full((48, 48), 40, np.uint16), dataclasses.replace(shot, timestamp_ns=1000 * number))
        for number in range(3)
    ]
    for number, frame in enumerate(frames):
        frame.pixels[0, 0] = number  # the very same pixels would be left out
    merged = finished(frames)
    assert np.all(merged.frame.pixels[8:, 8:] == 40 * (65535 // 1023))
    assert np.median(merged.frame.frames_behind) == pytest.approx(3, rel=0.01)


@pytest.mark.parametrize("noise", [(2.0, 1.0), (1.0, 0.5), (0.8, 1.0), (0.0, 1.0)])
def test_a_frame_of_other_noise_is_refused_by_name_and_leaves_no_trace(frames, noise):
    known = frames[0].shot.noise
    other = Noise(noise[0] * known.shot, noise[1] * known.read)
    burst = NightBurst()
    for frame in frames[:2]:
        burst.add(frame)
    with pytest.raises(FrameError, match=r"Frame 2 has shot noise .* frame 0 has .* may differ by 10 %"):
        burst.add(RawFrame(frames[2].pixels, dataclasses.replace(frames[2].shot, noise=other)))
    burst.add(frames[2])
    np.testing.assert_array_equal(burst.finish().frame.pixels, finished(frames[:3]).frame.pixels)


def test_noise_that_differs_as_little_as_gains_may_is_merged(frames):
    known = frames[1].shot.noise
    for share in (0.91, 1.09):
        alike = Noise(share * known.shot, share * known.read)
        second = RawFrame(frames[1].pixels, dataclasses.replace(frames[1].shot, noise=alike))
        assert finished([frames[0], second]).frame.shot.frames == 2


@pytest.mark.parametrize("name", ["timestamp_ns", "wall_time_ns"])
@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), 2000.5, "2000"])
def test_a_time_that_is_no_whole_number_is_refused_where_it_enters(frames, name, value):
    with pytest.raises(FrameError, match=f"{name} = .* must be a whole number of nanoseconds"):
        dataclasses.replace(frames[0].shot, **{name: value})


def test_a_noiseless_model_merges_still_pixels_to_the_same_picture(frames):
    exact = RawFrame(frames[0].pixels, dataclasses.replace(frames[0].shot, noise=Noise(0.0, 0.0)))
    merging = Merging(exact)
    shifts = align(pyramid_of(frames[0]), pyramid_of(frames[0]))
    merging.add(exact, dataclasses.replace(shifts, px=np.zeros_like(shifts.px)))
    merged = merging.merged()
    np.testing.assert_array_equal(merged.pixels, 16 * exact.pixels.astype(np.int64).clip(0, 4095))
    assert np.all(np.isfinite(merged.frames_behind))


@pytest.mark.parametrize("px", [np.nan, np.inf, -np.inf, 65537.0, -1e30])
def test_shifts_that_are_no_places_are_refused(frames, px):
    shifts = align(pyramid_of(frames[0]), pyramid_of(frames[1]))
    wrong = np.zeros_like(shifts.px)
    wrong[-1, -1, 1] = px
    with pytest.raises(FrameError, match="align it again"):
        Merging(frames[0]).add(frames[1], dataclasses.replace(shifts, px=wrong))


@pytest.mark.parametrize("px", [65536.0, -65536.0, 4097.03, -0.0])
def test_shifts_far_beyond_the_picture_take_nothing_wrong(frames, px):
    shifts = align(pyramid_of(frames[0]), pyramid_of(frames[1]))
    merging = Merging(frames[0])
    share = merging.add(frames[1], dataclasses.replace(shifts, px=np.full_like(shifts.px, px)))
    assert np.all((share.map >= 0) & (share.map <= 1.0001))
    assert np.all(np.isfinite(merging.merged().frames_behind))
