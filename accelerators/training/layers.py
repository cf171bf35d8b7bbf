"""What training leaves: layers of floats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """(n, candidates, in) to (n, candidates, out), float64."""
        sums = windows(samples, self.taps.shape[1]) @ self.taps.reshape(len(self.taps), -1).T + self.bias
        return np.maximum(sums, 0) if self.relu else sums


def windows(samples: np.ndarray, taps: int) -> np.ndarray:
    """(n, candidates, in) to (n, candidates, taps * in): what each candidate's taps see, zeros beyond the ends."""
    before, candidates = (taps - 1) // 2, samples.shape[1]
    padded = np.pad(samples, ((0, 0), (before, taps - 1 - before), (0, 0)))
    return np.concatenate([padded[:, tap : tap + candidates] for tap in range(taps)], axis=2)
