"""A picture that is merged on the left and a single exposure on the right: the truth of what a merge may leave."""

from __future__ import annotations

import dataclasses

import numpy as np
from measures.exposed import exposed

from isp.burst.places import PITCH_PX, places_of
from isp.frames import Noise, RawFrame


def half_merged(picture: np.ndarray, merged_columns: int, *, gain: float, frames: int = 8, seed: int = 1) -> RawFrame:
    """The mean of so many exposures of (H, W[, 3]) linear light in the first columns, the first alone in the others.

    merged_columns  a multiple of 16; a frame as a merge makes it: 16-bit counts, and the median place's noise
    """
    shots = [exposed(picture, gain=gain, seed=seed * frames + k) for k in range(frames)]
    shot = shots[0].shot
    finer = int(65535 // shot.white_dn)
    mean = sum(frame.pixels.astype(np.float64) for frame in shots) / frames
    height, width = mean.shape
    counts = np.where(np.arange(width) < merged_columns, mean, shots[0].pixels) * finer
    rows, columns = places_of((height, width))
    behind = np.where(np.arange(columns) * PITCH_PX < merged_columns, frames, 1) * np.ones((rows, 1))
    median = float(np.median(behind))
    shot = dataclasses.replace(
        shot,
        black_dn=tuple(finer * level for level in shot.black_dn),
        white_dn=finer * shot.white_dn,
        noise=Noise(shot.noise.shot / median, shot.noise.read / median),
        frames=frames,
    )
    return RawFrame(np.rint(counts).astype(np.uint16), shot, behind.astype(np.float32))
