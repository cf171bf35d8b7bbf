"""How noisy this very sensor is, seen where two frames of a burst show the same.

The calibrated model is right in its shape, but modules differ, and some models' read noise is an estimate. Where the
difference of two aligned frames holds nothing but noise it says by how much. Source of the measure: Immerkaer 1996,
"Fast noise variance estimation": a filter that answers neither to slow changes nor to straight edges. We depart in
taking differences of frames, so that still texture does not count as noise, and in believing only the calmest tiles of
each brightness: motion and texture can make noise look larger, never smaller.
"""

from __future__ import annotations

import numpy as np

from isp.burst.places import PITCH_PX, TILE_PX, places_of
from isp.frames import Noise, RawFrame

# Tiles that are looked at, each way at most: enough for a steady tenth, and quick.
TILES_ACROSS = 18
# Shares of tiles, by brightness, that are judged together.
LEVELS = 6
FEWEST_TILES = 8
# Of tiles of pure noise one in ten has less than this share of its true variance.
CALMEST, CALMEST_HAS = 0.1, 0.9
# Of such tiles three in ten have up to 1.07 times what the calmest have; where it is more, even these hold texture, and
# the noise is less than they say.
CALM, NOISE_VARIES = 0.3, 1.2
# No module is quieter than its model by luck, and one three times as noisy is broken, or not this sensor.
TIMES = np.arange(20, 61) / 20
# A level is measured to so much of itself; and so much it costs to leave the model: a difference of less than a tenth,
# which noise alone can feign, is left alone.
SCATTER, LEAVING_COSTS = 0.1, 30.0


def measured_noise(reference: RawFrame, frame: RawFrame, shifts: np.ndarray) -> Noise:
    """The model of the reference's noise, its two parts raised as far as the two frames show.

    shifts  (rows, columns, 2) float32 at the places, as `isp.burst.align` finds them
    """
    model = reference.shot.noise
    levels, variances, is_noise = _calm_levels(*_tiles(reference, frame, shifts))
    shot, read = np.meshgrid(TIMES, TIMES, indexing="ij")
    expected = shot[..., None] * model.shot * levels + read[..., None] * model.read
    misses = np.log(np.maximum(variances, 1e-30) / np.maximum(expected, 1e-30)) / SCATTER
    misses = np.where(is_noise, misses, np.minimum(misses, 0.0))
    costs = np.square(misses).sum(axis=-1) + LEAVING_COSTS * (shot + read - 2)
    best = np.unravel_index(costs.argmin(), costs.shape)
    return Noise(float(shot[best] * model.shot), float(read[best] * model.read))


def _tiles(reference: RawFrame, frame: RawFrame, shifts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean level of tiles that lie in both frames and hold no blown pixel, and the variance of one pixel's noise."""
    shot, shape = reference.shot, reference.pixels.shape
    span = shot.white_dn - sum(shot.black_dn) / 4
    black = np.tile(np.reshape(shot.black_dn, (2, 2)), (PITCH_PX, PITCH_PX))
    rows, columns = (range(1, count - 1, -(-count // TILES_ACROSS)) for count in places_of(shape))
    levels, variances = [], []
    for row in rows:
        for column in columns:
            top, left = PITCH_PX * (row - 1), PITCH_PX * (column - 1)
            # Whole steps from pixel to pixel of one colour: moving between them would take some of the noise.
            down, across = (2 * round(float(shift) / 2) for shift in shifts[row, column])
            one, other = _tile(reference, top, left), _tile(frame, top + down, left + across)
            if one is None or other is None or max(one.max(), other.max()) >= shot.white_dn:
                continue
            levels.append((one - black).mean() / span)
            variances.append(_fine_variance((one - other) / span) / 2)
    return np.maximum(levels, 0.0), np.asarray(variances)


def _tile(frame: RawFrame, top: int, left: int) -> np.ndarray | None:
    height, width = frame.pixels.shape
    if top < 0 or left < 0 or top + TILE_PX > height or left + TILE_PX > width:
        return None
    return frame.pixels[top : top + TILE_PX, left : left + TILE_PX].astype(np.float32)


def _fine_variance(tile: np.ndarray) -> float:
    """Of white noise in a mosaic: how one colour changes both across and down."""
    across = tile[:, :-2] - tile[:, 2:]
    return float(np.square(across[:-2] - across[2:]).mean(dtype=np.float64)) / 4


def _calm_levels(levels: np.ndarray, variances: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of tiles of like brightness: their level, the noise that the calmest show, and whether it is all noise."""
    found = []
    for chosen in np.array_split(np.argsort(levels, kind="stable"), LEVELS):
        if len(chosen) >= FEWEST_TILES:
            calmest, calm = np.quantile(variances[chosen], (CALMEST, CALM))
            found.append((levels[chosen].mean(), calmest / CALMEST_HAS, calm < NOISE_VARIES * calmest))
    level, variance, is_noise = np.reshape(found, (-1, 3)).T
    return level, variance, is_noise.astype(bool)
