"""What the preview did lately: pictures per second, share of a core, and how many were dropped."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

# Long enough to be steady at 1 picture per second, short enough to show what a change just did.
WINDOW_S = 5.0
# A rate of pictures that all came within this says little.
SHORTEST_S = 0.3


@dataclass(frozen=True)
class Done:
    """One picture: when it was ready, and the processor time since the one before."""

    ready_s: float
    core_s: float


class Tally:
    """The preview's thread counts, any thread may ask. Times are `time.monotonic()`'s."""

    def __init__(self) -> None:
        self.developed = 0
        self.dropped = 0
        self._lock = threading.Lock()
        self._lately: deque[Done] = deque()

    def count(self, ready_s: float, core_s: float, dropped: int) -> None:
        """One picture is ready; it took `core_s` of processor time, and `dropped` before it were left out."""
        with self._lock:
            self.developed += 1
            self.dropped += dropped
            self._lately.append(Done(ready_s, core_s))
            self._forget(ready_s)

    def rates(self, now_s: float) -> tuple[float, float]:
        """(pictures, processor seconds) per second of the last few; the core share is 1 when a whole core is busy.

        0 while there are too few: the first picture comes late, and the second is then due at once.
        """
        with self._lock:
            self._forget(now_s)
            if len(self._lately) < 2:
                return 0.0, 0.0
            first, *others = self._lately
            span_s = max(now_s, others[-1].ready_s) - first.ready_s
            if span_s < SHORTEST_S:
                return 0.0, 0.0
            return len(others) / span_s, sum(done.core_s for done in others) / span_s

    def _forget(self, now_s: float) -> None:
        while self._lately and self._lately[0].ready_s < now_s - WINDOW_S:
            self._lately.popleft()
