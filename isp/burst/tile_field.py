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
from isp.kernels import ALIGN_TILE_PX, observe_tiles, settle_tiles

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
# By about that much neighbouring tiles differ beside the hand's movement, and tiles from the coarser level's, in pixels
# of the level. Neighbours that differ by more than APART_PX belong to something else.
ROUGHNESS_PX, STRAY_PX, APART_PX = 0.05, 0.35, 1.0
# A tile hears neighbours so far away; more rounds gain nothing.
ROUNDS = 3


@dataclass(frozen=True)
class Expected:
    """What the coarser level found.

    strays  (2, rows, columns) float64, how its tiles stray from the hand's movement, in its own pixels
    factor  its pixels are so much larger
    hand    the hand's movement in pixels of the finer level
    """

    strays: np.ndarray
    factor: int
    hand: Hand

    @property
    def numbers(self) -> tuple[np.ndarray, int, tuple[float, ...]]:
        """As the kernels take it."""
        return self.strays, self.factor, self.hand.numbers


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
    vectors: np.ndarray,
    windows: np.ndarray,
    hand: Hand,
    of_noise: list[float],
    threads: int,
) -> Observed:
    """What the tiles of (reference, frame) say at whole vectors (rows, columns, 2).

    hand      what was expected of the whole picture: in a fence it decides
    of_noise  from `noise_of_tile`
    """
    places = vectors.shape[:2]
    seen, trust = np.empty((2, *places)), np.empty((3, *places))
    textured, explained = np.empty(places, np.uint8), np.empty(places, np.uint8)
    found = seen, trust, textured, explained
    observe_tiles(*greys, vectors, windows, hand.numbers, of_noise, *found, threads)
    return Observed(seen, trust, textured.astype(bool), explained.astype(bool))


def noise_of_tile(noise: float, black: float) -> list[float]:
    """What noise alone makes of a tile's sums: the numbers of TileNoise in isp/kernels/align_observe.hpp.

    noise  of one pixel, in codes squared
    black  the code of black
    """
    pixels = ALIGN_TILE_PX**2
    scatter = CERTAIN * math.sqrt(2 * CLUMP_PX * pixels)
    return [
        SLOPES_OF_NOISE * noise * pixels,
        SLOPES_OF_NOISE * noise * scatter,
        SLOPE_SCALE**2 * 2 * COARSE_NOISE * noise,
        2 * noise * pixels,
        2 * noise * (pixels + scatter),
        CERTAIN * math.sqrt(2 * CLUMP_PX * noise * pixels),
        noise * pixels,
        black * pixels,
    ]


def settle(observed: Observed, windows: np.ndarray, expected: Expected, hand: Hand, threads: int) -> np.ndarray:
    """(2, rows, columns) float64: how each tile strays from the hand's movement.

    Each hears its neighbours, and the coarser level where that knows of a thing that moves by itself.
    """
    strays = np.empty_like(observed.vectors)
    smoothness = (ROUGHNESS_PX, STRAY_PX, APART_PX)
    own = observed.vectors, observed.trust, windows
    settle_tiles(*own, *expected.numbers, hand.numbers, smoothness, ROUNDS, strays, threads)
    return strays
