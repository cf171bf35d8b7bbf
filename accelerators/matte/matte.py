"""The matte: how much of each pixel is the subject, at the picture's full size.

From coarse scores along real edges, in five steps: the part of the picture that can be subject (surroundings.py), where
the network stops being sure (here), the contour that colours and edges agree on (contour.py), without specks and
pinholes (islands.py), softened into hair and drawn at full size (soft_edge.py). Order of Wadhwa et al. 2018, "Synthetic
depth-of-field with a single-camera mobile phone", section 3: a small network, then edge-aware upsampling. Differs:
their upsampling only smooths; ours may move the edge by a cell of the network, which has 33 x 33 of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from accelerators.errors import MaskError
from accelerators.matte.contour import find_contour
from accelerators.matte.islands import whole
from accelerators.matte.sizes import reduced
from accelerators.matte.soft_edge import draw, fit_edge
from accelerators.matte.surroundings import surroundings_of
from accelerators.opencv import opencv

# Longer sides of the copies: a graph cut costs more than its pixels, and at 400 a face still has its glasses.
CONTOUR_PX, EDGE_PX = 400, 800
# No score places an edge better than a tenth of the network's cell, of which 32 span the picture (sigma, in sides
# of the part looked at): a class map without any doubt is blurred into one that leaves colours their say.
DOUBT = 1 / 300
# A contour that shares less of its area with the network's own was led astray: by noise, by camouflage.
# On 33 photos none shared less than 60 %.
LEAST_SHARED = 0.45
# OpenCV addresses pixels by 16 bits in its warps.
LONGEST_SIDE_PX = 32766


def make_matte(picture: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """The subject's alpha.

    picture      (H, W, 3) uint8 sRGB
    probability  (rows, columns) float, 0 to 1: is this place the subject? A grid of any size whose outermost numbers
                 stand at the picture's outermost pixels (align-corners)
    Returns (H, W) uint8: 255 = all subject, 0 = none of it.
    Raises MaskError.
    """
    _check_picture(picture)
    grid = _checked_grid(probability)
    matte = np.zeros(picture.shape[:2], np.uint8)
    around = surroundings_of(grid, picture.shape[:2])
    matte[around.window] = _matte_of_part(picture[around.window], lambda shape: around.spread(grid, shape))
    return matte


def _matte_of_part(picture: np.ndarray, probability: Callable[[tuple[int, int]], np.ndarray]) -> np.ndarray:
    """The matte of a part of the photo, (H, W) uint8; `probability` gives that part's at any (rows, columns)."""
    small = reduced(picture, CONTOUR_PX)
    likely = _with_doubt(probability(small.shape[:2]))
    inside = _believable(whole(find_contour(small, likely), likely), likely > 0.5)
    if inside.all() or not inside.any():
        return np.full(picture.shape[:2], 255 * inside[0, 0], np.uint8)
    return draw(fit_edge(reduced(picture, EDGE_PX), inside), picture)


def _believable(found: np.ndarray, said: np.ndarray) -> np.ndarray:
    """What was found, unless it has so little to do with what the network said that colours must have led astray."""
    shared, either = np.count_nonzero(found & said), np.count_nonzero(found | said)
    return found if shared >= LEAST_SHARED * either else said


def _with_doubt(likely: np.ndarray) -> np.ndarray:
    cv2, sigma_px = opencv(), DOUBT * max(likely.shape)
    return cv2.GaussianBlur(likely, (0, 0), max(sigma_px, 0.3), borderType=cv2.BORDER_REPLICATE)


def _check_picture(picture: np.ndarray) -> None:
    shape, kind = getattr(picture, "shape", None), getattr(picture, "dtype", type(picture).__name__)
    if shape is None or len(shape) != 3 or shape[2] != 3 or picture.dtype != np.uint8:
        raise MaskError(
            f"A matte is made of an 8-bit photo, (rows, columns, 3) uint8; this one is {shape} {kind}. "
            "Give the developed photo; repeat a grey one's plane three times."
        )
    if not 0 < min(shape[:2]) <= max(shape[:2]) <= LONGEST_SIDE_PX:
        raise MaskError(
            f"A matte is made of 1 to {LONGEST_SIDE_PX} pixels a side; this photo has {shape[1]} x {shape[0]}. "
            "Check how it was cropped, or reduce it."
        )


def _checked_grid(probability: np.ndarray) -> np.ndarray:
    shape = getattr(probability, "shape", None)
    if shape is None or len(shape) != 2 or 0 in shape or max(shape) > LONGEST_SIDE_PX or probability.dtype.kind != "f":
        kind = getattr(probability, "dtype", type(probability).__name__)
        raise MaskError(
            f"The subject's probability is a grid of floats, (rows, columns); this is {shape} {kind}. "
            "Give find_subject's, or a class map as 0.0 and 1.0."
        )
    least, most = float(np.min(probability)), float(np.max(probability))
    if not 0 <= least <= most <= 1:  # also where one of them is NaN
        raise MaskError(
            f"The subject's probability goes from {least:g} to {most:g}; allowed is 0 to 1. "
            "Turn scores into probabilities first (softmax)."
        )
    return np.ascontiguousarray(probability, np.float32)
