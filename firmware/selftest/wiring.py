"""What to join for the loop: in words, and as a picture of the header."""

from __future__ import annotations

from firmware.body.buttons import pins_of
from firmware.body.header import draw_header, position_of
from firmware.settings import ButtonSettings

OHMS = "1 kilohm"


def wire_in_words(settings: ButtonSettings) -> str:
    """One line."""
    led, shutter = settings.led_pin, settings.shutter_pin
    return (
        f"join GPIO {led} (pin {position_of(led)}) to GPIO {shutter} (pin {position_of(shutter)}) by a resistor of "
        f"{OHMS}, see nightjar selftest --wiring"
    )


def wiring(settings: ButtonSettings) -> list[str]:
    """Buttons, light, and the two ways in which the light closes the loop."""
    uses = {number: f"{button} button" for button, number in pins_of(settings).items()}
    uses |= {settings.led_pin: "status LED"}
    led, shutter = settings.led_pin, settings.shutter_pin
    return [
        *draw_header(uses),
        "",
        "  each button:     GPIO ---- button ---- ground",
        f"  status LED:      GPIO {led} ---- 330 ohm ---- LED, long leg first ---- ground",
        "",
        "  Loop by wire (press-to-frame):",
        f"    GPIO {led} (pin {position_of(led)}) ----[ {OHMS} ]---- GPIO {shutter} (pin {position_of(shutter)})",
        "    The LED's pin then presses the shutter. The resistor is a must: without it a finger on the button",
        "    would short the LED's pin to ground. Take it off afterwards, or the LED takes photos.",
        "",
        "  Loop by light (the frames' clock):",
        "    LED ))) white paper ((( lens       no wire: the LED close before a sheet of paper, the paper fills the",
        "                                       picture, the room is dim. Needs nothing but the LED.",
    ]
