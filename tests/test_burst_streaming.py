"""A burst as it arrives: which frame is the reference, what each frame gave, and what is refused."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
from measures.hand_held import drawn, exposure, flat, gained_db, hand_path, textured

from isp.burst.merging import Rung
from isp.burst.streaming import NightBurst
from isp.errors import FrameError
from isp.frames import MOST_FRAMES, RawFrame

SHAPE = (192, 256)
INNER = np.s_[40:-40, 40:-40]


def burst_of(pictures, **how):
    return [exposure(picture, number, **how)[0] for number, picture in enumerate(pictures)]


def finished(frames, **how):
    burst = NightBurst(**how)
    for frame in frames:
        burst.add(frame)
    return burst.finish()


def shaken(picture, px=8):
    return np.mean([np.roll(picture, offset, 1) for offset in range(-px, px + 1)], axis=0)


@pytest.fixture(scope="module")
def still():
    return burst_of([drawn(textured(), SHAPE)] * 4)


@pytest.mark.parametrize("rung", list(Rung))
@pytest.mark.parametrize(("sensor", "gain"), [("imx477", 4.0), ("imx708", 16.0)])
def test_a_hand_held_burst_is_aligned_and_merged(sensor, gain, rung):
    # So small a picture has a pyramid of two levels, which find no longer paths.
    moves = hand_path(8, seed=9, reach_px=14)
    taken = [
        exposure(drawn(textured(), SHAPE, move), number, sensor=sensor, gain=gain) for number, move in enumerate(moves)
    ]
    merged = finished([frame for frame, _ in taken], rung=rung)
    reference = next(story.number for story in merged.story if story.is_reference)
    gained = gained_db(merged.frame, taken[reference][0], taken[reference][1], INNER)
    assert gained >= 7.0
    assert merged.frame.shot.frames == 8
    assert merged.frame.shot.timestamp_ns == taken[reference][0].shot.timestamp_ns


@pytest.mark.parametrize("sharpest", [0, 1, 2])
def test_the_sharpest_of_the_first_three_is_the_reference(sharpest):
    picture = drawn(textured(), SHAPE)
    frames = burst_of([picture if number in (sharpest, 3, 4) else shaken(picture) for number in range(5)], gain=2.0)
    story = finished(frames).story
    assert [frame.number for frame in story] == [0, 1, 2, 3, 4]
    assert [frame.is_reference for frame in story] == [number == sharpest for number in range(5)]
    assert [frame.timestamp_ns for frame in story] == [frame.shot.timestamp_ns for frame in frames]
    assert all(frame.share > 0.9 and not frame.why for frame in story[3:])


def test_a_later_sharper_frame_is_not_the_reference():
    picture = drawn(textured(), SHAPE)
    frames = burst_of([shaken(picture, 2)] * 3 + [picture], gain=2.0)
    assert not finished(frames).story[3].is_reference


def test_a_black_frame_and_another_scene_are_left_out_and_said(still):
    black = RawFrame(np.full(SHAPE, 256, np.uint16) + (still[0].pixels & 1), still[0].shot)
    other, _ = exposure(drawn(textured(seed=77), SHAPE), 6)
    late = [
        dataclasses.replace(frame, shot=dataclasses.replace(frame.shot, timestamp_ns=9000 + 1000 * number))
        for number, frame in enumerate((black, other))
    ]
    merged = finished([*still, *late])
    for story in merged.story[4:]:
        assert story.share < 0.02
        assert story.why
    plain = finished(still)
    assert np.median(merged.frame.frames_behind) == pytest.approx(np.median(plain.frame.frames_behind), rel=0.02)


def test_frames_none_of_which_fits_give_the_reference_as_it_is(still):
    others = [exposure(drawn(flat(0.002), SHAPE), number)[0] for number in (1, 2, 3)]
    merged = finished([still[0], *others])
    np.testing.assert_array_equal(merged.frame.pixels, 16 * still[0].pixels)
    assert np.all(merged.frame.frames_behind == 1)
    assert merged.frame.shot.frames == 1
    assert [story.share for story in merged.story] == [1, 0, 0, 0]


def test_a_burst_of_one_is_that_frame(still):
    merged = finished(still[:1])
    np.testing.assert_array_equal(merged.frame.pixels, 16 * still[0].pixels)
    assert merged.frame.shot.noise == still[0].shot.noise
    assert len(merged.story) == 1


def test_the_very_same_pixels_twice_are_not_counted_twice(still):
    again = RawFrame(still[0].pixels, dataclasses.replace(still[0].shot, timestamp_ns=10**6))
    merged = finished([*still, again])
    assert merged.story[4].share == 0
    assert "frame 0" in merged.story[4].why
    np.testing.assert_array_equal(merged.frame.pixels, finished(still).frame.pixels)


WRONG_FACTS = {
    "sensor": "imx708",
    "bayer": "BGGR",
    "black_dn": (250.0, 256.0, 256.0, 256.0),
    "white_dn": 4000.0,
    "exposure_us": 20000.0,
    "analogue_gain": 4.0,
    "noise": None,
    "frames": 2,
    "hflip": True,
    "timestamp_ns": 1000,
}


@pytest.mark.parametrize("fact", WRONG_FACTS)
def test_a_frame_that_does_not_belong_is_refused_by_name_and_the_burst_goes_on(still, fact):
    sensor = {"sensor": "unknown"} if fact == "noise" else {}
    burst = NightBurst()
    for frame in still[:2]:
        burst.add(frame)
    wrong = dataclasses.replace(still[2].shot, **sensor, **{fact: WRONG_FACTS[fact]})
    with pytest.raises(FrameError, match="Frame 2"):
        burst.add(RawFrame(still[2].pixels, wrong))
    burst.add(still[2])
    np.testing.assert_array_equal(burst.finish().frame.pixels, finished(still[:3]).frame.pixels)


def test_frames_of_another_size_out_of_order_or_too_many_are_refused_by_name(still):
    burst = NightBurst()
    burst.add(still[1])
    with pytest.raises(FrameError, match=r"Frame 1 is 254 x 192 pixels, frame 0 is 256 x 192"):
        burst.add(RawFrame(np.ascontiguousarray(still[2].pixels[:, 2:]), still[2].shot))
    with pytest.raises(FrameError, match="Frame 1 was taken at 1000 ns, before frame 0"):
        burst.add(still[0])
    with pytest.raises(FrameError, match="Frame 1 has the timestamp of frame 0"):
        burst.add(RawFrame(still[2].pixels, still[1].shot))
    assert len(burst) == 1


def test_sixty_four_frames_merge_and_one_more_is_refused():
    rng = np.random.default_rng(1)
    first, truth = exposure(drawn(textured(), (64, 64)))
    burst = NightBurst()
    for number in range(MOST_FRAMES):
        frame, _ = exposure(drawn(textured(), (64, 64)), number)
        burst.add(frame)
    extra = RawFrame(rng.permuted(first.pixels), dataclasses.replace(first.shot, timestamp_ns=10**9))
    with pytest.raises(FrameError, match="Frame 64 is one too many"):
        burst.add(extra)
    merged = burst.finish()
    reference = next(story.number for story in merged.story if story.is_reference)
    assert gained_db(merged.frame, exposure(drawn(textured(), (64, 64)), reference)[0], truth) > 15
    assert merged.frame.shot.frames == MOST_FRAMES


def test_a_burst_cannot_begin_with_a_merged_frame_or_without_noise(still):
    merged = finished(still).frame
    with pytest.raises(FrameError, match="Frame 0 is itself merged from 4 frames"):
        NightBurst().add(merged)
    foreign = dataclasses.replace(still[0].shot, sensor="unknown", noise=None)
    with pytest.raises(FrameError, match="Frame 0 says nothing of its noise"):
        NightBurst().add(RawFrame(still[0].pixels, foreign))
    with pytest.raises(FrameError, match="at least one frame"):
        NightBurst().finish()


def peak_bytes(frames):
    tracemalloc.start()
    burst = NightBurst()
    for frame in frames:
        burst.add(RawFrame(frame.pixels.copy(), frame.shot))
    burst.finish()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_frames():
    frames = burst_of([drawn(textured(), SHAPE)] * 12)
    peak_bytes(frames[:4])  # what is made once and kept
    assert abs(peak_bytes(frames) - peak_bytes(frames[:4])) < frames[0].pixels.nbytes / 4


def test_any_number_of_threads_gives_the_same_bytes():
    moves = hand_path(4, seed=7)
    frames = burst_of([drawn(textured(), SHAPE, move) for move in moves])
    pictures = [finished(frames, threads=threads).frame for threads in (1, 3)]
    np.testing.assert_array_equal(pictures[0].pixels, pictures[1].pixels)
    np.testing.assert_array_equal(pictures[0].frames_behind, pictures[1].frames_behind)
