"""Surfaces painted over each other, with the areas that walls, floors, lawns, skies and things have in photographs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelerators.training.materials import material

PICTURE_PX = 64  # a side; a zone of 32 is 2 x 2 of these: edges fall inside zones, as they do
# What shines by itself; all else has a material.
LUMINOUS = ("sky", "window", "lamp")
GLOSSY = ("thing", "wood", "neutral")
GLOSS, MATT_GLOSS = 0.25, 0.02

# Painted from back to front: shape, how many (from, to), materials to draw from, and size as a share of the picture.
SCENERIES = {
    "room": (
        ("wall", (1, 3), ("paint", "paint", "paint", "neutral", "wood"), (1.0, 1.0)),
        ("floor", (1, 1), ("wood", "wood", "cloth", "earth"), (0.15, 0.5)),
        ("box", (2, 7), ("wood", "wood", "cloth", "paint", "cloth", "neutral"), (0.1, 0.5)),
        ("window", (0, 1), (), (0.1, 0.35)),
        ("box", (3, 16), ("thing", "neutral", "cloth"), (0.02, 0.12)),
        ("blob", (0, 2), ("skin",), (0.03, 0.15)),
        ("blob", (0, 2), ("foliage",), (0.03, 0.2)),
        ("lamp", (0, 1), (), (0.02, 0.07)),
    ),
    "landscape": (
        ("sky", (1, 1), (), (1.0, 1.0)),
        ("hills", (1, 1), ("foliage", "earth"), (0.3, 0.8)),
        ("floor", (1, 2), ("foliage", "foliage", "earth", "neutral"), (0.2, 0.7)),
        ("blob", (0, 8), ("foliage",), (0.05, 0.5)),
        ("box", (0, 2), ("paint", "brick", "neutral", "wood"), (0.05, 0.3)),
        ("blob", (0, 4), ("thing", "skin", "cloth"), (0.01, 0.06)),
    ),
    "street": (
        ("sky", (1, 1), (), (1.0, 1.0)),
        ("box", (2, 7), ("brick", "paint", "neutral", "neutral"), (0.25, 0.9)),
        ("floor", (1, 2), ("neutral", "neutral", "earth"), (0.2, 0.5)),
        ("box", (4, 20), ("neutral", "thing", "cloth", "paint"), (0.02, 0.15)),
        ("blob", (0, 4), ("foliage",), (0.05, 0.3)),
    ),
    "close": (
        ("wall", (1, 1), ("paint", "wood", "foliage", "cloth", "thing", "neutral", "earth", "brick"), (1.0, 1.0)),
        ("blob", (1, 4), ("thing", "skin", "cloth", "foliage", "neutral", "wood"), (0.2, 0.8)),
        ("box", (0, 5), ("thing", "neutral", "paint"), (0.03, 0.3)),
    ),
    "people": (
        ("wall", (1, 2), ("paint", "neutral", "foliage", "wood", "brick"), (1.0, 1.0)),
        ("box", (0, 6), ("wood", "thing", "neutral", "cloth"), (0.1, 0.4)),
        ("blob", (1, 4), ("cloth",), (0.2, 0.5)),
        ("blob", (1, 6), ("skin",), (0.06, 0.4)),
        ("window", (0, 1), (), (0.1, 0.3)),
    ),
}


@dataclass(frozen=True)
class Painting:
    """labels  (H, W) int, which surface each pixel shows
    reflectances  (n, 61) of the surfaces
    gloss         (n,) how much each mirrors the light itself
    luminous      number of a surface that shines by itself -> one of LUMINOUS
    """

    labels: np.ndarray
    reflectances: np.ndarray
    gloss: np.ndarray
    luminous: dict[int, str]

    def around(self) -> np.ndarray:
        """(61,) mean reflectance of what is in the picture: the colour that light has which comes back from it."""
        areas = np.bincount(self.labels.ravel(), minlength=len(self.reflectances))
        return areas @ self.reflectances / areas.sum()


def painted(kind: str, generator: np.random.Generator) -> Painting:
    """One of SCENERIES, drawn anew each time."""
    labels = np.zeros((PICTURE_PX, PICTURE_PX), dtype=int)
    reflectances, gloss, luminous = [material("neutral", generator)], [0.0], {}
    for shape, (fewest, most), kinds, sizes in SCENERIES[kind]:
        for _ in range(generator.integers(fewest, most + 1)):
            where = _where(shape, float(generator.uniform(*sizes)), generator)
            # Real surfaces are of two materials: leaf and branch, print and paper, board and joint.
            speckled = where & (smooth_noise(generator, 21) > generator.uniform(0.8, 4.0))
            for mask in (where,) if shape in LUMINOUS else (where, speckled):
                sort = "neutral" if shape in LUMINOUS else str(generator.choice(kinds))
                labels[mask] = len(reflectances)
                reflectances.append(material(sort, generator))
                gloss.append(float(generator.exponential(GLOSS)) if sort in GLOSSY else MATT_GLOSS)
            if shape in LUMINOUS:
                luminous[len(reflectances) - 1] = shape
    return Painting(labels, np.array(reflectances), np.array(gloss), luminous)


def _where(shape: str, size: float, generator: np.random.Generator) -> np.ndarray:
    """(H, W) bool: the pixels of one shape."""
    y, x = (np.mgrid[:PICTURE_PX, :PICTURE_PX] + 0.5) / PICTURE_PX
    if shape in ("sky", "wall"):
        return np.ones_like(y, dtype=bool) if size >= 1.0 and generator.random() < 0.6 else x > generator.random()
    if shape in ("floor", "hills"):
        edge = smooth_noise(generator, 5) * (0.06 if shape == "hills" else 0.0)
        return y + edge > 1 - size + generator.normal(0.0, 0.15) * (x - 0.5)
    middle_y, middle_x = generator.uniform(0.1, 0.9), generator.uniform(0, 1)
    high, wide = size * np.exp(generator.normal(0, 0.4, 2))
    if shape in ("blob", "lamp"):
        return np.hypot((y - middle_y) / high, (x - middle_x) / wide) * 2 < 1 + 0.25 * smooth_noise(generator, 11)
    return (np.abs(y - middle_y) < high / 2) & (np.abs(x - middle_x) < wide / 2)


def uneven(generator: np.random.Generator, spread: float) -> np.ndarray:
    """(H, W) unevenness of light and surface: slow falling off, and grain. Around 1."""
    return np.exp(smooth_noise(generator, 3) * spread * 0.8 + smooth_noise(generator, 21) * spread * 0.3)


def smooth_noise(generator: np.random.Generator, hills: int) -> np.ndarray:
    """(H, W) smooth noise of mean 0 and deviation about 1, with so many hills across the picture."""
    side = hills + 2
    coarse = generator.standard_normal((side, side))
    place = np.linspace(0, side - 1.001, PICTURE_PX)
    low, part = place.astype(int), place % 1
    part = part * part * (3 - 2 * part)
    rows = coarse[low] * (1 - part)[:, None] + coarse[low + 1] * part[:, None]
    return (rows[:, low] * (1 - part) + rows[:, low + 1] * part) * 1.35
