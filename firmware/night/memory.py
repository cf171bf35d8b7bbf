"""What a burst takes of memory while it is merged."""

from __future__ import annotations

from pathlib import Path

from firmware.errors import PressRefused
from firmware.memory import MEGABYTE, MEMINFO, lack_in_words

# The gathered difference in single precision is twice a frame; the reference, the first frame until the merge is done,
# and the merged one that comes of them.
FRAMES = 2 + 3
# Grey pyramids, tiles, and what is gathered at the places.
BESIDE_BYTES = 64 * MEGABYTE


def merge_bytes(frame_bytes: int) -> int:
    """For frames of this size; it does not grow with their number."""
    return FRAMES * frame_bytes + BESIDE_BYTES


def check_room(needed_bytes: int, meminfo: Path = MEMINFO) -> None:
    """Raise PressRefused where the photos promised and a burst's merge do not fit the memory that is free."""
    if lack := lack_in_words("A burst", needed_bytes, meminfo):
        raise PressRefused(f"{lack}. Take a photo of one frame, or lower [ring] memory_mb or [camera] width_px.")
