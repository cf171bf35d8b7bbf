"""A night burst as it arrives: the sharpest of the first frames becomes the reference, later ones are merged at once.

Source: Hasinoff et al. 2016, "Burst photography ...", section 4 (reference by sharpness among the first few frames).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from isp.burst.align import align
from isp.burst.fitting import check_first, check_next
from isp.burst.merging import Merging, Rung
from isp.burst.pyramid import Pyramid, pyramid_of, sharpness
from isp.errors import FrameError
from isp.frames import RawFrame

# The person presses when the moment is right: the photo looks like one of the first frames, not like the last.
REFERENCE_AMONG = 3
# Of the textured tiles of the same scene most are found again; a frame of which fewer are shows something else.
LEAST_EXPLAINED = 0.1
# A frame of which less was taken has something to say in the story; the last tenth goes to edges and chance.
WHOLE_SHARE = 0.9
# So many rows tell whether two frames are the same: noise makes two exposures differ everywhere.
ROWS_COMPARED = 64


@dataclass(frozen=True)
class FrameStory:
    """What became of one frame.

    number      in the order of arrival, from 0
    share       how much of it was merged, 0 to 1; the reference has 1
    why         empty if all is well; else a sentence for the person with the camera
    """

    number: int
    timestamp_ns: int
    is_reference: bool
    share: float
    why: str


@dataclass(frozen=True)
class Merged:
    """The merged picture, and what each frame gave to it."""

    frame: RawFrame
    story: tuple[FrameStory, ...]


@dataclass(frozen=True)
class _Waiting:
    number: int
    frame: RawFrame
    pyramid: Pyramid


class NightBurst:
    """Collects frames and merges them as they come. Memory does not grow with their number.

    A frame that is refused (FrameError) changes nothing: the burst goes on without it.
    """

    def __init__(self, threads: int = 0, rung: Rung = Rung.FREQUENCIES) -> None:
        self._threads = threads
        self._rung = rung
        self._first: RawFrame | None = None
        self._waiting: list[_Waiting] = []
        self._merging: Merging | None = None
        self._reference: Pyramid | None = None
        self._latest_ns = 0
        self._seen: dict[bytes, int] = {}
        self._story: dict[int, FrameStory] = {}

    def __len__(self) -> int:
        """Frames taken so far, those that were left out included."""
        return len(self._story) + len(self._waiting)

    def add(self, frame: RawFrame) -> None:
        """Take the next frame. Raises FrameError, with the frame named, if it does not belong to this burst."""
        number = len(self)
        if self._first is None:
            check_first(frame)
            # Only its facts are asked again: its pixels may go.
            self._first = RawFrame(np.broadcast_to(np.uint16(0), frame.pixels.shape), frame.shot)
        else:
            check_next(frame, self._first, self._latest_ns, number)
        self._latest_ns = frame.shot.timestamp_ns
        twin = self._seen.setdefault(_fingerprint(frame), number)
        if twin != number:
            self._tell(number, frame, 0.0, f"It holds the very same pixels as frame {twin}.")
            return
        waiting = _Waiting(number, frame, pyramid_of(frame, self._threads))
        if self._merging is not None:
            self._merge(waiting)
            return
        self._waiting.append(waiting)
        if number + 1 >= REFERENCE_AMONG:
            self._choose_reference()

    def finish(self) -> Merged:
        """The picture from what has come so far. Raises FrameError if nothing has."""
        if self._first is None:
            raise FrameError("A burst needs at least one frame.")
        if self._merging is None:
            self._choose_reference()
        story = tuple(self._story[number] for number in sorted(self._story))
        return Merged(self._merging.merged(), story)

    def _choose_reference(self) -> None:
        sharpest = max(self._waiting, key=lambda waiting: sharpness(waiting.pyramid, self._threads))
        self._waiting.remove(sharpest)
        self._merging = Merging(sharpest.frame, self._threads, self._rung)
        self._reference = sharpest.pyramid
        self._tell(sharpest.number, sharpest.frame, 1.0, "", is_reference=True)
        while self._waiting:
            self._merge(self._waiting.pop(0))

    def _merge(self, waiting: _Waiting) -> None:
        shifts = align(self._reference, waiting.pyramid, self._threads)
        if shifts.explained < LEAST_EXPLAINED:
            self._tell(waiting.number, waiting.frame, 0.0, "It does not show the reference's scene, or is all blurred.")
            return
        share = self._merging.add(waiting.frame, shifts).mean
        why = "" if share >= WHOLE_SHARE else "Parts of it differ from the reference by more than noise."
        self._tell(waiting.number, waiting.frame, share, why)

    def _tell(self, number: int, frame: RawFrame, share: float, why: str, is_reference: bool = False) -> None:
        self._story[number] = FrameStory(number, frame.shot.timestamp_ns, is_reference, share, why)


def _fingerprint(frame: RawFrame) -> bytes:
    rows = frame.pixels[:: max(1, frame.pixels.shape[0] // ROWS_COMPARED)]
    return hashlib.blake2b(np.ascontiguousarray(rows), digest_size=16).digest()
