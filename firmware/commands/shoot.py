"""Take a photo with the running camera, as the shutter button does."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from firmware.commands.zoom import read_factor
from firmware.console import answer
from firmware.settings_in_force import settings_to_ask_with
from firmware.white_balance.story import in_words
from firmware.zoom.entry import in_words as zoom_in_words

# Longer than the daemon itself waits for a photo, so that its answer says what happened.
TIMEOUT_S = 620.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which mode, how far, and whether to wait."""
    parser.add_argument("--mode", metavar="M", help="mode for this photo only (default: the camera's)")
    parser.add_argument("--zoom", metavar="N", help="zoom for this photo only, 1 to 3; takes the mode that zooms")
    parser.add_argument("--no-wait", action="store_true", help="do not wait until the photo is safe on the card")


def run(arguments: argparse.Namespace) -> int:
    """Ask over the control socket."""
    from firmware.control.client import call

    settings = settings_to_ask_with(arguments.set, arguments.config)
    request = {"wait": not arguments.no_wait} | ({"mode": arguments.mode} if arguments.mode else {})
    if arguments.zoom is not None:
        request["zoom"] = read_factor(arguments.zoom)
    photo = call(settings.control.socket, "shoot", request, TIMEOUT_S)
    answer(arguments.json, photo, lines(photo))
    return 0


def lines(photo: dict[str, Any]) -> Iterator[str]:
    """The photo's files, then its numbers."""
    if not photo.get("saved"):
        yield f"{photo['jpeg']} will follow"
        return
    yield from (photo[kind] for kind in ("jpeg", "dng", "sidecar") if photo.get(kind))
    yield from photo.get("beside", ())
    if photo.get("light"):
        yield f"light {in_words(photo['light'])}"
    if photo.get("zoom"):
        yield zoom_in_words(photo["zoom"])
    if photo.get("why"):
        yield f"left unblurred: {photo['why']}"
    numbers = [(name.removesuffix("_ms"), value) for name, value in photo.items() if name.endswith("_ms")]
    yield ", ".join(f"{name.replace('_', ' ')} {value:.1f} ms" for name, value in numbers)
