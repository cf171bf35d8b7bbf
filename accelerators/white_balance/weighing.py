"""How far the learned judgement is trusted beside the classical one: as their errors say.

Source: Bates and Granger 1969, "The Combination of Forecasts": of two answers whose errors are known and alike to a
known degree, the mean with the least error. A weight below 0, which that may have, is 0 here: then one says it all.
"""

from __future__ import annotations

import math

import numpy as np

# Standard deviation of the classical judgement in mired at some lux. In the light of lamps at night it is hard to beat:
# 4 below 30 lux were measured on labelled scenes, 29 to 47 above 400. A few missed by far more, so the larger is more.
LUX, RULE_MIRED = (30.0, 400.0), (6.0, 60.0)
# Both are misled by the same scenes. Measured .5 to .9 in rooms, .4 to .6 in daylight.
ALIKE = 0.6


def trust_in_learned(deviation_mired: float, lux: float | None) -> float:
    """0 to 1. deviation_mired: the learned judgement's own; lux: None where unknown, then it counts as bright."""
    at = LUX[1] if lux is None else lux
    rule = float(np.interp(math.log(at + 1.0), np.log(np.add(LUX, 1.0)), RULE_MIRED))
    shared = ALIKE * rule * deviation_mired
    return min(max((rule**2 - shared) / (rule**2 + deviation_mired**2 - 2 * shared), 0.0), 1.0)
