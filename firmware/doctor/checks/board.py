"""The board itself: does it know the time, and has it power and air enough?"""

from __future__ import annotations

import time
from collections.abc import Iterator

from firmware.doctor.examination import OK, PROBLEM, WARNING, Finding, Machine
from firmware.wall_clock import was_set

CLOCK, POWER = "clock", "power"
TOO_HOT_C, HOT_C = 80.0, 70.0
# Bits of the firmware's throttling word: documentation of `vcgencmd get_throttled`.
NOW = {0: "too little voltage", 1: "clock capped", 2: "slowed down", 3: "warm: clock reduced"}
EARLIER_SHIFT = 16
POWER_MEND = "use the Pi's own power supply and a short cable"
HEAT_MEND = "give the board a heat sink or a fan"


def check_clock(machine: Machine) -> Iterator[Finding]:
    """Every photo's EXIF carries the time."""
    if not was_set(time.time_ns()):
        mend = "connect a network once, or: sudo date -s 'YYYY-MM-DD HH:MM'"
        yield Finding(CLOCK, PROBLEM, f"the clock says {time.gmtime().tm_year}", mend)
        return
    if machine.at("/run/systemd/timesync/synchronized").exists():
        yield Finding(CLOCK, OK, "set from the network")
        return
    synchronised = machine.ask("timedatectl", "show", "-p", "NTPSynchronized", "--value")
    if synchronised == "yes":
        yield Finding(CLOCK, OK, "set from the network")
    else:
        mend = "sudo timedatectl set-ntp true, with a network"
        yield Finding(CLOCK, WARNING, f"not set from the network; it says {time.strftime('%Y-%m-%d %H:%M')}", mend)


def check_throttling(machine: Machine) -> Iterator[Finding]:
    """Too little power or too much heat makes photos late, or the board restart."""
    yield from _temperature(machine)
    yield from _voltage(machine)


def _temperature(machine: Machine) -> Iterator[Finding]:
    zones = [machine.text(path) for path in machine.at("/sys/class/thermal").glob("thermal_zone*/temp")]
    degrees = [int(zone) / 1000 for zone in zones if zone.lstrip("-").isdigit()]
    if not degrees:
        return
    hottest = max(degrees)
    if hottest >= HOT_C:
        yield Finding(
            POWER, PROBLEM if hottest >= TOO_HOT_C else WARNING, f"the processor has {hottest:.0f} °C", HEAT_MEND
        )
    else:
        yield Finding(POWER, OK, f"the processor has {hottest:.0f} °C")


def _voltage(machine: Machine) -> Iterator[Finding]:
    word = _throttling_word(machine)
    if word is not None:
        now = [text for bit, text in NOW.items() if word >> bit & 1]
        earlier = [text for bit, text in NOW.items() if word >> (bit + EARLIER_SHIFT) & 1 and text not in now]
        if now:
            yield Finding(POWER, PROBLEM, f"just now: {', '.join(now)}", _mend(now))
        if earlier:
            yield Finding(POWER, WARNING, f"since the start: {', '.join(earlier)}", _mend(earlier))
        if not word:
            yield Finding(POWER, OK, "never throttled since the start")
        return
    for name in machine.at("/sys/class/hwmon").glob("hwmon*/name"):
        if machine.text(name) == "rpi_volt":
            low = machine.text(name.parent / "in0_lcrit_alarm") == "1"
            yield (
                Finding(POWER, PROBLEM, "too little voltage", POWER_MEND)
                if low
                else Finding(POWER, OK, "voltage holds")
            )


def _throttling_word(machine: Machine) -> int | None:
    """From the firmware's own program, e.g. "throttled=0x50005"; None where there is none."""
    answer = machine.ask("vcgencmd", "get_throttled") or ""
    name, _, value = answer.partition("=")
    try:
        return int(value, 16) if name == "throttled" else None
    except ValueError:
        return None


def _mend(troubles: list[str]) -> str:
    return POWER_MEND if NOW[0] in troubles else HEAT_MEND
