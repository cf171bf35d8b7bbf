"""A picture at another size: what is sharp stays sharp, what is too fine goes, and nothing is invented at the edges."""

import numpy as np
import pytest
from PIL import Image

from isp.errors import FrameError
from isp.zoom.enlarge import enlarged
from isp.zoom.resample import LONGEST_PX, by_taps, resampled
from isp.zoom.taps import Filter, taps_for

PILLOWS = {Filter.BICUBIC: Image.Resampling.BICUBIC, Filter.LANCZOS: Image.Resampling.LANCZOS}
SHAPES = [((24, 31), (48, 62)), ((24, 31), (12, 15)), ((40, 9), (17, 31)), ((3, 5), (50, 2)), ((1, 1), (4, 3))]
both = pytest.mark.parametrize("kind", Filter, ids=lambda kind: kind.name)


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def weight(distance, kind):
    """Keys' cubic with a = -1/2 as the paper writes it, or Lanczos's window of three lobes."""
    x = abs(distance)
    if kind is Filter.LANCZOS:
        return float(np.sinc(x) * np.sinc(x / 3)) if x < 3 else 0.0
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def matrix(length, new_length, kind):
    """(new, old): each new pixel in terms of old ones, the old picture mirrored far beyond its edges."""
    shrunk, made = max(length / new_length, 1), np.zeros((new_length, length))
    far = int(4 * shrunk) + 2
    mirror = np.pad(np.arange(length), far, mode="symmetric")
    for new in range(new_length):
        centre = (new + 0.5) * length / new_length - 0.5
        for place, old in enumerate(mirror):
            made[new, old] += weight((place - far - centre) / shrunk, kind)
    return made / made.sum(axis=1, keepdims=True)


def in_floats(values, shape, kind):
    rows, columns = (matrix(values.shape[axis], shape[axis], kind) for axis in (0, 1))
    return np.einsum("yj,jk...,xk->yx...", rows, values.astype(float), columns)


def twin(values, rows, columns):
    """The kernel's own order of sums: down each column, then along each row, in float32."""
    tall = np.zeros((len(rows.starts), *values.shape[1:]), np.float32)
    for tap in range(rows.weights.shape[1]):
        tall += rows.weights[:, tap, None, None] * values[rows.starts + tap].astype(np.float32)
    wide = np.zeros((len(tall), len(columns.starts), values.shape[2]), np.float32)
    for tap in range(columns.weights.shape[1]):
        wide += columns.weights[:, tap, None] * tall[:, columns.starts + tap]
    return wide


@both
@pytest.mark.parametrize(("before", "after"), SHAPES)
def test_the_kernel_does_what_its_twin_does(before, after, kind):
    picture = noise((*before, 3))
    rows, columns = taps_for(before[0], after[0], kind), taps_for(before[1], after[1], kind)
    made = twin(picture, rows, columns)
    for threads in (1, 2, 7):
        assert np.array_equal(by_taps(picture, rows, columns, np.float32, threads), made)
        eight_bits = np.clip(np.floor(made + np.float32(0.5)), 0, 255).astype(np.uint8)
        assert np.array_equal(by_taps(picture, rows, columns, np.uint8, threads), eight_bits)


@both
@pytest.mark.parametrize(("before", "after"), SHAPES)
def test_the_twin_does_what_the_papers_say_with_the_edges_mirrored(before, after, kind):
    picture = noise((*before, 3))
    made = resampled(picture, after, kind, np.float32)
    assert np.abs(made - in_floats(picture, after, kind)).max() < 2e-3, "in levels of 8 bits"


@both
@pytest.mark.parametrize("shape", [(96, 128), (24, 32), (37, 100)])
def test_away_from_the_edges_it_is_what_pillow_makes(shape, kind):
    plane = noise((48, 64)).astype(np.float32)
    theirs = np.asarray(Image.fromarray(plane).resize(shape[::-1], PILLOWS[kind]))
    edge = 4 * -(-shape[0] // 48) + 4
    inner = (slice(edge, -edge),) * 2
    assert np.abs(resampled(plane, shape, kind) - theirs)[inner].max() < 2e-3


@both
def test_flat_stays_flat_and_the_same_size_is_the_same_picture(kind):
    for level in (0, 1, 77, 254, 255):
        flat = np.full((9, 14, 3), level, np.uint8)
        assert all((resampled(flat, shape, kind) == level).all() for shape in ((18, 28), (4, 5), (30, 3)))
    picture = noise((17, 23, 3))
    assert np.array_equal(resampled(picture, (17, 23), kind), picture)


@both
@pytest.mark.parametrize(("length", "new"), [(5, 10), (1, 9), (1000, 333), (333, 1000), (7, 1)])
def test_weights_are_whole_steps_that_add_up_to_one_and_stay_on_the_picture(length, new, kind):
    taps = taps_for(length, new, kind)
    steps = taps.weights.astype(float) * 2**20
    assert np.array_equal(steps, np.rint(steps)) and (steps.sum(axis=1) == 2**20).all()
    assert taps.starts.min() >= 0 and taps.starts.max() + taps.weights.shape[1] <= length


def test_detail_too_fine_for_the_smaller_picture_leaves_no_trace():
    """Stripes of 3.2 pixels at a third of the size would show as stripes of 16 pixels, in full contrast."""
    stripes = np.broadcast_to(128 + 100 * np.sin(np.arange(300) * 2 * np.pi / 3.2), (60, 300)).astype(np.float32)
    left = resampled(stripes, (20, 100), Filter.BICUBIC)[:, 5:-5]
    assert left.std() < 3 and stripes[::3, ::3].std() > 60


def test_a_part_of_the_rows_is_the_part_of_the_whole():
    picture = noise((50, 40, 3))
    rows, columns = taps_for(50, 120, Filter.LANCZOS), taps_for(40, 31, Filter.LANCZOS)
    whole = by_taps(picture, rows, columns)
    assert np.array_equal(by_taps(picture, rows[33:71], columns), whole[33:71])


def test_what_is_no_number_becomes_black_and_what_is_too_bright_white():
    for value, made in ((np.nan, 0), (np.inf, 255), (-np.inf, 0), (1e30, 255), (-3.0, 0)):
        assert (resampled(np.full((1, 1), value, np.float32), (3, 3), dtype=np.uint8) == made).all()


def test_a_photo_becomes_any_size_and_other_things_are_refused():
    grey = enlarged(noise((9, 11)), (13, 8))
    assert (grey.shape, grey.dtype) == ((13, 8), np.uint8)
    assert enlarged(noise((1, 1, 3), 3), (5, 7)).std(axis=(0, 1)).max() == 0
    for pixels in (noise((4, 4, 4)), np.zeros((4, 4), np.float32), np.zeros((4, 4, 3), np.uint16), "no picture"):
        with pytest.raises(FrameError, match="uint8"):
            enlarged(pixels, (8, 8))
    with pytest.raises(FrameError, match="sides must be 1"):
        enlarged(np.zeros((0, 4, 3), np.uint8), (8, 8))
    for shape in ((0, 8), (8, LONGEST_PX + 1), (8.0, 8), (8,)):
        with pytest.raises(FrameError, match="cannot become"):
            enlarged(noise((4, 4)), shape)
