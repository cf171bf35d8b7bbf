"""How far each place of a picture is out of focus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isp.errors import FrameError


@dataclass(frozen=True)
class Defocus:
    """What a blur needs to know about depth; any source will do: one lens and the ground, a stereo pair, a test.

    radius_px  (rows, columns) float32: radius of the blur disc in pixels of the full picture; above 0 behind the plane
               of focus, below 0 before it. A grid over the whole picture whose samples are centres of equal cells
               (full size: one for each pixel); between them it is linear
    subject    (H, W) uint8, of the picture's size: 255 is wholly subject and stays sharp whatever the radius says, 0 is
               wholly surroundings, between is the share of a pixel, as of hair. None where the radius tells all
    """

    radius_px: np.ndarray
    subject: np.ndarray | None = None

    def __post_init__(self) -> None:
        radius = self.radius_px
        if not (isinstance(radius, np.ndarray) and radius.dtype == np.float32 and radius.ndim == 2 and radius.size):
            raise FrameError("radius_px must be a (rows, columns) float32 array.")
        if not np.isfinite(radius).all():
            raise FrameError("radius_px holds what is not finite; a place in focus has 0.")
        subject = self.subject
        if subject is not None and not (
            isinstance(subject, np.ndarray) and subject.dtype == np.uint8 and subject.ndim == 2
        ):
            raise FrameError("The subject's mask must be a (height, width) uint8 array, 255 where it is the subject.")
