"""Make a JPEG or PNG at hand larger. A small network draws fine detail, which is then held to the picture: made small
again, it is the picture. What was done stands in a JSON file beside the new one, and in a sentence inside it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware.configuration import load
from firmware.console import UsageError, answer, coloured, note
from firmware.version import VERSION

if TYPE_CHECKING:
    import numpy as np

    from firmware.settings import AcceleratorSettings
    from firmware.upscaling.enlarging import Enlarged

DEFAULT_FACTOR = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which picture, where to, and how much larger."""
    parser.add_argument("file", metavar="FILE", help="a JPEG or PNG file")
    parser.add_argument("--to", metavar="OUT", help="the new file, .jpg or .png (default: FILE-x2 beside FILE)")
    parser.add_argument(
        "--factor", type=float, default=DEFAULT_FACTOR, metavar="F", help="above 1, up to 3 (default: 2)"
    )
    parser.add_argument("--plain", action="store_true", help="enlarge classically, without the network")
    parser.add_argument("--force", action="store_true", help="replace files that exist")


def run(arguments: argparse.Namespace) -> int:
    """Read, enlarge, write."""
    from firmware.storage.named_file import refuse_existing, write_named
    from firmware.upscaling.enlarging import check_enlargement, most_px
    from firmware.upscaling.picture_file import check_file, encode_picture, kind_of, read_picture

    factor, source = check_enlargement(arguments.factor), Path(arguments.file)
    check_file(source)
    target = Path(arguments.to) if arguments.to else source.with_name(f"{source.stem}-x{factor:g}{source.suffix}")
    kind, beside = kind_of(target if arguments.to else source), target.with_name(f"{target.name}.json")
    if target.exists() and target.samefile(source):
        raise UsageError(f"{source} itself is never replaced; name another file with --to")
    for file in (target, beside):
        refuse_existing(file, arguments.force)
    settings = load(arguments.set, system_folder=arguments.config).settings
    picture = read_picture(source, most_px(factor))
    began = time.perf_counter()
    made = _enlarged(arguments, picture.pixels, factor, settings.accelerator)
    comment = _sentence(made.story, source)
    content = encode_picture(picture, made.pixels, kind, settings.storage.jpeg_quality, comment)
    story = made.story | {"software": f"Nightjar {VERSION}", "source": source.name, "notes": list(picture.notes)}
    story |= {"took_s": round(time.perf_counter() - began, 2)}
    write_named(target, content, arguments.force)
    write_named(beside, _as_json(story), arguments.force)
    told = {"picture": str(target), "story": str(beside)} | story
    answer(arguments.json, told, lines(told))
    return 0


def lines(told: dict[str, Any]) -> Iterator[str]:
    """The file, then what was done."""
    height, width = told["size"]
    rms = told["rms_of_reduced"]
    yield f"{told['picture']}  {width} x {height}, {told['took_s']:.1f} s"
    by = f" by {told['model']} on {told['device']}" if told["rung"] == "learned" else ""
    yield f"    {told['rung']}{by}; made small again it is the picture to {rms:.2f} of 255 levels rms"
    yield from (f"    {text}" for text in told["notes"])


def _enlarged(
    arguments: argparse.Namespace, pixels: np.ndarray, factor: float, settings: AcceleratorSettings
) -> Enlarged:
    from firmware.moving_bar import MovingBar
    from firmware.upscaling.enlarging import enlarge, opened

    if arguments.plain:
        return enlarge(pixels, factor, None, "plain was asked for")
    upscaler, why = opened(settings)
    bar = MovingBar(quiet=arguments.json)

    def progress(done: int, of: int) -> None:
        bar.at(arguments.file, done, of, f"{100 * done // of} %", "detail is drawn")

    try:
        made = enlarge(pixels, factor, upscaler, why, progress)
    finally:
        bar.end()
        if upscaler is not None:
            upscaler.close()
    if why := made.story.get("why"):
        note(f"{coloured('plain:', 'yellow')} no network draws detail. {why}")
    return made


def _sentence(story: dict[str, Any], source: Path) -> str:
    how = "detail learned, held to the picture" if story["rung"] == "learned" else "classically"
    return f"Nightjar {VERSION}: {story['factor']:g} times the size of {source.name}, {how}"


def _as_json(story: dict[str, Any]) -> bytes:
    from firmware.files.shot_facts import facts_to_json

    return facts_to_json(story, indent=1) + b"\n"
