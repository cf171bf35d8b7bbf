"""Whether the frames of a burst lie between the pixels of its reference: without that they hold no more detail.

Source: Wronski et al. 2019, "Handheld multi-frame super-resolution", section 4.2: the hand's tremor spreads frames
evenly over the phases of the pixel grid. We depart in not relying on it: the phases of this very burst are counted. A
colour repeats on the sensor every two pixels, so frames that lie two pixels apart see the same points again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isp.burst.streaming import LEAST_EXPLAINED
from isp.errors import FrameError
from isp.zoom.refine import Refined
from isp.zoom.zoomed import Diversity

# Raw pixels from a place of a colour to its next, and the cells it is counted in each way: half a pixel wide.
PERIOD_PX, CELLS = 2.0, 4
# Phases nearer than that, half a pixel of a picture twice as large, are one.
APART_PX = 0.25
# A frame is counted where its movement is known to a quarter of a cell.
SURE_PX = PERIOD_PX / CELLS / 4
# Eight frames at two phases gain most of what they do at eight; at one, or two frames alone, hardly anything. Measured
# by the decibels of `isp.zoom.measured`.
FEWEST_PHASES, FEWEST_FRAMES = 2, 3
# So many places each way tell of a turn and of things near and far.
PLACES_ACROSS = 16


def measured_diversity(shifts: Sequence[Refined]) -> Diversity:
    """How the frames of a burst lie between the pixels of its reference, at the median of the places.

    shifts  of the other frames from the reference, refined
    A frame is not counted that shows something else, or whose movement is not known to a quarter of a cell because
    hardly a tile has texture.
    Raises FrameError if the shifts are of frames of different sizes, or not finite.
    """
    if len({each.px.shape for each in shifts}) > 1:
        raise FrameError("Shifts are of frames of different sizes; give those of one burst.")
    if not all(np.isfinite(each.px).all() for each in shifts):
        raise FrameError("Shifts must be finite; align the frames anew.")
    sure = [_few(each.px) for each in shifts if _is_sure(each)]
    # The reference is one of them.
    phases = np.stack([np.zeros_like(sure[0]), *sure]) % PERIOD_PX if sure else np.zeros((1, 1, 2))
    frames = int(np.median(_phases_apart(phases)))
    enough = frames >= FEWEST_PHASES and len(phases) >= FEWEST_FRAMES
    return Diversity(float(np.median(_cells(phases))) / CELLS**2, frames, enough)


def _is_sure(shifts: Refined) -> bool:
    """Whether it shows the reference's scene, and all tiles together know where."""
    return shifts.explained >= LEAST_EXPLAINED and shifts.known >= 1 / SURE_PX**2


def _few(px: np.ndarray) -> np.ndarray:
    """(places, 2): some of the places, evenly spread."""
    steps = (max(1, length // PLACES_ACROSS) for length in px.shape[:2])
    return px[tuple(slice(step // 2, None, step) for step in steps)].reshape(-1, 2).astype(np.float64)


def _cells(phases: np.ndarray) -> np.ndarray:
    """(places,): into how many cells the frames fall; the reference lies in the middle of one."""
    cells = np.rint(phases * (CELLS / PERIOD_PX)).astype(int) % CELLS
    filled = np.zeros((CELLS, CELLS, phases.shape[1]), bool)
    for frame in cells:
        filled[frame[:, 0], frame[:, 1], np.arange(phases.shape[1])] = True
    return filled.sum(axis=(0, 1))


def _phases_apart(phases: np.ndarray) -> np.ndarray:
    """(places,): how many frames lie at a phase that no frame before them has."""
    own = np.ones(phases.shape[:2], bool)
    for number in range(1, len(phases)):
        away = np.abs(phases[:number] - phases[number])
        distance = np.hypot(*np.moveaxis(np.minimum(away, PERIOD_PX - away), -1, 0))
        own[number] = np.where(own[:number], distance, PERIOD_PX).min(axis=0) >= APART_PX
    return own.sum(axis=0)
