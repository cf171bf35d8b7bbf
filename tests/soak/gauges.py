"""What the kernel says of a process and its children, and what of it grows."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import NormalDist

import numpy as np

MEGABYTE = 1e6
# Fewer readings say nothing of a slope.
FEWEST_READINGS = 8
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Reading:
    """One look at the daemon while nothing is in work.

    pss_mb       its memory, shared pages by their share; private_mb what only it has
    children_mb  PSS of its child processes together
    """

    at_s: float
    rss_mb: float
    pss_mb: float
    private_mb: float
    descriptors: float
    threads: float
    children: float
    children_mb: float


QUANTITIES = tuple(field.name for field in fields(Reading) if field.name != "at_s")


@dataclass(frozen=True)
class Slope:
    """Growth per hour, with the ends of its 95 % interval; None of both where readings are too few."""

    per_hour: float
    least: float | None = None
    most: float | None = None


def read(pid: int, at_s: float) -> Reading:
    """Raises OSError when the process is gone."""
    process = Path("/proc") / str(pid)
    memory, children = _memory_mb(process), _children(process)
    return Reading(
        at_s=at_s,
        rss_mb=memory["Rss"],
        pss_mb=memory["Pss"],
        private_mb=memory["Private_Clean"] + memory["Private_Dirty"],
        descriptors=len(list((process / "fd").iterdir())),
        threads=len(list((process / "task").iterdir())),
        children=len(children),
        children_mb=sum(_memory_mb(Path("/proc") / child)["Pss"] for child in children),
    )


def slope_of(readings: list[Reading], quantity: str) -> Slope:
    """The median of the slopes between all pairs: a single high reading does not move it.

    Source: Sen 1968, "Estimates of the regression coefficient based on Kendall's tau"; the interval is section 6's.
    """
    hours = np.array([reading.at_s for reading in readings]) / 3600
    values = np.array([getattr(reading, quantity) for reading in readings], dtype=float)
    before, after = np.triu_indices(len(readings), 1)
    if not len(before):
        return Slope(0.0)
    slopes = np.sort((values[after] - values[before]) / (hours[after] - hours[before]))
    slope = float(np.median(slopes))
    if len(readings) < FEWEST_READINGS:
        return Slope(slope)
    count = len(readings)
    spread = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low, high = (len(slopes) - spread) / 2, (len(slopes) + spread) / 2
    return Slope(slope, float(slopes[max(0, int(low))]), float(slopes[min(len(slopes) - 1, int(high) + 1)]))


def _memory_mb(process: Path) -> dict[str, float]:
    lines = (process / "smaps_rollup").read_text().splitlines()[1:]
    return {name.rstrip(":"): int(kilobytes) * 1024 / MEGABYTE for name, kilobytes, *_ in map(str.split, lines)}


def _children(process: Path) -> list[str]:
    found = []
    for task in (process / "task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a caller's thread that just ended
            found += (task / "children").read_text().split()
    return found
