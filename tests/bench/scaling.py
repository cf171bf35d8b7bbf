"""Does the cost of a photo grow with its pixels and no faster? CPU time of plan and develop from 1 to 50 Mpix."""

from __future__ import annotations

import dataclasses
import time

import numpy as np

from firmware.cameras.simulated import simulate
from firmware.sensors import load_sensor
from isp.develop import develop
from isp.frames import RawFrame
from isp.photo import photo_pipeline

SIZES_MPIX = (1, 3, 12, 24, 50)
ROUNDS = 3


def frame_of(megapixels: float) -> RawFrame:
    """A noisy 4:3 frame of about this size: one simulated frame laid side by side."""
    piece, _ = simulate("coffee", "imx477", 1332, 990)
    height, width = (2 * round((megapixels * 1e6 * ratio) ** 0.5 / 2) for ratio in (3 / 4, 4 / 3))
    times = (-(-height // piece.pixels.shape[0]), -(-width // piece.pixels.shape[1]))
    return dataclasses.replace(piece, pixels=np.ascontiguousarray(np.tile(piece.pixels, times)[:height, :width]))


def nanoseconds_per_pixel(sizes: tuple[float, ...] = SIZES_MPIX, rounds: int = ROUNDS) -> dict[float, float]:
    """Best CPU time of the whole photo path on one thread, over the number of pixels, for each size."""
    tuning, best = load_sensor("imx477").tuning, {}
    for size in sizes:
        frame = frame_of(size)
        spent = []
        for _ in range(rounds):
            start = time.process_time()
            develop(frame, photo_pipeline(), tuning, threads=1)
            spent.append(time.process_time() - start)
        best[size] = 1e9 * min(spent) / frame.pixels.size
    return best


def print_scaling() -> dict[str, float]:
    """The table of `make bench`."""
    print("\ncost of one pixel, whole photo path with planning, one thread")
    costs = nanoseconds_per_pixel()
    for size, cost in costs.items():
        print(f"  {size:>4g} Mpix {cost:8.1f} ns/px {cost / min(costs.values()):6.2f} x the cheapest")
    return {str(size): cost for size, cost in costs.items()}


if __name__ == "__main__":
    print_scaling()
