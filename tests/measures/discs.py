"""A picture with edges of every direction, size and contrast: what lens and sharpness are measured on."""

from __future__ import annotations

from functools import cache

import numpy as np

SHAPE = (600, 800)


@cache
def discs(seed: int = 1, coloured: float = 0.3) -> np.ndarray:
    """(600, 800, 3) linear sRGB: soft discs of all sizes and greys; `coloured` is the share that has a colour."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    picture = np.full((*SHAPE, 3), 0.2)
    for _ in range(500):
        y, x, radius = rng.uniform(0, SHAPE[0]), rng.uniform(0, SHAPE[1]), rng.uniform(3, 40)
        tint = rng.uniform(0.4, 1.6, 3) if rng.random() < coloured else 1.0
        top, left = max(int(y - radius - 4), 0), max(int(x - radius - 4), 0)
        box = np.s_[top : int(y + radius + 5), left : int(x + radius + 5)]
        distance = radius - np.hypot(rows[box] - y, columns[box] - x)
        share = (1 / (1 + np.exp(-2.6 * distance)))[..., None]  # as soft as a fair lens and the pixel make it
        picture[box] += share * (rng.uniform(0.03, 0.7) * tint - picture[box])
    return picture
