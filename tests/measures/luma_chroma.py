"""What a viewer calls brightness and what colour, in the codes of a photo (ITU-R BT.601)."""

from __future__ import annotations

import numpy as np

from isp.linear_noise import DISPLAY_LUMA


def luma_of(pixels: np.ndarray) -> np.ndarray:
    """(...) of (..., 3) codes."""
    return pixels.astype(np.float64) @ DISPLAY_LUMA


def chroma_of(pixels: np.ndarray) -> np.ndarray:
    """Cb and Cr, (2, ...), of (..., 3) codes."""
    luma = luma_of(pixels)
    return np.stack([(pixels[..., 2] - luma) * 0.564, (pixels[..., 0] - luma) * 0.713])
