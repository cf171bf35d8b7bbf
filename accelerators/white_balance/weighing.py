"""How far the learned judgement is trusted beside the classical one: as their errors say.

Source: Bates and Granger 1969, "The Combination of Forecasts": of two answers whose errors are known and alike to a
known degree, the mean with the least error. A weight below 0, which that may have, is 0 here: then one says it all.
"""

from __future__ import annotations

import math

import numpy as np

from accelerators.white_balance.candidates import LABELS_MIRED
from isp.light_estimate import WITHIN_90

# Standard deviation of the classical judgement in mired at some lux. In the light of lamps at night it is hard to beat:
# 4 below 30 lux were measured on labelled scenes, 29 to 47 above 400. A few missed by far more, so the larger is more.
LUX, RULE_MIRED = (30.0, 400.0), (6.0, 60.0)
# Both are misled by the same scenes. Measured .5 to .9 in rooms, .4 to .6 in daylight.
ALIKE = 0.6
# No light was labelled beyond the last one. From so near to it on the rule may go further out, in the end this far.
NEAR_THE_LAST_MIRED, FURTHER_MIRED = 8.0, 200.0


def trust_in_learned(deviation_mired: float, lux: float | None) -> float:
    """0 to 1. deviation_mired: the learned judgement's own; lux: None where unknown, then it counts as bright."""
    at = LUX[1] if lux is None else lux
    rule = float(np.interp(math.log(at + 1.0), np.log(np.add(LUX, 1.0)), RULE_MIRED))
    shared = ALIKE * rule * deviation_mired
    return min(max((rule**2 - shared) / (rule**2 + deviation_mired**2 - 2 * shared), 0.0), 1.0)


def held_to_learned(by_rule: float, learned: float, deviation: float) -> float:
    """The rule's answer within what was learned to be likely, in mired.

    The rule knows nothing of what scenes look like, so it chooses within the 90 % region; but a lamp of 2400 K, warmer
    than any that was labelled, is the rule's to tell.
    """
    cold, warm = LABELS_MIRED
    room = WITHIN_90 * deviation
    colder, warmer = (
        room + FURTHER_MIRED * min(max(1.0 - away / NEAR_THE_LAST_MIRED, 0.0), 1.0)
        for away in (learned - cold, warm - learned)
    )
    return min(max(by_rule, learned - colder), learned + warmer)
