"""How fast the picture moves before a burst, from the frames that the ring holds at the press."""

from __future__ import annotations

from collections.abc import Sequence

from firmware.night.plan import Pace, is_same
from firmware.ring import Ring
from isp.burst.motion import Movement, motion_between
from isp.burst.pyramid import pyramid_of
from isp.frames import RawFrame

# Over all frames of the ring a camera on a tripod moves less; a hand moves several pixels in that time.
TRIPOD_PX = 0.2
# What was longer ago says nothing of this press.
LOOKED_BACK_NS = 1_000_000_000
# Two frames right after each other say little about standing still.
TRIPOD_MS = 100.0
# Where fewer of the tiles with texture are found again, what moved is not known.
LEAST_EXPLAINED = 0.5
# What a steady hand does with a lens of normal length; taken where nothing can be measured.
STEADY_HAND_PX_PER_MS = 0.03
UNKNOWN = Pace(STEADY_HAND_PX_PER_MS, 0.0, False, measured=False)
# Metering that never rests gives no two equal frames; so many are waited for.
MOST_AWAITED = 4


def frames_to_compare(ring: Ring, timeout_s: float) -> list[RawFrame]:
    """The newest frames that are exposed alike, in order: as old as there are, or awaited where there is but one."""
    seen, alike = ring.pushed, _alike(ring.frames())
    for _ in range(MOST_AWAITED):
        if len(alike) > 1:
            break
        came = ring.newer(seen, timeout_s)
        if came is None:
            break
        seen, alike = came[0], _alike(ring.frames())
    return alike


def measure_pace(frames: Sequence[RawFrame], threads: int) -> Pace:
    """The pace of frames that are exposed alike: the last two tell how fast, the whole span tells a tripod."""
    if len(frames) < 2:
        return UNKNOWN
    newest = pyramid_of(frames[-1], threads)
    near = motion_between(pyramid_of(frames[-2], threads), newest, threads)
    whole = near if len(frames) == 2 else motion_between(pyramid_of(frames[0], threads), newest, threads)
    if min(near.explained, whole.explained) < LEAST_EXPLAINED:
        return UNKNOWN
    return Pace(
        hand_px_per_ms=max(near.hand_px_per_ms, whole.hand_px_per_ms),
        subjects_px_per_ms=near.local_px_per_ms,
        on_tripod=_stands_still(near) and _stands_still(whole) and whole.apart_ms >= TRIPOD_MS,
    )


def _stands_still(movement: Movement) -> bool:
    return movement.corner_px <= TRIPOD_PX


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
