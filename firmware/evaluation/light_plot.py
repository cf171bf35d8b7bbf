"""Estimated against true temperature as a picture: left the judge, right what the cameras had answered."""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from accelerators.published.judged import Judged, Summary
from accelerators.published.pictures import LABELS_K, mired
from firmware.evaluation.white_balance import Row

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

# Drawn larger and made smaller: Pillow's lines and dots have no soft edges of their own.
FINER = 3
PANEL_PX, GAP_PX, LEFT_PX, TOP_PX, BOTTOM_PX, RIGHT_PX = 620, 90, 92, 122, 128, 36
STRIP_PX, DOT_PX, TICK_PX = 8, 3.6, 6
PAPER, INK, FAINT, GRID, FIELD = (252, 252, 250), (34, 34, 38), (120, 120, 126), (222, 222, 220), (255, 255, 255)
# Within this of the diagonal few eyes see an error; anchors of the published comparison count what lies beyond.
BAND_MIRED, BAND = 25.0, (238, 243, 238)
MARGIN_MIRED = 8.0  # around the labels' ends, so that no dot is cut by the frame
TICKS_K = (2800, 3200, 3700, 4400, 5500, 7600)
# Okabe and Ito's colours, told apart by colour-blind readers too.
DOTS = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233), (110, 110, 110))
# Of 255, for all regions together: a thousand of them must not hide the dots, ten must be seen.
REGIONS_OPACITY, FAINTEST, STRONGEST = 20_000, 16, 70
# The look of light along the axes: (K, sRGB) of a black body.
GLOW = ((2800, (255, 178, 102)), (3700, (255, 203, 152)), (5000, (255, 228, 206)), (6500, (255, 250, 246)))
GLOW += ((7600, (226, 233, 255)),)

ENDS = tuple(sorted(mired(end) for end in LABELS_K))
SPAN = (ENDS[0] - MARGIN_MIRED, ENDS[1] + MARGIN_MIRED)


def draw_light_plot(judged: Sequence[Judged], row: Row, judge: str) -> bytes:
    """A PNG file. `row` summarises all of `judged`; `judge` is the judge's name."""
    from PIL import Image, ImageDraw

    width = LEFT_PX + 2 * PANEL_PX + GAP_PX + RIGHT_PX
    page = Image.new("RGB", (width * FINER, (TOP_PX + PANEL_PX + BOTTOM_PX) * FINER), PAPER)
    pen = ImageDraw.Draw(page, "RGBA")
    sensors = sorted({one.picture.sensor for one in judged})
    inside = "no region stated" if row.inside is None else f"{100 * row.inside:.0f} % of truths in the 90 % region"
    panels = (
        (
            f"Nightjar's {judge} judge",
            f"{_told(row.judge)}; {inside}",
            [one.estimate.temperature_k for one in judged],
        ),
        ("The cameras' own Bayesian estimator", _told(row.camera), [one.picture.camera_k for one in judged]),
    )
    for index, (title, told, estimates) in enumerate(panels):
        left = LEFT_PX + index * (PANEL_PX + GAP_PX)
        _draw_frame(pen, left, title, told)
        if index == 0:
            _draw_regions(pen, left, judged, sensors)
        for one, estimate in zip(judged, estimates, strict=True):
            x, y = _place(left, one.picture.true_mired, mired(estimate))
            colour = (*_colour(one, sensors), 200)
            pen.ellipse(_scaled(x - DOT_PX, y - DOT_PX, x + DOT_PX, y + DOT_PX), colour, (*FIELD, 160), 1)
    _text(pen, (LEFT_PX, 22), f"White balance of {len(judged)} labelled pictures", INK, 26)
    _draw_legend(pen, judged, sensors)
    return _png(page.resize((page.width // FINER, page.height // FINER), Image.Resampling.LANCZOS))


def _told(errors: Summary) -> str:
    return f"mean {errors.mean:.1f}, median {errors.median:.1f}, p95 {errors.p95:.0f} mired"


def _colour(one: Judged, sensors: list[str]) -> tuple[int, int, int]:
    return DOTS[sensors.index(one.picture.sensor) % len(DOTS)]


def _place(left: float, true_mired: float, estimated_mired: float) -> tuple[float, float]:
    """(x, y) in the page's pixels. Warm light lies right and up."""
    across, up = ((value - SPAN[0]) / (SPAN[1] - SPAN[0]) for value in (true_mired, estimated_mired))
    return left + across * PANEL_PX, TOP_PX + (1.0 - up) * PANEL_PX


def _draw_frame(pen: ImageDraw, left: float, title: str, told: str) -> None:
    """The field, its band and diagonal, the axes with the colours of light along them."""
    right, bottom = left + PANEL_PX, TOP_PX + PANEL_PX
    pen.rectangle(_scaled(left, TOP_PX, right, bottom), FIELD)
    low, high = SPAN
    band = [(low, low), (low, low + BAND_MIRED), (high - BAND_MIRED, high), (high, high), (high, high - BAND_MIRED)]
    band.append((low + BAND_MIRED, low))
    pen.polygon([value for point in band for value in _scaled(*_place(left, *point))], BAND)
    for temperature_k in TICKS_K:
        x, y = _place(left, mired(temperature_k), mired(temperature_k))
        pen.line(_scaled(x, TOP_PX, x, bottom), GRID, FINER)
        pen.line(_scaled(left, y, right, y), GRID, FINER)
        _text(pen, (x, bottom + STRIP_PX + TICK_PX), f"{temperature_k} K", INK, 14, "ma")
        _text(pen, (x, bottom + STRIP_PX + TICK_PX + 17), f"{mired(temperature_k):.0f}", FAINT, 12, "ma")
        _text(pen, (left - STRIP_PX - TICK_PX, y), f"{temperature_k} K", INK, 14, "rm")
    pen.line(_scaled(*_place(left, low, low), *_place(left, high, high)), FAINT, FINER)
    for step in range(PANEL_PX):
        colour = _glow(low + (step + 0.5) / PANEL_PX * (high - low))
        pen.rectangle(_scaled(left + step, bottom, left + step + 1, bottom + STRIP_PX), colour)
        pen.rectangle(_scaled(left - STRIP_PX, bottom - step - 1, left, bottom - step), colour)
    pen.rectangle(_scaled(left, TOP_PX, right, bottom), None, INK, FINER)
    _text(pen, (left, TOP_PX - 48), title, INK, 18)
    _text(pen, (left, TOP_PX - 24), told, FAINT, 15)
    _text(pen, (left + PANEL_PX / 2, bottom + STRIP_PX + 46), "true light: K, mired below", FAINT, 14, "ma")
    _text(pen, (left + 12, TOP_PX + 10), "estimated warmer than it is", FAINT, 13)
    _text(pen, (right - 12, bottom - 12), "estimated colder than it is", FAINT, 13, "rd")


def _draw_regions(pen: ImageDraw, left: float, judged: Sequence[Judged], sensors: list[str]) -> None:
    """A thin upright line over each stated 90 % region, cut at the frame."""
    opacity = min(max(REGIONS_OPACITY // len(judged), FAINTEST), STRONGEST)
    for one in judged:
        if one.half_region is None:
            continue
        estimate = mired(one.estimate.temperature_k)
        ends = (min(max(estimate + side * one.half_region, SPAN[0]), SPAN[1]) for side in (-1, 1))
        (x, low), (_, high) = (_place(left, one.picture.true_mired, end) for end in ends)
        pen.line(_scaled(x, low, x, high), (*_colour(one, sensors), opacity), FINER)


def _draw_legend(pen: ImageDraw, judged: Sequence[Judged], sensors: list[str]) -> None:
    """Sensors with their counts in one row below the panels; above them what lines and band mean."""
    y, x = TOP_PX + PANEL_PX + BOTTOM_PX - 26, float(LEFT_PX)
    for index, sensor in enumerate(sensors):
        pen.ellipse(_scaled(x, y - 5, x + 10, y + 5), DOTS[index % len(DOTS)])
        count = sum(one.picture.sensor == sensor for one in judged)
        x += 16
        x += _text(pen, (x, y), f"{sensor} ({count})", INK, 14, "lm") + 22
    meanings = f"diagonal: right; green band: within {BAND_MIRED:.0f} mired"
    if any(one.half_region is not None for one in judged):
        meanings += "; upright lines: the judge's 90 % region"
    _text(pen, (LEFT_PX + 2 * PANEL_PX + GAP_PX, 40), meanings, FAINT, 14, "rm")


def _glow(at_mired: float) -> tuple[int, ...]:
    """The colour of that light, between the nearest two of GLOW."""
    warm_to_cold = [(mired(temperature_k), colour) for temperature_k, colour in GLOW]
    for (warm, one), (cold, other) in itertools.pairwise(warm_to_cold):
        if at_mired >= cold:
            share = min((at_mired - cold) / (warm - cold), 1.0)
            return tuple(round(a * share + b * (1.0 - share)) for a, b in zip(one, other, strict=True))
    return GLOW[-1][1]


def _scaled(*places: float) -> list[float]:
    return [FINER * place for place in places]


def _text(
    pen: ImageDraw, at: tuple[float, float], words: str, ink: tuple[int, ...], size: int, anchor: str = "la"
) -> float:
    """Write, and return the width in the page's pixels."""
    font = _font(size * FINER)
    pen.text(_scaled(*at), words, ink, font, anchor)
    return font.getlength(words) / FINER


def _font(size: int) -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _png(page: Image) -> bytes:
    file = io.BytesIO()
    page.save(file, "PNG", optimize=True)
    return file.getvalue()
