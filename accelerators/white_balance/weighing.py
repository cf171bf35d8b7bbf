"""How far the learned judgement is trusted beside the classical one: as their errors say.

Source: Bates and Granger 1969, "The Combination of Forecasts": of two answers whose errors are known and alike to a
known degree, the mean with the least error. A weight below 0, which that may have, is 0 here: then one says it all.
"""

from __future__ import annotations

import math

import numpy as np

from accelerators.white_balance.candidates import LABELS_MIRED
from isp.light_estimate import WITHIN_90

# Standard deviation of the classical judgement in mired at some lux. On labelled scenes 4 were measured below 30 lux
# and 29 to 47 above 400; but on a cup or a cat in lamplight it is often far off, and a white that turned blue is the
# worst that can happen there, so it is trusted less.
LUX, RULE_MIRED = (30.0, 400.0), (18.0, 60.0)
# Both are misled by the same scenes. Measured .5 to .9 in rooms, .4 to .6 in daylight.
ALIKE = 0.6
# So far beyond the last labelled light the rule may go: a candle stays a little warm, as it is expected.
BEYOND_LABELS_MIRED = 20.0


def trust_in_learned(deviation_mired: float, lux: float | None) -> float:
    """0 to 1. deviation_mired: the learned judgement's own; lux: None where unknown, then it counts as bright."""
    at = LUX[1] if lux is None else lux
    rule = float(np.interp(math.log(at + 1.0), np.log(np.add(LUX, 1.0)), RULE_MIRED))
    shared = ALIKE * rule * deviation_mired
    return min(max((rule**2 - shared) / (rule**2 + deviation_mired**2 - 2 * shared), 0.0), 1.0)


def held_to_learned(by_rule: float, learned: float, deviation: float) -> float:
    """The rule's answer within what was learned to be likely, in mired.

    The rule knows nothing of what scenes look like, so it chooses within the 90 % region, and hardly beyond the labels.
    """
    cold, warm = LABELS_MIRED
    room = WITHIN_90 * deviation
    least, most = max(learned - room, cold - BEYOND_LABELS_MIRED), min(learned + room, warm + BEYOND_LABELS_MIRED)
    return min(max(by_rule, least), most)
