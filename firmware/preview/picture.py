"""From a frame of the ring to a picture to look at, and to JPEG: the one place that knows how previews are made.

Whoever exchanges the engine changes this file: what a picture is (here luma and colour as JPEG stores them), how one is
made (`isp.preview`), and how it is encoded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware.files.jpeg import encode_jpeg_planes
from isp.binning import bin_frame, binned_shape
from isp.frames import RawFrame, Shot
from isp.pipeline import Pipeline
from isp.preview import planes_of, preview
from isp.zoom.crop import even
from isp.zoom.enlarge import enlarged
from isp.zoom.taps import Filter

# The largest binned mode of the sensors we know is the imx477's, 2028 x 1520; what is larger is binned here.
MOST_PIXELS = 2028 * 1520
# One core: the others stay free for what comes with a press.
THREADS = 1
# Looked at and thrown away: half the size of a photo at 93. Pure noise makes 2.3 MB, which the control socket takes.
QUALITY = 85


@dataclass(frozen=True)
class Picture:
    """planes  what `isp.preview` makes as "yuv420"
    size    (height, width)
    """

    planes: np.ndarray
    size: tuple[int, int]


class SmallFrames:
    """Bins frames until they are small enough, always in the same memory: each call overwrites the one before."""

    def __init__(self) -> None:
        self._memory: dict[tuple[int, int], np.ndarray] = {}
        self._for: tuple[int, int] | None = None

    def __call__(self, frame: RawFrame) -> RawFrame:
        """The frame itself where it is small already."""
        if frame.pixels.shape != self._for:  # another zoom: the sizes on the way are others too
            self._memory, self._for = {}, frame.pixels.shape
        while frame.pixels.size > MOST_PIXELS:
            shape = binned_shape(frame.pixels.shape)
            if shape not in self._memory:
                self._memory[shape] = np.empty(shape, dtype=np.uint16)
            frame = bin_frame(frame, self._memory[shape])
        return frame


def memory_bytes(shape: tuple[int, int]) -> int:
    """What a preview of frames of this shape holds: the frame, every size on the way down, and two pictures."""
    needed = 2 * shape[0] * shape[1]
    while shape[0] * shape[1] > MOST_PIXELS:
        shape = binned_shape(shape)
        needed += 2 * shape[0] * shape[1]
    return needed + 2 * _bytes_of(*shape)


def size_with_zoom(shape: tuple[int, int], zoomed: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of the picture of a zoomed frame: as large beside the photo as without a zoom.

    shape   of the whole frame
    zoomed  of the photo
    """
    small = shape
    while small[0] * small[1] > MOST_PIXELS:
        small = binned_shape(small)
    return tuple(even(length * after / before) for length, after, before in zip(zoomed, small, shape, strict=True))


def stretched(picture: Picture, size: tuple[int, int]) -> Picture:
    """The picture at another size, in memory of its own."""
    if picture.size == size:
        return picture
    made = Picture(np.empty(_bytes_of(*size), dtype=np.uint8), size)
    for plane, larger in zip(views_of(picture), views_of(made), strict=True):
        larger[...] = enlarged(plane, larger.shape, Filter.BICUBIC, THREADS)
    return made


def room_for(frame: RawFrame, spare: Picture | None) -> Picture:
    """Memory for the picture of a small frame: the spare one where it fits."""
    height, width = frame.pixels.shape
    if spare is not None and spare.size == (height, width):
        return spare
    return Picture(np.empty(_bytes_of(height, width), dtype=np.uint8), (height, width))


def develop_picture(frame: RawFrame, recipe: Pipeline, out: Picture) -> None:
    """Run a planned recipe over a small frame, into memory that is there."""
    preview(frame, recipe, layout="yuv420", out=out.planes, threads=THREADS)


def encode_picture(picture: Picture, shot: Shot) -> bytes:
    """The picture as a JPEG file, with the facts of its shot."""
    return encode_jpeg_planes(planes_of(picture.planes, *picture.size), shot, QUALITY)


def views_of(picture: Picture) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Luma (H, W), blue and red difference (half as large), uint8: what is written there is in the picture."""
    return planes_of(picture.planes, *picture.size)


def size_of(picture: Picture) -> tuple[int, int]:
    """(height, width)."""
    return picture.size


def _bytes_of(height: int, width: int) -> int:
    return height * width + 2 * (-(-height // 2) * -(-width // 2))
