"""How the commands speak: answers to stdout, everything else to stderr, colour and moving lines only on a terminal."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

COLOURS = {"red": "31", "green": "32", "yellow": "33", "grey": "90", "bold": "1"}


class UsageError(Exception):
    """The command line is wrong."""


def open_streams() -> None:
    """Make stdout and stderr usable: started with either closed there is none, and a name may not fit the encoding."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115  stays open as long as the process
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):  # not where a caller has put something of its own
        sys.stdout.reconfigure(errors="backslashreplace")


def say(text: str = "") -> None:
    """One line of the answer."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """One line beside the answer."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def answer(as_json: bool, data: Any, lines: Iterable[str]) -> None:
    """The command's answer: one JSON document, or lines for a person."""
    if as_json:
        say(json.dumps(data, indent=2))
    else:
        for line in lines:
            say(line)


def coloured(text: str, colour: str, stream: TextIO | None = None) -> str:
    """The text in a colour where the stream is a terminal and NO_COLOR is not set."""
    stream = stream or sys.stdout
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return text
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m"


def columns(rows: Sequence[Sequence[str]], numbers: Iterable[int] = ()) -> list[str]:
    """Rows as aligned lines; columns named in `numbers` are set to the right. The first row is the heading."""
    right = set(numbers)
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


class Progress:
    """What a long command is doing: a line that moves on a terminal, one plain line for each step elsewhere."""

    def __init__(self, total: int, quiet: bool = False) -> None:
        self._total = total
        self._done = 0
        self._quiet = quiet
        self._moves = sys.stderr.isatty()

    def step(self, doing: str) -> None:
        """Begin the next step."""
        self._done += 1
        line = f"[{self._done}/{self._total}] {doing}"
        if self._quiet:
            return
        if self._moves:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
        else:
            note(line)

    def end(self) -> None:
        """Clear the moving line."""
        if self._moves and not self._quiet and self._done:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
