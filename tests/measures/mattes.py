"""How well a matte follows the true one, where it is hard: in the band around the true edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelerators.opencv import opencv

# What a network of 33 x 33 answers cannot place by itself: half the distance of two of them, in longer sides.
HALF_A_CELL = 1 / 64
# Hand-made mattes leave traces of 1 and 254 far from any edge.
NEARLY = 3 / 255


@dataclass(frozen=True)
class MatteQuality:
    """One matte against its truth.

    band_error      mean absolute difference of alpha (0 to 1) in the edge band
    boundary        F-score of the contour at alpha 1/2, 0 to 1: 1 = all of either lies within 2 px of the other
    gradient_error  mean absolute difference of the gradients of alpha in the band, per pixel: cut hair shows
    overlap         intersection over union at alpha 1/2 (IoU)
    """

    band_error: float
    boundary: float
    gradient_error: float
    overlap: float


def edge_band(truth: np.ndarray) -> np.ndarray:
    """Where a matte is judged: half a cell to both sides of the contour, and wherever truth is neither 0 nor 1.

    truth  (H, W) float32 alpha, 0 to 1. Returns (H, W) bool.
    """
    reach_px = HALF_A_CELL * max(truth.shape)
    return (distance_to(contour(truth >= 0.5)) <= reach_px) | ((truth > NEARLY) & (truth < 1 - NEARLY))


def contour(inside: np.ndarray) -> np.ndarray:
    """(H, W) bool: the pixels of a region that touch its outside. The picture's border is no contour."""
    shrunk = opencv().erode(np.uint8(inside), np.ones((3, 3), np.uint8), borderValue=1)
    return inside & (shrunk == 0)


def distance_to(lines: np.ndarray) -> np.ndarray:
    """(H, W) float32: distance in pixels to the nearest True; far where there is none."""
    if not lines.any():
        return np.full(lines.shape, np.inf, np.float32)
    cv2 = opencv()
    return cv2.distanceTransform(np.uint8(~lines), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def boundary_score(alpha: np.ndarray, truth: np.ndarray, tolerance_px: float = 2.0) -> float:
    """F-score of the contours at 1/2; 1 where neither picture has one."""
    found, true = contour(alpha >= 0.5), contour(truth >= 0.5)
    if not found.any() or not true.any():
        return float(found.any() == true.any())
    precision = np.mean(distance_to(true)[found] <= tolerance_px)
    recall = np.mean(distance_to(found)[true] <= tolerance_px)
    return float(2 * precision * recall / max(precision + recall, 1e-9))


def overlap_of(alpha: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union at alpha 1/2; 1 where both are empty."""
    found, true = alpha >= 0.5, truth >= 0.5
    return float(np.sum(found & true) / max(np.sum(found | true), 1)) if (found | true).any() else 1.0


def judged(alpha: np.ndarray, truth: np.ndarray) -> MatteQuality:
    """Both (H, W) float32 in 0 to 1."""
    band = edge_band(truth)
    wrong_slope = np.hypot(*(one - other for one, other in zip(np.gradient(alpha), np.gradient(truth), strict=True)))
    return MatteQuality(
        band_error=float(np.mean(np.abs(alpha - truth)[band])),
        boundary=boundary_score(alpha, truth),
        gradient_error=float(np.mean(wrong_slope[band])),
        overlap=overlap_of(alpha, truth),
    )
