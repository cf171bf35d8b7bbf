"""How much of a known, even pattern is to be seen in a part of a picture."""

from __future__ import annotations

import numpy as np

Box = tuple[float, float, float, float]  # top, left, bottom, right in pixels


def cut_out(picture: np.ndarray, box: Box) -> np.ndarray:
    """The part of a picture inside a box."""
    top, left, bottom, right = (round(place) for place in box)
    return picture[top:bottom, left:right]


def texture(plane: np.ndarray, box: Box) -> float:
    """Standard deviation inside a box of one plane once a slow change of light (second order) is taken away."""
    part = cut_out(plane, box).astype(np.float64)
    y, x = (axis / axis.max() - 0.5 for axis in np.mgrid[: part.shape[0], : part.shape[1]])
    slow = np.stack([np.ones_like(x), y, x, y * y, x * y, x * x], axis=-1).reshape(-1, 6)
    fitted, *_ = np.linalg.lstsq(slow, part.ravel(), rcond=None)
    return float((part.ravel() - slow @ fitted).std())
