"""Proof of life of each thread. A thread says until when it will beat again; who is late is stuck."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

# Threads that wait do so in slices of this length, so that a beat is never far.
BEAT_S = 1.0


@dataclass(frozen=True)
class Beat:
    """When a thread last beat, and by when it promised the next one."""

    at_s: float
    due_s: float


class Heartbeats:
    """Beats by name of thread. Time is passed in by tests, and is `time.monotonic()` otherwise."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._beats: dict[str, Beat] = {}

    def beat(self, name: str, within_s: float = 10 * BEAT_S, now_s: float | None = None) -> None:
        """I am alive, and will say so again within `within_s` seconds."""
        now_s = time.monotonic() if now_s is None else now_s
        with self._lock:
            self._beats[name] = Beat(now_s, now_s + within_s)

    def forget(self, name: str) -> None:
        """The thread ended on purpose."""
        with self._lock:
            self._beats.pop(name, None)

    def ages_s(self, now_s: float | None = None) -> dict[str, float]:
        """Seconds since each thread's last beat."""
        now_s = time.monotonic() if now_s is None else now_s
        with self._lock:
            return {name: round(now_s - beat.at_s, 3) for name, beat in self._beats.items()}

    def late(self, now_s: float | None = None) -> list[str]:
        """Threads that promised a beat and did not give it."""
        now_s = time.monotonic() if now_s is None else now_s
        with self._lock:
            return [name for name, beat in self._beats.items() if now_s > beat.due_s]
