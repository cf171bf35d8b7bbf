"""What a photo takes of memory until it is on the card."""

from __future__ import annotations

from pathlib import Path

from firmware.errors import PressRefused
from firmware.ring import MEGABYTE, available_bytes


def check_photo_room(needed_bytes: int, meminfo: Path = Path("/proc/meminfo")) -> None:
    """Raise PressRefused where developing does not fit the memory that is free.

    Going on without it would end the whole camera, and with it the photos that wait.
    """
    available = available_bytes(meminfo)
    if available is not None and available < needed_bytes:
        raise PressRefused(
            f"A photo takes {needed_bytes / MEGABYTE:.0f} MB beside what is in use, and {available / MEGABYTE:.0f} MB "
            "of memory are free. Wait until the photos in work are saved; if it stays, lower [ring] memory_mb or "
            "[camera] width_px."
        )
