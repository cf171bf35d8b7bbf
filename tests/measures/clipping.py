"""What a photo shows as white although the sensor did not clip it."""

from __future__ import annotations

import numpy as np

from isp.frames import RawFrame


def clipped_by_sensor(frame: RawFrame) -> np.ndarray:
    """(H, W) bool: pixels of 2 x 2 quads in which one reads the white level. Sizes must be even."""
    height, width = frame.pixels.shape
    quads = (frame.pixels >= frame.shot.white_dn).reshape(height // 2, 2, width // 2, 2).any(axis=(1, 3))
    return quads.repeat(2, axis=0).repeat(2, axis=1)


def newly_clipped(frame: RawFrame, photo: np.ndarray) -> float:
    """Share of the (H, W, 3) uint8 photo's pixels with a colour at 255 where the sensor clipped nothing."""
    return float(np.mean((photo == 255).any(axis=-1) & ~clipped_by_sensor(frame)))
