"""How much memory this process could have, and in which words it is too little."""

from __future__ import annotations

from pathlib import Path

from firmware.memory_limit import left_in_groups

MEGABYTE = 1_000_000
MEMINFO = Path("/proc/meminfo")


def available_bytes(meminfo: Path = MEMINFO) -> int | None:
    """What this process could have without swapping, or None where nobody says."""
    try:
        lines = meminfo.read_text().splitlines()
    except OSError:
        lines = []
    of_all = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)
    known = [left for left in (of_all, left_in_groups()) if left is not None]
    return min(known, default=None)


def lack_in_words(what: str, needed_bytes: int, meminfo: Path = MEMINFO) -> str:
    """Why there is no memory for it ("a portrait", say); empty where there is, or nobody tells.

    Going on without it would end the whole camera, and with it the photos that wait.
    """
    available = available_bytes(meminfo)
    if available is None or available >= needed_bytes:
        return ""
    return (
        f"{what} takes {needed_bytes / MEGABYTE:.0f} MB beside what is in use, and {available / MEGABYTE:.0f} MB of "
        "memory are free"
    )
