"""How the whole picture moved between two frames, more exactly than shift and turn.

A hand also tips the camera, and a rolling shutter reads the rows one after the other while it moves: both bend the
picture's movement by parts of a pixel towards its corners. So the movement is the hand's and a polynomial each way, of
second order and from row to row of third, fitted to all tiles by least squares; the less a tile fits the less it says
(weights of Geman and McClure 1987): what moves by itself has no say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isp.burst.hand import Hand, solved, summed
from isp.burst.places import PITCH_PX

# By so much pictures move beside what the night found of the hand, in pixels at the end of the longer side: shift,
# slopes, bends. Only felt where hardly a tile has texture.
BESIDE_PX = (1.0, 1.0, 1.0, 0.3, 0.3, 0.3, 0.3)
# Rounds of the fit: from how many deviations on a tile loses its say.
REACHES = (6.0, 4.0, 3.0)


@dataclass(frozen=True)
class Drift:
    """Where the whole picture's movement puts every place.

    begun    the hand's movement as the night found it
    terms    (2, 7) how y and x move beside it: 1, y, x, yy, yx, xx, yyy of places, -1 to 1 along the longer side
    field    (rows, columns, 2) float64, (y, x) of all places, px
    half_px  half the longer side
    """

    begun: Hand
    terms: np.ndarray
    field: np.ndarray
    half_px: float

    @classmethod
    def of_hand(cls, hand: Hand, shape: tuple[int, int], places: tuple[int, int]) -> Drift:
        """What the hand alone would do to a frame of this shape."""
        y, x = np.ogrid[: places[0] * PITCH_PX : PITCH_PX, : places[1] * PITCH_PX : PITCH_PX]
        return cls(hand, np.zeros((2, len(BESIDE_PX))), np.moveaxis(hand.at(y, x), 0, -1).copy(), max(shape) / 2)

    @property
    def hand(self) -> Hand:
        """Shift and turn of it."""
        (down, _, down_across, *_), (across, across_down, *_) = self.terms
        turn = (across_down - down_across) / 2 / self.half_px
        shift = self.begun.shift_px[0] + down, self.begun.shift_px[1] + across
        return Hand((float(shift[0]), float(shift[1])), float(self.begun.turn + turn), self.begun.middle_px)

    def fitted(self, strays: np.ndarray, trust: np.ndarray) -> Drift:
        """The drift that fits tiles which stray from this one.

        strays  (2, rows, columns) px
        trust   (3, rows, columns), their information (yy, yx, xx), 1 / px squared
        """
        waves = self._waves(*strays.shape[1:])
        # Every other tile each way: those between show the same pixels.
        few = np.s_[:, ::2, ::2]
        seen = strays[few] + np.tensordot(self.terms, waves[few], 1)
        terms = self.terms
        for reach in REACHES:
            terms = _round(terms, waves[few], seen, trust[few], reach)
        moved = np.tensordot(terms - self.terms, waves, 1)
        return Drift(self.begun, terms, self.field + np.moveaxis(moved, 0, -1), self.half_px)

    def _waves(self, rows: int, columns: int) -> np.ndarray:
        """(7, rows, columns): the polynomial's parts at the places."""
        y = ((np.arange(rows) * PITCH_PX - self.begun.middle_px[0]) / self.half_px)[:, None]
        x = ((np.arange(columns) * PITCH_PX - self.begun.middle_px[1]) / self.half_px)[None, :]
        return np.stack(np.broadcast_arrays(1.0 + 0 * y * x, y, x, y * y, y * x, x * x, y * y * y))


def _round(terms: np.ndarray, waves: np.ndarray, seen: np.ndarray, trust: np.ndarray, reach: float) -> np.ndarray:
    """One round of weighted least squares for the (2, 7) terms."""
    yy, yx, xx = trust
    miss = deviations_squared(seen - np.tensordot(terms, waves, 1), trust)
    say = (reach**2 / (reach**2 + miss)) ** 2
    count = len(waves)
    normal = [[0.0] * (2 * count) for _ in range(2 * count)]
    right = [0.0] * (2 * count)
    pulls = say * (yy * seen[0] + yx * seen[1]), say * (yx * seen[0] + xx * seen[1])
    for i in range(count):
        for half, pull in enumerate(pulls):
            right[half * count + i] = summed(pull * waves[i])
        for k in range(i, count):
            both = say * waves[i] * waves[k]
            of_yy, of_yx, of_xx = (summed(both * part) for part in trust)
            normal[i][k] = normal[k][i] = of_yy
            normal[count + i][count + k] = normal[count + k][count + i] = of_xx
            for one, other in ((i, k), (k, i)):
                normal[one][count + other] = normal[count + other][one] = of_yx
        for half in (0, count):
            normal[half + i][half + i] += 1 / BESIDE_PX[i] ** 2
    return np.reshape(solved(normal, right), (2, count))


def deviations_squared(px: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """How far vectors (2, ...) lie from nothing, in deviations squared by their information (3, ...)."""
    yy, yx, xx = trust
    return yy * px[0] ** 2 + 2 * yx * px[0] * px[1] + xx * px[1] ** 2


def with_doubt(trust: np.ndarray, doubt_px: float) -> np.ndarray:
    """Information (yy, yx, xx) of vectors that besides their noise miss by so much each way."""
    yy, yx, xx = trust
    share = doubt_px * doubt_px
    a, b, c = 1 + share * yy, share * yx, 1 + share * xx
    whole = a * c - b * b
    return np.stack([(c * yy - b * yx), (c * yx - b * xx), (a * xx - b * yx)]) / whole
