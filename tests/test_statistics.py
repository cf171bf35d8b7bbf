"""What a frame says as a whole, beside plain numpy that is easy to check by eye."""

import numpy as np
import pytest

from isp.frames import NEUTRAL_SHOT, RawFrame
from isp.kernels import block_sums, measure_zones
from isp.statistics import sample

SIZES = [(8, 8), (9, 31), (64, 66), (67, 151)]


def counts(size):
    """Any count, and rows without a bright one."""
    pixels = np.random.default_rng(size[1]).integers(0, 65536, size).astype(np.uint16)
    pixels[: size[0] // 2] //= 2
    return pixels


def zones_twin(pixels, clip, rows, columns):
    sums, used = np.zeros((rows, columns, 4), np.uint64), np.zeros((rows, columns, 4), np.uint64)
    height, width = pixels.shape
    for y in range(height // 2):
        for x in range(width // 2):
            quad = pixels[2 * y : 2 * y + 2, 2 * x : 2 * x + 2].ravel()
            column = next(c for c in range(columns) if x < (c + 1) * (width // 2) // columns)
            if quad.max() < clip:
                sums[2 * y * rows // height, column] += quad
                used[2 * y * rows // height, column] += np.uint64(1)
    return sums, used


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("clip", [40000, 65536])
def test_zones_hold_the_sums_of_their_unclipped_quads(size, clip):
    sums, used = np.zeros((3, 4, 4), np.uint64), np.zeros((3, 4, 4), np.uint64)
    pixels = counts(size)
    measure_zones(pixels, clip, sums, used)
    wanted = zones_twin(pixels, clip, 3, 4)
    np.testing.assert_array_equal(sums, wanted[0])
    np.testing.assert_array_equal(used, wanted[1])


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("size", SIZES)
def test_blocks_weigh_all_positions_to_one_centre(size, step):
    pixels = counts(size)
    rows, columns = (-(-(side // 2 - 3) // step) for side in size)
    sums = np.empty((2, 4, rows, columns), np.uint32)
    block_sums(pixels, step, sums)
    weights = np.array([1, 3])
    for block, position, row, column in np.ndindex(sums.shape):
        down, across = divmod(position, 2)
        y, x = 2 * (row * step + 2 * block) + down, 2 * (column * step + 2 * block) + across
        upright, beside = weights[:: -1 if down else 1], weights[:: -1 if across else 1]
        near = pixels[y : y + 3 : 2, x : x + 3 : 2].astype(int)
        assert sums[block, position, row, column] == upright @ near @ beside


def test_places_outside_the_frame_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        block_sums(np.zeros((16, 16), np.uint16), 4, np.empty((2, 4, 3, 2), np.uint32))


def test_a_frame_has_the_sample_of_its_light():
    frame = RawFrame(np.full((6, 40), 32768, np.uint16), NEUTRAL_SHOT)
    black, white = NEUTRAL_SHOT.black_dn[0], NEUTRAL_SHOT.white_dn
    np.testing.assert_allclose(sample(frame), (32768 - black) / (white - black))
