"""Can the buttons be heard?"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator

from firmware.body.buttons import pins_of
from firmware.doctor.examination import OK, PROBLEM, WARNING, Finding, Machine

AREA = "buttons"
POLKIT_RULE = "60-nightjar-power-off.rules"
POLKIT_FOLDERS = ("/etc/polkit-1/rules.d", "/usr/share/polkit-1/rules.d")


def check_buttons(machine: Machine) -> Iterator[Finding]:
    """Pins, the library for them, the device, and the right to switch off."""
    settings = machine.settings.buttons
    if settings.power_off:
        yield _right_to_switch_off(machine)
    if settings.pin_factory != "lgpio":
        mend = "sudo nightjar config set buttons.pin_factory lgpio"
        yield Finding(AREA, WARNING, f"no real pins: pin_factory is {settings.pin_factory}", mend)
        return
    pins = pins_of(settings) | {"LED": settings.led_pin}
    if len(set(pins.values())) < len(pins):
        mend = "sudo nightjar config set buttons.led_pin 22"
        named = ", ".join(f"{name} {number}" for name, number in pins.items())
        yield Finding(AREA, PROBLEM, f"buttons and LED share a pin: {named}", mend)
    missing = [name for name in ("gpiozero", "lgpio") if importlib.util.find_spec(name) is None]
    if missing:
        mend = "sudo apt install python3-gpiozero python3-lgpio"
        yield Finding(AREA, PROBLEM, f"{' and '.join(missing)} cannot be imported", mend)
    yield _device(machine)


def _device(machine: Machine) -> Finding:
    chips = sorted(machine.at("/dev").glob("gpiochip*"))
    if not chips:
        return Finding(AREA, PROBLEM, "there is no /dev/gpiochip*", "run this on a Raspberry Pi, or: nightjar demo")
    usable = [chip for chip in chips if os.access(chip, os.R_OK | os.W_OK)]
    if not usable:
        mend = "sudo usermod -aG gpio $USER, then log in again"
        return Finding(AREA, PROBLEM, f"{chips[0].name} may not be opened by this user", mend)
    pins = pins_of(machine.settings.buttons) | {"LED": machine.settings.buttons.led_pin}
    wiring = ", ".join(f"{name} on GPIO {number}" for name, number in pins.items())
    return Finding(AREA, OK, f"{usable[0].name} can be opened; {wiring}")


def _right_to_switch_off(machine: Machine) -> Finding:
    try:
        allowed = any(
            POLKIT_RULE in os.listdir(folder) for folder in map(machine.at, POLKIT_FOLDERS) if folder.is_dir()
        )
    except PermissionError as error:
        return Finding(AREA, WARNING, f"{error.filename} may not be looked at by this user", "sudo nightjar doctor")
    if allowed:
        return Finding(AREA, OK, "a long press may switch the board off")
    mend = f"sudo install -m 644 systemd/{POLKIT_RULE} {POLKIT_FOLDERS[0]}/"
    return Finding(AREA, PROBLEM, "power_off is on, but polkit does not allow it to the camera's user", mend)
