"""The camera thread and a camera that misbehaves: what is tried again, and what only a new process can mend."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from pathlib import Path

import pytest

from firmware.camera_thread import CameraThread
from firmware.cameras.simulated import SimulatedCamera
from firmware.control.client import call
from firmware.daemon import Daemon
from firmware.errors import CameraError, CameraHung
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


class Recording(SimulatedCamera):
    """Writes down the exposures it is asked for, and refuses what a sensor cannot."""

    def __init__(self, settings):
        super().__init__(settings)
        self.asked = queue.Queue()

    def set_exposure(self, exposure_us, analogue_gain):
        self.asked.put((exposure_us, analogue_gain))
        if analogue_gain > 22:
            raise CameraError(f"AnalogueGain {analogue_gain:g} is not possible in this mode; allowed: 1 to 22.")
        super().set_exposure(exposure_us, analogue_gain)


@contextlib.contextmanager
def recording(wanted, kind=Recording):
    """A running thread, and its camera."""
    opened = queue.Queue()

    def opener(settings):
        opened.put(kind(settings))
        return opened.queue[0]

    thread = CameraThread(wanted, Heartbeats(), lambda: None, opener)
    thread.start()
    try:
        yield thread, opened.get(timeout=PATIENCE_S)
    finally:
        thread.close(PATIENCE_S)


def test_an_exposure_the_sensor_cannot_do_is_refused_and_frames_go_on(tmp_path, caplog):
    with recording(settings(tmp_path)) as (thread, camera):
        thread.set_exposure(5000, 64.0)
        assert camera.asked.get(timeout=PATIENCE_S) == (5000, 64.0)
        thread.set_exposure(5000, 2.0)
        assert camera.asked.get(timeout=PATIENCE_S) == (5000, 2.0)
        assert thread.failure is None
    (refusal,) = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert "allowed: 1 to 22" in refusal


def test_an_exposure_that_was_asked_for_is_asked_for_again_after_reopening(tmp_path):
    with recording(settings(tmp_path, stall_after_frames=5)) as (thread, camera):
        thread.set_exposure(5000, 2.0)
        assert [camera.asked.get(timeout=PATIENCE_S) for _ in range(3)] == [(5000, 2.0)] * 3
        assert thread.report.stalls >= 1


def await_exposure(thread, exposure_us):
    """Until a frame of this exposure is in the ring."""
    seen, frame = 0, None
    while frame is None or frame.shot.exposure_us != exposure_us:
        came = thread.ring.after(seen, PATIENCE_S)
        assert came, "frames stopped coming"
        seen, frame = came


def test_a_burst_borrows_the_exposure_and_what_was_asked_meanwhile_holds_afterwards(tmp_path):
    with recording(settings(tmp_path)) as (thread, camera):
        thread.borrow_exposure(7000, 3.0)
        assert camera.asked.get(timeout=PATIENCE_S) == (7000, 3.0)
        thread.set_exposure(5000, 2.0)  # a reload, say
        await_exposure(thread, 7000)
        thread.give_exposure_back()
        assert camera.asked.get(timeout=PATIENCE_S) == (5000, 2.0)
        thread.borrow_exposure(7000, 3.0)
        assert camera.asked.get(timeout=PATIENCE_S) == (7000, 3.0)


def test_after_a_burst_the_camera_meters_again(tmp_path):
    with recording(settings(tmp_path)) as (thread, camera):
        thread.borrow_exposure(7000, 3.0)
        assert camera.asked.get(timeout=PATIENCE_S) == (7000, 3.0)
        thread.give_exposure_back()
        assert camera.asked.get(timeout=PATIENCE_S) == (0, 0.0)


class Foreseeing(Recording):
    """Says of the next frame what the last one was like, as a camera module does."""

    frame_interval_s = 0.01


def test_a_long_exposure_is_not_taken_for_silence(tmp_path):
    with recording(settings(tmp_path), Foreseeing) as (thread, camera):
        thread.borrow_exposure(600_000, 1.0)  # three times the limit of silence
        assert camera.asked.get(timeout=PATIENCE_S) == (600_000, 1.0)
        await_exposure(thread, 600_000)
        assert thread.report.stalls == 0
