"""Tells a frame that is torn, or was there before, from a whole new one.

A Pi up to the 4 calls every frame complete, also one that its cable cut short (Linux `drivers/media/platform/broadcom/
bcm2835-unicam.c` ends all of them with VB2_BUF_STATE_DONE; a Pi 5's rp1-cfe marks some). The rest of such a frame is
what lay in that memory before: rows of an earlier frame. Noise makes no two rows alike, so a row that comes again to
the last digit was left over. What was overwritten by a frame that nobody fetched cannot be recognised.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from firmware.errors import FrameRepeated, FrameTorn
from isp.frames import RawFrame, Shot

# Looked at in every frame, the last row among them: what is cut short lacks its end. 130 kB at 12 megapixels.
ROWS = 16
# A row says nothing where most of it is blown out: there all pixels are alike without being old.
LEAST_SHARE = 0.5
# No sensor gives zeros: its black lies above them.
EMPTY = 0
WHAT_TO_DO = (
    "Check that the ribbon cable sits straight and deep in both connectors, and is not near a motor or antenna."
)


class WholeFrames:
    """Asked about every frame in order.

    remembered   so many earlier frames may have lain in the camera's memory
    is_noisy     the camera's pixels are; without noise, or where files are played, only the time tells
    """

    def __init__(self, remembered: int, is_noisy: bool) -> None:
        self._is_noisy = is_noisy
        self._earlier: deque[list[int | None]] = deque(maxlen=remembered)
        # Where rows were seen to change. One that never does may be a filler line of the sensor's.
        self._alive: set[int] = set()
        self._last: Shot | None = None

    def check(self, frame: RawFrame) -> None:
        """Raises FrameRepeated or FrameTorn."""
        last, shot = self._last, frame.shot
        if last is not None and shot.timestamp_ns <= last.timestamp_ns and _end_ns(shot) <= _end_ns(last):
            back_ms = (_end_ns(last) - _end_ns(shot)) / 1e6
            raise FrameRepeated(f"A frame came that is {back_ms:.0f} ms older than the one before it. {WHAT_TO_DO}")
        self._last = shot
        if self._is_noisy:
            self._check_rows(frame)

    def _check_rows(self, frame: RawFrame) -> None:
        height = len(frame.pixels)
        rows = np.linspace(0, height - 1, ROWS).round().astype(int)
        prints = [_print_of(frame.pixels[row], frame.shot) for row in rows]
        telling = [place for place, found in enumerate(prints) if found is not None]
        stale = [place for place in telling if prints[place] == EMPTY or self._was_seen(place, prints[place])]
        if self._earlier:
            self._alive.update(place for place in telling if place not in stale)
        self._earlier.append(prints)
        if not stale or (len(stale) == 1 and stale[0] not in self._alive):
            return
        if stale == telling and all(prints[place] != EMPTY for place in stale):
            raise FrameRepeated(f"A frame came that equals an earlier one in all its noise. {WHAT_TO_DO}")
        raise FrameTorn(
            f"A frame came torn: from row {rows[stale[0]]} or a little before, of {height}, it holds what was in that "
            f"memory earlier. {WHAT_TO_DO}"
        )

    def _was_seen(self, place: int, found: int) -> bool:
        return any(prints[place] == found for prints in self._earlier)


def _print_of(row: np.ndarray, shot: Shot) -> int | None:
    """A number that only the same row has; EMPTY where nothing was ever written; None where a row cannot tell."""
    if not row.any():
        return EMPTY
    if np.count_nonzero(row < shot.white_dn) < LEAST_SHARE * len(row):
        return None
    return hash(row.tobytes())


def _end_ns(shot: Shot) -> int:
    return shot.timestamp_ns + int((shot.exposure_us or 0.0) * 1000)
