"""How far the light lies beside the sensor's curve: greener, as fluorescent tubes are, or pinker.

No published label has a tint, so it was learned from simulated scenes under measured lamps: a ridge regression on where
those zones lie that are nearly grey in the light that was found.
"""

from __future__ import annotations

import numpy as np

from accelerators.white_balance.zones import JudgedZones, log_colours
from isp.grey_curve import grey_of
from isp.tuning import Tuning

# Zones so near to grey, in natural log, are asked; each radius once for all zones and once by their brightness.
RADII = 0.06, 0.15, 0.25
NUMBERS = 2 * len(RADII)
# Where less than this share of a picture is nearly grey, what that says shrinks towards nothing.
FEW = 0.1
# Strong fluorescent tubes lie so far off; beyond, it is the scene that is green.
MOST_TINT = 0.06
# Simulated scenes are not the world: a blue sky or a green wall is no tint of the light. So much of it is believed: on
# pictures of one colour the whole would err by 0.4 degrees more than none, half by 0.2; on photographs both gain.
BELIEVED = 0.5
# Enough of a step to tell which way is green.
SIDEWAYS = 0.01
MOST = 1e3


def tint_numbers(zones: JudgedZones, temperature_k: float, tuning: Tuning) -> np.ndarray:
    """(6,) float64: how much greener than this light of the curve the nearly grey zones are, natural log."""
    grey, beside = (np.log(grey_of(temperature_k, tint, tuning)) for tint in (0.0, SIDEWAYS))
    away = log_colours(zones.colours, MOST).reshape(-1, 2) - grey
    greener = away @ ((beside - grey) / SIDEWAYS)
    squares = (away * away).sum(axis=1)
    share = zones.share.ravel().astype(np.float64)
    weights = np.stack([share, share * zones.colours.sum(axis=-1).ravel()])
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    near = np.exp(squares * (-0.5 / np.square(RADII)[:, np.newaxis]))
    return ((near * greener) @ weights.T / (near @ weights.T + FEW)).ravel()


def tint_of(numbers: np.ndarray, weights: np.ndarray, middle: float) -> float:
    """The tint, above 0 greener, within what lights have."""
    return float(np.clip(BELIEVED * (middle + numbers @ weights), -MOST_TINT, MOST_TINT))
