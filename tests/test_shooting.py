"""Presses close together on a card that is slow: each photo still shows its own moment."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from firmware.body.button_actions import ButtonActions
from firmware.body.buttons import ButtonEvent
from firmware.camera_thread import CameraReport, CameraThread
from firmware.darkroom.darkroom import Darkroom
from firmware.errors import StorageError
from firmware.look import Look
from firmware.night.night import Night
from firmware.ring import Ring
from firmware.service.heartbeat import Heartbeats
from firmware.service.reloading import build_pipelines
from firmware.settings import Settings, StorageSettings
from firmware.shooting import Shooting
from firmware.storage.card import Card
from firmware.storage.card_writer import CardWriter
from isp.frames import RawFrame, Shot

PATIENCE_S = 20.0
SIZE = (16, 1000)
INTERVAL_NS = 100_000_000


def frame(number: int) -> RawFrame:
    shot = Shot("unknown", "RGGB", (0.0,) * 4, 1023.0, number * INTERVAL_NS, 0, None, None, None)
    return RawFrame(np.zeros(SIZE, np.uint16), shot)


class SlowCard(Card):
    """Its counter becomes durable only when told."""

    may_go: threading.Event

    def reserve(self):
        assert self.may_go.wait(PATIENCE_S)
        return super().reserve()


class WatchedRing(Ring):
    """Says when a frame was chosen."""

    chosen: threading.Semaphore

    def nearest(self, time_ns, timeout_s):
        found = super().nearest(time_ns, timeout_s)
        self.chosen.release()
        return found


class Bench:
    """Shooting with everything behind it, and a ring that the test fills."""

    def __init__(self, folder):
        settings = Settings(
            storage=StorageSettings(folder=str(folder), state_folder=str(folder / "state"), free_space_floor_mb=0)
        )
        heartbeats = Heartbeats()
        self.card = SlowCard(settings.storage)
        self.card.may_go = threading.Event()
        self.card.open()
        camera = CameraThread(settings, heartbeats, lambda: None)
        self.ring = WatchedRing(16, 4_000_000, INTERVAL_NS / 1e9)  # four frames
        self.ring.chosen = threading.Semaphore(0)
        camera.ring, camera.report = self.ring, CameraReport("streaming")
        writer = CardWriter(self.card, heartbeats)
        darkroom = Darkroom(writer, heartbeats, lambda: None)
        night = Night(camera, self.card, writer, darkroom, heartbeats, lambda: None)
        look = Look(settings, build_pipelines(settings))
        self.shooting = Shooting(look, camera, self.card, writer, darkroom, night, lambda: None)
        self.refusals = []
        self.actions = ButtonActions(self.shooting, heartbeats, self.refusals.append, lambda: None)
        self.parts = (self.actions, darkroom, writer)
        for part in self.parts:
            part.start()

    def press(self, time_ns: int) -> None:
        self.actions.events.put(ButtonEvent("shutter", "press", time_ns))

    def close(self) -> None:
        self.card.may_go.set()
        for part in self.parts:
            part.close(PATIENCE_S)
        self.card.close()


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.close()


def test_a_press_gets_its_own_frame_while_the_card_still_numbers_the_one_before(bench, tmp_path):
    from firmware.files.raw_files import read_raw

    for number in range(4):
        bench.ring.push(frame(number))
    bench.press(1 * INTERVAL_NS)
    bench.press(2 * INTERVAL_NS)
    for _ in range(2):
        assert bench.ring.chosen.acquire(timeout=PATIENCE_S)
    for number in range(4, 12):  # both frames leave the ring
        bench.ring.push(frame(number))
    bench.card.may_go.set()
    bench.actions.close(PATIENCE_S)
    assert bench.shooting.wait_until_done(PATIENCE_S)
    moments = [read_raw(path).shot.timestamp_ns for path in sorted(tmp_path.rglob("*.DNG"))]
    assert moments == [1 * INTERVAL_NS, 2 * INTERVAL_NS]


def test_a_card_that_gives_no_number_refuses_the_press_aloud(bench, tmp_path):
    (tmp_path / "state" / ".photo-number.partial").mkdir()
    bench.ring.push(frame(0))
    bench.card.may_go.set()
    with pytest.raises(StorageError):
        bench.shooting.press(0)
    bench.press(0)
    bench.actions.close(PATIENCE_S)
    assert "photo-number" in bench.refusals[0]
    assert bench.shooting.wait_until_done(0)
