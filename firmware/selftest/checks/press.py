"""From a press to its frame, through the daemon's own parts: pins, buttons, camera thread, ring."""

from __future__ import annotations

import contextlib
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from firmware.camera_thread import CameraThread
from firmware.doctor.examination import PROBLEM, WARNING
from firmware.errors import CameraError
from firmware.ring import frame_time_ns
from firmware.selftest.bench import Bench
from firmware.selftest.checks.frames import COMPUTED
from firmware.selftest.loop import Finger, finger, settle
from firmware.selftest.result import Measured, Result, judged, skipped
from firmware.selftest.wiring import wire_in_words
from firmware.service.heartbeat import Heartbeats

AREA = "press"
TITLE = "press to frame"
PRESSES, QUICK_PRESSES = 12, 4
STREAM_LIMIT_S = 60.0
CLOSE_LIMIT_S = 10.0
# The kernel stamps an edge in its interrupt: what is more is the stamp of another clock, or of a busy program.
MOST_STAMP_MS = 5.0
# The golden ratio's share of an interval between presses: they meet frames at places all over.
APART = 0.618
NO_PINS = "[buttons] pin_factory is none"
TAKE_PINS = "sudo nightjar config set buttons.pin_factory lgpio"


@dataclass(frozen=True)
class Press:
    """One press, in ms: its stamp and when it was heard, after the pin moved; its frame's middle, after the stamp."""

    stamp: float
    heard: float
    frame: float


def check_press(bench: Bench) -> Iterator[Result]:
    """Presses at moments all over a frame, each looked up in the ring as the daemon does."""
    did = "pressed the shutter through its pin and looked up each press's frame in the ring, as the daemon does"
    settings = bench.settings.buttons
    if settings.pin_factory == "none":
        yield skipped(AREA, TITLE, did, NO_PINS, TAKE_PINS)
        return
    with finger(settings) as presser:
        if presser is None:
            why = "the shutter's pin does not follow the LED's: no wire joins them"
            yield skipped(AREA, TITLE, did, why, wire_in_words(settings))
            return
        with _streaming(bench) as thread:
            wanted = QUICK_PRESSES if bench.quick else PRESSES
            interval_s = thread.frame_limit_s - bench.settings.camera.frame_timeout_s
            presses = [press for press in _pressed(bench, thread, presser, wanted, interval_s) if press is not None]
        yield _judged(bench, presses, wanted, interval_s, f"{did}; {presser.how}")


def _pressed(
    bench: Bench, thread: CameraThread, presser: Finger, wanted: int, interval_s: float
) -> Iterator[Press | None]:
    for number in range(wanted):
        settle(bench.settings.buttons)
        time.sleep(APART * number % 1 * interval_s)
        heard = presser.press()
        if heard is None:
            yield None
            continue
        moved_ns, event, heard_ns = heard
        frame = thread.ring.nearest(event.time_ns, thread.frame_limit_s)
        after_ns = (event.time_ns - moved_ns, heard_ns - moved_ns, frame_time_ns(frame) - event.time_ns)
        yield Press(*(nanoseconds / 1e6 for nanoseconds in after_ns))


def _judged(bench: Bench, presses: list[Press], wanted: int, interval_s: float, did: str) -> Result:
    if not presses:
        return Result(AREA, TITLE, did, (), PROBLEM, f"none of {wanted} presses was heard", "nightjar doctor")
    apart_ms = [abs(press.frame) for press in presses]
    debounce = f"{bench.settings.buttons.debounce_ms:g}"
    measured = [
        Measured("presses", wanted),
        Measured("not heard", wanted - len(presses), "", most=0),
        Measured("edge's stamp after the pin moved, median", statistics.median(press.stamp for press in presses), "ms"),
        Measured("the latest", max(press.stamp for press in presses), "ms", 0.0, MOST_STAMP_MS),
        Measured(f"heard, {debounce} ms of debounce included", statistics.median(p.heard for p in presses), "ms"),
        Measured("from the press to its frame's middle, median", statistics.median(apart_ms), "ms"),
        Measured("the farthest", max(apart_ms), "ms", most=interval_s * 1e3),
    ]
    why = COMPUTED if bench.is_computed else "photos may show another moment than the press"
    return judged(AREA, TITLE, did, measured, WARNING, why, "see what frames says of lost frames and of the clock")


@contextlib.contextmanager
def _streaming(bench: Bench) -> Iterator[CameraThread]:
    """The daemon's camera thread, with frames in its ring. Raises CameraError, or what is wrong with the settings."""
    changed = threading.Event()
    thread = CameraThread(bench.settings, Heartbeats(), changed.set, bench.opener)
    thread.start()
    try:
        deadline_s = time.monotonic() + STREAM_LIMIT_S
        while thread.report.state != "streaming":
            is_late = not changed.wait(max(deadline_s - time.monotonic(), 0.0))
            changed.clear()
            if thread.failure is not None:
                raise thread.failure
            if is_late or thread.report.state == "no camera":
                raise CameraError(thread.report.reason or f"The camera gave no frame within {STREAM_LIMIT_S:g} s.")
        yield thread
    finally:
        thread.close(CLOSE_LIMIT_S)
