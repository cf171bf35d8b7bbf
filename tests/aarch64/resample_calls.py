"""Pictures at other sizes, written down for `replay_resample.hpp`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from aarch64.burst_calls import BurstCalls, written

from isp.kernels import resample
from isp.zoom.taps import Filter, taps_for

# Larger, smaller, both at once, odd, wider than what is worked on together, and the least there is.
SIZES = [((61, 77), (122, 154)), ((61, 77), (30, 39)), ((7, 900), (19, 1700)), ((90, 3), (11, 40)), ((1, 1), (5, 3))]
LETTERS = {np.dtype(np.uint8): "u", np.dtype(np.float32): "f"}


class ResampleCalls(BurstCalls):
    """Makes the calls and writes them down."""

    arrays = "resampled"

    def resample(self, name: str, picture: np.ndarray, shape: tuple[int, int], kind: Filter, made: type) -> None:
        """One picture of (H, W, channels)."""
        tables = [taps_for(picture.shape[axis], shape[axis], kind) for axis in (0, 1)]
        arrays = [picture, *(array for table in tables for array in (table.starts, table.weights))]
        told = [self.stored(array)[1] for array in arrays]
        out = np.zeros((*shape, picture.shape[2]), made)
        file, line = self.stored(out)
        resample(*arrays, out, self._threads)
        kinds = [LETTERS[picture.dtype], LETTERS[out.dtype]]
        self.lines.append(" ".join(["resample", *kinds, *told, line, written(self._threads)]))
        self.await_files(f"{name} {kind.name} {' to '.join(kinds)}", [file], [out])


def resample_calls(folder: Path, threads: int) -> ResampleCalls:
    """All kinds of numbers, and what no picture should have: infinite ones and those that are none."""
    calls, rng = ResampleCalls(folder, threads), np.random.default_rng(7)
    for before, after in SIZES:
        bytes_ = rng.integers(0, 256, (*before, 3), np.uint8)
        floats = rng.choice(np.float32([-1e30, -3, 0, 0.3, 254.5, 300, 1e30]), (*before, 1))
        for kind in Filter:
            for picture in (bytes_, floats):
                for made in (np.uint8, np.float32):
                    calls.resample(f"{before} to {after}", picture, after, kind, made)
    return calls
