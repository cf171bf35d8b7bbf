"""The camera as install.sh left it in a container: started by systemd, with the simulated camera and no pins."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from machines.container import LOOK_AGAIN_S, Container

from firmware.control.client import call

# The smallest mode: these tests are about the service, not about its pixels.
SETTINGS = """
[camera]
backend = "simulated"
width_px = 640
height_px = 480
[simulated]
sensor = "imx219"
[buttons]
pin_factory = "none"
[ring]
memory_mb = 16
[storage]
free_space_floor_mb = 0
"""
START_LIMIT_S = 60.0
PHOTO_LIMIT_S = 60.0
FREEZE = Path(__file__).with_name("freeze_thread.py")


class InstalledCamera:
    """nightjar.service in a container."""

    def __init__(self, container: Container) -> None:
        self.container = container

    def use(self, settings: str = SETTINGS) -> None:
        """Write /etc/nightjar/config.toml."""
        self.container.run("tee", "/etc/nightjar/config.toml", given=settings)

    def start(self) -> None:
        """(Re)start the service and wait for its READY=1, as `systemctl start` does."""
        self.container.run("systemctl", "stop", "nightjar-again.timer", "nightjar.service")
        # Many tests start it within a minute, more than the unit allows by itself.
        self.container.ran("systemctl", "reset-failed", "nightjar.service")
        self.container.run("systemctl", "start", "nightjar.service", limit_s=START_LIMIT_S)

    def ask(self, method: str, **params: Any) -> Any:
        """Ask over the control socket, from outside and as root."""
        socket = f"/proc/{self.container.leader}/root/run/nightjar/control.sock"
        return call(socket, method, params, PHOTO_LIMIT_S)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until a claim holds."""
        deadline_s = time.monotonic() + PHOTO_LIMIT_S
        while not holds():
            assert time.monotonic() < deadline_s, f"{what} never came true:\n{self.container.log()}"
            time.sleep(LOOK_AGAIN_S)

    def read(self, path: str) -> bytes:
        """A file that the camera wrote."""
        return (self.container.tree / path.lstrip("/")).read_bytes()

    @property
    def pid(self) -> int:
        """The daemon's number in the container."""
        return int(self.container.property("MainPID"))

    def thread(self, name: str) -> int:
        """The number out here of the daemon's main thread, or of the one that the kernel knows by this name."""
        main = self.container.outside(self.pid)
        if name == "main":
            return main
        tasks = Path(f"/proc/{main}/task")
        found = [int(task.name) for task in tasks.iterdir() if (task / "comm").read_text().strip() == name]
        assert len(found) == 1, f"{len(found)} threads are named {name}"
        return found[0]


@contextlib.contextmanager
def frozen(thread: int) -> Iterator[None]:
    """Hold a thread until its process ends, or the block does."""
    holder = subprocess.Popen([sys.executable, FREEZE, str(thread)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "frozen\n"
        yield
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def decoded(jpeg: bytes) -> tuple[int, ...]:
    """The shape of a JPEG that can be read to its end."""
    import simplejpeg

    return simplejpeg.decode_jpeg(jpeg).shape


def sidecar(camera: InstalledCamera, jpeg: str) -> dict[str, Any]:
    """What was written beside a photo."""
    return json.loads(camera.read(jpeg.removesuffix(".JPG") + ".json"))
