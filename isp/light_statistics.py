"""What the colour of the light is judged from: a picture of 32 x 32 zones, the scene's brightness, the sensor.

The format is the one in which Raspberry Pi Ltd publishes labelled pictures (raspberrypi/awb_nn, `converter.py`, BSD-3):
zone means of linear light after black level and lens shading, clipped at white, rendered with the gains and the colour
matrix of 5000 K, clipped again, 16 bits. So what a network was trained on is what it sees in the camera. We depart in
that a pixel below black counts as that: clipped at black, noise would brighten dark zones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isp.frames import RawFrame, Shot
from isp.grey_curve import UNFILTERED_K, WITHOUT_FILTER, with_curve
from isp.shading import as_seen
from isp.statistics import average, measure
from isp.tuning import Tuning

# The gains, the matrix and the shading tables of this light are in every published picture.
RENDERED_FOR_K = 5000.0
# Of the Pi 5's front end. The Pi 4's statistics have 12 rows and 16 columns; both are published.
ZONE_ROWS = ZONE_COLUMNS = 32
WHITE = 65535.0
# Zones darker than this share of white have more noise than colour.
DARKEST_ZONE = 0.004
# ... and with less than this in a colour nobody can say how little it is.
NO_COLOUR = 0.0005
# A blown pixel reads white less black, which is 0.94 of white; a zone that comes near holds many.
BLOWN = 0.9
# Share of a zone's pixels. A bright zone counts most, and one whose brightest pixels are cut has another colour.
LEAST_UNCLIPPED = 0.98
# Less than any converter's count: no scene has no light at all, and its logarithm is wanted.
LEAST_SIGNAL = 1e-6


@dataclass(frozen=True)
class BareZones:
    """Zones of a frame as the sensor reads them through its lens.

    linear  (rows, columns, 3) float64, black removed, 1 = white
    shot    tells which part of the pixel array they are of
    """

    linear: np.ndarray
    shot: Shot

    def behind_lens(self, tables: np.ndarray | None) -> np.ndarray:
        """(n, 3) of the zones that are neither dark nor blown, lens shading undone by these tables."""
        most, least = self.linear.max(axis=-1), self.linear.min(axis=-1)
        usable = (most > DARKEST_ZONE) & (least > NO_COLOUR) & (most < BLOWN)
        return (self.linear * lens_gains(tables, self.shot, self.linear.shape[:2]))[usable]


@dataclass(frozen=True)
class LightStatistics:
    """zones   (rows, columns, 3) uint16, the published format; upright as the sensor reads
    lux     light on the scene; None where nobody knows
    tuning  the sensor's; None where no curve of greys holds: then `zones` are the sensor's own colours, unrendered
    bare    what the zones of a known sensor were made of; None for published pictures
    """

    zones: np.ndarray
    lux: float | None
    tuning: Tuning | None
    bare: BareZones | None = None

    def raw_colours(self) -> np.ndarray:
        """(rows, columns, 3) float64: what the sensor read, 1 = white, lens shading undone; the rendering is undone.

        NaN where that is too dark to have a colour, or was clipped on the way.
        """
        raw = self.zones / WHITE if self.tuning is None else unrendered(self.zones, self.tuning)
        balanced = raw if self.tuning is None else raw * _gains(self.tuning)
        clipped = (self.zones.max(axis=-1) == WHITE) | (balanced.max(axis=-1) >= BLOWN)
        dark = (raw.max(axis=-1) <= DARKEST_ZONE) | (raw.min(axis=-1) <= NO_COLOUR)
        return np.where((clipped | dark)[..., None], np.nan, raw)


def gather(frame: RawFrame, tuning: Tuning | None) -> LightStatistics:
    """The statistics of a frame, from one pass over it."""
    shot, known = frame.shot, with_curve(tuning)
    if known is None:
        return _of_no_curve(frame, tuning)
    # In a tiny frame of odd size a zone can be without pixels: it is dark.
    linear = np.nan_to_num(average(frame, ZONE_ROWS, ZONE_COLUMNS))
    # The converter divides by the white level after taking black off.
    raw = np.clip(linear * (1.0 - min(shot.black_dn) / shot.white_dn), 0.0, 1.0)
    zones = render(raw * lens_gains(lens_tables(known), shot, raw.shape[:2]), known)
    return LightStatistics(zones, _lux(frame, tuning, linear), known, BareZones(raw, shot))


def _of_no_curve(frame: RawFrame, tuning: Tuning | None) -> LightStatistics:
    """The statistics of a frame as it reads. A zone in which pixels are clipped is white: so much more can be told."""
    zones = measure(frame, ZONE_ROWS, ZONE_COLUMNS)
    linear = np.nan_to_num(zones.means)
    # Without infrared filter the photo is shaded by these tables, which have a colour.
    unfiltered = tuning is not None and frame.shot.sensor.endswith(WITHOUT_FILTER)
    tables = tuning.shading_at(UNFILTERED_K) if unfiltered else None
    seen = np.clip(linear * lens_gains(tables, frame.shot, linear.shape[:2]), 0.0, 1.0)
    seen[zones.used < LEAST_UNCLIPPED] = 1.0
    return LightStatistics((seen * WHITE).astype(np.uint16), _lux(frame, tuning, linear), None)


def render(raw: np.ndarray, tuning: Tuning) -> np.ndarray:
    """(rows, columns, 3) uint16, the published format, of zones as the sensor reads them behind a perfect lens.

    raw  (rows, columns, 3) float, black removed, 1 = white
    """
    balanced = np.clip(np.clip(raw, 0.0, 1.0) * _gains(tuning), 0.0, 1.0)
    seen = np.clip(balanced @ tuning.matrix_at(RENDERED_FOR_K).T, 0.0, 1.0)
    return (seen * WHITE).astype(np.uint16)


def unrendered(zones: np.ndarray, tuning: Tuning) -> np.ndarray:
    """(rows, columns, 3) float64 that `render` made these zones of; where they were clipped, a bound."""
    balanced = zones / WHITE @ np.linalg.inv(tuning.matrix_at(RENDERED_FOR_K)).T
    return balanced / _gains(tuning)


def _gains(tuning: Tuning) -> np.ndarray:
    """(3,) that published pictures were balanced with. The sensor's own greys lie on its curve without sensitivity."""
    red, blue = np.multiply(tuning.grey_at(RENDERED_FOR_K), tuning.sensitivity)
    return np.array([1.0 / red, 1.0, 1.0 / blue])


def lens_tables(tuning: Tuning) -> np.ndarray | None:
    """(3, rows, columns) gains of lens shading as published pictures have them: each colour's least is 1."""
    tables = tuning.shading_at(RENDERED_FOR_K)
    return None if tables is None else tables / tables.min(axis=(1, 2), keepdims=True)


def lens_gains(tables: np.ndarray | None, shot: Shot, size: tuple[int, int]) -> np.ndarray:
    """(rows, columns, 3) of these gains over the whole pixel array, at the centres of the zones of a frame of it."""
    if tables is None:
        return np.ones((*size, 3))
    seen, (left, top, width, height) = as_seen(tables, shot)
    down = _weights(top, height, size[0], seen.shape[1])
    across = _weights(left, width, size[1], seen.shape[2])
    return np.moveaxis(down @ seen @ across.T, 0, -1)


def _weights(begin: float, length: float, zones: int, cells: int) -> np.ndarray:
    """(zones, cells) by which cells are interpolated at the centres of zones from begin on, all 1 together."""
    centres = (begin + length * (np.arange(zones) + 0.5) / zones) * cells - 0.5
    return np.column_stack([np.interp(centres, np.arange(cells), cell) for cell in np.eye(cells)])


def _lux(frame: RawFrame, tuning: Tuning | None, linear: np.ndarray) -> float | None:
    """The camera's; else what it is if its mean is a grey card, see `isp.scene_light`; None where nobody can know."""
    shot = frame.shot
    if shot.lux is not None and 0 < shot.lux < math.inf:
        return shot.lux
    if tuning is None or tuning.lux_of_signal is None or shot.exposure_us is None or shot.analogue_gain is None:
        return None
    return (
        tuning.lux_of_signal * max(float(linear[..., 1].mean()), LEAST_SIGNAL) / (shot.exposure_us * shot.analogue_gain)
    )
