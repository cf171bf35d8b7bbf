"""How far the measured light is from the true one, judge beside judge; part of `make bench`.

On the product's simulated scenes; on simulated scenes of one colour; on photographs of a sensor that nothing here was
made for; and on Raspberry Pi's labelled pictures, see labelled_light.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from bars import run_alone
from labelled_light import labelled_pictures, print_labelled
from measures import sensor_never_seen as never_seen
from measures.coloured_scenes import print_coloured
from measures.light_errors import angle
from measures.shared_folder import SHARED

from accelerators.published.judged import Summary
from firmware.cameras.simulated import scene_names, simulate
from firmware.evaluation.judges import JUDGES, judge_called
from firmware.sensors import load_sensor
from isp.light_estimate import Judge
from isp.light_statistics import gather

SMALLEST = {"imx477": (1332, 990), "imx708": (1536, 864), "imx219": (640, 480)}
LIGHTS_K = (2850, 4000, 5000, 6500)
SCENES = ("chart", "astronaut", "chelsea", "coffee", "rocket", "grey", "page", "lamps")
NEVER_SEEN = {
    "grey world": never_seen.grey_world,
    "shades of grey": never_seen.shades_of_grey,
    "edges": never_seen.edges,
}


def print_white_balance() -> dict[str, Any]:
    """Print every table; returns their figures."""
    judges = {name: judge_called(name) for name in JUDGES}
    return {
        "simulated_degrees": print_simulated(judges),
        "one_colour_degrees": print_coloured(judges),
        "sensor_never_seen_degrees": print_never_seen(judges),
        "labelled_mired": print_labelled(labelled_pictures()),
    }


def print_simulated(judges: dict[str, Judge]) -> dict[str, dict[str, float]]:
    """Angular errors on the product's scenes under four lights on three sensors: a row for each scene, and for all."""
    found = {name: {scene: [] for scene in sorted(set(SCENES) & set(scene_names()))} for name in judges}
    for sensor, (width, height) in SMALLEST.items():
        tuning = load_sensor(sensor).tuning
        for scene in set(SCENES) & set(scene_names()):
            for light_k in LIGHTS_K:
                frame, _ = simulate(scene, sensor, width, height, illuminant_k=light_k)
                statistics = gather(frame, tuning)
                for name, judge in judges.items():
                    found[name][scene].append(angle(judge(statistics).grey, tuning.grey_at(light_k)))
    for name, by_scene in found.items():
        everything = np.concatenate(list(by_scene.values()))
        _print_errors(f"white balance by the {name} judge, {len(everything)} simulated pictures", by_scene)
    return {name: _summary(np.concatenate(list(by_scene.values()))) for name, by_scene in found.items()}


def print_never_seen(judges: dict[str, Judge]) -> dict[str, dict[str, float]]:
    """Angular errors on photographs of Sony IMX135; judges without a curve, and with one of the other half's greys."""
    scenes = never_seen.photographs(SHARED)
    if not scenes:
        print(f"\na sensor never seen: not measured: there are no photographs in {SHARED}/data/awb-imx135")
        return {}
    found = {name: never_seen.angles(scenes, estimate) for name, estimate in NEVER_SEEN.items()}
    for name, judge in judges.items():
        found[f"{name}, no curve"] = never_seen.judged_unknown(scenes, judge)
        found[f"{name}, curve"] = never_seen.judged_calibrated(scenes, judge)
    _print_errors(f"a sensor never seen (IMX135), {len(scenes)} photographs", found, of_all=False)
    return {name: _summary(errors) for name, errors in found.items()}


def _print_errors(title: str, found: dict[str, Any], of_all: bool = True) -> None:
    rows = dict(found)
    if of_all:
        rows["all"] = np.concatenate(list(found.values()))
    summaries = {name: _summary(np.asarray(errors)) for name, errors in rows.items()}
    print(f"\n{title}: angular error in degrees")
    print(f"  {'':22}" + "".join(f"{name:>14}" for name in next(iter(summaries.values()))))
    for name, summary in summaries.items():
        print(f"  {name:22}" + "".join(f"{number:14.2f}" for number in summary.values()))


def _summary(errors: np.ndarray) -> dict[str, float]:
    summary = vars(Summary.of(errors))
    return {name: summary[name] for name in ("mean", "median", "p95", "worst_quarter", "max")}


if __name__ == "__main__":
    run_alone(__doc__, print_white_balance)
