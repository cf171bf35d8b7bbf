"""Each button under a finger: is it heard, how long does it bounce, and would the camera count one press as one?"""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Iterator
from dataclasses import dataclass

from firmware.body.buttons import pins_of
from firmware.body.debounce import LONGEST_BOUNCE_NS, Contact, Step
from firmware.body.header import position_of
from firmware.body.pins import InputPin, open_factory
from firmware.doctor.examination import PROBLEM
from firmware.selftest.bench import Bench
from firmware.selftest.checks.press import NO_PINS, TAKE_PINS
from firmware.selftest.result import Measured, Result, judged, skipped
from firmware.settings import ButtonSettings

AREA = "buttons"
FINGER_S, QUICK_FINGER_S = 20.0, 5.0
# So long without an edge, and the button is let go for good.
STILL_S = 1.5 * LONGEST_BOUNCE_NS / 1e9


@dataclass(frozen=True)
class Edge:
    """One change of the pin."""

    is_closed: bool
    time_ns: int


def check_buttons_by_hand(bench: Bench) -> Iterator[Result]:
    """One button after the other; a person is told which."""
    settings = bench.settings.buttons
    did = "waited for a finger, and listened to every edge of the pin"
    if settings.pin_factory == "none":
        yield skipped(AREA, "buttons", did, NO_PINS, TAKE_PINS)
        return
    for button, number in pins_of(settings).items():
        within_s = QUICK_FINGER_S if bench.quick else FINGER_S
        with _heard(settings, button, number) as heard:
            bench.doing(f"PRESS the {button} button once, and let it go (within {within_s:.0f} s)")
            edges = _edges(heard, within_s)
        yield _judged(button, number, edges, settings, did)


@contextlib.contextmanager
def _heard(settings: ButtonSettings, button: str, number: int) -> Iterator[queue.SimpleQueue[Edge]]:
    """Every edge of the pin, as it comes. Raises PinError."""
    heard: queue.SimpleQueue[Edge] = queue.SimpleQueue()
    pin = InputPin(
        open_factory(settings.pin_factory),
        number,
        f"the {button} button",
        lambda is_closed, time_ns: heard.put(Edge(is_closed, time_ns)),
    )
    try:
        yield heard
    finally:
        pin.silence()
        pin.close()


def _edges(heard: queue.SimpleQueue[Edge], within_s: float) -> list[Edge]:
    """All edges of one press; none where nobody pressed."""
    edges: list[Edge] = []
    deadline_s = time.monotonic() + within_s
    while (left_s := deadline_s - time.monotonic()) > 0:
        is_open_again = bool(edges) and not edges[-1].is_closed
        try:
            edges.append(heard.get(timeout=min(left_s, STILL_S) if is_open_again else left_s))
        except queue.Empty:
            break
    return edges


def _judged(button: str, number: int, edges: list[Edge], settings: ButtonSettings, did: str) -> Result:
    title = f"{button} button"
    where = f"GPIO {number} (pin {position_of(number)})"
    if not edges:
        mend = f"see nightjar selftest --wiring; {where} must be joined to ground while the button is down"
        return Result(AREA, title, did, (), PROBLEM, f"{where}: no edge was heard", mend)
    closed, opened = (_bounced_ms(edges, is_closed) for is_closed in (True, False))
    measured = [
        Measured("pin", where),
        Measured("edges", len(edges)),
        Measured("bounced when pressed", closed, "ms"),
        Measured("bounced when let go", opened, "ms"),
        Measured(f"presses counted, with {settings.debounce_ms:g} ms of debounce", counted(edges, settings), "", 1, 1),
    ]
    mend = "sudo nightjar config set buttons.debounce_ms 30; what bounces for longer is worn, or a loose wire"
    return judged(AREA, title, did, measured, PROBLEM, "one press must be counted once", mend)


def counted(edges: list[Edge], settings: ButtonSettings) -> int:
    """How many presses the camera makes of these edges."""
    contact = Contact(round(settings.debounce_ms * 1e6), round(settings.long_press_s * 1e9))
    steps = [step for edge in edges for step, _ in contact.edge(edge.is_closed, edge.time_ns)]
    steps += [step for step, _ in contact.settle(edges[-1].time_ns + LONGEST_BOUNCE_NS)]
    return steps.count(Step.DOWN)


def _bounced_ms(edges: list[Edge], is_closed: bool) -> float:
    """From the first edge to this level until the last edge that belongs to it."""
    first_ns = next((edge.time_ns for edge in edges if edge.is_closed == is_closed), edges[0].time_ns)
    if not is_closed:  # what came just before the last edge is of letting go
        first_ns = min(edge.time_ns for edge in edges if edges[-1].time_ns - edge.time_ns <= LONGEST_BOUNCE_NS)
    belonging = [edge.time_ns for edge in edges if 0 <= edge.time_ns - first_ns <= LONGEST_BOUNCE_NS]
    return (max(belonging) - first_ns) / 1e6
