"""A labelled picture beside what a judge made of it, and the errors of many."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from accelerators.published.pictures import LabelledPicture, mired
from isp.light_estimate import WITHIN_90, LightEstimate

# Scenes darker than this have a row of their own in every table.
DARK_LUX = 50.0


@dataclass(frozen=True)
class Judged:
    """A picture and what was judged of it. Errors in mired; both temperatures are held to the labels' ends first."""

    picture: LabelledPicture
    estimate: LightEstimate

    @property
    def error(self) -> float:
        """Of the judge."""
        return abs(mired(self.estimate.temperature_k) - self.picture.true_mired)

    @property
    def half_region(self) -> float | None:
        """Half of the width of the temperature's stated 90 % region, in mired; None where none was stated."""
        if self.estimate.covariance is None:
            return None
        return WITHIN_90 * math.sqrt(self.estimate.covariance[0][0])

    @property
    def is_inside(self) -> bool | None:
        """Whether the truth lies in the stated 90 % region; None where none was stated."""
        return None if self.half_region is None else self.error <= self.half_region

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        picture = self.picture
        return {
            "file": str(picture.path),
            "true_k": picture.true_k,
            "estimated_k": self.estimate.temperature_k,
            "tint": self.estimate.tint,
            "error_mired": self.error,
            "camera_error_mired": picture.camera_error,
            "half_region_mired": self.half_region,
            "inside": self.is_inside,
            "source": self.estimate.source,
            "trust": self.estimate.trust,
            "why": self.estimate.why,
        }


@dataclass(frozen=True)
class Summary:
    """Errors of a group of pictures, in mired."""

    count: int
    mean: float
    median: float
    p95: float
    worst_quarter: float
    max: float

    @classmethod
    def of(cls, errors: Iterable[float]) -> Summary:
        """Of at least one error."""
        rising = np.sort(np.fromiter(errors, np.float64))
        worst = rising[-math.ceil(len(rising) / 4) :]
        middle, high = np.percentile(rising, (50, 95))
        return cls(len(rising), *map(float, (rising.mean(), middle, high, worst.mean(), rising[-1])))
