"""How the whole picture moved between two frames, more exactly than shift and turn.

A hand also tips the camera, and a rolling shutter reads the rows one after the other while it moves: both bend the
picture's movement by parts of a pixel towards its corners. So the movement is a polynomial each way, of second order
and from row to row of third, fitted to all tiles by least squares; the less a tile fits the less it says (weights of
Geman and McClure 1987): what moves by itself has no say. What no tile can tell, as the way along a single edge, is
taken to be no movement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isp.burst.hand import Hand, solved, summed
from isp.burst.places import PITCH_PX

# How pictures move, only felt where hardly a tile can tell: by so many pixels, by so many radians, and beside that, in
# pixels at the end of the longer side, by slopes and by bends.
SHIFT_PX, TURN, SLOPE_PX, BEND_PX = 10.0, 0.005, 0.3, 0.2
# The polynomial's parts: 1, y, x, yy, yx, xx, yyy.
PARTS = 7
# Rounds of the fit: from how many deviations on a tile loses its say.
REACHES = (5.0, 3.0)


@dataclass(frozen=True)
class Drift:
    """Where the whole picture's movement puts every place.

    terms      (2, 7) of the polynomials of y and x, px; places count -1 to 1 from the middle along the longer side
    field      (rows, columns, 2) float64, (y, x) of all places, px
    middle_px  (y, x) of the picture
    half_px    half its longer side
    """

    terms: np.ndarray
    field: np.ndarray
    middle_px: tuple[float, float]
    half_px: float

    @classmethod
    def of_hand(cls, hand: Hand, shape: tuple[int, int], places: tuple[int, int]) -> Drift:
        """What the hand alone would do to a frame of this shape."""
        half_px, terms = max(shape) / 2, np.zeros((2, PARTS))
        terms[:, 0], terms[0, 2], terms[1, 1] = hand.shift_px, -hand.turn * half_px, hand.turn * half_px
        still = cls(terms, np.zeros((*places, 2)), hand.middle_px, half_px)
        return still._with(terms)

    @property
    def hand(self) -> Hand:
        """Shift and turn of it."""
        turn = (self.terms[1, 1] - self.terms[0, 2]) / 2 / self.half_px
        return Hand((float(self.terms[0, 0]), float(self.terms[1, 0])), float(turn), self.middle_px)

    def fitted(self, strays: np.ndarray, trust: np.ndarray) -> Drift:
        """The drift that fits tiles which stray from this one.

        strays  (2, rows, columns) px
        trust   (3, rows, columns), their information (yy, yx, xx), 1 / px squared
        """
        # Every other tile each way: those between show the same pixels.
        few = np.s_[:, ::2, ::2]
        waves, seen, terms = self._waves()[few], (np.moveaxis(self.field, -1, 0) + strays)[few], self.terms
        for reach in REACHES:
            terms = _round(terms, waves, seen, trust[few], reach, TURN * self.half_px)
        return self._with(terms)

    def _with(self, terms: np.ndarray) -> Drift:
        field = np.moveaxis((terms[:, :, None, None] * self._waves()).sum(axis=1), 0, -1)
        return Drift(terms, np.ascontiguousarray(field), self.middle_px, self.half_px)

    def _waves(self) -> np.ndarray:
        """(7, rows, columns): the polynomial's parts at the places."""
        rows, columns = self.field.shape[:2]
        y = ((np.arange(rows) * PITCH_PX - self.middle_px[0]) / self.half_px)[:, None]
        x = ((np.arange(columns) * PITCH_PX - self.middle_px[1]) / self.half_px)[None, :]
        return np.stack(np.broadcast_arrays(1.0 + 0 * y * x, y, x, y * y, y * x, x * x, y * y * y))


def _round(
    terms: np.ndarray, waves: np.ndarray, seen: np.ndarray, trust: np.ndarray, reach: float, turn_px: float
) -> np.ndarray:
    """One round of weighted least squares for the (2, 7) terms."""
    yy, yx, xx = trust
    moved = (terms[:, :, None, None] * waves).sum(axis=1)
    say = (reach**2 / (reach**2 + deviations_squared(seen - moved, trust))) ** 2
    normal = [[0.0] * (2 * PARTS) for _ in range(2 * PARTS)]
    right = [0.0] * (2 * PARTS)
    pulls = say * (yy * seen[0] + yx * seen[1]), say * (yx * seen[0] + xx * seen[1])
    for i in range(PARTS):
        for half, pull in enumerate(pulls):
            right[half * PARTS + i] = summed(pull * waves[i])
        for k in range(i, PARTS):
            both = say * waves[i] * waves[k]
            of_yy, of_yx, of_xx = (summed(both * part) for part in trust)
            normal[i][k] = normal[k][i] = of_yy
            normal[PARTS + i][PARTS + k] = normal[PARTS + k][PARTS + i] = of_xx
            for one, other in ((i, k), (k, i)):
                normal[one][PARTS + other] = normal[PARTS + other][one] = of_yx
    _expect(normal, turn_px)
    return np.reshape(solved(normal, right), (2, PARTS))


def _expect(normal: list[list[float]], turn_px: float) -> None:
    """Adds to the normal equations how pictures move."""
    for half in (0, PARTS):
        for part, usual_px in enumerate((SHIFT_PX, SLOPE_PX, SLOPE_PX, *4 * (BEND_PX,))):
            if (half, part) not in ((0, 2), (PARTS, 1)):
                normal[half + part][half + part] += 1 / usual_px**2
    # Of y by x and of x by y half the difference is a turn, half the sum a slant.
    one, other = 2, PARTS + 1
    turn, slant = 1 / (4 * turn_px * turn_px), 1 / (4 * SLOPE_PX * SLOPE_PX)
    for k in (one, other):
        normal[k][k] += turn + slant
    normal[one][other] += slant - turn
    normal[other][one] += slant - turn


def deviations_squared(px: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """How far vectors (2, ...) lie from nothing, in deviations squared by their information (3, ...)."""
    yy, yx, xx = trust
    return yy * px[0] ** 2 + 2 * yx * px[0] * px[1] + xx * px[1] ** 2


def with_doubt(trust: np.ndarray, doubt_px: float | np.ndarray) -> np.ndarray:
    """Information (yy, yx, xx) of vectors that besides their noise miss by so much each way."""
    yy, yx, xx = trust
    share = doubt_px * doubt_px
    a, b, c = 1 + share * yy, share * yx, 1 + share * xx
    whole = a * c - b * b
    return np.stack([(c * yy - b * yx), (c * yx - b * xx), (a * xx - b * yx)]) / whole
