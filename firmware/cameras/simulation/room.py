"""A room with a bright window: twelve stops in one frame, with a known pattern everywhere.

All positions are shares of the frame's height (y) and width (x); levels are relative to a white reflector.
"""

from __future__ import annotations

import numpy as np

from firmware.cameras.simulation.view import View, covered

# The pattern on everything: the contrast of a woven wall paper, in stops either way, fine and coarse.
PATTERN_EV = 0.25
PATTERN_CYCLES = (96.0, 28.0)  # across the frame's height
WALL, WALL_FALLS_EV = 0.012, 2.5  # beside the window; how much darker it is at the far end of the room
FLOOR = 0.004
OUTSIDE = ((0.10, 0.34, 0.64), (0.34, 0.58, 0.36))  # (top, bottom, level): sky, and the houses across the street
WINDOW = (0.10, 0.58, 0.22, 0.54)  # top, bottom, left, right
BARS = ((0.335, 0.350, 0.22, 0.54), (0.10, 0.58, 0.374, 0.386))
BAR = 0.003
CUPBOARD, CUPBOARD_LEVEL = (0.36, 0.90, 0.78, 0.97), 0.0002  # an open door: black inside
SOFA, SOFA_LEVEL = (0.62, 0.88, 0.02, 0.34), 0.016
HORIZON = 0.80  # where the wall meets the floor


def room_boxes(height: int, width: int) -> dict[str, tuple[float, float, float, float]]:
    """Name -> (top, left, bottom, right) in pixels of areas of one thing each."""
    shares = {
        "sky": (0.13, 0.24, 0.32, 0.36),
        "houses": (0.37, 0.24, 0.56, 0.36),
        "wall": (0.12, 0.58, 0.30, 0.74),
        "far wall": (0.05, 0.80, 0.32, 0.96),
        "sofa": (0.65, 0.05, 0.86, 0.31),
        "cupboard": (0.40, 0.80, 0.86, 0.95),
        "floor": (0.90, 0.10, 0.98, 0.70),
    }
    return {name: (y0 * height, x0 * width, y1 * height, x1 * width) for name, (y0, x0, y1, x1) in shares.items()}


def draw_room(view: View) -> np.ndarray:
    """(3, drawn rows, width) float32 linear sRGB; grey, as exposure is what this scene is about."""
    rows, columns = view.rows(), view.columns()
    floor = covered(rows, HORIZON * view.height, np.inf)
    away = np.maximum(columns / np.float32(view.width) - np.float32(WINDOW[3]), 0.0) / (1.0 - WINDOW[3])
    room = WALL * np.exp2(-WALL_FALLS_EV * away) * (1 - floor) + FLOOR * floor
    for box, level in ((SOFA, SOFA_LEVEL), (CUPBOARD, CUPBOARD_LEVEL)):
        room = _painted(room, view, box, level)
    for top, bottom, level in OUTSIDE:
        room = _painted(room, view, (top, bottom, *WINDOW[2:]), level)
    for bar in BARS:
        room = _painted(room, view, bar, BAR)
    plane = (room * np.exp2(PATTERN_EV * _pattern(view))).astype(np.float32)
    return np.broadcast_to(plane, (3, *plane.shape))


def _pattern(view: View) -> np.ndarray:
    """(drawn rows, width) -1..1: the product of waves down and across, the mean of a fine and a coarse one."""
    waves = []
    for cycles in PATTERN_CYCLES:
        step = np.float32(2 * np.pi * cycles / view.height)
        waves.append(np.sin(view.rows() * step) * np.sin(view.columns() * step))
    return np.mean(waves, axis=0)


def _painted(plane: np.ndarray, view: View, box: tuple[float, ...], level: float) -> np.ndarray:
    top, bottom, left, right = box
    down = covered(view.rows(), top * view.height, bottom * view.height)
    share = down * covered(view.columns(), left * view.width, right * view.width)
    return plane + share * (np.float32(level) - plane)
