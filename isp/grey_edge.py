"""What colour is the light where one coloured thing fills the picture? The colour that fine edges have in common.

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
from isp.light_statistics import DARKEST_ZONE
from isp.statistics import CLIP_SHARE, measure

# Quads are read in bands of so many rows: the whole small picture never stands in memory.
BAND_ROWS = 64
MINKOWSKI = 6  # of changes; of their squares it is 3, and the sign of a product stays
# Share of their power by which edges of red and blue follow those of green: noise alone stays below 0.02, photographs
# lie above 0.15. From the first on edges begin to count, from the second on they alone.
NO_EDGES, EDGES = 0.1, 0.2


def grey_edge(frame: RawFrame) -> tuple[float, float] | None:
    """(red/green, blue/green) of the light, from the differences between neighbouring 2 x 2 quads.

    Without edges the mean of the picture answers; None where all is dark or blown.
    """
    means = _means(frame)
    if means is None:
        return None
    powers, shared = _edge_powers(frame)
    agreement = float((shared / np.sqrt(powers[::2] * powers[1])).min()) if np.all(powers > 0) else 0.0
    trust = min(max((agreement - NO_EDGES) / (EDGES - NO_EDGES), 0.0), 1.0)
    of_edges = powers ** (1.0 / MINKOWSKI)
    red, green, blue = of_edges**trust * means ** (1.0 - trust)
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


def _means(frame: RawFrame) -> np.ndarray | None:
    """(3,) mean red, green, blue of the zones that are neither dark nor mostly blown; None where all are."""
    zones = measure(frame)
    means = zones.means[(zones.used > 0.5) & np.all(np.nan_to_num(zones.means) > DARKEST_ZONE, axis=-1)]
    return means.mean(axis=0) if len(means) else None


def _without_flaws(counts: np.ndarray, shot: Shot) -> np.ndarray:
    """Linear light of a band of rows with hot and dead pixels mended: their edges would be the strongest of all."""
    chain = Chain.over_raw(np.ascontiguousarray(counts))
    for stage in (Levels(), BadPixels()):
        stage.add_to(chain, shot)
    linear = np.empty(counts.shape, dtype=np.float32)
    chain.run_mosaic(linear, 1)
    return linear
