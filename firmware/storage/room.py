"""How much room the card has, asked in a thread of its own: a card that hangs must not hold up who asks.

The main loop asks, and so does every press before it takes its frame out of the ring.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from firmware.errors import StorageError

# A card in good health answers from memory, in microseconds.
PATIENCE_S = 0.5


class Room:
    """The last answer, and since when the card owes the next one. Safe to use from several threads.

    measure  asks the operating system, and may hang; its StorageError is the answer of a card that is gone
    """

    def __init__(self, measure: Callable[[], int]) -> None:
        self._measure = measure
        self._lock = threading.Lock()
        self._known: int | None = None
        self._answer: Future[int] | None = None
        self._asked_s = 0.0

    def free_bytes(self) -> int:
        """What is free now; of a card that does not answer, what was free last.

        Raises StorageError where the card cannot be used, or never answered.
        """
        answer, asked_s = self._asked()
        try:
            self._known = answer.result(max(asked_s + PATIENCE_S - time.monotonic(), 0.0))
        except TimeoutError:
            if self._known is None:
                raise StorageError("The card does not answer. See: sudo dmesg | tail") from None
        return self._known

    @property
    def silent_s(self) -> float:
        """For how long the card has owed an answer; 0.0 when it owes none."""
        with self._lock:
            owes = self._answer is not None and not self._answer.done()
            return time.monotonic() - self._asked_s if owes else 0.0

    def _asked(self) -> tuple[Future[int], float]:
        """The question that is open, or a new one."""
        with self._lock:
            if self._answer is None or self._answer.done():
                self._answer, self._asked_s = Future(), time.monotonic()
                threading.Thread(target=self._ask, args=(self._answer,), name="room", daemon=True).start()
            return self._answer, self._asked_s

    def _ask(self, answer: Future[int]) -> None:
        try:
            free = self._measure()
        except OSError as error:  # StorageError is one
            answer.set_exception(error)
        else:
            answer.set_result(free)
