"""Which device is wanted, which are there, and where libedgetpu is: words in settings turned into what it takes.

The grammar is pycoral's (`make_interpreter(device=...)`): "" is the first Edge TPU of any kind, ":1" the second, "usb"
and "usb:0" the first on USB, "pci" and "pci:0" the first on PCI. Ours are "auto", "cpu" and "child": the CPU in a child
process, all that the Edge TPU goes through but the stick. Imports nothing heavy: `nightjar doctor` uses it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from accelerators.errors import DeviceError
from accelerators.models.files import ModelFiles

ALLOWED = '"auto", "cpu", "usb", "usb:0", "pci", "pci:0", ":0"'
ROOT = Path("/")
LIBRARY = "libedgetpu.so.1"
LIBRARIES = (f"usr/lib/*/{LIBRARY}", f"usr/lib/{LIBRARY}", f"usr/local/lib/{LIBRARY}")
# The stick names itself first before, then after its firmware is loaded.
SLEEPING, AWAKE = ("1a6e", "089a"), ("18d1", "9302")


@dataclass(frozen=True)
class Device:
    """kind: "auto", "cpu", "child", "any" (Edge TPU), "usb" or "pci"; index: which of that kind."""

    kind: str
    index: int = 0

    @property
    def is_edge_tpu(self) -> bool:
        return self.kind in ("any", "usb", "pci")

    def __str__(self) -> str:
        """Always with the index: libedgetpu heeds options such as Performance only then."""
        return f"{self.kind.replace('any', '')}:{self.index}" if self.is_edge_tpu else self.kind


@dataclass(frozen=True)
class Stick:
    """A Coral stick on USB: the name of its port, and its node in /dev (None where sysfs does not say)."""

    port: str
    node: Path | None


def read_device(text: str) -> Device:
    """The device that a setting names. Raises DeviceError."""
    if text in ("auto", "cpu", "child"):
        return Device(text)
    found = re.fullmatch(r"(usb|pci)?(?::(\d{1,2}))?", text, re.ASCII)
    if not found:
        raise DeviceError(f'There is no device "{text}". Allowed: {ALLOWED}.')
    return Device(found[1] or "any", int(found[2] or 0))


def find_library(named: str = "", root: Path = ROOT) -> str | None:
    """Path of libedgetpu: the one that is named, else where distributions put it. None where it is not.

    A name without a folder is left to the dynamic loader.
    """
    if named:
        return named if "/" not in named or Path(named).is_file() else None
    return next((str(path) for pattern in LIBRARIES for path in sorted(root.glob(pattern))), None)


def sticks(root: Path = ROOT) -> list[Stick]:
    """The Coral sticks on USB, by port."""
    folders = sorted((root / "sys/bus/usb/devices").glob("*"))
    return [Stick(folder.name, _node(folder, root)) for folder in folders if _names(folder) in (SLEEPING, AWAKE)]


def choose(wanted: Device, files: ModelFiles, library: str | None, plugged_in: Iterable[Stick]) -> tuple[Device, str]:
    """The device to try first, and why in words. What is named is tried; "auto" takes a stick that can be used."""
    if wanted.kind != "auto":
        return wanted, "the settings name it"
    if not list(plugged_in):
        return Device("cpu"), "no Coral stick on USB"
    if library is None:
        return Device("cpu"), f"a Coral stick is on USB, but {LIBRARY} is not installed"
    if files.edge_tpu is None:
        return Device("cpu"), f"a Coral stick is on USB, but model {files.name} has no file compiled for it"
    return Device("usb"), "a Coral stick is on USB"


def why_not(device: Device, error: OSError | ValueError, library: str, root: Path = ROOT) -> str:
    """What to do after loading libedgetpu failed: OSError is the library's absence, ValueError the device's."""
    if isinstance(error, OSError):
        return (
            f"libedgetpu cannot be loaded ({error}). Install libedgetpu1-std (github.com/feranick/libedgetpu has it "
            'for current Debian), or set device = "cpu"'
        )
    details = [line for line in str(error).strip().splitlines() if line and not line.startswith("Failed to load")]
    said = f" ({'; '.join(details)})" if details else ""
    return f"libedgetpu finds no Edge TPU there{said}. {_advice(device, root)}"


def no_stick(root: Path = ROOT) -> str:
    """What to do when no stick is seen."""
    usb = root / "sys/bus/usb/devices"
    names = " or ".join(":".join(name) for name in (SLEEPING, AWAKE))
    return f'No Coral stick is on USB ({names} in {usb}): plug it in, or set device = "cpu"'


def _advice(device: Device, root: Path) -> str:
    found = sticks(root)
    if device.kind == "pci":
        return f"Is /dev/apex_{device.index} there? It needs the gasket driver."
    if not found:
        return no_stick(root)
    if device.index >= len(found):
        return f"{len(found)} on USB, numbered from 0."
    node, where = found[device.index].node, f"A stick is on USB port {found[device.index].port}"
    if node is not None and not os.access(node, os.R_OK | os.W_OK):
        return f"{where}, but {node} may not be used: join group plugdev, and install 60-nightjar.rules."
    return (
        f"{where}: does another program use it? Else unplug it and plug it into a USB 3 port that gives 900 mA, or "
        "into a hub with its own power."
    )


def _names(folder: Path) -> tuple[str, str]:
    return _text(folder / "idVendor"), _text(folder / "idProduct")


def _node(folder: Path, root: Path) -> Path | None:
    bus, number = _text(folder / "busnum"), _text(folder / "devnum")
    if not (bus.isdigit() and number.isdigit()):
        return None
    return root / f"dev/bus/usb/{int(bus):03}/{int(number):03}"


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
