"""Turn raw files into photos. A DNG beside its sidecar gives the camera's own JPEG again, byte for byte.

With --mode night each folder is one burst: its frames are merged, and the merged raw is kept beside the photo as a DNG.
With --mode zoom the middle of each frame is enlarged, of a folder by what its frames measured between their pixels.
With --mode portrait what is not the subject is blurred, by the mask that lies beside the raw file or by one found anew.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware.configuration import COMMAND_LINE, check_pictures, load
from firmware.console import Progress, UsageError, answer, coloured, note
from firmware.errors import SettingsError
from firmware.portrait.entry import amiss, in_words
from firmware.white_balance.story import in_words as light_in_words
from firmware.zoom.entry import in_words as zoom_in_words

if TYPE_CHECKING:
    import numpy as np

    from accelerators.masking import Found, Masking
    from firmware.darkroom.modes import Mode
    from firmware.darkroom.wishes import Developed, Wishes
    from firmware.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which files, where to, and how."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="raw files, or folders of them; with --mode night or zoom a folder is one burst",
    )
    parser.add_argument("-o", "--output", default=".", metavar="DIR", help="folder for the photos (default: this one)")
    parser.add_argument("--mode", metavar="M", help="plan anew in this mode, whatever the sidecar says")
    parser.add_argument("--zoom", metavar="N", help="with --mode zoom: how far, short for --set zoom.factor=N")
    parser.add_argument(
        "--f-number",
        metavar="N",
        help="with --mode portrait: opening of the drawn lens, short for --set bokeh.f_number=N",
    )
    parser.add_argument(
        "--mask", metavar="FILE", help="with --mode portrait: a PNG of the picture's size, white where the subject is"
    )
    parser.add_argument(
        "--second",
        metavar="FILE",
        help="with --mode portrait: raw file of a camera beside the first; blurs by real depth",
    )
    parser.add_argument("--recipe", metavar="FILE", help="follow the recipe of this sidecar for every file")
    parser.add_argument("--no-sidecar", action="store_true", help="plan anew, whatever lies beside the files")
    parser.add_argument("--show-steps", action="store_true", help="write every intermediate as a PNG into STEM-steps/")
    parser.add_argument("--threads", type=int, metavar="N", help="processors to use (default: all; same picture)")
    parser.add_argument("--force", action="store_true", help="replace photos that exist")


def run(arguments: argparse.Namespace) -> int:
    """Develop all; 1 when a file failed."""
    with contextlib.ExitStack() as at_end:
        wishes = _wishes(arguments, at_end)
        from firmware.darkroom.redevelop import as_dict

        merges = bool(arguments.mode) and (wishes.mode.burst or wishes.mode.zoom)
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
        if photo.recipe == "planned" and photo.light is not None:
            yield f"    light {light_in_words(photo.light)}"
        yield from (f"    left out: {frame}" for frame in photo.left_out)
        if photo.portrait is not None:
            yield f"    {in_words(photo.portrait)}"
            yield from (f"    {line}" for line in amiss(photo.portrait))
        if photo.zoom is not None:
            yield f"    {zoom_in_words(photo.zoom)}"


def _wishes(arguments: argparse.Namespace, at_end: contextlib.ExitStack) -> Wishes:
    from firmware.darkroom.modes import choose_mode, load_modes

    opening = [] if arguments.f_number is None else [f"bokeh.f_number={arguments.f_number}"]
    factor = [] if arguments.zoom is None else [f"zoom.factor={arguments.zoom}"]
    loaded = load([*arguments.set, *opening, *factor], system_folder=arguments.config)
    settings, by_hand = loaded.settings, loaded.by_hand()
    mode = choose_mode(arguments.mode or settings.darkroom.mode, load_modes())
    _check_portrait(arguments, mode, by_hand)
    if factor and not mode.zoom:
        raise UsageError(f"--zoom is for modes that zoom, and mode {mode.name} does not; add --mode zoom")
    plan_anew = bool(arguments.no_sidecar or arguments.mode or by_hand)
    if arguments.recipe and plan_anew:
        raise UsageError("--recipe says how to develop; it does not go with --mode, --no-sidecar or a stage in --set")
    if arguments.threads is not None and arguments.threads < 0:
        raise UsageError(f"--threads {arguments.threads}: 0 takes all processors, or give their number")
    check_pictures(loaded)
    from firmware.darkroom.wishes import Wishes
    from firmware.white_balance.judging import Judging
    from firmware.zoom.upscaling import Upscaling

    quality_by_hand = loaded.origins["storage.jpeg_quality"] == COMMAND_LINE
    return Wishes(
        folder=Path(arguments.output),
        mode=mode,
        pictures=settings.pictures,
        by_hand=by_hand,
        default_quality=settings.storage.jpeg_quality,
        jpeg_quality=settings.storage.jpeg_quality if quality_by_hand else None,
        tuning=settings.camera.tuning,
        recipe=Path(arguments.recipe) if arguments.recipe else None,
        plan_anew=plan_anew,
        no_sidecar=arguments.no_sidecar,
        replace=arguments.force,
        show_steps=arguments.show_steps,
        threads=settings.darkroom.threads if arguments.threads is None else arguments.threads,
        merge=settings.night.merge,
        find=_finder(settings, at_end),
        mask=Path(arguments.mask) if arguments.mask else None,
        second=Path(arguments.second) if arguments.second else None,
        keep=settings.portrait,
        judge=Judging(),
        zoom=settings.zoom,
        upscale=Upscaling(settings.accelerator),
    )


def _check_portrait(arguments: argparse.Namespace, mode: Mode, by_hand: Mapping[str, Any]) -> None:
    """What is for portraits only would have no effect elsewhere, and nobody would know."""
    asked = {"--f-number": arguments.f_number, "--mask": arguments.mask, "--second": arguments.second}
    asked["[bokeh] in --set"] = "bokeh" in by_hand
    for name, value in asked.items():
        if value and not mode.portrait:
            raise UsageError(f"{name} is for portraits, and mode {mode.name} blurs nothing; add --mode portrait")
    for name in (name for name in ("--mask", "--second") if asked[name]):
        if not arguments.mode:
            raise UsageError(f"{name} makes another portrait than the sidecar tells of; add --mode portrait")
        if len(arguments.files) > 1 or Path(arguments.files[0]).is_dir():
            raise UsageError(f"{name} is of one picture; name one file")


def _finder(settings: Settings, at_end: contextlib.ExitStack) -> Callable[[np.ndarray], Found]:
    """Finds masks as the camera does; libraries and model are loaded with the first portrait that has none."""

    @functools.cache
    def masking() -> Masking:
        from firmware.portrait.masks import new_masking

        made = new_masking(settings.accelerator)
        at_end.callback(made.close)
        return made

    def find(picture: np.ndarray) -> Found:
        from firmware.portrait.masks import gate_of

        return masking().find(picture, gate_of(settings.portrait))

    return find
