"""The measured zoom, by bursts with their truth: what a frame sees without noise is the truth at one colour a pixel."""

import dataclasses

import numpy as np
import pytest
from measures.bursts import Pose, burst_of
from measures.passers_by import Lamp
from measures.zoom_bursts import zoom_burst
from measures.zoom_quality import LUMA, ZoomPictures

from isp.burst.places import places_of
from isp.errors import FrameError
from isp.frames import LinearFrame, Noise, RawFrame
from isp.zoom.balance import balance
from isp.zoom.crop import Crop, crop_for, cut
from isp.zoom.measured import chebyshev, taps
from isp.zoom.where import lying
from isp.zoom.zoom_burst import ZoomBurst, at_places

SHAPE = (192, 256)
HAND = {"path_px": 7.0, "roll_degrees": 0.15, "light": 0.6, "lens_px": 0.35, "enlarged": 0.5}
BORDER_PX = 16  # some frames do not show it


def burst(scene="texture", frames=8, gain=1.0, **more):
    return burst_of(scene, frames, gain=gain, **({"shape": SHAPE} | HAND | more))


def zoomed(taken, factor=2.0, crop=None, threads=1):
    zoom = ZoomBurst(factor, crop or Crop(0, 0, *taken[0].pixels.shape), threads)
    for frame in taken:
        zoom.add(frame)
    return zoom.finish()


def light_of(frame):
    black = frame.shot.black_dn[0]
    return (frame.pixels - black) / (frame.shot.white_dn - black)


def as_raw_pixels(fine):
    """Means over 2 x 2: what a raw pixel sees of a picture that is twice as fine."""
    height, width = fine.shape[:2]
    return fine.reshape(height // 2, 2, width // 2, 2, 3).mean(axis=(1, 3))


def mosaic_of(colours, bayer):
    """Of each pixel the colour that the sensor has there."""
    mosaic = np.empty(colours.shape[:2])
    for index, letter in enumerate(bayer):
        top, left = divmod(index, 2)
        mosaic[top::2, left::2] = colours[top::2, left::2, "RGB".index(letter)]
    return mosaic


def reference_of(taken, result):
    return next(told.number for told in result.frames if told.is_reference)


@pytest.fixture(scope="module")
def texture_burst():
    return burst()


@pytest.fixture(scope="module")
def texture_zoomed(texture_burst):
    return zoomed(texture_burst.frames)


def test_a_moved_burst_is_measured_and_told(texture_zoomed):
    story = texture_zoomed.story
    assert story.rung == "measured" and (story.asked, story.factor) == (2.0, 2.0) and not story.why
    assert story.measured_share > 0.9 and 6 < story.frames_behind <= 8
    assert all(told.share > 0.7 for told in texture_zoomed.frames)


def test_the_picture_has_the_facts_of_a_linear_frame(texture_zoomed):
    frame = texture_zoomed.frame
    assert isinstance(frame, LinearFrame) and frame.pixels.shape == (2 * SHAPE[0], 2 * SHAPE[1], 3)
    assert frame.frames_behind.shape == places_of(frame.pixels.shape[:2])
    assert frame.shot.frames == 8 and len(set(frame.shot.black_dn)) == 1


def test_it_explains_the_reference_better_than_its_own_noise(texture_burst, texture_zoomed):
    """Seen by raw pixels again, the picture is nearer to the scene than the frame it looks like."""
    number = reference_of(texture_burst.frames, texture_zoomed)
    truth = texture_burst.clean[number]
    seen = mosaic_of(as_raw_pixels(light_of(texture_zoomed.frame)), texture_zoomed.frame.shot.bayer)
    noise = texture_burst.frames[number].shot.noise
    inner = np.s_[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX]
    misses = np.square(seen - truth)[inner].mean()
    assert misses < 0.6 * (noise.shot * truth[inner].mean() + noise.read)


def test_threads_and_order_of_work_change_no_byte(texture_burst):
    taken = texture_burst.frames[:4]
    one, three = (zoomed(taken, threads=threads).frame for threads in (1, 3))
    assert np.array_equal(one.pixels, three.pixels) and np.array_equal(one.frames_behind, three.frames_behind)


@pytest.mark.parametrize(("factor", "shape"), [(1.0, SHAPE), (1.5, (288, 384)), (3.0, (384, 512))])
def test_every_factor_gives_its_size_and_the_same_light(texture_burst, texture_zoomed, factor, shape):
    """Up to twice; what is asked beyond is left to enlarging."""
    result = zoomed(texture_burst.frames, factor)
    assert result.frame.pixels.shape == (*shape, 3) and result.story.factor == min(factor, 2.0)
    means = [light_of(frame).mean(axis=(0, 1)) for frame in (result.frame, texture_zoomed.frame)]
    assert np.allclose(*means, rtol=0.003)


def test_only_the_crop_is_shown(texture_burst):
    crop = crop_for(SHAPE, 1.5, (0.2, 0.8))
    result = zoomed(texture_burst.frames, 1.5, crop)
    assert result.frame.pixels.shape[:2] == crop.zoomed_shape(1.5)
    left, top, wide, high = result.frame.shot.field_of_view
    whole = texture_burst.frames[0].shot.field_of_view
    assert left == pytest.approx(whole[0] + whole[2] * crop.left / SHAPE[1])
    assert high == pytest.approx(whole[3] * crop.height / SHAPE[0])
    assert (top, wide) == pytest.approx((whole[1] + whole[3] * crop.top / SHAPE[0], whole[2] * crop.width / SHAPE[1]))


def error_of(result, taken, crop):
    """(H, W) squared misses of the luma that raw pixels see, beside the scene itself."""
    truth = taken.clean[reference_of(taken.frames, result)]
    seen = mosaic_of(as_raw_pixels(light_of(result.frame)), result.frame.shot.bayer)
    return np.square(seen - truth[crop.top :, crop.left :][: crop.height, : crop.width])


def test_the_edge_of_a_crop_is_as_good_as_its_middle():
    """What the hand moves out of the crop in some frames, the sensor still sees."""
    poses = [Pose(way) for way in ((0.3, 0.2), (6.2, -5.7), (-6.4, 7.1), (7.7, 9.4), (-4.6, -10.4))]
    taken, crop = burst(frames=5, shape=(192, 224), poses=poses), Crop(48, 48, 96, 128)
    result = zoomed(taken.frames, crop=crop)
    assert result.frame.pixels.shape == (192, 256, 3) and all(told.share > 0.7 for told in result.frames)
    error = error_of(result, taken, crop)
    middle = error[24:-24, 24:-24].mean()
    for border in (error[:10], error[-10:], error[:, :10], error[:, -10:]):
        assert border.mean() < 1.6 * middle


def test_a_plain_picture_shows_the_crop_alone():
    taken = burst(frames=3, path_px=0.0, roll_degrees=0.0)
    crop = Crop(32, 48, 96, 128)
    result = zoomed(taken.frames, crop=crop)
    alone = cut(taken.frames[reference_of(taken.frames, result)], crop)
    assert result.story.rung == "plain" and result.frame.shot.bayer == alone.shot.bayer
    assert result.frame.shot.field_of_view == pytest.approx(alone.shot.field_of_view)
    assert result.frame.frames_behind.shape == places_of(alone.pixels.shape)
    assert np.corrcoef(result.frame.pixels.ravel(), alone.pixels.ravel())[0, 1] > 0.99


def test_black_that_is_said_to_have_no_noise_stays_black():
    """Raw files of others may say so."""
    frames = [
        RawFrame(frame.pixels, dataclasses.replace(frame.shot, noise=Noise(1e-4, 0.0)))
        for frame in burst(frames=4, black=(), shape=(96, 128), light=0.05).frames
    ]
    for frame in frames:
        frame.pixels[:, :48] = round(frame.shot.black_dn[0])
    light = light_of(zoomed(frames).frame)
    assert np.abs(light[8:-8, 8:64]).max() < 0.01


@pytest.fixture(scope="module")
def dim_steps():
    """Dark patches beside bright ones, and much noise."""
    return ZoomPictures(zoom_burst("steps", 6, 1600, shape=(160, 224), light=0.5))


def waves_of_two(picture, axis):
    return np.diff(picture, 2, axis) / 4


def test_noise_beside_what_is_bright_gets_no_colour(dim_steps):
    """Red and blue have few samples: on the dark side of an edge their noise must not pass for the edge's detail."""
    grey = dim_steps.shown(dim_steps.truth) @ LUMA
    dark = np.zeros(grey.shape, bool)
    for axis in (0, 1):
        for away in (-4, -3, -2, -1, 1, 2, 3, 4):
            dark |= np.roll(grey, away, axis) - grey > 0.25

    def dots(picture):
        shown = dim_steps.shown(picture)
        colour = shown - (shown @ LUMA)[..., None]
        down, across = waves_of_two(colour, 0)[:, 1:-1], waves_of_two(colour, 1)[1:-1]
        return (np.square(down) + np.square(across))[dark[1:-1, 1:-1]].mean()

    assert dots(dim_steps.measured) < dots(dim_steps.plain)


def test_no_grid_of_two_pixels_is_laid_over_the_picture(dim_steps):
    """A raw pixel averages over just such waves: what stands there was not seen."""

    def grid(picture):
        luma = dim_steps.shown(picture) @ LUMA
        twice = [(2 * luma[2:-2] - luma[:-4] - luma[4:]) / 4, (2 * luma[:, 2:-2] - luma[:, :-4] - luma[:, 4:]) / 4]
        return sum(np.square(waves_of_two(luma, axis)).mean() / np.square(twice[axis]).mean() for axis in (0, 1))

    assert grid(dim_steps.measured) < 1.1 * grid(dim_steps.truth)


@pytest.mark.parametrize("gain", [1.0, 16.0])
def test_the_noise_of_grey_is_what_the_picture_says(gain):
    taken = burst("steps", gain=gain, enlarged=1.0, path_px=5.0).frames
    frame = zoomed(taken).frame
    light, noise = light_of(frame)[..., 1], frame.shot.noise
    ratios = []
    for top in (0, SHAPE[0]):
        for patch in range(1, 7):
            middle = round((patch + 0.5) * 2 * SHAPE[1] / 8)
            grey = light[top + 40 : top + SHAPE[0] - 40, middle - 16 : middle + 16]
            if grey.mean() > 0.05:
                slow = np.add.outer(grey.mean(axis=1), grey.mean(axis=0)) - grey.mean()
                lost = 1 - 1 / grey.shape[0] - 1 / grey.shape[1]
                ratios.append(np.square(grey - slow).mean() / lost / (noise.shot * grey.mean() + noise.read))
    assert 0.8 < np.mean(ratios) < 1.25


def test_a_burst_on_a_tripod_stays_plain_and_says_why():
    result = zoomed(burst(frames=4, path_px=0.0, roll_degrees=0.0).frames)
    assert isinstance(result.frame, RawFrame) and result.story.rung == "plain" and result.story.factor == 1
    assert "still" in result.story.why and result.story.measured_share == 0


def test_one_frame_stays_plain_and_says_why(texture_burst):
    result = zoomed(texture_burst.frames[:1])
    assert isinstance(result.frame, RawFrame) and "One frame" in result.story.why
    assert np.array_equal(result.frame.pixels[::2, ::2] // 16, texture_burst.frames[0].pixels[::2, ::2])


def test_frames_of_another_scene_are_left_out():
    """The fourth frame shows something else, the fifth nothing at all."""
    taken, other = burst(frames=6, black=(4,)), burst("chart", frames=6, seed=2)
    result = zoomed([*taken.frames[:3], other.frames[3], *taken.frames[4:]])
    assert [told.share < 0.2 for told in result.frames] == [False, False, False, True, True, False]
    assert result.story.rung == "measured" and result.story.frames_behind < 4.5


@pytest.mark.parametrize("factor", [0.5, 3.5, float("nan"), True, "2", None])
def test_a_factor_out_of_range_is_refused(factor):
    with pytest.raises(FrameError, match="1 to 3"):
        ZoomBurst(factor, Crop(0, 0, *SHAPE))


def test_a_part_outside_the_frame_is_refused_and_changes_nothing(texture_burst):
    zoom = ZoomBurst(2.0, Crop(100, 0, 96, 128))
    with pytest.raises(FrameError, match="inside the frame"):
        zoom.add(texture_burst.frames[0])
    assert len(zoom) == 0
    with pytest.raises(FrameError, match="at least one frame"):
        zoom.finish()


def test_a_frame_of_another_exposure_is_refused(texture_burst):
    zoom = ZoomBurst(2.0, Crop(0, 0, *SHAPE))
    first, second = texture_burst.frames[:2]
    zoom.add(first)
    with pytest.raises(FrameError, match="exposure_us"):
        zoom.add(RawFrame(second.pixels, dataclasses.replace(second.shot, exposure_us=1.0)))
    assert len(zoom) == 1


def test_bad_pixels_leave_no_dots():
    """They stay in their places while the scene moves under them."""
    clean, bad = (zoomed(burst(frames=6, bad_pixels=share).frames).frame for share in (0.0, 3e-4))
    apart = np.abs(light_of(bad) - light_of(clean)).max(axis=-1)
    assert np.quantile(apart, 0.999) < 0.1 and (apart > 0.3).mean() < 2e-5


def test_light_that_is_blown_stays_white_and_even():
    """No ring around a lamp, and none of its colours falls below saturation inside."""
    lamp = Lamp((96.0, 128.0), 0, radius_px=14.0, level=8.0, pool=0.0, colour=(1.0, 1.0, 1.0))
    frame = zoomed(burst(frames=6, objects=[lamp], light=0.5).frames).frame
    light = light_of(frame)
    y, x = np.mgrid[: light.shape[0], : light.shape[1]] / 2 + 0.25
    # The hand moves the picture; the reference is one of the first frames.
    middle = np.argwhere(light.min(axis=-1) > 0.95).mean(axis=0) / 2
    distance = np.hypot(y - middle[0], x - middle[1])
    assert light[distance < 11].min() > 0.97
    assert light.max() <= 1.0 and light.min() > -0.01


def test_the_other_way_round_is_the_way_back():
    rows, columns = places_of((320, 480))
    y, x = np.mgrid[:rows, :columns] * 16.0
    turn = 0.004
    shifts = np.stack([3.3 - turn * (x - 240), -5.1 + turn * (y - 160)], axis=-1).astype(np.float32)
    back = lying(shifts)
    there = np.stack([y + back[..., 0], x + back[..., 1]], axis=-1)
    again = there + np.stack([3.3 - turn * (there[..., 1] - 240), -5.1 + turn * (there[..., 0] - 160)], axis=-1)
    inner = np.s_[2:-2, 2:-2]
    assert np.abs(again - np.stack([y, x], axis=-1))[inner].max() < 1e-3


@pytest.mark.parametrize(("length", "new_length"), [(64, 128), (64, 64), (64, 96), (100, 134), (64, 72)])
def test_a_pixel_of_the_result_is_the_mean_of_what_it_covers(length, new_length):
    starts, weights = taps(length, new_length)
    assert np.allclose(weights.sum(axis=1), 1, atol=1e-5) and weights.min() > -0.05
    at = starts[:, None] + np.arange(weights.shape[1])
    middles = (weights * (at + 0.5)).sum(axis=1)
    assert np.allclose(middles, (np.arange(new_length) + 0.5) * 2 * length / new_length, atol=1e-3)
    assert np.all(weights[at >= 2 * length] == 0)


def test_steps_follow_what_is_measured_well_and_no_more():
    """Chebyshev's polynomial: what is left after all rounds of each part of the spectrum."""
    spectrum, left, kept = np.linspace(0.03, 1, 200), np.ones(200), np.zeros(200)
    for share, length in chebyshev(10, 0.03):
        kept = share * kept + length * spectrum * left
        left = left - kept
    assert np.abs(left).max() < 0.12 and np.abs(left).max() == pytest.approx(np.abs(left[0]), rel=0.05)


def test_places_take_the_mean_around_them():
    behind = np.full((64, 48), 5.0, np.float32)
    behind[:, :24] = 1.0
    places = at_places(behind, (256, 192))
    assert places.shape == places_of((256, 192))
    assert np.all(places[:, :5] == 1) and np.all(places[:, -5:] == 5) and np.all(places[:, 6] == 3)


def test_colours_are_balanced_by_their_edges():
    frame = burst(frames=1).frames[0]
    red, green, blue = balance(frame)
    grey_red, grey_blue = (np.mean(frame.pixels[top::2, top::2]) - frame.shot.black_dn[0] for top in (0, 1))
    grey_green = np.mean(frame.pixels[::2, 1::2]) - frame.shot.black_dn[0]
    order = {"RGGB": (grey_red, grey_blue), "BGGR": (grey_blue, grey_red)}[frame.shot.bayer]
    assert green == 1 and red == pytest.approx(grey_green / order[0], rel=0.05)
    assert blue == pytest.approx(grey_green / order[1], rel=0.05)
    told = RawFrame(frame.pixels, dataclasses.replace(frame.shot, colour_gains=(1.5, 2.5)))
    assert np.allclose(balance(told), (1.5, 1, 2.5))


def test_clipped_lamps_do_not_tell_that_the_light_is_grey():
    """They are as bright in all colours, and their rims were most of the picture's detail."""
    frame = burst(frames=1).frames[0]
    pixels = frame.pixels.copy()
    for top in range(8, SHAPE[0] - 8, 48):
        pixels[top : top + 8, top : top + 8] = round(frame.shot.white_dn)
    assert balance(RawFrame(pixels, frame.shot)) == pytest.approx(balance(frame), rel=0.15)


def test_a_picture_without_detail_keeps_its_numbers():
    """Black, white and even grey: nothing divides by what is not there."""
    shot = burst(frames=1, shape=(64, 64)).frames[0].shot
    poses = [Pose((0.5 * number, 0.7 * number)) for number in range(3)]
    assert len(poses) == 3
    for level in (shot.black_dn[0], 1000.0, shot.white_dn):
        rng = np.random.default_rng(1)
        frames = [
            RawFrame(
                np.clip(np.rint(level + rng.normal(0, 2, (64, 64))), 0, shot.white_dn).astype(np.uint16),
                dataclasses.replace(shot, timestamp_ns=number + 1),
            )
            for number in range(3)
        ]
        result = zoomed(frames)
        black = np.mean(result.frame.shot.black_dn)
        span = result.frame.shot.white_dn - black
        expected = (level - shot.black_dn[0]) / (shot.white_dn - shot.black_dn[0])
        assert (result.frame.pixels.mean() - black) / span == pytest.approx(expected, abs=0.01)
