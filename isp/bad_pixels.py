"""Mend pixels that are stuck bright or dark, wherever they are: no table of them is needed.

A pixel is bad when it lies beyond all eight neighbours of its own colour by more than noise and the neighbours' own
contrast explain; one of the eight may be bad itself where the case is clear. Fine detail and stars show in the pixels
of the other colours next to it too, a defect does not: what those change by is allowed on top. A bad pixel takes the
mean of the two opposite neighbours that differ least, so that edges stay edges. A whole row or column that is bright
or dark is no bad pixel: its neighbours along it say that it is a line, and it stays.
Source: the rank test on same-colour neighbours of the image processors' "dynamic defect correction" (libcamera's
`rpi.dpc` drives one in hardware). We depart in the noise term, which comes from the sensor's calibrated model and is
taken off the neighbours' contrast, so that noise hides no defect; and in judging dark pixels by ratio: a dead pixel in
a shadow is far away in ratio, never in counts.
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
    hot: float = knob(0.03, 0.0, 1.0, "how far beyond all its neighbours a pixel is bad, as a share of saturation")
    contrast: float = knob(1.0, 0.0, 8.0, "how many times the neighbours' own spread is allowed on top")
    dead: float = knob(0.5, 0.0, 0.9, "below this share of its darkest neighbour a pixel is dead")
    detail: float = knob(5.0, 0.0, 20.0, "how many times the change that other colours show there is allowed on top")

    takes = Mosaic
    makes = Mosaic

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to. Where the noise is unknown the knobs alone decide."""
        if not self.enabled:
            return
        shot_noise, read_noise = (shot.noise.shot, shot.noise.read) if shot.noise else (0.0, 0.0)
        square = NOISE_DEVIATIONS**2
        chain.bad_pixels(self.hot, self.contrast, self.dead, self.detail, square * shot_noise, square * read_noise)
