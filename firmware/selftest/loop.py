"""The light's pin and the shutter's pin in a loop: what moves the one, and whether the other follows.

The LED's pin is joined to the shutter's by a resistor, and low is pressed. On mock pins that are not joined the program
moves the shutter's pin itself, as in the demonstration.
"""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from firmware.body.buttons import ButtonEvent, Buttons
from firmware.body.pins import open_factory, open_led
from firmware.service.heartbeat import Heartbeats
from firmware.settings import ButtonSettings

# A level must have been seen this soon; the debounce comes on top.
EDGE_LIMIT_S = 1.0
BY_WIRE, BY_PROGRAM = "the wire from the LED's pin is the finger", "mock pins: a program is the finger"


@dataclass(frozen=True)
class Finger:
    """Moves the shutter's pin, and hears what the camera's own buttons make of it."""

    how: str
    move: Callable[[bool], None]
    events: queue.SimpleQueue

    def press(self) -> tuple[int, ButtonEvent, int] | None:
        """Press and let go. When the pin was moved, the event, and when it was heard; None where none came."""
        pressed_ns = time.monotonic_ns()
        self.move(False)
        try:
            event = _shutter_event(self.events)
            return None if event is None else (pressed_ns, event, time.monotonic_ns())
        finally:
            self.move(True)


@contextlib.contextmanager
def lit(settings: ButtonSettings) -> Iterator[Any]:
    """gpiozero's LED; afterwards it is dark, and its pin is free."""
    led = open_led(open_factory(settings.pin_factory), settings.led_pin)
    try:
        yield led
    finally:
        led.off()
        led.close()


@contextlib.contextmanager
def finger(settings: ButtonSettings) -> Iterator[Finger | None]:
    """What presses the shutter; None where no wire joins the pins. Afterwards all pins are free. Raises PinError."""
    events: queue.SimpleQueue = queue.SimpleQueue()
    with lit(settings) as led, contextlib.ExitStack() as at_end:
        led.on()  # low would be a press
        buttons = Buttons(settings, events, Heartbeats())
        at_end.callback(buttons.close)
        by_wire = Finger(BY_WIRE, lambda high: led.on() if high else led.off(), events)
        if by_wire.press() is not None:
            settle(settings)
            yield by_wire
        elif settings.pin_factory == "mock":
            yield Finger(BY_PROGRAM, lambda high: buttons.drive("shutter", high), events)
        else:
            yield None


def settle(settings: ButtonSettings) -> None:
    """Until letting go has been believed."""
    time.sleep(2 * settings.debounce_ms / 1000)


def _shutter_event(events: queue.SimpleQueue) -> ButtonEvent | None:
    """The shutter's next event; others are none of ours."""
    deadline_s = time.monotonic() + EDGE_LIMIT_S
    while (left_s := deadline_s - time.monotonic()) > 0:
        with contextlib.suppress(queue.Empty):
            event = events.get(timeout=left_s)
            if event.button == "shutter":
                return event
    return None
