"""How blur grows along the ground under the subject, so that its feet stand on it instead of being cut out.

A pinhole camera over a plane sees a point of the ground at distance d(y) = s (y_feet - y_horizon) / (y - y_horizon),
where s is the distance of the feet. A lens focused at s draws it as a disc of 1 - s/d of the disc at infinity, which
is (y_feet - y) / (y_feet - y_horizon): linear in the height of the picture, 0 at the feet, 1 at the horizon, below 0 in
front of the feet. That blur should grow with height where depth is not known is from Wadhwa et al. 2018, "Synthetic
depth-of-field with a single-camera mobile phone". Differs: the slope is the plane's own, not a chosen one.

What stands on the ground away from the subject is blurred as the ground at its height: without depth nobody can tell,
and a straight ramp over rows cuts nothing in two.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from isp.errors import FrameError

Ground = tuple[float, float, float]

# No ground is seen under the subject: all that is not the subject lies far behind it.
NO_GROUND: Ground = (1.0, 1.0, 1.0)
# A camera held level has its horizon in the middle: what ends above it does not stand on the ground, like a bird on a
# branch. One held down has it higher, and nothing in a mask says where; the ramp is kept at least so long that it
# cannot be seen as an edge.
LEVEL_HORIZON = 0.5
SHORTEST_RAMP = 0.25
# Ground nearer than half way to the subject is blurred no more: larger discs show nothing, and lenses have a largest.
MOST_BEFORE = 1.0
# Contours are read off a picture of this many rows: single hairs vanish, and feet stay.
ROWS = 256
# Inside the subject from here on.
INSIDE = 128
# What has less than this share of the largest subject's area stands on nothing of its own: specks of the mask.
SMALLEST_PART = 0.05
# Feet lie so near the lowest one, in heights of the subject: hands, tails and hems hang higher.
FEET_WITHIN = 0.2
# Between two feet the contour rises by this share of the picture at least; what is less is its roughness.
STEP_BETWEEN = 0.015
# A mask that ends so near the frame's edge ends because the frame does.
EDGE = 0.01
# Where one stretch of this share of its width or more is cut, the frame cuts the body; several short ones are paws.
CUT_BODY = 0.2


def ground_of(mask: np.ndarray) -> Ground:
    """Where the subjects touch the ground and where the ground ends, as shares of the picture's height.

    mask  (H, W) uint8, 255 is wholly subject
    Returns (contact near, contact far, horizon): the ground between the contacts is sharp, before and behind it blur
    grows. NO_GROUND where the frame cuts every subject, or none stands below the middle. Raises FrameError for what is
    no mask, or a mask of nothing.
    """
    inside = _in_small(mask) >= INSIDE
    if not inside.any():
        raise FrameError(f"The mask has no subject: nowhere does it reach {INSIDE}. Leave the photo unblurred.")
    rows = inside.shape[0]
    lowest = np.where(inside.any(axis=0), rows - np.argmax(inside[::-1], axis=0), 0)
    parts = _parts(lowest > 0)
    areas = [int(inside[:, left:right].sum()) for left, right in parts]
    contacts, cut = [], False
    for (left, right), area in zip(parts, areas, strict=True):
        if area < SMALLEST_PART * max(areas):
            continue
        top = int(np.argmax(inside[:, left:right].any(axis=1)))
        feet, body_is_cut = _feet(lowest[left:right] / rows, top / rows)
        contacts += feet
        cut = cut or body_is_cut
    contacts = [contact for contact in contacts if contact > LEVEL_HORIZON]
    if not contacts:
        return NO_GROUND
    near, far = (1.0 if cut else max(contacts)), min(contacts)
    return near, far, min(LEVEL_HORIZON, far - SHORTEST_RAMP)


def radius_of_rows(ground: Ground, largest_px: float, rows: int = ROWS) -> np.ndarray:
    """(rows, 1) float32: radius of the blur disc at the middles of equal rows; below 0 before the subject.

    largest_px  radius of a point at infinity, in pixels
    """
    near, far, horizon = ground
    y = (np.arange(rows) + 0.5) / rows
    if horizon >= far:
        return np.full((rows, 1), largest_px, dtype=np.float32)
    behind = np.clip((far - y) / (far - horizon), 0.0, 1.0)
    before = np.maximum(y - near, 0.0) / (near - horizon)
    share = np.maximum(behind - before, -MOST_BEFORE)
    return (largest_px * share).astype(np.float32)[:, None]


def _in_small(mask: np.ndarray) -> np.ndarray:
    """Means of equal cells, (ROWS or fewer, as many columns as keep them square); whole sums, the same anywhere."""
    if not (isinstance(mask, np.ndarray) and mask.dtype == np.uint8 and mask.ndim == 2 and mask.size):
        found = f"{mask.dtype} {mask.shape}" if isinstance(mask, np.ndarray) else type(mask).__name__
        raise FrameError(f"A mask is (height, width) uint8, 255 where it is the subject; this is {found}.")
    height, width = mask.shape
    rows = min(height, ROWS)
    columns = min(width, max(1, round(width * rows / height)))
    row_edges, column_edges = (np.arange(n + 1) * length // n for n, length in ((rows, height), (columns, width)))
    strips = [mask[top:bottom].sum(axis=0, dtype=np.uint32) for top, bottom in pairwise(row_edges)]
    sums = np.stack([np.add.reduceat(strip, column_edges[:-1]) for strip in strips])
    return sums // (np.diff(row_edges)[:, None] * np.diff(column_edges))


def _parts(filled: np.ndarray) -> list[tuple[int, int]]:
    """(first, behind last) of each run of columns that are filled: subjects side by side."""
    ends = np.flatnonzero(np.diff(np.concatenate([[False], filled, [False]]).astype(np.int8)))
    return [(int(left), int(right)) for left, right in zip(ends[::2], ends[1::2], strict=True)]


def _feet(lowest: np.ndarray, top: float) -> tuple[list[float], bool]:
    """Where one subject touches the ground, and whether the frame cuts its body.

    lowest  lower contour of its columns, shares of the picture's height
    top     where it begins
    """
    cut = [right - left for left, right in _parts(lowest >= 1.0 - EDGE)]
    if max(cut, default=0) > CUT_BODY * lowest.size:
        return [], True
    reach = lowest.max() - FEET_WITHIN * (lowest.max() - top)
    return [foot for foot in _hanging(lowest) if foot >= reach], False


def _hanging(lowest: np.ndarray) -> list[float]:
    """The places where a contour hangs lower than to both sides of it, by STEP_BETWEEN or more."""
    found: list[float] = []
    sinking, extreme = True, 0.0
    for here in (*lowest.tolist(), 0.0):
        if (here >= extreme) == sinking:
            extreme = here
        elif abs(here - extreme) > STEP_BETWEEN:
            if sinking:
                found.append(extreme)
            sinking, extreme = not sinking, here
    return found
