"""A finished photo at another size, by the classical way: Lanczos's window, which keeps edges crisp without inventing.

Source: see `taps.py`.
"""

from __future__ import annotations

import numpy as np

from isp.errors import FrameError
from isp.zoom.resample import resampled
from isp.zoom.taps import Filter


def enlarged(pixels: np.ndarray, shape: tuple[int, int], kind: Filter = Filter.LANCZOS, threads: int = 0) -> np.ndarray:
    """A picture at another size.

    pixels  (H, W, 3) or (H, W) uint8
    shape   (height, width), larger or smaller; the part that is shown stays the same
    Returns uint8; the same bytes for any number of threads. Raises FrameError for another type and sizes beyond
    `resample.LONGEST_PX`.
    """
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.shape[2:] not in ((), (3,)):
        found = f"{pixels.dtype} {pixels.shape}" if isinstance(pixels, np.ndarray) else type(pixels).__name__
        raise FrameError(f"A photo is {found}; it must be uint8, (H, W, 3) or (H, W).")
    return resampled(pixels, shape, kind, np.uint8, threads)
