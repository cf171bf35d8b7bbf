"""What colour is the light? The judgement of a scene by rule: grey world held to the sensor's measured curve of greys.

Zones that could be grey under some real light vote, the largest group that agrees wins, and the answer may leave the
curve by no more than a little. Sources: Buchsbaum 1980 (grey world); libcamera `awb.cpp` (the curve and its tolerance).
We depart from libcamera in taking no lux prior.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from isp.grey_curve import dense_curve, grey_of, place_of
from isp.grey_of_zones import grey_of_zones
from isp.light_estimate import LightEstimate
from isp.light_statistics import RENDERED_FOR_K, LightStatistics, lens_tables
from isp.tuning import Tuning

# A zone's vote falls with the distance of its log colour from the curve: greys lie on it, paint mostly does not. This
# and the next two were chosen on real Raspberry Pi scenes of half the photographers, see tests/bench/white_balance.py.
NEAR_THE_CURVE = 0.2
# ... and, once there is a first answer, with the distance from that: the largest group that agrees wins over the mean.
NEAR_THE_ANSWER = 0.4
# ... and grows with the zone's brightness to this power: what is bright is more often grey, or a glint of the light.
BRIGHTNESS_POWER = 0.5
# How far the answer may leave the curve, in log colour: about libcamera's `transverse` range at mid curve.
TINT_ALLOWED = 0.04
VOTING_ROUNDS = 5
# How far a zone lies from the curve is measured at every so many of its points: 8 mired apart are enough for that.
CURVE_STEP = 4
# Lens shading depends on the light's temperature and the measured temperature on shading: a few rounds settle it.
SHADING_ROUNDS = 3
# With less of a scene to go by than this share of its zones, one lamp or one flower would be the light.
FEWEST_ZONES = 0.01
# Photographic daylight (CIE D55): what nobody can see was most likely to be taken in.
DAYLIGHT_K = 5500.0
# Red and blue against green that the packaged sensors read of grey in that light, on average.
TYPICAL_DAYLIGHT = (0.49, 0.68)
# Standard deviations. Along the curve: 90 % of 1112 labelled scenes lie within 59 mired, and neither the scatter of the
# votes nor their number tells which. Across it no scene is labelled; strong fluorescent tubes lie so far off.
ALONG_MIRED, ACROSS = 36.0, 0.04


def classical(statistics: LightStatistics) -> LightEstimate:
    """The light as zones near the curve agree on it; daylight where too few zones can be judged."""
    means_at = _means_by_light(statistics)
    means = means_at(RENDERED_FOR_K)
    if len(means) < max(2, FEWEST_ZONES * statistics.zones[..., 0].size):
        lit = "None" if len(means) == 0 else f"Only {len(means)}"
        return daylight(statistics.tuning, f"{lit} of {statistics.zones[..., 0].size} zones is neither dark nor blown.")
    if statistics.tuning is None:
        why = "No curve of greys holds for an unknown sensor or without infrared filter: means are taken for grey."
        return LightEstimate(grey_of_zones(statistics.raw_colours()), temperature_k=None, why=why)
    curve, temperature_k = dense_curve(statistics.tuning)[::CURVE_STEP], RENDERED_FOR_K
    for _ in range(SHADING_ROUNDS):
        red, blue = np.exp(vote_of_zones(means_at(temperature_k), curve))
        temperature_k, tint = place_of((red, blue), statistics.tuning)
    tint = min(max(tint, -TINT_ALLOWED), TINT_ALLOWED)
    return LightEstimate(
        grey=grey_of(temperature_k, tint, statistics.tuning),
        temperature_k=temperature_k,
        tint=tint,
        covariance=((ALONG_MIRED**2, 0.0), (0.0, ACROSS**2)),
        why="The largest group of zones that could be grey was taken for grey.",
    )


def _means_by_light(statistics: LightStatistics) -> Callable[[float], np.ndarray]:
    """Gives (n, 3) of the zones that can be judged, lens shading undone as it is in light of a temperature.

    Of a frame they are taken from the sensor itself: a picture that was rendered for daylight has no blue by candles.
    """
    bare, tuning = statistics.bare, statistics.tuning
    if bare is not None:
        return lambda temperature_k: bare.behind_lens(tuning.shading_at(temperature_k))
    zones = statistics.raw_colours().reshape(-1, 3)
    usable = zones[np.isfinite(zones).all(axis=1)]
    return lambda temperature_k: usable if tuning is None else usable * _lens_of(temperature_k, tuning)


def _lens_of(temperature_k: float, tuning: Tuning) -> np.ndarray:
    """(3,) by how much more lens shading tables of this light brighten a picture than those in published ones."""
    rendered, tables = lens_tables(tuning), tuning.shading_at(temperature_k)
    return np.ones(3) if tables is None else np.exp(np.log(tables / rendered).mean(axis=(1, 2)))


def daylight(tuning: Tuning | None, why: str) -> LightEstimate:
    """Fixed daylight, for a scene that says nothing. `why` is a sentence that says so."""
    temperature_k = None if tuning is None else DAYLIGHT_K
    return LightEstimate(
        grey=TYPICAL_DAYLIGHT if tuning is None else tuning.grey_at(DAYLIGHT_K),
        temperature_k=temperature_k,
        source="daylight",
        why=f"{why} Daylight is assumed.",
    )


def vote_of_zones(means: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """Log (red/green, blue/green) on which most zones near the curve agree: a mean, then means of those near it.

    means  (n, 3) linear red, green, blue of the zones, above 0, lens shading undone
    curve  (m, 3) as `dense_curve` gives it
    """
    colours = np.log(np.stack([means[:, 0] / means[:, 1], means[:, 2] / means[:, 1]], axis=1))
    squares = (colours[:, None, 0] - curve[None, :, 1]) ** 2 + (colours[:, None, 1] - curve[None, :, 2]) ** 2
    # The small constant lets a scene without any grey fall back to plain grey world.
    greyness = (np.exp(-squares.min(axis=1) / NEAR_THE_CURVE**2) + 1e-6) * means[:, 1] ** BRIGHTNESS_POWER
    answer = greyness @ colours / greyness.sum()
    for _ in range(VOTING_ROUNDS):
        squares = ((colours - answer) ** 2).sum(axis=1)
        weights = greyness * np.exp(squares * (-1.0 / NEAR_THE_ANSWER**2)) + 1e-9
        answer = weights @ colours / weights.sum()
    return answer
