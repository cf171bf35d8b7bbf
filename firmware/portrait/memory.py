"""What a portrait takes of memory while it is made."""

from __future__ import annotations

from pathlib import Path

from firmware.memory import MEGABYTE, MEMINFO, lack_in_words

# A linear picture in single precision, which is drawn over, mask and photo, and what the blur holds of its own: at
# 12 Mpix 26 measured with f/2 and 50 mm on two threads. More threads and larger discs need more.
BYTES_PER_PIXEL = 40
# The network, OpenCV and what they work in.
BESIDE_BYTES = 64 * MEGABYTE


def lacking_memory(pixels: int, meminfo: Path = MEMINFO) -> str:
    """Why a portrait of so many pixels is left unblurred; empty where memory is enough, or nobody tells."""
    lack = lack_in_words("a portrait", pixels * BYTES_PER_PIXEL + BESIDE_BYTES, meminfo)
    return lack and (
        f"{lack}: lower [ring] memory_mb or [camera] width_px, or make it from the DNG elsewhere: "
        "nightjar develop --mode portrait"
    )
