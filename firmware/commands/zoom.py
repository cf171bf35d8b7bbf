"""How far the camera zooms in the modes that do: shows it, or sets it, from the next photo on and for good.

nightjar zoom          what holds
nightjar zoom 2.5      1 to 3; it is kept when the camera is switched off
nightjar zoom reset    as [zoom] factor says
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from firmware.console import UsageError, answer, coloured
from firmware.settings_in_force import settings_to_ask_with

# The daemon answers from memory, and writes one small file.
TIMEOUT_S = 10.0
RESET = "reset"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How far."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("factor", nargs="?", metavar="FACTOR", help="1 to 3, such as 2.5; reset: as the settings say")


def run(arguments: argparse.Namespace) -> int:
    """Ask over the control socket."""
    from firmware.control.client import call

    settings = settings_to_ask_with(arguments.set, arguments.config)
    told = call(settings.control.socket, "zoom", _request(arguments.factor), TIMEOUT_S)
    answer(arguments.json, told, lines(told))
    return 0


def lines(told: dict[str, Any]) -> Iterator[str]:
    """How far, what of the frame that is, and what is amiss."""
    whose = "chosen" if told["chosen"] else "as the settings say"
    yield f"{told['factor']:g} times, {whose}"
    if told["crop"]:
        (rows, columns), (height, width) = told["crop"], told["size"]
        yield f"the middle {columns} x {rows} of the frame become photos of {width} x {height}"
    if not told["on"]:
        yield f"mode {told['mode']} does not zoom; press the mode button until one does, or: nightjar shoot --zoom"
    for warning in filter(None, (told["amiss"], told["trouble"])):
        yield coloured(f"warning  {warning}", "yellow")


def _request(factor: str | None) -> dict[str, Any]:
    if factor is None:
        return {}
    return {"reset": True} if factor == RESET else {"factor": read_factor(factor)}


def read_factor(words: str) -> float:
    """The number in these words; the daemon knows which are allowed. Raises UsageError for other words."""
    try:
        factor = float(words.removesuffix("x"))
    except ValueError:
        factor = float("nan")
    if not abs(factor) < float("inf"):
        raise UsageError(f"{words!r:.40} is no zoom; it must be a number, 1 to 3, such as 2.5")
    return factor
