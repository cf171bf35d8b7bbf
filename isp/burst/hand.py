"""The movement of the hand that holds the camera: a shift and a turn that fit the tiles of the whole frame.

Least squares over the tiles, each trusted as far as its texture and the noise allow and the less the worse it fits
(iteratively reweighted, with the weights of Geman and McClure 1987): what moves by itself has no say. A change of scale
is left out: no hand makes one, but things near and far that move apart look like one.

The same tiles give the same movement on every machine: sums are added one after the other, where numpy's own order
depends on its version, and three unknowns need no library to be solved for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# What one pixel of noise-free texture still misses by, in pixels of the level.
MODEL_ERROR_PX = 0.1
# How large turns are expected to be, in radians; only felt where hardly a tile has texture.
TURN = 0.02
# A shift is free; the tiny pull towards none decides where nothing else does.
SHIFT_PX = 1e3


@dataclass(frozen=True)
class Hand:
    """How the picture moved between two frames, around its middle, in pixels of a level.

    shift_px   (y, x) of the middle
    turn       radians; positive moves what lies right of the middle up
    middle_px  (y, x) of the middle
    """

    shift_px: tuple[float, float]
    turn: float
    middle_px: tuple[float, float]

    @property
    def numbers(self) -> tuple[float, ...]:
        """As the kernels take it."""
        return (*self.shift_px, self.turn, *self.middle_px)

    def at(self, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(2, ...) float64: the shift (y, x) at these points."""
        down, across = np.broadcast_arrays(y - self.middle_px[0], x - self.middle_px[1])
        return np.stack([self.shift_px[0] - self.turn * across, self.shift_px[1] + self.turn * down])

    def enlarged(self, factor: int) -> Hand:
        """The same movement in pixels of a level that is finer by this factor."""
        shift, middle = ((factor * y, factor * x) for y, x in (self.shift_px, self.middle_px))
        return Hand(shift, self.turn, middle)


def fit_hand(start: Hand, y: np.ndarray, x: np.ndarray, seen: np.ndarray, trust: np.ndarray, reach_px: tuple) -> Hand:
    """The movement that most tiles show.

    y, x      middles of the tiles
    seen      (2, ...) float64, their vectors
    trust     (3, ...) float64, information of the vectors (yy, yx, xx), 1 / px squared
    reach_px  by how much a tile may miss before it loses its say, one number for each round
    """
    yy, yx, xx = with_model_error(trust)
    down, across = y - start.middle_px[0], x - start.middle_px[1]
    hand = start
    for reach in reach_px:
        miss_y, miss_x = seen - hand.at(y, x)
        miss = MODEL_ERROR_PX * MODEL_ERROR_PX * (yy * miss_y**2 + 2 * yx * miss_y * miss_x + xx * miss_x**2)
        say = (reach**2 / (reach**2 + miss)) ** 2
        # How the three unknowns, shift down, shift across and turn, move a tile's y and x.
        moves_y = (1.0, 0.0, -across)
        moves_x = (0.0, 1.0, down)
        weak = 1 / (SHIFT_PX * SHIFT_PX), 1 / (SHIFT_PX * SHIFT_PX), 1 / (TURN * TURN)
        normal, right = [[0.0] * 3 for _ in range(3)], [0.0] * 3
        for i in range(3):
            pull_y = say * (yy * moves_y[i] + yx * moves_x[i])
            pull_x = say * (yx * moves_y[i] + xx * moves_x[i])
            right[i] = summed(pull_y * seen[0] + pull_x * seen[1])
            for k in range(i, 3):
                normal[i][k] = normal[k][i] = summed(pull_y * moves_y[k] + pull_x * moves_x[k])
            normal[i][i] += weak[i]
        shift_y, shift_x, turn = solved(normal, right)
        hand = Hand((shift_y, shift_x), turn, start.middle_px)
    return hand


def summed(values: np.ndarray) -> float:
    """Added one after the other, row by row."""
    return float(np.cumsum(values)[-1])


def solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The unknowns of a symmetric, positive matrix, by Gauss' elimination without pivots; uses up both lists."""
    count = len(right)
    for i in range(count):
        for k in range(i + 1, count):
            share = matrix[k][i] / matrix[i][i]
            right[k] -= share * right[i]
            for j in range(i, count):
                matrix[k][j] -= share * matrix[i][j]
    for i in reversed(range(count)):
        for k in range(i + 1, count):
            right[i] -= matrix[i][k] * right[k]
        right[i] /= matrix[i][i]
    return right


def with_model_error(trust: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Information of a vector that besides its noise misses by MODEL_ERROR_PX each way."""
    yy, yx, xx = trust
    share = MODEL_ERROR_PX * MODEL_ERROR_PX
    a, b, c = 1 + share * yy, share * yx, 1 + share * xx
    whole = a * c - b * b
    return (c * yy - b * yx) / whole, (c * yx - b * xx) / whole, (a * xx - b * yx) / whole
