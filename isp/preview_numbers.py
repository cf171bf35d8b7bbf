"""A planned photo recipe in the preview's 16-bit whole numbers.

Light: saturation is 2 to the `unit_bits`, above a pedestal that keeps noise below black. Display codes: 64 to one step
of 8 bits. Gains and shares: 32768 is 1. The fields of each group are the arguments of the kernel's method of that name.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from isp.chroma_noise import ChromaNoise
from isp.colour import Colour
from isp.errors import PipelineError
from isp.frames import Shot
from isp.highlights import NEARLY_BLOWN, Highlights
from isp.kernels import PREVIEW_LIMIT_KNOTS
from isp.local_tone import LocalTone
from isp.pipeline import Pipeline
from isp.preview_noise import NoiseOnDisplay
from isp.preview_tone import CODES_PER_STEP, LARGEST, ONE, ToneNumbers, tone_numbers
from isp.shading import Shading, as_seen
from isp.sharpen import Sharpen
from isp.statistics import CLIP_SHARE
from isp.tone import Tone
from isp.white_balance import WhiteBalance

# The largest unit that fits is taken, so that shadows keep their steps.
UNIT_BITS = (13, 12, 11, 10, 9)
# Red and blue of a blown light reach 2 to 4, where green saturates at 1. Shadows need the bits more than lights beyond
# these need their places: such lights count as blown. Only what the tone curve is planned to show must fit.
MOST_HEADROOM, ENOUGH_HEADROOM = 4.0, 1.7
# Noise below black is kept down to this share of saturation, and interpolation may overshoot by as much.
MARGIN = 1 / 8
# The filters' sums before they are held: at green pixels 1 + 1/2 + 1/4 + 1/8 of the brightest light.
DEMOSAIC_REACH = 1.875
# Gains beyond some thousand show nothing but noise; shifted further, light would have no steps left.
MOST_GAIN_SHIFT = 8
# Two neighbours that differ only by noise lie within this many of its deviations: as in isp.chroma_noise.
ALIKE_DEVIATIONS = 4.0
# Detail loses one deviation of its noise: flat noise then rises by less than 10 % at the default amount.
CORED_DEVIATIONS = 1.0
LARGEST_LIMIT = 120.0  # in steps of 8 bits: four steps to neighbours of less than this add up within 16 bits


class BalanceNumbers(NamedTuple):
    """Counts to light.

    held        lowest and highest count
    shifts      (count << shifts[0]) >> shifts[1] fills 16 bits
    black       of each position of the 2 x 2, on that scale
    gains       (4, rows, columns) float32 grid over the whole pixel array, one for each position
    window      left, top, width, height of the frame as shares of the array
    gain_shift  by which the product is shifted up, so that gains stay below 1
    light       pedestal, and what light is held to
    """

    held: tuple[int, int]
    shifts: tuple[int, int]
    black: tuple[int, ...]
    gains: np.ndarray
    window: tuple[float, ...]
    gain_shift: int
    light: tuple[int, int]


class ColourNumbers(NamedTuple):
    """Light to light.

    shares     of red - green and blue - green, for red, green and blue; one is 2 to the `shift`
    brightest  what interpolated light is held to
    """

    shares: tuple[int, ...]
    shift: int
    unit_bits: int
    brightest: int


class FinishNumbers(NamedTuple):
    """Limits of noise filter and sharpening, straight lines between PREVIEW_LIMIT_KNOTS; an amount of 1 is 8192."""

    chroma_start: int
    chroma_slope: tuple[int, ...]
    amount: int
    detail_start: int
    detail_slope: tuple[int, ...]


class PreviewNumbers(NamedTuple):
    """All that the kernel is told of a recipe.

    highlights  shares of clipping as in isp.highlights; None where blown lights are not rebuilt
    lift        as isp.local_tone tells its kernel; None where no shadow is lifted
    """

    balance: BalanceNumbers
    highlights: tuple[float, float, float] | None
    colour: ColourNumbers
    lift: tuple[np.ndarray, float] | None
    tone: ToneNumbers
    finish: FinishNumbers


def preview_numbers(shot: Shot, recipe: Pipeline) -> PreviewNumbers:
    """Raises PipelineError for what is not a planned photo pipeline, or has a matrix the preview cannot do."""
    balance, tone = recipe.stage(WhiteBalance), recipe.stage(Tone)
    if balance is None or balance.gains is None or tone is None:
        raise PipelineError("A preview needs a planned photo pipeline, with white-balance gains and a tone curve.")
    matrix = (recipe.stage(Colour) or Colour()).complete_matrix()
    if np.abs(matrix.sum(axis=1) - 1).max() > 1e-3:
        raise PipelineError("A preview needs a colour matrix that keeps grey grey: its rows must sum to 1.")
    gains, window = _gain_grid(recipe.stage(Shading), np.array(balance.gains), shot)
    highlights = recipe.stage(Highlights)
    rebuilds = highlights is not None and highlights.enabled
    wanted = max(gains.max(), 1.0) if highlights is None or rebuilds else highlights.white()
    enough = min(wanted, max(ENOUGH_HEADROOM, tone.brightest or 0.0), MOST_HEADROOM)
    bits, headroom = _unit(matrix, enough, min(wanted, MOST_HEADROOM))
    unit = 1 << bits
    margin, top = int(MARGIN * unit), int(headroom * unit)
    shift = _matrix_shift(matrix)
    shares = np.round(matrix[:, [0, 2]] * ONE / 2**shift).astype(int)
    on_display = NoiseOnDisplay(shot.noise, gains.mean(axis=(1, 2)), matrix, tone.curve)
    return PreviewNumbers(
        _balance_numbers(shot, gains * unit, window, (margin, margin + top)),
        (NEARLY_BLOWN, CLIP_SHARE, highlights.whitening) if rebuilds else None,
        ColourNumbers(tuple(shares.ravel().tolist()), shift, bits, 2 * margin + top),
        (recipe.stage(LocalTone) or LocalTone(strength=0.0)).bends(),
        tone_numbers(tone, bits, top),
        _finish_numbers(recipe, on_display),
    )


def _gain_grid(shading: Shading | None, balance: np.ndarray, shot: Shot) -> tuple[np.ndarray, tuple[float, ...]]:
    """(3, rows, columns) gains of lens and light together, and the frame's place in the grid."""
    lens = None if shading is None else shading.applied()
    if lens is None:
        return balance[:, None, None] * np.ones((3, 2, 2)), (0.0, 0.0, 1.0, 1.0)
    table, window = as_seen(lens, shot)
    return table * balance[:, None, None], window


def _balance_numbers(
    shot: Shot, gains: np.ndarray, window: tuple[float, ...], light: tuple[int, int]
) -> BalanceNumbers:
    """Counts shifted to fill 15 bits above black, and gains that take them to light."""
    white = round(shot.white_dn)
    span = white - min(shot.black_dn)
    up = 0
    while span * (2 << up) <= LARGEST and white * (2 << up) <= 65535:
        up += 1
    down = 1 if span > LARGEST else 0
    scale = 2.0 ** (up - down)
    colours = ["RGB".index(letter) for letter in shot.bayer]
    grid = np.stack([gains[c] / (white - black) for c, black in zip(colours, shot.black_dn, strict=True)])
    grid *= ONE / scale
    grid = np.minimum(grid, LARGEST << MOST_GAIN_SHIFT)
    gain_shift = max(0, int(np.ceil(np.log2(grid.max() / (LARGEST - 1)))))
    # Nothing is darker than noise, and differences to black must fit 15 bits too.
    lowest = max(0, int(np.ceil(max(shot.black_dn) - span / 4)))
    black = tuple(round(level * scale) for level in shot.black_dn)
    exact = np.ascontiguousarray(grid / 2**gain_shift, dtype=np.float32)
    return BalanceNumbers((lowest, white), (up, down), black, exact, window, gain_shift, light)


def _matrix_shift(matrix: np.ndarray) -> int:
    """How often shares of the colour differences must be halved to lie within -1..1."""
    largest = float(np.abs(matrix[:, [0, 2]]).max())
    return max(0, int(np.ceil(np.log2(largest * ONE / LARGEST)))) if largest > 0 else 0


def _unit(matrix: np.ndarray, enough: float, wanted: float) -> tuple[int, float]:
    """Bits of the largest unit at which nothing that demosaic and matrix compute leaves 16 bits, and the headroom.

    enough, wanted  the brightest light that must fit and that should, 1 = saturation of the first colour
    """
    reach = max(np.maximum(matrix, 0).sum(axis=1).max(), np.maximum(-matrix, 0).sum(axis=1).max())
    largest = max(reach, 2 ** _matrix_shift(matrix), DEMOSAIC_REACH)
    for bits in UNIT_BITS:
        fits = (LARGEST - 16) / (1 << bits) / largest - 2 * MARGIN  # products are rounded before they are added
        if fits >= enough:
            return bits, min(wanted, fits)
    raise PipelineError(f"The colour matrix amplifies {reach:.0f} times; a preview can do 25. Is it a colour matrix?")


def _finish_numbers(recipe: Pipeline, on_display: NoiseOnDisplay) -> FinishNumbers:
    """Without a noise model nothing is noise: colour stays as it is and all detail is sharpened."""
    noise, sharpen = recipe.stage(ChromaNoise), recipe.stage(Sharpen)
    strength = 0.0 if noise is None else noise.strength
    amount = 0.0 if sharpen is None else sharpen.amount
    knots = np.array(PREVIEW_LIMIT_KNOTS, dtype=float)
    chroma, detail = (0 * knots, 0 * knots) if on_display.noise is None else on_display.deviations(knots)
    chroma_limit = _limit_lines(knots, ALIKE_DEVIATIONS * strength * chroma)
    detail_limit = _limit_lines(knots, CORED_DEVIATIONS * (0.0 if sharpen is None else sharpen.leave_grain) * detail)
    return FinishNumbers(*chroma_limit, round(8192 * amount), *detail_limit)


def _limit_lines(knots: np.ndarray, limit: np.ndarray) -> tuple[int, tuple[int, ...]]:
    """Limit at the first knot, in display codes, and its slope after each."""
    held = np.minimum(limit, LARGEST_LIMIT)
    slopes = np.clip(np.diff(held) / np.diff(knots), -0.99, 0.99)
    return round(CODES_PER_STEP * held[0]), tuple(np.round(ONE * slopes).astype(int).tolist())
