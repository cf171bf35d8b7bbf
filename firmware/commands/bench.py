"""Measure this machine: what night mode gains on simulated bursts whose truth is known, and what it costs here."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterator
from typing import TYPE_CHECKING

from firmware.console import Progress, UsageError, answer, coloured, columns, note

if TYPE_CHECKING:
    from firmware.bench.night import NightMeasured

MEGAPIXELS = (1, 3, 12)
FRAMES = (2, 64)
NUMBERS = (2, 3, 4)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to measure, and of what size."""
    parser.add_argument("what", choices=["night"], help="night: bursts aligned and merged")
    parser.add_argument("--mpix", type=int, choices=MEGAPIXELS, default=3, help="size of the frames (default: 3)")
    parser.add_argument("--frames", type=int, default=8, metavar="N", help="frames of each burst, 2 to 64 (default: 8)")
    parser.add_argument("--sensor", default="imx477", metavar="NAME", help="whose noise and size (default: imx477)")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    if not FRAMES[0] <= arguments.frames <= FRAMES[1]:
        raise UsageError(f"--frames {arguments.frames}: a burst has {FRAMES[0]} to {FRAMES[1]} frames")
    from firmware.bench.night import SCENES, measure_night, scenes_at_hand, steps

    if missing := [name for name in SCENES if name not in scenes_at_hand()]:
        note(f"scikit-image is not installed, so {', '.join(missing)} is left out: pip install 'scikit-image>=0.22'")
    progress = Progress(steps(arguments.frames), quiet=arguments.json)
    try:
        measured = measure_night(arguments.sensor, arguments.mpix, arguments.frames, progress.step)
    finally:
        progress.end()
    machine = {"machine": platform.machine(), "cpus": os.cpu_count()}
    answer(arguments.json, measured.to_dict() | machine, lines(measured))
    return 0


def lines(measured: NightMeasured) -> Iterator[str]:
    """Gain of each burst, then costs."""
    yield (
        f"{measured.frames} frames of {measured.width} x {measured.height}, {measured.sensor} at ISO 1600, on "
        f"{platform.machine()} with {os.cpu_count()} processors; CPU time of one"
    )
    yield ""
    rows = [["scene", "camera", "gain dB", "worst block dB", "CPU s per frame"]]
    rows += [
        [
            burst.scene,
            "hand-held" if burst.hand_held else "still",
            f"{burst.gain_db:.2f}",
            f"{round(burst.worst_block_db, 2) + 0.0:+.2f}",  # no -0.00
            f"{burst.cpu_s_per_frame:.3f}",
        ]
        for burst in measured.gained
    ]
    heading, *table = columns(rows, numbers=NUMBERS)
    yield coloured(heading, "bold")
    yield from table
    costs = measured.costs
    yield ""
    yield (
        f"one more frame: {costs.frame_ms:.0f} ms (grey pyramid {costs.pyramid_ms:.0f}, align {costs.align_ms:.0f}, "
        f"merge {costs.merge_ms:.0f}), as long as {costs.copies:.0f} copies of it; at the end {costs.finish_ms:.0f} ms"
    )
    yield f"peak memory while frames stream in: {measured.peak_mb:.0f} MB, for any number of frames"
