"""The blur of a fast lens, in linear light: what is out of focus becomes the disc of the aperture, lights included.

Runs on the whole picture, between colour and tone. What the photo is of and how far the rest lies behind it comes as a
`Defocus`, or as a mask from which the facts below are read once for each photo. Mask, facts and the raw frame give the
same bytes again.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Self

import numpy as np

from isp.defocus import Defocus
from isp.errors import PipelineError
from isp.frames import LinearImage
from isp.ground import ground_of, radius_of_rows
from isp.knobs import knob
from isp.stage import Stage, fact


@dataclass(frozen=True)
class Bokeh(Stage):
    """Draw what is not the subject as a lens of this opening would."""

    f_number: float = knob(2.0, 0.95, 22.0, "opening of the lens that is drawn: 1.4 blurs more, 8 hardly")
    lens_mm: float = knob(50.0, 20.0, 200.0, "its focal length on full frame (36 mm wide); longer blurs more")
    distance_m: float | None = knob(
        None, 0.1, 100.0, "how far the subject is; unset: where the lens was focused, or 1.5 where it cannot move"
    )
    blades: int = knob(0, choices=(0, 5, 6, 7, 8, 9), meaning="of the aperture: 0 is round")
    cat_eye: float = knob(0.0, 0.0, 1.0, "how much the barrel cuts discs towards the corners, as fast lenses do")
    highlights_ev: float = knob(
        2.0, 0.0, 4.0, "a blown light was at most so much brighter than was measured; 0 believes it"
    )
    grain: float = knob(1.0, 0.0, 1.0, "how much of the photo's own grain the blurred part gets back")
    largest_px: float | None = fact(
        "radius of the disc of a point at infinity, in pixels of this picture", (), 0.0, 2000.0
    )
    noise: tuple | None = fact("shot and read noise of the linear picture's three colours, (3, 2)", (3, 2), 0.0, 1e6)
    ground: tuple | None = fact(
        "where sharpness ends before, begins behind the subject, and where the ground ends: shares of the height",
        (3,),
        -10.0,
        10.0,
    )

    takes = LinearImage
    makes = LinearImage

    def with_subject(self, mask: np.ndarray) -> Self:
        """This stage knowing where the mask's subject stands; a stored recipe that knows already stays as it is.

        mask  (H, W) uint8, 255 is wholly subject. Raises FrameError for a mask of nothing.
        """
        return self if self.ground is not None else dataclasses.replace(self, ground=ground_of(mask))

    def defocus(self, mask: np.ndarray) -> Defocus:
        """How far one lens and the ground say that each place is out of focus; the mask's subject is sharp.

        Raises PipelineError before `plan` and `with_subject` have told this stage its facts.
        """
        if self.largest_px is None or self.ground is None:
            raise PipelineError("This blur knows no lens or no ground yet; plan it and give it the subject's mask.")
        return Defocus(radius_of_rows(self.ground, self.largest_px), mask)
