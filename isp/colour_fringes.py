"""Take the coloured fringes off edges: bring the red and the blue picture to the size of the green one.

Lateral chromatic aberration: the lens draws each colour at its own scale. Each red and blue sample is taken from where
the lens drew that point, by cubic interpolation in its own colour (Keys 1981, "Cubic convolution interpolation"). It
comes before demosaicking, which counts on the three colours lying on top of each other. The result stays within the
samples it is made of, so that nothing gets brighter than white. A scale is the same across and down, so rows and
columns are interpolated one after the other.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from isp.colour_scales import axis_in_frame, colour_scales
from isp.frames import Mosaic, Shot
from isp.kernels import Chain
from isp.knobs import knob
from isp.stage import Stage, fact

if TYPE_CHECKING:
    from isp.plan import Scene


@dataclass(frozen=True)
class ColourFringes(Stage):
    """Scale red and blue about the lens's axis."""

    enabled: bool = knob(True, meaning="measure the lens's colour fringes in each picture and take them off")
    red_scale: float | None = fact("size of the red picture, 1 = as green", (), 0.9, 1.1)
    blue_scale: float | None = fact("size of the blue picture, 1 = as green", (), 0.9, 1.1)
    axis_px: tuple | None = fact("(y, x) of the lens's axis in the frame", (2,), -1e6, 1e6)

    takes = Mosaic
    makes = Mosaic
    together = ("red_scale", "blue_scale", "axis_px")

    def plan(self, scene: Scene) -> Self:
        """Measure the scales in the picture; where it does not tell, nothing is changed."""
        if not self.enabled or self.red_scale is not None or scene.frame is None:
            return self
        red, blue = colour_scales(scene.frame)
        axis = axis_in_frame(scene.shot, *scene.frame.pixels.shape)
        return dataclasses.replace(self, red_scale=red, blue_scale=blue, axis_px=axis)

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        scale_of = {"R": self.red_scale or 1.0, "G": 1.0, "B": self.blue_scale or 1.0}
        scales = [scale_of[letter] for letter in shot.bayer]
        if self.enabled and self.axis_px is not None and any(scale != 1 for scale in scales):
            chain.colour_fringes([scale - 1.0 for scale in scales], self.axis_px)
