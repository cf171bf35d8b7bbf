"""How far a download is: a bar that moves on a terminal; elsewhere one plain line for each file."""

from __future__ import annotations

import sys

from firmware.console import note

BAR = 24
KB = 1000


class ByteProgress:
    """The files of one command, one after the other."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._moves = sys.stderr.isatty()
        self._name = ""

    def at(self, name: str, there: int, size: int) -> None:
        """So many bytes of this file are here."""
        if self._quiet:
            return
        if self._moves:
            full = BAR * there // max(size, 1)
            bar = "#" * full + "." * (BAR - full)
            sys.stderr.write(f"\r\x1b[K{name}  [{bar}] {there // KB} of {size // KB} kB")
            sys.stderr.flush()
        elif name != self._name:
            note(f"{name}  {size // KB} kB")
        self._name = name

    def end(self) -> None:
        """Clear the moving line."""
        if self._moves and self._name and not self._quiet:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
