"""Run stages over a picture: all in one pass of row strips, or one by one when somebody wants to watch.

Both ways use the same row kernels and give the same bytes, for any number of threads.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from isp.burst.uneven_noise import noise_times
from isp.eight_bit import EightBit
from isp.errors import FrameError, PipelineError
from isp.frames import LinearFrame, LinearImage, Mosaic, Photo, RawFrame
from isp.kernels import Chain
from isp.light_estimate import Judge
from isp.pipeline import Pipeline
from isp.plan import plan
from isp.stage import Picture, Stage
from isp.tuning import Tuning

Watcher = Callable[[Stage, Picture], None]


def develop(
    frame: RawFrame,
    pipeline: Pipeline,
    tuning: Tuning | None,
    threads: int = 0,
    watcher: Watcher | None = None,
    judge: Judge | None = None,
) -> Photo:
    """One raw frame to an 8-bit photo; its `recipe` is the planned pipeline.

    tuning   tables of the frame's sensor; None for an unknown sensor (then no colour matrix and no shading)
    threads  0 takes all processors
    watcher  is handed every intermediate picture; the stages then run one by one
    judge    what colour the light is, see `isp.plan.plan`; None: judged by rule
    Raises FrameError or KnobError when the frame and the pipeline do not fit.
    """
    if pipeline.stages[0].takes is not RawFrame:
        raise PipelineError(
            f"A photo begins with Levels; this pipeline begins with {type(pipeline.stages[0]).__name__}."
        )
    from isp.bokeh import Bokeh  # which runs the stages before it itself

    if pipeline.stage(Bokeh) is not None:
        raise PipelineError("This recipe blurs what is not the subject, which takes a mask: see develop_portrait.")
    recipe = plan(pipeline, frame, tuning, judge)
    if watcher is None:
        photo = run_stages(frame, recipe.stages, threads)
    else:
        photo = frame
        for stage in recipe.stages:
            photo = run_stages(photo, (stage,), threads)
            watcher(stage, photo)
    if not isinstance(photo, Photo) or photo.pixels.dtype != np.uint8:
        raise PipelineError("A photo ends with EightBit; this pipeline does not.")
    return dataclasses.replace(photo, recipe=recipe)


def run_stages(picture: Picture, stages: Sequence[Stage], threads: int = 0) -> Picture:
    """Run neighbouring stages over a picture in one pass. Returns what the last one makes; the input stays as it is."""
    chain = _source(picture)
    add_stages(chain, picture, stages)
    last = stages[-1]
    height, width = picture.pixels.shape[:2]
    if last.makes is Mosaic:
        pixels = np.empty((height, width), dtype=np.float32)
        chain.run_mosaic(pixels, threads)
        return Mosaic(pixels, picture.shot, picture.frames_behind)
    if last.makes is LinearImage:
        pixels = np.empty((height, width, 3), dtype=np.float32)
        chain.run_linear(pixels, threads)
        return LinearImage(pixels, picture.shot, picture.frames_behind)
    if isinstance(last, EightBit):
        pixels = np.empty((height, width, 3), dtype=np.uint8)
        chain.run_eight_bit(pixels, threads)
    else:
        pixels = np.empty((height, width, 3), dtype=np.uint16)
        chain.run_sixteen_bit(pixels, threads)
    return Photo(pixels, picture.shot, frames_behind=picture.frames_behind)


def add_stages(chain: Chain, picture: Picture, stages: Sequence[Stage]) -> None:
    """Tell an empty chain over this picture where its noise differs, and put the stages' kernels at its end."""
    times = noise_times(picture.frames_behind)
    if times is not None:
        chain.uneven_noise(times)
    for stage in stages:
        stage.planned_by_shot(picture.shot).add_to(chain, picture.shot)


def _source(picture: Picture) -> Chain:
    pixels = np.ascontiguousarray(picture.pixels)
    if isinstance(picture, RawFrame):
        return Chain.over_raw(pixels)
    if isinstance(picture, LinearFrame):
        return Chain.over_colour_counts(pixels)
    if isinstance(picture, Mosaic):
        return Chain.over_mosaic(pixels)
    if isinstance(picture, LinearImage):
        return Chain.over_linear(pixels)
    if pixels.dtype != np.uint16:
        raise FrameError("Stages work on 16-bit photos; this one has 8 bits already.")
    return Chain.over_photo(pixels)
