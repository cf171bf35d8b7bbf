"""Who answered lately, and how fast."""

from __future__ import annotations

import statistics
import threading
from collections import Counter, deque
from typing import Any

from accelerators.runtime.answer import Answer

# The median of these is reported: about a second of preview.
REMEMBERED = 15


class Record:
    """The last answers of one accelerator. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: Answer | None = None
        self._took_ms: deque[float] = deque(maxlen=REMEMBERED)
        self._answers: Counter[str] = Counter()

    def add(self, answer: Answer) -> Answer:
        """Note an answer, and give it back. Another device begins a new median."""
        with self._lock:
            if self._last is not None and self._last.device != answer.device:
                self._took_ms.clear()
            self._last = answer
            self._took_ms.append(answer.took_ms)
            self._answers[answer.device] += 1
        return answer

    def report(self) -> dict[str, Any]:
        """Plain values; None before the first answer."""
        with self._lock:
            last = self._last
            return {
                "answered_by": last.device if last else None,
                "fell_back": last.fell_back if last else "",
                "last_ms": round(last.took_ms, 1) if last else None,
                "median_ms": round(statistics.median(self._took_ms), 1) if last else None,
                "answers": dict(self._answers),
            }
