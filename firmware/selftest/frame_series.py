"""What the times of frames in a row say: pace, jitter, frames lost, frames twice, and how old they were on arrival."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

# A frame that comes so much later than one interval was not the next one.
LOST_BEYOND = 1.5


@dataclass(frozen=True)
class Arrival:
    """One frame: when its exposure began and how long it took, by the camera's clock, and when it was in our hands."""

    began_ns: int
    exposure_us: float
    arrived_ns: int

    @property
    def age_ms(self) -> float:
        """From the end of its exposure until it was here; below 0 for a frame from the future."""
        return (self.arrived_ns - self.began_ns) / 1e6 - self.exposure_us / 1e3


@dataclass(frozen=True)
class Series:
    """At least two frames in the order in which they came, and the interval that the mode promises.

    torn      frames of which a part was left over from earlier ones
    repeated  frames that were there before: their time does not go forward, or their noise is an earlier one's
    """

    frames: Sequence[Arrival]
    interval_s: float
    torn: int = 0
    repeated: int = 0

    @property
    def gaps_s(self) -> list[float]:
        """From each frame's beginning to the next one's."""
        return [(after.began_ns - before.began_ns) / 1e9 for before, after in itertools.pairwise(self.frames)]

    @property
    def lost(self) -> int:
        """Frames that the sensor exposed and nobody got."""
        return sum(round(gap / self.interval_s) - 1 for gap in self.gaps_s if gap > LOST_BEYOND * self.interval_s)

    @property
    def lost_share(self) -> float:
        """Of all that were exposed."""
        return self.lost / (self.lost + len(self.frames))

    @property
    def pace_ms(self) -> float:
        """The median gap between neighbours; NaN where every second frame was lost."""
        return statistics.median(self._neighbours_ms()) if self._neighbours_ms() else float("nan")

    @property
    def jitter_ms(self) -> float:
        """How far the gap of neighbours strays from the median, nineteen times in twenty."""
        strays = sorted(abs(gap - self.pace_ms) for gap in self._neighbours_ms())
        return strays[int(0.95 * (len(strays) - 1))] if strays else float("nan")

    @property
    def ages_ms(self) -> list[float]:
        """How old each frame was on arrival."""
        return [frame.age_ms for frame in self.frames]

    @property
    def drift_ppm(self) -> float:
        """How much faster the camera's clock goes than ours, by the freshest frames of the first and the last third.

        A frame may come late and never early, so that the freshest is nearest the truth.
        """
        third = max(len(self.frames) // 3, 1)
        first, last = (
            min(part, key=lambda frame: frame.age_ms) for part in (self.frames[:third], self.frames[-third:])
        )
        passed_ms = (last.arrived_ns - first.arrived_ns) / 1e6
        return (first.age_ms - last.age_ms) / passed_ms * 1e6 if passed_ms > 0 else float("nan")

    def _neighbours_ms(self) -> list[float]:
        return [gap * 1e3 for gap in self.gaps_s if 0 < gap <= LOST_BEYOND * self.interval_s]
