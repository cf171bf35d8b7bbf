"""How far the measured light is from the true one, on simulated and on real scenes; part of `make bench`.

The real scenes are Raspberry Pi Ltd's labelled statistics pictures (awb_nn, BSD-3-Clause), where they are at hand.
Their names carry the truth and what the camera's own Bayesian estimator answered. Our estimator's three constants were
chosen on the photographers in CHOSEN_ON; only the others are a test of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firmware.cameras.simulated import scene_names, simulate
from firmware.sensors import load_sensor, read_libcamera_tuning
from isp.light import classical
from isp.light_statistics import LightStatistics, gather, zones_of

SMALLEST = {"imx477": (1332, 990), "imx708": (1536, 864), "imx219": (640, 480)}
LIGHTS_K = (2850, 4000, 5000, 6500)
SCENES = ("chart", "astronaut", "chelsea", "coffee", "rocket", "grey", "page", "lamps")


def angle(measured: tuple[float, float], true: tuple[float, float]) -> float:
    """Degrees between two lights as vectors (red, green, blue), the usual error of colour constancy."""
    a, b = (np.array([red, 1.0, blue]) for red, blue in (measured, true))
    return float(np.degrees(np.arccos(min(a @ b / np.linalg.norm(a) / np.linalg.norm(b), 1.0))))


def errors_by_scene() -> dict[str, list[float]]:
    """Angular errors of every scene at hand under four lights on three sensors."""
    found: dict[str, list[float]] = {}
    for sensor, (width, height) in SMALLEST.items():
        tuning = load_sensor(sensor).tuning
        for scene in set(SCENES) & set(scene_names()):
            for light_k in LIGHTS_K:
                frame, _ = simulate(scene, sensor, width, height, illuminant_k=light_k)
                grey = classical(gather(frame, tuning)).grey
                found.setdefault(scene, []).append(angle(grey, tuning.grey_at(light_k)))
    return found


def print_errors(found: dict[str, list[float]]) -> dict[str, float]:
    """Print the table; returns the summary over all scenes."""
    everything = np.concatenate(list(found.values()))
    shares = {"mean": np.mean, "median": np.median, "p90": lambda e: np.percentile(e, 90), "max": np.max}
    print(f"\nwhite balance, {len(everything)} pictures: angular error in degrees")
    print(f"  {'':12}" + "".join(f"{name:>8}" for name in shares))
    for scene, errors in [*sorted(found.items()), ("all", everything)]:
        print(f"  {scene:12}" + "".join(f"{share(errors):8.2f}" for share in shares.values()))
    return {name: float(share(everything)) for name, share in shares.items()}


CHOSEN_ON = {"david", "dwt", "peter", "peter3"}
# Labels beyond these ends are clamped.
LABELS_K = (2800.0, 7600.0)


@dataclass(frozen=True)
class RealScene:
    """One labelled picture: errors in mired of our estimate and of the camera's own."""

    platform: str
    photographer: str
    lux: float
    ours: float
    cameras: float


def real_scene_errors(shared: Path) -> list[RealScene]:
    """Every labelled picture under `shared` whose sensor's tuning is there too; empty where there are none."""
    found = [
        (platform, path) for platform in ("vc4", "pisp") for path in (shared / "data/pi-awb" / platform).glob("*.png")
    ]
    tunings = {}
    scenes = []
    for platform, path in sorted(found):
        photographer, sensor, _, true_k, lux, cameras_k = path.stem.split(",")
        if (platform, sensor) not in tunings:
            file = shared / "data/pi-tuning" / f"{platform}_{sensor}.json"
            tunings[platform, sensor] = read_libcamera_tuning(file, sensor)
        tuning = tunings[platform, sensor]
        light = classical(LightStatistics(_published_zones(path), float(lux), tuning))
        errors = [abs(_mired(k) - _mired(float(true_k))) for k in (light.temperature_k, float(cameras_k))]
        scenes.append(RealScene(platform, photographer, float(lux), *errors))
    return scenes


def print_real(scenes: list[RealScene]) -> dict[str, float]:
    """Print the table; returns the mean errors."""
    parts = {
        "chosen on": [scene for scene in scenes if scene.photographer in CHOSEN_ON],
        "held out": [scene for scene in scenes if scene.photographer not in CHOSEN_ON],
        "below 50 lux": [scene for scene in scenes if scene.lux < 50],
    }
    print(f"\nwhite balance, {len(scenes)} real scenes: mean error in mired")
    print(f"  {'':14}{'n':>6}{'ours':>8}{'camera':>8}")
    for name, part in parts.items():
        print(f"  {name:14}{len(part):6}{_mean(part, 'ours'):8.1f}{_mean(part, 'cameras'):8.1f}")
    return {f"{name}, {whose}": _mean(part, whose) for name, part in parts.items() for whose in ("ours", "cameras")}


def _mean(scenes: list[RealScene], whose: str) -> float:
    return float(np.mean([getattr(scene, whose) for scene in scenes]))


def _mired(temperature_k: float) -> float:
    return 1e6 / float(np.clip(temperature_k, *LABELS_K))


def _published_zones(path: Path) -> np.ndarray:
    import cv2

    return zones_of(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1])
