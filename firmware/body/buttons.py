"""The buttons. Edges and time become events in a queue; nobody is called back, so nothing can be slow.

gpiozero's thread only notes the edge and its time. One small thread turns edges into steps and sleeps until the next
moment at which a level has lasted long enough.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from firmware.body.debounce import Contact, Step
from firmware.body.pins import InputPin, open_factory
from firmware.errors import PinError
from firmware.service.heartbeat import BEAT_S, Heartbeats
from firmware.settings import ButtonSettings

logger = logging.getLogger(__name__)

# A photo is taken on the way down. The mode button waits, for until it is let go a short press is not yet one.
MEANINGS = {
    "shutter": {Step.DOWN: "press"},
    "mode": {Step.TAP: "press", Step.HELD: "long_press"},
    "zoom": {Step.TAP: "press", Step.HELD: "long_press"},
}
# If the pin disagrees with the last edge, that edge is on its way; after this it was lost (the kernel keeps 16 a pin).
LATE_EDGE_NS = 20_000_000
# Reading a pin takes microseconds; a thread that does not end by then hangs in the pin library and is left behind.
CLOSE_LIMIT_S = 3.0


@dataclass(frozen=True)
class ButtonEvent:
    """What a person asked for. `time_ns` is time.monotonic_ns() at the first edge of the press."""

    button: str
    kind: str
    time_ns: int


class Buttons:
    """Shutter, mode and zoom button on their pins; puts ButtonEvents into `events`. Raises PinError."""

    def __init__(self, settings: ButtonSettings, events: queue.SimpleQueue, heartbeats: Heartbeats) -> None:
        self._settings = settings
        self._events = events
        self._heartbeats = heartbeats
        self._edges: queue.SimpleQueue[tuple[str, bool, int] | None] = queue.SimpleQueue()
        self._pins: dict[str, InputPin] = {}
        self._contacts: dict[str, Contact] = {}
        self._thread: threading.Thread | None = None
        if settings.pin_factory != "none":
            self._open()

    def drive(self, button: str, is_high: bool) -> None:
        """Move the pin of a button on the bench: low is pressed. Refused unless the pins are mock pins."""
        if self._settings.pin_factory != "mock":
            raise PinError(
                f'[buttons] pin_factory is "{self._settings.pin_factory}"; only "mock" pins can be moved by a program.'
            )
        if button not in self._pins:
            raise PinError(f"No button {button!r}. There are: {', '.join(self._pins) or 'none, they are closed'}.")
        self._pins[button].drive(bool(is_high))

    def use_times(self, settings: ButtonSettings) -> None:
        """Take over debounce_ms and long_press_s; the pins stay those of the start."""
        for contact in self._contacts.values():
            contact.use_times(round(settings.debounce_ms * 1e6), round(settings.long_press_s * 1e9))

    def close(self) -> None:
        """Give the pins back and end the thread; safe to call twice."""
        for pin in self._pins.values():
            pin.silence()
        if self._thread is not None:
            self._edges.put(None)
            self._thread.join(CLOSE_LIMIT_S)
            self._thread = None
        for pin in self._pins.values():
            pin.close()
        self._pins = {}

    def _open(self) -> None:
        _refuse_shared_pins(self._settings)
        factory = open_factory(self._settings.pin_factory)
        debounce_ns = round(self._settings.debounce_ms * 1e6)
        long_press_ns = round(self._settings.long_press_s * 1e9)
        try:
            for button, number in pins_of(self._settings).items():
                pin = InputPin(factory, number, f"the {button} button", self._note(button))
                self._pins[button] = pin
                if pin.is_closed:
                    logger.warning("the %s button (GPIO %d) is pressed at start: stuck, or a short?", button, number)
                self._contacts[button] = Contact(debounce_ns, long_press_ns, pin.is_closed)
        except PinError:
            self.close()
            raise
        self._thread = threading.Thread(target=self._watch, name="buttons", daemon=True)
        self._thread.start()

    def _note(self, button: str) -> Callable[[bool, int], None]:
        return lambda is_closed, time_ns: self._edges.put((button, is_closed, time_ns))

    def _watch(self) -> None:
        wait_s = self._wait_s()
        while True:
            self._heartbeats.beat("buttons")
            try:
                edge = self._edges.get(timeout=BEAT_S if wait_s is None else min(wait_s, BEAT_S))
            except queue.Empty:
                wait_s = self._settle()
                continue
            if edge is None:
                self._heartbeats.forget("buttons")
                return
            button, is_closed, time_ns = edge
            self._tell(button, self._contacts[button].edge(is_closed, time_ns))
            wait_s = self._wait_s()

    def _settle(self) -> float | None:
        """No edge is waiting and a moment has come. Before a level is believed the pin is read: it must still be so."""
        wait_s = None
        for button, contact in self._contacts.items():
            now_ns, deadline_ns = time.monotonic_ns(), contact.deadline_ns
            if deadline_ns is None or now_ns < deadline_ns:
                continue
            is_closed = self._pins[button].is_closed
            if is_closed == contact.is_closed:
                self._tell(button, contact.settle(now_ns))
            elif now_ns < deadline_ns + LATE_EDGE_NS:
                wait_s = LATE_EDGE_NS / 1e9
            else:
                self._tell(button, contact.edge(is_closed, now_ns))
        return wait_s or self._wait_s()

    def _wait_s(self) -> float | None:
        """Seconds until a level will have lasted long enough; None when only an edge can bring news."""
        deadlines = [contact.deadline_ns for contact in self._contacts.values()]
        soonest = min((deadline for deadline in deadlines if deadline is not None), default=None)
        return None if soonest is None else max(soonest - time.monotonic_ns(), 0) / 1e9

    def _tell(self, button: str, steps: list[tuple[Step, int]]) -> None:
        for step, time_ns in steps:
            kind = MEANINGS[button].get(step)
            if kind is not None:
                self._events.put(ButtonEvent(button, kind, time_ns))


def pins_of(settings: ButtonSettings) -> dict[str, int]:
    """The pin of each button that there is."""
    pins = {"shutter": settings.shutter_pin, "mode": settings.mode_pin, "zoom": settings.zoom_pin}
    return {button: number for button, number in pins.items() if number >= 0}


def _refuse_shared_pins(settings: ButtonSettings) -> None:
    pins = pins_of(settings) | {"led": settings.led_pin}
    if len(set(pins.values())) < len(pins):
        named = ", ".join(f"{name}_pin = {number}" for name, number in pins.items())
        raise PinError(f"[buttons] {named}: each needs a pin of its own.")
