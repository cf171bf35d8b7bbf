"""A child process that cannot outlive us, and whose last words are kept."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
from collections.abc import Sequence
from typing import Any

from accelerators.errors import DeviceError

# What belongs to the daemon alone: systemd listens to one process.
NOT_INHERITED = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM"}
# For the kernel to end what was killed. A photo may be waiting.
KILL_S = 0.5
MOST_WORDS = 65536
LAST_LINES = 3


class ChildProcess:
    """One life of a child, started at once.

    program      the command; one argument, a JSON object, is added
    task         that object; "lifeline" is added: the end of a pipe that closes when we are gone
    descriptors  what the child inherits besides
    Raises DeviceError when it cannot be started.
    """

    def __init__(self, program: Sequence[str], task: dict[str, Any], descriptors: Sequence[int]) -> None:
        theirs, ours = os.pipe()
        # Files, so that a forgotten child ends when nothing refers to it any more.
        self._lifeline = os.fdopen(ours, "wb", buffering=0)
        # No pipe: nobody would have to read it while the child works, and it survives the child.
        self._words = os.fdopen(os.memfd_create("nightjar-words", os.MFD_CLOEXEC), "w+b", buffering=0)
        # Appended, so that it can be emptied meanwhile.
        fcntl.fcntl(self._words, fcntl.F_SETFL, os.O_APPEND)
        try:
            self._process = subprocess.Popen(
                [*program, json.dumps(task | {"lifeline": theirs})],
                stdin=subprocess.DEVNULL,
                stdout=self._words,
                stderr=self._words,
                pass_fds=(*descriptors, theirs),
                env={name: value for name, value in os.environ.items() if name not in NOT_INHERITED},
                # Ctrl-C is for the parent alone.
                start_new_session=True,
            )
        except OSError as error:
            self._let_go()
            raise DeviceError(f"{program[0]} cannot be started: {error}") from None
        finally:
            os.close(theirs)

    @property
    def pid(self) -> int:
        return self._process.pid

    def tidy(self) -> None:
        """Forget what a child in good health has said, when it has said much."""
        if os.fstat(self._words.fileno()).st_size > MOST_WORDS:
            self._words.truncate(0)

    def end(self, patience_s: float = 0.0) -> str:
        """End it, by force when it does not end within `patience_s`. Returns how it ended and what it said last."""
        if self._words.closed:
            return ""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_s)
        ending = self._process.poll()
        self._process.kill()
        # One that is stuck in the kernel's USB code cannot be ended; nobody waits for it.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(KILL_S)
        said = self._last_words()
        self._let_go()
        return "; ".join(part for part in (_ending(ending), said and f"it said: {said}") if part)

    def _last_words(self) -> str:
        size = os.fstat(self._words.fileno()).st_size
        text = os.pread(self._words.fileno(), MOST_WORDS, max(size - MOST_WORDS, 0)).decode(errors="replace")
        lines = [line.strip() for line in text.splitlines()]
        return " / ".join([line for line in lines if line and not line.startswith("INFO:")][-LAST_LINES:])

    def _let_go(self) -> None:
        self._lifeline.close()
        self._words.close()


def _ending(status: int | None) -> str:
    if status is None:
        return ""
    if status >= 0:
        return f"its process ended ({status})"
    names = {number.value: number.name for number in signal.Signals}
    return f"its process was ended by {names.get(-status, f'signal {-status}')}"
