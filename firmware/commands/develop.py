"""Turn raw files into photos. A DNG beside its sidecar gives the camera's own JPEG again, byte for byte.

With --mode night each folder is one burst: its frames are merged, and the merged raw is kept beside the photo as a DNG.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from firmware.configuration import COMMAND_LINE, check_pictures, load
from firmware.console import Progress, UsageError, answer, coloured, note
from firmware.errors import SettingsError

if TYPE_CHECKING:
    from firmware.darkroom.redevelop import Developed, Wishes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which files, where to, and how."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="raw files, or folders of them; with --mode night a folder is one burst",
    )
    parser.add_argument("-o", "--output", default=".", metavar="DIR", help="folder for the photos (default: this one)")
    parser.add_argument("--mode", metavar="M", help="plan anew in this mode, whatever the sidecar says")
    parser.add_argument("--recipe", metavar="FILE", help="follow the recipe of this sidecar for every file")
    parser.add_argument("--no-sidecar", action="store_true", help="plan anew, whatever lies beside the files")
    parser.add_argument("--show-steps", action="store_true", help="write every intermediate as a PNG into STEM-steps/")
    parser.add_argument("--threads", type=int, metavar="N", help="processors to use (default: all; same picture)")
    parser.add_argument("--force", action="store_true", help="replace photos that exist")


def run(arguments: argparse.Namespace) -> int:
    """Develop all; 1 when a file failed."""
    wishes = _wishes(arguments)
    from firmware.darkroom.redevelop import as_dict

    merges = bool(arguments.mode) and wishes.mode.burst
    made, failed, of = (_merge_bursts if merges else _develop_files)(arguments, wishes)
    data = {"photos": [as_dict(photo) for photo in made], "failed": [as_dict(failure) for failure in failed]}
    if failed:
        data["error"] = f"{len(failed)} of {of} failed"
    answer(arguments.json, data, lines(made))
    for failure in [] if arguments.json else failed:
        note(f"{coloured('nightjar:', 'red')} {failure.error}")
    return 1 if failed else 0


def _develop_files(arguments: argparse.Namespace, wishes: Wishes) -> tuple[list, list, str]:
    """Each file for itself. What was made, what failed, and of how many."""
    from firmware.darkroom.redevelop import develop_files, find_raw_files

    files = find_raw_files(arguments.files)
    if not files:
        raise SettingsError(f"There is no raw file in {', '.join(arguments.files)}.")
    progress = Progress(len(files), quiet=arguments.json)
    try:
        return *develop_files(files, wishes, lambda file: progress.step(str(file))), f"{len(files)} files"
    finally:
        progress.end()


def _merge_bursts(arguments: argparse.Namespace, wishes: Wishes) -> tuple[list, list, str]:
    """Each folder a burst. What was made, what failed, and of how many."""
    from firmware.darkroom.bursts import develop_bursts, find_bursts, steps_of

    bursts = find_bursts(arguments.files)
    if not arguments.json and not all(burst.is_folder for burst in bursts):
        note("Files named singly are developed as they are. To merge frames, name the folder they are in.")
    progress = Progress(steps_of(bursts), quiet=arguments.json)
    try:
        return *develop_bursts(bursts, wishes, progress.step), f"{len(bursts)} bursts"
    finally:
        progress.end()


def lines(made: list[Developed]) -> Iterator[str]:
    """One line for each photo, and one for each frame that gave nothing to it."""
    for photo in made:
        how = "planned anew" if photo.recipe == "planned" else f"recipe of {Path(photo.recipe).name}"
        merged = f", {photo.frames} frames merged" if photo.frames > 1 else ""
        yield f"{photo.raw} -> {photo.jpeg}  mode {photo.mode}, {how}{merged}, {photo.develop_ms:.0f} ms"
        yield from (f"    left out: {frame}" for frame in photo.left_out)


def _wishes(arguments: argparse.Namespace) -> Wishes:
    from firmware.darkroom.modes import choose_mode, load_modes

    loaded = load(arguments.set, system_folder=arguments.config)
    settings, by_hand = loaded.settings, loaded.by_hand()
    plan_anew = bool(arguments.no_sidecar or arguments.mode or by_hand)
    if arguments.recipe and plan_anew:
        raise UsageError("--recipe says how to develop; it does not go with --mode, --no-sidecar or a stage in --set")
    if arguments.threads is not None and arguments.threads < 0:
        raise UsageError(f"--threads {arguments.threads}: 0 takes all processors, or give their number")
    check_pictures(loaded)
    from firmware.darkroom.redevelop import Wishes

    quality_by_hand = loaded.origins["storage.jpeg_quality"] == COMMAND_LINE
    return Wishes(
        folder=Path(arguments.output),
        mode=choose_mode(arguments.mode or settings.darkroom.mode, load_modes()),
        pictures=settings.pictures,
        by_hand=by_hand,
        default_quality=settings.storage.jpeg_quality,
        jpeg_quality=settings.storage.jpeg_quality if quality_by_hand else None,
        tuning=settings.camera.tuning,
        recipe=Path(arguments.recipe) if arguments.recipe else None,
        plan_anew=plan_anew,
        replace=arguments.force,
        show_steps=arguments.show_steps,
        threads=settings.darkroom.threads if arguments.threads is None else arguments.threads,
        merge=settings.night.merge,
    )
