"""What became of a burst: a frame to develop, and the account of how it came about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from isp.frames import LinearFrame, RawFrame

if TYPE_CHECKING:
    from isp.zoom.zoomed import ZoomStory


@dataclass(frozen=True)
class Taken:
    """A burst as one frame.

    frame  to be developed
    raw    for the raw file: the same, but for a crop of one frame, whose raw file keeps the whole
    zoom   of a burst that was zoomed
    """

    frame: RawFrame | LinearFrame
    raw: RawFrame | LinearFrame
    zoom: ZoomStory | None = None
