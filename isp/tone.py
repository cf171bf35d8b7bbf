"""Linear light to display code: exposure, a shoulder for the highlights, contrast, and the sRGB curve.

The plain look is colorimetric: with every knob at its default the code is the sRGB encoding of what the sensor measured
(IEC 61966-2-1), mid grey stays where metering put it and nothing is clipped that the sensor did not clip. This is the
one place where values are clipped: below black and above saturation there is nothing to show.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from isp.errors import KnobError
from isp.frames import LinearImage, Photo, Shot
from isp.kernels import TONE_ENTRIES, Chain
from isp.knobs import knob
from isp.stage import Stage, fact

if TYPE_CHECKING:
    from isp.plan import Scene

WHITE_CODE = 65535.0
MID_GREY = 0.18


@dataclass(frozen=True)
class Tone(Stage):
    """Apply exposure and the tone curve; the result is display-encoded, 16 bits."""

    exposure_ev: float = knob(0.0, -4.0, 4.0, "brighter or darker than the camera metered, in stops")
    shoulder: float = knob(0.5, 0.0, 0.95, "upper share of the range that bends so that brightened lights do not clip")
    contrast: float = knob(0.0, 0.0, 1.0, "steeper around mid grey; 0 shows the scene's own contrast")
    curve_of: str = knob("srgb", choices=("srgb", "tuning"), meaning="the plain encoding, or the tuning's own look")
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
        """Take the tuning's own curve where it is asked for. Raises KnobError where there is none."""
        if self.curve_of == "srgb" or self.points is not None:
            return self
        if scene.tuning is None or len(scene.tuning.tone_curve) == 0:
            raise KnobError(f'[tone] curve_of = "tuning", but {scene.shot.sensor!r} has no tone curve. Use "srgb".')
        return dataclasses.replace(self, points=tuple(map(tuple, scene.tuning.tone_curve.tolist())))

    def curve(self, linear: np.ndarray) -> np.ndarray:
        """Display value 0..1 of linear light, 0 = black and 1 = sensor saturation, float64."""
        return self._with_contrast(self._encoded(self._exposed(np.clip(linear, 0.0, 1.0))))

    def slope(self, linear: np.ndarray) -> np.ndarray:
        """How many units of display value one unit of linear light makes there: what noise is multiplied by."""
        step = np.maximum(linear * 1e-3, 1e-6)
        return (self.curve(linear + step) - self.curve(np.maximum(linear - step, 0.0))) / (2 * step)

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        chain.tone(_codes(self))

    def _exposed(self, linear: np.ndarray) -> np.ndarray:
        """Exposure; where saturation would land above white, the shoulder bends it down to exactly white."""
        white = 2.0**self.exposure_ev
        bright = linear * white
        if white <= 1 or self.shoulder == 0:
            return np.minimum(bright, 1.0)
        knee = 1.0 - self.shoulder
        start = (white - knee) / self.shoulder
        share = np.clip((bright - knee) / (white - knee), 0.0, 1.0)
        # A hyperbola that leaves the straight line with the line's own slope and reaches 1 at saturation.
        bent = knee + self.shoulder * start * share / (1.0 + (start - 1.0) * share)
        return np.where(bright > knee, bent, bright)

    def _encoded(self, linear: np.ndarray) -> np.ndarray:
        return encode_srgb(linear) if self.points is None else np.interp(linear, *np.transpose(self.points))

    def _with_contrast(self, display: np.ndarray) -> np.ndarray:
        """A power curve on each side of mid grey: black, mid grey and white stay where they are."""
        pivot = self._encoded(np.array(MID_GREY))
        power = 1.0 + self.contrast
        below = pivot * (display / pivot) ** power
        above = 1.0 - (1.0 - pivot) * ((1.0 - display) / (1.0 - pivot)) ** power
        return np.where(display < pivot, below, above)


def encode_srgb(linear: np.ndarray) -> np.ndarray:
    """Display value of linear light, both 0..1 (IEC 61966-2-1)."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)


def decode_srgb(display: np.ndarray) -> np.ndarray:
    """Linear light of a display value, both 0..1 (IEC 61966-2-1)."""
    return np.where(display <= 0.04045, display / 12.92, ((np.maximum(display, 0.04045) + 0.055) / 1.055) ** 2.4)


@functools.lru_cache(maxsize=8)
def _codes(tone: Tone) -> np.ndarray:
    """The curve at 256 points in each of the 16 octaves below saturation; the kernel joins them by straight lines.

    Whole codes: the last bit of a power differs between processors, the picture must not.
    """
    octave, step = np.divmod(np.arange(TONE_ENTRIES), 256)
    linear = (1.0 + step / 256.0) * 2.0 ** (octave - 16.0)
    codes = np.round(tone.curve(linear) * WHITE_CODE).astype(np.uint16)
    codes[0] = 0
    return codes
