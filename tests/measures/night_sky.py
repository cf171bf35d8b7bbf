"""A sky full of stars whose light is known: does a photo keep it?"""

from __future__ import annotations

import math

import numpy as np

SIDE = 384
SKY = 0.01
REACH_PX = 4  # a box of this far around a star holds all of it
erf = np.vectorize(math.erf)


def in_pixels(centre: float, sigma: float) -> np.ndarray:
    """(13,) shares of a Gaussian's light in the pixels around 0."""
    edges = (np.arange(-6.5, 7) - centre) / (sigma * math.sqrt(2))
    return np.diff(erf(edges)) / 2


def night_sky(rng: np.random.Generator) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Light (SIDE, SIDE) of stars of five magnitudes and all sharpnesses, and where they are."""
    light, stars = np.full((SIDE, SIDE), SKY), []
    for y in range(16, SIDE - 16, 24):
        for x in range(16, SIDE - 16, 24):
            sigma, flux = rng.uniform(0.6, 1.0), 10 ** rng.uniform(-1.3, 0.7)
            (down, across) = (in_pixels(rng.uniform(-0.5, 0.5), sigma) for _ in range(2))
            light[y - 6 : y + 7, x - 6 : x + 7] += flux * np.outer(down, across)
            stars.append((y, x))
    return light, stars


def fluxes(light: np.ndarray, stars: list[tuple[int, int]]) -> np.ndarray:
    """(stars,) light of each star's box."""
    boxes = (light[y - REACH_PX : y + REACH_PX + 1, x - REACH_PX : x + REACH_PX + 1] for y, x in stars)
    return np.array([box.sum(dtype=np.float64) for box in boxes])
