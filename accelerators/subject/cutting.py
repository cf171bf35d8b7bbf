"""Cut something out along the edges of the picture, and judge the cut.

The cut is GrabCut (Rother et al. 2004), OpenCV's. How good it is shows along its outline: a thing differs in colour
from what is beside it all the way round, and its colours are not everywhere else too. A hill, a page or a wall cut out
by force has an outline across nothing, or colours like the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelerators.opencv import opencv
from accelerators.subject.grids import resampled

# What is at least or at most so likely is not up to GrabCut.
SURE, SURELY_NOT = 0.9, 0.12
ROUNDS = 3
# Lab distance between the two sides of an outline that anybody sees.
SEEN = 15.0
# Pixels on either side of the outline whose mean colours are compared: a soft edge lies between them.
BESIDE = 7
# Bins of the colour histogram, L, a and b.
BINS = [8, 16, 16]
# Parts of a cut lighter than this share of its heaviest are crumbs.
CRUMB = 0.25
# Holes smaller than this share of the cut are eyes, buttons and highlights; larger ones are seen through.
PINHOLE = 0.02


@dataclass(frozen=True)
class Cut:
    """A mask at the size of the small picture, and how far it can be believed.

    mask        (H, W) bool
    closed      share of the outline where the colours of both sides differ to the eye
    set_apart   0 to 1: how little the colours inside are found outside
    parts       connected parts
    detail      mean gradient inside, outline excluded, over that outside
    """

    mask: np.ndarray
    closed: float
    set_apart: float
    parts: int
    detail: float

    @property
    def area(self) -> float:
        return float(self.mask.mean())

    @property
    def confidence(self) -> float:
        """The outline counts most; colours may recur, as those of a brown cup on a brown table do."""
        return self.closed**2 * self.set_apart**0.5


def cut_out(small: np.ndarray, likelihood: np.ndarray, least: float) -> Cut | None:
    """Cut out what is at least so likely; None if that leaves nothing, or no rest.

    small       (H, W, 3) uint8, sRGB; about 200 pixels: GrabCut's time grows with their number
    likelihood  (rows, columns) float32, 0 to 1, align-corners
    """
    likely = resampled(likelihood, small.shape[:2])
    mask = _filled(_without_crumbs(_grab(small, likely, least), likely))
    if mask.any() and not mask.all():
        return judge(small, mask)
    return None


def set_apart(lab: np.ndarray, mask: np.ndarray) -> float:
    """How little the colours inside are found outside, 0 to 1: 1 - Bhattacharyya coefficient."""
    return max(0.0, 1 - float(np.sqrt(_histogram(lab, mask) * _histogram(lab, ~mask)).sum()))


def in_lab(picture: np.ndarray) -> np.ndarray:
    return opencv().cvtColor(picture.astype(np.float32) / 255, opencv().COLOR_RGB2Lab)


def _grab(small: np.ndarray, likely: np.ndarray, least: float) -> np.ndarray:
    cv2 = opencv()
    marks = np.where(likely > least, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    marks[likely < SURELY_NOT] = cv2.GC_BGD
    marks[likely > SURE] = cv2.GC_FGD
    inside = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if not inside.any() or inside.all():
        return inside
    cv2.setRNGSeed(1)  # its clusters start at random, and the same picture shall give the same mask
    cv2.grabCut(small, marks, None, np.zeros((1, 65)), np.zeros((1, 65)), ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD))


def _without_crumbs(mask: np.ndarray, likely: np.ndarray) -> np.ndarray:
    """Drop parts that hold little of what is likely."""
    count, numbers = opencv().connectedComponents(mask.astype(np.uint8), connectivity=8)
    weights = np.bincount(numbers.ravel(), weights=likely.ravel(), minlength=count)[1:]
    return np.isin(numbers, 1 + np.flatnonzero(weights >= CRUMB * weights.max())) if count > 1 else mask


def _filled(mask: np.ndarray) -> np.ndarray:
    """Fill pinholes."""
    count, numbers, facts, _ = opencv().connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    pinholes = np.flatnonzero(facts[:, opencv().CC_STAT_AREA] < PINHOLE * np.count_nonzero(mask))
    return mask | np.isin(numbers, pinholes[pinholes > 0]) if count > 1 else mask


def judge(small: np.ndarray, mask: np.ndarray) -> Cut:
    """Look at an outline, whoever drew it. The mask must leave some of the (H, W, 3) uint8 picture out."""
    cv2 = opencv()
    lab = in_lab(small)
    inside, square = mask.astype(np.uint8), np.ones((3, 3), np.uint8)
    thin, thick = cv2.erode(inside, square).astype(bool), cv2.dilate(inside, square).astype(bool)
    outline = thick & ~thin
    closed = float((_step_across(lab, mask)[outline] > SEEN).mean()) if outline.any() else 0.0
    steepness = _steepness(lab)
    within, without = (float(steepness[part].mean()) if part.any() else 0.0 for part in (thin, ~thick))
    parts = cv2.connectedComponents(inside, connectivity=8)[0] - 1
    return Cut(mask, closed, set_apart(lab, mask), parts, within / max(without, 1e-3))


def _step_across(lab: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Distance between the mean colours of inside and outside around each pixel."""
    means = []
    for side in (mask, ~mask):
        weight = side.astype(np.float32)
        total, count = (
            opencv().boxFilter(plane, -1, (BESIDE, BESIDE), normalize=False)
            for plane in (lab * weight[..., None], weight)
        )
        means.append(total / np.maximum(count, 1e-3)[..., None])
    return np.linalg.norm(means[0] - means[1], axis=2)


def _steepness(lab: np.ndarray) -> np.ndarray:
    cv2 = opencv()
    light = cv2.GaussianBlur(lab[..., 0], (0, 0), 0.7)
    return np.hypot(cv2.Sobel(light, -1, 1, 0), cv2.Sobel(light, -1, 0, 1))


def _histogram(lab: np.ndarray, mask: np.ndarray) -> np.ndarray:
    ranges = [0, 100.01, -100, 100, -100, 100]
    counts = opencv().calcHist([lab], [0, 1, 2], mask.astype(np.uint8), BINS, ranges).ravel()
    return counts / max(counts.sum(), 1)
