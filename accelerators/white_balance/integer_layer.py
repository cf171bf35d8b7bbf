"""One layer of an int8 network, computed in numpy with the bits of TensorFlow Lite's reference kernel.

Source: Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", section 2, in the form of TensorFlow Lite's "8-bit quantization specification" (weights symmetric, one scale
for each output) and of its reference CONV_2D (Apache-2.0; the two roundings of `requantised` are that kernel's).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from accelerators.models.quantisation import INT8, Quantisation

MULTIPLIER_BITS = 31
# From 2^18 products on OpenBLAS wakes other threads, which cost more than they do.
MOST_PRODUCTS = 2**17


@dataclass(frozen=True)
class IntegerLayer:
    """A convolution along the candidates, and where `relu`, no answer below zero.

    weights  (out, taps, in) int8, -127 to 127; taps beyond the first and the last candidate read zeros
    bias     (out,) int32, in steps of taken.scale * scales
    scales   (out,) float32 of the weights
    taken    how its input is stored
    given    how its output is stored
    """

    weights: np.ndarray
    bias: np.ndarray
    scales: np.ndarray
    taken: Quantisation
    given: Quantisation
    relu: bool

    def __call__(self, stored: np.ndarray) -> np.ndarray:
        """(candidates, in) int8 to (candidates, out) int8."""
        sums = self._sums(stored) + self.bias
        levels = requantised(sums, self.fractions, self.exponents) + self.given.zero_point
        least = max(INT8.min, self.given.zero_point) if self.relu else INT8.min
        return np.clip(levels, least, INT8.max).astype(np.int8)

    def _sums(self, stored: np.ndarray) -> np.ndarray:
        """(candidates, out) int64: exact, for float64 holds every whole number up to 2^53."""
        candidates, taps = len(stored), self.weights.shape[1]
        before = (taps - 1) // 2
        padded = np.pad(stored.astype(np.float64) - self.taken.zero_point, ((before, taps - 1 - before), (0, 0)))
        windows = np.concatenate([padded[tap : tap + candidates] for tap in range(taps)], axis=1)
        at_a_time = max(MOST_PRODUCTS // self._flat_weights.size, 1)
        parts = [windows[begin : begin + at_a_time] @ self._flat_weights for begin in range(0, candidates, at_a_time)]
        return np.concatenate(parts).astype(np.int64)

    @functools.cached_property
    def _flat_weights(self) -> np.ndarray:
        """(taps * in, out) float64."""
        return np.ascontiguousarray(self.weights.reshape(len(self.weights), -1).T, np.float64)

    @functools.cached_property
    def fractions(self) -> np.ndarray:
        """(out,) int64: output steps in one step of each sum are fractions / 2^31 * 2^exponents."""
        return np.floor(self._steps[0] * 2.0**MULTIPLIER_BITS + 0.5).astype(np.int64)

    @functools.cached_property
    def exponents(self) -> np.ndarray:
        """(out,) int64, see fractions."""
        return self._steps[1].astype(np.int64)

    @property
    def _steps(self) -> tuple[np.ndarray, np.ndarray]:
        return np.frexp(np.float64(self.taken.scale) * self.scales.astype(np.float64) / np.float64(self.given.scale))


def requantised(sums: np.ndarray, fractions: np.ndarray, exponents: np.ndarray) -> np.ndarray:
    """Sums times fractions / 2^31 * 2^exponents, rounded as the reference kernel rounds: twice, halves away from zero.

    sums  (candidates, out) int64 within int32
    """
    product = (sums << np.maximum(exponents, 0)) * fractions
    half = np.where(product >= 0, 1 << (MULTIPLIER_BITS - 1), 1 - (1 << (MULTIPLIER_BITS - 1)))
    # C++ divides towards zero, a shift goes down.
    high = np.sign(product + half) * (np.abs(product + half) >> MULTIPLIER_BITS)
    shift = np.maximum(-exponents, 0)
    lost = high & ((1 << shift) - 1)
    return (high >> shift) + (lost > ((1 << shift) - 1 >> 1) + (high < 0))
