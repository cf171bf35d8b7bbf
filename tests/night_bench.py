"""The daemon's parts around a simulated camera in a dim room: the test lets frames through one by one."""

from __future__ import annotations

import json
import queue
import threading

from measures.zoom_stand_in import StandIn

from firmware.camera_thread import CameraThread
from firmware.cameras.simulated import SimulatedCamera
from firmware.darkroom.darkroom import Darkroom
from firmware.errors import CameraError, StorageError
from firmware.look import Look
from firmware.night.board import Board
from firmware.night.night import Night, new_merge
from firmware.service.heartbeat import Heartbeats
from firmware.service.reloading import build_pipelines, burst_modes, zoom_modes
from firmware.settings import (
    CameraSettings,
    ExposureSettings,
    NightSettings,
    ReplaySettings,
    Settings,
    SimulatedSettings,
    StorageSettings,
    ZoomSettings,
)
from firmware.shooting import Shooting
from firmware.storage.card import Card
from firmware.storage.card_writer import CardWriter

PATIENCE_S = 20.0
# Noisy enough that all of them are useful.
FRAMES = 6


class GatedCamera(SimulatedCamera):
    """Delivers frames as the test lets them through; `trouble` is raised in the place of the next one."""

    def __init__(self, settings):
        super().__init__(settings)
        self.may_go = threading.Semaphore(0)
        self.waits = threading.Event()
        self.is_open = threading.Event()
        self.is_open.set()
        self.trouble = queue.Queue()
        self.asked = []

    def next_frame(self, timeout_s, not_before_ns=None):
        while not self.is_open.is_set() and not self.may_go.acquire(timeout=0.02):
            self.waits.set()
            if not self.trouble.empty():
                raise self.trouble.get()
            if self._closed.is_set():
                raise CameraError("closed")
        return super().next_frame(timeout_s, not_before_ns)

    def set_exposure(self, exposure_us, analogue_gain):
        self.asked.append((exposure_us, analogue_gain))
        super().set_exposure(exposure_us, analogue_gain)


class WatchedCard(Card):
    """Says what was written, refuses to replace while told to, and gives numbers when told."""

    def __init__(self, settings):
        super().__init__(settings)
        self.written = queue.Queue()
        self.refuses = False
        self.may_number = threading.Event()
        self.may_number.set()

    def reserve(self):
        assert self.may_number.wait(PATIENCE_S)
        return super().reserve()

    def write(self, path, data):
        super().write(path, data)
        self.written.put(path)

    def replace(self, path, data):
        if self.refuses:
            raise StorageError("the card fails")
        super().replace(path, data)


class NightBench:
    """The daemon's parts around a simulated camera in a dim room; a burst is FRAMES short frames."""

    def __init__(self, folder, camera=GatedCamera, **tables):
        self.settings = Settings(
            camera=CameraSettings(backend="simulated", width_px=640, height_px=480, frame_timeout_s=5.0),
            simulated=SimulatedSettings(sensor="imx219", scene="astronaut", lux=200, seed=3),
            replay=tables.get("replay", ReplaySettings()),
            exposure=tables.get("exposure", ExposureSettings(fixed_us=8000, fixed_gain=8.0)),
            night=tables.get("night", NightSettings(handheld_frames=FRAMES, tripod_frames=FRAMES, before_press_s=0.0)),
            zoom=tables.get("zoom", ZoomSettings(frames=FRAMES, dim_frames=FRAMES)),
            storage=StorageSettings(folder=str(folder), state_folder=str(folder / "state"), free_space_floor_mb=0),
        )
        self.sysfs = folder / "sys"
        self.changes = threading.Condition()
        self.heartbeats = Heartbeats()
        self.card = WatchedCard(self.settings.storage)
        self.card.open()
        self.thread = CameraThread(self.settings, self.heartbeats, self.changed, self.opener(camera), takes_bursts=True)
        self.writer = CardWriter(self.card, self.heartbeats)
        self.darkroom = Darkroom(self.writer, self.heartbeats, self.changed)
        board = Board(self.sysfs)
        parts = (self.thread, self.card, self.writer, self.darkroom)
        merges = (tables.get("merge", new_merge), tables.get("zoomed", StandIn), tables.get("upscaling"))
        self.night = Night(*parts, self.heartbeats, self.changed, board, *merges)
        self.shooting = Shooting(self.look(), *parts, self.night, self.changed, balances=tables.get("balances"))
        for part in (self.writer, self.darkroom, self.night):
            part.start()
        self.thread.start()
        self.until(lambda: self.thread.ring and len(self.thread.ring) > 2)

    def opener(self, camera):
        def opened(settings):
            self.camera = camera(settings)
            return self.camera

        return opened

    def look(self):
        return Look(self.settings, build_pipelines(self.settings), burst_modes(), zoom_modes())

    def changed(self):
        with self.changes:
            self.changes.notify_all()

    def until(self, holds):
        """Wait until this is true. Frames and states wake it; nothing else is waited for."""
        with self.changes:
            for _ in range(int(PATIENCE_S / 0.05)):
                if holds():
                    return
                self.changes.wait(0.05)
        raise AssertionError("it never came true")

    def shut_the_gate(self):
        self.camera.is_open.clear()
        self.camera.waits.clear()
        assert self.camera.waits.wait(PATIENCE_S)

    def press(self, mode="night"):
        """Press, as soon as the newest frame is in."""
        return self.shooting.press(self.thread.ring.newest().shot.timestamp_ns, mode)

    def press_and_let_in(self, frames, mode="night"):
        """A burst of which only so many frames come for now; the first of them is the newest in the ring."""
        self.shut_the_gate()
        accepted = self.press(mode)
        for number in range(1, frames + 1):
            self.until(lambda number=number: self.shooting.burst["collected"] == number)
            if number < frames:
                self.camera.may_go.release()
        return accepted

    def photo(self, accepted):
        """(report, what the sidecar says of the burst) of a photo that is done."""
        report = accepted.done.result(PATIENCE_S)
        return report, json.loads(accepted.files.sidecar.read_text())["burst"]

    def close(self):
        if isinstance(self.camera, GatedCamera):
            self.camera.is_open.set()
        self.thread.close(PATIENCE_S)
        for part in (self.night, self.darkroom, self.writer):
            part.close(PATIENCE_S)
        self.card.close()
