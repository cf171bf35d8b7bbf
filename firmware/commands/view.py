"""The live picture of the running camera: the newest of the preview, or one made for this when the preview is off."""

from __future__ import annotations

import argparse
import base64
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from firmware.console import UsageError, answer
from firmware.settings_in_force import settings_to_ask_with

# The daemon waits for the first picture, then encodes it.
TIMEOUT_S = 15.0
STDOUT = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the picture goes."""
    parser.add_argument("--once", metavar="FILE", required=True, help="write the newest picture as a JPEG; - is stdout")
    parser.add_argument("--force", action="store_true", help="replace a file that exists")


def run(arguments: argparse.Namespace) -> int:
    """Ask over the control socket."""
    from firmware.control.client import call
    from firmware.storage.named_file import refuse_existing, write_named

    to_stdout = arguments.once == STDOUT
    if to_stdout and arguments.json:
        raise UsageError("view --once - writes a JPEG to stdout, where --json would answer; name a file")
    if to_stdout and sys.stdout.isatty():
        raise UsageError("a terminal cannot show a JPEG; name a file, or send stdout to a program")
    settings = settings_to_ask_with(arguments.set, arguments.config)
    file = Path(arguments.once)
    if not to_stdout:
        refuse_existing(file, arguments.force)
    picture = call(settings.control.socket, "view", {}, TIMEOUT_S)
    jpeg = base64.b64decode(picture.pop("jpeg"))
    if to_stdout:
        sys.stdout.buffer.write(jpeg)
        sys.stdout.buffer.flush()
        return 0
    write_named(file, jpeg, arguments.force)
    picture = {"jpeg": str(file)} | picture
    answer(arguments.json, picture, lines(picture))
    return 0


def lines(picture: dict[str, Any]) -> Iterator[str]:
    """The file, then its numbers."""
    yield picture["jpeg"]
    exposure = "" if picture["exposure_us"] is None else f", exposure {picture['exposure_us'] / 1000:.2f} ms"
    far = f", zoom {picture['zoom']:g}" if picture.get("zoom") else ""
    yield f"{picture['width']} x {picture['height']}{far}, {picture['frame_age_s'] * 1000:.0f} ms old{exposure}"
    portrait = picture.get("portrait")
    if portrait and not portrait["blurred"]:
        yield f"nothing is blurred: {portrait['why_plain']}"
