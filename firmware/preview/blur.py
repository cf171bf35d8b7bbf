"""The blur of a portrait at preview size: as the photo will have it, but quicker.

Discs in linear light, nothing of the subject in them (mask-normalised), small blown lights brightened by the same knob,
and the ground under the subject: as isp/bokeh.py. It departs from it to be quick: the background is blurred in small,
by a few radii with straight lines between; the aperture is round; light is what the tone curve says the codes were
before it, for each colour alone; and there is no grain.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from accelerators.opencv import opencv
from firmware.preview.steady_mask import SteadyMask
from isp.bokeh import Bokeh
from isp.ground import radius_of_rows
from isp.tone import Tone, decode_srgb, encode_srgb

Planes = tuple[np.ndarray, np.ndarray, np.ndarray]  # luma, blue and red difference, as `isp.preview.planes_of` has them

# What is blurred needs no more pixels than this across.
WORKING_WIDTH = 512
# A network needs fewer, and the edge of a mask takes microseconds for each: that decides how often one looks.
LOOKING_WIDTH = 256
# A larger disc is drawn in a smaller picture, where it costs little; up to here OpenCV does not go by way of Fourier.
LARGEST_DISC_PX = 5.0
# Between two radii of the ramp the eye must not see both.
RADIUS_STEP_PX, MOST_LAYERS = 2.0, 4
# A picture at working size stands in for the sharp one from here on; below, as much of the sharp one as is missing.
SOFT_PX = 1.5
# Light is held in 16 bits, so that what is blown may be brightened by two stops; the dark keep their steps.
WHITE, MOST_EV = 16383, 2.0
# The tone curve reaches white a little above the brightest light it was planned for.
ABOVE_BRIGHTEST = 1.2
LARGEST = 65535
# Of the preview: its light in 16 bits, and two pictures to lay one over the other, colours too. Of the working size:
# four numbers for light, once as it is, once blurred and once on the way.
BYTES_PER_PIXEL, WORKING_BYTES_PER_PIXEL = 5, 48
# From here to 255 a code counts as blown.
BLOWN_FROM = 247
# Blown places are brightened where they are few within a square of a sixteenth of the width, lamps; a sky is not.
SMALL_LIGHTS, FEW, MOST_OF_CROWD = 32, 0.1, 0.3


def working_size(size: tuple[int, int]) -> tuple[int, int]:
    """(height, width) at which the background of a preview of this size is blurred."""
    return _divided(size, WORKING_WIDTH)


def looking_size(size: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of what the subject is looked for in, and of its masks."""
    return _divided(working_size(size), LOOKING_WIDTH)


def _divided(size: tuple[int, int], most: int) -> tuple[int, int]:
    """This wide at most, by a whole number; by one that leaves no rest where there is one, which is far quicker."""
    least = max(1, math.ceil(size[1] / most))
    even = (divisor for divisor in range(least, 2 * least) if not (size[0] % divisor or size[1] % divisor))
    divisor = next(even, least)
    return max(2, size[0] // divisor), max(2, size[1] // divisor)


def luma_of(picture: np.ndarray) -> np.ndarray:
    """(h, w) uint8 brightness of a (h, w, 3) uint8 sRGB picture."""
    cv2 = opencv()
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def blur_bytes(shape: tuple[int, int]) -> int:
    """What blurring previews of this size holds."""
    height, width = working_size(shape)
    return BYTES_PER_PIXEL * shape[0] * shape[1] + WORKING_BYTES_PER_PIXEL * height * width


class Blur:
    """Blurs previews, always in the same memory: about four bytes for a pixel of the preview."""

    def __init__(self) -> None:
        self._memory: dict[tuple, np.ndarray] = {}

    def in_small(self, planes: Planes) -> np.ndarray:
        """A preview's planes as (h, w, 3) uint8 sRGB, to look for the subject in."""
        cv2, size = opencv(), planes[0].shape
        luma, blue, red = (_shrunk(_shrunk(plane, working_size(size)), looking_size(size)) for plane in planes)
        return cv2.cvtColor(cv2.merge((luma, red, blue)), cv2.COLOR_YCrCb2RGB)

    def luma_in_small(self, planes: Planes) -> np.ndarray:
        """Brightness of a preview, (h, w) uint8, of the size that the subject is looked for in."""
        size = planes[0].shape
        return _shrunk(_shrunk(planes[0], working_size(size)), looking_size(size))

    def draw(self, planes: Planes, steady: SteadyMask, bokeh: Bokeh, tone: Tone) -> None:
        """Blur a preview in place.

        planes  luma (H, W), blue and red difference (half as large), uint8, of `isp.preview`
        steady  its mask, of any size
        bokeh   planned for a frame of the preview's size, knowing the ground
        tone    what the preview was developed with
        """
        cv2 = opencv()
        size = working_size(planes[0].shape)
        largest_px = bokeh.largest_px * size[1] / planes[0].shape[1] * steady.strength
        radius = np.abs(radius_of_rows(bokeh.ground, largest_px, size[0]))
        open_share = 1.0 - cv2.resize(steady.mask, size[::-1]).astype(np.float32) / 255.0
        light = self._light(planes, size, bokeh.highlights_ev, tone)
        blurred, drawn = _layers(np.dstack([light * open_share[:, :, None], open_share]), radius[:, 0])
        weight = open_share * drawn[:, None]
        codes = _code_of_light(tone)[np.minimum(WHITE * blurred + 0.5, LARGEST).astype(np.uint16)]
        colours = cv2.cvtColor(codes, cv2.COLOR_RGB2YCrCb)
        kept = (255.0 * (1.0 - weight) + 0.5).astype(np.uint8)
        for plane, index in zip(planes, (0, 2, 1), strict=True):
            # Weighted before it is enlarged: what lies under the subject has no colour to give.
            laid_over = (colours[:, :, index] * weight + 0.5).astype(np.uint8)
            self._lay_over(plane, laid_over, kept)

    def _light(self, planes: Planes, size: tuple[int, int], highlights_ev: float, tone: Tone) -> np.ndarray:
        """(h, w, 3) float32 linear light, 1 is what is shown white; bright points keep their light when shrunk."""
        cv2 = opencv()
        luma, blue, red = planes
        lights = cv2.LUT(luma, _lights(highlights_ev, tone), dst=self._room("light", luma.shape, np.uint16))
        light = _shrunk(lights, size)
        codes = _code_of_light(tone)[light]
        picture = cv2.cvtColor(cv2.merge((codes, _shrunk(red, size), _shrunk(blue, size))), cv2.COLOR_YCrCb2RGB)
        beyond_white = np.maximum(light.astype(np.float32) / WHITE - 1.0, 0.0)
        within = 2 * (size[1] // SMALL_LIGHTS) + 1
        crowd = cv2.blur((beyond_white > 0).astype(np.float32), (within, within))
        beyond_white *= np.clip((MOST_OF_CROWD - crowd) / (MOST_OF_CROWD - FEW), 0.0, 1.0)
        return cv2.LUT(picture, _light_of_code(tone)) * (1.0 + beyond_white[:, :, None])

    def _lay_over(self, plane: np.ndarray, laid_over: np.ndarray, kept: np.ndarray) -> None:
        cv2 = opencv()
        over, under = (self._room(name, plane.shape, np.uint8) for name in ("over", "under"))
        cv2.resize(kept, plane.shape[::-1], dst=under, interpolation=cv2.INTER_LINEAR)
        cv2.resize(laid_over, plane.shape[::-1], dst=over, interpolation=cv2.INTER_LINEAR)
        cv2.multiply(plane, under, dst=under, scale=1 / 255)
        cv2.add(over, under, dst=plane)

    def _room(self, name: str, shape: tuple[int, ...], dtype: type) -> np.ndarray:
        key = (name, shape)
        if key not in self._memory:
            self._memory[key] = np.empty(shape, dtype=dtype)
        return self._memory[key]


def _layers(light: np.ndarray, radius: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Blur rows by their radius, from a few blurred pictures.

    light   (h, w, 4) float32: colours times the share that is not the subject, and that share
    radius  (h,) of each row, pixels
    Returns (h, w, 3) light, and (h,) how much of it takes the sharp picture's place: not all, below the first radius.
    """
    largest = float(radius.max())
    if largest <= 0.0:
        return light[:, :, :3], np.zeros_like(radius)
    layers = min(max(round(largest / RADIUS_STEP_PX), 1), MOST_LAYERS)
    place = radius / largest * layers
    drawn = np.minimum(radius / max(largest / layers, SOFT_PX), 1.0)
    out = np.zeros((*light.shape[:2], 3), dtype=np.float32)
    for layer in range(1, layers + 1):
        share = np.clip(1.0 - np.abs(np.maximum(place, 1.0) - layer), 0.0, 1.0)
        rows = np.flatnonzero(share)
        if not rows.size:
            continue
        disc_px = largest * layer / layers
        reach = math.ceil(disc_px) + 1
        top, bottom = max(int(rows[0]) - reach, 0), min(int(rows[-1]) + 1 + reach, light.shape[0])
        blurred = _disc_blurred(light[top:bottom], disc_px)[rows[0] - top : rows[-1] + 1 - top]
        behind = blurred[:, :, :3] / np.maximum(blurred[:, :, 3:], 1e-3)
        here = slice(rows[0], rows[-1] + 1)
        out[here] += behind * share[here, None, None]
    return out, drawn


def _disc_blurred(light: np.ndarray, disc_px: float) -> np.ndarray:
    cv2 = opencv()
    factor = math.ceil(disc_px / LARGEST_DISC_PX)
    height, width = light.shape[:2]
    if factor > 1:
        small = (max(width // factor, 1), max(height // factor, 1))
        light = cv2.resize(light, small, interpolation=cv2.INTER_AREA)
        disc_px *= light.shape[1] / width
    blurred = cv2.filter2D(light, -1, _disc(round(disc_px, 2)), borderType=cv2.BORDER_REFLECT_101)
    return cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR) if factor > 1 else blurred


@functools.lru_cache(maxsize=32)
def _disc(radius_px: float) -> np.ndarray:
    """A disc whose rim covers pixels in part; its sum is 1."""
    reach = math.ceil(radius_px)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius_px + 0.5 - np.hypot(y, x), 0.0, 1.0)
    return (disc / disc.sum()).astype(np.float32)


def _shrunk(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    cv2 = opencv()
    return cv2.resize(plane, size[::-1], interpolation=cv2.INTER_AREA)


@functools.lru_cache(maxsize=8)
def _lights(highlights_ev: float, tone: Tone) -> np.ndarray:
    """(256,) uint16: light of a display code, WHITE at 255 and more where it counts as blown."""
    blown = np.clip((np.arange(256) - BLOWN_FROM) / (255 - BLOWN_FROM), 0.0, 1.0)
    light = _light_of_code(tone) * 2.0 ** (min(highlights_ev, MOST_EV) * blown)
    return np.minimum(np.round(WHITE * light), LARGEST).astype(np.uint16)


@functools.lru_cache(maxsize=8)
def _light_of_code(tone: Tone) -> np.ndarray:
    """(256,) float32: which light the tone curve shows as this code; 1 for 255."""
    lights = np.linspace(0.0, _white_light(tone), LARGEST + 1)
    shown = decode_srgb(np.arange(256) / 255.0)
    return (np.interp(shown, tone.film(lights), lights) / lights[-1]).astype(np.float32)


@functools.lru_cache(maxsize=8)
def _code_of_light(tone: Tone) -> np.ndarray:
    """(LARGEST + 1,) uint8: the code that it shows a light as, WHITE being the light of 255."""
    lights = np.arange(LARGEST + 1) / WHITE * _white_light(tone)
    return np.round(255.0 * encode_srgb(np.minimum(tone.film(lights), 1.0))).astype(np.uint8)


def _white_light(tone: Tone) -> float:
    """The least light that is shown white, or the brightest that there is."""
    lights = np.linspace(0.0, ABOVE_BRIGHTEST * max(tone.brightest or 1.0, 1.0), LARGEST + 1)
    shown = tone.film(lights)
    return float(lights[np.argmax(shown >= shown[-1])])
