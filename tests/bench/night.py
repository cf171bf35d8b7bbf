"""Night mode against its bars and beside other software; part of `make bench`, or `python tests/bench/night.py`.

Peers: a plain average at the true shifts, and hdrplus-python, if NIGHTJAR_HDRPLUS names a checkout of it that holds a
.venv with numba, torch, opencv, rawpy, exifread and scipy. It is only run; its settings are its program's own and its
article's, and its better result counts.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from bars import Bar, print_bars, run_alone
from measures.bursts import TrueBurst, burst_of
from measures.merge_quality import MergeQuality, aligned_average, as_raw, judged, linear, reference_of
from measures.passers_by import Ball, Lamp, Occluder
from measures.scenery import kodak_folder

from firmware.bench.night_scenes import NightScene, mode_of_size
from firmware.bench.streaming_memory import save_frames
from firmware.cameras.simulation.scenes import scene_names
from isp.burst.streaming import NightBurst
from isp.frames import RawFrame

PEER_CHILD = Path(__file__).with_name("hdrplus_peer.py")
PEER_SHAPE, PEER_FRAMES = (1520, 2028), 4
# (temporal, spatial) strength: what its program takes unasked, and what its article says.
PEER_STRENGTHS = ((75.0, 0.1), (8.0, 0.1))
ROUNDS = 3
HAND = {"path_px": 30.0, "roll_degrees": 0.5}
SENSORS = ("imx477", "imx708")
MOTIONS = {
    "ball": {"objects": [Ball((380, 220), (15, 37), 90)]},
    "somebody enters": {"objects": [Occluder(-60, 40)]},
    "lamp": {"objects": [Lamp((340, 520), 4)]},
    "one blurred": {"blurred": {4: 16}},
    "one black": {"black": [5]},
}
MB = 2**20


def merged(frames: list[RawFrame], threads: int = 0) -> RawFrame:
    """Through the product's own door."""
    night = NightBurst(threads)
    for frame in frames:
        night.add(frame)
    return night.finish().frame


def scenes() -> list[str]:
    """All that this machine has of them."""
    names = [name for name in ("coffee", "astronaut") if name in scene_names()]
    names += [name for name in ("kodim05", "kodim19", "kodim23") if (kodak_folder() / f"{name}.png").is_file()]
    return [*names, "texture", "steps", "lamps"]


def quality_bars() -> list[Bar]:
    """The bars of picture quality, on both sensors and all scenes."""
    still, fifteen, average, textured, flat, worse, ghosts = {}, {}, {}, {}, {}, {}, {}
    for seed, sensor in enumerate(SENSORS):
        for scene in scenes():
            name = f"{sensor} {scene}"
            burst = burst_of(scene, 8, sensor=sensor, seed=seed)
            still[name] = _judged(burst).gain_db
            average[name] = _of_average(burst).gain_db - still[name]
            moved = _judged(burst_of(scene, 8, sensor=sensor, seed=seed, **HAND))
            worse[f"{name}, hand"] = moved.worst_block_db
            # A street is nearly all flat: its texture is the rims of clipped lamps.
            if scene != "lamps" and not np.isnan(moved.textured_db):
                textured[name] = moved.textured_db
            if not np.isnan(moved.flat_db):
                flat[name] = moved.flat_db
        burst = burst_of("texture", 15, sensor=sensor, seed=seed)
        fifteen[sensor] = _judged(burst).gain_db
        average[f"{sensor}, 15 frames"] = _of_average(burst).gain_db - fifteen[sensor]
        for motion, facts in MOTIONS.items():
            quality = _judged(burst_of("texture", 8, sensor=sensor, seed=seed, **facts), ghosts=True)
            worse[f"{sensor} {motion}"] = quality.worst_block_db
            ghosts[f"{sensor} {motion}"] = max(quality.leak, quality.correlation - 2 * quality.chance)
    return [
        Bar("8 still frames: PSNR over one", "dB", still, least=8.3),
        Bar("15 still frames", "dB", fifteen, least=10.8),
        Bar("plain average better by, still", "dB", average, most=0.3),
        Bar("8 hand-held, texture", "dB", textured, least=7.0),
        Bar("8 hand-held, flat", "dB", flat, least=6.0),
        Bar("worst 32 x 32 block worse than the reference by", "dB", worse, most=0.3),
        Bar("ghosts: other frames' objects left", "", ghosts, most=0.03),
    ]


def _judged(burst: TrueBurst, ghosts: bool = False) -> MergeQuality:
    return judged(burst, merged(burst.frames), ghosts)


def _of_average(burst: TrueBurst) -> MergeQuality:
    return judged(burst, as_raw(aligned_average(burst), burst.frames[0]), ghosts=False)


def cost_bars() -> list[Bar]:
    """Eight hand-held frames of 12 Mpix: CPU time on one thread, and memory while they stream in."""
    cpu, memory = {}, {}
    for sensor in SENSORS:
        facts, mode = mode_of_size(sensor, 12)
        frames = NightScene("room", facts, mode, 8, hand_held=True).taken(lambda: None)
        cpu[sensor] = min(_cpu_s(frames) for _ in range(ROUNDS)) / len(frames)
        allowed = mode.width * mode.height * (4 + 2) / MB + 64
        memory[f"{sensor}, of {allowed:.0f} MB allowed"] = _peak_mb(frames) - allowed
    return [
        Bar("8 x 12 Mpix: CPU a frame, align and merge", "s", cpu, most=0.45),
        Bar("  peak memory beyond float frame + reference + 64 MB", "MB", memory, most=0.0),
    ]


def _cpu_s(frames: list[RawFrame]) -> float:
    start_s = time.process_time()
    merged(frames, threads=1)
    return time.process_time() - start_s


def _peak_mb(frames: list[RawFrame]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        save_frames(frames, Path(folder))
        command = [sys.executable, "-m", "firmware.bench.streaming_memory", folder]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@dataclasses.dataclass(frozen=True)
class Beside:
    """One engine on one burst of 4 frames: CPU seconds, peak megabytes, PSNR of the merged mosaic."""

    cpu_s: float
    peak_mb: float
    psnr_db: float


def peer_bars() -> list[Bar]:
    """Ours beside hdrplus-python on the same bursts in one run; none where it is not found."""
    checkout = os.environ.get("NIGHTJAR_HDRPLUS")
    python = Path(checkout or ".") / ".venv" / "bin" / "python"
    if not checkout or not python.exists():
        print("\nhdrplus-python: not found. NIGHTJAR_HDRPLUS names a checkout of it with a .venv inside.")
        return []
    faster, leaner, better = {}, {}, {}
    print(f"\n{PEER_FRAMES} frames of {PEER_SHAPE[1]} x {PEER_SHAPE[0]}: CPU s, peak MB, PSNR dB")
    for scene in scenes():
        for how, path in (("still", {}), ("hand", HAND)):
            burst = burst_of(scene, PEER_FRAMES, shape=PEER_SHAPE, **path)
            ours, theirs = _ours(burst), [_peer(burst, checkout, python, *pair) for pair in PEER_STRENGTHS]
            for name, row in zip(("nightjar", "hdrplus 75, 0.1", "hdrplus 8, 0.1"), (ours, *theirs), strict=True):
                print(f"  {scene + ', ' + how:18}{name:18}{row.cpu_s:8.2f}{row.peak_mb:8.0f}{row.psnr_db:8.2f}")
            name = f"{scene}, {how}"
            faster[name] = min(row.cpu_s for row in theirs) / ours.cpu_s
            leaner[name] = ours.peak_mb / min(row.peak_mb for row in theirs)
            better[name] = ours.psnr_db - max(row.psnr_db for row in theirs)
    return [
        Bar("hdrplus-python: times our CPU", "x", faster, least=8.0),
        Bar("  our share of its memory", "", leaner, most=1 / 3),
        Bar("  our PSNR above its better one", "dB", better, least=0.0),
    ]


def _ours(burst: TrueBurst) -> Beside:
    frame = merged(burst.frames, threads=1)
    cpu_s = min(_cpu_s(burst.frames) for _ in range(ROUNDS))
    return Beside(cpu_s, _peak_mb(burst.frames), _psnr(linear(frame), burst.clean[reference_of(burst, frame)]))


def _peer(burst: TrueBurst, checkout: str, python: Path, temporal: float, spatial: float) -> Beside:
    noise = burst.frames[0].shot.noise
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "burst.npz", Path(folder) / "merged.npy"
        light = np.stack([linear(frame) for frame in burst.frames])
        np.savez(given, frames=light, shot=noise.shot, read=noise.read, temporal=temporal, spatial=spatial)
        # One thread each: waiting threads would count as its work.
        alone = {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": "", "PYTHONWARNINGS": "ignore"}
        command = [str(python), str(PEER_CHILD), checkout, str(given), str(made)]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | alone).stdout
        measured = json.loads(told.splitlines()[-1])
        return Beside(**measured, psnr_db=_psnr(np.load(made), burst.clean[0]))


def _psnr(picture: np.ndarray, truth: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean(np.square(picture - truth, dtype=np.float64))))


def print_night() -> dict[str, list[dict]]:
    """Print all tables; returns them."""
    found = {}
    for title, measure in (("night: quality", quality_bars), ("night: cost", cost_bars), ("night: peer", peer_bars)):
        if bars := measure():
            print_bars(title, bars)
            found[title] = [bar.to_dict() for bar in bars]
    return found


if __name__ == "__main__":
    run_alone(__doc__, print_night)
