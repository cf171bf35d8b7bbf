"""Zoomed photos from raw files: which part of a frame the photo shows, and how it was finished when it was taken."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware.errors import SidecarError
from firmware.files.sidecar import Sidecar, read_sidecar
from firmware.zoom.entry import CROP, MEASURED, before_enlarging
from firmware.zoom.making import MEND, ZoomWork
from isp.errors import FrameError
from isp.frames import LinearFrame, RawFrame
from isp.zoom.crop import Crop, crop_for, cut
from isp.zoom.zoomed import ZoomStory

if TYPE_CHECKING:
    from firmware.darkroom.wishes import Wishes

Frame = RawFrame | LinearFrame


def zoomed_again(frame: Frame, file: Path, wishes: Wishes) -> tuple[Frame, ZoomWork | None]:
    """The frame that is to be developed, and what is then to be done with it; None where nothing is zoomed.

    A photo whose recipe is followed is made as it was. One that is planned anew in a mode that zooms has the part that
    its sidecar names, else the middle. Raises SidecarError, and FrameError for too small a part.
    """
    beside = file.with_suffix(".json")
    stored = wishes.recipe or (beside if beside.is_file() and not wishes.no_sidecar else None)
    if wishes.plan_anew and not wishes.mode.zoom:
        return frame, None
    sidecar = None if stored is None else read_sidecar(stored)
    if sidecar is not None and sidecar.zoom is not None:
        part = _part_of(frame, sidecar)
        if part is not None:
            entry = before_enlarging(sidecar.zoom) if wishes.plan_anew else sidecar.zoom
            return part, ZoomWork(entry, _upscale(wishes, not wishes.plan_anew), repeats=not wishes.plan_anew)
    if isinstance(frame, LinearFrame) or not wishes.mode.zoom or (stored is not None and not wishes.plan_anew):
        return frame, None
    return _middle(frame, wishes)


def work_of_burst(story: ZoomStory, wishes: Wishes) -> ZoomWork:
    """What is to be done with the frame of a burst that was just merged."""
    return ZoomWork.of_burst(story, _upscale(wishes))


def _part_of(frame: Frame, sidecar: Sidecar) -> Frame | None:
    """What the sidecar's photo was made of: the frame, or its crop where the file kept the whole; None if neither.

    Raises SidecarError where the entry tells of other sizes than the frame has: it would be enlarged to any.
    """
    if frame.shot == sidecar.shot:
        _check_sizes(frame, sidecar.zoom)
        return frame
    if isinstance(frame, LinearFrame):
        return None
    try:
        part = cut(frame, _crop_of(sidecar.zoom))
    except FrameError:
        return None
    if part.shot != sidecar.shot:
        return None
    _check_sizes(part, sidecar.zoom)
    return part


def _check_sizes(part: Frame, entry: Mapping[str, Any]) -> None:
    crop, found, is_measured = _crop_of(entry), part.pixels.shape[:2], isinstance(part, LinearFrame)
    before = crop.zoomed_shape(entry["factor"]) if is_measured else (crop.height, crop.width)
    if (entry["rung"] == MEASURED) != is_measured or found != before:
        kind = "three colours a pixel" if is_measured else "one colour a pixel"
        raise SidecarError(
            f"The sidecar tells of a {entry['rung']} zoom of {before[1]} x {before[0]} pixels, and the raw file has "
            f"{found[1]} x {found[0]} with {kind}. {MEND}"
        )
    after = crop.zoomed_shape(entry["asked"])
    if tuple(entry["size"]) != after:
        raise SidecarError(
            f"The sidecar tells of a photo of (height, width) {entry['size']}; its part, zoomed {entry['asked']:g} "
            f"times, has {list(after)}. {MEND}"
        )


def _middle(frame: RawFrame, wishes: Wishes) -> tuple[RawFrame, ZoomWork]:
    factor = wishes.zoom.factor
    crop = crop_for(frame.pixels.shape, factor)
    why = "There is one frame, so nothing could be measured between its pixels."
    story = ZoomStory.of_plain(factor, crop, float(frame.shot.frames), why)
    return cut(frame, crop), work_of_burst(story, wishes)


def _crop_of(entry: Mapping[str, Any]) -> Crop:
    return Crop(*(entry["crop"][name] for name in CROP))


def _upscale(wishes: Wishes, repeats: bool = False) -> Any:
    return wishes.upscale if wishes.zoom.learned or repeats else None
