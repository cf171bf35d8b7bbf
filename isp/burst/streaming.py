"""A night burst as it arrives: the sharpest of the first frames becomes the reference, later ones are merged at once.

Source: Hasinoff et al. 2016, "Burst photography ...", section 4 (reference by sharpness among the first few frames).
Differs: no frame waits for that choice. A frame that is much sharper than the reference takes its place, and what had
been merged until then is given up; so no more than two frames are ever held.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from isp.burst.align import Shifts, align
from isp.burst.fitting import check_first, check_next
from isp.burst.merging import Merging, Rung
from isp.burst.pyramid import Pyramid, pyramid_of, sharpness
from isp.errors import FrameError
from isp.frames import RawFrame

# The person presses when the moment is right: the photo looks like one of the first frames, not like the last.
REFERENCE_AMONG = 3
# Frames already merged are given up for a reference whose squared slopes are larger by so much, not for less.
MUCH_SHARPER = 1.15
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


class Watch(Protocol):
    """Who also wants the frames, and where they lie: the zoom looks for detail between their pixels."""

    def begun(self, reference: RawFrame) -> None:
        """The burst begins with this reference, or begins anew: what was told of frames before is given up."""

    def merged(self, frame: RawFrame, shifts: Shifts) -> None:
        """A frame of the reference's scene was merged."""


class NightBurst:
    """Collects frames and merges them as they come. Memory does not grow with their number.

    A frame that is refused (FrameError) changes nothing: the burst goes on without it.
    """

    def __init__(self, threads: int = 0, rung: Rung = Rung.FREQUENCIES, watch: Watch | None = None) -> None:
        self._threads = threads
        self._rung = rung
        self._watch = watch
        self._first: RawFrame | None = None
        self._merging: Merging | None = None
        self._pyramid: Pyramid | None = None
        self._sharpness = 0.0
        self._latest_ns = 0
        self._seen: dict[bytes, int] = {}
        self._story: list[FrameStory] = []

    def __len__(self) -> int:
        """Frames taken so far, those that were left out included."""
        return len(self._story)

    def add(self, frame: RawFrame) -> FrameStory:
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
            self._tell(frame, 0.0, f"It holds the very same pixels as frame {twin}.")
        elif number < REFERENCE_AMONG:
            self._add_early(frame)
        else:
            self._tell(frame, *self._merge(frame, pyramid_of(frame, self._threads)))
        return self._story[number]

    def finish(self) -> Merged:
        """The picture from what has come so far. Raises FrameError if nothing has."""
        if self._merging is None:
            raise FrameError("A burst needs at least one frame.")
        return Merged(self._merging.merged(), tuple(self._story))

    def _add_early(self, frame: RawFrame) -> None:
        """One of the frames that may become the reference."""
        pyramid = pyramid_of(frame, self._threads)
        found = sharpness(pyramid)
        if self._merging is None:
            self._begin(frame, pyramid, found)
            return
        merged = self._merging.frames > 1
        if found <= self._sharpness * (MUCH_SHARPER if merged else 1.0):
            self._tell(frame, *self._merge(frame, pyramid))
            return
        before, pyramid_before = self._merging.reference, self._pyramid
        for story in [story for story in self._story if story.share and not story.is_reference]:
            self._story[story.number] = replace(story, share=0.0, why="A much sharper frame came after it.")
        number = next(story.number for story in self._story if story.is_reference)
        self._begin(frame, pyramid, found)
        share, why = self._merge(before, pyramid_before)
        self._story[number] = replace(self._story[number], is_reference=False, share=share, why=why)

    def _begin(self, frame: RawFrame, pyramid: Pyramid, found: float) -> None:
        self._merging = None
        self._merging = Merging(frame, self._threads, self._rung)
        self._pyramid, self._sharpness = pyramid, found
        if self._watch is not None:
            self._watch.begun(frame)
        self._tell(frame, 1.0, "", is_reference=True)

    def _merge(self, frame: RawFrame, pyramid: Pyramid) -> tuple[float, str]:
        """Returns the share that was merged, and why it is not all."""
        shifts = align(self._pyramid, pyramid, self._threads)
        if shifts.explained < LEAST_EXPLAINED:
            return 0.0, "It does not show the reference's scene, or is all blurred."
        share = self._merging.add(frame, shifts).mean
        if self._watch is not None:
            self._watch.merged(frame, shifts)
        return share, "" if share >= WHOLE_SHARE else "Parts of it differ from the reference by more than noise."

    def _tell(self, frame: RawFrame, share: float, why: str, is_reference: bool = False) -> None:
        self._story.append(FrameStory(len(self._story), frame.shot.timestamp_ns, is_reference, share, why))


def _fingerprint(frame: RawFrame) -> bytes:
    rows = frame.pixels[:: max(1, frame.pixels.shape[0] // ROWS_COMPARED)]
    return hashlib.blake2b(np.ascontiguousarray(rows), digest_size=16).digest()
