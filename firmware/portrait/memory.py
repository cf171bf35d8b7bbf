"""What a portrait takes of memory while it is made."""

from __future__ import annotations

from pathlib import Path

from firmware.ring import MEGABYTE, available_bytes

# A linear picture in single precision, which is drawn over, mask and photo, and what the blur holds of its own: at
# 12 Mpix 26 measured with f/2 and 50 mm on two threads. More threads and larger discs need more.
BYTES_PER_PIXEL = 40
# The network, OpenCV and what they work in.
BESIDE_BYTES = 64 * MEGABYTE


def lacking_memory(pixels: int, meminfo: Path = Path("/proc/meminfo")) -> str:
    """Why a portrait of so many pixels is left unblurred; empty where memory is enough, or nobody tells.

    Going on without it would end the whole camera, and with it the photos that wait.
    """
    needed, available = pixels * BYTES_PER_PIXEL + BESIDE_BYTES, available_bytes(meminfo)
    if available is None or available >= needed:
        return ""
    return (
        f"a portrait takes {needed / MEGABYTE:.0f} MB beside what is in use, and {available / MEGABYTE:.0f} MB of "
        "memory are free: lower [ring] memory_mb or [camera] width_px, or make it from the DNG elsewhere: "
        "nightjar develop --mode portrait"
    )
