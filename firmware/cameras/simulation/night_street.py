"""Night lamps on a dark street: four orders of magnitude in one frame, lamps hundreds of times above white.

All positions are shares of the frame's height (y) and width (x); all levels are relative to a white reflector.
"""

from __future__ import annotations

import numpy as np

from firmware.cameras.simulation.view import View, covered, covered_disc

SKY_TOP, SKY_HORIZON = np.array([0.002, 0.003, 0.006]), np.array([0.020, 0.016, 0.014])
HORIZON = 0.62
ROAD = np.array([0.020, 0.020, 0.021])
SODIUM = np.array([1.0, 0.55, 0.16])  # the lamps' colour

# (left, right, top, reflected light)
HOUSES = ((0.00, 0.24, 0.18, 0.012), (0.24, 0.42, 0.34, 0.020), (0.62, 0.78, 0.30, 0.016), (0.78, 1.00, 0.12, 0.010))
# (y, x, radius as a share of the height, radiance): nearest lamp first
LAMPS = ((0.20, 0.33, 0.016, 400.0), (0.36, 0.55, 0.009, 400.0), (0.45, 0.60, 0.005, 400.0), (0.16, 0.71, 0.012, 250.0))
# (top, bottom, left, right, linear sRGB)
SIGNS = (
    (0.50, 0.54, 0.05, 0.19, (6.0, 0.15, 0.10)),
    (0.42, 0.45, 0.80, 0.94, (0.10, 3.0, 0.30)),
    (0.48, 0.51, 0.84, 0.97, (0.15, 0.30, 7.0)),
)
WINDOW_LIGHT = np.array([2.2, 1.5, 0.8])


def draw_lamps(view: View) -> np.ndarray:
    """(3, drawn rows, width) float32 linear sRGB."""
    rows, columns = view.rows(), view.columns()
    picture = _sky(view, rows, columns)
    for left, right, top, level in HOUSES:
        _paint_box(picture, rows, columns, _in_px(view, top, HORIZON, left, right), np.full(3, level))
    for box in _lit_windows():
        _paint_box(picture, rows, columns, _in_px(view, *box), WINDOW_LIGHT)
    _light_the_ground(picture, view, rows, columns)
    for top, bottom, left, right, colour in SIGNS:
        _paint_box(picture, rows, columns, _in_px(view, top, bottom, left, right), np.array(colour))
    for y, x, radius, radiance in LAMPS:
        _paint_lamp(picture, rows, columns, (y * view.height, x * view.width), radius * view.height, radiance)
    return picture


def _sky(view: View, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Night sky over the road; both as wide as the frame."""
    height = np.clip(rows / (HORIZON * view.height), 0.0, 1.0) ** 3
    road = covered(rows, HORIZON * view.height, np.inf)
    levels = [
        (top + (low - top) * height) * (1 - road) + ground * road
        for top, low, ground in zip(SKY_TOP, SKY_HORIZON, ROAD, strict=True)
    ]
    return np.stack([np.broadcast_to(level, (len(rows), columns.size)) for level in levels]).astype(np.float32)


def _light_the_ground(picture: np.ndarray, view: View, rows: np.ndarray, columns: np.ndarray) -> None:
    """A pool of lamp light on the road below each lamp: wide, flat, fading smoothly."""
    on_road = covered(rows, HORIZON * view.height, np.inf)
    for _, x, radius, _ in LAMPS:
        nearness = radius / LAMPS[0][2]
        middle = (HORIZON + 0.25 * nearness) * view.height
        down = on_road * np.exp(-(((rows - middle) / (0.09 * nearness * view.height)) ** 2))
        across = np.exp(-(((columns - x * view.width) / (0.16 * nearness * view.width)) ** 2))
        for plane, level in zip(picture, 0.25 * SODIUM, strict=True):
            plane += (np.float32(level) * down * across).astype(np.float32)


def _paint_lamp(
    picture: np.ndarray, rows: np.ndarray, columns: np.ndarray, centre: tuple[float, float], radius: float, level: float
) -> None:
    near = _box_of(rows, columns, (centre[0] - radius, centre[0] + radius, centre[1] - radius, centre[1] + radius))
    share = covered_disc(rows[near[0]], columns[:, near[1]], centre, radius)
    for plane, colour in zip(picture, SODIUM, strict=True):
        plane[near] += share * (np.float32(level * colour) - plane[near])


def _paint_box(
    picture: np.ndarray, rows: np.ndarray, columns: np.ndarray, box: tuple[float, ...], colour: np.ndarray
) -> None:
    near = _box_of(rows, columns, box)
    share = covered(rows[near[0]], *box[:2]) * covered(columns[:, near[1]], *box[2:])
    for plane, level in zip(picture, colour, strict=True):
        plane[near] += share * (np.float32(level) - plane[near])


def _box_of(rows: np.ndarray, columns: np.ndarray, box: tuple[float, ...]) -> tuple[slice, slice]:
    """Slices of the pixels that a (top, bottom, left, right) box can touch."""
    top, bottom, left, right = box
    y = np.searchsorted(rows[:, 0], (top - 1, bottom + 1))
    x = np.searchsorted(columns[0], (left - 1, right + 1))
    return slice(*y), slice(*x)


def _in_px(view: View, top: float, bottom: float, left: float, right: float) -> tuple[float, ...]:
    return top * view.height, bottom * view.height, left * view.width, right * view.width


def _lit_windows() -> list[tuple[float, float, float, float]]:
    """(top, bottom, left, right) of a few windows, the same ones every night."""
    storeys, rooms = ((0.24, 0.34), (0.03, 0.10, 0.17, 0.82, 0.89, 0.95))
    return [
        (y, y + 0.05, x, x + 0.03)
        for row, y in enumerate(storeys)
        for column, x in enumerate(rooms)
        if (row * 2 + column) % 3 == 0
    ]
