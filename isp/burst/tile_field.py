"""What a level's tiles say of their movement: vectors to a fraction of a pixel, and how far each can be trusted.

A tile's vector is refined by one step of Lucas and Kanade 1981 ("An iterative image registration technique ..."), with
slopes of both pictures, so that errors of second order cancel, and without the tile's mean, so that flicker does not
pull. The slopes that noise alone makes are known and taken off: what is left says how far the vector is to be trusted. A
tile without texture is not trusted at all. Vectors then agree with their neighbours and with the hand's movement, as
far as each of them is uncertain (a Gaussian field with outliers, Black and Anandan 1996); an object that truly moves
differs from its neighbours by far more, and keeps its vector.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Slopes are sums of two central differences, four times the true ones.
SLOPE = 4.0
# Of noise alone the slopes' energy scatters; that many deviations are no texture.
CERTAIN = 3.0
# Refining by more than that is a guess: the match was to the nearest pixel.
FARTHEST_PX = 1.0
# By about that much neighbouring tiles differ beside the hand's movement, and tiles from the hand's.
ROUGHNESS_PX, STRAY_PX = 0.1, 0.5
# Neighbours that differ by more than that belong to something else.
APART_PX = 0.5
ROUNDS = 3
# Of the texture's energy so much may be missing where a tile is explained: it then correlates by about 0.8.
UNEXPLAINED = 0.4
# A tile has texture that can be checked where its variance is that many times the noise's.
TEXTURE = 1.0


@dataclass(frozen=True)
class Observed:
    """What tiles say by themselves; arrays are (rows, columns), vectors (2, rows, columns) in pixels of the level.

    trust      (3, rows, columns) float64, information of the vector (yy, yx, xx), 1 / px squared
    textured   whether the tile has texture above the noise
    explained  whether the frame there is what the reference shows, but for noise
    """

    vectors: np.ndarray
    trust: np.ndarray
    textured: np.ndarray
    explained: np.ndarray


def observe(vectors: np.ndarray, sums: np.ndarray, tile: int, noise: float) -> Observed:
    """From the sums of `isp.kernels.tile_sums` at whole vectors (rows, columns, 2); noise in codes squared."""
    pixels = tile * tile
    yy, yx, xx, yd, xd, ys, xs, dd, ds, rr, rs = sums.astype(np.float64)
    yy, yx, xx = yy - ys * ys / pixels, yx - ys * xs / pixels, xx - xs * xs / pixels
    yd, xd, dd = yd - ys * ds / pixels, xd - xs * ds / pixels, dd - ds * ds / pixels
    # Noise alone: each slope is a sum of four noisy codes; it scatters as sums of squares do.
    alone = 4 * noise * pixels
    doubt = CERTAIN * 4 * noise * np.sqrt(2.0 * pixels)
    yy, xx = np.maximum(yy - alone, 0.0), np.maximum(xx - alone, 0.0)
    yx = np.clip(yx, -np.sqrt(yy * xx), np.sqrt(yy * xx))
    # A little doubt keeps the matrix from being singular, and a flat tile where it is.
    a, c = yy + doubt, xx + doubt
    whole = a * c - yx * yx
    down = np.clip(-SLOPE * (c * yd - yx * xd) / whole, -FARTHEST_PX, FARTHEST_PX)
    across = np.clip(-SLOPE * (a * xd - yx * yd) / whole, -FARTHEST_PX, FARTHEST_PX)
    left = np.maximum(dd + (down * yd + across * xd) / SLOPE, 0.0)
    worse = np.maximum(left / (2 * noise * pixels), 1.0)
    share = 1 / (SLOPE**2 * 2 * noise * worse)
    trust = np.stack([np.maximum(yy - doubt, 0.0) * share, yx * share, np.maximum(xx - doubt, 0.0) * share])
    trust[1] = np.clip(trust[1], -np.sqrt(trust[0] * trust[2]), np.sqrt(trust[0] * trust[2]))
    texture = rr - rs * rs / pixels - noise * pixels
    textured = texture > TEXTURE * noise * pixels
    spread = 2 * noise * (pixels + CERTAIN * np.sqrt(2.0 * pixels))
    same_level = np.abs(ds) <= np.maximum(rs / 4, CERTAIN * np.sqrt(2 * noise * pixels))
    explained = (left <= spread + UNEXPLAINED * np.maximum(texture, 0.0)) & same_level
    moved = vectors.transpose(2, 0, 1) + np.stack([down, across])
    return Observed(moved, trust, textured, explained)


def settle(strays: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """(2, rows, columns): how each tile strays from the hand's movement, after hearing its neighbours.

    strays  (2, rows, columns), as observed; trust as in Observed
    """
    yy, yx, xx = trust
    pull_y, pull_x = yy * strays[0] + yx * strays[1], yx * strays[0] + xx * strays[1]
    settled = _weighed(yy + STRAY_PX**-2, yx, xx + STRAY_PX**-2, pull_y, pull_x)
    for _ in range(ROUNDS):
        padded = np.pad(settled, [(0, 0), (1, 1), (1, 1)], mode="constant", constant_values=np.inf)
        weights, pull = np.zeros_like(yy), np.zeros_like(settled)
        rows, columns = yy.shape
        for y, x in ((0, 1), (1, 0), (1, 2), (2, 1)):
            neighbour = padded[:, y : y + rows, x : x + columns]
            inside = np.isfinite(neighbour[0])
            other = np.where(inside, neighbour, 0.0)
            apart = ((other - settled) ** 2).sum(axis=0) / APART_PX**2
            weight = inside * (ROUGHNESS_PX**-2 / (1 + apart) ** 2)
            weights += weight
            pull += weight * other
        own = weights + STRAY_PX**-2
        settled = _weighed(yy + own, yx, xx + own, pull_y + pull[0], pull_x + pull[1])
    return settled


def _weighed(yy: np.ndarray, yx: np.ndarray, xx: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    whole = yy * xx - yx * yx
    return np.stack([(xx * y - yx * x) / whole, (yy * x - yx * y) / whole])
