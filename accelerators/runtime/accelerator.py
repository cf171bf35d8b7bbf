"""A model that answers: on the Edge TPU where there is one, else on the CPU, and whatever happens to the stick."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from accelerators.errors import AcceleratorError, DeviceError, ModelError
from accelerators.models.files import ModelFiles
from accelerators.runtime.answer import Answer
from accelerators.runtime.breaker import FAULTS_IN_A_ROW, Breaker
from accelerators.runtime.choice import Choice
from accelerators.runtime.devices import ROOT, read_device
from accelerators.runtime.model import Model
from accelerators.runtime.record import Record
from accelerators.runtime.worker import Worker

logger = logging.getLogger(__name__)

# A Pi has four cores; the other two keep frames coming.
THREADS = 2
# The slowest network here takes 1.1 s on a slow board; what takes 10 s hangs.
DEADLINE_S = 10.0
# Between two looks whether a device that warms up has died, or took too long.
SLICE_S = 0.1


class Accelerator:
    """One network, ready when it is needed. Safe to use from several threads.

    files       the model, and its twin compiled for the Edge TPU
    device      "auto", "cpu", or an Edge TPU by pycoral's grammar ("usb", "usb:1", "pci:0", ":0"); see `devices.py`
    threads     that LiteRT works with on the CPU
    deadline_s  how long a picture may wait for a device that does not answer; then the CPU answers
    library     path of libedgetpu; found by itself when empty
    clock       seconds that only go forward: when a device that failed is tried again
    root        the machine's files; another folder than / in tests
    """

    def __init__(
        self,
        files: ModelFiles,
        device: str = "auto",
        threads: int = THREADS,
        deadline_s: float = DEADLINE_S,
        library: str = "",
        clock: Callable[[], float] = time.monotonic,
        root: Path = ROOT,
    ) -> None:
        self._files, self._threads, self._deadline_s, self._clock = files, threads, deadline_s, clock
        self._choice = Choice(read_device(device), files, library, root, clock)
        self._breaker, self._record = Breaker(), Record()
        self._worker: Worker | None = None
        self._model: Model | None = None
        self._closed = False
        # The device and the CPU have a turn each: nobody waits for a hanging stick to use the CPU.
        self._device_turn, self._cpu_turn = threading.Lock(), threading.Lock()
        self._starts = 0

    def run(self, picture: np.ndarray) -> Answer:
        """What the network says about a picture: (h, w, channels) uint8, as the model takes it.

        A device that fails or hangs is replaced by the CPU at once. Raises ModelError for a picture or a file that does
        not fit, DeviceError when nothing can answer, RuntimeMissing when there is no LiteRT.
        """
        self._check(picture)
        started = time.perf_counter()
        deadline = time.monotonic() + self._deadline_s
        reason = ""
        if self._choice.look().kind != "cpu":
            try:
                values, worker = self._ask_device(picture, deadline)
                device, file = str(worker.device), worker.file.name
                return self._record.add(Answer(values, device, file, _ms_since(started), sha256=worker.sha256))
            except (DeviceError, ModelError) as error:
                reason = str(error)
        try:
            model = self._cpu_model()
            values = model.run(picture)
        except AcceleratorError as error:
            if not reason:
                raise
            raise DeviceError(f"Nothing can answer. The device: {reason}. The CPU: {error}") from error
        file, sha256 = self._files.cpu.name, model.file.sha256
        return self._record.add(Answer(values, "cpu", file, _ms_since(started), reason, sha256))

    def warm_up(self) -> None:
        """Load now what the first picture would wait for; pictures that come meanwhile go to the CPU.

        A device that fails is logged. Raises ModelError and RuntimeMissing when the CPU cannot take over either.
        """
        if self._choice.look().kind != "cpu":
            with contextlib.suppress(DeviceError, ModelError):
                while not self._is_warm():
                    pass
                return
        if not self._closed:
            self._cpu_model()

    def report(self) -> dict[str, Any]:
        """For `nightjar status`: which device answered and how fast, and what went wrong."""
        worker = self._worker
        return {
            "model": self._files.name,
            "wanted": str(self._choice.wanted),
            "chosen": str(self._choice.device),
            "why": self._choice.why,
            **self._record.report(),
            "restarts": max(self._starts - 1, 0),
            "breaker": self._breaker.state(self._clock()),
            "last_fault": self._breaker.last_fault,
            "library": worker.library_version if worker else "",
            "child": worker.pid if worker else None,
        }

    def close(self) -> None:
        """Give the device back and end the child. `run` afterwards raises DeviceError."""
        self._closed = True
        with self._device_turn:
            self._drop_worker()
        with self._cpu_turn:
            self._model = None

    def _check(self, picture: np.ndarray) -> None:
        if self._closed:
            raise DeviceError("This accelerator was closed.")
        shape = self._files.picture_shape
        if not isinstance(picture, np.ndarray) or picture.shape != shape or picture.dtype != np.uint8:
            found = f"{picture.dtype} {picture.shape}" if isinstance(picture, np.ndarray) else type(picture).__name__
            raise ModelError(f"Model {self._files.name} takes a uint8 picture of shape {shape}, not {found}.")

    def _ask_device(self, picture: np.ndarray, deadline: float) -> tuple[np.ndarray, Worker]:
        """The device's answer, and who gave it. Raises DeviceError or ModelError, at once while the device rests."""
        if not self._device_turn.acquire(timeout=self._deadline_s):
            raise DeviceError(f"{self._choice.device} is busy with another picture")
        try:
            # Only the first child is waited for: after a fault pictures go to the CPU until the next one is ready.
            may_wait = self._starts == 0
            worker = self._started_worker()
            is_ready = self._counted(
                lambda: worker.is_ready(max(deadline - time.monotonic(), 0.0) if may_wait else 0.0)
            )
            left_s = deadline - time.monotonic()
            if not is_ready or left_s < self._deadline_s / 2:
                state = "has other pictures to do" if is_ready and not may_wait else "is being started"
                after = f" after a fault: {self._breaker.last_fault}" if self._breaker.faults else ""
                raise DeviceError(f"{worker.device} {state}; it takes a later picture{after}")
            values = self._counted(lambda: worker.run(picture, left_s))
            if self._breaker.faults:
                logger.info("%s answers again", worker.device)
            self._breaker.worked()
            return values, worker
        finally:
            self._device_turn.release()

    def _is_warm(self) -> bool:
        """Start the child, or wait for it a little, without taking the device's turn from others."""
        with self._device_turn:
            worker = self._started_worker()
            if self._counted(lambda: worker.is_ready(0.0)):
                return True
        worker.wait(SLICE_S)
        return False

    def _started_worker(self) -> Worker:
        """The child, ready or not. Raises DeviceError at once while the device rests."""
        if self._closed:
            raise DeviceError("This accelerator was closed.")
        if self._worker is None:
            if self._choice.is_back():
                self._breaker.worked()
            if self._breaker.rests(self._clock()):
                raise DeviceError(f"{self._choice.device} rests after a fault: {self._breaker.last_fault}")
            self._starts += 1
            self._worker = self._counted(self._new_worker)
        return self._worker

    def _new_worker(self) -> Worker:
        file, library = self._choice.parts()
        return Worker(file, self._choice.device, library, self._threads)

    def _counted(self, step: Callable[[], Any]) -> Any:
        """Do a step with the child; a fault ends it and counts."""
        try:
            return step()
        except (DeviceError, ModelError) as error:
            self._drop_worker()
            self._breaker.failed(self._clock(), str(error))
            # Once it is known, a stick that is not there is not worth a warning each minute.
            level = logging.WARNING if self._breaker.faults <= FAULTS_IN_A_ROW else logging.DEBUG
            logger.log(level, "%s failed, the CPU takes over: %s", self._choice.device, error)
            raise

    def _drop_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def _cpu_model(self) -> Model:
        with self._cpu_turn:
            if self._model is None:
                self._model = Model(self._files.cpu, self._threads, uncut=self._files.uncut)
            return self._model


def _ms_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
