"""Make grey grey: gains for red and blue that undo the colour of the light.

The light is told or judged. What is told wins, the more exact first: a measured grey card over a temperature, that over
a preset, that over the scene. The scene is judged by what planning was given (see `isp.plan`), by rule where that is
nothing. A tint is added to all of them. How sure a judgement was is kept with the gains: facts of the recipe.

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
from isp.errors import FrameError, KnobError
from isp.frames import Mosaic, Shot
from isp.kernels import Chain
from isp.knobs import knob
from isp.light_estimate import TOLD, LightEstimate
from isp.stage import LONGEST_TEXT, Stage, fact, text_fact

if TYPE_CHECKING:
    from isp.plan import Scene

# Kinds of light a person knows by name: temperature in K, and tint in percent of natural log colour. Daylights and the
# lamp are CIE D55, D65, D75 and A. Tubes and white diodes are as the IMX219's colour filters see them: between CIE FL2
# (4230, 10) and FL11 (3840, 2), and LED-B3 (3840, 6). Flash tubes have the colour of daylight.
PRESETS = {
    "daylight": (5500.0, 0.0),
    "cloudy": (6500.0, 0.0),
    "shade": (7500.0, 0.0),
    "tungsten": (2856.0, 0.0),
    "fluorescent": (4000.0, 6.0),
    "led": (3840.0, 6.0),
    "flash": (5500.0, 0.0),
}


@dataclass(frozen=True)
class WhiteBalance(Stage):
    """Multiply red and blue so that a grey card has three equal colours; the smallest gain is 1."""

    source: str = knob(
        "learned",
        choices=("learned", "camera", "scene"),
        meaning="judge the scene by what was learned, by rule (scene), or trust the camera's own gains",
    )
    preset: str = knob("auto", choices=("auto", *PRESETS), meaning="a kind of light; auto finds it as source says")
    temperature_k: float | None = knob(None, 1500.0, 15000.0, "fix the light's colour temperature; unset measures it")
    tint: float = knob(
        0.0, -30.0, 30.0, "percent by which the light is greener; above 0 the picture turns more magenta"
    )
    custom_red: float | None = knob(
        None, 0.02, 50.0, "red/green that the sensor reads of a grey card; with custom_blue"
    )
    custom_blue: float | None = knob(None, 0.02, 50.0, "blue/green that the sensor reads of a grey card")
    adaptation: float = knob(1.0, 0.0, 1.0, "1 makes grey grey; less leaves lamplight that was measured some warmth")
    gains: tuple | None = fact("gains of red, green and blue", (3,), 0.01, 1e4)
    light_k: float | None = fact("the light's temperature on the sensor's curve", (), 1.0, 1e6)
    light_tint: float | None = fact("how much greener than the curve it is, in natural log colour", (), -20.0, 20.0)
    light_covariance: tuple | None = fact("of mired and tint: how sure both are", (2, 2), -1e9, 1e9)
    light_trust: float | None = fact("how much of it is the learned judgement's", (), 0.0, 1.0)
    light_source: str | None = text_fact("how the light was found")
    light_why: str | None = text_fact("what there is to say about it")

    takes = Mosaic
    makes = Mosaic
    later = (
        *("preset", "tint", "custom_red", "custom_blue"),
        *("light_tint", "light_covariance", "light_trust", "light_source", "light_why"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.custom_red is None) != (self.custom_blue is None):
            raise KnobError("[white_balance] has one of custom_red and custom_blue. Give both, or none.")

    def plan(self, scene: Scene) -> Self:
        """Keep what planning found out about the light."""
        if self.gains is not None:
            return self
        red, blue = self._seen_as_grey(scene)
        smallest = min(1.0 / red, 1.0, 1.0 / blue)
        gains = (1.0 / red / smallest, 1.0 / smallest, 1.0 / blue / smallest)
        light = scene.light
        return dataclasses.replace(
            self,
            gains=gains,
            light_k=light.temperature_k,
            light_tint=light.tint,
            light_covariance=light.covariance and tuple(tuple(map(float, row)) for row in light.covariance),
            light_trust=light.trust,
            light_source=light.source,
            light_why=light.why[:LONGEST_TEXT],
        )

    def light(self) -> LightEstimate | None:
        """The light that the facts tell of; None before planning. An older recipe tells only its grey."""
        if self.gains is None:
            return None
        red, green, blue = self.gains
        return LightEstimate(
            grey=(green / red, green / blue),
            temperature_k=self.light_k,
            tint=self.light_tint or 0.0,
            covariance=self.light_covariance,
            source=self.light_source or "recipe",
            trust=self.light_trust or 0.0,
            why=self.light_why or "",
        )

    def _seen_as_grey(self, scene: Scene) -> tuple[float, float]:
        """(red/green, blue/green) of what is to look grey: less warm than the light, where eyes adapt only in part."""
        light_k = scene.temperature_k
        told = scene.light.source in TOLD
        # Light that is bluer than the display's white is balanced wholly: nobody misses its cold.
        if told or self.adaptation == 1 or light_k is None or light_k >= DISPLAY_WHITE_K:
            return scene.grey
        daylight, light = 1e6 / DISPLAY_WHITE_K, 1e6 / light_k
        warm_k = 1e6 / (daylight + (1.0 - self.adaptation) * (light - daylight))
        matrix = (scene.planned(Colour) or Colour()).complete_matrix()
        warm = np.linalg.solve(matrix, colour_of_black_body(warm_k))
        return scene.grey[0] * float(warm[1] / warm[0]), scene.grey[1] * float(warm[1] / warm[2])

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        gains = self.known_gains()
        chain.white_balance([gains["RGB".index(letter)] for letter in shot.bayer])

    def known_gains(self) -> tuple[float, float, float]:
        """Of red, green and blue. Raises FrameError before planning."""
        if self.gains is None:
            raise FrameError("WhiteBalance has no gains yet: plan the pipeline for a frame, or give gains=(r, g, b).")
        return self.gains
