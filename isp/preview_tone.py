"""The tone of a recipe in the preview's 16-bit whole numbers: the film's gain and the display's encoding as lines.

A gain is 1 up to `straight`, where most light lies; beyond that 64 straight lines tell it. The encoding is 64 lines
more. Points between two lines' ends are moved so that a line lies to both sides of its curve.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from isp.kernels import PREVIEW_FILM_LINES, PREVIEW_TONE_LINES
from isp.tone import Tone, encode_srgb

ONE = 32768  # a gain or share of 1
LARGEST = 32767
CODES_PER_STEP = 64
# A matrix that makes colours stronger takes some lights beyond the brightest that was measured.
BEYOND_TOP = 1.25
# Where the gain takes light by less than this from where it was, it counts as 1; a whole number cannot tell.
JUST_ONE_STEP = 0.5


class ToneNumbers(NamedTuple):
    """Light to display codes.

    start, rise            gain where a line begins and what it rises by; 32768 is 2 to the `shift`
    straight               light above black up to where the gain is 1, and where the lines begin
    line_bits              a line is 2 to the line_bits long
    code_start, code_rise  codes of the encoding's lines: 32 over the whole range, 32 over its darkest sixteenth
    """

    start: tuple[int, ...]
    rise: tuple[int, ...]
    straight: int
    line_bits: int
    shift: int
    code_start: tuple[int, ...]
    code_rise: tuple[int, ...]


@functools.lru_cache(maxsize=8)
def tone_numbers(tone: Tone, unit_bits: int, top: int) -> ToneNumbers:
    """The lines of this tone.

    unit_bits  saturation is 2 to the unit_bits
    top        the brightest light above black
    """
    unit = 1 << unit_bits
    places = np.arange(1, 4 * unit, max(1, unit >> 9))
    lights = places / unit
    shown = tone.film(lights)
    white = np.min(lights[shown >= 1.0], initial=np.inf)

    def gain(place: np.ndarray) -> np.ndarray:
        light = np.maximum(place, 1) / unit
        return tone.film(light) / light * np.sqrt(np.maximum(light / white, 1.0))

    bent = np.abs(gain(places) - 1.0) * places >= JUST_ONE_STEP
    straight = int(places[max(np.argmax(bent) - 1, 0)]) if np.any(bent) and not bent[0] else 0
    reach = min(int(BEYOND_TOP * top), LARGEST) - straight
    line_bits = max(0, int(np.ceil(np.log2(max(reach, 1) / PREVIEW_FILM_LINES))))
    knots = straight + (np.arange(PREVIEW_FILM_LINES + 1) << line_bits)
    gains = _both_sides(gain, knots.astype(float))
    shift = max(0, int(np.ceil(np.log2(gains.max() * ONE / LARGEST))))
    whole = np.minimum(np.round(gains * ONE / 2**shift), LARGEST).astype(int)
    return ToneNumbers(
        tuple(whole[:-1].tolist()), tuple(np.diff(whole).tolist()), straight, line_bits, shift, *_code_lines()
    )


@functools.cache
def _code_lines() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Start and rise of the sRGB encoding's lines in display codes."""
    half = PREVIEW_TONE_LINES // 2
    starts, rises = [], []
    for span in (1.0, 1.0 / 16):
        codes = _both_sides(encode_srgb, np.arange(half + 1) * (span / half))
        whole = np.round(255 * CODES_PER_STEP * np.clip(codes, 0, 1)).astype(int)
        starts += whole[:-1].tolist()
        rises += np.maximum(np.diff(whole), 0).tolist()
    return tuple(starts), tuple(rises)


def _both_sides(curve, knots: np.ndarray) -> np.ndarray:
    """Values at the knots, moved by half of what chords miss in their middle."""
    values = curve(knots)
    missed = curve((knots[:-1] + knots[1:]) / 2) - (values[:-1] + values[1:]) / 2
    return values + np.concatenate([[0], (missed[:-1] + missed[1:]) / 4, [0]])
