"""How much larger does this lens draw red and blue than green? Told from the edges in the raw picture itself.

A simple lens bends blue more than red: each colour's picture has its own size, and edges away from the middle get
coloured fringes. In a tile a colour is taken to follow green up to a factor and a shift along the radius, as in Lucas
and Kanade 1981, "An iterative image registration technique"; the shift per distance from the middle is the lens's and
the same for all tiles. Source of the model: Kang 2007, "Automatic removal of chromatic aberration from a single image".
Differs: one number per colour, found on raw pixels in a few hundred tiles. Edges between two colours do not follow
green and are left out, and what is left counts only if tiles and sectors of the picture agree on it.
"""

from __future__ import annotations

import functools

import numpy as np

from isp.frames import RawFrame, Shot
from isp.statistics import CLIP_SHARE

# A tile in quads of 2 x 2 pixels: what is compared, and a border for the largest shift and the filters.
# REACH is how far interpolation looks for a shift of up to 3.5 pixels, 1.75 samples of one colour.
INNER_QUADS, REACH, SMOOTHINGS = 20, 4, 1
BORDER_QUADS = 1 + REACH + SMOOTHINGS + 2
TILE_QUADS = INNER_QUADS + 2 * BORDER_QUADS
# So many places are looked at and so many of them, those with the strongest edges, are compared: it takes about 25 ms.
LOOKED_AT, COMPARED = 500, 160
# Nearer to the middle, as a share of the way to the corner, shifts are too small to tell anything.
NEAREST = 0.3
# A tile's colour must follow its green so well, or it has colours of its own.
LEAST_CORRELATION = 0.85
# Each round leaves about a tenth of what was missing.
ROUNDS = 3
# No lens of a camera is worse; beyond it, a repeated pattern was matched to its neighbour.
LARGEST_SHIFT_PX = 3.5
# An answer counts when it has so many tiles and is so large in the corner: a smaller shift costs less than the
# interpolation that mends it.
FEWEST_TILES = 12
SMALLEST_SHIFT_PX = 0.25
# Tiles' median distance from the answer, and what sectors pull at it. Photographs stay below 0.2 and 0.035 pixels, a
# colour chart and street lamps, whose edges have colours of their own, lie above 0.23.
LARGEST_SPREAD_PX, LARGEST_PULL_PX = 0.2, 0.06
# A pattern finer than the samples of one colour moves the wrong way when it is shifted, and never comes to rest.
LARGEST_LAST_STEP_PX = 0.1
# Directions from the axis: an edge that shifts the other way on the other side of the picture is no fringe.
SECTORS = 8
# A frame that shows next to nothing of the pixel array has its axis out of sight.
FURTHEST_AXIS_PX = 1e6


def colour_scales(frame: RawFrame) -> tuple[float, float]:
    """Size of the red and of the blue picture relative to green; exactly 1 where the picture does not tell.

    1.0004 means that a point 2500 pixels from the lens's axis is drawn 1 pixel too far out.
    """
    tiles, places = _tiles(frame)
    if len(tiles) < FEWEST_TILES:
        return 1.0, 1.0
    corner_px = float(np.hypot(*frame.pixels.shape)) / 2
    return tuple(1.0 + _excess(tiles, places, divmod(frame.shot.bayer.index(letter), 2), corner_px) for letter in "RB")


def axis_in_frame(shot: Shot, height: int, width: int) -> tuple[float, float]:
    """(y, x) in pixels where the middle of the pixel array, and with it the lens's axis, falls in the frame."""
    left, top, wide, high = shot.field_of_view
    across, down = (0.5 - left) / wide, (0.5 - top) / high
    across, down = 1.0 - across if shot.hflip else across, 1.0 - down if shot.vflip else down
    y, x = np.clip((down * height - 0.5, across * width - 0.5), -FURTHEST_AXIS_PX, FURTHEST_AXIS_PX)
    return float(y), float(x)


def _tiles(frame: RawFrame) -> tuple[np.ndarray, np.ndarray]:
    """Counts of the tiles with the strongest edges along the radius, (n, side, side) float32, and where they lie.

    The second answer, (n, 2) float32, is (y, x) of each tile's middle as seen from the lens's axis.
    """
    height, width = frame.pixels.shape
    side = 2 * TILE_QUADS
    if min(height, width) < side:
        return np.empty((0, side, side), np.float32), np.empty((0, 2), np.float32)
    # Borders of tiles may overlap, what is compared does not.
    step = max(2 * INNER_QUADS, int(np.sqrt(height * width / LOOKED_AT)) // 2 * 2)
    windows = np.lib.stride_tricks.sliding_window_view(frame.pixels, (side, side))[::step, ::step]
    axis = axis_in_frame(frame.shot, height, width)
    tops, lefts = (np.arange(count) * step - middle for count, middle in zip(windows.shape[:2], axis, strict=True))
    places = np.stack(np.meshgrid(tops, lefts, indexing="ij"), axis=-1)
    places = (places + (side - 1) / 2).astype(np.float32)
    far = np.hypot(places[..., 0], places[..., 1]) > NEAREST * np.hypot(height, width) / 2
    black = min(frame.shot.black_dn)
    whole = windows.max(axis=(2, 3)) < black + CLIP_SHARE * (frame.shot.white_dn - black)
    usable = np.nonzero(far & whole)
    places = places[usable]
    diagonal = places / np.maximum(np.hypot(*places.T), 1.0)[:, None]
    # Every second pixel of a row or column has the same colour, whatever the order of the filters.
    looks = [windows[:, :, y::4, x::4][usable].astype(np.float32) for y, x in ((2, 2), (0, 2), (2, 0))]
    change = [np.square(looks[0] - beside).sum(axis=(1, 2)) for beside in looks[1:]]
    strength = change[0] * diagonal[:, 0] ** 2 + change[1] * diagonal[:, 1] ** 2
    best = np.argsort(-strength, kind="stable")[:COMPARED]
    return windows[usable[0][best], usable[1][best]].astype(np.float32), places[best]


def _excess(tiles: np.ndarray, places: np.ndarray, position: tuple[int, int], corner_px: float) -> float:
    """Scale minus 1 of the colour at this position of the 2 x 2; 0 where the tiles do not agree."""
    colour, green, along = _at_sites(tiles, places, position)
    crop = np.s_[:, REACH:-REACH, REACH:-REACH]
    green, along = _edges(green[crop]), _edges(along[crop])
    excess = 0.0
    for _ in range(ROUNDS):
        steps, doubts = _steps(_edges(_shifted(colour, excess * places / 2)), green, along)
        used = np.isfinite(steps)
        if np.count_nonzero(used) < FEWEST_TILES:
            return 0.0
        change, spread, pull = _agreed(steps[used], doubts[used], places[used])
        excess += change
        if not SMALLEST_SHIFT_PX / 2 < abs(excess) * corner_px < LARGEST_SHIFT_PX:
            return 0.0
    if abs(excess) * corner_px < SMALLEST_SHIFT_PX:
        return 0.0
    settled = abs(change) * corner_px < LARGEST_LAST_STEP_PX
    agree = spread * corner_px < LARGEST_SPREAD_PX and pull * corner_px < LARGEST_PULL_PX
    # A thousandth of a pixel in the corner: finer digits depend on the machine that summed them.
    return round(excess, 7) if settled and agree else 0.0


def _at_sites(
    tiles: np.ndarray, places: np.ndarray, position: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The colour where it was measured, green there, and how green would change by a scale 1 larger.

    (n, quads - 2, quads - 2) each: the outermost quads lack a neighbour.
    """
    row, column = position
    beside, above = tiles[:, row::2, 1 - column :: 2], tiles[:, 1 - row :: 2, column::2]
    quads = TILE_QUADS - 2
    north, south = (above[:, start : start + quads, 1:-1] for start in (row, row + 1))
    west, east = (beside[:, 1:-1, start : start + quads] for start in (column, column + 1))
    green = 0.25 * (north + south + west + east)
    along = -0.5 * ((south - north) * places[:, :1, None] + (east - west) * places[:, 1:, None])
    return tiles[:, row::2, column::2][:, 1:-1, 1:-1], green, along


def _edges(plane: np.ndarray) -> np.ndarray:
    """What differs from the surroundings, without the finest detail. SMOOTHINGS + 2 samples fewer a side.

    A tile may have any brightness and colour; and what is finer than two samples of one colour is seen at wrong places.
    """
    for _ in range(SMOOTHINGS):
        across = plane[:, :, :-2] + 2 * plane[:, :, 1:-1] + plane[:, :, 2:]
        plane = across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:]
    around = plane[:, :-4, 2:-2] + plane[:, 4:, 2:-2] + plane[:, 2:-2, :-4] + plane[:, 2:-2, 4:]
    return plane[:, 2:-2, 2:-2] - 0.25 * around


def _shifted(plane: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Each tile as seen (y, x) samples further on, interpolated. REACH samples fewer a side."""
    # Rounded, so that samples too far away are exactly nothing and cost nothing.
    weights = np.round(_sinc(np.arange(-REACH, REACH + 1) - shifts[:, :, None]), 6).astype(np.float32)
    size = plane.shape[1] - 2 * REACH
    used = [np.flatnonzero(weights[:, axis].any(axis=0)) for axis in (0, 1)]
    down = sum(weights[:, 0, j, None, None] * plane[:, j : j + size] for j in used[0])
    return sum(weights[:, 1, j, None, None] * down[:, :, j : j + size] for j in used[1])


def _steps(colour: np.ndarray, green: np.ndarray, along: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) scale that each tile's colour still shows beside its green, and its doubt; NaN where it does not follow.

    Least squares of colour = factor * (green + scale * along).
    """
    dot = functools.partial(np.einsum, "nyx,nyx->n", dtype=np.float64)
    of_green, of_along, of_both = dot(green, green), dot(along, along), dot(green, along)
    determinant = of_green * of_along - of_both**2
    determinant = np.where(determinant > 0, determinant, np.nan)
    to_green, to_along = dot(colour, green), dot(colour, along)
    factor = (to_green * of_along - to_along * of_both) / determinant
    moved = (to_along * of_green - to_green * of_both) / determinant
    energy = dot(colour, colour)
    explained = np.sqrt(np.maximum(factor * to_green + moved * to_along, 0.0) / np.maximum(energy, 1e-30))
    follows = (factor > 0) & (explained > LEAST_CORRELATION)
    left = np.maximum(energy - factor * to_green - moved * to_along, 0.0) / INNER_QUADS**2
    with np.errstate(invalid="ignore", divide="ignore"):
        step = np.where(follows, moved / factor, np.nan)
        return step, np.sqrt(left * of_green / determinant) / factor


def _agreed(steps: np.ndarray, doubts: np.ndarray, places: np.ndarray) -> tuple[float, float, float]:
    """The scale most tiles agree on, tiles' median distance from it, and how strongly sectors pull at it."""
    # A floor to the doubt: no single tile decides, however clear it seems.
    weights = 1.0 / (doubts**2 + np.median(doubts) ** 2)
    order = np.argsort(steps)
    middle = steps[order][np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)]
    spread = np.median(np.abs(steps - middle))
    weights = weights / (1.0 + ((steps - middle) / (1.5 * spread + 1e-12)) ** 2)
    agreed = np.average(steps, weights=weights)
    sector = ((np.arctan2(places[:, 0], places[:, 1]) / (2 * np.pi) + 0.5) * SECTORS).astype(int) % SECTORS
    shares = np.bincount(sector, weights, SECTORS)
    pulls = np.bincount(sector, weights * (steps - agreed), SECTORS)
    return float(agreed), float(spread), float(np.sqrt((pulls**2).sum()) / shares.sum())


def _sinc(distance: np.ndarray) -> np.ndarray:
    """Weights of samples at these distances: Lanczos's window of three, so that no shift looks like another.

    Cubic weights shift fine detail towards the nearest sample: 1 pixel became 1.2.
    """
    weights = np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0.0)
    return weights / weights.sum(axis=-1, keepdims=True)
