"""Takes out of a text what tells whose camera it is: names of machine and users, serial numbers, folders, addresses.

Our own words hold none of that, but errors quote what they were given.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from typing import Any

from firmware.doctor.examination import Machine

SERIALS = ("/proc/device-tree/serial-number", "/sys/firmware/devicetree/base/serial-number", "/etc/machine-id")
# Names that every board has, and words of ours that a machine may be called by: they tell nothing.
PUBLIC = frozenset({"root", "pi", "nightjar", "nobody", "raspberrypi", "localhost", "camera", "debian"})
FIRST_PERSON, LAST_PERSON = 1000, 60000
# A system's own folders are the same everywhere.
SYSTEM_FOLDERS = r"/(?:dev|etc/nightjar|lib|proc|run/nightjar|run/systemd|sys|usr|opt/nightjar|var/lib/nightjar)\b"
FOLDER = re.compile(rf"(?<![\w.<])(?!{SYSTEM_FOLDERS})/(?:[^\s/'\":;,()]+/)*[^\s/'\":;,()]*[^\s/'\":;,.()]")
# In which zone a clock goes tells where its owner lives.
HOUR = re.compile(r"(\d{4}-\d\d-\d\d)[ T]\d\d:\d\d(?::\d\d)?")
ADDRESSES = (
    re.compile(r"\b(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}\b"),
    re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"),
)


class Private:
    """Knows the names of this machine."""

    def __init__(self, machine: Machine) -> None:
        people = [name for name, number in machine.users().items() if FIRST_PERSON <= number < LAST_PERSON]
        serials = [text for text in map(machine.text, SERIALS) if text]
        hosts = [machine.text("/etc/hostname"), socket.gethostname()]
        known = {"<user>": people, "<serial>": serials, "<host>": [*hosts, *(name.split(".")[0] for name in hosts)]}
        self._patterns = [
            (re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])"), stand_in)
            for stand_in, names in known.items()
            for name in sorted(set(names), key=len, reverse=True)
            if name and name.lower() not in PUBLIC
        ]

    def without(self, text: str) -> str:
        """The text with stand-ins."""
        for pattern, stand_in in self._patterns:
            text = pattern.sub(stand_in, text)
        for pattern in ADDRESSES:
            text = pattern.sub("<address>", text)
        text = HOUR.sub(r"\1", text)
        return FOLDER.sub("<folder>", text)

    def without_any(self, value: Any) -> Any:
        """The same of every text in plain values; keys are ours."""
        if isinstance(value, str):
            return self.without(value)
        if isinstance(value, Mapping):
            return {key: self.without_any(item) for key, item in value.items()}
        return [self.without_any(item) for item in value] if isinstance(value, list | tuple) else value
