"""What a live portrait costs: CPU time of one picture at each size, and of one look for the subject beside it.

Alone: `python tests/bench/portrait_preview.py [--models FOLDER]`, with the folder that `nightjar models fetch` filled.
The preview runs on one core and the network on another; both figures are CPU time, which does not mind neighbours.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from firmware.cameras.simulated import simulate
from firmware.preview.blur import Blur, looking_size, luma_of
from firmware.preview.light import for_preview
from firmware.preview.moving import follow
from firmware.preview.picture import develop_picture, room_for, views_of
from firmware.preview.steady_mask import Steadying, SteadyMask
from firmware.sensors import load_sensor
from isp.bokeh import Bokeh
from isp.ground import ground_of
from isp.photo import photo_pipeline
from isp.plan import plan
from isp.tone import Tone
from isp.virtual_lens import largest_radius_px

SIZES = ((480, 640), (760, 1014), (1520, 2028))
WANTED_PER_SECOND = 15
ROUNDS = 9
LOOK_NS = 100_000_000


def best_ms(works: dict[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """Least CPU milliseconds of each, taking turns."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = time.process_time()
            work()
            spent[name].append(1e3 * (time.process_time() - start))
    return {name: min(times) for name, times in spent.items()}


def drawing_ms(size: tuple[int, int], f_number: float = 2.0) -> dict[str, float]:
    """CPU milliseconds of developing a picture of this size and blurring it, and of what comes with each look."""
    height, width = size
    whole, _ = simulate("coffee", "imx477", 2028, 1520)
    frame = dataclasses.replace(whole, pixels=np.ascontiguousarray(whole.pixels[:height, :width]))
    recipe = plan(for_preview(photo_pipeline()), frame, load_sensor("imx477").tuning)
    picture, blur, steadying = room_for(frame, None), Blur(), Steadying()
    mask = np.zeros(looking_size(size), np.uint8)
    rows, columns = mask.shape
    mask[rows // 4 : rows * 7 // 8, columns // 3 : columns * 2 // 3] = 255
    bokeh = Bokeh(largest_px=largest_radius_px(f_number, 50.0, 1.5, width, 1.0), ground=ground_of(mask))
    develop_picture(frame, recipe, picture)
    small = blur.in_small(views_of(picture))
    luma = luma_of(small)
    looks = iter(range(10**6))
    return best_ms(
        {
            "develop": lambda: develop_picture(frame, recipe, picture),
            "blur": lambda: blur.draw(views_of(picture), SteadyMask(mask, luma, 1.0), bokeh, recipe.stage(Tone)),
            "follow": lambda: follow(mask, luma, blur.luma_in_small(views_of(picture))),
            "in small": lambda: blur.in_small(views_of(picture)),
            "steady": lambda: steadying.take(mask, luma, next(looks) * LOOK_NS),
        }
    )


def looking_ms(models: Path, name: str = "fast") -> dict[str, float]:
    """CPU milliseconds of one look at a preview, network and edge. Raises AcceleratorError where none can be."""
    from accelerators.masking import Gate, Masking, Means

    masking = Masking(Means(name, models, device="cpu", threads=1))
    whole, _ = simulate("astronaut", "imx477", 2028, 1520)
    picture = room_for(whole, None)
    develop_picture(whole, plan(for_preview(photo_pipeline()), whole, load_sensor("imx477").tuning), picture)
    small = Blur().in_small(views_of(picture))
    try:
        return best_ms({"look": lambda: masking.look(small, Gate(0.5))})
    finally:
        masking.close()


def print_portrait_preview(models: Path | None) -> dict[str, dict[str, float]]:
    """The table; returns its numbers."""
    from accelerators.errors import AcceleratorError

    print("\nlive portrait, CPU ms of one picture on one core")
    table = {}
    for size in SIZES:
        row = drawing_ms(size)
        row["pictures per second"] = 1e3 / (row["develop"] + row["blur"] + row["follow"])
        table[f"{size[1]} x {size[0]}"] = row
        reached = "reaches" if row["pictures per second"] >= WANTED_PER_SECOND else "misses"
        print(
            f"  {size[1]:>4} x {size[0]:<4}  develop {row['develop']:5.1f}  blur {row['blur']:5.1f}  "
            f"follow {row['follow']:4.1f}  "
            f"{row['pictures per second']:6.1f} per second: {reached} {WANTED_PER_SECOND}   "
            f"(each look: in small {row['in small']:.1f}, steady {row['steady']:.1f})"
        )
    if models is None:
        print("  no look at a subject: name the folder of `nightjar models fetch` with --models")
        return table
    try:
        look = looking_ms(models)
    except AcceleratorError as error:
        print(f"  no look at a subject: {error}")
        return table
    largest = table[f"{SIZES[-1][1]} x {SIZES[-1][0]}"]
    look["looks per second"] = 1e3 / (look["look"] + largest["steady"])
    print(f"  beside it on another core: a look {look['look']:.1f}, {look['looks per second']:.1f} per second")
    return table | {"look": look}


def main() -> None:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, help="folder with installed models")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    arguments = parser.parse_args()
    table = print_portrait_preview(arguments.models)
    if arguments.json:
        arguments.json.write_text(json.dumps(table, indent=2))


if __name__ == "__main__":
    main()
