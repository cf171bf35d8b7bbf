"""Call something that may hang, and wait only so long.

libcamera waits without a limit for a sensor that is gone. Nobody can interrupt it, so the call runs in a thread of its
own and is left behind; the caller gets CameraHung, the daemon ends, and systemd starts it afresh.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import TypeVar

from firmware.errors import CameraError, CameraHung

Result = TypeVar("Result")

# What picamera2 and libcamera's binding raise when hardware fails. LookupError: a camera without a mode or a control.
DEVICE_ERRORS = (RuntimeError, OSError, ValueError, LookupError, CancelledError)


def bounded(seconds: float, what: str, call: Callable[[], Result]) -> Result:
    """The result of `call`, or its error. Raises CameraHung if it takes longer."""
    outcome: Future[Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except DEVICE_ERRORS as error:
            outcome.set_exception(error)

    thread = threading.Thread(target=run, name=what, daemon=True)
    thread.start()
    thread.join(seconds)
    if outcome.done():
        return outcome.result()
    if thread.is_alive():
        raise CameraHung(f"{what} takes longer than {seconds:g} s; restart the daemon, and check the ribbon cable.")
    raise CameraError(f"{what} failed; its traceback is in the log.")
