"""The blur's cost, bars and peers: `python tests/bench/bokeh.py`.

Peers blur the same 12 megapixels with the same disc at full size, as a mask-normalised convolution of light and share:
OpenCV's `filter2D` (which turns to Fourier transforms for large kernels by itself) and scipy's `fftconvolve`. They have
one depth, no lights and no grain; rows take turns and processor time counts. The copy of the picture is the unit.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from measures.lens_blur import decibels, disc, shown_decibels, strewn
from measures.lens_scenes import GREY, RED, depth_scenes, lamp, mixed, rendered, round_subject

from isp.bokeh import Bokeh
from isp.defocus import Defocus
from isp.frames import NEUTRAL_SHOT, LinearImage

SHAPE = (3040, 4056)
THREADS = 2
MEASURED = {"noise": ((1e-4, 1e-6),) * 3, "grain_spread": (0.95, 0.21, 0.004, 0.06), "grain_alike": 0.75}
MB = 2**20


def picture() -> LinearImage:
    """12 megapixels with detail and a few lamps."""
    rng = np.random.default_rng(0)
    cells = rng.random((SHAPE[0] // 8, SHAPE[1] // 8, 3), dtype=np.float32) * 0.5
    pixels = np.ascontiguousarray(cells.repeat(8, 0).repeat(8, 1))
    pixels[rng.integers(0, SHAPE[0], 500), rng.integers(0, SHAPE[1], 500)] = 8.0
    return LinearImage(pixels, NEUTRAL_SHOT)


def radii() -> dict[str, np.ndarray]:
    """name -> radius of the blur."""
    even = {f"{px} px": np.full((2, 2), px, np.float32) for px in (3, 10, 30, 60, 120)}
    ramp = np.broadcast_to(np.linspace(0, 60, 64, dtype=np.float32)[:, None], (64, 64))
    return even | {"ramp 0 to 60 px": np.ascontiguousarray(ramp)}


def ours(image: LinearImage, mask: np.ndarray) -> dict[str, Callable[[], object]]:
    """name -> one render."""
    return {
        f"nightjar, {name}": lambda radius=radius: Bokeh(**MEASURED).render(image, Defocus(radius, mask), THREADS)
        for name, radius in radii().items()
    }


def peers(image: LinearImage, mask: np.ndarray) -> dict[str, Callable[[], object]]:
    """name -> the same with other software, as far as it is installed."""
    rest = (1 - mask[..., None] / np.float32(255)).astype(np.float32)
    kernel = disc(60.0).astype(np.float32)

    def copied() -> np.ndarray:
        return image.pixels.copy()

    def normalised(blur: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        whole = blur(rest[..., 0])
        behind = [blur(image.pixels[..., i] * rest[..., 0]) / np.maximum(whole, 1e-6) for i in range(3)]
        return (1 - rest) * image.pixels + rest * np.stack(behind, axis=2)

    rows: dict[str, Callable[[], object]] = {"copy of the picture": copied}
    try:
        import cv2

        cv2.setNumThreads(THREADS)
        rows["OpenCV filter2D, 60 px"] = lambda: normalised(lambda plane: cv2.filter2D(plane, -1, kernel))
    except ImportError:
        print("OpenCV is not installed; its row is left out.")
    try:
        from scipy.signal import fftconvolve

        rows["scipy fftconvolve, 60 px"] = lambda: normalised(lambda plane: fftconvolve(plane, kernel, "same"))
    except ImportError:
        print("scipy is not installed; its row is left out.")
    return rows


def timed(rows: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median processor seconds of each row; rows take turns."""
    spent: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(rounds):
        for name, work in rows.items():
            start = time.process_time()
            work()
            spent[name].append(time.process_time() - start)
    return {name: statistics.median(times) for name, times in spent.items()}


def peak_mb(name: str) -> float:
    """Peak memory of one render over its own picture, beyond that and the mask, in a fresh process."""
    command = [sys.executable, __file__, "--memory-of", name]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stdout)


def print_memory(name: str) -> None:
    """What the fresh process says."""
    image, mask = picture(), round_subject(SHAPE, 700.0, 30.0)
    before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    Path("/proc/self/clear_refs").write_text("5")
    Bokeh(**MEASURED).render(image, Defocus(radii()[name], mask), THREADS, into=image.pixels)
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    print((peak - before) / MB)


def quality() -> dict[str, float]:
    """What the bars ask for, measured."""
    found = {}
    for name, (light, radius) in depth_scenes().items():
        made, true = rendered(light, radius, highlights_ev=0.0), strewn(light, radius)
        found[f"{name}: dB of light (40)"] = decibels(made, true)
        found[f"{name}: dB as shown"] = shown_decibels(made, true)
    mask = round_subject((400, 500), 120, 6)
    for name, subject, behind in (("red on grey", RED, GREY), ("grey on red", GREY, RED)):
        truth = mixed(mask, subject, behind)
        off = np.abs(rendered(truth, 60.0, mask) - truth)[mask == 0].max() / np.abs(subject - behind).max()
        found[f"{name}: carried over the edge, % of contrast (1)"] = 100 * off
    made = rendered(lamp((8.0, 4.4, 1.3)), 60.0, highlights_ev=0.0) - 0.01
    inside = made[np.hypot(*(np.indices(made.shape[:2]) - 150)) < 58]
    level = np.median(inside, axis=0)
    ten, ninety = np.interp([-0.9, -0.1], -made[150, 155:, 0] / level[0], np.arange(155, 300))
    found["lamp: edge from 10 to 90 %, px (2)"] = ninety - ten
    found["lamp: unevenness, % (10)"] = 100 * np.abs(inside / level - 1).max()
    found["lamp: energy off, % (1)"] = (
        100 * np.abs(made.sum(axis=(0, 1)) / (np.array([8.0, 4.4, 1.3]) - 0.01) - 1).max()
    )
    return found


def print_bokeh(rounds: int = 3) -> dict[str, dict[str, float]]:
    """Print the tables of time, memory and quality; returns them."""
    image, mask = picture(), round_subject(SHAPE, 700.0, 30.0)
    times = timed(ours(image, mask) | peers(image, mask), rounds)
    unit = times["copy of the picture"]
    print(f"\nblur of 12 megapixels, {THREADS} threads, processor time (median of {rounds})")
    for name, seconds in times.items():
        print(f"  {name:28} {seconds:7.2f} s  {seconds / unit:7.1f} copies")
    memory = {name: peak_mb(name) for name in radii()}
    print("Peak memory beyond the picture, over which it is drawn")
    for name, megabytes in memory.items():
        print(f"  {name:28} {megabytes:7.0f} MB")
    found = quality()
    print("Quality (bars in brackets)")
    for name, value in found.items():
        print(f"  {name:60} {value:8.2f}")
    return {"seconds": times, "megabytes": memory, "quality": found}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory-of", help="for the process that measures memory")
    parser.add_argument("--json", type=Path, help="write the numbers here too")
    given = parser.parse_args()
    if given.memory_of:
        print_memory(given.memory_of)
        return
    found = print_bokeh(given.rounds)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
