"""How far a frame's exposure misses the one that shows the scene well: mean and highlights of its green pixels."""

from __future__ import annotations

import numpy as np

# Metering brings the mean to a grey card's level, and white then just fits.
MEAN_TARGET = 0.18
# One pixel in a hundred may be brighter than this share of saturation ...
HIGHLIGHT_SHARE, HIGHLIGHT_LEVEL = 0.01, 0.9
# ... but lamps may cost the rest of the picture no more than a stop.
LARGEST_PROTECTION = 0.5
# At most 4 stops a step: a black frame says little about how dark it was.
LARGEST_STEP = 16.0
METERED_STRIDE = 4  # pixels of one colour looked at, each way


def brighter_by(levels: np.ndarray, compensation_ev: float) -> float:
    """The factor by which the exposure of a frame with these green levels (1 = saturation) misses the target."""
    wish = 2.0**compensation_ev
    seen = np.clip(levels, 0.0, 1.0) / wish
    to_mean = MEAN_TARGET / max(float(seen.mean()), MEAN_TARGET / LARGEST_STEP)
    bright = float(np.quantile(seen, 1 - HIGHLIGHT_SHARE))
    to_highlights = HIGHLIGHT_LEVEL / max(bright, HIGHLIGHT_LEVEL / LARGEST_STEP)
    return min(to_mean, max(to_highlights, to_mean * LARGEST_PROTECTION))


def green_levels(mosaic: np.ndarray, bayer: str) -> np.ndarray:
    """Every few green pixels of a mosaic, as float32."""
    step = 2 * METERED_STRIDE
    planes = [mosaic[i // 2 :: step, i % 2 :: step] for i, letter in enumerate(bayer) if letter == "G"]
    return np.concatenate([plane.ravel() for plane in planes]).astype(np.float32)
