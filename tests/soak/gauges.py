"""What the kernel says of a process and its children, and what of it grows."""

from __future__ import annotations

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
    """Least squares; the interval is widened by how much neighbouring readings resemble each other."""
    hours = np.array([reading.at_s for reading in readings]) / 3600
    values = np.array([getattr(reading, quantity) for reading in readings], dtype=float)
    if len(values) < 2 or np.ptp(hours) == 0:
        return Slope(0.0)
    away = hours - hours.mean()
    slope = float(away @ values / (away @ away))
    if len(values) < FEWEST_READINGS:
        return Slope(slope)
    left = values - values.mean() - slope * away
    freedom = len(values) - 2
    error = math.sqrt(float(left @ left) / freedom / float(away @ away))
    alike = float(left[1:] @ left[:-1] / max(left @ left, 1e-12))
    error *= math.sqrt((1 + max(alike, 0.0)) / (1 - min(max(alike, 0.0), 0.95)))
    normal = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    wide = error * (normal + (normal**3 + normal) / (4 * freedom))  # Student's quantile, to the first order
    return Slope(slope, slope - wide, slope + wide)


def _memory_mb(process: Path) -> dict[str, float]:
    lines = (process / "smaps_rollup").read_text().splitlines()[1:]
    return {name.rstrip(":"): int(kilobytes) * 1024 / MEGABYTE for name, kilobytes, *_ in map(str.split, lines)}


def _children(process: Path) -> list[str]:
    return [child for task in (process / "task").iterdir() for child in (task / "children").read_text().split()]
