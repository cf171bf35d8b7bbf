"""The kernels: can this processor run them? Asked without loading them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from firmware.doctor.examination import OK, PROBLEM, Finding, Machine
from isp.processor import BUILT_FOR, MEND, trouble

AREA = "kernels"


def check_kernels(machine: Machine, built_for: Path = BUILT_FOR) -> Iterator[Finding]:
    """A card that was moved to another board keeps those of the old one."""
    found = trouble(built_for, machine.at("/proc/cpuinfo"))
    if found:
        yield Finding(AREA, PROBLEM, found, MEND)
    else:
        yield Finding(AREA, OK, "no instruction that they need is missing here")
