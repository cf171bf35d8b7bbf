"""How far to the side each place of one photo lies in the other: OpenCV's semi-global matching, checked both ways.

Hirschmueller 2008, "Stereo processing by semiglobal matching and mutual information", with the cost of Birchfield and
Tomasi 1998. What the second photo does not confirm is not measured: it is hidden there, or has nothing to go by.
"""

from __future__ import annotations

import numpy as np

from accelerators.opencv import opencv
from accelerators.stereo.pair import Pair

BLOCK_PX = 3
# What a step of one disparity costs, and a jump, for each pixel of a block: OpenCV's own proposal.
STEP_COST, JUMP_COST = 8, 32
# The best place must be better than the others by so many per cent; skies and walls have no best place.
UNIQUE_PERCENT = 8
# Islands of fewer pixels than this are chance.
SMALLEST_ISLAND_PX, ISLAND_STEP = 120, 2
# Where the picture changes less than this from column to column, of 255, beside noise, one place is as good as another.
LEAST_CONTRAST = 1.0
CONTRAST_WITHIN_PX, NOISE_WITHIN_PX = 15, 5
# Both ways must agree within this.
AGREED_PX = 1.0
SUBPIXELS = 16.0


def match(pair: Pair) -> np.ndarray:
    """(h, w) float32 disparity of the pair's first photo in working pixels, larger is nearer; NaN where unknown."""
    ours = _search(pair.first, pair.second, pair.search_px)
    theirs = _search(pair.second[:, ::-1], pair.first[:, ::-1], pair.search_px)[:, ::-1]
    columns = np.arange(ours.shape[1])
    there = np.round(columns - np.nan_to_num(ours)).astype(int)
    inside = (there >= 0) & (there < ours.shape[1])
    answered = np.take_along_axis(theirs, np.clip(there, 0, ours.shape[1] - 1), axis=1)
    agreed = inside & (np.abs(answered - ours) <= AGREED_PX)  # False where either is NaN
    return np.where(agreed & _has_contrast(pair.first), ours, np.float32(np.nan))


def _has_contrast(picture: np.ndarray) -> np.ndarray:
    """(h, w) bool: there is something to go by, other than noise, which a mean over some pixels takes away."""
    cv2 = opencv()
    calm = cv2.blur(picture, (NOISE_WITHIN_PX, NOISE_WITHIN_PX)).astype(np.float32)
    change = np.zeros_like(calm)
    change[:, 2:-2] = calm[:, 4:] - calm[:, :-4]
    within = (CONTRAST_WITHIN_PX, CONTRAST_WITHIN_PX)
    return np.sqrt(cv2.blur(change * change, within).max(axis=2)) > LEAST_CONTRAST


def _search(left: np.ndarray, right: np.ndarray, search_px: tuple[int, int]) -> np.ndarray:
    cv2 = opencv()
    lowest, many = search_px
    # The search leaves out columns whose whole range does not lie inside; beside the picture there is room.
    room = max(lowest + many, 0), max(-lowest, 0)
    wide = [cv2.copyMakeBorder(photo, 0, 0, *room, cv2.BORDER_REPLICATE) for photo in (left, right)]
    matcher = cv2.StereoSGBM_create(
        minDisparity=lowest,
        numDisparities=many,
        blockSize=BLOCK_PX,
        P1=STEP_COST * 3 * BLOCK_PX**2,
        P2=JUMP_COST * 3 * BLOCK_PX**2,
        disp12MaxDiff=-1,
        uniquenessRatio=UNIQUE_PERCENT,
        speckleWindowSize=SMALLEST_ISLAND_PX,
        speckleRange=ISLAND_STEP,
        mode=cv2.STEREO_SGBM_MODE_SGBM_3WAY,
    )
    found = matcher.compute(*wide)[:, room[0] : room[0] + left.shape[1]].astype(np.float32) / SUBPIXELS
    return np.where(found >= lowest, found, np.float32(np.nan))
