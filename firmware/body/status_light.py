"""The status light: one LED says what the camera is doing.

ready   on
collecting   slow, half a second on and half a second off: hold still, a burst is being taken
busy    quick blinking, five times a second: a photo is being developed or written
saved   two flashes, then on: the photo is on the card
error   three long flashes, a pause, and again: see `nightjar status`
off     dark
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from firmware.body.pins import open_factory, open_led
from firmware.settings import ButtonSettings

logger = logging.getLogger(__name__)

STEP_S = 0.1


@dataclass(frozen=True)
class Pattern:
    """Steps of a tenth of a second, # is on: `once`, and then `forever` again and again."""

    once: str
    forever: str

    def levels(self) -> Iterator[int]:
        """The light's levels, one a step. A steady end is given once, so that nothing wakes for it."""
        repeated = itertools.cycle(self.forever) if len(self.forever) > 1 else self.forever
        return (int(step == "#") for step in itertools.chain(self.once, repeated))


PATTERNS = {
    "ready": Pattern("", "#"),
    "collecting": Pattern("", "#####....."),
    "busy": Pattern("", "#."),
    "saved": Pattern("..#..#..", "#"),
    "error": Pattern("", "####..####..####........"),
    "off": Pattern("", "."),
}


class StatusLight:
    """Shows a state until the next one. Raises PinError when made; `show` never raises: a photo matters more."""

    def __init__(self, settings: ButtonSettings) -> None:
        self._lock = threading.Lock()
        self._led: Any = None
        if settings.pin_factory != "none":
            self._led = open_led(open_factory(settings.pin_factory), settings.led_pin)
            self._led.source_delay = STEP_S

    def show(self, state: str) -> None:
        """Begin the pattern of this state, one of those above; gpiozero's own thread plays it."""
        pattern = PATTERNS.get(state)
        if pattern is None:
            logger.error("no light pattern %r; there are: %s", state, ", ".join(PATTERNS))
            return
        with self._lock:
            if self._led is not None:
                self._led.source = pattern.levels()

    def close(self) -> None:
        """Dark, and the pin given back; safe to call twice."""
        with self._lock:
            led, self._led = self._led, None
            if led is not None:
                led.source = None
                led.off()
                led.close()
