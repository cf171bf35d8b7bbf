"""No specks and no pinholes: a piece of subject needs the network's word, a hole must be large enough to be seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from accelerators.opencv import opencv

# A piece must somewhere be about half as likely as the likeliest place: legs that dark shorts cut off are.
AS_LIKELY = 0.55
# Smaller holes, in shares of the picture, are noise of the colours: an eighth of a network's cell.
SMALLEST_HOLE = 1 / (8 * 32 * 32)
# A hole in which the network nowhere doubts the subject is no hole: a white shirt before a white wall.
NO_DOUBT = 0.8


def whole(inside: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """The subject without specks that nobody vouches for, and without holes that nobody saw.

    inside       (h, w) bool, as cut
    probability  (h, w) float32, 0 to 1
    """
    if not inside.any():
        return inside
    vouched = AS_LIKELY * probability[inside].max()
    seen_px = SMALLEST_HOLE * inside.size
    kept = _pieces(inside, probability, lambda likely: likely.max() >= vouched)
    return ~_pieces(~kept, probability, lambda likely: likely.size >= seen_px and likely.min() < NO_DOUBT)


def _pieces(region: np.ndarray, probability: np.ndarray, is_kept: Callable[[np.ndarray], bool]) -> np.ndarray:
    """The connected pieces of a region whose probabilities `is_kept` lets through."""
    count, labels, boxes, _ = opencv().connectedComponentsWithStats(region.astype(np.uint8), connectivity=4)
    kept = np.zeros(region.shape, bool)
    for label in range(1, count):
        left, top, width, height, _ = boxes[label]
        window = np.s_[top : top + height, left : left + width]
        piece = labels[window] == label
        if is_kept(probability[window][piece]):
            kept[window] |= piece
    return kept
