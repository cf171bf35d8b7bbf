"""The lights among which one is chosen: even steps of reciprocal temperature on the sensor's own curve of greys.

The curve is continued straight past its ends: a scene's light may lie there, and labels heap at the ends themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isp.grey_curve import dense_curve
from isp.tuning import Tuning

# Steps of 4 mired, less than anyone sees, over a little more than the labelled lights: 2800 to 7600 K.
MIRED = np.arange(124.0, 373.0, 4.0)
LABELS_MIRED = 1e6 / 7600.0, 1e6 / 2800.0
# What is slow to ask of a candidate is asked of every second one, and interpolated.
EVERY = 2
COARSE_MIRED = MIRED[::EVERY]
# So far past the curve's ends candidates still count: a posterior at an end has room on both sides, the answer has not.
PAST_END_MIRED = 3.0
# The curve's direction at its ends is that of so many of its dense points, about 12 mired.
END_POINTS = 10
# ... and elsewhere that between points so far on both sides: cards were measured this far apart.
REACH_MIRED = 40.0
# Lengths along the curve are given in this.
UNIT_MIRED = 200.0
# Fewer lights to choose among, or all the same grey, are no choice.
FEWEST, LEAST_CHANGE = 5, 0.05


@dataclass(frozen=True)
class Candidates:
    """What a sensor's tuning says of each candidate.

    greys            (63, 2) float32: ln (red/green, blue/green) of a grey thing in its light
    on_curve         (63,) bool: whether it may be the answer
    ends             the least and the largest answer in mired
    coarse_on_curve  (32,) bool: every second of these
    along            (32, 2) float32: by how much the grey moves in 200 mired
    renderings       (32, 3, 3) float32: from the sensor's colours to those of the picture, were this the light
    """

    greys: np.ndarray
    on_curve: np.ndarray
    ends: tuple[float, float]
    coarse_on_curve: np.ndarray
    along: np.ndarray
    renderings: np.ndarray

    @classmethod
    def of(cls, tuning: Tuning) -> Candidates | None:
        """The candidates of a sensor with a curve of greys; None where the curve is too short to choose from."""
        curve = dense_curve(tuning)[::-1]
        mired = 1e6 / curve[:, 0]
        ends = float(max(mired[0], LABELS_MIRED[0])), float(min(mired[-1], LABELS_MIRED[1]))
        on_curve = _near(MIRED, ends, PAST_END_MIRED)
        if on_curve.sum() < FEWEST or np.ptp(curve[:, 1:], axis=0).max() < LEAST_CHANGE:
            return None
        # Within the curve: straight on from an end, a slope of few points would count for much.
        low = np.clip(COARSE_MIRED - REACH_MIRED, mired[0], mired[-1] - REACH_MIRED)
        high = np.clip(COARSE_MIRED + REACH_MIRED, mired[0] + REACH_MIRED, mired[-1])
        along = (grey_on(curve, high) - grey_on(curve, low)) * UNIT_MIRED / (high - low)[:, np.newaxis]
        greys = grey_on(curve, MIRED)
        return cls(
            greys=greys.astype(np.float32),
            on_curve=on_curve,
            ends=ends,
            coarse_on_curve=on_curve[::EVERY],
            along=along.astype(np.float32),
            renderings=_renderings(greys[::EVERY], np.clip(COARSE_MIRED, *ends), tuning),
        )


def grey_on(curve: np.ndarray, mired: np.ndarray) -> np.ndarray:
    """(..., 2) ln (red/green, blue/green) at places of a dense curve whose temperatures fall; straight past it."""
    known = 1e6 / curve[:, 0]
    inner = np.stack([np.interp(mired, known, axis) for axis in curve[:, 1:].T], axis=-1)
    cold = (curve[END_POINTS, 1:] - curve[0, 1:]) / (known[END_POINTS] - known[0])
    warm = (curve[-1, 1:] - curve[-1 - END_POINTS, 1:]) / (known[-1] - known[-1 - END_POINTS])
    past = np.asarray(mired)[..., np.newaxis]
    return inner + np.minimum(past - known[0], 0.0) * cold + np.maximum(past - known[-1], 0.0) * warm


def _near(mired: np.ndarray, ends: tuple[float, float], room: float) -> np.ndarray:
    return (mired >= ends[0] - room) & (mired <= ends[1] + room)


def _renderings(greys: np.ndarray, mired: np.ndarray, tuning: Tuning) -> np.ndarray:
    gains = np.exp(np.stack([-greys[:, 0], np.zeros(len(greys)), -greys[:, 1]], axis=1))
    matrices = np.stack([tuning.matrix_at(1e6 / place) for place in mired])
    return (matrices * gains[:, np.newaxis]).astype(np.float32)
