"""systemd's watchdog, fed by evidence: every thread keeps its promise, and frames come or their absence is known.

A timer that feeds it would prove only that the timer works. Who is stuck is told to systemd at once: a thread's promise
has its patience in it already, and the limit in the unit is for a main thread that tells nothing any more.
"""

from __future__ import annotations

import logging
import time

from firmware.camera_thread import WAKING_LIMIT_S, CameraThread
from firmware.service.heartbeat import BEAT_S, Heartbeats
from firmware.service.notify import notify, watchdog_interval_s

logger = logging.getLogger(__name__)

# A process that was paused as a whole wakes with every thread late; each gets this long to beat again.
SECOND_LOOK_S = 1.0


class Watchdog:
    """Fed from the main loop. `what_is_wrong` is empty as long as the daemon does its work."""

    def __init__(self, heartbeats: Heartbeats, camera: CameraThread) -> None:
        self._heartbeats = heartbeats
        self._camera = camera
        self._interval_s = watchdog_interval_s()
        # How often the main loop should look: in time for systemd, and for the status light.
        self.look_s = min(BEAT_S / 2, (self._interval_s or BEAT_S) / 2)
        self._fed_s = 0.0
        self._wrong_since_s: float | None = None
        self._given_up = False

    def feed(self, now_s: float | None = None) -> None:
        """Tell systemd that we live, if we do and it is time; or that we are stuck, so that it starts us anew."""
        now_s = time.monotonic() if now_s is None else now_s
        wrong = self.what_is_wrong()
        if wrong:
            self._complain(wrong, now_s)
            return
        self._wrong_since_s = None
        if self._interval_s is not None and now_s - self._fed_s >= self._interval_s:
            notify(WATCHDOG=1)
            self._fed_s = now_s

    def _complain(self, wrong: str, now_s: float) -> None:
        if self._wrong_since_s is None:
            self._wrong_since_s = now_s
            logger.error("Stuck: %s. Unless it moves again, systemd's watchdog will restart the daemon.", wrong)
        elif now_s - self._wrong_since_s >= SECOND_LOOK_S and self._interval_s is not None and not self._given_up:
            self._given_up = True
            notify(WATCHDOG="trigger", STATUS=f"stuck: {wrong}")

    def what_is_wrong(self) -> str:
        """The evidence against us, in words."""
        late = self._heartbeats.late()
        if late:
            return f"no sign of life from the thread {', '.join(late)}"
        if self._camera.report.state == "streaming":
            limit_s = self._camera.frame_limit_s + WAKING_LIMIT_S
            age_s = self._camera.ring.newest_age_s()
            if age_s > limit_s:
                return f"the newest frame came {age_s:.0f} s ago and nobody reported it"
        return ""
