"""What board and software this is, as far as it helps to understand a report, and nothing that tells whose it is."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from typing import Any

from firmware.doctor.examination import Machine
from firmware.settings import TABLES, Settings
from firmware.version import VERSION
from isp.knobs import knob_fields

LIBRARIES = ("numpy", "picamera2", "gpiozero", "lgpio", "simplejpeg", "ai-edge-litert", "tflite-runtime")
PACKAGES = ("libcamera-ipa", "python3-libcamera", "python3-picamera2", "libedgetpu1-std")

# Free text, but of words that come with Nightjar.
OURS = frozenset({"simulated.sensor", "simulated.scene", "accelerator.device", "darkroom.mode"})


def about(machine: Machine, settings: Settings) -> dict[str, Any]:
    """Plain values. The day is that of Greenwich; neither hour nor zone is told."""
    memory = next((line.split()[1] for line in machine.text("/proc/meminfo").splitlines() if "MemTotal" in line), "")
    return {
        "nightjar": VERSION,
        "day": time.strftime("%Y-%m-%d", time.gmtime()),
        "board": machine.text("/proc/device-tree/model") or "unknown",
        "processor": f"{platform.machine()}, {os.cpu_count()} processors",
        "memory_mb": int(memory) // 1000 if memory.isdigit() else None,
        "system": _system(machine),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
        "packages": {name: found for name in PACKAGES if (found := _package(machine, name))},
        "settings": changed_settings(settings),
    }


def changed_settings(settings: Settings) -> dict[str, Any]:
    """What differs from the defaults. Of free text, which may name folders and people, only that it differs."""
    changed = {}
    for table, kind in TABLES.items():
        chosen, usual = getattr(settings, table), kind()
        for item, facts in knob_fields(kind):
            value = getattr(chosen, item.name)
            if value != getattr(usual, item.name):
                key = f"{table}.{item.name}"
                is_free_text = isinstance(value, str) and not facts.choices and key not in OURS
                changed[key] = "(not told)" if is_free_text else value
    return changed


def _system(machine: Machine) -> str:
    facts = dict(line.split("=", 1) for line in machine.text("/etc/os-release").splitlines() if "=" in line)
    return facts.get("PRETTY_NAME", "unknown").strip('"')


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _package(machine: Machine, name: str) -> str:
    return machine.ask("dpkg-query", "-W", "-f", "${Version}", name) or ""
