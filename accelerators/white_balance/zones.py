"""The zones as the learned judge looks at them: the sensor's own colours, 16 a side at most, without what was blown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isp.light_statistics import WHITE, LightStatistics, unrendered

# The Pi 4's statistics have 12 rows and 16 columns, the Pi 5's are averaged to about as many: one judge for both.
SIDE = 16
# A published zone above this share of white holds pixels that were clipped.
BLOWN = 0.95
# With less than this in a colour nobody can say how little it is.
NO_COLOUR = 5e-4
# Less than any zone of a scene; logarithms are wanted.
LEAST = 1e-5
# With less of a scene to go by, one lamp or one flower would be the light.
FEWEST_ZONES = 4
# A zone counts as one if more than this share of it can be judged.
JUDGED = 0.5


@dataclass(frozen=True)
class JudgedZones:
    """colours  (rows, columns, 3) float32, the sensor's red, green, blue, lens shading undone, 1 = white, above 0
    share    (rows, columns) float32: how much of the zone can be judged, 0 to 1
    """

    colours: np.ndarray
    share: np.ndarray

    @property
    def seen(self) -> np.ndarray:
        """(rows, columns) bool: zones of which most can be judged."""
        return self.share > JUDGED

    @property
    def say_something(self) -> bool:
        """Whether there are enough of them."""
        return int(self.seen.sum()) >= FEWEST_ZONES


def judged(statistics: LightStatistics) -> JudgedZones:
    """The zones of statistics that have a tuning."""
    raw = unrendered(statistics.zones, statistics.tuning).astype(np.float32)
    lit = (statistics.zones.max(axis=-1) <= BLOWN * WHITE) & (raw.max(axis=-1) > NO_COLOUR)
    whole = lit & (raw.min(axis=-1) >= NO_COLOUR)
    # In a lamp's light all zones may be without blue, as published: that says much of the lamp.
    valid = (whole if whole.sum() >= FEWEST_ZONES else lit).astype(np.float32)[..., np.newaxis]
    share = _pooled(valid)
    colours = np.where(share > 0, _pooled(raw * valid) / np.maximum(share, LEAST), _pooled(raw))
    return JudgedZones(np.maximum(colours, LEAST), share[..., 0])


def log_colours(colours: np.ndarray, most: float) -> np.ndarray:
    """(..., 2) float32 ln (red/green, blue/green) of colours (..., 3) above 0; held within ln `most` of 0."""
    logs = np.log(np.maximum(colours, LEAST), dtype=np.float32)
    return np.clip(logs[..., ::2] - logs[..., 1:2], -np.log(most), np.log(most), dtype=np.float32)


def _pooled(zones: np.ndarray) -> np.ndarray:
    """(rows, columns, n) averaged over blocks until there are no more than about 16 a side."""
    down, across = (max(size // SIDE, 1) for size in zones.shape[:2])
    rows, columns = zones.shape[0] // down, zones.shape[1] // across
    blocks = zones[: rows * down, : columns * across].reshape(rows, down, columns, across, -1)
    return blocks.mean(axis=(1, 3), dtype=np.float32)
