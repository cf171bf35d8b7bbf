"""A picture at another size, by the tables of `taps.py`: in floats throughout, rounded once."""

from __future__ import annotations

import numpy as np

from isp.errors import FrameError
from isp.kernels import resample as resample_kernel
from isp.zoom.taps import Filter, Taps, taps_for

# Twice the largest sensor here each way; what is beyond is a mistake, and would take the memory of the camera.
LONGEST_PX = 32_768


def resampled(
    values: np.ndarray,
    shape: tuple[int, int],
    kind: Filter = Filter.LANCZOS,
    dtype: type | None = None,
    threads: int = 0,
) -> np.ndarray:
    """A picture or plane at another size, larger or smaller along each axis.

    values   (H, W) or (H, W, channels), uint8 or float32 in any range
    shape    (height, width) of what is made; the outer edges of both pictures lie on each other
    dtype    np.uint8 (rounded, halves up, 0 to 255) or np.float32; as `values` where it is not named
    threads  0 takes all processors; the bytes are the same for any number
    Raises FrameError for another type, an empty picture and one that is too large.
    """
    check_values(values)
    check_shape(shape)
    height, width = values.shape[:2]
    return by_taps(values, taps_for(height, shape[0], kind), taps_for(width, shape[1], kind), dtype, threads)


def by_taps(values: np.ndarray, rows: Taps, columns: Taps, dtype: type | None = None, threads: int = 0) -> np.ndarray:
    """As `resampled`, by tables at hand: for parts of a picture, or many pictures of one size."""
    made = np.empty((len(rows.starts), len(columns.starts), *values.shape[2:]), dtype or values.dtype)
    channels = values.shape[2] if values.ndim == 3 else 1
    resample_kernel(
        np.ascontiguousarray(values).reshape(*values.shape[:2], channels),
        np.ascontiguousarray(rows.starts),
        np.ascontiguousarray(rows.weights),
        np.ascontiguousarray(columns.starts),
        np.ascontiguousarray(columns.weights),
        made.reshape(*made.shape[:2], channels),
        threads,
    )
    return made


def check_values(values: np.ndarray) -> None:
    """Raises FrameError unless these are pixels that can be resampled."""
    if not isinstance(values, np.ndarray) or values.dtype not in (np.uint8, np.float32) or values.ndim not in (2, 3):
        found = f"{values.dtype} {values.shape}" if isinstance(values, np.ndarray) else type(values).__name__
        raise FrameError(f"A picture is {found}; it must be uint8 or float32, (H, W) or (H, W, channels).")
    if values.size == 0 or max(values.shape[:2]) > LONGEST_PX:
        raise FrameError(f"A picture has the shape {values.shape}; its sides must be 1 to {LONGEST_PX} pixels.")


def check_shape(shape: tuple[int, int]) -> None:
    """Raises FrameError unless a picture can have this size."""
    if len(shape) != 2 or not all(isinstance(side, int | np.integer) and 1 <= side <= LONGEST_PX for side in shape):
        raise FrameError(f"A picture cannot become {shape}; (height, width) are 1 to {LONGEST_PX} pixels each.")
