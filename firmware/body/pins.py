"""The pins, through gpiozero: the only file that imports it.

One pin factory lives as long as the process: closing lgpio's while it delivers an edge breaks every later button. Only
the factory that the settings name is taken; gpiozero's own search would fall back to one that loses edges.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from firmware.errors import PinError

WITHOUT_PINS = 'To run without buttons, set [buttons] pin_factory = "none".'
# An edge older than this was stamped by another clock: early kernels took the wall clock.
OLDEST_EDGE_NS = 10_000_000_000

Edge = Callable[[bool, int], None]


class InputPin:
    """A button between a pin and ground; calls `on_edge(is_closed, time_ns)` at each edge, bounces included."""

    def __init__(self, factory: Any, number: int, purpose: str, on_edge: Edge) -> None:
        from gpiozero import DigitalInputDevice

        self._on_edge = on_edge
        self._device = _made(lambda: DigitalInputDevice(number, pull_up=True, pin_factory=factory), number, purpose)
        # gpiozero's own handlers carry no time; the pin's does, from the kernel. It is kept by a weak reference.
        self._device.pin.when_changed = self._changed

    @property
    def is_closed(self) -> bool:
        """Whether the pin is joined to ground now."""
        return bool(self._device.value)

    def drive(self, is_high: bool) -> None:
        """Move a mock pin, as a finger would."""
        move = self._device.pin.drive_high if is_high else self._device.pin.drive_low
        move()

    def silence(self) -> None:
        """No more edges; needed before `close`, else lgpio may deliver one for a pin that is gone."""
        self._device.pin.when_changed = None

    def close(self) -> None:
        """Give the pin back."""
        self._device.close()

    def _changed(self, ticks: float, state: Any) -> None:
        now_ns, edge_ns = time.monotonic_ns(), round(ticks * 1e9)
        if not 0 <= now_ns - edge_ns < OLDEST_EDGE_NS:
            edge_ns = now_ns
        self._on_edge(not state, edge_ns)


def open_led(factory: Any, number: int) -> Any:
    """gpiozero's LED on this pin. Raises PinError."""
    from gpiozero import LED

    return _made(lambda: LED(number, pin_factory=factory), number, "the status light")


@functools.cache
def open_factory(name: str) -> Any:
    """The process's pin factory: "lgpio" or "mock". Raises PinError that says what to do."""
    if name == "mock":
        from gpiozero.pins.mock import MockFactory

        return MockFactory()
    from gpiozero.exc import GPIOZeroError

    try:
        import lgpio
        from gpiozero.pins.lgpio import LGPIOFactory
    except ImportError as error:
        raise PinError(
            f"lgpio cannot be imported ({error}). Run: sudo apt install python3-lgpio, and make the virtual "
            f"environment with --system-site-packages. {WITHOUT_PINS}"
        ) from error
    except FileNotFoundError as error:  # lgpio makes a pipe in the working folder when it is imported
        raise PinError(
            f"lgpio cannot write into the working folder ({error}). Start from a folder you may write into, or name "
            "one in the environment variable LG_WD."
        ) from error
    try:
        return LGPIOFactory()
    except lgpio.error as error:
        raise PinError(
            f"The pins cannot be opened ({error}). Run: sudo usermod -aG gpio $USER, then log in again. {WITHOUT_PINS}"
        ) from error
    except GPIOZeroError as error:
        raise PinError(f"This machine has no Raspberry Pi pins ({error}). {WITHOUT_PINS}") from error


def _made(make: Callable[[], Any], number: int, purpose: str) -> Any:
    """What `make` gives. A pin that another program holds is lgpio's own error, which has no common root."""
    from gpiozero.exc import GPIOZeroError

    try:
        return make()
    except (GPIOZeroError, *_lgpio_errors()) as error:
        raise PinError(
            f"GPIO {number} cannot be used for {purpose} ({error}). If it is busy, another program or a device-tree "
            f"overlay holds it: see gpioinfo, or choose another pin in [buttons]. {WITHOUT_PINS}"
        ) from error


def _lgpio_errors() -> tuple[type[Exception], ...]:
    import sys

    lgpio = sys.modules.get("lgpio")
    return () if lgpio is None else (lgpio.error,)
