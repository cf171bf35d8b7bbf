"""Find where each part of the reference lies in another frame of the burst.

Source: Hasinoff et al. 2016, "Burst photography for high dynamic range and low-light imaging on mobile cameras",
section 4: coarse to fine over a grey pyramid, half-overlapping tiles, sums of squares on the coarse levels and of
absolute differences on the finest, each tile beginning from the vectors of the coarser tiles around it. We depart where
the picture is dark: a vector leaves what was expected only if it is better than noise could make it, every level is
refined to fractions of a pixel, and tiles without texture follow the hand's movement, which is fitted to all tiles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isp.burst.hand import Hand, fit_hand
from isp.burst.places import places_of
from isp.burst.pyramid import FACTORS, Pyramid
from isp.burst.tile_field import CERTAIN, CLUMP_PX, Expected, Observed, noise_of_tile, observe, settle
from isp.errors import FrameError
from isp.kernels import ALIGN_TILE_PX, agree_with_neighbours, match_tiles

# How far each level is searched around the best of what was expected, finest first: 256 raw pixels on the coarsest,
# then what the level before leaves open.
SEARCH_PX = (1, 2, 4, 4)
# Where nothing fits, something moved by itself: up to 48 raw pixels, on the level that is fine enough to show small
# things and coarse enough to be quick. Not where hardly anything fits: another scene would be searched in vain.
FAR_PX, HOPEFUL = (0, 12, 0, 0), 0.5
# Absolute differences on the finest level, squares elsewhere.
POWERS = (1, 2, 2, 2)
# Sums of two noisy tiles scatter; so many deviations are no better match. Of some ten vectors tried one is 2 better by
# chance.
BETTER_BY = 2.0
# What a tile pays for each pixel that it differs from a neighbour, in deviations of the noise's sum, and up to where.
APART_COSTS, APART_PX = 0.12, 4
# Rounds of the fit: by how many pixels a tile may miss the hand's movement. The coarsest level knows nothing yet.
FIRST_REACH_PX, REACH_PX = (8.0, 4.0, 2.0, 1.0, 0.5), (2.0, 1.0, 0.5)
# Frames of one burst are exposed alike; their noise then differs by less than that.
NOISE_DIFFERS = 0.2
# Vectors are whole 64ths of a pixel, so that the last bits of sums cannot show.
STEPS = 64
# With fewer tiles of texture than that all tiles are asked whether the frame explains them.
FEWEST_TEXTURED = 0.01


@dataclass(frozen=True)
class Shifts:
    """Where a frame shows what the reference shows.

    px          (rows, columns, 2) float32 at the places of `isp.burst.places`, (y, x) in raw pixels: what lies at
                (y, x) in the reference lies at (y + px[..., 0], x + px[..., 1]) in the frame
    trust       (rows, columns) float32, 0 or more: 1 / variance of the weaker direction of the tile's own vector, in
                raw pixels; 0 where the tile has no texture above the noise and follows its neighbours and the hand
    explained   share of the textured tiles, 0..1, whose pixels in the frame are the reference's but for noise; of all
                tiles where hardly any has texture. A frame of the same scene has 0.9 or more however the hand moved,
                less only by what moves in it or covers it; a black frame has none, another scene up to a quarter.
                Blur shows where it exceeds the noise
    hand        shift and turn of the whole picture, in raw pixels
    """

    px: np.ndarray
    trust: np.ndarray
    explained: float
    hand: Hand


@dataclass(frozen=True)
class Field:
    """The tiles of one level, in its pixels.

    strays    (2, rows, columns) float64, how they stray from the hand's movement, settled
    windows   (rows, columns, 2) int16, top left of the pixels that were compared; -1 where none lie in both pictures
    observed  what each tile says by itself
    """

    strays: np.ndarray
    windows: np.ndarray
    hand: Hand
    observed: Observed

    @property
    def own_strays(self) -> np.ndarray:
        """(2, rows, columns) float64: how each tile strays from the hand's movement by what it says itself."""
        return self.observed.vectors - self.hand.at(*_middles_of(self.windows))


def align(reference: Pyramid, frame: Pyramid, threads: int = 0) -> Shifts:
    """Where the frame shows what the reference shows. Bytes are the same for any number of threads.

    Raises FrameError if the frames differ in size or by their noise.
    """
    finest, scale = align_levels(reference, frame, 0, threads), reference.scales[0]
    rows, columns = finest.strays.shape[1:]
    y, x = _middles(rows, columns)
    px = scale * (finest.strays + finest.hand.at(y, x))
    px = (np.rint(px * STEPS) / STEPS).astype(np.float32)
    return Shifts(
        px=np.ascontiguousarray(px.transpose(1, 2, 0)),
        trust=_weaker(finest.observed.trust) / np.float32(scale**2),
        explained=_explained(finest.observed),
        hand=finest.hand.enlarged(scale),
    )


def align_levels(reference: Pyramid, frame: Pyramid, finest: int, threads: int) -> Field:
    """The tiles of level `finest`, found from the coarsest level down. Raises FrameError as `align`."""
    _check_alike(reference, frame)
    field = None
    for level in range(len(reference.levels) - 1, finest - 1, -1):
        field = _align_level(reference, frame, level, field, threads)
    return field


def _check_alike(reference: Pyramid, frame: Pyramid) -> None:
    if reference.frame_shape != frame.frame_shape:
        raise FrameError(f"A frame of {frame.frame_shape} cannot be aligned to one of {reference.frame_shape}.")
    noise = reference.noise[0], frame.noise[0]
    if max(noise) > (1 + NOISE_DIFFERS) * min(noise):
        raise FrameError("The frames differ in noise; only frames of one exposure can be aligned.")


def _middles(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """(rows, 1) and (1, columns): where the places stand, in pixels of the level."""
    return np.arange(rows)[:, None] * (ALIGN_TILE_PX / 2), np.arange(columns)[None, :] * (ALIGN_TILE_PX / 2)


def _middles_of(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return windows[..., 0] + ALIGN_TILE_PX / 2, windows[..., 1] + ALIGN_TILE_PX / 2


def _places(pyramid: Pyramid, level: int) -> tuple[int, int]:
    if level == 0:
        return places_of(pyramid.frame_shape)
    return tuple(-(-length // (ALIGN_TILE_PX // 2)) + 1 for length in pyramid.levels[level].shape)


def _align_level(reference: Pyramid, frame: Pyramid, level: int, coarser: Field | None, threads: int) -> Field:
    greys = reference.levels[level], frame.levels[level]
    noise = reference.noise[level]
    expected = _expected(reference, level, coarser)
    vectors, windows = (np.empty((*_places(reference, level), 2), np.int16) for _ in range(2))
    search = _search(level, noise, coarser is not None and coarser.observed.explained.mean() > HOPEFUL)
    match_tiles(*greys, *expected.numbers, search, vectors, windows, threads)
    agreed = np.empty_like(vectors)
    apart = round(APART_COSTS * _scatter(1, noise))
    agree_with_neighbours(*greys, apart, APART_PX, vectors, windows, agreed, threads)
    of_noise = noise_of_tile(noise, reference.black)
    observed = observe(greys, agreed, windows, expected.hand, of_noise, threads)
    hand = _fitted(expected.hand, observed, windows, FIRST_REACH_PX if coarser is None else REACH_PX)
    return Field(settle(observed, windows, expected, hand, threads), windows, hand, observed)


def _search(level: int, noise: float, hopeful: bool) -> tuple[int, int, int, int, int]:
    """How the level is searched: the numbers of Search in isp/kernels/align_tiles.hpp."""
    power = POWERS[level]
    fits = 2 * noise * ALIGN_TILE_PX**2 + CERTAIN * _scatter(2, noise)
    return power, SEARCH_PX[level], round(BETTER_BY * _scatter(power, noise)), FAR_PX[level] * hopeful, round(fits)


def _scatter(power: int, noise: float) -> float:
    """Deviation of a sum over the tile that noise makes: of absolute differences, or of squares."""
    of_pixel = 0.6 * math.sqrt(2 * noise) if power == 1 else math.sqrt(2) * 2 * noise
    return math.sqrt(CLUMP_PX) * ALIGN_TILE_PX * of_pixel


def _expected(pyramid: Pyramid, level: int, coarser: Field | None) -> Expected:
    """Of the coarsest level: that nothing moved."""
    if coarser is None:
        middle = tuple(length / 2 / pyramid.scales[level] for length in pyramid.frame_shape)
        return Expected(np.zeros((2, 1, 1)), 1, Hand((0.0, 0.0), 0.0, middle))
    return Expected(coarser.strays, FACTORS[level], coarser.hand.enlarged(FACTORS[level]))


def _fitted(expected: Hand, observed: Observed, windows: np.ndarray, reach_px: tuple[float, ...]) -> Hand:
    """The hand's movement, from every other tile each way: those between show the same pixels."""
    y, x = _middles_of(windows[::2, ::2])
    return fit_hand(expected, y, x, observed.vectors[:, ::2, ::2], observed.trust[:, ::2, ::2], reach_px)


def _weaker(trust: np.ndarray) -> np.ndarray:
    """The smaller eigenvalue of the information, float32."""
    yy, yx, xx = trust
    weaker = (yy + xx) / 2 - np.sqrt(((yy - xx) / 2) ** 2 + yx**2)
    return np.maximum(weaker, 0.0).astype(np.float32)


def _explained(observed: Observed) -> float:
    textured = observed.textured
    asked = textured if textured.mean() >= FEWEST_TEXTURED else np.ones_like(textured)
    return float(observed.explained[asked].mean())
