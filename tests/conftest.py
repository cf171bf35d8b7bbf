"""The bench: the real daemon in its own process, with the simulated camera and mock pins, in a folder of its own."""

from __future__ import annotations

import queue
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bench_process import begin_process

from firmware.cli import main
from firmware.control.client import call
from firmware.demo.bench_daemon import same_code

PATIENCE_S = 30.0
# The smallest mode: tests are about the camera's behaviour, not about its pixels.
DEFAULTS = {
    "camera.backend": "simulated",
    "camera.width_px": 640,
    "camera.height_px": 480,
    "simulated.sensor": "imx219",
    "storage.free_space_floor_mb": 0,
    "buttons.pin_factory": "mock",
    "buttons.debounce_ms": 0,
    "ring.memory_mb": 16,
}


class Bench:
    """One camera on the bench. It listens to the daemon as systemd does: through the notify socket.

    begin  starts the process; others than `begin_process` are cheaper
    """

    def __init__(self, folder: Path, begin: Callable = begin_process) -> None:
        self.folder = folder
        self.socket = str(folder / "control.sock")
        self.photos = folder / "photos" / "DCIM" / "100NGHTJ"
        self.config = folder / "config"
        self.config.mkdir()
        self.process: subprocess.Popen | None = None
        self.begin = begin
        self._log = folder / "log.txt"
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._listener.bind(str(folder / "notify.sock"))
        self._notices: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def start(self, environment: dict[str, str] | None = None, **settings: object) -> Bench:
        """Start the daemon and wait until it says READY=1. Settings are table__key=value."""
        self.launch(environment, **settings)
        self.wait_for("READY=1")
        return self

    def launch(self, environment: dict[str, str] | None = None, **settings: object) -> None:
        """Start the daemon and do not wait."""
        self._forget()
        wanted = DEFAULTS | {
            "storage.folder": self.folder / "photos",
            "storage.state_folder": self.folder / "state",
            "control.socket": self.socket,
        }
        wanted |= {name.replace("__", ".", 1): value for name, value in settings.items()}
        texts = [f"{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in wanted.items()]
        given = same_code() | {"NOTIFY_SOCKET": self._listener.getsockname()} | (environment or {})
        words = ["run", "--config", str(self.config), *(word for text in texts for word in ("--set", text))]
        self.process = self.begin(words, given, self._log)

    def _forget(self) -> None:
        """Drop what an earlier life said: its READY=1 may lie unread still, and is no news of this one."""
        mark = "a new life begins"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reminder:
            reminder.sendto(mark.encode(), self._listener.getsockname())
        while self._notices.get(timeout=PATIENCE_S) != mark:
            pass

    def wait_for(self, text: str) -> str:
        """The next notice that holds this text. Fails with the daemon's log when none comes."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            try:
                notice = self._notices.get(timeout=0.5)
            except queue.Empty:
                assert self.process.poll() is None, f"the daemon ended: {self.log}"
                continue
            if text in notice:
                return notice
        raise AssertionError(f"no notice of {text!r} within {PATIENCE_S} s: {self.log}")

    def call(self, method: str, **params: object) -> dict:
        """Ask the daemon over its socket."""
        return call(self.socket, method, params, PATIENCE_S)

    def until(self, holds: Callable[[dict], bool]) -> dict:
        """The first status of which this holds."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not holds(status := self.call("status")):
            assert time.monotonic() < deadline_s, f"never came true: {status}\n{self.log}"
        return status

    def press(self, button: str = "shutter") -> None:
        """Push a button down and let it go, through its pin."""
        self.call("bench.pin", button=button, level=0)
        self.call("bench.pin", button=button, level=1)

    def signal(self, number: signal.Signals) -> None:
        """Send the daemon a signal."""
        self.process.send_signal(number)

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """kill -9, if it still lives."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE_S)

    @property
    def log(self) -> str:
        """What the daemon wrote to stderr so far."""
        return self._log.read_text()

    def close(self) -> None:
        """Leave nothing running."""
        self.kill()
        # An empty datagram ends the listening thread.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._listener.getsockname())

    def _listen(self) -> None:
        with self._listener:
            while notice := self._listener.recv(4096).decode():
                self._notices.put(notice)


@pytest.fixture
def bench(tmp_path):
    """A camera on the bench, not yet started."""
    camera = Bench(tmp_path)
    yield camera
    camera.close()


@pytest.fixture
def benches(tmp_path):
    """Puts cameras on the bench, each in a folder of its own; `begin` as for `Bench`."""
    cameras = []

    def put(name: str, begin: Callable = begin_process) -> Bench:
        folder = tmp_path / name
        folder.mkdir()
        cameras.append(Bench(folder, begin))
        return cameras[-1]

    yield put
    for camera in cameras:
        camera.close()


@pytest.fixture(scope="module")
def module_bench(tmp_path_factory):
    """A camera on the bench for the whole file, not yet started."""
    camera = Bench(tmp_path_factory.mktemp("module"))
    yield camera
    camera.close()


@pytest.fixture(scope="module")
def running(module_bench):
    """One daemon for the tests that leave it as they found it."""
    return module_bench.start(buttons__long_press_s=0.5)


@pytest.fixture
def ask(capsys, tmp_path):
    """Run the command here, with settings of its own. Returns (exit code, stdout, stderr)."""
    (tmp_path / "etc").mkdir()

    def run(*words):
        code = main([*map(str, words), "--config", str(tmp_path / "etc")])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def night(tmp_path):
    """Makes the parts of a camera that takes bursts; what differs is given as tables, camera and merge."""
    from night_bench import NightBench

    made = []

    def make(**changes):
        made.append(NightBench(tmp_path, **changes))
        return made[-1]

    yield make
    for bench in made:
        bench.close()
