"""The map of frames behind a merged picture as text for the facts in a DNG, exact to the last bit.

Float32, little-endian, all first bytes of the numbers, then all second ones and so on, deflated and in base 64. So
sorted the bytes that hardly change from place to place lie together, and 12 Mpix take a hundredth of the DNG at most.
"""

from __future__ import annotations

import base64
import binascii
import zlib

import numpy as np

from isp.burst.places import places_of
from isp.errors import FrameError

# Level 9 takes three times as long for a fiftieth less.
COMPRESSION = 6


def pack_frames_behind(behind: np.ndarray) -> str:
    """(rows, columns) float32 as ASCII."""
    bytes_of = np.ascontiguousarray(behind, dtype="<f4").view(np.uint8).reshape(-1, 4)
    return base64.b64encode(zlib.compress(bytes_of.T.tobytes(), COMPRESSION)).decode()


def unpack_frames_behind(packed: object, shape: tuple[int, int]) -> np.ndarray:
    """The map of a frame of (height, width) pixels. Raises FrameError for what `pack_frames_behind` never writes."""
    rows, columns = places_of(shape)
    size = 4 * rows * columns
    try:
        if not isinstance(packed, str):
            raise FrameError(f"frames_behind is a {type(packed).__name__}; it must be text.")
        # Never more than one byte too many: a damaged file can claim gigabytes.
        found = zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), size + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        if isinstance(error, FrameError):
            raise
        raise FrameError(f"frames_behind is damaged ({error}).") from None
    if len(found) != size:
        raise FrameError(f"frames_behind does not hold {rows} x {columns} numbers.")
    by_byte = np.frombuffer(found, np.uint8).reshape(4, -1)
    return np.ascontiguousarray(by_byte.T).view("<f4").astype(np.float32, copy=False).reshape(rows, columns)
