"""How fast is the card, as photos are written: one large file made durable, and small ones, each made durable.

It writes with the camera's own code into the photos' folder, under a hidden name, and removes what it wrote.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from firmware.memory import MEGABYTE
from firmware.selftest.bench import Bench
from firmware.selftest.result import Measured, Result, judged, skipped
from firmware.storage.durable import write_new

AREA = "card"
NAME = ".nightjar-selftest"
LARGE_MB, QUICK_MB = 64, 16
SMALL_FILES, QUICK_FILES = 40, 10
SMALL_BYTES = 4096
# What a card marked V10 or class 10 promises. A photo of 12 Mpix is 30 MB: three seconds.
LEAST_MB_S = 10.0
# Before a photo is accepted its number is made durable: half a second would be felt at the shutter.
MEDIAN_MS, WORST_MS = 100.0, 1000.0
MEND = "take a card marked A1 or A2, or a USB 3 stick; a card that became slow is worn out or full"


def check_card_speed(bench: Bench) -> Iterator[Result]:
    """Sequential speed, then small files."""
    title, did = "writing", "wrote and removed one large file and many small ones, each made durable as photos are"
    folder = bench.machine.at(bench.settings.storage.folder)
    large_mb = QUICK_MB if bench.quick else LARGE_MB
    lacking = _lacking(bench, folder, large_mb)
    if lacking is not None:
        yield skipped(AREA, title, did, *lacking)
        return
    with _sweeping(folder) as new_file:
        took_s = _large_file_s(new_file(), large_mb)
        small_ms = [_timed_ms(new_file()) for _ in range(QUICK_FILES if bench.quick else SMALL_FILES)]
    yield judged(
        AREA,
        title,
        did,
        [
            Measured(f"{large_mb} MB in one file", large_mb / took_s, "MB/s", least=LEAST_MB_S),
            Measured(f"file of {SMALL_BYTES} bytes, median", statistics.median(small_ms), "ms", most=MEDIAN_MS),
            Measured(f"the slowest of {len(small_ms)}", max(small_ms), "ms", most=WORST_MS),
        ],
        mend=MEND,
    )


def _lacking(bench: Bench, folder: Path, large_mb: int) -> tuple[str, str] | None:
    """Why nothing can be written there, and what helps; None where it can."""
    if not os.path.isdir(folder):
        return "the photos' folder is not there, or may not be looked at", "run it as root: sudo nightjar selftest"
    if not os.access(folder, os.W_OK | os.X_OK):
        return "this user may not write into the photos' folder", "run it as root: sudo nightjar selftest"
    found = os.statvfs(folder)
    free_mb = found.f_bavail * found.f_frsize // MEGABYTE
    needed_mb = bench.settings.storage.free_space_floor_mb + 2 * large_mb
    if free_mb < needed_mb:
        return f"{free_mb} MB are free; the test wants {needed_mb} MB", "move photos away"
    return None


@contextlib.contextmanager
def _sweeping(folder: Path) -> Iterator[Callable[[], Path]]:
    """Gives new names in the folder; removes what has them afterwards, and what a killed test left before."""
    _sweep(folder)
    numbers = iter(range(10**6))
    try:
        yield lambda: folder / f"{NAME}-{next(numbers)}"
    finally:
        _sweep(folder)


def _sweep(folder: Path) -> None:
    for path in [*folder.glob(f"{NAME}-*"), *folder.glob(f".{NAME}-*.partial")]:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def _large_file_s(path: Path, megabytes: int) -> float:
    # Random: some cards' controllers shrink what repeats.
    part = os.urandom(MEGABYTE)
    started = time.perf_counter()
    write_new(path, (part for _ in range(megabytes)))
    return time.perf_counter() - started


def _timed_ms(path: Path) -> float:
    data = os.urandom(SMALL_BYTES)
    started = time.perf_counter()
    write_new(path, [data])
    return (time.perf_counter() - started) * 1000
