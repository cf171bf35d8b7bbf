"""How far a download is: a bar that moves on a terminal; elsewhere one plain line for each file."""

from __future__ import annotations

from firmware.moving_bar import MovingBar

KB = 1000


class ByteProgress:
    """The files of one command, one after the other."""

    def __init__(self, quiet: bool = False) -> None:
        self._bar = MovingBar(quiet)

    def at(self, name: str, there: int, size: int) -> None:
        """So many bytes of this file are here."""
        self._bar.at(name, there, size, f"{there // KB} of {size // KB} kB", f"{size // KB} kB")

    def end(self) -> None:
        """Clear the moving line."""
        self._bar.end()
