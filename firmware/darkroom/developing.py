"""One job's picture: a photo, a portrait, a zoomed photo. Whatever fails behind the plain photo, that one is there."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from firmware.portrait.entry import entry_of
from firmware.portrait.making import Keep, Made, make_portrait
from firmware.portrait.memory import lacking_memory
from firmware.zoom.entry import of_one_frame
from firmware.zoom.making import ZoomWork, make_zoomed
from isp.develop import develop
from isp.portrait import without_blur

if TYPE_CHECKING:
    import numpy as np

    from accelerators.masking import Found
    from firmware.darkroom.darkroom import Job
    from firmware.settings import PortraitSettings
    from isp.frames import RawFrame
    from isp.light_estimate import Judge
    from isp.pipeline import Pipeline

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PortraitWishes:
    """Of a job whose photo is a portrait.

    find      gives the mask of a plain picture, or the reason why there is none
    settings  what is kept
    """

    find: Callable[[np.ndarray], Found]
    settings: PortraitSettings


@dataclass(frozen=True)
class ZoomWishes:
    """Of a job whose photo is zoomed.

    work   how it is finished
    spare  the crop of one frame, for when the burst's picture cannot be developed, with its pipeline, not yet planned,
           and the judge of its light; None where the burst left no other than that
    """

    work: ZoomWork
    spare: RawFrame | None = None
    spare_pipeline: Pipeline | None = None
    judge: Judge | None = None


def develop_job(job: Job) -> Made:
    """The photo, and what comes with it. Raises what developing without a blur raises."""
    if job.portrait is not None:
        return _portrait(job)
    if job.zoom is not None:
        return _zoomed(job)
    return Made(develop(job.burst.reference_frame, job.pipeline, job.tuning, job.threads))


def _zoomed(job: Job) -> Made:
    frame, wishes = job.burst.reference_frame, job.zoom
    try:
        return make_zoomed(frame, job.pipeline, job.tuning, wishes.work, job.threads)
    except Exception as error:  # boundary: a burst that cannot be developed must not cost the photo
        if wishes.spare is None:
            raise
        logger.exception("%s: the zoomed picture failed, the photo is made of one frame", job.files.jpeg.name)
        why = f"The zoomed picture failed: {str(error) or type(error).__name__}."
    # Not before the error is gone, which holds all its pictures.
    work = dataclasses.replace(wishes.work, entry=of_one_frame(wishes.work.entry, why))
    return make_zoomed(wishes.spare, wishes.spare_pipeline, job.tuning, work, job.threads, judge=wishes.judge)


def _portrait(job: Job) -> Made:
    why = lacking_memory(job.burst.reference_frame.pixels.size)
    if not why:
        frame, keep = job.burst.reference_frame, Keep.beside(job.files.jpeg, job.portrait.settings)
        find, quality = job.portrait.find, job.jpeg_quality
        try:
            return make_portrait(frame, job.pipeline, job.tuning, find, keep, quality, job.threads)
        except Exception as error:  # boundary: a blur that fails must not cost the photo
            logger.exception("%s: the portrait failed, the photo stays unblurred", job.files.jpeg.name)
            why = f"the portrait failed: {str(error) or type(error).__name__}"
    # Not before the error is gone, which holds all pictures of the portrait: it may have failed for want of memory.
    photo = develop(job.burst.reference_frame, without_blur(job.pipeline), job.tuning, job.threads)
    return Made(photo, entry_of({"why": why}))
