"""Normal noise looked up instead of computed: five times as fast, and most of a simulated frame's time is its noise.

Sixteen random bits choose one of 65,536 quantiles of the normal distribution. Differs from it beyond 4.3 standard
deviations: nothing is drawn there, where of 12 million pixels 200 would lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

LEVELS = 2**16
# The curve is summed over this many standard deviations, so finely that the nearest level is right.
SUMMED, POINTS = 6.0, 40_001
LEVELS_PER_WORD = 4  # of a random number's 64 bits


class QuickNoise:
    """Draws what `numpy.random.Generator.standard_normal` draws into `out`; the same seeds give the same noise."""

    def __init__(self, seeds: Sequence[int]) -> None:
        self._bits = np.random.SFC64(seeds)

    def standard_normal(self, out: np.ndarray, dtype: type = np.float32) -> None:
        """Fill a contiguous float32 array."""
        words = self._bits.random_raw(-(-out.size // LEVELS_PER_WORD))
        # Every sixteen bits name a level; "wrap" because none can be outside.
        _levels().take(words.view(np.uint16)[: out.size], out=out.reshape(-1), mode="wrap")


@cache
def _levels() -> np.ndarray:
    """(65536,) float32: the middle of each equally likely part of the distribution, their variance made 1."""
    at = np.linspace(-SUMMED, SUMMED, POINTS)
    below = np.cumsum(np.exp(-at * at / 2))
    levels = np.interp((np.arange(LEVELS) + 0.5) / LEVELS, below / below[-1], at)
    levels -= levels.mean()
    return (levels / levels.std()).astype(np.float32)
