"""What a zoomed burst comes to: the picture, and an honest account of what was measured in it."""

from __future__ import annotations

from dataclasses import dataclass

from isp.burst.streaming import FrameStory
from isp.frames import LinearFrame, RawFrame
from isp.zoom.crop import Crop


@dataclass(frozen=True)
class Diversity:
    """How the frames of a burst lie between the pixels of its reference.

    phases  of the places where colours repeat, in cells of a quarter of that way: the share of cells that some frame
            fell into, 0..1; a tripod reaches one cell, an even spread all
    frames  how many lie at phases of their own
    enough  whether there is detail to be had between the pixels
    """

    phases: float
    frames: int
    enough: bool


@dataclass(frozen=True)
class ZoomStory:
    """What was done, for the sidecar.

    asked           the zoom that was asked for
    factor          what was measured: pixels of the picture for one of the crop, 1 to 2; 1 where nothing could be
    rung            "measured" or "plain"
    measured_share  of the picture that more than one frame added detail to, 0..1
    frames_behind   how many frames truly contribute, the median of all places
    why             a sentence for the photographer, where not all was measured
    """

    asked: float
    factor: float
    crop: Crop
    rung: str
    measured_share: float
    frames_behind: float
    diversity: Diversity | None
    why: str = ""

    @classmethod
    def of_plain(cls, asked: float, crop: Crop, frames_behind: float, why: str) -> ZoomStory:
        """Of a crop between whose pixels nothing was looked for."""
        return cls(asked, 1.0, crop, "plain", 0.0, frames_behind, None, why)


@dataclass(frozen=True)
class Zoomed:
    """A LinearFrame of `factor` times the crop where that was measured; else the merged crop as one raw frame."""

    frame: LinearFrame | RawFrame
    frames: tuple[FrameStory, ...]
    story: ZoomStory
