"""How the network is asked: the whole picture and its mirror image, then a closer look at what was found.

A small network changes its mind about what it only half knows when the picture is mirrored, and keeps it about people:
agreement of the two answers is the best sign of a true one, and their mean is better than either (1 point of IoU). The
closer look gives a small subject the resolution that squashing took from it (2 points on people, 3 on animals).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from accelerators.runtime.answer import Answer
from accelerators.subject.grids import overlap, resampled, squashed
from accelerators.subject.scores import PLACES, class_shares

Segment = Callable[[np.ndarray], Answer]

# Room around the subject in the closer look, of its longer side: less context and the network loses the thread.
MARGIN = 0.25
# A frame of fewer parts of the picture than this is not closer enough to be worth two more answers.
LEAST_ZOOM = 1.3
# The closer look knows edges better, the first one what the thing is.
CLOSER_COUNTS = 0.75
# What both looks at the same frame must share, for the closer one to count: a part seen alone may be taken for nothing.
LEAST_AGREEMENT = 0.6
# Finest grid: a quarter of the picture's width seen as fine as the network can.
MOST_ENLARGED = 4


@dataclass(frozen=True)
class Box:
    """A part of the picture; 0 and 1 are its borders."""

    top: float
    left: float
    bottom: float
    right: float

    @property
    def zoom(self) -> float:
        """How many of it fill the picture."""
        return 1 / ((self.bottom - self.top) * (self.right - self.left))

    def place_of(self, y: float, x: float) -> tuple[float, float]:
        """Where a place of the picture lies in the box, whose own borders are 0 and 1."""
        return (y - self.top) / (self.bottom - self.top), (x - self.left) / (self.right - self.left)


@dataclass(frozen=True)
class Network:
    """A network that can be asked about pictures of any size."""

    segment: Segment
    classes: int
    input: tuple[int, int]

    def glance(self, picture: np.ndarray) -> np.ndarray:
        """Class shares of the picture, (65, 65, classes)."""
        return class_shares(self.segment(squashed(picture, self.input)).values, self.classes)

    def look(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Class shares of the picture, and of its mirror image turned back; both (65, 65, classes)."""
        seen = squashed(picture, self.input)
        straight = class_shares(self.segment(seen).values, self.classes)
        mirrored = class_shares(self.segment(np.ascontiguousarray(seen[:, ::-1])).values, self.classes)
        return straight, mirrored[:, ::-1]


def box_around(mask: np.ndarray, shape: tuple[int, int]) -> Box:
    """The part of a picture of this shape that holds everything marked on its grid, with room around."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, bottom = (rows[[0, -1]] + (-0.5, 0.5)) / (mask.shape[0] - 1)
    left, right = (columns[[0, -1]] + (-0.5, 0.5)) / (mask.shape[1] - 1)
    room = MARGIN * max((bottom - top) * shape[0], (right - left) * shape[1])
    high, wide = room / shape[0], room / shape[1]
    return Box(max(0.0, top - high), max(0.0, left - wide), min(1.0, bottom + high), min(1.0, right + wide))


def look_closer(
    network: Network, picture: np.ndarray, box: Box, first: np.ndarray, weigh: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Refine a probability where a closer look agrees with it.

    first   (65, 65) float32
    weigh   from class shares to the probability that is wanted
    Returns (64 k + 1, 64 k + 1) float32, k from 1 to 4; `first` itself where nothing would be or was gained.
    """
    height, width = picture.shape[:2]
    top, bottom = math.floor(box.top * (height - 1)), math.ceil(box.bottom * (height - 1)) + 1
    left, right = math.floor(box.left * (width - 1)), math.ceil(box.right * (width - 1)) + 1
    if box.zoom < LEAST_ZOOM or min(bottom - top, right - left) < 2:
        return first
    straight, mirrored = network.look(picture[top:bottom, left:right])
    closer = weigh((straight + mirrored) / 2)
    seen_before = resampled(first, closer.shape, (box.top, box.left), (box.bottom, box.right))
    if overlap(closer > 0.5, seen_before > 0.5) < LEAST_AGREEMENT:
        return first
    enlarged = min(MOST_ENLARGED, math.ceil(math.sqrt(box.zoom)))
    fine = resampled(first, ((PLACES - 1) * enlarged + 1,) * 2)
    return _laid_over(fine, closer, box)


def _laid_over(fine: np.ndarray, closer: np.ndarray, box: Box) -> np.ndarray:
    """Mix the closer look in, less and less towards those borders of its frame that are not the picture's."""
    size = len(fine) - 1
    y, x = (np.arange(len(fine), dtype=np.float32) / size for _ in range(2))
    inside = np.outer(_fading(y, box.top, box.bottom), _fading(x, box.left, box.right)) * CLOSER_COUNTS
    closer_everywhere = resampled(closer, fine.shape, box.place_of(0.0, 0.0), box.place_of(1.0, 1.0))
    return fine + inside * (closer_everywhere - fine)


def _fading(places: np.ndarray, start: float, stop: float) -> np.ndarray:
    """1 in the frame, falling to 0 over a third of its margin at either end that is not the picture's border."""
    fade = (stop - start) * MARGIN / 3 / (1 + 2 * MARGIN)
    rising = 1.0 if start <= 0 else np.clip((places - start) / fade, 0, 1)
    falling = 1.0 if stop >= 1 else np.clip((stop - places) / fade, 0, 1)
    return np.where((places >= start) & (places <= stop), rising * falling, 0).astype(np.float32)
