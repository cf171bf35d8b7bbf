"""Where log lines go: stderr. For the journal each line carries its priority, for a person the time of day."""

from __future__ import annotations

import logging
import os
import sys

# syslog(3) priorities; journald reads them from "<N>" at the start of a line.
PRIORITIES = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}


class JournalFormatter(logging.Formatter):
    """Every line of a message gets the priority, so that a traceback stays an error to its end."""

    def format(self, record: logging.LogRecord) -> str:
        mark = f"<{PRIORITIES.get(record.levelno, 6)}>"
        return "\n".join(mark + line for line in super().format(record).splitlines())


def set_up_log(level: str) -> None:
    """Send this process's log to stderr at `level` (a word of `[log] level`). Calling it again changes the level."""
    root = logging.getLogger()
    root.setLevel(level.upper())
    # Libraries that log every frame or every chunk of a file would drown our one line per photo.
    for library in ("picamera2", "PIL"):
        logging.getLogger(library).setLevel(max(root.level, logging.WARNING))
    if any(isinstance(handler, _OurHandler) for handler in root.handlers):
        return
    handler = _OurHandler(sys.stderr)
    if stderr_is_the_journal():
        handler.setFormatter(JournalFormatter("%(name)s: %(message)s"))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S"))
    root.addHandler(handler)


def stderr_is_the_journal() -> bool:
    """True when systemd reads our stderr. The variable alone is inherited by children whose stderr is elsewhere."""
    named = os.environ.get("JOURNAL_STREAM", "")
    try:
        facts = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return named == f"{facts.st_dev}:{facts.st_ino}"


class _OurHandler(logging.StreamHandler):
    """Its own type, so that setting up twice finds it."""
