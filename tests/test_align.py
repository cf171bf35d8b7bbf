"""Alignment against scenes that are drawn, not warped: the true shift of every place is known."""

import numpy as np
import pytest
from measures.exposed import exposed

from isp.burst.align import align
from isp.burst.places import places_of
from isp.burst.pyramid import pyramid_of

SHAPE = (600, 800)


def discs(shape=SHAPE, shift=(0.0, 0.0), turn=0.0, seed=1):
    """(H, W) linear light: soft discs of all sizes, moved by `shift` and turned about the middle."""
    rng = np.random.default_rng(seed)
    height, width = shape
    picture = np.full(shape, 0.2, np.float32)
    for _ in range(height * width // 1000):
        down, across = rng.uniform(-80, height + 80) - height / 2, rng.uniform(-80, width + 80) - width / 2
        radius, level = rng.uniform(3, 40), rng.uniform(0.03, 0.7)
        y = height / 2 + down - turn * across + shift[0]
        x = width / 2 + across + turn * down + shift[1]
        rows = slice(max(int(y - radius - 4), 0), max(int(y + radius + 5), 0))
        columns = slice(max(int(x - radius - 4), 0), max(int(x + radius + 5), 0))
        grid = np.mgrid[: picture[rows, columns].shape[0], : picture[rows, columns].shape[1]].astype(np.float32)
        distance = radius - np.hypot(grid[0] + rows.start + 0.5 - y, grid[1] + columns.start + 0.5 - x)
        share = 1 / (1 + np.exp(np.clip(-2.6 * distance, -30, 30)))
        picture[rows, columns] += share * (level - picture[rows, columns])
    return picture


def true_shift(shape, shift, turn=0.0):
    rows, columns = places_of(shape)
    down = (np.arange(rows) * 16 - shape[0] / 2)[:, None] + np.zeros(columns)
    across = (np.arange(columns) * 16 - shape[1] / 2)[None, :] + np.zeros((rows, 1))
    return np.stack([shift[0] - turn * across, shift[1] + turn * down], axis=-1)


def shot(picture, iso=100, light=1.0, seed=1, **facts):
    return exposed(picture * np.float32(light), gain=iso / 100, seed=seed, **facts)


def errors_px(shifts, truth):
    return np.hypot(*np.moveaxis(shifts.px - truth, -1, 0))


@pytest.mark.parametrize("iso, light", [(100, 1.0), (800, 0.25), (3200, 0.25), (3200, 0.06)])
@pytest.mark.parametrize(
    "shift, turn", [((0.6, -0.3), 0.0), ((6.3, -11.7), 0.0), ((30.2, 10.4), 0.0087), ((-64, 50), 0)]
)
def test_every_place_is_found_where_the_hand_moved_it(shift, turn, iso, light):
    reference, frame = (
        pyramid_of(shot(picture, iso, light, seed))
        for seed, picture in enumerate((discs(), discs(shift=shift, turn=turn)))
    )
    found = align(reference, frame)
    error = errors_px(found, true_shift(SHAPE, shift, turn))
    assert np.median(error) < 0.5
    assert np.percentile(error, 95) < 1.0
    assert found.explained > 0.95
