"""What may be merged: frames of one sensor, exposed alike, in the order they were taken. Refusals name the frame."""

from __future__ import annotations

from isp.errors import FrameError
from isp.frames import MOST_FRAMES, Noise, RawFrame, Shot

# Exposures and gains are set in whole lines and steps of the sensor: between frames of one setting they differ by less.
# A picture brighter by more would be taken for motion in the lights.
ALIKE = 0.02
# Gains that differ by ALIKE make read noise differ by twice that, and models are rounded. Beyond, the alignment could
# not compare the frames, and one noise would be merged as if it were the other.
NOISE_ALIKE = 0.1


def check_first(frame: RawFrame) -> None:
    """Refuse what no burst can begin with. Raises FrameError."""
    _check_single(frame.shot, 0)


def check_next(frame: RawFrame, first: RawFrame, latest_ns: int, number: int) -> None:
    """Refuse a frame that cannot be merged with the burst's first.

    latest_ns   timestamp of the frame before this one
    number      this frame's, counted from 0
    Raises FrameError.
    """
    shot, wanted = frame.shot, first.shot
    if number >= MOST_FRAMES:
        raise FrameError(f"Frame {number} is one too many; a burst has at most {MOST_FRAMES} frames.")
    _check_single(shot, number)
    if frame.pixels.shape != first.pixels.shape:
        sizes = [f"{width} x {height}" for height, width in (frame.pixels.shape, first.pixels.shape)]
        raise FrameError(f"Frame {number} is {sizes[0]} pixels, frame 0 is {sizes[1]}. Merge each size by itself.")
    for name in ("sensor", "bayer", "black_dn", "white_dn", "field_of_view", "hflip", "vflip"):
        found, allowed = getattr(shot, name), getattr(wanted, name)
        if found != allowed:
            raise FrameError(
                f"Frame {number} has {name} = {found!r}, frame 0 has {allowed!r}; they must be the same. "
                "Merge each kind by itself."
            )
    for name in ("exposure_us", "analogue_gain"):
        _check_alike(name, getattr(shot, name), getattr(wanted, name), number)
    _check_noise_alike(shot.noise, wanted.noise, number)
    if shot.timestamp_ns == latest_ns:
        raise FrameError(f"Frame {number} has the timestamp of frame {number - 1}, {latest_ns} ns: it is there twice.")
    if shot.timestamp_ns < latest_ns:
        raise FrameError(
            f"Frame {number} was taken at {shot.timestamp_ns} ns, before frame {number - 1} ({latest_ns} ns). "
            "Give each frame once, in the order they were taken."
        )


def _check_single(shot: Shot, number: int) -> None:
    if shot.frames != 1:
        raise FrameError(f"Frame {number} is itself merged from {shot.frames} frames; merge the single ones.")
    if shot.noise is None or shot.noise.shot + shot.noise.read <= 0:
        raise FrameError(
            f"Frame {number} says nothing of its noise, and without it nobody can tell noise from motion. "
            "Use raw files that Nightjar wrote: theirs carries it."
        )


def _check_alike(name: str, found: float | None, wanted: float | None, number: int) -> None:
    if found is None or wanted is None:
        if found is not wanted:
            raise FrameError(f"Frame {number} has {name} = {found!r}, frame 0 has {wanted!r}.")
        return
    if abs(found - wanted) > ALIKE * wanted:
        raise FrameError(
            f"Frame {number} has {name} = {found:g}, frame 0 has {wanted:g}; within a burst they may differ by "
            f"{100 * ALIKE:g} %. Fix exposure and gain while a burst is taken."
        )


def _check_noise_alike(found: Noise, wanted: Noise, number: int) -> None:
    pairs = (found.shot, wanted.shot), (found.read, wanted.read)
    if any(abs(one - other) > NOISE_ALIKE * other for one, other in pairs):
        raise FrameError(
            f"Frame {number} has shot noise {found.shot:g} and read noise {found.read:g}, frame 0 has {wanted.shot:g} "
            f"and {wanted.read:g}; within a burst they may differ by {100 * NOISE_ALIKE:g} %. "
            "Use one noise model for all."
        )
