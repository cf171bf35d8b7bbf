"""Where a light lies beside the sensor's curve of greys: a temperature along it, a tint across it.

The curve is what a grey card reads under daylights and lamps of rising temperature, in (ln red/green, ln blue/green).
A light off it has a tint: the distance at the place where the curve passes at a right angle. Greener lights, as of
fluorescent tubes, lie where red and blue are both less: their tint is above 0. Sources: libcamera `awb.cpp` (the curve
and its transverse); we depart in log colour, where a step is the same share of any light.
"""

from __future__ import annotations

import math

import numpy as np

from isp.tuning import Tuning

WITHOUT_FILTER = "_noir"  # as libcamera names such modules
# libcamera takes its tables for this temperature where white balance goes by grey world, as on all of them.
UNFILTERED_K = 4500.0
CURVE_POINTS = 200  # less than 2 mired apart: no eye tells them apart
# The curve is a few measured cards joined by lines: its direction is that between points so far apart on both sides.
DIRECTION_MIRED = 15.0
# ... and beyond its ends that of the last so many: on four curves that were cut at 5715 K, shade was met within 0.06 in
# log colour; by half as many within 0.11, by the end itself within 0.19.
BEYOND_MIRED = 60.0


def with_curve(tuning: Tuning | None) -> Tuning | None:
    """The tuning where its curve of greys holds, else None.

    A sensor without infrared filter sees foliage, cloth and lamps in colours that no filtered one has: the curve that
    was measured behind the filter says nothing about them.
    """
    holds = tuning is not None and len(tuning.grey_curve) > 0 and not tuning.sensor.endswith(WITHOUT_FILTER)
    return tuning if holds else None


def dense_curve(tuning: Tuning) -> np.ndarray:
    """(n, 3) temperature, log red/green, log blue/green; even steps of reciprocal temperature."""
    temperatures, red, blue = tuning.grey_curve.T
    dense = 1e6 / np.linspace(1e6 / temperatures[0], 1e6 / temperatures[-1], CURVE_POINTS)
    greys = [np.log(np.interp(dense, temperatures, ratio)) for ratio in (red, blue)]
    return np.column_stack([dense, *greys])


def place_of(grey: tuple[float, float], tuning: Tuning) -> tuple[float, float]:
    """Temperature in K, and tint, of a light in which a grey card reads this (red/green, blue/green)."""
    curve = dense_curve(tuning)
    away = np.log(grey) - curve[:, 1:]
    nearest = int(np.argmin((away**2).sum(axis=1)))
    along = (away * _directions(curve)).sum(axis=1)
    # Between the two points at which the way to the light turns from ahead to behind it is at a right angle.
    turns = np.flatnonzero(np.sign(along[:-1]) * np.sign(along[1:]) <= 0)
    if len(turns) == 0:
        return float(curve[nearest, 0]), _tint(away[nearest], _across(curve)[nearest])
    before = int(turns[np.argmin(np.abs(turns + 0.5 - nearest))])
    gap = along[before] - along[before + 1]
    share = along[before] / gap if gap else 0.5
    mired = 1e6 / curve[before : before + 2, 0]
    tints = [_tint(away[index], _across(curve)[index]) for index in (before, before + 1)]
    return float(1e6 / (mired[0] + share * (mired[1] - mired[0]))), float(tints[0] + share * (tints[1] - tints[0]))


def grey_of(temperature_k: float, tint: float, tuning: Tuning) -> tuple[float, float]:
    """(red/green, blue/green) of a grey card in this light; beyond the curve's ends the ends answer."""
    curve = dense_curve(tuning)
    falling = 1e6 / curve[::-1, 0]
    across = [np.interp(1e6 / temperature_k, falling, axis[::-1]) for axis in _across(curve).T]
    red, blue = np.log(tuning.grey_at(temperature_k)) + tint * np.array(across) / np.hypot(*across)
    return float(np.exp(red)), float(np.exp(blue))


def grey_told(temperature_k: float, tint: float, tuning: Tuning) -> tuple[float, float]:
    """As `grey_of`, for a temperature that somebody chose: beyond the curve's ends it goes straight on.

    Some curves end at 5700 K, where shade only begins: held at its end, shade would be what daylight is. By Wien's law
    the log colours of what glows go straight with mired; daylight's nearly do.
    """
    warmest_k, coldest_k = tuning.grey_curve[[0, -1], 0]
    end = 1e6 / min(max(temperature_k, warmest_k), coldest_k)
    beyond = 1e6 / temperature_k - end
    before = end - math.copysign(BEYOND_MIRED, beyond)
    step = np.log(tuning.grey_at(1e6 / end)) - np.log(tuning.grey_at(1e6 / before))
    red, blue = np.log(grey_of(temperature_k, tint, tuning)) + abs(beyond) / BEYOND_MIRED * step
    return float(np.exp(red)), float(np.exp(blue))


def temperature_of(grey: tuple[float, float], tuning: Tuning) -> float:
    """Temperature of the curve's point nearest to this (red/green, blue/green)."""
    return place_of(grey, tuning)[0]


def _directions(curve: np.ndarray) -> np.ndarray:
    """(n, 2) of length 1: where the curve goes at each point, towards warm."""
    mired = 1e6 / curve[:, 0]
    ends = [
        [np.interp(mired + step, mired[::-1], axis[::-1]) for axis in curve[:, 1:].T]
        for step in (DIRECTION_MIRED, -DIRECTION_MIRED)
    ]
    ahead = np.subtract(*ends).T
    # Where all known lights are one, warmer is what it is for other sensors.
    ahead[~ahead.any(axis=1)] = (1.0, -1.0)
    return ahead / np.linalg.norm(ahead, axis=1, keepdims=True)


def _across(curve: np.ndarray) -> np.ndarray:
    """(n, 2) of length 1: at a right angle to the curve, towards green."""
    ahead = _directions(curve)
    side = np.column_stack([ahead[:, 1], -ahead[:, 0]])
    return side * -np.sign(side.sum(axis=1, keepdims=True))


def _tint(away: np.ndarray, across: np.ndarray) -> float:
    return float(away @ across)
