"""What the camera's parts, and the libraries under them, warn of while they are tested: a report without it is half."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

# Who warns at every frame would fill the report.
MOST_LINES = 100


class _Notes(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.lines) < MOST_LINES:
            self.lines.append(f"{record.levelname.lower()} {record.name}: {record.getMessage()}")


@contextlib.contextmanager
def overheard() -> Iterator[list[str]]:
    """The warnings and errors that are logged within the block."""
    notes = _Notes()
    logging.getLogger().addHandler(notes)
    try:
        yield notes.lines
    finally:
        logging.getLogger().removeHandler(notes)
