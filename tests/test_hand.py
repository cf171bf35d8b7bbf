"""The hand's movement fitted to tiles: the same bits on every machine, and the movement that was there."""

import numpy as np
import pytest

from isp.burst.hand import MODEL_ERROR_PX, SHIFT_PX, TURN, Hand, fit_hand, with_model_error

MIDDLE_PX = (96.0, 128.0)
TRUE = Hand((2.25, -1.5), 0.004, MIDDLE_PX)


@pytest.fixture
def tiles():
    """Middles, vectors and trust of tiles that follow TRUE by a tenth of a pixel, some of them not at all."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:200:16, 0:264:16].astype(float)
    seen = TRUE.at(y, x) + rng.normal(0, 0.1, (2, *y.shape))
    seen[:, rng.random(y.shape) < 0.1] += 12.0
    yy, xx = rng.uniform(0, 400, (2, *y.shape))
    return y, x, seen, np.stack([yy, 0.3 * np.sqrt(yy * xx), xx])


def fitted_by_plain_sums(start, y, x, seen, trust, reach):
    """One round of the fit, a tile at a time: only sums and products that every processor rounds alike."""
    normal = [[0.0] * 3 for _ in range(3)]
    right = [0.0] * 3
    information = [part.ravel().tolist() for part in with_model_error(trust)]
    expected = start.at(y, x).reshape(2, -1).tolist()
    for yy, yx, xx, at_y, at_x, vy, vx, hy, hx in zip(
        *information, y.ravel().tolist(), x.ravel().tolist(), *seen.reshape(2, -1).tolist(), *expected, strict=True
    ):
        miss_y, miss_x = vy - hy, vx - hx
        energy = yy * (miss_y * miss_y) + 2 * yx * miss_y * miss_x + xx * (miss_x * miss_x)
        say = reach * reach / (reach * reach + MODEL_ERROR_PX * MODEL_ERROR_PX * energy)
        say *= say
        moves_y, moves_x = (1.0, 0.0, -(at_x - MIDDLE_PX[1])), (0.0, 1.0, at_y - MIDDLE_PX[0])
        for i in range(3):
            pull_y = say * (yy * moves_y[i] + yx * moves_x[i])
            pull_x = say * (yx * moves_y[i] + xx * moves_x[i])
            right[i] += pull_y * vy + pull_x * vx
            for k in range(i, 3):
                normal[i][k] += pull_y * moves_y[k] + pull_x * moves_x[k]
    for i, weak in enumerate((SHIFT_PX, SHIFT_PX, TURN)):
        normal[i][i] += 1 / (weak * weak)
    (a, b, c), (_, d, e), (_, _, f) = normal
    p, q, r = right
    share_b, share_c = b / a, c / a
    d, e, q = d - share_b * b, e - share_b * c, q - share_b * p
    f, r = f - share_c * c, r - share_c * p
    share = e / d
    turn = (r - share * q) / (f - share * e)
    across = (q - e * turn) / d
    return Hand(((p - b * across - c * turn) / a, across), turn, MIDDLE_PX)


def test_the_fit_has_the_bits_of_sums_taken_one_after_the_other(tiles):
    start = Hand((0.0, 0.0), 0.0, MIDDLE_PX)
    assert fit_hand(start, *tiles, (8.0,)) == fitted_by_plain_sums(start, *tiles, 8.0)


def test_the_movement_is_found_however_many_tiles_move_by_themselves(tiles):
    found = fit_hand(Hand((0.0, 0.0), 0.0, MIDDLE_PX), *tiles, (8.0, 4.0, 2.0, 1.0, 0.5))
    assert found.shift_px == pytest.approx(TRUE.shift_px, abs=0.05)
    assert found.turn == pytest.approx(TRUE.turn, abs=3e-4)


def test_tiles_without_texture_say_that_nothing_moved():
    y, x = np.mgrid[0:3, 0:3].astype(float)
    nothing = fit_hand(Hand((0.0, 0.0), 0.0, (1.0, 1.0)), y, x, np.full((2, 3, 3), 9.0), np.zeros((3, 3, 3)), (1.0,))
    assert nothing.shift_px == (0.0, 0.0)
    assert nothing.turn == 0
