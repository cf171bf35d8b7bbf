"""The colours of things in a photo: patches of the chart, and blocks of anything else."""

from __future__ import annotations

import numpy as np

from firmware.cameras.simulation.chart import chart_patches
from isp.tone import decode_srgb


def patches(pixels: np.ndarray) -> np.ndarray:
    """(24, 3) mean linear light of the middle of each patch in an (H, W, 3) uint8 photo that the chart fills."""
    found = []
    for box in chart_patches(*pixels.shape[:2]).values():
        top, left, bottom, right = (int(edge) for edge in box)
        border = (bottom - top) // 4
        inside = pixels[top + border : bottom - border, left + border : right - border]
        found.append(decode_srgb(inside / 255.0).mean(axis=(0, 1)))
    return np.array(found)


def blocks(picture: np.ndarray, side: int = 10) -> np.ndarray:
    """Means of squares of this many pixels: colours of things, without grain and edges."""
    height, width = (size // side * side for size in picture.shape[:2])
    return picture[:height, :width].reshape(height // side, side, width // side, side, 3).mean(axis=(1, 3))
