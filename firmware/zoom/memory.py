"""What a zoomed burst takes of memory, and how many of its frames there is room for."""

from __future__ import annotations

from pathlib import Path

from firmware.errors import PressRefused
from firmware.memory import MEGABYTE, MEMINFO, available_bytes, lack_in_words
from isp.zoom.crop import HAND_PX, MEASURED_AT_MOST, Crop

# Measured at 3 and 12 Mpix of crop: of each frame's pixel, which is kept with what is believed of it; of the crop's,
# merged, developed plainly and asked for its detail; and of the zoomed picture's, three colours of 16 bits.
FRAME_BYTES, MERGED_BYTES, ZOOMED_BYTES = 3.4, 28, 6
# Grey pyramids, tiles on their way.
BESIDE_BYTES = 24 * MEGABYTE
# One frame alone measures nothing between its pixels.
FEWEST_FRAMES = 2


def burst_bytes(crop: Crop, factor: float, frames: int, whole_bytes: int) -> int:
    """Of a burst of so many frames: their crops with a margin, what is made of them, and the whole first frame."""
    zoomed_bytes = ZOOMED_BYTES * min(factor, MEASURED_AT_MOST) ** 2
    with_margin = (crop.height + 2 * HAND_PX) * (crop.width + 2 * HAND_PX)
    taken = with_margin * (frames * FRAME_BYTES + MERGED_BYTES) + crop.height * crop.width * zoomed_bytes
    return whole_bytes + round(taken) + BESIDE_BYTES


def room_for_frames(
    crop: Crop, factor: float, whole_bytes: int, promised_bytes: int, most: int, meminfo: Path = MEMINFO
) -> int:
    """How many frames fit, `most` at most; as many where nobody tells. 0 where not one does.

    promised_bytes  what the ring and the photos in work still take
    """
    available = available_bytes(meminfo)
    if available is None:
        return most
    left = available - promised_bytes
    return sum(burst_bytes(crop, factor, frames, whole_bytes) <= left for frames in range(1, most + 1))


def check_zoom_room(crop: Crop, factor: float, whole_bytes: int, promised_bytes: int, meminfo: Path = MEMINFO) -> None:
    """Raise PressRefused where not even two frames fit beside what was promised."""
    needed = promised_bytes + burst_bytes(crop, factor, FEWEST_FRAMES, whole_bytes)
    if lack := lack_in_words(f"A burst zoomed {factor:g} times", needed, meminfo):
        raise PressRefused(
            f"{lack}. Zoom farther, take a photo of one frame, or lower [ring] memory_mb or [camera] width_px."
        )
