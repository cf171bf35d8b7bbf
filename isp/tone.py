"""Linear light to display code: exposure, a shoulder for the highlights, contrast, and the sRGB curve.

The plain look is colorimetric: with every knob at its default the code is the sRGB encoding of what the sensor measured
(IEC 61966-2-1), mid grey stays where metering put it and nothing is clipped that the sensor did not clip. Lights above
white (a lamp that keeps its red where green is blown, a corner that shading lifts) bend the upper end down, as far as
the scene has such lights and no further. Night departs from that on purpose: `isp/scene_light.py` says how far.

Colours keep their hue, however bright. Three steps a pixel, with N the largest of its red, green and blue:

1. gamut: a colour c below q = N / 50 becomes q * q / (2 q - c), so that none is below black and none is lost;
2. film: red, green and blue are multiplied by one gain, film(N) / N from a table. From W on, the table's first point at
   white, the gain falls by the root only, 1 / sqrt(N W): what is brighter still loses colour, and a blown white with a
   trace of the lens's colour is plain white;
3. encoding: each of them by the sRGB curve, from a table, in 16 bits.

Steps 1 and 2 scale with the light: neither hue nor saturation depends on exposure. Source of step 1: the ACES reference
gamut compression (Academy S-2020-001), which bends the same distances from N. We depart in the curve, a hyperbola with
no outer limit, and in step 2: a curve on each channel turns saturated hues towards yellow, cyan and magenta.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from isp.brightest import brightest_light
from isp.errors import KnobError
from isp.frames import LinearImage, Photo, Shot
from isp.kernels import FILM_ENTRIES, TONE_ENTRIES, Chain
from isp.knobs import knob
from isp.scene_light import MID_GREY, ev_by_light
from isp.stage import Stage, fact

if TYPE_CHECKING:
    from isp.plan import Scene

WHITE_CODE = 65535.0
# The brightest light that the sensor did not clip ends here: 254 of 255 codes. White is for what is blown.
NOT_YET_WHITE = 0.99
# A narrower shoulder than this has no room left between its knee and the place of the brightest light.
NARROWEST_SHOULDER = 0.05
LARGEST_EV = 4.0
GAIN_STEPS = 2.0**20  # an octave's table ends exact in float32 up to a gain of 16, the most that exposure asks for


@dataclass(frozen=True)
class Tone(Stage):
    """Apply exposure and the tone curve; the result is display-encoded, 16 bits."""

    exposure_ev: float = knob(0.0, -LARGEST_EV, LARGEST_EV, "brighter or darker than the camera metered, in stops")
    shoulder: float = knob(0.5, 0.0, 0.95, "upper share of the range that bends so that brightened lights do not clip")
    contrast: float = knob(0.0, 0.0, 1.0, "steeper around mid grey; 0 shows the scene's own contrast")
    scene_light: float = knob(0.0, 0.0, 1.0, "1 shows dim scenes dim, however they were exposed; 0 as exposed")
    curve_of: str = knob("srgb", choices=("srgb", "tuning"), meaning="the plain encoding, or the tuning's own look")
    brightest: float | None = fact("the brightest light to stay below white; 1 is a grey's saturation", (), 0.0, 1e6)
    light_ev: float | None = fact("stops brighter than exposed, for the scene's own light", (), -4.0, 4.0)
    points: tuple | None = fact("the tuning's curve: pairs of linear light and display value", (None, 2), 0.0, 1.0)

    takes = LinearImage
    makes = Photo

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.points is None:
            return
        linear, display = np.transpose(self.points)
        rising = np.all(np.diff(linear) > 0) and np.all(np.diff(display) >= 0)
        if not (rising and 0 < np.interp(MID_GREY, linear, display) < 1):
            raise KnobError("Tone.points must rise from pair to pair, with mid grey (0.18) between black and white.")

    def plan(self, scene: Scene) -> Self:
        """Find the brightest light, and take the tuning's own curve where it is asked for.

        Raises KnobError where the tuning has none.
        """
        planned = self.in_light_of(scene)
        if self.brightest is None:
            planned = dataclasses.replace(planned, brightest=brightest_light(scene))
        if self.curve_of == "srgb" or self.points is not None:
            return planned
        if scene.tuning is None or len(scene.tuning.tone_curve) == 0:
            raise KnobError(f'[tone] curve_of = "tuning", but {scene.shot.sensor!r} has no tone curve. Use "srgb".')
        return dataclasses.replace(planned, points=tuple(map(tuple, scene.tuning.tone_curve.tolist())))

    def in_light_of(self, scene: Scene) -> Self:
        """This stage with the one fact that decides `stops`; the others take longer to find."""
        if self.light_ev is not None or self.scene_light == 0:
            return self
        return dataclasses.replace(self, light_ev=ev_by_light(scene))

    @property
    def stops(self) -> float:
        """By how much the photo is brighter than exposed, in stops: by hand, and for its scene's light."""
        by_light = self.scene_light * (self.light_ev or 0.0)
        return min(max(self.exposure_ev + by_light, -LARGEST_EV), LARGEST_EV)

    def curve(self, linear: np.ndarray) -> np.ndarray:
        """Display value 0..1, float64, of grey light: 0 is black, 1 saturation, and more is allowed."""
        return self._with_contrast(self._encoded(self._exposed(np.maximum(linear, 0.0))))

    def film(self, light: np.ndarray) -> np.ndarray:
        """Linear light 0..1 that the display shows for grey light: the curve without the display's encoding."""
        if self.contrast == 0 and self.points is None:
            return self._exposed(np.maximum(light, 0.0))
        return decode_srgb(self.curve(light))

    def slope(self, linear: np.ndarray) -> np.ndarray:
        """How many units of display value one unit of linear light makes there: what noise is multiplied by."""
        step = np.maximum(linear * 1e-3, 1e-6)
        return (self.curve(linear + step) - self.curve(np.maximum(linear - step, 0.0))) / (2 * step)

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        chain.tone(_film_gains(self), _codes())

    def _exposed(self, linear: np.ndarray) -> np.ndarray:
        """Exposure; where the scene's lights would land above white, the shoulder bends them down to just below it."""
        bright = linear * 2.0**self.stops
        highest, shown = 1.0, 1.0
        if self.brightest is not None and self.brightest > NOT_YET_WHITE:
            highest, shown = self.brightest, NOT_YET_WHITE
        highest *= 2.0**self.stops
        if highest <= shown or self.shoulder == 0:
            return np.minimum(bright, 1.0)
        knee = 1.0 - max(self.shoulder, NARROWEST_SHOULDER)
        # A hyperbola that leaves the straight line with the line's own slope and takes the highest light to its place.
        bend = max(1.0 / (shown - knee) - 1.0 / (highest - knee), 0.0)
        above = np.maximum(bright - knee, 0.0)
        return np.minimum(np.where(bright > knee, knee + above / (1.0 + bend * above), bright), 1.0)

    def _encoded(self, linear: np.ndarray) -> np.ndarray:
        return encode_srgb(linear) if self.points is None else np.interp(linear, *np.transpose(self.points))

    def _with_contrast(self, display: np.ndarray) -> np.ndarray:
        """A power curve on each side of mid grey: black, mid grey and white stay where they are."""
        pivot = self._encoded(np.array(MID_GREY))
        power = 1.0 + self.contrast
        below = pivot * (display / pivot) ** power
        above = 1.0 - (1.0 - pivot) * ((1.0 - display) / (1.0 - pivot)) ** power
        return np.where(display < pivot, below, above)


def stops_of(scene: Scene) -> float:
    """By how many stops the tone curve, planned already or still ahead, will show this scene brighter than exposed."""
    tone = next((stage for stage in (*scene.stages, *scene.ahead) if isinstance(stage, Tone)), Tone())
    return tone.in_light_of(scene).stops


def encode_srgb(linear: np.ndarray) -> np.ndarray:
    """Display value of linear light, both 0..1 (IEC 61966-2-1)."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)


def decode_srgb(display: np.ndarray) -> np.ndarray:
    """Linear light of a display value, both 0..1 (IEC 61966-2-1)."""
    return np.where(display <= 0.04045, display / 12.92, ((np.maximum(display, 0.04045) + 0.055) / 1.055) ** 2.4)


def _lights(entries: int) -> np.ndarray:
    """The lights at which the kernel's tables have their points: 256 in each octave from 2^-16 up."""
    octave, step = np.divmod(np.arange(entries), 256)
    return (1.0 + step / 256.0) * 2.0 ** (octave - 16.0)


@functools.lru_cache(maxsize=8)
def _film_gains(tone: Tone) -> np.ndarray:
    """What the curve multiplies light by; the kernel joins the points by straight lines.

    In whole steps: the last bit of a power differs between processors, the picture must not.
    """
    lights = _lights(FILM_ENTRIES)
    shown = tone.film(lights)
    white = np.min(lights[shown >= 1.0], initial=np.inf)
    gains = shown / lights * np.sqrt(np.maximum(lights / white, 1.0))
    return (np.round(gains * GAIN_STEPS) / GAIN_STEPS).astype(np.float32)


@functools.cache
def _codes() -> np.ndarray:
    """The sRGB encoding in whole codes."""
    codes = np.round(encode_srgb(_lights(TONE_ENTRIES)) * WHITE_CODE).astype(np.uint16)
    codes[0] = 0
    return codes
