"""The measured zoom, written down for `replay_zoom.hpp`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from aarch64.burst_calls import BurstCalls, written

from isp.burst.places import places_of
from isp.frames import Noise, RawFrame
from isp.kernels import ZoomFacts
from isp.zoom.measured import taps, zoom_numbers

# Less than a vector, one tile, and tiles that are cut short.
SIZES = [(2, 2), (64, 80), (210, 36)]
GAINS = np.array([1.9, 1.0, 1.6], np.float32)


class ZoomCalls(BurstCalls):
    """Makes the calls and writes them down."""

    arrays = "zoomed"

    def zoom(self, name: str, numbers: dict, plain: np.ndarray, bad: np.ndarray, frames: list, factor: float) -> None:
        """`frames` are (counts, places, trust, steady)."""
        height, width = bad.shape
        tables = [*taps(height, 2 * round(height * factor / 2)), *taps(width, 2 * round(width * factor / 2))]
        out = np.zeros((len(tables[0]), len(tables[2]), 3), np.uint16)
        behind = np.zeros((height // 2, width // 2), np.float32)
        made = [self.stored(out), self.stored(behind)]
        levels = (4000.0, 60000.0, 3900.0, 64000.0)
        told = [written(value) for value in numbers.values()]
        told += [self.stored(array)[1] for array in (plain, bad, *tables)]
        told += [written(len(frames)), *(self.stored(array)[1] for frame in frames for array in frame)]
        facts = ZoomFacts(**numbers)
        facts.solve(plain, bad, *map(list, zip(*frames, strict=True)), *tables, levels, out, behind, self._threads)
        self.lines.append(
            " ".join(["zoom", *told, written(levels), *(line for _, line in made), written(self._threads)])
        )
        self.await_files(name, [file for file, _ in made], [out, behind])


def zoom_calls(frame: RawFrame, folder: Path, threads: int) -> ZoomCalls:
    """Any numbers: noise, frames that contradict each other, trust of all kinds, places far outside."""
    calls, rng = ZoomCalls(folder, threads), np.random.default_rng(11)
    noise = Noise(3e-4, 2e-6)
    numbers = zoom_numbers(frame.shot, noise, noise, GAINS)
    for height, width in SIZES:
        slow = np.kron(rng.uniform(0, 1.2, (3, -(-height // 8), -(-width // 8))), np.ones((8, 8)))[:, :height, :width]
        plain = (slow + rng.normal(0, 0.03, slow.shape)).astype(np.float32)
        bad = (rng.uniform(size=(height, width)) < 0.02).astype(np.uint8)
        frames = []
        for number in range(5):
            grey = slow[1] * frame.shot.white_dn + rng.normal(0, 30, (height, width))
            places = rng.uniform(-3, 3, 2) + rng.normal(0, 0.1 * number, (*places_of((height, width)), 2))
            places[0, 0] += 1000 * (number == 4)
            trust = rng.choice(np.array([0, 90, 255, 255, 255], np.uint8), (height // 2, width // 2))
            counts = np.clip(grey, 0, frame.shot.white_dn).astype(np.uint16)
            # The upper part moved with the whole picture: there frames get a second chance.
            steady = np.zeros(places.shape[:2], np.uint8)
            steady[: len(steady) // 2 + 1] = number != 4
            frames.append((counts, places.astype(np.float32), trust, steady))
        for factor in (1.0, 1.5, 2.0):
            calls.zoom(f"zoom of {height} x {width} by {factor}", numbers, plain, bad, frames, factor)
    return calls
