"""How soon a camera that was just switched on is ready, and how soon its first photo is safe on the card.

The real daemon in fresh processes, with the simulated camera at its own settings (12 Mpix): from exec to READY=1, and,
shot at that moment, to the photo that is durable. Files come from the page cache; a card
adds what they take to read.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from firmware.demo.bench_daemon import bench_daemon

STARTS = 5
READY_BAR_S, PHOTO_BAR_S = 1.0, 1.5


def print_start() -> dict[str, float]:
    """Print both times, by the clock and of the processor; returns the medians."""
    starts = [one_start() for _ in range(STARTS)]
    medians = {name: statistics.median(start[name] for start in starts) for name in starts[0]}
    least = {name: min(start[name] for start in starts) for name in starts[0]}
    print(f"\nstart, {STARTS} fresh processes, seconds since exec{'median':>14}{'least':>8}{'CPU':>8}{'at most':>9}")
    for name, bar_s in (("ready", READY_BAR_S), ("photo", PHOTO_BAR_S)):
        what = {"ready": "READY=1", "photo": "the first photo is durable"}[name]
        wall, cpu = f"{name}_s", f"{name}_cpu_s"
        print(f"  {what:46}{medians[wall]:12.2f}{least[wall]:8.2f}{medians[cpu]:8.2f}{bar_s:9.1f}")
    return medians


def one_start() -> dict[str, float]:
    """One life of the daemon, up to its first photo."""
    with tempfile.TemporaryDirectory(prefix="nightjar-start-") as folder:
        bench = Path(folder)
        settings = [f"storage.folder={bench / 'photos'}", f"storage.state_folder={bench / 'state'}"]
        began_s = time.monotonic()
        with bench_daemon(bench, bench / "log.txt", settings) as daemon:
            ready = {"ready_s": time.monotonic() - began_s, "ready_cpu_s": _cpu_s(daemon.pid)}
            daemon.shoot()
            photo = {"photo_s": time.monotonic() - began_s, "photo_cpu_s": _cpu_s(daemon.pid)}
            return ready | photo


def _cpu_s(pid: int) -> float:
    """User and system time of the process so far."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    print_start()
