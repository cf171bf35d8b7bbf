"""One job's picture: a photo, or a portrait. Whatever fails behind the plain photo, that one is there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from firmware.portrait.entry import entry_of
from firmware.portrait.making import Keep, Made, make_portrait
from firmware.portrait.memory import lacking_memory
from isp.develop import develop
from isp.portrait import without_blur

if TYPE_CHECKING:
    import numpy as np

    from accelerators.masking import Found
    from firmware.darkroom.darkroom import Job
    from firmware.settings import PortraitSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PortraitWishes:
    """Of a job whose photo is a portrait.

    find      gives the mask of a plain picture, or the reason why there is none
    settings  what is kept
    """

    find: Callable[[np.ndarray], Found]
    settings: PortraitSettings


def develop_job(job: Job) -> Made:
    """The photo, and what comes with it. Raises what developing without a blur raises."""
    if job.portrait is not None:
        return _portrait(job)
    return Made(develop(job.burst.reference_frame, job.pipeline, job.tuning, job.threads))


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
