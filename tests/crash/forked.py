"""Lives that cost little: each is forked from a process that has imported Nightjar once, and is a whole daemon then."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from multiprocessing.forkserver import ensure_running
from pathlib import Path

import pytest

from firmware.cli import main
from firmware.demo.bench_daemon import same_code

# What the daemon imports by its first photo in any mode.
IMPORTED = (
    "firmware.commands.run",
    "firmware.daemon",
    "firmware.cameras.simulated",
    "firmware.darkroom.developing",
    "firmware.files.dng",
    "firmware.files.jpeg",
    "firmware.files.sidecar",
    "firmware.portrait.making",
    "firmware.zoom.making",
    "gpiozero.pins.mock",
)
_BEGINNING = threading.Lock()
_LIVES = multiprocessing.get_context("forkserver")
_LIVES.set_forkserver_preload([*IMPORTED, __name__])


class ForkedProcess:
    """As much of a `subprocess.Popen` as the bench needs."""

    def __init__(self, process: multiprocessing.process.BaseProcess) -> None:
        self._process = process

    def poll(self) -> int | None:
        """The exit code, or None while it lives."""
        return self._process.exitcode

    def wait(self, timeout_s: float) -> int:
        """The exit code. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout_s)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("nightjar", timeout_s)
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """To a process that lives."""
        if self._process.is_alive():
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()


def begin_forked(words: list[str], environment: dict[str, str], log: Path) -> ForkedProcess:
    """`nightjar` with these words, without the imports."""
    _begin_server()
    process = _LIVES.Process(target=_be_nightjar, args=(words, environment, str(log)))
    process.start()
    return ForkedProcess(process)


def _be_nightjar(words: list[str], environment: dict[str, str], log: str) -> None:
    os.environ.update(environment)
    with open(log, "ab") as written:
        os.dup2(written.fileno(), 2)
    sys.exit(main(words))


@functools.cache
def _begin_server() -> None:
    """The process that lives are forked from, with the code that is tested and not what lies in the working folder."""
    with _BEGINNING, pytest.MonkeyPatch.context() as environment:
        for name, value in (same_code() | {"PYTHONSAFEPATH": "1"}).items():
            environment.setenv(name, value)
        ensure_running()
