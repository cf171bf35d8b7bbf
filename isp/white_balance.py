"""Make grey grey: gains for red and blue that undo the colour of the light.

Grey world, held to the sensor's measured colour-temperature curve: only zones that could be grey under some real light
vote, and the answer may not leave the curve by more than a little. Sources: Buchsbaum 1980 (grey world); libcamera
`awb.cpp` (the curve and its tolerance). We depart from libcamera in taking no lux prior.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

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
    gains: tuple | None = fact("gains of red, green and blue", (3,), 0.01, 1e4)
    light_k: float | None = fact("the light's temperature on the sensor's curve", (), 1.0, 1e6)

    takes = Mosaic
    makes = Mosaic

    def plan(self, scene: Scene) -> Self:
        """Keep what planning found out about the light."""
        if self.gains is not None:
            return self
        red, blue = scene.grey
        smallest = min(1.0 / red, 1.0, 1.0 / blue)
        gains = (1.0 / red / smallest, 1.0 / smallest, 1.0 / blue / smallest)
        return dataclasses.replace(self, gains=gains, light_k=scene.temperature_k)

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        if self.gains is None:
            raise FrameError("WhiteBalance has no gains yet: plan the pipeline for a frame, or give gains=(r, g, b).")
        chain.white_balance([self.gains["RGB".index(letter)] for letter in shot.bayer])
