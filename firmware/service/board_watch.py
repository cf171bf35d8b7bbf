"""Looks after the board's health now and then, and says when heat or low voltage begins and ends."""

from __future__ import annotations

import logging
import time

from firmware.night.board import Board

logger = logging.getLogger(__name__)

# Asking for the voltage is a call to the board's firmware.
LOOK_S = 1.0
# What was seen is shown so long at least, so that a short drop of the voltage is seen by a person, too.
SHOWS_S = 3.0


class BoardWatch:
    """Asked by the main loop as often as it likes; looks at most every `LOOK_S` seconds."""

    def __init__(self, board: Board, hottest_c: float) -> None:
        self.trouble = ""
        self.temperature_c: float | None = None
        self._board = board
        self._hottest_c = hottest_c
        self._looked_s = self._seen_s = float("-inf")

    def use(self, hottest_c: float) -> None:
        """Another limit from now on, after the settings were read again."""
        self._hottest_c = hottest_c

    def look(self) -> None:
        """See how the board is."""
        now_s = time.monotonic()
        if now_s - self._looked_s < LOOK_S:
            return
        self._looked_s = now_s
        self.temperature_c = self._board.temperature_c()
        trouble = self._board.trouble(self._hottest_c)
        if trouble:
            self._seen_s = now_s
        elif now_s - self._seen_s < SHOWS_S:
            return
        if bool(trouble) != bool(self.trouble):
            level, words = (logging.WARNING, trouble) if trouble else (logging.INFO, "well again")
            logger.log(level, "The board: %s", words)
        self.trouble = trouble

    @property
    def in_words(self) -> str:
        """What the user reads while it lasts: what is amiss, what to do, and what the camera does meanwhile."""
        return f"{self.trouble}. Bursts end early meanwhile, with the frames they have." if self.trouble else ""
