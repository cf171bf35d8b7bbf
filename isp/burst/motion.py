"""How much moves between two frames: the hand, and what moves by itself. What a burst is planned from.

Source: Liba et al. 2019, "Handheld mobile photography in very low light", section 3.1 (motion metering). We depart in
measuring it with the burst's own alignment, on a coarse level of two raw frames: it knows the noise, so that a camera
on a tripod is told from one in a hand however dark it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isp.burst.align import align_levels
from isp.burst.hand import SHIFT_PX, TURN, with_model_error
from isp.burst.pyramid import Pyramid, pyramid_of
from isp.errors import FrameError
from isp.frames import RawFrame

# The finest level that is looked at: 4 raw pixels a pixel. Fitted over all tiles it still tells 0.01 raw pixels.
LEVEL = 1
# A tile moves by itself where it differs from the hand's movement by so many deviations of its own vector ...
CERTAIN = 4.0
# ... and by more than the vectors of still things miss by, in raw pixels.
STILL_PX = 0.5
# The movement that all but one in twenty tiles stay below.
MOST = 0.95
# Tiles overlap by half each way: what they know is counted so often.
TILES_A_PIXEL = 4


@dataclass(frozen=True)
class Movement:
    """What moved from one frame to the next, in raw pixels.

    hand_px       (y, x) that the middle of the picture moved
    turn          radians that it turned
    corner_px     how far the corner that moved most did: shift and turn together
    doubt_px      one deviation of that by noise alone; where hardly a tile has texture it is large
    local_px      what tiles with texture moved beside the hand; 95 of 100 moved less. 0 where nothing can be told
    moving_share  share of the textured tiles that moved by themselves or are not found again, 0..1
    moving_px     what those that moved by themselves did, their median; 0 where there are none
    explained     share of the textured tiles found again, 0..1; where it is low the rest means nothing
    apart_ms      time between the starts of the two exposures
    """

    hand_px: tuple[float, float]
    turn: float
    corner_px: float
    doubt_px: float
    local_px: float
    moving_share: float
    moving_px: float
    explained: float
    apart_ms: float

    @property
    def hand_px_per_ms(self) -> float:
        """Speed of the corner that moves most: what blurs a still scene."""
        return self.corner_px / self.apart_ms

    @property
    def local_px_per_ms(self) -> float:
        """Speed beside the hand's: what blurs the things that move."""
        return self.local_px / self.apart_ms


def measure_motion(before: RawFrame, after: RawFrame, threads: int = 1) -> Movement:
    """What moved between two frames of equal size and exposure; cheap enough for several times a second.

    Raises FrameError if the frames differ in size noise or not in time, or their noise is unknown.
    """
    return motion_between(pyramid_of(before, threads), pyramid_of(after, threads), threads)


def motion_between(before: Pyramid, after: Pyramid, threads: int = 1) -> Movement:
    """`measure_motion` for who keeps the pyramids: each preview frame then needs only one."""
    apart_ns = abs(after.timestamp_ns - before.timestamp_ns)
    if apart_ns == 0:
        raise FrameError("Both frames carry the same time; motion needs two frames, one after the other.")
    level = min(LEVEL, len(before.levels) - 1)
    field = align_levels(before, after, level, threads)
    scale, seen = before.scales[level], field.observed
    hand = field.hand.enlarged(scale)
    height, width = before.frame_shape
    corners = hand.at(np.array([0.0, 0.0, height, height]), np.array([0.0, width, 0.0, width]))
    clear = seen.textured & seen.explained
    down, across = field.own_strays[:, clear]
    yy, yx, xx = with_model_error(seen.trust[:, clear])
    deviations = np.sqrt(np.maximum(yy * down**2 + 2 * yx * down * across + xx * across**2, 0.0))
    strays = scale * np.hypot(down, across)
    moving = (deviations > CERTAIN) & (strays > STILL_PX)
    return Movement(
        hand_px=hand.shift_px,
        turn=hand.turn,
        corner_px=float(np.hypot(*corners).max()),
        doubt_px=scale * _doubt(seen.trust * clear, before.levels[level].shape),
        local_px=float(np.quantile(np.where(moving, strays, 0.0), MOST)) if clear.any() else 0.0,
        moving_share=_share(moving.sum() + (seen.textured & ~seen.explained).sum(), seen.textured),
        moving_px=float(np.median(strays[moving])) if moving.any() else 0.0,
        explained=_share((seen.textured & seen.explained).sum(), seen.textured, 1.0),
        apart_ms=apart_ns / 1e6,
    )


def _share(some: int, textured: np.ndarray, without: float = 0.0) -> float:
    return float(some / textured.sum()) if textured.any() else without


def _doubt(trust: np.ndarray, shape: tuple[int, int]) -> float:
    """One deviation of a corner's movement by noise, in pixels of a level of this shape, from what its tiles know."""
    of_y, _, of_x = (part.sum() / TILES_A_PIXEL for part in trust)
    rows, columns = (
        np.arange(size) * length / max(size - 1, 1) - length / 2
        for size, length in zip(trust.shape[1:], shape, strict=True)
    )
    of_turn = (trust[0] * columns[None, :] ** 2 + trust[2] * rows[:, None] ** 2).sum() / TILES_A_PIXEL
    half_diagonal = math.hypot(*shape) / 2
    shift = 1 / (of_y + SHIFT_PX**-2) + 1 / (of_x + SHIFT_PX**-2)
    return math.sqrt(shift + half_diagonal**2 / (of_turn + TURN**-2))
