"""What a zoomed burst takes of memory, and how many of its frames there is room for."""

from __future__ import annotations

from pathlib import Path

from firmware.errors import PressRefused
from firmware.night.memory import merge_bytes
from firmware.ring import MEGABYTE, available_bytes
from isp.zoom.crop import MEASURED_AT_MOST, Crop

# A kept frame's pixel, and one of the picture that is measured: three colours of 16 bits.
FRAME_BYTES, ZOOMED_BYTES = 2, 6
# One frame alone measures nothing between its pixels.
FEWEST_FRAMES = 2


def burst_bytes(crop: Crop, factor: float, frames: int, whole_bytes: int) -> int:
    """Of a burst of so many frames: those, the merge of the crop, the zoomed picture, and the whole first frame."""
    pixels = crop.height * crop.width
    zoomed = round(pixels * min(factor, MEASURED_AT_MOST) ** 2)
    return whole_bytes + frames * FRAME_BYTES * pixels + merge_bytes(FRAME_BYTES * pixels) + ZOOMED_BYTES * zoomed


def room_for_frames(
    crop: Crop, factor: float, whole_bytes: int, promised_bytes: int, most: int, meminfo: Path = Path("/proc/meminfo")
) -> int:
    """How many frames fit, `most` at most; as many where nobody tells. 0 where not one does.

    promised_bytes  what the ring and the photos in work still take
    """
    available = available_bytes(meminfo)
    if available is None:
        return most
    left = available - promised_bytes
    return sum(burst_bytes(crop, factor, frames, whole_bytes) <= left for frames in range(1, most + 1))


def check_zoom_room(
    crop: Crop, factor: float, whole_bytes: int, promised_bytes: int, meminfo: Path = Path("/proc/meminfo")
) -> None:
    """Raise PressRefused where not even two frames fit beside what was promised."""
    if room_for_frames(crop, factor, whole_bytes, promised_bytes, FEWEST_FRAMES, meminfo) >= FEWEST_FRAMES:
        return
    needed = promised_bytes + burst_bytes(crop, factor, FEWEST_FRAMES, whole_bytes)
    raise PressRefused(
        f"A burst zoomed {factor:g} times takes {needed / MEGABYTE:.0f} MB beside what is in use, and "
        f"{(available_bytes(meminfo) or 0) / MEGABYTE:.0f} MB of memory are free. Zoom farther, take a photo of one "
        "frame, or lower [ring] memory_mb or [camera] width_px."
    )
