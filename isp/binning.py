"""Halve a raw frame both ways, so that a quick look at it costs a quarter. The Bayer order stays.

Each new pixel is the mean of the four nearest pixels of its colour, one from each 2 x 2 of a 4 x 4: what sensors do in
their own binned modes, and what their noise model says of it. Source: Jin and Hirakawa 2012, "Analysis and processing
of pixel binning for color image sensor", section 2. We depart in leaving the new pixels where the mean puts them, off
the even grid by half a pixel: their correction is for pictures that are kept.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from isp.errors import FrameError
from isp.frames import Noise, RawFrame, Shot
from isp.kernels import bin_quads

SMALLEST = 4  # one 4 x 4 makes one 2 x 2


def bin_frame(frame: RawFrame, out: np.ndarray | None = None) -> RawFrame:
    """The frame at half its height and width, as if the sensor had binned it. Averaging makes the noise half as large.

    out  memory for the pixels, `binned_shape(frame.pixels.shape)` uint16; they are new without it
    Rows and columns beyond a whole 4 x 4 are cut off at the bottom and right. Raises FrameError below 4 x 4.
    """
    shape = binned_shape(frame.pixels.shape)
    pixels = np.empty(shape, dtype=np.uint16) if out is None else out
    if pixels.shape != shape or pixels.dtype != np.uint16:
        raise FrameError(
            f"The memory for the binned frame is {pixels.dtype} {pixels.shape}; it must be uint16 {shape}."
        )
    bin_quads(np.ascontiguousarray(frame.pixels), pixels)
    return RawFrame(pixels, _binned_shot(frame))


def binned_shape(shape: tuple[int, int]) -> tuple[int, int]:
    """(height, width) after binning. Raises FrameError below 4 x 4."""
    height, width = shape
    if min(shape) < SMALLEST:
        raise FrameError(f"A frame of {width} x {height} pixels cannot be binned; the smallest is 4 x 4.")
    return height // 4 * 2, width // 4 * 2


def _binned_shot(frame: RawFrame) -> Shot:
    shot = frame.shot
    (height, width), (rows, columns) = frame.pixels.shape, binned_shape(frame.pixels.shape)
    left, top, wide, tall = shot.field_of_view
    kept_wide, kept_tall = wide * 2 * columns / width, tall * 2 * rows / height
    # What is cut off at the right of a mirrored frame is the left of the pixel array.
    left, top = left + (wide - kept_wide) * shot.hflip, top + (tall - kept_tall) * shot.vflip
    return dataclasses.replace(shot, noise=_binned_noise(shot), field_of_view=(left, top, kept_wide, kept_tall))


def _binned_noise(shot: Shot) -> Noise | None:
    """A quarter of the variance, and that of rounding the mean to whole counts."""
    if shot.noise is None:
        return None
    count = 1.0 / (shot.white_dn - min(shot.black_dn))
    return Noise(shot=shot.noise.shot / 4, read=shot.noise.read / 4 + count**2 / 12)
