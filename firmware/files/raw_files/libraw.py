"""What LibRaw reads of other cameras' raw files: the visible Bayer mosaic, its levels, the camera's white balance.

The sensor stays "unknown": we have neither its noise nor its shading, and invent none. Only Bayer mosaics of red, green
and blue with square pixels are taken; others are refused by name. LibRaw is C++ that a damaged file may end or stop, so
this runs in a process of its own, see `foreign.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from firmware.errors import RawFileError
from isp.frames import COLOUR_GAINS, UNKNOWN_SENSOR, RawFrame, Shot

# LibRaw's `flip` as quarter turns counter-clockwise.
QUARTER_TURNS = {0: 0, 3: 2, 5: 1, 6: 3}
MICROSECONDS = 1e6
# LibRaw keeps the exposure as float32: seven digits, so 1/250 s comes back as 4000 us, not 4000.0002.
EXPOSURE_DIGITS = 7


def read_with_libraw(path: Path) -> RawFrame:
    """The frame in a raw file that LibRaw opens. Raises RawFileError, and FrameError for facts that cannot be."""
    try:
        import rawpy
    except ImportError:
        raise RawFileError(f"{path} needs LibRaw. Install it: pip install rawpy") from None
    try:
        with rawpy.imread(str(path)) as raw:
            _refuse_other_mosaics(path, raw, rawpy.RawType.Flat)
            return _frame(raw)
    except (rawpy.LibRawError, rawpy.NotSupportedError, NotImplementedError) as error:
        said = error.args[0] if error.args else type(error).__name__
        said = said.decode(errors="replace") if isinstance(said, bytes) else said
        raise RawFileError(
            f"{path} is not a raw file that LibRaw can read, or it is damaged ({said}). "
            "Copy it again, or convert it to DNG."
        ) from None
    except MemoryError:
        raise RawFileError(f"{path} claims a picture too large for the memory. Copy it again.") from None


def _refuse_other_mosaics(path: Path, raw: Any, flat: Any) -> None:
    pattern = raw.raw_pattern if raw.raw_type == flat else None
    if pattern is None or pattern.shape != (2, 2):
        found = "no mosaic (linear or layered)" if pattern is None else f"a {pattern.shape[1]} x {pattern.shape[0]} one"
        raise RawFileError(f"{path} has {found}; Nightjar develops Bayer mosaics of 2 x 2.")
    letters = raw.color_desc.decode(errors="replace")
    if raw.num_colors != 3 or sorted(letters[index] for index in pattern.ravel()) != ["B", "G", "G", "R"]:
        raise RawFileError(f"{path} has the colour filters {letters}; Nightjar develops red, green and blue.")
    if abs(raw.sizes.pixel_aspect - 1) > 0.01:
        raise RawFileError(
            f"{path} has pixels {raw.sizes.pixel_aspect:.2f} times as high as wide; they must be square."
        )
    if raw.raw_image_visible.dtype != np.uint16:
        raise RawFileError(f"{path} has pixels of {raw.raw_image_visible.dtype}; they must be 16-bit counts.")


def _frame(raw: Any) -> RawFrame:
    turns = QUARTER_TURNS.get(raw.sizes.flip, 0)
    # A mosaic turned by quarters is a mosaic; the copy outlives LibRaw's buffer.
    pixels = np.rot90(raw.raw_image_visible, turns).copy()
    colours = _top_left_colours(raw, turns)
    letters = raw.color_desc.decode()
    black = raw.black_level_per_channel
    return RawFrame(
        pixels,
        Shot(
            sensor=UNKNOWN_SENSOR,
            bayer="".join(letters[index] for index in colours),
            black_dn=tuple(float(black[index]) for index in colours),
            white_dn=float(raw.white_level),
            timestamp_ns=0,
            wall_time_ns=0,
            exposure_us=_exposure_us(raw),
            analogue_gain=None,
            noise=None,
            colour_gains=_colour_gains(raw),
        ),
    )


def _top_left_colours(raw: Any, turns: int) -> list[int]:
    """Colour numbers of the top-left 2 x 2 after turning, row by row."""
    height, width = raw.raw_image_visible.shape
    top, left = raw.sizes.top_margin, raw.sizes.left_margin
    # A patch whose sides are as odd or even as the picture's turns as the picture does.
    patch = [[raw.raw_color(top + y, left + x) for x in range(2 + width % 2)] for y in range(2 + height % 2)]
    return np.rot90(np.array(patch), turns)[:2, :2].ravel().tolist()


def _exposure_us(raw: Any) -> float | None:
    other = getattr(raw, "other", None)  # rawpy before 0.26 has none
    seconds = float(other.shutter_speed) if other is not None else 0.0
    return float(f"{seconds * MICROSECONDS:.{EXPOSURE_DIGITS}g}") if 0 < seconds < 1e6 else None


def _colour_gains(raw: Any) -> tuple[float, float] | None:
    red, green, blue = raw.camera_whitebalance[:3]
    if not (all(np.isfinite((red, green, blue))) and min(red, green, blue) > 0):
        return None
    gains, (low, high) = (red / green, blue / green), COLOUR_GAINS
    return gains if all(low <= gain <= high for gain in gains) else None
