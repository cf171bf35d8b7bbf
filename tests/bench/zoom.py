"""Zoom against its bars and beside other ways to a larger picture; `make bench`, or `python tests/bench/zoom.py`.

Peers: bicubic and Lanczos enlargements, ours, Pillow's and OpenCV's, and published networks (FSRCNN, ESPCN) where the
shared folder has their files; they are only run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from bars import LIGHT_K, Bar, print_bars, run_alone
from measures.zoom_bars import (
    ALIASING_DB,
    ASTRAY,
    DRAWN,
    MOVING,
    NOISIER,
    ONCE_DB,
    PHOTOGRAPHS,
    SHARPER,
    STRANGE,
    SWING,
    TWICE_DB,
    WORSE_DB,
    aliasing_fallen_db,
    at_hand,
    edge_of,
    flat_patches,
)
from measures.zoom_bursts import zoom_burst
from measures.zoom_quality import ZoomPictures
from upscaling import print_upscaling

from firmware.bench.streaming_memory import save_frames
from firmware.sensors import load_sensor
from isp.burst.streaming import NightBurst
from isp.develop import develop
from isp.frames import RawFrame
from isp.photo import photo_pipeline
from isp.zoom.crop import Crop
from isp.zoom.developing import develop_zoomed
from isp.zoom.resample import resampled
from isp.zoom.taps import Filter
from isp.zoom.zoom_burst import ZoomBurst

FRAMES, FACTORS = (8, 15), (2.0, 1.5, 1.0)
CROP_SHAPE = (1520, 2028)  # half of an imx477 each way: zoomed twice
COST_FRAMES, ROUNDS = 8, 3
MOST_CPU_S = 6.0
MEMORY_CHILD = Path(__file__).with_name("zoom_memory.py")
PIPELINE = {"white_balance": {"temperature_k": LIGHT_K}}


def gain_bars() -> list[Bar]:
    """Decibels above what the same frames give without it; printed whole, as the bars name only the worst."""
    scenes = [*at_hand(PHOTOGRAPHS), *DRAWN]
    print("\nzoom: dB above the merged burst (fine demosaic, bicubic), displayed | linear, means of the scenes")
    bars = []
    for iso, twice in TWICE_DB.items():
        found = {factor: {} for factor in FACTORS}
        for frames in FRAMES:
            cases = {name: zoom_burst(name, frames, iso, seed=iso + frames) for name in scenes}
            # More frames are asked for what they are taken for.
            for factor in FACTORS if frames == FRAMES[0] else FACTORS[:1]:
                pictures = {name: ZoomPictures(case, factor) for name, case in cases.items()}
                gains = {name: (each.gain_db(), each.linear_gain_db()) for name, each in pictures.items()}
                single = np.mean([each.gain_db("single") for each in pictures.values()])
                found[factor] |= {f"{name}, {frames} frames": min(pair) for name, pair in gains.items()}
                shown, linear = np.mean(list(gains.values()), axis=0)
                print(
                    f"  x{factor:<4g} ISO {iso:<5} {frames:2} frames  {shown:6.2f} |{linear:6.2f}"
                    f"   above one frame, displayed {single:6.2f}"
                )
        bars += [
            Bar(
                f"x{factor:g}, ISO {iso}: above plain, displayed and linear",
                "dB",
                found[factor],
                least=twice if factor == 2 else ONCE_DB,
            )
            for factor in FACTORS
        ]
    return bars


def look_bars() -> list[Bar]:
    """Edges, waves, what moves, greys, and what the solver was not told."""
    edges = {f"lens {lens} px, ISO {iso}": edge_of(iso, lens_px=lens) for lens in (0.2, 0.35) for iso in (100, 400)}
    points = {f"lens {lens} px, points": edge_of(100, lens_px=lens, aperture_px=0.0) for lens in (0.2, 0.35)}
    waves = {
        f"aperture {open_px:g} px": aliasing_fallen_db(zoom_burst("zone plate", aperture_px=open_px))
        for open_px in (1, 0)
    }
    worse, linear_worse = {}, {}
    for scene in at_hand(("texture", "kodim05", "kodim23")):
        for iso in TWICE_DB:
            for name, things in MOVING.items():
                pictures = ZoomPictures(zoom_burst(scene, iso=iso, things=things))
                worse[f"{scene}, {name}, ISO {iso}"] = pictures.worst_block()[0]
                linear_worse[f"{scene}, {name}, ISO {iso}"] = pictures.worst_block(displayed=False)[0]
    flats = {f"ISO {iso}": flat_patches(ZoomPictures(zoom_burst("steps", iso=iso))) for iso in TWICE_DB}
    strange = {
        f"{name}, {scene}, ISO {iso}": ZoomPictures(zoom_burst(scene, iso=iso, **facts)).gain_db()
        for name, facts in STRANGE.items()
        for scene in at_hand(("kodim19", "astronaut"))
        for iso in (100, 1600)
    }
    false_colour = {}
    for scene in at_hand(("kodim19", "page", "kodim08")):
        pictures = ZoomPictures(zoom_burst(scene))
        false_colour[scene] = pictures.false_colour_db("plain") - pictures.false_colour_db("measured")
    bars = [
        Bar("MTF50 of a slanted edge, beside plain", "times", _of(edges | points, "sharper"), least=SHARPER),
        Bar("overshoot of that edge", "", _of(edges | points, "swing"), most=SWING),
        Bar("zone plate: what is aliased beyond one frame's Nyquist, less by", "dB", waves, least=ALIASING_DB),
        Bar("what moves: worst block worse than one frame by, displayed", "dB", worse, most=WORSE_DB),
        Bar("  the same in linear light", "dB", linear_worse, most=WORSE_DB),
        Bar("even greys: noise beside what the shot says", "times", _of(flats, "noisier"), most=NOISIER),
        Bar("even greys: mean of a colour away from plain", "", _of(flats, "astray"), most=ASTRAY),
    ]
    if strange:
        bars.append(Bar("other lens, sensor, hand, noise: above plain", "dB", strange, least=0.0))
    if false_colour:
        bars.append(Bar("false colour below plain by", "dB", false_colour, least=0.0))
    return bars


def _of(found: dict, what: str) -> dict[str, float]:
    return {name: each[what] for name, each in found.items()}


def cost_bars() -> list[Bar]:
    """12 Mpix from 8 frames of 3 Mpix, frames to photo, on one thread; beside it the enlarged photo of night mode."""
    scene = (at_hand(("kodim05",)) or ["texture"])[0]
    frames = zoom_burst(scene, COST_FRAMES, shape=CROP_SHAPE).burst.frames
    ways: dict[str, Callable[[], np.ndarray]] = {"measured, frames to photo": lambda: _measured(frames)}
    ways |= {
        f"night photo, {name}": lambda larger=larger: larger(_night(frames)) for name, larger in enlargers().items()
    }
    spent = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, work in ways.items():
            start_s = time.process_time()
            work()
            spent[name].append(time.process_time() - start_s)
    cpu = {name: min(each) for name, each in spent.items()}
    ours = cpu["measured, frames to photo"]
    print(f"\nzoom: {COST_FRAMES} frames of 3 Mpix to a photo of 12 Mpix, one thread, CPU s, and times ours")
    for name, seconds in cpu.items():
        print(f"  {name:40}{seconds:8.2f}{seconds / ours:8.2f}")
    memory = {f"{COST_FRAMES} frames": _peak_mb(frames)}
    return [
        Bar("8 x 3 Mpix to 12 Mpix: CPU, frames to photo", "s", {scene: ours}, most=MOST_CPU_S),
        Bar("  peak memory of the burst, frames kept and picture included", "MB", memory, most=_allowed_mb()),
    ]


def enlargers() -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Classical ways to twice the size, (H, W, 3) uint8 to (2H, 2W, 3) uint8."""
    import cv2
    from PIL import Image

    cv2.setNumThreads(1)

    def ours(kind: Filter) -> Callable[[np.ndarray], np.ndarray]:
        return lambda photo: resampled(photo, (2 * photo.shape[0], 2 * photo.shape[1]), kind, threads=1)

    def pillow(kind: Image.Resampling) -> Callable[[np.ndarray], np.ndarray]:
        return lambda photo: np.asarray(Image.fromarray(photo).resize((2 * photo.shape[1], 2 * photo.shape[0]), kind))

    def opencv(kind: int) -> Callable[[np.ndarray], np.ndarray]:
        return lambda photo: cv2.resize(photo, None, fx=2, fy=2, interpolation=kind)

    return {
        "bicubic": ours(Filter.BICUBIC),
        "Lanczos": ours(Filter.LANCZOS),
        "Pillow bicubic": pillow(Image.Resampling.BICUBIC),
        "Pillow Lanczos": pillow(Image.Resampling.LANCZOS),
        "OpenCV cubic": opencv(cv2.INTER_CUBIC),
        "OpenCV Lanczos": opencv(cv2.INTER_LANCZOS4),
    }


def _measured(frames: list[RawFrame]) -> np.ndarray:
    burst = ZoomBurst(2.0, Crop(0, 0, *frames[0].pixels.shape), threads=1)
    for frame in frames:
        burst.add(frame)
    return develop_zoomed(burst.finish().frame, photo_pipeline(PIPELINE), load_sensor("imx477").tuning, 1).pixels


def _night(frames: list[RawFrame]) -> np.ndarray:
    burst = NightBurst(threads=1)
    for frame in frames:
        burst.add(frame)
    return develop(burst.finish().frame, photo_pipeline(PIPELINE), load_sensor("imx477").tuning, 1).pixels


def _allowed_mb() -> float:
    """Frames kept (2 bytes a pixel), merge and plain picture (5 floats), the fine picture, counts (6) and 96 MB."""
    pixels = CROP_SHAPE[0] * CROP_SHAPE[1]
    return pixels * (2 * COST_FRAMES + 4 * 5 + 4 * 6) / 2**20 + 96


def _peak_mb(frames: list[RawFrame]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        save_frames(frames, Path(folder))
        command = [sys.executable, str(MEMORY_CHILD), folder]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def print_zoom() -> dict[str, list[dict]]:
    """Print all tables; returns them."""
    found = {}
    for title, measure in (("zoom: gain", gain_bars), ("zoom: look", look_bars), ("zoom: cost", cost_bars)):
        print_bars(title, bars := measure())
        found[title] = [bar.to_dict() for bar in bars]
    return found | print_upscaling(enlargers())


if __name__ == "__main__":
    run_alone(__doc__, print_zoom)
