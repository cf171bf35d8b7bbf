"""Masks of a live picture, made steady: an edge moves with its subject and stays where nothing moves.

A network's mask of a still scene changes from frame to frame: curls of hair and chairs come and go. What the picture
itself shows to have changed is believed at once; elsewhere a change is followed slowly, and small ones not at all (the
play of a loose gear). Whether there is a subject changes when two looks in a row say so, and fades.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from accelerators.opencv import opencv

# Where the picture did not change, 63 % of a mask's change is followed after this long.
SETTLING_NS = 500_000_000
# So much of a change is play: what a network wavers by around the edge of a still subject.
PLAY = 0.25
# Brightness is compared as means of so many pixels square, about a hundredth of the width, where noise is small.
SEEN_WITHIN_PX = 7
# What differs by this many deviations of the noise has changed, and by twice that surely; and no less than this many
# codes, because a lamp flickers.
DEVIATIONS, LEAST_CODES = 4.0, 2.5
# A quiet hand shifts the picture by so much between two looks, as a share of the width: no subject has moved by that.
SHAKE = 1 / 600
# A change in the picture frees the mask so far around it, as shares of the width: networks are coarse.
FREED_AROUND = 1 / 40
FADE_NS = 300_000_000
LOOKS_TO_BELIEVE = 2
# Without a newer look for so long, or for so many of the usual intervals, nobody knows where the subject is.
STALE_NS, STALE_LOOKS = 1_000_000_000, 2


@dataclass(frozen=True)
class SteadyMask:
    """What to blur by.

    mask      (h, w) uint8, 255 is the subject
    luma      (h, w) uint8, brightness of the picture it was last found in
    strength  of the blur, 0 to 1: below 1 while a subject appears or leaves
    """

    mask: np.ndarray
    luma: np.ndarray
    strength: float


class Steadying:
    """`take` and `lose` are one thread's, masks come oldest first; `at` is for any thread and never waits for work."""

    def __init__(self) -> None:
        self._level: np.ndarray | None = None  # 0 to 1, followed slowly where nothing moved
        self._held: np.ndarray | None = None  # the same without its small changes
        self._seen: np.ndarray | None = None
        self._taken_ns = 0
        # Held while what `at` reads is exchanged.
        self._showing = threading.Lock()
        self._mask: np.ndarray | None = None
        self._luma: np.ndarray | None = None
        self._presence = Presence()

    def take(self, mask: np.ndarray | None, luma: np.ndarray, time_ns: int) -> None:
        """Another look: a (h, w) uint8 mask of this picture's luma, (h, w) uint8 too, or None without a subject."""
        if mask is not None:
            self._follow(mask.astype(np.float32) / 255.0, luma, time_ns)
        with self._showing:
            self._presence.look(mask is not None, time_ns)
            if mask is not None:
                # What is held never quite reaches what it follows; both ends are stretched to be whole again.
                stretched = np.clip((self._held - PLAY) / (1.0 - 2.0 * PLAY), 0.0, 1.0)
                self._mask, self._luma = (255.0 * stretched + 0.5).astype(np.uint8), luma

    def lose(self) -> None:
        """Nobody can look any more: the blur fades."""
        with self._showing:
            self._presence.lose()

    def at(self, time_ns: int) -> SteadyMask | None:
        """The mask to blur by now; None when nothing is to be blurred."""
        with self._showing:
            strength = self._presence.strength(time_ns)
            return SteadyMask(self._mask, self._luma, strength) if self._mask is not None and strength > 0.0 else None

    def _follow(self, fresh: np.ndarray, luma: np.ndarray, time_ns: int) -> None:
        seen = opencv().blur(luma, (SEEN_WITHIN_PX, SEEN_WITHIN_PX)).astype(np.float32)
        if self._level is None or self._level.shape != fresh.shape or self.at(time_ns) is None:
            self._level, self._held, self._seen = fresh, fresh, seen
        else:
            moved = _moved(self._seen, seen, luma)
            slowly = 1.0 - np.exp(-max(time_ns - self._taken_ns, 0) / SETTLING_NS)
            followed = slowly + (1.0 - slowly) * moved
            self._level = self._level + followed * (fresh - self._level)
            # What creeps is seen against where the mask has it, not against a moment ago.
            self._seen = self._seen + followed * (seen - self._seen)
            play = PLAY * (1.0 - moved)
            self._held = np.clip(self._held, self._level - play, self._level + play)
        self._taken_ns = time_ns


class Presence:
    """Whether there is a subject. Two looks in a row change it, and then the blur fades in or out."""

    def __init__(self) -> None:
        self._is_there = False
        self._against = 0
        self._strength = 0.0
        self._since_ns = self._looked_ns = self._shown_ns = 0
        self._interval_ns: int | None = None

    def look(self, is_there: bool, time_ns: int) -> None:
        """A look of this time has found a subject or none."""
        is_first = self._interval_ns is None
        self._interval_ns = 0 if is_first else max(time_ns - self._looked_ns, 0)
        self._looked_ns = time_ns
        self._against = self._against + 1 if is_there != self._is_there else 0
        if is_first and is_there:
            self._is_there, self._strength, self._against = True, 1.0, 0
        elif self._against >= LOOKS_TO_BELIEVE:
            self._turn(is_there)

    def lose(self) -> None:
        """There is nobody who looks."""
        if self._is_there:
            self._turn(False)

    def strength(self, time_ns: int) -> float:
        """Of the blur, 0 to 1. Times come in order."""
        self._shown_ns = max(time_ns, self._shown_ns)
        known_ns = max(STALE_NS, STALE_LOOKS * (self._interval_ns or 0))
        too_old = min(max(time_ns - self._looked_ns - known_ns, 0) / FADE_NS, 1.0)
        return self._faded(time_ns) * (1.0 - too_old)

    def _turn(self, is_there: bool) -> None:
        # Looks are older than what is shown: the fade begins now, not when the look began.
        now_ns = max(self._shown_ns, self._looked_ns)
        self._strength, self._since_ns = self._faded(now_ns), now_ns
        self._is_there, self._against = is_there, 0

    def _faded(self, time_ns: int) -> float:
        way = max(time_ns - self._since_ns, 0) / FADE_NS
        return min(self._strength + way, 1.0) if self._is_there else max(self._strength - way, 0.0)


def _moved(before: np.ndarray, now: np.ndarray, luma: np.ndarray) -> np.ndarray:
    """(h, w) float32, 0 to 1: where the picture is another than it was, by more than noise."""
    cv2 = opencv()
    # A second difference sees noise and hardly any picture; its middle is not moved by edges. Its weights squared sum
    # to 20, and the middle of a normal distribution's sizes lies at 0.67 deviations.
    noise = float(np.median(np.abs(cv2.Laplacian(luma, cv2.CV_16S)))) / (0.6745 * np.sqrt(20.0))
    least = max(LEAST_CODES, DEVIATIONS * np.sqrt(2.0) * noise / SEEN_WITHIN_PX)
    least = least + SHAKE * luma.shape[1] * _slope(now)
    moved = np.clip(np.abs(now - before) / least - 1.0, 0.0, 1.0)
    around = 2 * round(FREED_AROUND * luma.shape[1]) + 1
    return cv2.blur(cv2.dilate(moved, np.ones((around, around), np.uint8)), (around, around))


def _slope(seen: np.ndarray) -> np.ndarray:
    """(h, w) float32: by how much brightness changes within a pixel, at the steepest place next to each."""
    cv2 = opencv()
    down, across = (cv2.Sobel(seen, cv2.CV_32F, *order, scale=1 / 8) for order in ((0, 1), (1, 0)))
    return cv2.dilate(cv2.magnitude(down, across), np.ones((3, 3), np.uint8))
