"""How a child process of the camera lives: as long as its parent, whatever signals reach them both."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
from pathlib import Path

# When memory runs out the kernel should end this process, not the camera.
OUT_OF_MEMORY_SCORE = "500"


def live_with_parent(lifeline: int) -> None:
    """The first thing that a child does.

    lifeline  reading end of a pipe; nobody writes into it, and only the parent could
    """
    _end_with_parent(lifeline)
    # `systemctl stop` and Ctrl-C reach the whole group; the parent ends us when it needs no more answers.
    for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(ending, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(OUT_OF_MEMORY_SCORE)


def _end_with_parent(lifeline: int) -> None:
    """Let the kernel end this process when the last writer of a pipe is gone, whatever this process is doing then.

    Not prctl's PDEATHSIG: that comes when the *thread* of the parent that started us ends.
    """
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(lifeline, 0)
    if poll.poll(0):
        # It died before the kernel was told.
        os._exit(1)
