"""Do two photos make a stereo pair? Their offset and difference in exposure are found and removed, or the reason said.

Places are matched with ORB (Rublee et al. 2011, "ORB: an efficient alternative to SIFT or SURF") and the ratio test of
Lowe 2004. The cameras are taken to look the same way (rectified): the same thing lies on the same row, up to one shift
that is the same everywhere, and only its column tells how far it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelerators.errors import MaskError
from accelerators.opencv import opencv

# Blur needs no finer depth, and the search costs this times the number of disparities.
WORKING_WIDTH = 800
SMALLEST = 64
FEATURES = 4000
# A match counts when the next best differs from it by this much.
RATIO = 0.75
FEWEST_MATCHES = 40
# On one row within so many working pixels; what lies off it is a wrong match or another turn of the camera.
ON_ROW_PX = 2.0
MOST_OFF_ROW = 0.4
# Two modules on one bracket look as far past one another as this share of the height at most.
LARGEST_SHIFT = 0.05
LARGEST_GAIN = 4.0
# With less difference between near and far nothing can be told apart.
LEAST_PARALLAX_PX = 3.0
# A disparity is believed where so many matches lie this near to each other; one alone may be wrong.
AGREEING, AGREEING_PX = 3, 3.0
# Nearest and farthest things may lie between the matched places, and thin things have few.
BEYOND_MATCHES, AT_LEAST_BEYOND_PX = 0.5, 6
WIDEST_SEARCH = 1 / 3


@dataclass(frozen=True)
class NoDepth:
    """Two photos from which no depth can be had. `reason` is a sentence for the sidecar."""

    reason: str


@dataclass(frozen=True)
class Pair:
    """Two photos that match row by row, at working size, the first as the left eye sees it.

    first, second    (h, w, 3) uint8; mirrored where the second camera stood to the left of the first
    search_px        lowest disparity to look for and how many of them, whole working pixels
    scale            working pixels in a pixel of the photos
    shift_px         by how much the second photo lay lower, working pixels
    gain             by how much the first is brighter, red, green and blue
    """

    first: np.ndarray
    second: np.ndarray
    search_px: tuple[int, int]
    mirrored: bool
    scale: float
    shift_px: float
    gain: tuple[float, float, float]


def check_pair(first: np.ndarray, second: np.ndarray) -> Pair | NoDepth:
    """Two photos of one moment as a pair for matching.

    first, second  (H, W, 3) uint8 sRGB of equal size
    Raises MaskError for what is no pair of pictures.
    """
    for photo in (first, second):
        if not (isinstance(photo, np.ndarray) and photo.dtype == np.uint8 and photo.ndim == 3 and photo.shape[2] == 3):
            found = f"{photo.dtype} {photo.shape}" if isinstance(photo, np.ndarray) else type(photo).__name__
            raise MaskError(f"A stereo pair is two (height, width, 3) uint8 photos; one of these is {found}.")
    if first.shape != second.shape:
        return NoDepth(f"the photos differ in size: {_size(first)} and {_size(second)}; take both with the same mode")
    if min(first.shape[:2]) < SMALLEST:
        return NoDepth(f"the photos are {_size(first)}; depth needs {SMALLEST} x {SMALLEST} pixels")
    scale = min(1.0, WORKING_WIDTH / first.shape[1])
    first, second = _in_small(first, scale), _in_small(second, scale)
    places = _matched(first, second)
    if len(places) < FEWEST_MATCHES:
        return NoDepth(
            f"only {len(places)} places were found in both photos, {FEWEST_MATCHES} are needed; do they show the same?"
        )
    lower = places[:, 3] - places[:, 1]
    shift = float(np.median(lower))
    on_row = np.abs(lower - shift) <= ON_ROW_PX
    if 1.0 - on_row.mean() > MOST_OFF_ROW:
        return NoDepth(
            f"{1 - on_row.mean():.0%} of what is seen in both photos lies on another row; the cameras must look the "
            "same way, and the photos must be taken at the same moment"
        )
    if abs(shift) > LARGEST_SHIFT * first.shape[0]:
        return NoDepth(f"the second camera looks {abs(shift) / first.shape[0]:.0%} of the height past the first")
    return _aligned(first, second, places[on_row], shift, scale)


def _aligned(first: np.ndarray, second: np.ndarray, places: np.ndarray, shift: float, scale: float) -> Pair | NoDepth:
    cv2 = opencv()
    height, width = first.shape[:2]
    disparity = places[:, 0] - places[:, 2]
    mirrored = bool(np.median(disparity) < 0)
    disparity = np.sort(-disparity if mirrored else disparity)
    believed = disparity[AGREEING - 1 :][disparity[AGREEING - 1 :] - disparity[: 1 - AGREEING] <= AGREEING_PX]
    far, near = believed.min(initial=np.inf), believed.max(initial=-np.inf)
    if near - far < LEAST_PARALLAX_PX * scale:
        return NoDepth("near and far lie at the same places of both photos; the cameras stand too close together")
    gain = _gain(first, second, places)
    if not 1 / LARGEST_GAIN <= min(gain) <= max(gain) <= LARGEST_GAIN:
        return NoDepth(f"one photo is {max(*gain, 1 / min(gain)):.0f} times as bright as the other; expose both alike")
    lifted = np.clip(second * np.array(gain) + 0.5, 0, 255).astype(np.uint8)
    move = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, -shift]])
    second = cv2.warpAffine(lifted, move, (width, height), borderMode=cv2.BORDER_REPLICATE)
    beyond = max(BEYOND_MATCHES * (near - far), AT_LEAST_BEYOND_PX)
    lowest = int(np.floor(far - beyond))
    many = min(int(np.ceil(near + beyond)) - lowest, int(WIDEST_SEARCH * width))
    if mirrored:
        first, second = first[:, ::-1], second[:, ::-1]
    first, second = np.ascontiguousarray(first), np.ascontiguousarray(second)
    return Pair(first, second, (lowest, -(-many // 16) * 16), mirrored, scale, shift, gain)


def _matched(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(n, 4): column and row in the first, column and row in the second, of places seen in both."""
    cv2 = opencv()
    finder = cv2.ORB_create(FEATURES, fastThreshold=8)
    found = [finder.detectAndCompute(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), None) for photo in (first, second)]
    (points, marks), (other_points, other_marks) = found
    if marks is None or other_marks is None or len(other_marks) < 2:
        return np.empty((0, 4))
    both = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(marks, other_marks, k=2)
    clear = [best for best, next_best in both if best.distance < RATIO * next_best.distance]
    return np.array([(*points[m.queryIdx].pt, *other_points[m.trainIdx].pt) for m in clear]).reshape(-1, 4)


def _gain(first: np.ndarray, second: np.ndarray, places: np.ndarray) -> tuple[float, float, float]:
    """By how much the first is brighter at the same things, for each colour."""
    blurred = [opencv().blur(photo, (9, 9)).astype(np.float64) + 1.0 for photo in (first, second)]
    columns, rows, other_columns, other_rows = np.round(places).astype(int).T
    red, green, blue = np.median(blurred[0][rows, columns] / blurred[1][other_rows, other_columns], axis=0)
    return float(red), float(green), float(blue)


def _in_small(photo: np.ndarray, scale: float) -> np.ndarray:
    cv2 = opencv()
    size = (round(photo.shape[1] * scale), round(photo.shape[0] * scale))
    return photo if scale == 1.0 else cv2.resize(photo, size, interpolation=cv2.INTER_AREA)


def _size(photo: np.ndarray) -> str:
    return f"{photo.shape[1]} x {photo.shape[0]}"
