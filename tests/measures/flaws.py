"""Bad pixels of every kind, planted where they can be found again."""

from __future__ import annotations

import numpy as np


def hot(value: float, rng: np.random.Generator) -> float:
    """More than the light, 1 at most."""
    return min(1.0, value + rng.uniform(0.3, 0.9))


# How the pixel answers, and where its companion lies.
FLAWS = {
    "hot": (hot, []),
    "full": (lambda value, rng: 1.0, []),
    "dead": (lambda value, rng: 0.0, []),
    "stuck": (lambda value, rng: 0.75, []),
    "pair of neighbours": (hot, [(0, 1)]),
    "pair across": (hot, [(1, 1)]),
    "full pair of one colour": (lambda value, rng: 1.0, [(0, 2)]),
    "dead pair of one colour": (lambda value, rng: 0.0, [(2, 0)]),
}


def planted(mosaic: np.ndarray, flaw: str, rng: np.random.Generator) -> tuple[np.ndarray, tuple]:
    """The mosaic (0..1) with one flaw, of one pixel or a pair, in each cell of a grid, and their places."""
    hurt, places = mosaic.copy(), []
    answer, companions = FLAWS[flaw]
    for top in range(8, mosaic.shape[0] - 16, 16):
        for left in range(8, mosaic.shape[1] - 16, 16):
            y, x = top + rng.integers(0, 4), left + rng.integers(0, 4)
            for place in [(y, x)] + [(y + dy, x + dx) for dy, dx in companions]:
                hurt[place] = answer(mosaic[place], rng)
                places.append(place)
    return hurt, tuple(np.transpose(places))
