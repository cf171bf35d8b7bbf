"""What a zoomed picture must be worth, and what is measured against it, by name: for the tests and for `make bench`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from measures.bursts import hand_held
from measures.passers_by import Ball, Lamp, Occluder
from measures.scenery import kodak_folder
from measures.zoom_bursts import PATH_PX, ROLL_DEGREES, ZoomCase, shaken, tremor, zoom_burst
from measures.zoom_quality import ZoomPictures
from measures.zoom_scenes import zone_frequency

from firmware.cameras.simulation.scenes import scene_names

# Decibels above the plain picture, by ISO; between the two that are asked for the lower holds.
TWICE_DB = {100: 2.0, 400: 1.0, 1600: 1.0}
ONCE_DB = 1.0
SHARPER = 1.35  # times the plain picture's MTF50
SWING = 0.08  # overshoot of an edge, as a share of it
ALIASING_DB = 6.0
WORSE_DB = 0.3  # than the single frame, of any block
# Of flat patches: variance beside what the shot says of it, and how far means may stray.
NOISIER, ASTRAY = 1.3, 0.005
PHOTOGRAPHS = ("kodim01", "kodim05", "kodim08", "kodim13", "kodim19", "kodim23", "kodim24", "coffee", "astronaut")
DRAWN = ("texture", "chart")
# What crosses the picture, with its place in a frame of 256 x 384.
MOVING = {
    "ball": [Ball((100, 80), (4, 9), 30)],
    "slow ball": [Ball((100, 180), (0.3, 0.4), 30)],
    "somebody enters": [Occluder(60, 12)],
    "somebody creeps in": [Occluder(120, 0.6)],
    "lamp switched on": [Lamp((130, 200), 4)],
}
HAND = hand_held(8, PATH_PX, ROLL_DEGREES, 1)
# A lens, a sensor, a hand that the solver was not told of.
STRANGE = {
    "pixels that are points": {"aperture_px": 0.0},
    "pixels half open": {"aperture_px": 0.5},
    "sharpest lens, points": {"aperture_px": 0.0, "lens_px": 0.2},
    "soft lens": {"lens_px": 0.6},
    "softest lens": {"lens_px": 0.9},
    "more noise than is said": {"noise_told": 1 / 1.5},
    "less noise than is said": {"noise_told": 1.5},
    "three frames smeared": {"poses": shaken(HAND, dict.fromkeys((2, 4, 5), (0.3, 0.8)))},
    "tremor of the simulated camera": {"poses": tremor(8, 60.0, seed=5, exposed=0.5)},
}  # fmt: skip


def at_hand(scenes: Iterable[str]) -> list[str]:
    """Those of the scenes whose pictures this machine has."""
    return [scene for scene in scenes if why_not(scene) == ""]


def why_not(scene: str) -> str:
    """Why this scene is not to be had, and what would help; empty if it is."""
    if scene.startswith("kodim") and not (kodak_folder() / f"{scene}.png").is_file():
        return f"{kodak_folder()} is not there; name the shared folder in NIGHTJAR_SHARED"
    if scene in ("coffee", "astronaut", "page", "text", "chelsea", "rocket") and scene not in scene_names():
        return "scikit-image's photographs are not installed (extra: bench)"
    return ""


def edge_of(iso: int = 100, **more: object) -> Mapping[str, float]:
    """Of a slanted edge in a chart: how much sharper it became, and how far it swings beyond its sides."""
    pictures = ZoomPictures(zoom_burst("edge chart", 8, iso, **more))
    before, (after, swing) = pictures.sharpness(pictures.plain)[0], pictures.sharpness(pictures.measured)
    return {"sharper": after / before, "swing": swing}


def aliasing_fallen_db(case: ZoomCase) -> float:
    """By how much less of a zone plate lies at wrong frequencies or in false colour, beyond one frame's Nyquist."""
    pictures = ZoomPictures(case)
    frequency = zone_frequency(pictures.truth.shape[:2])
    before, after = (pictures.aliasing(picture, frequency) for picture in (pictures.plain, pictures.measured))
    return float(10 * np.log10(before / after))


def flat_patches(pictures: ZoomPictures) -> Mapping[str, float]:
    """Of even greys: noise (times what the shot says, mean of all), and how far a colour's mean strays from plain's.

    The scene is "steps" and does not move across them: what the truth has as even within a pixel or two is looked at.
    """
    truth, measured = pictures.truth, pictures.measured
    noise = pictures.zoomed.frame.shot.noise
    times, astray = [], []
    for level in np.unique(np.round(truth[..., 1], 2)):
        even = np.abs(truth[..., 1] - level) < 0.01
        for axis in (0, 1):
            for step in (-6, 6):
                even &= np.roll(even, step, axis)
        even[:32], even[-32:], even[:, :32], even[:, -32:] = False, False, False, False
        if even.sum() < 2000 or level > 0.9:
            continue
        error = (measured - truth)[even]
        times.append(float(error[:, 1].var() / (noise.shot * truth[even][:, 1].mean() + noise.read)))
        strayed = measured[even].mean(axis=0) - pictures.plain[even].mean(axis=0)
        astray.append(float(np.abs(strayed / truth[even].mean(axis=0)).max()))
    return {"noisier": float(np.mean(times)), "astray": max(astray)}
