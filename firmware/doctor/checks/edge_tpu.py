"""Is a Coral Edge TPU on USB, and can it be used? No mode needs one yet."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

from firmware.doctor.examination import OK, WARNING, Finding, Machine

AREA = "Edge TPU"
# The stick names itself first before, then after its firmware is loaded.
SLEEPING, AWAKE = ("1a6e", "089a"), ("18d1", "9302")
LIBRARIES = ("usr/lib/*/libedgetpu.so.1", "usr/lib/libedgetpu.so.1", "usr/local/lib/libedgetpu.so.1")
USB_3_MBIT = 5000


def check_edge_tpu(machine: Machine) -> Iterator[Finding]:
    """The stick, the speed of its port, and the two libraries."""
    sticks = [device for device in sorted(machine.at("/sys/bus/usb/devices").glob("*")) if _is_stick(machine, device)]
    if not sticks:
        yield Finding(AREA, OK, "none plugged in, and none needed")
        return
    yield _speed(machine, sticks[0])
    if not any(list(machine.root.glob(pattern)) for pattern in LIBRARIES):
        mend = "install libedgetpu1-std (github.com/feranick/libedgetpu has it for current Debian)"
        yield Finding(AREA, WARNING, "libedgetpu is not installed", mend)
    runtimes = [name for name in ("ai_edge_litert", "tflite_runtime") if importlib.util.find_spec(name) is not None]
    if not runtimes:
        yield Finding(AREA, WARNING, "no LiteRT runtime can be imported", "pip install 'nightjar[portrait]'")


def _is_stick(machine: Machine, device: Path) -> bool:
    return (machine.text(device / "idVendor"), machine.text(device / "idProduct")) in (SLEEPING, AWAKE)


def _speed(machine: Machine, device: Path) -> Finding:
    speed = machine.text(device / "speed")
    if not speed.isdigit():
        return Finding(AREA, OK, f"plugged in at {device.name}")
    if int(speed) < USB_3_MBIT:
        mend = "plug it into a blue USB 3 port, with its own USB 3 cable"
        return Finding(AREA, WARNING, f"plugged in at {device.name} with {speed} Mbit/s; pictures pass slowly", mend)
    return Finding(AREA, OK, f"plugged in at {device.name} with {speed} Mbit/s")
