"""One raw frame to two photos: as the lens drew it, and with what is not the subject blurred as a faster lens would.

The stages up to the blur run once. What they made is finished as the plain photo, in which somebody else finds the
subject's mask; the mask drives the blur of the same linear picture, and the rest of the chain runs over that. Mask and
recipe on the same raw frame give the same bytes again, and the plain photo is the one that a recipe without blur makes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from isp.bokeh import Bokeh
from isp.defocus import Defocus
from isp.develop import Watcher, run_stages
from isp.errors import FrameError, PipelineError
from isp.frames import LinearImage, Photo, RawFrame
from isp.light_estimate import Judge
from isp.pipeline import Pipeline
from isp.plan import plan
from isp.stage import Picture, Stage
from isp.tuning import Tuning

FindMask = Callable[[Photo], np.ndarray | None]
FindDefocus = Callable[[Bokeh, np.ndarray], Defocus]


@dataclass(frozen=True)
class Portrait:
    """photo  blurred where a mask was found, else plain; its recipe is with or without the blur
    mask   (H, W) uint8 that the blur went by: 255 is the subject, 0 what lies around it; None for a plain photo
    """

    photo: Photo
    mask: np.ndarray | None = None


def develop_portrait(
    frame: RawFrame,
    pipeline: Pipeline,
    tuning: Tuning | None,
    find_mask: FindMask,
    threads: int = 0,
    watcher: Watcher | None = None,
    find_defocus: FindDefocus | None = None,
    judge: Judge | None = None,
) -> Portrait:
    """One raw frame to a plain photo and, where `find_mask` finds something in it, to a portrait.

    pipeline   with Bokeh in it; facts that it holds already are kept
    find_mask  is given the plain photo, with its own recipe, to keep or to leave; (H, W) uint8 of its size, or None
    watcher    is handed every intermediate of the blurred picture, or of the plain one where nothing is blurred
    find_defocus  how far places are out of focus, for the planned blur and the mask; None: by the ground, which the
               recipe repeats. What else it goes by must be kept elsewhere
    `tuning`, `threads`, `judge` as in `isp.develop.develop`. Raises what that does, FrameError for a mask that does not
    fit.
    Memory at its peak: the linear picture (12 bytes a pixel), the mask, and what Bokeh takes; for a watcher a second.
    """
    recipe = plan(pipeline, frame, tuning, judge)
    before, bokeh, after = split_at_blur(recipe)
    linear = _run(frame, before, threads, watcher)
    plain = run_stages(linear, after, threads)
    if not isinstance(plain, Photo) or plain.pixels.dtype != np.uint8:
        raise PipelineError("A portrait ends with EightBit; this pipeline does not.")
    plain = dataclasses.replace(plain, recipe=Pipeline((*before, *after)))
    mask = find_mask(plain)
    if mask is None:
        if watcher is not None:
            _run(linear, after, threads, watcher)
        return Portrait(plain)
    check_mask(mask, plain.pixels.shape[:2])
    del plain
    bokeh = bokeh if bokeh.ground is not None else bokeh.with_subject(mask)
    defocus = bokeh.defocus(mask) if find_defocus is None else find_defocus(bokeh, mask)
    # Who watches may still hold the sharp picture; else the blurred one takes its memory, 146 MB of 12 Mpix.
    drawn = bokeh.render(linear, defocus, threads, into=None if watcher is not None else linear.pixels)
    del linear
    if watcher is not None:
        watcher(bokeh, drawn)
    blurred = _run(drawn, after, threads, watcher)
    return Portrait(dataclasses.replace(blurred, recipe=Pipeline((*before, bokeh, *after))), mask)


def without_blur(pipeline: Pipeline) -> Pipeline:
    """The pipeline that makes the plain photo."""
    before, _, after = split_at_blur(pipeline)
    return Pipeline((*before, *after))


def split_at_blur(pipeline: Pipeline) -> tuple[tuple[Stage, ...], Bokeh, tuple[Stage, ...]]:
    """The stages before the blur, the blur, and those after it. Raises PipelineError where there is no blur."""
    kinds = [type(stage) for stage in pipeline.stages]
    if kinds[0].takes is not RawFrame or kinds.count(Bokeh) != 1 or kinds[-1] is Bokeh:
        named = ", ".join(stage.table_name() for stage in kinds)
        raise PipelineError(f"A portrait goes from raw over [bokeh] to 8 bits; this pipeline is {named}.")
    at = kinds.index(Bokeh)
    return pipeline.stages[:at], pipeline.stages[at], pipeline.stages[at + 1 :]


def check_mask(mask: np.ndarray, shape: tuple[int, int]) -> None:
    """Raises FrameError unless this is a mask of a picture of this shape."""
    if not isinstance(mask, np.ndarray) or mask.dtype != np.uint8 or mask.shape != shape:
        found = f"{mask.dtype} {mask.shape}" if isinstance(mask, np.ndarray) else type(mask).__name__
        raise FrameError(f"The mask is {found}; for this picture it must be uint8 {shape}, 255 where the subject is.")


def _run(picture: Picture, stages: Sequence[Stage], threads: int, watcher: Watcher | None) -> LinearImage | Photo:
    """All in one pass, or one by one for who watches: the same bytes."""
    if watcher is None:
        return run_stages(picture, stages, threads)
    for stage in stages:
        picture = run_stages(picture, (stage,), threads)
        watcher(stage, picture)
    return picture
