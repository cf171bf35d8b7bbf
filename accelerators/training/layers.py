"""What training leaves: layers of floats, along candidates or over a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

# Of all places on the samples so many are looked at: far more than the few hundred inputs of a layer.
MOST_PLACES = 20_000


@dataclass(frozen=True)
class Layer:
    """A convolution along the candidates.

    weights  (out, in) or (out, taps, in) float32; taps are centred, of an even count one more looks ahead
    bias     (out,) float32
    relu     whether answers below zero become zero
    """

    weights: np.ndarray
    bias: np.ndarray
    relu: bool

    @property
    def taps(self) -> np.ndarray:
        """(out, taps, in) float64."""
        weights = np.asarray(self.weights, np.float64)
        return weights[:, np.newaxis] if weights.ndim == 2 else weights

    def seen(self, samples: np.ndarray) -> np.ndarray:
        """(n, candidates, in) to (n, candidates, taps * in): what the taps of each candidate multiply."""
        return windows(samples, self.taps.shape[1])

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """(n, candidates, in) to (n, candidates, out), float64."""
        sums = self.seen(samples) @ self.taps.reshape(len(self.taps), -1).T + self.bias
        return np.maximum(sums, 0) if self.relu else sums


@dataclass(frozen=True)
class Filter:
    """A convolution over a picture, only where all of its taps lie on the picture: the result is smaller by its taps.

    weights  (out, high, wide, in) float32
    bias     (out,) float32
    relu     whether answers below zero become zero
    """

    weights: np.ndarray
    bias: np.ndarray
    relu: bool

    @property
    def taps(self) -> np.ndarray:
        """(out, high, wide, in) float64."""
        return np.asarray(self.weights, np.float64)

    def seen(self, samples: np.ndarray) -> np.ndarray:
        """(n, height, width, in) to (places, high * wide * in): what the taps multiply, in places far and wide."""
        _, high, wide, _ = self.taps.shape
        count, height, width, _ = samples.shape
        rows, columns = height - high + 1, width - wide + 1
        # An odd step visits even and odd places alike.
        step = -(-count * rows * columns // MOST_PLACES) | 1
        sample, row, column = np.unravel_index(np.arange(0, count * rows * columns, step), (count, rows, columns))
        taps = [samples[sample, row + y, column + x] for y in range(high) for x in range(wide)]
        return np.concatenate(taps, axis=1)

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """(n, height, width, in) to (n, height - high + 1, width - wide + 1, out), float64."""
        _, high, wide, _ = self.taps.shape
        rows, columns = samples.shape[1] - high + 1, samples.shape[2] - wide + 1
        sums = np.broadcast_to(np.asarray(self.bias, np.float64), (len(samples), rows, columns, len(self.taps))).copy()
        for y in range(high):
            for x in range(wide):
                sums += samples[:, y : y + rows, x : x + columns] @ self.taps[:, y, x].T
        return np.maximum(sums, 0) if self.relu else sums


Trained = TypeVar("Trained", Layer, Filter)


def windows(samples: np.ndarray, taps: int) -> np.ndarray:
    """(n, candidates, in) to (n, candidates, taps * in): what each candidate's taps see, zeros beyond the ends."""
    before, candidates = (taps - 1) // 2, samples.shape[1]
    padded = np.pad(samples, ((0, 0), (before, taps - 1 - before), (0, 0)))
    return np.concatenate([padded[:, tap : tap + candidates] for tap in range(taps)], axis=2)
