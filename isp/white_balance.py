"""Make grey grey: gains for red and blue that undo the colour of the light.

Grey world, held to the sensor's measured colour-temperature curve: only zones that could be grey under some real light
vote, and the answer may not leave the curve by more than a little. Sources: Buchsbaum 1980 (grey world); libcamera
`awb.cpp` (the curve and its tolerance). We depart from libcamera in taking no lux prior.

Eyes adapt to dim lamplight only in part: a white wall under it looks a little warm, and a photo that shows it grey is
not the evening that was seen. `adaptation` is how far they do, the D of CIECAM02 (CIE 159:2004), which in dim light is
0.82. We depart in its scale: it counts in mired, in which equal steps look equal, from the display's white to the
light, and grey gets the colour of a black body as warm as the rest of that way. How the light was found is all one.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from isp.black_body import DISPLAY_WHITE_K, colour_of_black_body
from isp.colour import Colour
from isp.errors import FrameError
from isp.frames import Mosaic, Shot
from isp.kernels import Chain
from isp.knobs import knob
from isp.stage import Stage, fact

if TYPE_CHECKING:
    from isp.plan import Scene


@dataclass(frozen=True)
class WhiteBalance(Stage):
    """Multiply red and blue so that a grey card has three equal colours; the smallest gain is 1."""

    source: str = knob(
        "scene", choices=("scene", "camera"), meaning="measure the scene, or trust the camera's own gains"
    )
    temperature_k: float | None = knob(None, 1500.0, 15000.0, "fix the light's colour temperature; unset measures it")
    adaptation: float = knob(1.0, 0.0, 1.0, "1 makes grey grey; less leaves lamplight that was measured some warmth")
    gains: tuple | None = fact("gains of red, green and blue", (3,), 0.01, 1e4)
    light_k: float | None = fact("the light's temperature on the sensor's curve", (), 1.0, 1e6)

    takes = Mosaic
    makes = Mosaic

    def plan(self, scene: Scene) -> Self:
        """Keep what planning found out about the light."""
        if self.gains is not None:
            return self
        red, blue = self._seen_as_grey(scene)
        smallest = min(1.0 / red, 1.0, 1.0 / blue)
        gains = (1.0 / red / smallest, 1.0 / smallest, 1.0 / blue / smallest)
        return dataclasses.replace(self, gains=gains, light_k=scene.temperature_k)

    def _seen_as_grey(self, scene: Scene) -> tuple[float, float]:
        """(red/green, blue/green) of what is to look grey: less warm than the light, where eyes adapt only in part."""
        light_k = scene.temperature_k
        fixed = self.temperature_k is not None
        # Light that is bluer than the display's white is balanced wholly: nobody misses its cold.
        if fixed or self.adaptation == 1 or light_k is None or light_k >= DISPLAY_WHITE_K:
            return scene.grey
        daylight, light = 1e6 / DISPLAY_WHITE_K, 1e6 / light_k
        warm_k = 1e6 / (daylight + (1.0 - self.adaptation) * (light - daylight))
        matrix = (scene.planned(Colour) or Colour()).complete_matrix()
        warm = np.linalg.solve(matrix, colour_of_black_body(warm_k))
        return scene.grey[0] * float(warm[1] / warm[0]), scene.grey[1] * float(warm[1] / warm[2])

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        if self.gains is None:
            raise FrameError("WhiteBalance has no gains yet: plan the pipeline for a frame, or give gains=(r, g, b).")
        chain.white_balance([self.gains["RGB".index(letter)] for letter in shot.bayer])
