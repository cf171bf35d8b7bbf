"""What a photo takes of memory until it is on the card."""

from __future__ import annotations

from pathlib import Path

from firmware.errors import PressRefused
from firmware.memory import MEMINFO, lack_in_words


def check_photo_room(needed_bytes: int, meminfo: Path = MEMINFO) -> None:
    """Raise PressRefused where developing does not fit the memory that is free."""
    if lack := lack_in_words("A photo", needed_bytes, meminfo):
        raise PressRefused(
            f"{lack}. Wait until the photos in work are saved; if it stays, lower [ring] memory_mb or "
            "[camera] width_px."
        )
