"""How fast the picture moves before a burst, from the frames that the ring holds at the press."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from firmware.night.plan import Pace, is_same
from firmware.ring import Ring
from isp.burst.motion import Movement, motion_between
from isp.burst.pyramid import pyramid_of
from isp.frames import RawFrame

# Beside the noise, vectors of still things miss by this much.
MISS_PX = 0.2
# So many deviations are taken for noise ...
NOISE_DEVIATIONS = 3.0
# ... and noise that is larger than this may hide a hand. Over this time a hand always moves by more.
CLEAR_PX, CLEAR_MS = 0.25, 250.0
# What was longer ago says nothing of this press.
LOOKED_BACK_NS = 1_000_000_000
# Where fewer of the tiles with texture are found again, or noise moves more, what moved is not known.
LEAST_EXPLAINED, MOST_DOUBT_PX = 0.5, 1.0
# A steady hand; taken where nothing can be measured, because it is too dark or all is flat.
STEADY_HAND_PX_PER_MS = 0.01
UNKNOWN = Pace(STEADY_HAND_PX_PER_MS, 0.0, False, measured=False)
# So many of the last frames are compared, each with the next.
COMPARED = 4
# Somebody who ends the burst is heard within this time.
LOOK_S = 0.1
# Metering that never rests gives no two equal frames; so many are waited for.
MOST_AWAITED = 4


def frames_to_compare(ring: Ring, timeout_s: float, go_on: Callable[[], bool]) -> list[RawFrame]:
    """The newest frames that are exposed alike, in order: as old as there are, or awaited where there is but one.

    timeout_s  for the next frame
    go_on      asked several times a second; False ends the waiting
    """
    seen, alike = ring.pushed, _alike(ring.frames())
    for _ in range(MOST_AWAITED):
        # Frames as long as what is looked back at have no such neighbour, however many come.
        if len(alike) > 1 or alike[-1].shot.exposure_us * 1000 >= LOOKED_BACK_NS:
            break
        came = _next(ring, seen, timeout_s, go_on)
        if came is None:
            break
        seen, alike = came, _alike(ring.frames())
    return alike


def measure_pace(frames: Sequence[RawFrame], threads: int) -> Pace:
    """The pace of frames that are exposed alike: how fast from frame to frame, and whether all of them stand still.

    A hand trembles: between two frames it may rest, so the quickest of the last few counts.
    """
    if len(frames) < 2:
        return UNKNOWN
    first, *last = (pyramid_of(frame, threads) for frame in (frames[0], *frames[-COMPARED:]))
    steps = [motion_between(before, after, threads) for before, after in itertools.pairwise(last)]
    whole = motion_between(first, last[-1], threads) if len(frames) > 2 else steps[0]
    clear = [seen for seen in (*steps, whole) if _is_clear(seen)]
    if not clear:
        return UNKNOWN
    return Pace(
        hand_px_per_ms=max(max(seen.corner_px - seen.doubt_px, 0.0) / seen.apart_ms for seen in clear),
        subjects_px_per_ms=max(seen.local_px_per_ms for seen in steps),
        on_tripod=all(map(_stands_still, (*steps, whole))) and whole.apart_ms >= CLEAR_MS,
    )


def _next(ring: Ring, seen: int, timeout_s: float, go_on: Callable[[], bool]) -> int | None:
    """How many frames have come when one more has; None if none does."""
    waited_s = 0.0
    while go_on():
        came = ring.newer(seen, min(LOOK_S, timeout_s))
        if came is not None:
            return came[0]
        waited_s += LOOK_S
        if waited_s >= timeout_s:
            break
    return None


def _is_clear(movement: Movement) -> bool:
    return movement.explained >= LEAST_EXPLAINED and movement.doubt_px <= MOST_DOUBT_PX


def _stands_still(movement: Movement) -> bool:
    """What is seen is no more than noise, and noise is too little to hide a hand."""
    explained_px = MISS_PX + NOISE_DEVIATIONS * movement.doubt_px
    return _is_clear(movement) and movement.doubt_px <= CLEAR_PX and movement.corner_px <= explained_px


def _alike(frames: Sequence[RawFrame]) -> list[RawFrame]:
    """The newest frame and those shortly before it of the same exposure and noise."""
    last = frames[-1].shot
    found: list[RawFrame] = []
    for frame in reversed(frames):
        shot = frame.shot
        alike = shot.noise == last.noise and is_same(shot.exposure_us, last.exposure_us)
        if not alike or last.timestamp_ns - shot.timestamp_ns > LOOKED_BACK_NS:
            break
        found.insert(0, frame)
    return found
