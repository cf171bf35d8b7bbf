"""`make bench`: speed, memory and quality of photos, nights, portraits and zooms beside other software, in one run.

Every row does the work its name says on the same 4056 x 3040 raw frame. CPU time is the figure to compare (it does not
mind neighbours); rows are interleaved and medians shown. Ratios are to our own fused pass of the same work.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import engines
import numpy as np
from bars import write_figures
from before_after import draw_sheet
from demosaic import print_demosaic
from night import print_night
from portraits import print_portraits
from quality import print_quality
from scaling import print_scaling
from start import print_start
from white_balance import print_white_balance
from zoom import print_zoom

from firmware.files.dng import encode_dng
from firmware.files.raw_files import read_raw
from isp.frames import LinearFrame

ROUNDS = 7
SHEET = Path("bench-results/before_after.png")
MOST_BEYOND_MB = 32  # beyond the frame and the photo a camera with 1 GB has room for little
MEMORY_CHILD = Path(__file__).with_name("memory.py")


def measure(rows: dict, rounds: int) -> dict[str, dict[str, float]]:
    """Median CPU and wall milliseconds of each row, taking turns."""
    cpu = {name: [] for name in rows}
    wall = {name: [] for name in rows}
    for turn in range(rounds):
        for name, (work, every) in rows.items():
            if turn % every:
                continue
            work()  # uncounted: fetches tables, and the memory that the row before gave back to the system
            cpu_start, wall_start = time.process_time(), time.perf_counter()
            work()
            cpu[name].append(1e3 * (time.process_time() - cpu_start))
            wall[name].append(1e3 * (time.perf_counter() - wall_start))
    return {
        name: {"cpu_ms": statistics.median(cpu[name]), "wall_ms": statistics.median(wall[name])}
        for name in rows
        if cpu[name]
    }


def peak_memory(engine: str, dng: Path) -> float:
    """Megabytes that a fresh process needs beyond its imports for a whole develop, file to JPEG bytes."""
    answer = subprocess.run(
        [sys.executable, str(MEMORY_CHILD), engine, str(dng)],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(answer.stdout)


def write_linear(dng: Path, linear: Path) -> Path:
    """The frame in `dng` as a zoomed picture of the same size: three counts a pixel, what they say is all one here."""
    frame = read_raw(dng)
    pixels = np.repeat(frame.pixels[..., None], 3, axis=-1)
    linear.write_bytes(b"".join(encode_dng(LinearFrame(pixels, frame.shot), None)))
    return linear


def print_preview(times: dict[str, dict[str, float]], cpus: int) -> dict[str, float]:
    """Print how fast the preview is beside a copy and beside OpenCV; returns the ratios."""
    cpu = {name: row["cpu_ms"] for name, row in times.items()}
    copy_bytes_per_ms = 2 * engines.COPIED_BYTES / cpu["copy of 128 MiB"]
    bare = cpu["preview bare, 1 thread"]
    share = engines.PIXELS / copy_bytes_per_ms / bare
    ratios = {
        "bare: % of copy speed, 5 bytes a pixel (2 read, 3 written)": 100 * 5 * share,
        "bare: % of copy speed, 8 bytes a pixel (written ones are fetched first)": 100 * 8 * share,
        "bare: times the photo path's bare pass": cpu["nightjar bare, 1 thread"] / bare,
        "to RGB: times OpenCV's speed": cpu["OpenCV preview to RGB"] / cpu["preview to RGB, 1 thread"],
        "to YUV420: times OpenCV's speed": cpu["OpenCV preview to YUV420"] / cpu["preview to YUV420, 1 thread"],
        f"to RGB: speed-up on {cpus} threads, by the clock": times["preview to RGB, 1 thread"]["wall_ms"]
        / times[f"preview to RGB, {cpus} threads"]["wall_ms"],
    }
    print(f"\npreview, on a core that copies {copy_bytes_per_ms / 1e6:.1f} GB/s (bytes read and bytes written)")
    for name, ratio in ratios.items():
        print(f"  {name:74}{ratio:6.1f}")
    return ratios


def rows_of(work: engines.Work, cpus: int) -> dict[str, tuple[Callable[[], object], int]]:
    """Each row's work, and every how many rounds it has its turn."""
    return {
        "nightjar bare, 1 thread": (lambda: work.bare(1), 1),
        f"nightjar bare, {cpus} threads": (lambda: work.bare(cpus), 1),
        "nightjar whole photo path, 1 thread": (lambda: work.photo(1), 1),
        f"nightjar whole photo path, {cpus} threads": (lambda: work.photo(cpus), 1),
        "nightjar plan (statistics)": (work.plan, 1),
        "preview bare, 1 thread": (lambda: work.bare_preview(1), 1),
        f"preview bare, {cpus} threads": (lambda: work.bare_preview(cpus), 1),
        "preview to RGB, 1 thread": (lambda: work.preview(1), 1),
        f"preview to RGB, {cpus} threads": (lambda: work.preview(cpus), 1),
        "preview to YUV420, 1 thread": (lambda: work.preview(1, "yuv420"), 1),
        "OpenCV preview to RGB": (lambda: work.opencv_preview("rgb"), 1),
        "OpenCV preview to YUV420": (lambda: work.opencv_preview("yuv420"), 1),
        "OpenCV chain, bilinear": (lambda: work.opencv("bilinear"), 1),
        "OpenCV chain, edge aware": (lambda: work.opencv("edge aware"), 1),
        "  with the 16-bit LUT of OpenCV 4.13": (lambda: work.opencv("edge aware", True), 1),
        "  and every buffer reused": (lambda: work.opencv("edge aware", True, reuse=True), 1),
        "rawpy LINEAR, file to RGB": (lambda: work.rawpy("LINEAR"), 3),
        "rawpy AHD, file to RGB": (lambda: work.rawpy("AHD"), 6),
        "copy of the bare pass's bytes": (work.copy, 1),
        "copy of 128 MiB": (work.plain_copy, 1),
    }


def print_times(times: dict[str, dict[str, float]], cpus: int) -> None:
    """Print milliseconds of each row, and how it compares with our bare pass."""
    ours = times["nightjar bare, 1 thread"]["cpu_ms"]
    print(f"{platform.machine()}, {cpus} CPUs, Python {platform.python_version()}, numpy {np.__version__}")
    print("bare = levels, shading, white balance, Malvar demosaic, colour matrix, tone to 8 bits, 4056 x 3040\n")
    print(f"{'':44}{'CPU ms':>9}{'wall ms':>9}{'x bare':>8}{'MP/s CPU':>10}")
    for name, row in times.items():
        speed = engines.PIXELS / 1e3 / row["cpu_ms"]
        print(f"{name:44}{row['cpu_ms']:9.1f}{row['wall_ms']:9.1f}{row['cpu_ms'] / ours:8.2f}{speed:10.0f}")


def print_memory(memory: dict[str, float]) -> None:
    """Print the peaks, and what of ours is neither frame nor photo."""
    print("\nwhole develop, file to JPEG bytes: peak memory above imports, MB")
    for name, megabytes in memory.items():
        print(f"  {name:20}{megabytes:8.0f}")
    beyond = memory["nightjar"] - engines.PIXELS * (2 + 3) / 2**20
    print(f"  nightjar is the frame in, the photo out and {beyond:.0f} MB (at most {MOST_BEYOND_MB})")
    beyond = memory["zoomed"] - engines.PIXELS * (6 + 3) / 2**20
    print(f"  zoomed is three colours a pixel in, the photo out and {beyond:.0f} MB (at most {MOST_BEYOND_MB})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()

    cpus = os.cpu_count()
    with tempfile.TemporaryDirectory() as folder:
        dng = Path(folder) / "bench.dng"
        times = measure(rows_of(engines.Work(dng), cpus), arguments.rounds)
        memory = {name: peak_memory(name, dng) for name in ("nightjar", "preview", "opencv", "rawpy")}
        memory["zoomed"] = peak_memory("zoomed", write_linear(dng, Path(folder) / "linear.dng"))
    print_times(times, cpus)
    print_memory(memory)
    figures = {"times": times, "peak_memory_mb": memory, "preview_ratios": print_preview(times, cpus)}
    figures["start"] = print_start()
    figures["white_balance"] = print_white_balance()
    figures["ns_per_pixel"] = print_scaling()
    figures["demosaic"] = print_demosaic()
    figures["quality"] = print_quality(figures["demosaic"])
    figures["night"] = print_night()
    figures["portraits"] = print_portraits()
    figures["zoom"] = print_zoom()
    SHEET.parent.mkdir(parents=True, exist_ok=True)
    draw_sheet().save(SHEET)
    print(f"before and after, to be looked at: {SHEET}")
    write_figures(arguments.json, figures)


if __name__ == "__main__":
    main()
