"""How warm the board became while it was tested, and whether it was slowed down: read before, and again after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from firmware.doctor.checks.board import HEAT_MEND, POWER, TOO_HOT_C, check_throttling
from firmware.doctor.examination import OK, Finding, Machine
from firmware.night.board import Board
from firmware.selftest.result import Measured, Result, judged, skipped

AREA = "heat"
CLOCKS = "devices/system/cpu/cpu*/cpufreq"
KILOHERTZ_A_MEGAHERTZ = 1000


@dataclass(frozen=True)
class Warmth:
    """The board at one moment. None and empty where it does not say."""

    celsius: float | None
    clock_mhz: float | None
    throttling: tuple[Finding, ...]


def look_at(machine: Machine) -> Warmth:
    """How warm it is now, how fast its processor runs, and what the firmware says of power."""
    findings = tuple(finding for finding in check_throttling(machine) if "°C" not in finding.message)
    sysfs = machine.at(machine.settings.board.sysfs)
    clocks = [machine.text(folder / "scaling_cur_freq") for folder in sysfs.glob(CLOCKS)]
    known = [int(text) / KILOHERTZ_A_MEGAHERTZ for text in clocks if text.isdigit()]
    return Warmth(Board(sysfs).temperature_c(), max(known, default=None), findings)


def check_heat(before: Warmth, after: Warmth) -> Iterator[Result]:
    """Temperature and clock, then what the board's firmware says of its supply."""
    did = "read the processor's temperature and clock before the first check and after the last"
    if after.celsius is None or before.celsius is None:
        yield skipped(AREA, "temperature", did, "this machine tells no temperature")
    else:
        measured = [
            Measured("temperature before", before.celsius, "°C"),
            Measured("temperature after", after.celsius, "°C", most=TOO_HOT_C),
        ]
        clocks = [("before", before.clock_mhz), ("after", after.clock_mhz)]
        measured += [Measured(f"clock {when}", clock, "MHz") for when, clock in clocks if clock is not None]
        yield judged(AREA, "temperature", did, measured, mend=HEAT_MEND)
    yield from _supply(before, after)


def _supply(before: Warmth, after: Warmth) -> Iterator[Result]:
    title, did = POWER, "asked the board's firmware whether it was throttled, before and after"
    if not after.throttling:
        yield skipped(AREA, title, did, "this machine does not say whether it is throttled")
        return
    for finding in after.throttling:
        news = "" if finding.state == OK or finding in before.throttling else "; not so before the test"
        yield Result(AREA, title, did, (), finding.state, finding.message + news, finding.mend)
