"""Nightjar in the virtual machine: its real unit with settings of its own, its status, and the photos it took."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from machines.virtual import VirtualMachine

# Under emulation, with a busy machine around it.
PATIENCE_S = 120.0
LOOK_AGAIN_S = 0.3
# Few small frames, so that an emulated processor keeps up; a test that needs more settings adds them.
SIMULATED = """
[camera]
backend = "simulated"
width_px = 640
height_px = 480
frames_per_second = {frames_per_second}
frame_timeout_s = 60.0
[simulated]
sensor = "imx219"
[ring]
memory_mb = 16
"""
PHOTOS = "/var/lib/nightjar/photos/DCIM/100NGHTJ"


@dataclass(frozen=True)
class Photo:
    """What a photo's sidecar says. `pressed_ns` is when the daemon says that the button was pressed."""

    name: str
    sidecar: dict[str, Any]

    @property
    def frame_ns(self) -> float:
        """The middle of the exposure, on the monotonic clock."""
        return self.sidecar["shot"]["timestamp_ns"] + self.sidecar["shot"]["exposure_us"] * 500

    @property
    def pressed_ns(self) -> float:
        return self.frame_ns - self.sidecar["numbers"]["press_to_frame_ms"] * 1e6


class GuestCamera:
    """The daemon under systemd, in the guest."""

    def __init__(self, machine: VirtualMachine) -> None:
        self.machine = machine

    def start(self, settings: str) -> None:
        """Put these settings into the place where a user has them, and start the unit afresh."""
        self.machine.put("/etc/nightjar/config.toml", settings)
        self.machine.run("systemctl reset-failed nightjar || true; systemctl restart nightjar")

    def status(self) -> dict[str, Any]:
        """What `nightjar status` says, as JSON."""
        return json.loads(self.machine.run("nightjar status --json"))

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first status of which this holds."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not holds(status := self.status()):
            assert time.monotonic() < deadline_s, f"never came true: {status}\n{self.machine.journal()}"
            time.sleep(LOOK_AGAIN_S)
        return status

    def until_idle(self) -> dict[str, Any]:
        """Until every photo is saved and frames come again."""
        return self.until(lambda now: now["state"] == "ready" and now["light"] == "ready")

    def systemd(self, name: str) -> str:
        """One property of the unit, as systemd tells it."""
        return self.machine.run(f"systemctl show --value --property={name} nightjar").strip()

    def photos(self) -> list[Photo]:
        """All photos, by name."""
        each = "for name in *.json; do [ -e $name ] || continue; tr '\\n' ' ' < $name; echo; echo $name; done"
        lines = self.machine.run(f"cd {PHOTOS} 2>/dev/null || exit 0; {each}").splitlines()
        pairs = zip(lines[::2], lines[1::2], strict=True)
        return [Photo(name.removesuffix(".json"), json.loads(facts)) for facts, name in pairs]
