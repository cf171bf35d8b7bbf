"""White balance: show it, choose it, lock it, or take it from a grey card.

Without words it shows what holds in each mode, and the light that the camera sees now. A choice is in force with the
next frame, and is kept when the camera is switched off.

  nightjar wb auto                 judge every photo's light
  nightjar wb tungsten             or daylight, cloudy, shade, fluorescent, led, flash
  nightjar wb 4200K --tint 5       this temperature; a tint above 0 makes the picture more magenta, below 0 greener
  nightjar wb --tint -3            what was chosen before, with this tint
  nightjar wb --from last          a grey card fills the middle of the newest photo; or --from IMG_0007.DNG
  nightjar wb custom               the last grey card again
  nightjar wb lock                 hold the light that is judged now; nightjar wb unlock
  nightjar wb shade --mode night   in this mode only; nightjar wb reset --mode night goes with the others again
  nightjar wb reset                forget the choice: [white_balance] of the settings holds
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from firmware.console import UsageError, answer, coloured
from firmware.settings_in_force import settings_to_ask_with
from firmware.white_balance.choice import Choice
from firmware.white_balance.story import amiss, in_words

# Longer than the daemon itself waits for the photo of a card, so that its answer says what happened.
TIMEOUT_S = 130.0
LAST = "last"
ACTIONS = ("lock", "unlock", "reset")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to choose, and for which mode."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("choice", nargs="?", metavar="WHAT", help="see above; without it nothing is changed")
    parser.add_argument(
        "--tint",
        type=float,
        metavar="P",
        help="-30 to 30: above 0 for greener light, the picture turns more magenta",
    )
    parser.add_argument(
        "--from", dest="card", metavar="FILE", help="last, or a raw file, with a grey card in its middle"
    )
    parser.add_argument(
        "--mode", metavar="M", help="in this mode only (default: in all that have no choice of their own)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Ask over the control socket."""
    from firmware.control.client import call

    settings = settings_to_ask_with(arguments.set, arguments.config)
    request = _request(arguments, settings.camera.tuning)
    told = call(settings.control.socket, "white_balance", request, TIMEOUT_S)
    answer(arguments.json, told, lines(told))
    return 0


def lines(told: dict[str, Any]) -> Iterator[str]:
    """A line for each mode, the one in use marked, then the light, and what is amiss."""
    width = max(map(len, told["modes"]))
    for name, mode in told["modes"].items():
        own = "  (this mode's own)" if mode["own"] else ""
        mark = "*" if name == told["mode"] else " "
        yield f"{mark} {name:{width}}  {mode['in_words']}{own}"
    seen = "no frame yet" if told["light"] is None else in_words(told["light"])
    yield f"light now, in mode {told['light_in']}: {seen}"
    for sensor, card in told["cards"].items():
        yield f"grey card of {sensor}: {card['file']}"
    for warning in amiss(told):
        yield coloured(f"warning  {warning}", "yellow")


def _request(arguments: argparse.Namespace, tuning: str) -> dict[str, Any]:
    choice, where = arguments.choice, {} if arguments.mode is None else {"mode": arguments.mode}
    tint = 0.0 if arguments.tint is None else Choice(tint=arguments.tint).tint
    if arguments.card is not None:
        if choice or arguments.tint is not None:
            raise UsageError("--from measures the light; it does not go with another choice or a tint")
        return {"action": "card"} | where | _card(arguments.card, tuning)
    if choice is None and arguments.tint is None:
        return {"action": "show"} | where
    if choice in ACTIONS:
        if arguments.tint is not None:
            raise UsageError(f"--tint does not go with {choice}")
        return {"action": choice} | where
    return {"action": "choose", "choice": choice or "", "tint": tint} | where


def _card(named: str, tuning: str) -> dict[str, Any]:
    """A file is measured here: the daemon may not read everybody's folders. The newest photo is the daemon's own."""
    if named == LAST:
        return {}
    from pathlib import Path

    from firmware.white_balance.card import raw_beside, read_card

    sensor, card = read_card(raw_beside(Path(named)), tuning)
    return {"grey": list(card.grey), "sensor": sensor, "file": card.file}
