"""The real daemon in its own process on a bench: simulated camera, mock pins, started and stopped as by systemd."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from firmware.control.client import call
from firmware.errors import DemoError

# As the service's TimeoutStartSec: an emulated processor took more than 30 s.
START_LIMIT_S = 90.0
STOP_LIMIT_S = 30.0
PHOTO_LIMIT_S = 30.0
# A finger is not faster; the debounce (15 ms) must be outlasted.
HELD_S = 0.08
LOOK_AGAIN_S = 0.03
LOG_LINES = 8
# -P: a checkout in the working folder must not come in the place of the installed packages.
NIGHTJAR = (sys.executable, "-P", "-m", "firmware.cli")


def same_code() -> dict[str, str]:
    """An environment in which another Python finds the very packages that run here."""
    found = [*filter(None, [os.environ.get("PYTHONPATH")]), str(Path(__file__).resolve().parents[2])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(found)}


class BenchDaemon:
    """A running daemon, and fingers for its buttons."""

    def __init__(self, socket_path: Path, pid: int) -> None:
        self.pid = pid
        self._socket = str(socket_path)

    def shoot(self) -> dict[str, Any]:
        """Ask for a photo; the answer comes when it is durable."""
        return call(self._socket, "shoot", {}, PHOTO_LIMIT_S)

    def status(self) -> dict[str, Any]:
        """What the daemon says of itself."""
        return call(self._socket, "status", {})

    def press(self, button: str) -> None:
        """Pull the button's pin to ground for a moment: the daemon sees two edges, as from a real button."""
        call(self._socket, "bench.pin", {"button": button, "level": 0})
        time.sleep(HELD_S)
        call(self._socket, "bench.pin", {"button": button, "level": 1})

    def take_photo(self) -> Path:
        """Press the shutter and wait until the photo is on the card. Returns its JPEG."""
        taken = self.status()["photos"]["taken"]
        self.press("shutter")
        # What is amiss elsewhere, as a missing network, is a warning too; the light tells only of photos and camera.
        status = self.wait_for(lambda now: now["photos"]["taken"] > taken or now["light"] == "error", "the photo")
        if status["photos"]["taken"] == taken:
            raise DemoError(f"The press gave no photo: {'; '.join(status['warnings'])}")
        return Path(status["photos"]["last"])

    def switch_mode(self, mode: str) -> None:
        """Press the mode button until this mode is on."""
        for _ in self.status()["modes"]:
            before = self.status()["mode"]
            if before == mode:
                return
            self.press("mode")
            self.wait_for(lambda now, before=before: now["mode"] != before, f"mode {mode}")
        raise DemoError(f"The mode button did not reach mode {mode}.")

    def wait_for(self, holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """The status once the claim holds."""
        deadline = time.monotonic() + PHOTO_LIMIT_S
        while time.monotonic() < deadline:
            status = self.status()
            if holds(status):
                return status
            time.sleep(LOOK_AGAIN_S)
        raise DemoError(f"Waited {PHOTO_LIMIT_S:g} s for {what} in vain.")


@contextlib.contextmanager
def bench_daemon(bench: Path, log: Path, settings: Sequence[str]) -> Iterator[BenchDaemon]:
    """Run `nightjar run` until the block ends. Raises DemoError with the log's end where it does not start or stop.

    bench     an empty folder for settings and sockets; its path must be short (a socket's path has 108 bytes)
    settings  "table.key=value" texts
    """
    socket_path = bench / "control.sock"
    on_bench = ["camera.backend=simulated", "buttons.pin_factory=mock", f"control.socket={socket_path}"]
    words = [word for setting in [*on_bench, *settings] for word in ("--set", setting)]
    command = [*NIGHTJAR, "run", "--config", str(bench), *words]
    with contextlib.ExitStack() as at_end:
        news = at_end.enter_context(_listen(bench / "notify.sock"))
        environment = same_code() | {"NOTIFY_SOCKET": str(bench / "notify.sock")}
        written = at_end.enter_context(log.open("ab"))
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=written, stderr=written, env=environment)
        at_end.callback(_stop, process, log)
        _wait_until_ready(news, process, log)
        yield BenchDaemon(socket_path, process.pid)


@contextlib.contextmanager
def _listen(path: Path) -> Iterator[socket.socket]:
    """systemd's end of sd_notify."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as news:
        news.bind(str(path))
        news.settimeout(0.1)
        yield news


def _wait_until_ready(news: socket.socket, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(TimeoutError):
            if b"READY=1" in news.recv(4096).split(b"\n"):
                return
    raise DemoError(f"The daemon did not start. Its log, {log}, ends:\n{_end_of(log)}")


def _stop(process: subprocess.Popen, log: Path) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        code = process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        code = None
    if code != 0 and sys.exc_info()[0] is None:
        how = "did not stop" if code is None else f"ended with exit code {code}"
        raise DemoError(f"The daemon {how}. Its log, {log}, ends:\n{_end_of(log)}")


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
