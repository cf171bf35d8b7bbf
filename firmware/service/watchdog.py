"""systemd's watchdog, fed by evidence: every thread keeps its promise, and frames come or their absence is known.

A timer that feeds it would prove only that the timer works.
"""

from __future__ import annotations

import logging
import time

from firmware.camera_thread import CameraThread
from firmware.service.heartbeat import BEAT_S, Heartbeats
from firmware.service.notify import notify, watchdog_interval_s

logger = logging.getLogger(__name__)


class Watchdog:
    """Fed from the main loop. `what_is_wrong` is empty as long as the daemon does its work."""

    def __init__(self, heartbeats: Heartbeats, camera: CameraThread) -> None:
        self._heartbeats = heartbeats
        self._camera = camera
        self._interval_s = watchdog_interval_s()
        # How often the main loop should look: in time for systemd, and for the status light.
        self.look_s = min(BEAT_S / 2, (self._interval_s or BEAT_S) / 2)
        self._fed_s = 0.0
        self._complained = ""

    def feed(self) -> None:
        """Tell systemd that we live, if we do and it is time. Silence makes it restart us."""
        wrong = self.what_is_wrong()
        if wrong != self._complained:
            self._complained = wrong
            if wrong:
                logger.error("Stuck: %s. Unless it moves again, systemd's watchdog will restart the daemon.", wrong)
        now_s = time.monotonic()
        if self._interval_s is not None and not wrong and now_s - self._fed_s >= self._interval_s:
            notify(WATCHDOG=1)
            self._fed_s = now_s

    def what_is_wrong(self) -> str:
        """The evidence against us, in words."""
        late = self._heartbeats.late()
        if late:
            return f"no sign of life from the thread {', '.join(late)}"
        if self._camera.report.state == "streaming":
            limit_s = self._camera.frame_limit_s + 10 * BEAT_S
            age_s = self._camera.ring.newest_age_s()
            if age_s > limit_s:
                return f"the newest frame came {age_s:.0f} s ago and nobody reported it"
        return ""
