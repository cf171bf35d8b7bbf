"""What the lens does to the picture's size: it draws each colour at its own scale about its axis.

Interpolation with Lanczos's window of three: what a sharp lens would draw, up to nearly half a cycle per pixel.
"""

from __future__ import annotations

import numpy as np

LANCZOS_PX = 3


def drawn_larger(
    plane: np.ndarray, scale: float, field_of_view: tuple[float, float, float, float], y: int, x: int
) -> np.ndarray:
    """Every second pixel of a plane, from row y and column x, as a lens shows it that draws by `scale` larger."""
    if scale == 1:
        return plane[y::2, x::2]
    left, top, wide, high = field_of_view
    height, width = plane.shape
    rows, down = _sources(height, (0.5 - top) / high * height, scale, y)
    columns, across = _sources(width, (0.5 - left) / wide * width, scale, x)
    tall = sum(down[tap][:, None] * plane[rows[tap]] for tap in range(2 * LANCZOS_PX))
    return sum(across[tap] * tall[:, columns[tap]] for tap in range(2 * LANCZOS_PX))


def _sources(count: int, axis: float, scale: float, first: int) -> tuple[np.ndarray, np.ndarray]:
    """For each second pixel: the indices it is made of and their weights, (taps, pixels) each; held at the ends."""
    at = axis + (np.arange(first, count, 2) + 0.5 - axis) / scale - 0.5
    before = np.floor(at).astype(np.intp)
    taps = np.arange(1 - LANCZOS_PX, LANCZOS_PX + 1)[:, None]
    distance = before + taps - at
    weights = np.sinc(distance) * np.sinc(distance / LANCZOS_PX)
    return np.clip(before + taps, 0, count - 1), (weights / weights.sum(axis=0)).astype(np.float32)
