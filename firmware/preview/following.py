"""A light that is followed from measurement to measurement: each counts as far as it is sure of itself.

A Kalman filter over the logarithms of red/green and blue/green of a grey thing, as Barron and Tsai 2017, "Fast Fourier
Color Constancy", section 4: the light wanders alike in all directions, and a measurement is as sure as its own
covariance says. We depart in one thing: what lies farther away than both leave room for is no news of this light. Seen
twice it is another one, a lamp that was switched or a camera that was turned, and the filter begins anew with it; seen
once it was a moment's mistake: a scene that could be judged either way does not waver.
"""

from __future__ import annotations

import numpy as np

from isp.grey_curve import grey_of, with_curve
from isp.light_estimate import LightEstimate
from isp.tuning import Tuning

# How far light wanders in a second, variance of log colour: dusk, clouds, a hand that turns. So much that a change of
# 30 mired is followed within two seconds by a judge who is sure to 15 mired, and within four by one who is to 40.
WANDERS_PER_S = 0.008
# Of a measurement that does not say how sure it is: 8 % of red and blue.
UNSURE = 0.08**2 * np.eye(2)
# No measurement is surer than that; rounding alone would be believed for ever.
LEAST_VARIANCE = 0.003**2
# Squared distance in deviations, of two dimensions: one in ninety is farther by chance.
ANOTHER_LIGHT = 9.0
STEP_MIRED, STEP_TINT = 1.0, 0.005  # over which the curve is straight


class FollowedLight:
    """What is believed of a light, after some measurements. One thread uses it."""

    def __init__(self) -> None:
        self._colour: np.ndarray | None = None
        self._variance = np.zeros((2, 2))
        self._known_ns = 0
        self._stranger: np.ndarray | None = None

    def take(self, measured: LightEstimate, tuning: Tuning | None, time_ns: int) -> np.ndarray:
        """(2,) log red/green and blue/green, after this measurement."""
        colour, noise = np.log(measured.grey), _variance_of(measured, tuning)
        seconds = max(time_ns - self._known_ns, 0) / 1e9
        self._known_ns = time_ns
        before = self._variance + WANDERS_PER_S * seconds * np.eye(2)
        stranger, self._stranger = self._stranger, None
        if self._colour is None:
            self._colour, self._variance = colour, noise
        elif not _is_another(colour - self._colour, before + noise):
            share = np.linalg.solve(before + noise, before).T
            self._colour = self._colour + share @ (colour - self._colour)
            self._variance = (np.eye(2) - share) @ before
        elif stranger is None or _is_another(colour - stranger, noise + noise):
            self._stranger = colour
        else:
            self._colour, self._variance = colour, noise
        return self._colour


def _is_another(away: np.ndarray, open_to: np.ndarray) -> bool:
    return float(away @ np.linalg.solve(open_to, away)) > ANOTHER_LIGHT


def _variance_of(light: LightEstimate, tuning: Tuning | None) -> np.ndarray:
    """(2, 2) of log colour: the covariance of temperature and tint, carried over to where the light lies."""
    curve = with_curve(tuning)
    if light.covariance is None or light.temperature_k is None or curve is None:
        return UNSURE
    mired = 1e6 / light.temperature_k
    slopes = [
        _change(curve, (mired - STEP_MIRED, light.tint), (mired + STEP_MIRED, light.tint)) / (2 * STEP_MIRED),
        _change(curve, (mired, light.tint - STEP_TINT), (mired, light.tint + STEP_TINT)) / (2 * STEP_TINT),
    ]
    across = np.column_stack(slopes)
    return across @ np.array(light.covariance) @ across.T + LEAST_VARIANCE * np.eye(2)


def _change(curve: Tuning, before: tuple[float, float], after: tuple[float, float]) -> np.ndarray:
    """Of log colour, from one (mired, tint) to another."""
    first, second = (np.log(grey_of(1e6 / mired, tint, curve)) for mired, tint in (before, after))
    return second - first
