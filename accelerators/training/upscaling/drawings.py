"""Pictures made here that photographs have too few of: print, edges at all slants, fine lines, leaves over leaves.

Each is drawn larger and reduced by areas, as a sensor's pixels sum light: lines end between pixels and nothing aliases.
Source of the leaves: Lee, Mumford and Huang 2001, "Occlusion models for natural images"; their sizes follow 1/r^3, so
that a picture looks alike from near and far, as nature does.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from accelerators.opencv import opencv

SIDE_PX = 256
FINER = 4  # drawn so many times as large
LARGE_PX = SIDE_PX * FINER
WHITE = 255
# What words are made of: often what is taken for each other where print is small.
SIGNS = (
    *"eaoceaoceaocssunnrrtilhdbpgfmwvykzxjqABCDEFGHIJKLMNOPRSTUVWZ0123456789.,:;!?-()&%/",
    *("rn", "m", "rn", "m", "nn", "ri", "cl", "d", "cl", "li", "h", "vv", "w", "in", "th", "ee", "ea", "oe", "ae"),
)
# Heights of print in pixels of the picture: from what can hardly be read once reduced, to headlines.
SMALLEST_PRINT_PX, LARGEST_PRINT_PX = 8, 40
CAPITALS = 0.7  # of a letter's height
LINE = 1.3
BOLDEST = 0.06  # a stroke's width more than the typeface's, of the letter's height
# Contrast below which an edge teaches little more than noise.
LEAST_CONTRAST = 80
LEAVES, SMALLEST_LEAF_PX, LARGEST_LEAF_PX = 3500, 1.5, 90.0
# Cycles a pixel: finer ones no picture holds.
NYQUIST = 0.5


def print_on_paper(generator: np.random.Generator) -> np.ndarray:
    """Lines of letters with or without serifs, narrow or wide, upright or slanted; dark on light or light on dark."""
    paper, ink = _two_greys(generator)
    page = np.full((LARGE_PX, LARGE_PX), paper, np.uint8)
    bold, serifs, top = generator.uniform(0, BOLDEST), generator.random() < 0.5, 0
    while top < LARGE_PX:
        # So that a page has as much room for small print as for large.
        height = int(FINER / generator.uniform(1 / LARGEST_PRINT_PX, 1 / SMALLEST_PRINT_PX))
        for _ in range(int(generator.integers(1, 4))):
            words = ["".join(generator.choice(SIGNS, generator.integers(1, 9))) for _ in range(40)]
            place = (int(generator.integers(-height, height)), top)
            page = (_with_serifs if serifs else _plain)(page, " ".join(words), place, height, round(bold * height), ink)
            top += int(height * LINE)
    stretch, slant, turn = generator.uniform(0.8, 1.2), generator.choice([0, 0, 0.2]), generator.normal(0, 0.04)
    moved = (stretch, slant + turn, -slant * LARGE_PX / 2, -turn, 1.0, turn * LARGE_PX / 2)
    image = Image.fromarray(page).transform(
        page.shape, Image.Transform.AFFINE, moved, Image.Resampling.BILINEAR, fillcolor=paper
    )
    return _photographed(image, generator)


def slanted_edges(generator: np.random.Generator) -> np.ndarray:
    """Triangles and bands over each other: edges, corners and thin lines at any angle."""
    image = Image.new("L", (LARGE_PX, LARGE_PX), int(generator.integers(0, 256)))
    draw = ImageDraw.Draw(image)
    for _ in range(24):
        grey = int(generator.integers(0, 256))
        corners = generator.uniform(-0.2, 1.2, (3, 2)) * LARGE_PX
        if generator.random() < 0.5:
            draw.polygon([tuple(corner) for corner in corners], fill=grey)
        else:
            width = int(FINER * np.exp(generator.uniform(np.log(0.7), np.log(12))))
            draw.line([tuple(corner) for corner in corners[:2]], fill=grey, width=width)
    return _photographed(image, generator)


def gratings(generator: np.random.Generator) -> np.ndarray:
    """Patches of stripes, each of its own direction and fineness, up to what a picture can hold."""
    rows, columns = np.mgrid[0:SIDE_PX, 0:SIDE_PX]
    made = np.zeros((SIDE_PX, SIDE_PX))
    patch = SIDE_PX // 4
    for top in range(0, SIDE_PX, patch):
        for left in range(0, SIDE_PX, patch):
            part = (slice(top, top + patch), slice(left, left + patch))
            angle, cycles = generator.uniform(0, np.pi), generator.uniform(0.02, NYQUIST)
            waves = np.sin(2 * np.pi * cycles * (np.cos(angle) * columns[part] + np.sin(angle) * rows[part]))
            middle, swing = generator.uniform(70, 185), generator.uniform(15, 70)
            made[part] = middle + swing * waves
    return _in_8_bits(made)


def zone_plate(generator: np.random.Generator) -> np.ndarray:
    """Rings that get finer outwards, from nothing to what a picture can hold; the middle lies anywhere."""
    rows, columns = np.mgrid[0:SIDE_PX, 0:SIDE_PX]
    middle = generator.uniform(0, SIDE_PX, 2)
    squares = np.square(rows - middle[0]) + np.square(columns - middle[1])
    # The radius at which the phase turns half a cycle each pixel.
    finest = generator.uniform(0.6, 1.4) * SIDE_PX
    waves = np.cos(np.pi * squares * NYQUIST / finest)
    waves[np.sqrt(squares) > finest] = 0.0
    return _in_8_bits(127.5 + generator.uniform(30, 120) * waves)


def leaves(generator: np.random.Generator) -> np.ndarray:
    """Discs and leaves of one grey each over each other, small ones by far the most."""
    image = Image.new("L", (LARGE_PX, LARGE_PX), int(generator.integers(0, 256)))
    draw = ImageDraw.Draw(image)
    # Areas of density 1/r^3 between both ends, by the inverse of its distribution; large ones lie behind.
    parts = generator.random(LEAVES)
    radii = 1 / np.sqrt(parts / SMALLEST_LEAF_PX**2 + (1 - parts) / LARGEST_LEAF_PX**2)
    for radius in FINER * np.sort(radii)[::-1]:
        angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        flat, turn = generator.uniform(0.3, 1.0), generator.uniform(0, np.pi)
        across, along = radius * np.cos(angles), radius * flat * np.sin(angles)
        middle = generator.uniform(0, LARGE_PX, 2)
        xs = middle[0] + np.cos(turn) * across - np.sin(turn) * along
        ys = middle[1] + np.sin(turn) * across + np.cos(turn) * along
        draw.polygon(list(zip(xs, ys, strict=True)), fill=int(generator.integers(0, 256)))
    return _photographed(image, generator)


# Print most of all: wrong letters are the worst that can be drawn.
KINDS: tuple[Callable[[np.random.Generator], np.ndarray], ...] = (
    print_on_paper,
    slanted_edges,
    leaves,
    print_on_paper,
    gratings,
    print_on_paper,
    slanted_edges,
    leaves,
    print_on_paper,
    zone_plate,
)


def drawings(count: int, seed: int) -> list[np.ndarray]:
    """So many pictures, (SIDE_PX, SIDE_PX) uint8, of all kinds in turn; a seed always gives the same."""
    generator = np.random.default_rng(seed)
    return [KINDS[number % len(KINDS)](generator) for number in range(count)]


def _plain(page: np.ndarray, text: str, place: tuple[int, int], height: int, bold: int, ink: int) -> np.ndarray:
    """The page with a line in Pillow's own typeface; `place` is (left, top)."""
    image = Image.fromarray(page)
    font = ImageFont.load_default(height)
    ImageDraw.Draw(image).text(place, text, fill=ink, font=font, stroke_width=bold // 2)
    return np.array(image)


def _with_serifs(page: np.ndarray, text: str, place: tuple[int, int], height: int, bold: int, ink: int) -> np.ndarray:
    """The same in Hershey's of OpenCV, drawn by strokes."""
    cv2 = opencv()
    typeface, thickness = cv2.FONT_HERSHEY_COMPLEX, 1 + bold
    scale = cv2.getFontScaleFromHeight(typeface, round(CAPITALS * height), thickness)
    start = (place[0], place[1] + height)
    return cv2.putText(page, text, start, typeface, scale, ink, thickness, cv2.LINE_AA)


def _two_greys(generator: np.random.Generator) -> tuple[int, int]:
    """Far enough apart to be read."""
    while True:
        first, second = (int(grey) for grey in generator.integers(0, 256, 2))
        if abs(first - second) >= LEAST_CONTRAST:
            return first, second


def _photographed(image: Image.Image, generator: np.random.Generator) -> np.ndarray:
    """Reduced by areas, now and then seen through a lens that is a little soft."""
    finer = np.asarray(image, np.float64).reshape(SIDE_PX, FINER, SIDE_PX, FINER)
    picture = finer.mean(axis=(1, 3))
    softness = generator.uniform(0, 0.25)
    for axis in (0, 1):
        picture = (1 - 2 * softness) * picture + softness * (np.roll(picture, 1, axis) + np.roll(picture, -1, axis))
    return _in_8_bits(picture)


def _in_8_bits(picture: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(picture), 0, WHITE).astype(np.uint8)
