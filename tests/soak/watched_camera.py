"""The real daemon under the eyes of somebody who plays systemd: every notice is kept with its moment."""

from __future__ import annotations

import itertools
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from firmware.control.client import call
from firmware.demo.bench_daemon import NIGHTJAR, same_code

START_LIMIT_S = 60.0
STOP_LIMIT_S = 150.0  # the unit's TimeoutStopSec is for what was accepted, on a slow card
ANSWER_LIMIT_S = 120.0


class WatchedCamera:
    """One life of `nightjar run`. `watchdog_s` is what systemd would wait for a sign of life."""

    def __init__(self, folder: Path, watchdog_s: float, settings: Mapping[str, object]) -> None:
        self.socket = str(folder / "control.sock")
        self.photos = folder / "photos" / "DCIM"
        self.log = folder / "log.txt"
        self.config = folder / "config" / "config.toml"
        self.config.parent.mkdir()
        self.watchdog_s = watchdog_s
        self.beats_s: list[float] = []
        self.reloads_done = 0
        self._ready = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._listener.bind(str(folder / "notify.sock"))
        on_bench = {"camera.backend": "simulated", "buttons.pin_factory": "mock", "control.socket": self.socket}
        kept = {"storage.folder": folder / "photos", "storage.state_folder": folder / "state"}
        words = [word for name, value in (on_bench | kept | settings).items() for word in ("--set", f"{name}={value}")]
        environment = same_code() | {
            "NOTIFY_SOCKET": self._listener.getsockname(),
            "WATCHDOG_USEC": str(round(watchdog_s * 1e6)),
        }
        environment.pop("WATCHDOG_PID", None)
        threading.Thread(target=self._listen, name="systemd", daemon=True).start()
        with self.log.open("ab") as log:
            command = [*NIGHTJAR, "run", "--config", str(self.config.parent), *words]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log, env=environment)

    @property
    def pid(self) -> int:
        """Of the daemon."""
        return self._process.pid

    @property
    def lives(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Raises AssertionError with the end of the log when it does not become ready."""
        assert self._ready.wait(START_LIMIT_S), f"not ready after {START_LIMIT_S:g} s:\n{self.log.read_text()[-2000:]}"

    def ask(self, method: str, **params: Any) -> Any:
        """Over the control socket; raises what the client raises."""
        return call(self.socket, method, params, ANSWER_LIMIT_S)

    def hang_up(self) -> None:
        """SIGHUP: read the settings anew."""
        self._process.send_signal(signal.SIGHUP)

    def longest_silence_s(self) -> float:
        """Between two signs of life, the last moment included."""
        moments = [*self.beats_s, time.monotonic()]
        return max((after - before for before, after in itertools.pairwise(moments)), default=0.0)

    def stop(self) -> int | None:
        """SIGTERM, and the exit code; None where it had to be killed."""
        self._process.terminate()
        try:
            return self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self.kill()

    def kill(self) -> None:
        """Leave nothing running."""
        if self.lives:
            self._process.kill()
            self._process.wait()
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                fields = self._listener.recv(4096).decode().splitlines()
            except OSError:
                return  # closed
            if "WATCHDOG=1" in fields:
                self.beats_s.append(time.monotonic())
            if "READY=1" in fields:
                self.reloads_done += self._ready.is_set()
                self._ready.set()
