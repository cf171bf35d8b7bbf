"""How bright are the lights a photo has to show? What the tone curve takes for white is planned from this.

Two shares decide. Of what the sensor did not clip almost nothing may end at white: UNCLIPPED_LOST of all pixels. Of
what it clipped in part, so that highlights could rebuild it, the brightest PARTLY_BLOWN_LOST may: a glint is no reason
to lower all other lights. What is wholly blown has no tones to show and is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isp.colour import Colour
from isp.shading import Shading, as_seen
from isp.statistics import CLIP_SHARE
from isp.white_balance import WhiteBalance

if TYPE_CHECKING:
    from isp.plan import Scene

# The bar is 1 in 2000; this leaves room for what sampled places do not show.
UNCLIPPED_LOST = 1e-4
PARTLY_BLOWN_LOST = 5e-3
# Two blocks of a cloud's texture differ by less, a hot pixel makes a greater difference.
ALIKE = 1.1
# In units of the deviation of the weighted means of four that a block is.
PIXELS_DEVIATION = 1.6
FOUR_DIGITS = 4  # sums differ between processors in their last bits, recipes should not


def brightest_light(scene: Scene) -> float:
    """The light, on the scale the tone curve sees (1: the first colour of a grey clips), that must stay below white."""
    places = scene.places()
    gains = np.array((scene.planned(WhiteBalance) or WhiteBalance(gains=(1.0, 1.0, 1.0))).gains)
    balanced = places * gains[:, None, None, None]
    if scene.common_white() is not None:
        balanced = np.minimum(balanced, scene.common_white())
    behind_lens = balanced * _lens_gains(scene, places.shape[2:])[:, None]
    matrix = (scene.planned(Colour) or Colour()).complete_matrix()

    clipped = places.max(axis=0) >= CLIP_SHARE
    whole = places.min(axis=0) >= CLIP_SHARE
    lights = np.tensordot(matrix, behind_lens, axes=1).max(axis=0)
    unclipped = _share_above(_finest(np.where(clipped, 0.0, lights)), UNCLIPPED_LOST)
    rebuilt = _share_above(np.where(clipped & ~whole, behind_lens.max(axis=0), 0.0).min(axis=0), PARTLY_BLOWN_LOST)
    return round(max(unclipped, rebuilt), FOUR_DIGITS)


def _finest(lights: np.ndarray) -> np.ndarray:
    """(rows, columns): the brightest pixel that texture of these (2, rows, columns) blocks is likely to hold.

    Where the two blocks of a place do not agree it is the darker one: there may be a hot pixel.
    """
    darker, brighter = lights.min(axis=0), lights.max(axis=0)
    pixel = brighter + (PIXELS_DEVIATION - 1) * (brighter - darker) / 2
    return np.where(brighter < ALIKE * darker, pixel, darker)


def _share_above(lights: np.ndarray, share: float) -> float:
    """The light that this share of the places exceeds."""
    return float(np.quantile(lights, 1.0 - share, method="higher"))


def _lens_gains(scene: Scene, size: tuple[int, int]) -> np.ndarray:
    """(3, rows, columns) gains of lens shading at each place, from the nearest cell of the table."""
    rows, columns = size
    shading = scene.planned(Shading)
    gains = None if shading is None else shading.applied()
    if gains is None:
        return np.ones((3, rows, columns))
    table, (left, top, width, height) = as_seen(gains, scene.shot)
    down = top + height * (np.arange(rows) + 0.5) / rows
    across = left + width * (np.arange(columns) + 0.5) / columns
    row = np.clip((down * table.shape[1]).astype(int), 0, table.shape[1] - 1)
    column = np.clip((across * table.shape[2]).astype(int), 0, table.shape[2] - 1)
    return table[:, row[:, None], column]
