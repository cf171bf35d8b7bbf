"""How the network is asked: the whole picture and its mirror image, then a closer look at what was found.

A small network changes its mind about what it only half knows when the picture is mirrored, and keeps it about people:
agreement of the two answers is the best sign of a true one, and their mean is better than either (1 point of IoU). The
closer look gives a small subject the resolution that squashing took from it (2 points on people, 3 on animals). One
that fills the frame is looked at from farther off instead: the network knows few hats and heads that a frame cuts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from accelerators.opencv import opencv
from accelerators.runtime.answer import Answer
from accelerators.subject.grids import overlap, resampled, squashed
from accelerators.subject.scores import PLACES, class_shares

Segment = Callable[[np.ndarray], Answer]

# Room around the subject in the closer look, of its longer side: less context and the network loses the thread.
MARGIN = 0.25
# A frame of fewer parts of the picture than this is not closer enough to gain anything: then a wider one does.
LEAST_ZOOM = 1.3
# The closer look knows edges better, the first one what the thing is. A wider one sees no more, only otherwise.
CLOSER_COUNTS, WIDER_COUNTS = 0.75, 0.5
# What both looks at the same frame must share, for the other one to count: a part seen alone may be taken for nothing.
LEAST_AGREEMENT = 0.6
# Finest grid: a quarter of the picture's width seen as fine as the network can.
MOST_ENLARGED = 4


@dataclass(frozen=True)
class Box:
    """A part of the picture; 0 and 1 are the picture's borders, beyond them a wider look sees these repeated."""

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
    """The part of a picture of this shape that holds everything marked on its grid, with room around.

    Where that would be nearly all of the picture there is as much room beyond its borders.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, bottom = (rows[[0, -1]] + (-0.5, 0.5)) / (mask.shape[0] - 1)
    left, right = (columns[[0, -1]] + (-0.5, 0.5)) / (mask.shape[1] - 1)
    room = MARGIN * max((bottom - top) * shape[0], (right - left) * shape[1])
    high, wide = room / shape[0], room / shape[1]
    around = Box(top - high, left - wide, bottom + high, right + wide)
    within = Box(max(0.0, around.top), max(0.0, around.left), min(1.0, around.bottom), min(1.0, around.right))
    return within if within.zoom >= LEAST_ZOOM else around


def look_again(
    network: Network, picture: np.ndarray, box: Box, first: np.ndarray, weigh: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Refine a probability where a look at this box agrees with it.

    first   (65, 65) float32
    weigh   from class shares to the probability that is wanted
    Returns (64 k + 1, 64 k + 1) float32, k from 1 to 4; `first` itself where nothing would be or was gained.
    """
    height, width = picture.shape[:2]
    top, bottom = math.floor(box.top * (height - 1)), math.ceil(box.bottom * (height - 1)) + 1
    left, right = math.floor(box.left * (width - 1)), math.ceil(box.right * (width - 1)) + 1
    if min(bottom - top, right - left) < 2:
        return first
    straight, mirrored = network.look(_framed(picture, (top, left, bottom, right), network.input))
    again = weigh((straight + mirrored) / 2)
    seen_before = resampled(first, again.shape, (box.top, box.left), (box.bottom, box.right))
    y, x = (np.linspace(*ends, PLACES) for ends in ((box.top, box.bottom), (box.left, box.right)))
    in_picture = np.outer((y >= 0) & (y <= 1), (x >= 0) & (x <= 1))
    if overlap((again > 0.5) & in_picture, (seen_before > 0.5) & in_picture) < LEAST_AGREEMENT:
        return first
    enlarged = min(MOST_ENLARGED, math.ceil(math.sqrt(box.zoom)))
    fine = resampled(first, ((PLACES - 1) * enlarged + 1,) * 2)
    return _laid_over(fine, again, box)


def _framed(picture: np.ndarray, frame: tuple[int, int, int, int], shape: tuple[int, int]) -> np.ndarray:
    """What a frame (top, left, bottom, right) shows, squashed to a shape; beyond the picture its border is repeated."""
    top, left, bottom, right = frame
    height, width = picture.shape[:2]
    inside = picture[max(top, 0) : bottom, max(left, 0) : right]
    if inside.shape[:2] == (bottom - top, right - left):
        return inside
    before_y, after_y, before_x, after_x = (
        round(max(beyond, 0) / size * places)
        for beyond, size, places in (
            (-top, bottom - top, shape[0]),
            (bottom - height, bottom - top, shape[0]),
            (-left, right - left, shape[1]),
            (right - width, right - left, shape[1]),
        )
    )
    small = squashed(inside, (max(1, shape[0] - before_y - after_y), max(1, shape[1] - before_x - after_x)))
    replicate = opencv().BORDER_REPLICATE
    return opencv().copyMakeBorder(small, before_y, after_y, before_x, after_x, replicate)


def _laid_over(fine: np.ndarray, again: np.ndarray, box: Box) -> np.ndarray:
    """Mix the other look in, less and less towards those borders of its frame that lie in the picture."""
    size = len(fine) - 1
    y, x = (np.arange(len(fine), dtype=np.float32) / size for _ in range(2))
    counts = CLOSER_COUNTS if box.zoom >= LEAST_ZOOM else WIDER_COUNTS
    inside = np.outer(_fading(y, box.top, box.bottom), _fading(x, box.left, box.right)) * counts
    everywhere = resampled(again, fine.shape, box.place_of(0.0, 0.0), box.place_of(1.0, 1.0))
    return fine + inside * (everywhere - fine)


def _fading(places: np.ndarray, start: float, stop: float) -> np.ndarray:
    """1 in the frame, falling to 0 over a third of its margin at either end, unless that is the picture's border.

    A frame beyond the border falls to 0 at the border: just there it showed as much of what is not as of what is.
    """
    fade = (stop - start) * MARGIN / 3 / (1 + 2 * MARGIN)
    rising = 1.0 if start == 0 else np.clip((places - max(start, 0)) / fade, 0, 1)
    falling = 1.0 if stop == 1 else np.clip((min(stop, 1) - places) / fade, 0, 1)
    return np.where((places >= start) & (places <= stop), rising * falling, 0).astype(np.float32)
