"""A picture of three measured colours a pixel to a photo: the photo path, from behind the mosaic on.

The recipe is the photo's own list of stages, so that every knob has its place and a stored recipe works as ever. It
names the stages that have nothing to do here too (see `isp.zoom.three_colours`). What is left of noise is taken for
that of demosaicking: where nothing but noise is, `isp.zoom` leaves it as it was.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from isp.bokeh import Bokeh
from isp.develop import Watcher, run_stages
from isp.errors import PipelineError
from isp.frames import LinearFrame, Photo
from isp.levels import Levels
from isp.light_estimate import Judge
from isp.pipeline import Pipeline
from isp.plan import plan
from isp.tuning import Tuning
from isp.zoom.three_colours import on_three_colours


def develop_zoomed(
    frame: LinearFrame,
    pipeline: Pipeline,
    tuning: Tuning | None,
    threads: int = 0,
    watcher: Watcher | None = None,
    judge: Judge | None = None,
) -> Photo:
    """One linear frame to an 8-bit photo; its `recipe` is the planned pipeline.

    All arguments as in `isp.develop.develop`; the watcher is not handed the stages that have nothing to do.
    Raises FrameError or KnobError when the frame and the pipeline do not fit, PipelineError for one that is no photo's.
    Memory besides the frame and the photo: a mosaic of the frame's size (2 bytes a pixel) while it is planned.
    """
    if not isinstance(pipeline.stages[0], Levels):
        raise PipelineError(
            f"A photo begins with Levels; this pipeline begins with {type(pipeline.stages[0]).__name__}."
        )
    if pipeline.stage(Bokeh) is not None:
        raise PipelineError(
            "This recipe blurs what is not the subject, which zoomed pictures do without: leave it out."
        )
    recipe = plan(pipeline, frame, tuning, judge)
    stages = [(stage, at_work) for stage in recipe.stages if (at_work := on_three_colours(stage)) is not None]
    if watcher is None:
        photo = run_stages(frame, [at_work for _, at_work in stages], threads)
    else:
        photo = frame
        for stage, at_work in stages:
            photo = run_stages(photo, (at_work,), threads)
            watcher(stage, photo)
    if not isinstance(photo, Photo) or photo.pixels.dtype != np.uint8:
        raise PipelineError("A photo ends with EightBit; this pipeline does not.")
    return dataclasses.replace(photo, recipe=recipe)
