"""The parent's end of the child that holds a device: pictures over, answers back, nothing believed unchecked."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

import accelerators
from accelerators.errors import DeviceError
from accelerators.runtime.devices import Device
from accelerators.runtime.messages import Garbled, pair, receive, send
from accelerators.runtime.model import limits, output_shape, picture_shape
from accelerators.runtime.model_file import ModelFile
from accelerators.runtime.process import ChildProcess
from accelerators.runtime.shared_tensors import SharedTensors, shared_memory

# Imports from a slow card, the stick's firmware and the weights over USB 2.
START_S = 30.0
# For libedgetpu to give the stick back in order.
END_S = 2.0
# Between a child's last word and its end. A photo may be waiting.
DYING_S = 0.5


class Worker:
    """A child process with one model on one device: one life of it. Not for several threads at once.

    file     the checked .tflite; device, library, threads: as in `Accelerator`
    program  the command that is started, our own where none is given; tests bring children that misbehave
    start_s  how long the child may take until its first, blank picture is answered
    Starts the child and does not wait; `is_ready` does. Raises ModelError when the file takes no picture,
    DeviceError when no process can be started.
    """

    def __init__(
        self,
        file: ModelFile,
        device: Device,
        library: str,
        threads: int,
        program: Sequence[str] = (),
        start_s: float = START_S,
    ) -> None:
        shapes = picture_shape(file), output_shape(file)
        self.file, self.device, self.library_version = file.path, device, ""
        self.sha256 = file.sha256
        self._limits = limits(file.outputs[0])
        self._start_s, self._started = start_s, time.monotonic()
        self._is_ready, self._sequence = False, 0
        memory = shared_memory(*shapes)
        self._channel, theirs = pair()
        task = {"file": str(file.path), "uncut": file.uncut, "threads": threads}
        task |= {"device": str(device), "library": library}
        try:
            self._tensors = SharedTensors(memory, *shapes)
            descriptors = {"memory": memory, "channel": theirs.fileno()}
            self._process = ChildProcess(program or own_program(), task | descriptors, tuple(descriptors.values()))
        except DeviceError:
            self._channel.close()
            raise
        finally:
            theirs.close()
            os.close(memory)

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_ready(self, wait_s: float) -> bool:
        """Wait for the child to be ready; False when it is not yet. Raises DeviceError when it never will be."""
        if self._is_ready:
            return True
        left_s = max(self._started + self._start_s - time.monotonic(), 0.0)
        try:
            message = self._received(min(wait_s, left_s))
        except TimeoutError:
            if wait_s >= left_s:
                raise self._failed(f"was not ready within {self._start_s:.0f} s") from None
            return False
        if message.get("ready") is not True or message.get("output") != list(self._tensors.values.shape):
            raise self._failed(message.get("error") or f"began with {message}")
        self.library_version = str(message.get("library", ""))
        self._is_ready = True
        return True

    def wait(self, wait_s: float) -> None:
        """Wait until the child has said something. Unlike the rest, safe beside other threads."""
        poll = select.poll()
        # A negative number, of a channel closed meanwhile, is refused.
        with contextlib.suppress(ValueError):
            poll.register(self._channel, select.POLLIN)
            poll.poll(wait_s * 1000)

    def run(self, picture: np.ndarray, timeout_s: float) -> np.ndarray:
        """The network's answer to one picture. Raises DeviceError, after which the child is gone."""
        self._sequence += 1
        self._tensors.picture[...] = picture
        # What the child leaves unwritten must not look like an answer.
        self._tensors.values.fill(np.nan)
        try:
            send(self._channel, sequence=self._sequence)
            message = self._received(timeout_s)
        except TimeoutError:
            raise self._failed(f"gave no answer within {timeout_s:.1f} s") from None
        except OSError:
            raise self._ended() from None
        if "error" in message:
            raise self._failed(message["error"])
        values = self._tensors.values.copy()
        self._check(message, values)
        self._process.tidy()
        return values

    def close(self) -> None:
        """End the child: in order, so that libedgetpu gives the stick back, else by force."""
        self._channel.close()
        self._process.end(END_S if self._is_ready else 0.0)

    def _check(self, message: dict[str, Any], values: np.ndarray) -> None:
        low, high = self._limits
        if message.get("sequence") != self._sequence:
            raise self._failed(f"answered picture {message.get('sequence')} instead of {self._sequence}")
        if message.get("checksum") != self._tensors.checksum():
            raise self._failed("answered with other numbers than it says")
        if not np.isfinite(values).all():
            raise self._failed("answered with NaN or infinite numbers")
        if values.size and not (low <= values.min() and values.max() <= high):
            raise self._failed(f"answered with numbers beyond {low:.3g} to {high:.3g}, which the model cannot give")

    def _received(self, timeout_s: float) -> dict[str, Any]:
        try:
            message = receive(self._channel, timeout_s)
        except Garbled as error:
            raise self._failed(f"sent garbage: {error}") from None
        if message is None:
            raise self._ended()
        return message

    def _failed(self, why: str) -> DeviceError:
        """Kill the child; the reason, with what it said last."""
        self._channel.close()
        details = self._process.end()
        return DeviceError(f"{self.device}: {why}" + (f"; {details}" if details else ""))

    def _ended(self) -> DeviceError:
        """The child has closed its end: it is dead or dying, by itself."""
        self._channel.close()
        return DeviceError(f"{self.device}: {self._process.end(DYING_S) or 'its process closed its end'}")


def own_program() -> list[str]:
    """The command that starts `child.py` with the Python and the modules of this process."""
    # An empty entry is the working folder, which holds photos, not modules; -P keeps Python from adding it.
    ours = os.path.dirname(os.path.dirname(accelerators.__file__))
    folders = [os.path.abspath(folder) for folder in (*sys.path, ours) if folder]
    start = f"import sys; sys.path[:] = {folders!r}; from accelerators.runtime.child import main; sys.exit(main())"
    return [sys.executable, "-P", "-c", start]
