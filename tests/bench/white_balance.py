"""How far the measured light is from the true one on simulated scenes; part of `make bench`.

Real scenes: see labelled_light.py.
"""

from __future__ import annotations

import numpy as np

from firmware.cameras.simulated import scene_names, simulate
from firmware.sensors import load_sensor
from isp.light import classical
from isp.light_statistics import gather

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
