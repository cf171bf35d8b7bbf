"""Mend pixels that are stuck bright or dark, wherever they are: no table of them is needed.

A pixel is bad when it lies beyond all eight neighbours of its own colour by more than noise and the neighbours' own
contrast explain. It takes the mean of the two opposite neighbours that differ least, so that edges stay edges.
Source: the rank and direction tests common to raw developers, e.g. "Defective pixel correction" in Zhang, Wu 2005-style
gradient form; we depart in the noise term, which comes from the sensor's calibrated model.
"""

from __future__ import annotations

from dataclasses import dataclass

from isp.frames import Mosaic, Shot
from isp.kernels import Chain
from isp.knobs import knob
from isp.stage import Stage

# Among 12 million pixels a Gaussian beyond all its neighbours by five deviations is a matter of a few.
NOISE_DEVIATIONS = 5.0


@dataclass(frozen=True)
class BadPixels(Stage):
    """Replace hot and dead pixels from neighbours of the same colour."""

    enabled: bool = knob(True, meaning="off leaves hot and dead pixels in the picture")
    threshold: float = knob(
        0.03, 0.0, 1.0, "how far beyond all its neighbours a pixel is bad, as a share of saturation"
    )
    contrast: float = knob(1.0, 0.0, 8.0, "how many times the neighbours' own spread is allowed on top")

    takes = Mosaic
    makes = Mosaic

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to. Where the noise is unknown only threshold and contrast decide."""
        if not self.enabled:
            return
        shot_noise, read_noise = (shot.noise.shot, shot.noise.read) if shot.noise else (0.0, 0.0)
        square = NOISE_DEVIATIONS**2
        chain.bad_pixels(self.threshold, self.contrast, square * shot_noise, square * read_noise)
