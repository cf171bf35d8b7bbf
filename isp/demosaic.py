"""Every pixel measured one colour; find the other two.

Source: Malvar, He, Cutler 2004, "High-quality linear interpolation for demosaicing of Bayer-patterned color images":
bilinear interpolation plus the Laplacian of the colour that was measured, with the paper's gains 1/2, 5/8 and 3/4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isp.errors import FrameError
from isp.frames import BAYER_ORDERS, LinearImage, Mosaic, Shot
from isp.kernels import Chain
from isp.stage import Stage


@dataclass(frozen=True)
class Demosaic(Stage):
    """Interpolate; what was measured stays as it was."""

    takes = Mosaic
    makes = LinearImage

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        _add(chain, shot.bayer)


def demosaic(mosaic: np.ndarray, pattern: str, threads: int = 1) -> np.ndarray:
    """The three colours of every pixel of a bare array.

    mosaic   (H, W) float32, linear
    pattern  "RGGB", "BGGR", "GRBG" or "GBRG": the top-left 2 x 2, row by row
    Returns (H, W, 3) float32. Raises FrameError for another dtype, shape or pattern.
    """
    if pattern not in BAYER_ORDERS:
        raise FrameError(f"Pattern {pattern!r} is not one of {', '.join(BAYER_ORDERS)}.")
    if mosaic.dtype != np.float32 or mosaic.ndim != 2 or min(mosaic.shape) < 2:
        raise FrameError(f"The mosaic is {mosaic.dtype} {mosaic.shape}; it must be float32, 2-D and at least 2 x 2.")
    colours = np.empty((*mosaic.shape, 3), dtype=np.float32)
    chain = Chain.over_mosaic(np.ascontiguousarray(mosaic))
    _add(chain, pattern)
    chain.run_linear(colours, threads)
    return colours


def _add(chain: Chain, pattern: str) -> None:
    chain.demosaic(*divmod(pattern.index("R"), 2))
