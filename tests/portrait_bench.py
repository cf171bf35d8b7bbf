"""The darkroom's parts around one simulated frame: the test says what was found in its picture."""

from __future__ import annotations

import functools
import json
import queue
import time

import numpy as np

from accelerators.masking import Found
from firmware.cameras.simulated import simulate
from firmware.darkroom.darkroom import Darkroom, Job, encode_raw, plan_photo
from firmware.darkroom.developing import PortraitWishes
from firmware.errors import StorageError
from firmware.sensors import load_sensor
from firmware.service.heartbeat import Heartbeats
from firmware.settings import PortraitSettings, StorageSettings
from firmware.storage.card import Card
from firmware.storage.card_writer import CardWriter
from firmware.white_balance.judging import Judging
from isp.frames import Burst, RawFrame
from isp.photo import portrait_pipeline

PATIENCE_S = 20.0
# The camera's own, as `nightjar develop` has it.
JUDGE = Judging()
SIZE_PX = (640, 480)
STORY = {
    "subject": {"kind": "person", "names": ["person"], "confidence": 0.9, "is_guess": False},
    "device": "usb:0",
    "model": "network.tflite",
    "model_sha256": "0" * 64,
    "fell_back": None,
    "ms": {"network": 10.0, "matte": 20.0},
}


@functools.cache
def astronaut(**flips) -> RawFrame:
    """The frame of all tests."""
    return simulate("astronaut", "imx219", *SIZE_PX, **flips)[0]


def upright_oval(shape: tuple[int, int]) -> np.ndarray:
    """A mask of somebody in the middle who stands on the picture's lower third, with an edge some pixels wide."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]] / np.reshape(shape, (2, 1, 1))
    away = np.hypot((y - 0.5) / 0.35, (x - 0.5) / 0.2)
    return np.rint(255 * np.clip((1 - away) * 12 + 0.5, 0, 1)).astype(np.uint8)


def somebody(picture: np.ndarray) -> Found:
    """Somebody is there."""
    return Found(upright_oval(picture.shape[:2]), dict(STORY))


def nobody(picture: np.ndarray) -> Found:
    """Nobody is there."""
    return Found(None, {"why": "the picture shows nothing that stands out"})


class PickyCard(Card):
    """Says in which order files became durable, and refuses names that end as told."""

    def __init__(self, settings):
        super().__init__(settings)
        self.written = queue.SimpleQueue()
        self.refused = "nothing"

    def write(self, path, data):
        if path.name.endswith(self.refused):
            raise StorageError(f"{path.name}: the card is full")
        super().write(path, data)
        self.written.put(path)


class PortraitBench:
    """Takes portraits of the astronaut, 640 x 480."""

    def __init__(self, folder, **flips):
        storage = StorageSettings(folder=str(folder), state_folder=str(folder / "state"), free_space_floor_mb=0)
        self.card = PickyCard(storage)
        self.card.open()
        self.writer = CardWriter(self.card, Heartbeats())
        self.darkroom = Darkroom(self.writer, Heartbeats(), changed=lambda: None)
        for part in (self.writer, self.darkroom):
            part.start()
        self.frame = astronaut(**flips)
        self.tuning = load_sensor("imx219").tuning

    def take(self, find=somebody, tables=None, dng=True, **settings) -> Job:
        """Press, and wait until the photo is done or has failed."""
        pipeline = plan_photo(portrait_pipeline(tables), self.frame, self.tuning, JUDGE)
        files = self.card.reserve()
        job = Job(
            press_ns=time.monotonic_ns(),
            mode="portrait",
            burst=Burst((self.frame,)),
            files=files,
            pipeline=pipeline,
            tuning=self.tuning,
            threads=1,
            jpeg_quality=90,
            raw_done=self.writer.write(files.dng, encode_raw(self.frame, self.tuning, pipeline)) if dng else None,
            portrait=PortraitWishes(find, PortraitSettings(**settings)),
        )
        self.darkroom.take(job)
        job.done.exception(PATIENCE_S)
        return job

    def close(self) -> None:
        """Leave nothing running."""
        for part in (self.darkroom, self.writer):
            part.close(PATIENCE_S)
        self.card.close()


def names_beside(job: Job) -> list[str]:
    """What the photo left in its folder."""
    return sorted(path.name for path in job.files.jpeg.parent.iterdir())


def entry_of(job: Job) -> dict:
    """What the sidecar tells of the portrait."""
    return json.loads(job.files.sidecar.read_text())["portrait"]
