"""Where the sensor itself is wrong. Hot and dead pixels stay in their places while the scene moves under them.

Merged as they are, each frame of a moving hand would bring a faint copy of them to another place.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from isp.bad_pixels import BadPixels
from isp.develop import run_stages
from isp.frames import RawFrame
from isp.levels import Levels

# Rows looked over at once, so that no second picture is held; what BadPixels looks at around a pixel.
STRIP_ROWS, REACH_ROWS = 64, 4


def find_bad_pixels(frame: RawFrame, threads: int = 0) -> np.ndarray:
    """(count, 2) int32 (row, column) of what the stage BadPixels would mend in this frame."""
    height = frame.pixels.shape[0]
    found = [np.empty((0, 2), np.int32)]
    for top in range(0, height, STRIP_ROWS):
        first = max(0, top - REACH_ROWS)
        last = min(height, top + STRIP_ROWS + REACH_ROWS)
        strip = dataclasses.replace(frame, pixels=frame.pixels[first:last])
        mosaic = run_stages(strip, (Levels(),), threads)
        mended = run_stages(mosaic, (BadPixels(),), threads)
        # Of the flat array: several times quicker where next to nothing is found.
        rows, columns = np.divmod(np.flatnonzero(mended.pixels != mosaic.pixels), frame.pixels.shape[1])
        bad = np.stack([rows + first, columns], axis=1)
        own = (bad[:, 0] >= top) & (bad[:, 0] < top + STRIP_ROWS)
        found.append(bad[own].astype(np.int32))
    return np.concatenate(found)
