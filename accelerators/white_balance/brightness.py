"""How bright a scene is, on a scale that means the same wherever a sensor's brightness was calibrated.

Many sensors were calibrated twice, once for each of Raspberry Pi's image processors, and the two calibrations make of
one scene lights that differ by up to 2.2 times (imx477). Neither is known to be the better one: their mean is taken.
"""

from __future__ import annotations

import functools
import math

from accelerators.published.pictures import PLATFORM_OF
from accelerators.published.sensors import published_tuning
from isp.tuning import Tuning

# The full sun on snow; what is said to be brighter is a wrong number.
MOST_LUX = 2e5


def known_lux(lux: float | None, tuning: Tuning) -> float | None:
    """Light on the scene, of which this tuning says `lux`; None where nobody knows."""
    if lux is None or not math.isfinite(lux) or lux < 0:
        return None
    usual = _usual(tuning.sensor)
    factor = 1.0 if usual is None or not tuning.lux_of_signal else usual / tuning.lux_of_signal
    return min(lux * factor, MOST_LUX)


@functools.cache
def _usual(sensor: str) -> float | None:
    """The geometric mean of what the packaged tables of a sensor say; None where they do not have it."""
    tunings = [published_tuning(platform, sensor) for platform in PLATFORM_OF.values()]
    known = [tuning.lux_of_signal for tuning in tunings if tuning is not None and tuning.lux_of_signal]
    return math.exp(sum(map(math.log, known)) / len(known)) if known else None
