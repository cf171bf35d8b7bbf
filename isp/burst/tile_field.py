"""What a level's tiles say of their movement: vectors to a fraction of a pixel, and how far each can be trusted.

A tile's vector is refined by one step of Lucas and Kanade 1981 ("An iterative image registration technique ..."), with
slopes of both pictures, so that errors of second order cancel, and without the tile's mean, so that flicker does not
pull. The slopes that noise alone makes are known and taken off: what is left says how far to trust the vector; a tile
without texture is not trusted at all. Vectors then agree with their neighbours and with the hand's movement, as
far as each of them is uncertain (a Gaussian field with outliers, Black and Anandan 1996); an object that truly moves
differs from its neighbours by far more, and keeps its vector.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isp.burst.hand import Hand
from isp.kernels import observe_tiles, settle_tiles

# Noise of grey pixels comes in clumps of so many pixels: sums over a tile scatter as if it had so many fewer.
CLUMP_PX = 3.9
# Energy of the slopes that noise makes (of two pictures, each slope a difference across two pixels), in variances of a
# pixel: 4 if neighbours were not alike.
SLOPES_OF_NOISE = 3.1
# Softening takes less of the noise where the texture is than it does of a pixel's: by that much vectors scatter more.
COARSE_NOISE = 4.0
# Slopes are sums of two central differences, four times the true ones.
SLOPE_SCALE = 4.0
# Sums that noise makes scatter; up to so many deviations are chance.
CERTAIN = 3.0
# By about that much neighbouring tiles differ beside the hand's movement, and tiles from the hand's, in pixels of the
# level. Neighbours that differ by more than APART_PX belong to something else.
ROUGHNESS_PX, STRAY_PX, APART_PX = 0.05, 0.35, 1.0
# A tile hears neighbours so far away; more rounds gain nothing.
ROUNDS = 3


@dataclass(frozen=True)
class Observed:
    """What tiles say by themselves; arrays are (rows, columns), vectors (2, rows, columns) in pixels of the level.

    vectors    float64 (y, x), to a fraction of a pixel
    trust      (3, rows, columns) float64, information of the vector (yy, yx, xx), 1 / px squared; 0 without texture
    textured   whether the tile has texture above the noise
    explained  whether the frame there is what the reference shows, but for noise
    """

    vectors: np.ndarray
    trust: np.ndarray
    textured: np.ndarray
    explained: np.ndarray


def observe(
    greys: tuple[np.ndarray, np.ndarray],
    tile: int,
    vectors: np.ndarray,
    windows: np.ndarray,
    hand: Hand,
    noise: float,
    threads: int,
) -> Observed:
    """What the tiles of (reference, frame) say at whole vectors (rows, columns, 2).

    hand   what was expected of the whole picture: in a fence it decides
    noise  of one pixel, in codes squared
    """
    places = vectors.shape[:2]
    seen, trust = np.empty((2, *places)), np.empty((3, *places))
    textured, explained = np.empty(places, np.uint8), np.empty(places, np.uint8)
    of_noise = noise_of_tile(noise, tile)
    observe_tiles(*greys, tile, vectors, windows, hand.numbers, of_noise, seen, trust, textured, explained, threads)
    return Observed(seen, trust, textured.astype(bool), explained.astype(bool))


def noise_of_tile(noise: float, tile: int) -> list[float]:
    """What noise alone makes of a tile's sums: the numbers of TileNoise in isp/kernels/align_field.hpp."""
    pixels = tile * tile
    scatter = CERTAIN * math.sqrt(2 * CLUMP_PX * pixels)
    return [
        SLOPES_OF_NOISE * noise * pixels,
        SLOPES_OF_NOISE * noise * scatter,
        SLOPE_SCALE**2 * 2 * COARSE_NOISE * noise,
        2 * noise * pixels,
        2 * noise * (pixels + scatter),
        CERTAIN * math.sqrt(2 * CLUMP_PX * noise * pixels),
        noise * pixels,
    ]


def settle(observed: Observed, windows: np.ndarray, tile: int, hand: Hand, threads: int) -> np.ndarray:
    """(2, rows, columns) float64: how each tile strays from the hand's movement, after hearing its neighbours."""
    strays = np.empty_like(observed.vectors)
    smoothness = (ROUGHNESS_PX, STRAY_PX, APART_PX)
    settle_tiles(observed.vectors, observed.trust, windows, tile, hand.numbers, smoothness, ROUNDS, strays, threads)
    return strays
