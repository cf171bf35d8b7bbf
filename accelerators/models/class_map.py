"""What the tail that a cut network lacks would have made of its scores: the likeliest class of each pixel.

Portraits use the scores themselves. This is for comparing a cut network with the published one, and with masks that
name classes.
"""

from __future__ import annotations

import numpy as np


def class_map(scores: np.ndarray, size: tuple[int, int], step: float = 1.0) -> np.ndarray:
    """The class of each pixel, as RESIZE_BILINEAR with aligned corners and ARG_MAX give it in 8 bits.

    scores  (rows, columns, classes), 8-bit numbers or the real numbers that they stand for; at least 2 x 2
    size    (height, width) of the picture that the network took
    step    between two neighbouring 8-bit scores: 1 for 8-bit numbers, else the output's scale
    Returns (height, width) int64. The enlarged scores are rounded to 8 bits again, as the tail does: equal ones then go
    to the first class, and that decides half a percent of the pixels.
    """
    rows, columns = scores.shape[:2]
    y, x = np.linspace(0, rows - 1, size[0]), np.linspace(0, columns - 1, size[1])
    y0, x0 = np.minimum(y.astype(int), rows - 2), np.minimum(x.astype(int), columns - 2)
    down, right = (y - y0)[:, None, None], (x - x0)[None, :, None]
    # Whole numbers: a score's own 8 bits, less what is the same for all of them.
    steps = np.rint(scores.astype(np.float64) / step)
    top = steps[y0][:, x0] * (1 - right) + steps[y0][:, x0 + 1] * right
    bottom = steps[y0 + 1][:, x0] * (1 - right) + steps[y0 + 1][:, x0 + 1] * right
    return np.floor(top * (1 - down) + bottom * down + 0.5).argmax(axis=2)
