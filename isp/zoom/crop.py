"""What of the sensor a zoomed photo shows."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from numbers import Real

from isp.burst.places import PITCH_PX, places_of
from isp.errors import FrameError
from isp.frames import RawFrame

# Beyond twice, frames of a hand hold no more detail; up to three times is a plain enlargement of that.
SMALLEST, LARGEST = 1.0, 3.0
MEASURED_AT_MOST = 2.0
# A crop smaller than that is no picture, and too small to be aligned.
FEWEST_PX = 64
# A hand moves by so much during a burst: frames are asked that far beyond the crop, as far as the sensor reaches.
HAND_PX = 32


@dataclass(frozen=True)
class Crop:
    """Part of a raw frame, in its pixels. All four numbers are even: it begins with the frame's Bayer colour."""

    top: int
    left: int
    height: int
    width: int

    def zoomed_shape(self, factor: float) -> tuple[int, int]:
        """(height, width) of the picture that this part becomes, even."""
        return even(self.height * factor), even(self.width * factor)


def even(length: float) -> int:
    """The nearest even number that is not larger, but for a hair."""
    return 2 * math.floor(length / 2 + 1e-6)


def check_factor(factor: float) -> float:
    """Raises FrameError unless this is a factor that pictures are zoomed by."""
    if isinstance(factor, bool) or not isinstance(factor, Real) or not SMALLEST <= factor <= LARGEST:
        raise FrameError(f"A zoom of {factor!r:.40} is not allowed; it must be a number, {SMALLEST:g} to {LARGEST:g}.")
    return float(factor)


def crop_for(shape: tuple[int, int], factor: float, centre: tuple[float, float] = (0.5, 0.5)) -> Crop:
    """The part that a zoom by `factor` shows.

    shape   (height, width) of the raw frame, even
    centre  (y, x) of its middle, as shares of the frame; the part is kept inside
    Raises FrameError for a factor out of range, a centre outside the frame, and a part that would be too small.
    """
    factor = check_factor(factor)
    if not all(math.isfinite(share) and 0 <= share <= 1 for share in centre):
        raise FrameError(f"The zoom's centre {centre!r} must be two shares of the frame, 0 to 1.")
    sizes = [even(length / factor) for length in shape]
    if min(sizes) < FEWEST_PX:
        raise FrameError(
            f"{shape[1]} x {shape[0]} pixels zoomed {factor:g} times leave {sizes[1]} x {sizes[0]}; the smallest part "
            f"is {FEWEST_PX} pixels each way. Zoom less."
        )
    starts = [
        min(max(2 * round((share * length - size / 2) / 2), 0), even(length) - size)
        for share, length, size in zip(centre, shape, sizes, strict=True)
    ]
    return Crop(*starts, *sizes)


def with_margin(crop: Crop, shape: tuple[int, int]) -> Crop:
    """The crop and what lies around it, where a frame of `shape` shows it. Raises FrameError as `cut` does."""
    _check_inside(crop, shape)
    # In whole steps between places, so that the crop's own are among the larger one's.
    before = [min(HAND_PX, start - start % PITCH_PX) for start in (crop.top, crop.left)]
    beyond = (shape[0] - crop.top - crop.height, shape[1] - crop.left - crop.width)
    behind = [min(HAND_PX, left - left % 2) for left in beyond]
    return Crop(
        crop.top - before[0],
        crop.left - before[1],
        crop.height + before[0] + behind[0],
        crop.width + before[1] + behind[1],
    )


def within(crop: Crop, larger: Crop) -> Crop:
    """Where the crop lies in a larger one that was cut out."""
    return dataclasses.replace(crop, top=crop.top - larger.top, left=crop.left - larger.left)


def _check_inside(crop: Crop, shape: tuple[int, int]) -> None:
    height, width = shape
    numbers = dataclasses.astuple(crop)
    if any(number % 2 or number < 0 for number in numbers) or not (
        0 < crop.height <= height - crop.top and 0 < crop.width <= width - crop.left
    ):
        raise FrameError(
            f"The part (top, left, height, width) = {numbers} must be even and inside the frame's {height} x {width}."
        )


def cut(frame: RawFrame, crop: Crop) -> RawFrame:
    """That part of a frame, a copy, with its own field of view. Raises FrameError if it does not lie in the frame.

    What is known at the places of a merged frame is cut too; the crop then begins at one of them.
    """
    height, width = frame.pixels.shape
    _check_inside(crop, (height, width))
    left, top, wide, high = frame.shot.field_of_view
    field = (
        left + wide * crop.left / width,
        top + high * crop.top / height,
        wide * crop.width / width,
        high * crop.height / height,
    )
    pixels = frame.pixels[crop.top : crop.top + crop.height, crop.left : crop.left + crop.width].copy()
    behind = frame.frames_behind
    if behind is not None:
        rows, columns = places_of(pixels.shape)
        behind = behind[crop.top // PITCH_PX :, crop.left // PITCH_PX :][:rows, :columns].copy()
    return RawFrame(pixels, dataclasses.replace(frame.shot, field_of_view=field), behind)
