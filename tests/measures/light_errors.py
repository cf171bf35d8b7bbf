"""How wrong a light is that somebody found, and what the simplest of all judges finds."""

from __future__ import annotations

import numpy as np

from isp.light_statistics import LightStatistics


def angle(found: tuple[float, float], true: tuple[float, float]) -> float:
    """Degrees between two lights, (red/green, blue/green), as vectors (red, green, blue)."""
    one, other = (np.array([red, 1.0, blue]) for red, blue in (found, true))
    return float(np.degrees(np.arccos(min(one @ other / np.linalg.norm(one) / np.linalg.norm(other), 1.0))))


def grey_world(statistics: LightStatistics) -> tuple[float, float]:
    """Mean of the zones that have a colour, one at least, taken for grey. Source: Buchsbaum 1980."""
    raw = statistics.raw_colours()
    red, green, blue = raw[np.isfinite(raw).all(axis=-1)].mean(axis=0)
    return float(red / green), float(blue / green)
