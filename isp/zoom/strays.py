"""How tiles stray from the whole picture's movement, by what they say themselves and by what their neighbours do.

A tile's pixels say where it lies along each direction as far as its slopes exceed the noise's: an edge tells nothing
along itself. What it cannot tell is filled in from its neighbours and the drift, each as far as it is believed (a
Gaussian field with outliers, Black and Anandan 1996, "The robust estimation of multiple motions"). How far tiles of
this very picture stray is measured, not assumed: of a wall they do not, of near leaves before a far wall they do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from isp.burst.hand import summed
from isp.zoom.drift import deviations_squared, with_doubt

# Of softened noise: energy of one picture's slopes in variances of a pixel, by how much of it neighbours are alike
# (sums over a tile scatter as if it had so many fewer pixels), and how much more of it is left where texture is.
SLOPES_OF_NOISE, CLUMP_PX, COARSE_NOISE = 5 / 12, 4.0, 4.0
# Energy of the differences from pixel to pixel that noise makes.
STEPS_OF_NOISE = 2 / 3
# Sums that noise makes scatter; up to so many deviations are chance.
CERTAIN = 3.0
# What a tile's vector misses by even without noise: detail too fine for the mosaic looks like movement.
MODEL_ERROR_PX = 0.015
# Waves of 0.18 cycles a pixel step from pixel to pixel with so much more energy than they slope. What has more is so
# fine that it may as well be the false image of finer waves, which moves otherwise; it is worth less, by the cube.
FINENESS = 0.4
# A tile that wants to move farther than that from where it was looked at is not sure of either.
FARTHEST_PX = 1.0
# A vector of the night so far from the drift, in pixels and in its own deviations, is a claim that something moves by
# itself: such are right to NIGHT_PX.
CLAIM_PX, CLAIMED, NIGHT_PX = 0.4, 6.0, 0.1
# Tiles overlap: a thing shows in its place and in a next one at least, each counted by how near it is.
SEEN_BY = 1.75
# What may be left of a tile by the drift for each unit that is left by the night's vector: repeating detail fits twice.
AS_GOOD = 1.2
# How far tiles may stray by the picture's own measure, finest first, and the trust from which on tiles are asked.
SPREADS_PX, ASKED = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16), 400.0
FEWEST_ASKED = 12
# Half of all pairs of independent errors are below that, in deviations squared.
HALF_OF_PAIRS = 1.386
# From how many deviations on tiles move by themselves, or are of different things.
BY_ITSELF = 4.0
# Tiles of one thing that moves by itself differ by about that much.
ROUGHNESS_PX = 0.03
# A tile hears neighbours so many places away, each way with these weights. Tiles overlap: four say what one knows.
REACH, NEAR, OVERLAP = 2, (0.25, 0.75, 1.0, 0.75, 0.25), 4.0
# Information, 1 / px squared: keeps sums of nothing finite.
ALMOST_NOTHING = np.array([1e-6, 0.0, 1e-6])[:, None, None]


@dataclass(frozen=True)
class Strays:
    """Arrays are (rows, columns), vectors (2, rows, columns) px (y, x).

    px         float64, how tiles stray from the drift
    trust      (3, rows, columns), their information (yy, yx, xx), 1 / px squared; 0 where a tile says nothing
    missed_px  what tiles miss by even without noise, (rows, columns)
    left       energy of what that does not explain, in the noise's
    claims     where a tile was seen to move by itself, how it strays; else 0
    """

    px: np.ndarray
    trust: np.ndarray
    missed_px: np.ndarray
    left: np.ndarray
    claims: np.ndarray

    def beside(self, further: np.ndarray) -> Strays:
        """The same beside another drift, from which this one's field (rows, columns, 2) strays so far."""
        more = np.moveaxis(further, -1, 0)
        return replace(self, px=self.px + more, claims=self.claims + more * (self.claims != 0).any(axis=0))

    def by_itself_as(self, before: Strays) -> Strays:
        """The same, with the claims of before."""
        return replace(self, claims=before.claims)

    @property
    def weaker_trust(self) -> np.ndarray:
        """(rows, columns) float32: the smaller eigenvalue of the information."""
        yy, yx, xx = self.trust
        weaker = (yy + xx) / 2 - np.sqrt(((yy - xx) / 2) ** 2 + yx**2)
        return np.maximum(weaker, 0.0).astype(np.float32)

    @property
    def known(self) -> float:
        """The larger eigenvalue of what all tiles know together of one movement."""
        yy, yx, xx = (summed(part) / OVERLAP for part in self.trust)
        return (yy + xx) / 2 + math.sqrt(((yy - xx) / 2) ** 2 + yx**2)


def strays_of(sums: np.ndarray, looked_at: np.ndarray, noise: float) -> Strays:
    """What tiles say themselves.

    sums       (rows, columns, 8) as `fine_tiles` makes them
    looked_at  (rows, columns, 2): the strays at which the frame was looked at
    noise      variance of a pixel, in codes squared
    """
    yy, yx, xx, ye, xe, left, pixels, next_to = np.moveaxis(sums, -1, 0)
    at = np.moveaxis(looked_at, -1, 0)
    pull_y, pull_x = ye + yy * at[0] + yx * at[1], xe + yx * at[0] + xx * at[1]
    missed_px = _missed_by(yy + xx, next_to, noise * np.maximum(pixels, 1.0))
    of_slopes, of_difference = SLOPES_OF_NOISE * noise * pixels, 2 * noise * np.maximum(pixels, 1.0)
    clumped = CERTAIN * np.sqrt(2 * CLUMP_PX * np.maximum(pixels, 1.0))
    doubt = SLOPES_OF_NOISE * noise * clumped
    yy, xx = np.maximum(yy - of_slopes, 0.0), np.maximum(xx - of_slopes, 0.0)
    most = np.sqrt(yy * xx)
    yx = np.clip(yx, -most, most)
    # Only as far as slopes exceed what chance makes of them.
    step_y, step_x = -_solved(np.stack([yy + doubt, yx, xx + doubt]), np.stack([pull_y, pull_x]))
    near = (step_y**2 + step_x**2 <= FARTHEST_PX**2) & (pixels > 0)
    # A quadratic's value at its least, from where it was looked at.
    gained = yy * step_y**2 + 2 * yx * step_y * step_x + xx * step_x**2
    left = np.maximum(left - near * gained, 0.0) / of_difference
    # What does not fit is worth less.
    share = near / (2 * COARSE_NOISE * noise * np.maximum(left, 1.0))
    yy, xx = np.maximum(yy - doubt, 0.0), np.maximum(xx - doubt, 0.0)
    most = np.sqrt(yy * xx)
    trust = with_doubt(np.stack([yy, np.clip(yx, -most, most), xx]) * share, missed_px)
    return Strays(at + near * np.stack([step_y, step_x]), trust, missed_px, left, np.zeros_like(at))


def _missed_by(slopes: np.ndarray, next_to: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """(rows, columns) px: what tiles miss by even without noise.

    slopes   energy of their slopes, from the pixel before to the one behind
    next_to  energy of the differences from pixel to pixel: of what a mosaic is too coarse for by far the larger
    noise    energy of it
    """
    slopes = np.maximum(slopes - 2 * SLOPES_OF_NOISE * noise, noise / 2)
    finer = np.maximum((next_to - 2 * STEPS_OF_NOISE * noise) / slopes - 1, 0.0)
    times = finer / FINENESS
    return MODEL_ERROR_PX * np.maximum(times * times * times, 1.0)


def likelier(by_drift: Strays, by_night: Strays) -> Strays:
    """Of what tiles say where the drift put them and where the night found them, what fits better.

    In a fence both may fit, and then it is the drift's. What is by the night is a claim to move by itself.
    """
    known = deviations_squared(by_night.px, by_night.trust) > CLAIMED**2
    far = known & (np.square(by_night.px).sum(axis=0) > CLAIM_PX**2)
    better = np.maximum(by_drift.left - 1, 0) - AS_GOOD * np.maximum(by_night.left - 1, 0)
    claimed = far & (_spread_out(far * better) > 0) & (_spread_out(far) >= SEEN_BY)
    chosen = [
        np.where(claimed, night, drift)
        for night, drift in (
            (by_night.px, by_drift.px),
            (by_night.trust, by_drift.trust),
            (by_night.missed_px, by_drift.missed_px),
            (by_night.left, by_drift.left),
        )
    ]
    return Strays(*chosen, claims=by_night.px * claimed)


def _spread_out(values: np.ndarray) -> np.ndarray:
    """(rows, columns): of each place what it and those around it have together."""
    rows, columns = values.shape
    padded = np.pad(values.astype(np.float64), REACH)
    tall = sum(NEAR[k] * padded[k : k + rows] for k in range(2 * REACH + 1))
    return sum(NEAR[k] * tall[:, k : k + columns] for k in range(2 * REACH + 1))


def settled(strays: Strays) -> np.ndarray:
    """(rows, columns, 2): strays that agree with the drift, or the claim, and with their neighbours."""
    spread = spread_of(strays)
    around, known = _around(strays, spread)
    # Where all tiles around together do not stray beyond chance, none does.
    together = np.maximum(deviations_squared(around, with_doubt(known, spread)), 0.0)
    beyond = together / (BY_ITSELF**2 + together)
    by_themselves = beyond * np.sqrt(beyond)
    by_neighbours = by_themselves * with_doubt(known, ROUGHNESS_PX)
    claimed = (strays.claims != 0).any(axis=0) / NIGHT_PX**2
    weight = 1 / (spread**2 + np.square(by_themselves) * np.square(around).sum(axis=0)) + claimed
    alone = np.stack([weight, np.zeros_like(weight), weight])
    pull = _turned(strays.trust, strays.px) + _turned(by_neighbours, around) + claimed * strays.claims
    return np.moveaxis(_solved(strays.trust + by_neighbours + alone, pull), 0, -1)


def _around(strays: Strays, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """What each tile and those around it that agree with it say together: strays, and their information."""
    own = np.concatenate([strays.trust, _turned(strays.trust, strays.px)])
    said = own.copy()
    for here, there, near in _pairs(*strays.px.shape[1:]):
        apart = strays.px[there] - strays.px[here]
        far = deviations_squared(apart, _of_both(strays.trust[here], strays.trust[there], spread))
        heard = near * _fading(far / BY_ITSELF**2)
        said[here] += heard * own[there]
        said[there] += heard * own[here]
    known, pull = said[:3], said[3:]
    # Tiles side by side miss alike: together they know no more of that.
    return _solved(known + ALMOST_NOTHING, pull), with_doubt(known / OVERLAP, strays.missed_px)


def _pairs(rows: int, columns: int) -> Iterator[tuple[tuple, tuple, float]]:
    """Of planes (..., rows, columns): tiles, those that stand so much farther on, and how near these are; each once."""
    for down in range(REACH + 1):
        for across in range(-REACH, REACH + 1):
            if (down, across) > (0, 0) and down < rows and abs(across) < columns:
                left, right = max(0, -across), max(0, across)
                here = np.s_[:, : rows - down, left : columns - right]
                there = np.s_[:, down:, left + across : columns - right + across]
                yield here, there, NEAR[REACH + down] * NEAR[REACH + across]


def _of_both(one: np.ndarray, other: np.ndarray, spread: float) -> np.ndarray:
    """Information of the difference of two vectors that besides may differ by the spread."""
    # Of matrices A and B that of the difference is A (A + B)^-1 B; the smaller's is close, and larger.
    least = np.where(one[0] + one[2] < other[0] + other[2], one, other)
    return with_doubt(least, spread) / 2


def spread_of(strays: Strays) -> float:
    """How far half of the tiles that know it stray beside what noise explains, in px."""
    asked = (strays.trust[0] + strays.trust[2]) / 2 >= ASKED
    if asked.sum() < FEWEST_ASKED:
        return SPREADS_PX[1]
    px, trust = strays.px[:, asked], strays.trust[:, asked]
    for spread in SPREADS_PX:
        if np.median(deviations_squared(px, with_doubt(trust, spread))) <= HALF_OF_PAIRS:
            break
    return spread


def _fading(far_squared: np.ndarray) -> np.ndarray:
    """1 near 0, less for what is farther than it could be by chance."""
    return 1.0 / np.square(1.0 + far_squared)


def _turned(matrix: np.ndarray, px: np.ndarray) -> np.ndarray:
    """Symmetric matrices (3, ...) times vectors (2, ...)."""
    yy, yx, xx = matrix
    return np.stack([yy * px[0] + yx * px[1], yx * px[0] + xx * px[1]])


def _solved(matrix: np.ndarray, pull: np.ndarray) -> np.ndarray:
    """The vectors (2, ...) that symmetric matrices (3, ...) take to these."""
    yy, yx, xx = matrix
    return np.stack([xx * pull[0] - yx * pull[1], yy * pull[1] - yx * pull[0]]) / (yy * xx - yx * yx)
