"""The process that holds the Edge TPU: libedgetpu ends its process when the stick is pulled, so it has its own.

Started by `worker.py` with one argument, a JSON object. Imports numpy and LiteRT and nothing of the camera: no lgpio,
no gpiozero. Says "ready" after a first inference (which uploads the weights), then answers one picture after
the other until its parent closes the channel. When the parent dies the kernel ends it, even in the middle of a call.
"""

from __future__ import annotations

import ctypes
import json
import socket
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from accelerators.errors import AcceleratorError, DeviceError
from accelerators.runtime.devices import Device, read_device, why_not
from accelerators.runtime.lifeline import live_with_parent
from accelerators.runtime.litert import edge_tpu_runtime
from accelerators.runtime.messages import MOST_TEXT, receive, send
from accelerators.runtime.model import Model
from accelerators.runtime.shared_tensors import SharedTensors


def main() -> int:
    task = json.loads(sys.argv[1])
    live_with_parent(task["lifeline"])
    with socket.socket(fileno=task["channel"]) as channel:
        try:
            model, version = load(task)
            tensors = SharedTensors(task["memory"], model.picture_shape, model.output_shape)
            model.run(np.zeros(model.picture_shape, np.uint8))
        except AcceleratorError as error:
            send(channel, error=str(error)[:MOST_TEXT])
            return 1
        send(channel, ready=True, output=list(model.output_shape), xnnpack=model.has_xnnpack, library=version)
        answer_all(channel, model, tensors)
    return 0


def load(task: dict[str, Any]) -> tuple[Model, str]:
    """The model on its device, and what libedgetpu says of its version."""
    device, path = read_device(task["device"]), Path(task["file"])
    if not device.is_edge_tpu:
        return Model(path, task["threads"], uncut=task["uncut"]), ""
    runtime = edge_tpu_runtime()
    delegate, version = open_edge_tpu(device, task["library"], runtime.load_delegate)
    return Model(path, task["threads"], delegate, runtime, task["uncut"]), version


def open_edge_tpu(device: Device, library: str, load_delegate: Any) -> tuple[object, str]:
    """The delegate and the library's version. Raises DeviceError that says what to do."""
    try:
        # First by itself: LiteRT's own error handling prints a second, meaningless error.
        loaded = ctypes.CDLL(library)
        delegate = load_delegate(library, {"device": str(device)})
    except (OSError, ValueError) as error:
        raise DeviceError(why_not(device, error, library)) from None
    version = getattr(loaded, "edgetpu_version", None)
    if version is None:
        return delegate, ""
    version.restype = ctypes.c_char_p
    return delegate, version().decode(errors="replace")


def answer_all(channel: socket.socket, model: Model, tensors: SharedTensors) -> None:
    """Answer until the parent closes the channel."""
    while (request := receive(channel, None)) is not None:
        started = time.perf_counter()
        try:
            tensors.values[...] = model.run(tensors.picture)
        except AcceleratorError as error:
            send(channel, sequence=request["sequence"], error=str(error)[:MOST_TEXT])
            continue
        took_ms = (time.perf_counter() - started) * 1000
        send(channel, sequence=request["sequence"], checksum=tensors.checksum(), took_ms=took_ms)


if __name__ == "__main__":
    sys.exit(main())
