"""How near the truth each demosaic comes, and what a pixel costs; `python tests/bench/demosaic.py`.

Colour PSNR in dB over all three channels, clipped to 0..1, 8 pixels of border left out, mean of pictures. Menon is that
of `colour-demosaicing`, where the package is installed. Costs are CPU time of one thread on a 4056 x 3040 frame: black
level, white balance and demosaic in one pass.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from measures.mosaics import colour_psnr, mosaic_of
from measures.saturated import saturated_pictures
from measures.shared_folder import SHARED

from firmware.sensors import load_sensor
from isp.demosaic import Demosaic, demosaic
from isp.frames import NEUTRAL_SHOT, LinearImage, Mosaic, Noise
from isp.kernels import Chain
from isp.levels import Levels
from isp.white_balance import WhiteBalance

FRAME = (3040, 4056)
ROUNDS = 7


def bilinear(mosaic: np.ndarray) -> np.ndarray:
    """The mean of the nearest two or four of each colour: the floor under everything else."""
    height, width = mosaic.shape
    colours = np.zeros((3, height + 2, width + 2), np.float32)
    padded = np.pad(mosaic, 1, mode="reflect")
    for plane, starts in zip(colours, (((1, 1),), ((1, 0), (0, 1)), ((0, 0),)), strict=True):
        for y, x in starts:
            plane[y::2, x::2] = padded[y::2, x::2]
    sides = sum(np.roll(colours, step, axis) for axis in (1, 2) for step in (-1, 1))
    corners = sum(np.roll(colours, (y, x), (1, 2)) for y in (-1, 1) for x in (-1, 1))
    colours += sides * np.array([0.5, 0.25, 0.5], np.float32)[:, None, None]
    colours[::2] += 0.25 * corners[::2]
    return np.moveaxis(colours[:, 1:-1, 1:-1], 0, -1)


def methods(noise: Noise | None, ours_only: bool = False) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Name -> what makes a picture of an RGGB mosaic."""
    found = {
        "bilinear": bilinear,
        "fast (Malvar)": lambda mosaic: demosaic(mosaic, "RGGB", "fast"),
        "fine": lambda mosaic: demosaic(mosaic, "RGGB"),
        "fine, noise known": lambda mosaic: demosaic(mosaic, "RGGB", noise=noise or Noise(0.0, 0.0)),
    }
    if ours_only:
        return {name: found[name] for name in ("fast (Malvar)", "fine", "fine, noise known")}
    try:
        from colour_demosaicing import demosaicing_CFA_Bayer_Menon2007
    except ImportError:
        print("colour-demosaicing is not installed: no row for Menon")
    else:
        found["Menon (DDFAPD)"] = demosaicing_CFA_Bayer_Menon2007
    return found


def exposed(picture: np.ndarray, noise: Noise) -> np.ndarray:
    """The noisy RGGB mosaic of linear light."""
    mosaic = mosaic_of(picture)
    deviation = np.sqrt(noise.shot * mosaic + noise.read)
    return np.random.default_rng(1).normal(mosaic, deviation).astype(np.float32)


def quality(ours_only: bool = False) -> dict[str, dict[str, float]]:
    """Set of pictures -> method -> dB; sets whose photographs are not at hand are left out."""
    files = sorted((SHARED / "data" / "kodak24").glob("*.png"))
    kodak = [np.asarray(Image.open(path).convert("RGB"), dtype=np.float32) / 255 for path in files]
    iso_1600 = load_sensor("imx477").tuning.noise_at(16.0)
    linear = [((p + 0.055) / 1.055) ** 2.4 for p in kodak]
    sets = {
        "Kodak 24": (kodak, [mosaic_of(p) for p in kodak], None),
        "saturated": (pictures := saturated_pictures(SHARED), [mosaic_of(p) for p in pictures], None),
        "Kodak 24, linear, ISO 1600": (linear, [exposed(p, iso_1600) for p in linear], iso_1600),
    }
    table = {}
    for name, (truths, mosaics, noise) in sets.items():
        if truths:
            table[name] = {
                method: float(np.mean([colour_psnr(make(m), t) for m, t in zip(mosaics, truths, strict=True)]))
                for method, make in methods(noise, ours_only).items()
            }
    return table


def cost() -> dict[str, float]:
    """CPU milliseconds of the pass without demosaic, with fast, and with fine."""
    counts = np.random.default_rng(2).integers(256, 4096, FRAME).astype(np.uint16)
    made = {Mosaic: np.empty(FRAME, np.float32), LinearImage: np.empty((*FRAME, 3), np.float32)}
    before = (Levels(), WhiteBalance(gains=(1.9, 1.0, 1.6)))
    rows = {"levels and white balance": before}
    rows |= {f"with {name}": (*before, Demosaic(quality=name)) for name in ("fast", "fine")}
    spent = {name: [] for name in rows}
    for _ in range(ROUNDS):
        for name, stages in rows.items():
            chain = Chain.over_raw(counts)
            for stage in stages:
                stage.add_to(chain, NEUTRAL_SHOT)
            run = chain.run_linear if stages[-1].makes is LinearImage else chain.run_mosaic
            start = time.process_time()
            run(made[stages[-1].makes], 1)
            spent[name].append(1e3 * (time.process_time() - start))
    return {name: statistics.median(times) for name, times in spent.items()}


def print_demosaic() -> dict[str, dict[str, float]]:
    """Print the tables; returns them."""
    tables = quality()
    for name, row in tables.items():
        print(f"\n{name}: colour PSNR in dB")
        for method, decibels in row.items():
            print(f"  {method:24}{decibels:7.2f}")
    tables["cpu_ms"] = cost()
    print("\nCPU ms of one thread, 4056 x 3040")
    for name, milliseconds in tables["cpu_ms"].items():
        print(f"  {name:24}{milliseconds:7.0f}")
    return tables


if __name__ == "__main__":
    print_demosaic()
