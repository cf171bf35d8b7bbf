"""How strong is noise, and how coarse?

The power of a flat patch in a band of spatial frequencies: squared Fourier transform of Hann-windowed blocks, averaged
over blocks that overlap by half (Welch 1967).
"""

from __future__ import annotations

import numpy as np

BLOCK_PX = 128
# Slower than this a block holds hardly a wave: shading and the window's own leakage, not noise.
SLOWEST = 1.5 / BLOCK_PX
# Below this frequency (cycles per pixel) noise is seen as blotches and clouds, above it as grain.
BLOTCHES = (SLOWEST, 0.05)


def noise_power(patch: np.ndarray, band: tuple[float, float] = (SLOWEST, 1.0)) -> float:
    """Variance of (H, W) values that lies in this band of cycles per pixel. Needs at least one block."""
    if min(patch.shape) < BLOCK_PX:
        raise ValueError(f"the patch is {patch.shape}; a block needs {BLOCK_PX} pixels each way")
    window = np.outer(np.hanning(BLOCK_PX), np.hanning(BLOCK_PX))
    across = np.fft.fftfreq(BLOCK_PX)
    frequency = np.hypot(across[:, None], across)
    inside = (frequency >= band[0]) & (frequency < band[1])
    starts = [range(0, length - BLOCK_PX + 1, BLOCK_PX // 2) for length in patch.shape]
    powers = []
    for top in starts[0]:
        for left in starts[1]:
            block = patch[top : top + BLOCK_PX, left : left + BLOCK_PX].astype(np.float64)
            spectrum = np.abs(np.fft.fft2((block - block.mean()) * window)) ** 2
            powers.append(spectrum[inside].sum() / (window**2).sum() / BLOCK_PX**2)
    return float(np.mean(powers))


def decibels(after: float, before: float) -> float:
    """Change of a power; below 0 where it falls."""
    return float(10 * np.log10(after / before))
