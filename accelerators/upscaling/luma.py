"""The brightness that the network sees: JPEG's luma, BT.601 over the full range of 8 bits."""

from __future__ import annotations

import numpy as np

# 0.299, 0.587 and 0.114 in steps of 2^-16; together they are 1, so a grey pixel keeps its value.
RED, GREEN, BLUE = 19595, 38470, 7471
BITS = 16
STRIP_PX = 256


def luma_of(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 sRGB to (H, W) uint8, rounded."""
    luma = np.empty(pixels.shape[:2], np.uint8)
    for top in range(0, len(pixels), STRIP_PX):  # sums of a whole picture would take four times its memory
        red, green, blue = np.moveaxis(pixels[top : top + STRIP_PX], 2, 0)
        sums = np.multiply(red, RED, dtype=np.uint32)
        sums += np.multiply(green, GREEN, dtype=np.uint32)
        sums += np.multiply(blue, BLUE, dtype=np.uint32)
        sums += 1 << (BITS - 1)
        luma[top : top + STRIP_PX] = sums >> BITS
    return luma
