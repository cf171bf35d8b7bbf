"""A picture seen through a Bayer filter, and how far what is made of it is from the picture."""

from __future__ import annotations

import numpy as np

BORDER_PX = 8  # demosaicing is not judged where half of its neighbours are mirror images


def mosaic_of(picture: np.ndarray, pattern: str = "RGGB") -> np.ndarray:
    """(H, W) float32: of each pixel of (H, W, 3) the one colour that the filter of this pattern passes."""
    mosaic = np.empty(picture.shape[:2], np.float32)
    for index, letter in enumerate(pattern):
        y, x = divmod(index, 2)
        mosaic[y::2, x::2] = picture[y::2, x::2, "RGB".index(letter)]
    return mosaic


def colour_psnr(made: np.ndarray, truth: np.ndarray) -> float:
    """dB, from the mean squared error over all three channels of pictures 0..1, without the border.

    What is made beyond 0..1 counts as the nearer end, as a display shows it.
    """
    inner = np.s_[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX]
    error = np.clip(made[inner], 0, 1) - truth[inner]
    return float(-10 * np.log10(np.mean(error.astype(np.float64) ** 2)))


def false_colour(made: np.ndarray) -> float:
    """Root mean square of the colour differences in what should be a grey picture, without the border."""
    inner = made[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX].astype(np.float64)
    return float(np.sqrt(np.mean((inner[..., ::2] - inner[..., 1:2]) ** 2)))
