"""The camera thread and a camera that misbehaves: what is tried again, and what only a new process can mend."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from firmware.camera_thread import CameraThread
from firmware.cameras.simulated import SimulatedCamera
from firmware.control.client import call
from firmware.daemon import Daemon
from firmware.errors import CameraHung
from firmware.service.heartbeat import Heartbeats
from firmware.settings import (
    ButtonSettings,
    CameraSettings,
    ControlSettings,
    Settings,
    SimulatedSettings,
    StorageSettings,
)

PATIENCE_S = 20.0


def settings(folder: Path, stall_after_frames: int = 0) -> Settings:
    return Settings(
        camera=CameraSettings(backend="simulated", width_px=640, height_px=480, frame_timeout_s=0.2),
        simulated=SimulatedSettings(sensor="imx219", scene="grey", stall_after_frames=stall_after_frames),
        buttons=ButtonSettings(pin_factory="none"),
        control=ControlSettings(socket=str(folder / "control.sock")),
        storage=StorageSettings(
            folder=str(folder / "photos"), state_folder=str(folder / "state"), free_space_floor_mb=0
        ),
    )


class Hanging(SimulatedCamera):
    """Its recovery hangs, as libcamera's stop() may on a sensor that is gone."""

    def recover(self):
        raise CameraHung("Stopping the camera takes longer than 10 s; restart the daemon.")


def test_a_camera_that_hangs_is_given_up_so_that_the_process_can_be_replaced(tmp_path):
    changed = threading.Event()
    camera = CameraThread(settings(tmp_path, stall_after_frames=1), Heartbeats(), changed.set, Hanging)
    camera.start()
    while camera.report.state != "closed":
        assert changed.wait(PATIENCE_S), camera.report
        changed.clear()
    assert isinstance(camera.failure, CameraHung)


def test_the_daemon_finishes_its_photos_before_it_gives_a_hanging_camera_up(tmp_path):
    hangs = threading.Event()

    class HangsWhenTold(Hanging):
        def next_frame(self, timeout_s, not_before_ns=None):
            self._stall_after = 1 if hangs.is_set() else 0
            return super().next_frame(timeout_s, not_before_ns)

    daemon = Daemon(settings(tmp_path), opener=HangsWhenTold)
    accepted = []

    def shoot() -> None:
        socket = str(tmp_path / "control.sock")
        while not accepted:
            try:
                accepted.append(call(socket, "shoot", {"wait": False}))
            except ConnectionError:  # it has only just started
                hangs.wait(0.02)
        accepted.extend(call(socket, "shoot", {"wait": False}) for _ in range(2))
        hangs.set()

    threading.Thread(target=shoot, daemon=True).start()
    with pytest.raises(CameraHung):
        daemon.run()
    assert len(accepted) == 3
    assert all(Path(photo["jpeg"]).with_suffix(".json").is_file() for photo in accepted)
