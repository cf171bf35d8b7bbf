"""Which of the camera's frames a preview of a chosen rate takes, and which it should have taken and could not."""

from __future__ import annotations

SECOND_NS = 1_000_000_000
# A frame may come this share of an interval before its time: frames jitter, and one that is a little early is better
# taken now than replaced by one a whole frame late. More would take the wrong frame of a camera twice as fast.
EARLY = 0.25


class Pace:
    """Every 1 / `frames_per_second` seconds a picture is due; the first frame from then on is it."""

    def __init__(self, frames_per_second: int) -> None:
        self._interval_ns = SECOND_NS / frames_per_second
        self._due_ns: float | None = None

    def wants(self, time_ns: int) -> bool:
        """True when a picture is due at a frame of this time."""
        return self._due_ns is None or time_ns >= self._due_ns - EARLY * self._interval_ns

    def take(self, time_ns: int, passed: int) -> int:
        """A frame of this time becomes a picture. Returns how many were dropped: due, there, and not taken.

        passed  frames that came since the last one taken; a picture that was due and had no frame is the camera's pace
        """
        if self._due_ns is None:
            self._due_ns = float(time_ns)
        missed = max(int((time_ns - self._due_ns) // self._interval_ns), 0)
        self._due_ns += (missed + 1) * self._interval_ns
        return min(missed, passed)
