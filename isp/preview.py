"""The quick picture: the photo path in 16-bit whole numbers, for a screen and for video, not for the wall.

It takes the same recipe as a photo and shows the same light, colours and tone, with the fast demosaic (Malvar, He and
Cutler 2004, "High-quality linear interpolation for demosaicing of Bayer-patterned color images"). Highlights, local
tone and the film's gain follow the photo path's own rules. It departs from it to be quick:

- levels, lens shading and white balance are one gain, and lights beyond two to four times saturation count as blown;
- film, gamut floor and encoding are straight lines;
- chroma noise is filtered at half the resolution, where JPEG and video store colour anyway; luma keeps its grain;
- sharpening has a radius of one pixel whatever the knob says, drops detail that noise explains and stays within the
  neighbours' range;
- hot pixels and the lens's colour fringes are left as they are.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from isp.chroma_noise import ChromaNoise
from isp.errors import FrameError
from isp.frames import RawFrame, Shot
from isp.kernels import PreviewFacts
from isp.pipeline import Pipeline
from isp.preview_numbers import PreviewNumbers, preview_numbers
from isp.sharpen import Sharpen

LAYOUTS = ("rgb", "yuv420")


def preview(
    frame: RawFrame, recipe: Pipeline, *, layout: str = "rgb", out: np.ndarray | None = None, threads: int = 0
) -> np.ndarray:
    """One raw frame as bytes to look at.

    recipe   a planned photo pipeline; without [chroma_noise] and [sharpen], or with both at 0, neither is done
    layout   "rgb": (H, W, 3) uint8. "yuv420": 1-D uint8, the planes of `planes_of` one after the other: luma, blue and
             red difference, full range BT.601 as JFIF has it, colour at half the resolution
    out      where to write; a fresh array if None. Reusing one saves the time in which the system clears its memory
    threads  0 takes all processors; any number gives the same bytes
    Returns `out`. Raises FrameError for an unknown layout or an `out` that does not fit, PipelineError for a recipe
    that is not a planned photo pipeline.
    """
    if layout not in LAYOUTS:
        raise FrameError(f"Layout {layout!r} is not one of {', '.join(LAYOUTS)}.")
    height, width = frame.pixels.shape
    shape = (height, width, 3) if layout == "rgb" else (height * width + 2 * _half(height) * _half(width),)
    out = np.empty(shape, dtype=np.uint8) if out is None else _checked(out, shape, layout)

    facts = _facts(_lasting(frame.shot), recipe)
    pixels = np.ascontiguousarray(frame.pixels)
    if layout == "yuv420":
        facts.run_yuv420(pixels, out, threads)
    elif _is_bare(recipe):
        facts.run_bare(pixels, out, threads)
    else:
        facts.run_rgb(pixels, out, threads)
    return out


@functools.lru_cache(maxsize=4)
def _facts(shot: Shot, recipe: Pipeline) -> PreviewFacts:
    """What the kernel is told. Frames of one recipe share it: working it out takes as long as a small picture."""
    numbers = preview_numbers(shot, recipe)
    facts = PreviewFacts(*divmod(shot.bayer.index("R"), 2))
    tell(facts, numbers)
    return facts


def tell(facts: PreviewFacts, numbers: PreviewNumbers) -> None:
    """Hand the numbers of a recipe to a kernel, in the order it needs."""
    facts.balance(*numbers.balance)
    if numbers.highlights is not None:
        facts.highlights(numbers.highlights)
    facts.colour(*numbers.colour)
    if numbers.lift is not None:
        facts.local_tone(*numbers.lift)
    facts.tone(*numbers.tone)
    facts.finish(*numbers.finish)


def _lasting(shot: Shot) -> Shot:
    """The shot without what differs from frame to frame and does not matter here."""
    return dataclasses.replace(shot, timestamp_ns=0, wall_time_ns=0, exposure_us=1.0)


def planes_of(yuv: np.ndarray, height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Views of a "yuv420" preview: luma (H, W), blue and red difference, each half as high and wide, rounded up."""
    half = (_half(height), _half(width))
    luma, blue, red = np.split(yuv, [height * width, height * width + half[0] * half[1]])
    return luma.reshape(height, width), blue.reshape(half), red.reshape(half)


def _half(length: int) -> int:
    return (length + 1) // 2


def _checked(out: np.ndarray, shape: tuple[int, ...], layout: str) -> np.ndarray:
    fits = isinstance(out, np.ndarray) and out.dtype == np.uint8 and out.shape == shape
    if not (fits and out.flags.c_contiguous and out.flags.writeable):
        found = f"{out.dtype} {out.shape}" if isinstance(out, np.ndarray) else type(out).__name__
        raise FrameError(f"out is {found}; for {layout} it must be uint8 {shape}, contiguous and writeable.")
    return out


def _is_bare(recipe: Pipeline) -> bool:
    noise, sharpen = recipe.stage(ChromaNoise), recipe.stage(Sharpen)
    return (noise is None or noise.strength == 0) and (sharpen is None or sharpen.amount == 0)
