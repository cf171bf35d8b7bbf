"""How far something long is: a bar that moves on a terminal; elsewhere one plain line for each thing."""

from __future__ import annotations

import sys

from firmware.console import note

BAR = 24


class MovingBar:
    """The bar of one command, for one thing after the other."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._moves = sys.stderr.isatty()
        self._name = self._line = ""

    def at(self, name: str, done: int, of: int, told: str, plain: str) -> None:
        """So much of this thing is done; `told` stands after the bar, `plain` after the name where nothing can move."""
        if self._quiet:
            return
        if self._moves:
            full = BAR * done // max(of, 1)
            line = f"{name}  [{'#' * full}{'.' * (BAR - full)}] {told}"
            if line != self._line:
                sys.stderr.write(f"\r\x1b[K{line}")
                sys.stderr.flush()
            self._line = line
        elif name != self._name:
            note(f"{name}  {plain}")
        self._name = name

    def end(self) -> None:
        """Clear the moving line."""
        if self._moves and self._name and not self._quiet:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
