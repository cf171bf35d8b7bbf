"""Raw formats of libcamera on a Raspberry Pi: what the format string says, and from buffer bytes to counts.

Layouts: MIPI CSI-2 specification, "RAW10" and "RAW12", as rpicam-apps' `dng.cpp` reads them; the Pi 5's left-aligned
16 bit: libcamera `src/libcamera/pipeline/rpi/pisp`. Counts stay what the buffer holds: a Pi 5 frame keeps
its left-aligned values, and black and white level come on the same scale.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from firmware.errors import CameraError
from isp.frames import BAYER_ORDERS

ALLOWED = (
    "Nightjar reads SRGGB10, SRGGB12 (unpacked), SRGGB10_CSI2P, SRGGB12_CSI2P (packed) and SRGGB16 (Raspberry Pi 5), "
    "in any Bayer order"
)
# Rows unpacked at a time: the copy of 64 packed rows (0.5 MB at 4056 px) stays in the cache of every Pi.
STRIP_ROWS = 64


@dataclass(frozen=True)
class Packing:
    """How counts lie in a row. A row is groups of `group_px` pixels in `group_bytes` bytes."""

    title: str
    group_px: int
    group_bytes: int

    def row_bytes(self, width: int) -> int:
        """Bytes that hold a row of pixels; the last group is always whole."""
        return -(-width // self.group_px) * self.group_bytes


UNPACKED = Packing("unpacked, low aligned in 16 bit", 1, 2)
LEFT_ALIGNED = Packing("left aligned in 16 bit", 1, 2)
MIPI10 = Packing("MIPI packed, 4 pixels in 5 bytes", 4, 5)
MIPI12 = Packing("MIPI packed, 2 pixels in 3 bytes", 2, 3)

_PACKINGS = {
    ("10", ""): UNPACKED,
    ("12", ""): UNPACKED,
    ("16", ""): LEFT_ALIGNED,
    ("10", "_CSI2P"): MIPI10,
    ("12", "_CSI2P"): MIPI12,
}


@dataclass(frozen=True)
class RawFormat:
    """A raw format that Nightjar reads. `bits` is the width of the counts as stored: 10, 12 or 16."""

    name: str
    bayer: str
    bits: int
    packing: Packing

    def white_dn(self, sensor_bits: int) -> int:
        """The count of a saturated pixel: (2^bits - 1), shifted up on a Pi 5 (so 65520 for 12 bit, not 65535)."""
        self.require_bits(sensor_bits)
        return (2**sensor_bits - 1) << (self.bits - sensor_bits)

    def from_16bit(self, level: float) -> float:
        """A level on libcamera's 16-bit scale in the counts of this format."""
        return level / 2 ** (16 - self.bits)

    def require_bits(self, sensor_bits: int) -> None:
        """Raise CameraError if a sensor read out at this depth cannot have filled this format."""
        fits = sensor_bits <= 16 if self.packing is LEFT_ALIGNED else sensor_bits == self.bits
        if not (fits and sensor_bits >= 8):
            raise CameraError(
                f"The camera says {self.name}, but its sensor is read out at {sensor_bits} bit; they contradict."
            )


def parse_raw_format(name: str) -> RawFormat:
    """What a libcamera format string means. Raises CameraError for one that loses counts or is not known."""
    if "PISP_COMP" in name:
        raise CameraError(
            f"The camera delivers {name}: 8 bits a pixel, compressed with loss by the Raspberry Pi 5, so the counts "
            "are gone. Ask for the unpacked format (SRGGB12, which a Pi 5 gives as SRGGB16)."
        )
    if re.fullmatch(r"R\d+(_CSI2P)?", name):
        raise CameraError(f"The camera delivers {name}: a mono sensor, without colour filters. {ALLOWED}.")
    match = re.fullmatch(r"S([RGB]{4})(\d+)(_CSI2P)?", name)
    bayer, bits, packed = match.groups("") if match else ("", "", "")
    packing = _PACKINGS.get((bits, packed))
    if packing is None or bayer not in BAYER_ORDERS:
        raise CameraError(f"The camera delivers {name!r}, a raw format Nightjar does not read. {ALLOWED}.")
    return RawFormat(name, bayer, int(bits), packing)


def unpack(buffer: np.ndarray, raw_format: RawFormat, width: int, height: int) -> np.ndarray:
    """Copy a camera buffer out as (height, width) uint16 counts; padding and stride are dropped.

    buffer  (height, stride) uint8, as MappedArray gives it; may be uncached camera memory, so every byte is read once,
            in order, by wide copies: packed rows are copied first and taken apart in the copy
    Raises CameraError if the buffer does not hold such a picture.
    """
    row_bytes = raw_format.packing.row_bytes(width)
    if buffer.dtype != np.uint8 or buffer.ndim != 2:
        raise CameraError(f"The raw buffer is {buffer.dtype} {buffer.shape}; it must be (height, stride) bytes.")
    if min(width, height) < 1 or buffer.shape[0] != height or buffer.shape[1] < row_bytes:
        raise CameraError(
            f"The raw buffer holds {buffer.shape[0]} rows of {buffer.shape[1]} bytes; {width} x {height} pixels of "
            f"{raw_format.name} need {height} rows of at least {row_bytes}."
        )
    pixels = np.empty((height, width), np.uint16)
    take_apart = _UNPACKERS.get(raw_format.packing)
    if take_apart is None:
        np.copyto(pixels, buffer[:, :row_bytes].view("<u2"))
        return pixels
    for top in range(0, height, STRIP_ROWS):
        strip = buffer[top : top + STRIP_ROWS, :row_bytes].copy()
        take_apart(strip, pixels[top : top + STRIP_ROWS])
    return pixels


def _unpack_mipi10(strip: np.ndarray, pixels: np.ndarray) -> None:
    """Byte 5 of each group holds the two low bits of its four pixels, the first pixel's lowest."""
    low = strip[:, 4::5]
    for position in range(4):
        target = pixels[:, position::4]
        count = target.shape[1]
        np.left_shift(strip[:, position::5][:, :count], 2, out=target, dtype=np.uint16)
        target |= (low[:, :count] >> (2 * position)) & 3


def _unpack_mipi12(strip: np.ndarray, pixels: np.ndarray) -> None:
    """Byte 3 of each group holds the four low bits of both pixels, the first pixel's in the low nibble."""
    low = strip[:, 2::3]
    for position in range(2):
        target = pixels[:, position::2]
        count = target.shape[1]
        np.left_shift(strip[:, position::3][:, :count], 4, out=target, dtype=np.uint16)
        target |= (low[:, :count] >> (4 * position)) & 15


_UNPACKERS: dict[Packing, Callable[[np.ndarray, np.ndarray], None]] = {
    MIPI10: _unpack_mipi10,
    MIPI12: _unpack_mipi12,
}
