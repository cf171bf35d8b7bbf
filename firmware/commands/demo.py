"""The whole camera without hardware: the real daemon, a simulated sensor, pressed buttons, real photos."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from firmware.console import Progress, answer, coloured, columns, note

if TYPE_CHECKING:
    from firmware.demo.demonstration import Demonstration

MILLISECONDS = (4, 5, 6)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the photos go."""
    parser.add_argument("folder", nargs="?", default="photos", help="for photos and contact sheet (default: photos)")


def run(arguments: argparse.Namespace) -> int:
    """Photograph all scenes at hand and show what came of it."""
    from firmware.demo.demonstration import VIEWS, demonstrate, views_at_hand

    began = time.monotonic()
    views, missing = views_at_hand()
    if missing:
        note(
            f"scikit-image is not installed, so {len(missing)} of {len(VIEWS)} scenes are left out. "
            "To see them: pip install 'scikit-image>=0.22'"
        )
    progress = Progress(len(views), quiet=arguments.json)
    try:
        shown = demonstrate(Path(arguments.folder), arguments.set, lambda view: progress.step(view.title))
    finally:
        progress.end()
    seconds = time.monotonic() - began
    answer(arguments.json, shown.to_dict() | {"seconds": round(seconds, 1)}, lines(shown, seconds))
    return 0


def lines(shown: Demonstration, seconds: float) -> Iterator[str]:
    """The table of photos, and where to look."""
    rows = [["scene", "mode", "exposure", "files", "frame ms", "DNG safe ms", "JPEG safe ms"]]
    rows += [
        [
            photo.scene,
            photo.mode,
            photo.exposure,
            " ".join(
                [photo.jpeg.name, *(file.removeprefix(str(photo.jpeg.with_suffix(""))) for file in photo.files[1:])]
            ),
            f"{photo.press_to_frame_ms:+.1f}",
            f"{photo.press_to_dng_ms:.0f}",
            f"{photo.press_to_saved_ms:.0f}",
        ]
        for photo in shown.photos
    ]
    heading, *table = columns(rows, numbers=MILLISECONDS)
    yield coloured(heading, "bold")
    yield from table
    yield ""
    yield "All times count from the first edge of the button; a frame before the press (-) was already in the ring."
    portraits = [photo for photo in shown.photos if photo.portrait]
    yield from (f"{photo.jpeg.name}: {photo.portrait}" for photo in portraits)
    if portraits:
        yield f"The portraits' network: {shown.network}"
    yield f"{len(shown.photos)} photos in {seconds:.0f} s. Look at {_near(shown.contact_sheet)}"
    yield f"The photos are in {_near(shown.photos[0].jpeg.parent)}; another run goes on with the next number."


def _near(path: Path) -> str:
    """The path as a person in this folder would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
