"""How far the subject moved since the picture its mask was found in: looks are rarer than pictures, and older.

Phase correlation (Kuglin and Hines 1975, "The phase correlation image alignment method") of what lies under the mask.
"""

from __future__ import annotations

import numpy as np

from accelerators.opencv import opencv

# Two pictures of so many pixels across are compared: a movement by a pixel of these is the least that is seen.
COMPARED_WIDTH = 128
# Below this height of the peak the two pictures are not of one thing that moved: what moved has 0.5 or more, an empty
# place 0.2 at most.
LEAST_PEAK = 0.35
# What is nearer to where it was has not moved; further than this share of the width nothing moves between two looks.
STILL_PX, FARTHEST = 0.6, 0.2


def follow(mask: np.ndarray, before: np.ndarray, now: np.ndarray) -> np.ndarray:
    """The (h, w) uint8 mask of the picture before, moved to where its subject is now.

    before, now  (h, w) uint8 brightness of both
    """
    down, across = moved_by(mask, before, now)
    if not (down or across):
        return mask
    move = np.array([[1.0, 0.0, across], [0.0, 1.0, down]])
    cv2 = opencv()
    return cv2.warpAffine(mask, move, mask.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def moved_by(mask: np.ndarray, before: np.ndarray, now: np.ndarray) -> tuple[float, float]:
    """(down, across) in pixels of the mask; (0, 0) where it did not move, or nobody can tell."""
    cv2 = opencv()
    height, width = mask.shape
    size = (min(COMPARED_WIDTH, width), max(round(height * min(COMPARED_WIDTH / width, 1.0)), 2))
    weight, first, second = (
        cv2.resize(plane, size, interpolation=cv2.INTER_AREA).astype(np.float32) for plane in (mask, before, now)
    )
    # A soft rim: the mask's own edge, which did not move, must not be what is found.
    weight = cv2.GaussianBlur(weight / 255.0, (0, 0), size[0] / 32)
    if weight.sum() < 1.0:
        return 0.0, 0.0
    parts = [(plane - (plane * weight).sum() / weight.sum()) * weight for plane in (first, second)]
    (across, down), peak = cv2.phaseCorrelate(*parts, cv2.createHanningWindow(size, cv2.CV_32F))
    distance = np.hypot(down, across)
    if peak < LEAST_PEAK or not STILL_PX <= distance <= FARTHEST * size[0]:
        return 0.0, 0.0
    return float(down * height / size[1]), float(across * width / size[0])
