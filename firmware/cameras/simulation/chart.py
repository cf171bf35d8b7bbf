"""A 24-patch colour chart from published reflectances, on black card."""

from __future__ import annotations

import csv
from functools import cache

import numpy as np

from firmware.cameras.simulation.illuminants import DATA, linear_srgb
from firmware.cameras.simulation.view import View, covered

ROWS, COLUMNS = 4, 6
PATCH_SHARE = 0.84  # of a cell's side; the rest is the card between patches
CARD_REFLECTANCE = 0.04  # black card
MARGIN_CELLS = 0.4  # card around the outermost cells, on every side


def chart_patches(height: int, width: int) -> dict[str, tuple[float, float, float, float]]:
    """Name -> (top, left, bottom, right) in pixels, row by row from dark skin to black."""
    cell = min(width / (COLUMNS + 2 * MARGIN_CELLS), height / (ROWS + 2 * MARGIN_CELLS))
    top, left = (height - ROWS * cell) / 2, (width - COLUMNS * cell) / 2
    border = (1 - PATCH_SHARE) / 2 * cell
    boxes = {}
    for index, name in enumerate(_reflectances()):
        row, column = divmod(index, COLUMNS)
        y, x = top + row * cell + border, left + column * cell + border
        boxes[name] = (y, x, y + PATCH_SHARE * cell, x + PATCH_SHARE * cell)
    return boxes


def chart_linear(illuminant_k: float) -> np.ndarray:
    """(24, 3) linear sRGB of the patches under this light; a perfect reflector is (1, 1, 1)."""
    return linear_srgb(np.array(list(_reflectances().values())), illuminant_k)


def draw_chart(view: View) -> np.ndarray:
    """(3, drawn rows, width) float32 linear sRGB."""
    picture = np.full((3, *view.drawn_shape), CARD_REFLECTANCE, dtype=np.float32)
    rows, columns = view.rows(), view.columns()
    colours = chart_linear(view.illuminant_k)
    for (top, left, bottom, right), colour in zip(
        chart_patches(view.height, view.width).values(), colours, strict=True
    ):
        down = covered(rows, top, bottom)
        (ys,) = np.nonzero(down[:, 0])
        if len(ys) == 0:
            continue
        across = covered(columns, left, right)
        (xs,) = np.nonzero(across[0])
        if len(xs) == 0:
            continue
        box = np.s_[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
        share = down[box[0]] * across[:, box[1]]
        for plane, level in zip(picture, colour, strict=True):
            plane[box] += share * np.float32(level - CARD_REFLECTANCE)
    return picture


@cache
def _reflectances() -> dict[str, list[float]]:
    """Patch name -> 31 reflectances, 400-700 nm."""
    lines = (DATA / "chart_reflectances.csv").read_text().splitlines()
    _, *patches = csv.reader(line for line in lines if not line.startswith("#"))
    return {name: [float(value) for value in values] for name, *values in patches}
