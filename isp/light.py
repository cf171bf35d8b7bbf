"""What colour is the light? Two estimators: one for sensors with a measured grey curve, one for unknown sensors.

`grey_on_curve`: grey world held to the curve. Zones that could be grey under some real light vote, the largest group
that agrees wins, and the answer may leave the curve by no more than a little. Sources: Buchsbaum 1980 (grey world);
libcamera `awb.cpp` (the curve and its tolerance). We depart from libcamera in taking no lux prior.

`grey_edge`: van de Weijer, Gevers, Gijsenij 2007, "Edge-based color constancy", first order, Minkowski norm 6. Strong
edges are mostly glints and silhouettes, whose colour is the light's; a large flower does not vote for its own colour.
We depart where there are none: an edge shows in all three colours at once, noise in each for itself. The less they
agree, the more the mean of the picture counts.
"""

from __future__ import annotations

import numpy as np

from isp.bad_pixels import BadPixels
from isp.frames import RawFrame, Shot
from isp.kernels import Chain
from isp.levels import Levels
from isp.statistics import CLIP_SHARE, Zones, measure
from isp.tuning import Tuning

# Zones darker than this share of saturation have more noise than colour.
DARKEST_ZONE = 0.004
# A zone's vote falls with the distance of its log colour from the curve: greys lie on it, paint mostly does not. This
# and the next two were chosen on real Raspberry Pi scenes of half the photographers, see tests/bench/white_balance.py.
NEAR_THE_CURVE = 0.2
# ... and, once there is a first answer, with the distance from that: the largest group that agrees wins over the mean.
NEAR_THE_ANSWER = 0.4
# ... and grows with the zone's brightness to this power: what is bright is more often grey, or a glint of the light.
BRIGHTNESS_POWER = 0.5
# How far the answer may leave the curve, in log colour: about libcamera's `transverse` range at mid curve.
TINT_ALLOWED = 0.04
# Lens shading depends on the light's temperature and the measured temperature on shading: a few rounds settle it.
SHADING_ROUNDS = 3
VOTING_ROUNDS = 5
FIRST_GUESS_K = 5000.0
CURVE_POINTS = 200  # less than 2 mired apart: no eye tells them apart
# Quads are read in bands of so many rows: the whole small picture never stands in memory.
BAND_ROWS = 64
MINKOWSKI = 6  # of changes; of their squares it is 3, and the sign of a product stays
# Share of their power by which edges of red and blue follow those of green: noise alone stays below 0.02, photographs
# lie above 0.15. From the first on edges begin to count, from the second on they alone.
NO_EDGES, EDGES = 0.1, 0.2


def grey_on_curve(zones: Zones, tuning: Tuning, shot: Shot) -> tuple[tuple[float, float], float]:
    """(red/green, blue/green) of the light within a little of the curve, and its temperature in K."""
    curve = dense_curve(tuning)
    temperature = FIRST_GUESS_K
    for _ in range(SHADING_ROUNDS):
        means = _usable(_without_shading(zones, tuning, temperature, shot))
        vote = vote_of_zones(means, curve)
        temperature, nearest = _nearest(curve, vote)
    stray = vote - nearest
    stray *= min(1.0, TINT_ALLOWED / max(float(np.linalg.norm(stray)), 1e-9))
    red, blue = np.exp(nearest + stray)
    return (float(red), float(blue)), temperature


def vote_of_zones(means: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """Log (red/green, blue/green) on which most zones near the curve agree: a mean, then means of those near it.

    means  (n, 3) linear red, green, blue of the zones, above 0, lens shading undone
    curve  (m, 3) as `dense_curve` gives it
    """
    colours = np.log(np.stack([means[:, 0] / means[:, 1], means[:, 2] / means[:, 1]], axis=1))
    squares = (colours[:, None, 0] - curve[None, :, 1]) ** 2 + (colours[:, None, 1] - curve[None, :, 2]) ** 2
    # The small constant lets a scene without any grey fall back to plain grey world.
    greyness = (np.exp(-squares.min(axis=1) / NEAR_THE_CURVE**2) + 1e-6) * means[:, 1] ** BRIGHTNESS_POWER
    answer = np.average(colours, axis=0, weights=greyness)
    for _ in range(VOTING_ROUNDS):
        away = np.linalg.norm(colours - answer, axis=1)
        weights = greyness * np.exp(-((away / NEAR_THE_ANSWER) ** 2)) + 1e-9
        answer = np.average(colours, axis=0, weights=weights)
    return answer


def grey_edge(frame: RawFrame) -> tuple[float, float]:
    """(red/green, blue/green) of the light, from the differences between neighbouring 2 x 2 quads.

    Without edges the mean of the picture answers; 1 and 1 where all is dark or blown.
    """
    powers, shared = _edge_powers(frame)
    agreement = float((shared / np.sqrt(powers[::2] * powers[1])).min()) if np.all(powers > 0) else 0.0
    trust = min(max((agreement - NO_EDGES) / (EDGES - NO_EDGES), 0.0), 1.0)
    of_edges = powers ** (1.0 / MINKOWSKI)
    red, green, blue = of_edges**trust * _usable(measure(frame)).mean(axis=0) ** (1.0 - trust)
    return float(red / green), float(blue / green)


def _edge_powers(frame: RawFrame) -> tuple[np.ndarray, np.ndarray]:
    """Sums of quads' differences to the power MINKOWSKI: (3,) of each colour, (2,) of red and of blue with green's."""
    shot = frame.shot
    places = [np.argwhere(np.reshape(list(shot.bayer), (2, 2)) == letter) for letter in "RGB"]
    powers, shared = np.zeros(3), np.zeros(2)
    height = frame.pixels.shape[0] // 2 * 2
    width = frame.pixels.shape[1] // 2 * 2
    for top in range(0, height, 2 * BAND_ROWS):
        band = _without_flaws(frame.pixels[top : min(top + 2 * BAND_ROWS + 2, height), :width], shot)
        quads = [np.mean([band[y::2, x::2] for y, x in place], axis=0) for place in places]
        blown = np.max(quads, axis=0) >= CLIP_SHARE
        whole = ~(blown[:-1, :-1] | blown[:-1, 1:] | blown[1:, :-1])
        down, across = zip(*(_changes(plane, whole) for plane in quads), strict=True)
        for colour in range(3):
            powers[colour] += _cubes(across[colour] ** 2 + down[colour] ** 2)
        for index, colour in enumerate((0, 2)):
            shared[index] += _cubes(across[colour] * across[1] + down[colour] * down[1])
    return powers, shared


def _changes(plane: np.ndarray, where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What lies below and what lies right of each of these pixels, minus the pixel."""
    here = plane[:-1, :-1][where]
    return plane[1:, :-1][where] - here, plane[:-1, 1:][where] - here


def _cubes(squares: np.ndarray) -> float:
    """The sum of squared changes to the power MINKOWSKI / 2, which is 3."""
    exact = squares.astype(np.float64)
    return float((exact * exact * exact).sum())


def temperature_of(grey: tuple[float, float], tuning: Tuning) -> float:
    """Temperature of the curve's point nearest to this (red/green, blue/green)."""
    return _nearest(dense_curve(tuning), np.log(grey))[0]


def dense_curve(tuning: Tuning) -> np.ndarray:
    """(n, 3) temperature, log red/green, log blue/green; even steps of reciprocal temperature."""
    temperatures, red, blue = tuning.grey_curve.T
    dense = 1e6 / np.linspace(1e6 / temperatures[0], 1e6 / temperatures[-1], CURVE_POINTS)
    greys = [np.log(np.interp(dense, temperatures, ratio)) for ratio in (red, blue)]
    return np.column_stack([dense, *greys])


def _usable(zones: Zones) -> np.ndarray:
    """(n, 3) means of the zones that are neither dark nor mostly blown."""
    means = zones.means[(zones.used > 0.5) & np.all(np.nan_to_num(zones.means) > DARKEST_ZONE, axis=-1)]
    return means if len(means) else np.ones((1, 3))


def _without_shading(zones: Zones, tuning: Tuning, temperature_k: float, shot: Shot) -> Zones:
    """The zones with lens shading undone, as far as zone centres tell."""
    table = tuning.shading_at(temperature_k)
    if table is None:
        return zones
    left, top, width, height = shot.field_of_view
    rows, columns = zones.means.shape[:2]
    down = (np.arange(rows) + 0.5) / rows
    across = (np.arange(columns) + 0.5) / columns
    down = top + height * (1.0 - down if shot.vflip else down)
    across = left + width * (1.0 - across if shot.hflip else across)
    row = np.clip((down * table.shape[1]).astype(int), 0, table.shape[1] - 1)
    column = np.clip((across * table.shape[2]).astype(int), 0, table.shape[2] - 1)
    return Zones(zones.means * np.moveaxis(table, 0, -1)[np.ix_(row, column)], zones.used)


def _without_flaws(counts: np.ndarray, shot: Shot) -> np.ndarray:
    """Linear light of a band of rows with hot and dead pixels mended: their edges would be the strongest of all."""
    chain = Chain.over_raw(np.ascontiguousarray(counts))
    for stage in (Levels(), BadPixels()):
        stage.add_to(chain, shot)
    linear = np.empty(counts.shape, dtype=np.float32)
    chain.run_mosaic(linear, 1)
    return linear


def _nearest(curve: np.ndarray, log_colour: np.ndarray) -> tuple[float, np.ndarray]:
    """Temperature and log colour of the curve's nearest point."""
    index = int(np.argmin(np.linalg.norm(curve[:, 1:] - log_colour, axis=1)))
    return float(curve[index, 0]), curve[index, 1:]
