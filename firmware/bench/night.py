"""Night mode measured on this machine: what it gains, what it costs, and what it needs beside the frames."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firmware.bench.night_scenes import NightScene, gain_over, mode_of_size
from firmware.bench.streaming_memory import save_frames
from firmware.cameras.simulation.scenes import scene_names
from firmware.demo.bench_daemon import same_code
from isp.burst.align import align
from isp.burst.merging import Merging
from isp.burst.pyramid import pyramid_of
from isp.burst.streaming import NightBurst
from isp.frames import RawFrame

SCENES = ("room", "lamps", "coffee")
COPIES = 20


@dataclass(frozen=True)
class Gained:
    """What one burst gained over its reference frame, in dB; above 0 is better in both."""

    scene: str
    hand_held: bool
    gain_db: float
    worst_block_db: float
    cpu_s_per_frame: float


@dataclass(frozen=True)
class Costs:
    """CPU time on one thread: of each frame of a burst, and once at its end. The copy is one frame's counts."""

    pyramid_ms: float
    align_ms: float
    merge_ms: float
    finish_ms: float
    copy_ms: float

    @property
    def frame_ms(self) -> float:
        """Aligning and merging one more frame."""
        return self.pyramid_ms + self.align_ms + self.merge_ms

    @property
    def copies(self) -> float:
        """The same in copies of the frame, which says more on another machine."""
        return self.frame_ms / self.copy_ms


@dataclass(frozen=True)
class NightMeasured:
    """All of it."""

    sensor: str
    width: int
    height: int
    frames: int
    gained: list[Gained]
    costs: Costs
    peak_mb: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        sums = {"frame_ms": self.costs.frame_ms, "copies_per_frame": self.costs.copies}
        return dataclasses.asdict(self) | {"sums": sums}


def scenes_at_hand() -> list[str]:
    """Those of the bench's scenes whose pictures are installed."""
    return [name for name in SCENES if name in scene_names()]


def steps(frames: int) -> int:
    """How many steps `measure_night` tells of."""
    return len(scenes_at_hand()) * 2 * (frames + 1) + 2


def measure_night(sensor: str, megapixels: float, frames: int, doing: Callable[[str], None]) -> NightMeasured:
    """Take simulated bursts, still and hand-held, and merge them. Raises SettingsError for an unknown sensor."""
    facts, mode = mode_of_size(sensor, megapixels)
    gained, taken = [], []
    for name in scenes_at_hand():
        for hand_held in (False, True):
            scene = NightScene(name, facts, mode, frames, hand_held)
            how = f"{name}, {'hand-held' if hand_held else 'still'}"
            taken = scene.taken(lambda how=how: doing(f"{how}: taking frames"))
            doing(f"{how}: merging")
            gained.append(_gained(scene, taken))
    doing("timing")
    costs = _costs(taken)
    doing("memory")
    return NightMeasured(facts.name, mode.width, mode.height, frames, gained, costs, _peak_mb(taken))


def _gained(scene: NightScene, taken: list[RawFrame]) -> Gained:
    with _cpu_ms() as spent:
        night = NightBurst(threads=1)
        for frame in taken:
            night.add(frame)
        merged = night.finish().frame
    stamps = [frame.shot.timestamp_ns for frame in taken]
    reference = stamps.index(merged.shot.timestamp_ns)
    gain_db, worst_db = gain_over(merged, taken[reference], scene.frame(reference, noise=False))
    return Gained(scene.scene, scene.hand_held, gain_db, worst_db, spent[0] / 1e3 / len(taken))


def _costs(taken: list[RawFrame]) -> Costs:
    """Medians over the frames of one burst."""
    reference = pyramid_of(taken[0], threads=1)
    merging = Merging(taken[0], threads=1)
    spent: dict[str, list[float]] = {"pyramid_ms": [], "align_ms": [], "merge_ms": []}
    for frame in taken[1:]:
        with _cpu_ms() as pyramid:
            seen = pyramid_of(frame, threads=1)
        with _cpu_ms() as aligned:
            shifts = align(reference, seen, threads=1)
        with _cpu_ms() as merged:
            merging.add(frame, shifts)
        for name, milliseconds in zip(spent, (pyramid, aligned, merged), strict=True):
            spent[name] += milliseconds
    with _cpu_ms() as finished:
        merging.merged()
    target = np.zeros_like(taken[0].pixels)
    with _cpu_ms() as copied:
        for _ in range(COPIES):
            np.copyto(target, taken[0].pixels)
    medians = {name: float(np.median(times)) for name, times in spent.items()}
    return Costs(**medians, finish_ms=finished[0], copy_ms=copied[0] / COPIES)


@contextmanager
def _cpu_ms() -> Iterator[list[float]]:
    """A list that holds the CPU milliseconds of the block once it is done."""
    spent: list[float] = []
    start_s = time.process_time()
    yield spent
    spent.append(1e3 * (time.process_time() - start_s))


def _peak_mb(taken: list[RawFrame]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        save_frames(taken, Path(folder))
        command = [sys.executable, "-P", "-m", "firmware.bench.streaming_memory", folder]
        return float(subprocess.run(command, check=True, capture_output=True, text=True, env=same_code()).stdout)
