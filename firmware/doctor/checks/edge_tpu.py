"""Is a Coral Edge TPU on USB, and can it be used? Portraits are faster with one; no mode needs it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

from accelerators.runtime.devices import Stick, find_library, sticks
from firmware.doctor.examination import OK, WARNING, Finding, Machine

AREA = "Edge TPU"
USB_3_MBIT = 5000


def check_edge_tpu(machine: Machine) -> Iterator[Finding]:
    """The stick, the speed of its port, and the two libraries."""
    plugged_in = sticks(machine.root)
    if not plugged_in:
        yield Finding(AREA, OK, "none plugged in, and none needed")
        return
    yield _speed(machine, plugged_in[0])
    if find_library(root=machine.root) is None:
        mend = "install libedgetpu1-std (github.com/feranick/libedgetpu has it for current Debian)"
        yield Finding(AREA, WARNING, "libedgetpu is not installed", mend)
    runtimes = [name for name in ("ai_edge_litert", "tflite_runtime") if importlib.util.find_spec(name) is not None]
    if not runtimes:
        yield Finding(AREA, WARNING, "no LiteRT runtime can be imported", "pip install 'nightjar[portrait]'")


def _speed(machine: Machine, stick: Stick) -> Finding:
    speed = machine.text(f"/sys/bus/usb/devices/{stick.port}/speed")
    if not speed.isdigit():
        return Finding(AREA, OK, f"plugged in at {stick.port}")
    if int(speed) < USB_3_MBIT:
        mend = "plug it into a blue USB 3 port, with its own USB 3 cable"
        return Finding(AREA, WARNING, f"plugged in at {stick.port} with {speed} Mbit/s; pictures pass slowly", mend)
    return Finding(AREA, OK, f"plugged in at {stick.port} with {speed} Mbit/s")
