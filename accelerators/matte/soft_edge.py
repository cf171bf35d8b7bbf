"""From a hard contour to soft hair: alpha as a local linear function of the picture's colours.

The guided filter with a colour guide (He, Sun, Tang 2013, "Guided image filtering", sections 3.5 and 4.5): in every
window alpha is the linear function of the colours that fits the hard contour best, so that hair follows the picture
where it crosses the contour. Fitted on a reduced picture, drawn with the full picture's colours (He & Sun 2015, "Fast
guided filter"). Differs: away from the contour the function is held to 0 or 1, so that nothing turns transparent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from accelerators.matte.covariance import Planes, covariance, each, inverse, products_of, times
from accelerators.matte.sizes import enlarged
from accelerators.opencv import opencv

# Half a window, in longer sides: 8 px of 800, the tufts and strands that a contour cut at half that size loses.
WINDOW = 1 / 100
# Colour differences below sqrt(this) of full scale are noise, not edges: 2.5 steps of 255.
NOISE_VARIANCE = 1e-4
# Alpha below is taken for nothing and above for all: what the linear fit leaves as haze outside and as veil inside.
# The upper is further from its end: the edge is feathered outward, never into the subject.
NOTHING, ALL = 0.06, 0.88
# Full-size work is done in tiles of so many pixels, and only where there is an edge: they stay in the cache.
TILE_PX = 256


@dataclass(frozen=True)
class SoftEdge:
    """Alpha of a picture of any size: offset + slopes . colour, clipped to 0 and 1.

    slopes   three (h, w) float32 planes, alpha per full scale of red, green, blue
    offset   (h, w) float32
    is_edge  (h, w) bool: elsewhere the slopes are 0 and the offset is 0 or 1
    """

    slopes: Planes
    offset: np.ndarray
    is_edge: np.ndarray


def fit_edge(reduced_picture: np.ndarray, inside: np.ndarray) -> SoftEdge:
    """The linear functions that follow a contour.

    reduced_picture  (h, w, 3) uint8 sRGB
    inside           bool, of the same or a smaller size
    """
    shape = reduced_picture.shape[:2]
    hard = enlarged(inside.astype(np.float32), shape)
    colours = [np.ascontiguousarray(plane, np.float32) / 255 for plane in np.moveaxis(reduced_picture, 2, 0)]
    radius_px = max(1, round(WINDOW * max(shape)))
    slopes, offset = _linear_fit(colours, hard, radius_px)
    return _held(slopes, offset, hard, radius_px)


def _linear_fit(colours: Planes, wanted: np.ndarray, radius_px: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Slopes and offset of the best linear function in each window, averaged over the windows of each pixel."""
    cv2, side = opencv(), 2 * radius_px + 1

    def mean(plane: np.ndarray) -> np.ndarray:
        return cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT)

    means, wanted_mean = each(colours, mean), mean(wanted)
    spread = covariance(means, each(products_of(colours), mean), NOISE_VARIANCE)
    shared = [mean(plane * wanted) - average * wanted_mean for plane, average in zip(colours, means, strict=True)]
    slopes = times(inverse(spread)[0], shared)
    offset = wanted_mean - sum(slope * average for slope, average in zip(slopes, means, strict=True))
    return each(slopes, mean), mean(offset)


def _held(slopes: Planes, offset: np.ndarray, hard: np.ndarray, radius_px: int) -> SoftEdge:
    """The functions near the contour, fading to the plain 0 and 1 of the contour at two windows from it."""
    cv2 = opencv()
    crossing = ((hard > 0) & (hard < 1)).astype(np.uint8)
    crossing |= cv2.morphologyEx((hard > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    away_px = cv2.distanceTransform(1 - crossing, cv2.DIST_L2, cv2.DIST_MASK_5)
    trust = np.clip(2 - away_px / radius_px, 0, 1)
    plain = (hard > 0.5).astype(np.float32)
    gain = 1 / (ALL - NOTHING)
    return SoftEdge(
        slopes=[np.float32(gain) * trust * slope for slope in slopes],
        offset=trust * np.float32(gain) * (offset - np.float32(NOTHING)) + (1 - trust) * plain,
        is_edge=trust > 0,
    )


def draw(edge: SoftEdge, picture: np.ndarray) -> np.ndarray:
    """The matte at the picture's size.

    picture  (H, W, 3) uint8 sRGB. Returns (H, W) uint8 alpha.
    """
    cv2 = opencv()
    height, width = picture.shape[:2]
    away = cv2.resize(np.uint8(255) * (edge.offset > 0.5), (width, height), interpolation=cv2.INTER_NEAREST)
    near = cv2.dilate(edge.is_edge.astype(np.uint8), np.ones((3, 3), np.uint8))
    down, across = edge.offset.shape[0] / height, edge.offset.shape[1] / width
    for top in range(0, height, TILE_PX):
        for left in range(0, width, TILE_PX):
            bottom, right = min(top + TILE_PX, height), min(left + TILE_PX, width)
            rows = slice(int(top * down), math.ceil(bottom * down))
            columns = slice(int(left * across), math.ceil(right * across))
            if near[rows, columns].any():
                away[top:bottom, left:right] = _draw_tile(edge, picture, (top, left, bottom, right))
    return away


def _draw_tile(edge: SoftEdge, picture: np.ndarray, tile: tuple[int, int, int, int]) -> np.ndarray:
    """One tile (top, left, bottom, right) of the full picture, (rows, columns) uint8."""
    cv2 = opencv()
    top, left, bottom, right = tile
    height, width = picture.shape[:2]
    down, across = edge.offset.shape[0] / height, edge.offset.shape[1] / width
    # Pixel centres lie at half numbers in both pictures.
    place = np.float64([[across, 0, (left + 0.5) * across - 0.5], [0, down, (top + 0.5) * down - 0.5]])

    def here(plane: np.ndarray) -> np.ndarray:
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(plane, place, (right - left, bottom - top), flags=flags, borderMode=cv2.BORDER_REPLICATE)

    alpha = 255 * here(edge.offset) + np.float32(0.5)
    for slope, colour in zip(edge.slopes, cv2.split(picture[top:bottom, left:right]), strict=True):
        alpha += here(slope) * colour
    return np.clip(alpha, 0, 255).astype(np.uint8)
