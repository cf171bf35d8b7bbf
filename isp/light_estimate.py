"""What is known about the colour of a scene's light, and how well."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from isp.errors import FrameError
from isp.light_statistics import LightStatistics

# How a light was found: judged of the scene, or told by somebody.
JUDGED = ("learned", "classical", "daylight", "camera")
TOLD = ("hand", "custom", "recipe")
SOURCES = (*JUDGED, *TOLD)
# So many standard deviations to both sides hold 90 % of a normal distribution.
WITHIN_90 = 1.645
# 100 000 K: bluer is no sky.
LEAST_MIRED = 10.0


@dataclass(frozen=True)
class LightEstimate:
    """The colour of a light.

    grey           (red/green, blue/green) that the sensor reads of a grey thing, lens shading undone
    temperature_k  of the nearest point of the sensor's curve; None where the sensor has no curve
    tint           distance from the curve there, in natural log colour; above 0 the light is greener, below 0 pinker
    covariance     ((mired^2, mired * tint), (mired * tint, tint^2)); None where nobody knows how sure this is
    source         one of SOURCES
    trust          how much of it is the learned judgement's, 0 to 1; the rest is the classical estimate
    why            one sentence for the photo's story
    """

    grey: tuple[float, float]
    temperature_k: float | None
    tint: float = 0.0
    covariance: tuple[tuple[float, float], tuple[float, float]] | None = None
    source: str = "classical"
    trust: float = 0.0
    why: str = ""

    def __post_init__(self) -> None:
        known = [*self.grey, self.tint, self.trust, *([] if self.temperature_k is None else [self.temperature_k])]
        if not all(math.isfinite(number) for number in known) or min(self.grey) <= 0:
            raise FrameError(f"A light with grey {self.grey} and tint {self.tint} is none: numbers must be finite.")
        if self.temperature_k is not None and self.temperature_k <= 0:
            raise FrameError(f"A light of {self.temperature_k} K is none: a temperature is above 0.")
        if self.covariance is not None:
            self._check_covariance()
        if not isinstance(self.why, str):
            raise FrameError(f"What there is to say about a light is {self.why!r}; it must be text.")
        if not 0 <= self.trust <= 1:
            raise FrameError(f"A light with trust {self.trust} is none: trust is a share, 0 to 1.")
        if self.source not in SOURCES:
            raise FrameError(f"A light found by {self.source!r} is not known. Allowed: {', '.join(SOURCES)}.")

    def _check_covariance(self) -> None:
        sure = [number for row in self.covariance for number in row]
        is_square = [len(row) for row in self.covariance] == [2, 2]
        if not (is_square and all(map(math.isfinite, sure)) and min(sure[::3]) >= 0):
            raise FrameError(f"The covariance {self.covariance} is none: two rows of two, finite, variances 0 or more.")

    def between_k(self) -> tuple[float, float] | None:
        """Temperatures between which 90 % of such lights lie; None where nobody knows how sure this is."""
        if self.temperature_k is None or self.covariance is None:
            return None
        mired, away = 1e6 / self.temperature_k, WITHIN_90 * math.sqrt(max(self.covariance[0][0], 0.0))
        return 1e6 / (mired + away), 1e6 / max(mired - away, LEAST_MIRED)


# Judges a scene's light from its statistics. Never fails on a picture: what it cannot judge it says, with trust 0.
Judge = Callable[[LightStatistics], LightEstimate]
