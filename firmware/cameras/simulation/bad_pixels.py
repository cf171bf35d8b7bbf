"""Hot and dead pixels: flaws of the silicon, at the same places in every frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# A hot pixel's leakage, as a share of saturation: from clearly visible to stuck at white.
HOT_LEVELS = (0.3, 1.2)
# What a dead pixel still answers to light, as a share of a sound one.
DEAD_ANSWERS = (0.0, 0.05)


@dataclass(frozen=True)
class BadPixels:
    """Positions as flat indices, rising; half of the flaws are hot, half are dead.

    hot, hot_levels     where charge leaks in, and how much (1 = saturation)
    dead, dead_answers  where light is lost, and what is left of it
    """

    hot: np.ndarray
    hot_levels: np.ndarray
    dead: np.ndarray
    dead_answers: np.ndarray


def scatter_bad_pixels(share: float, shape: tuple[int, int], seed: int) -> BadPixels:
    """The flaws of one specimen of a sensor: `share` of its pixels, always the same ones for a seed."""
    generator = np.random.default_rng([seed, 2])
    count = round(share * shape[0] * shape[1])
    places = generator.choice(shape[0] * shape[1], count, replace=False, shuffle=False)
    generator.shuffle(places)
    hot, dead = np.sort(places[: count // 2]), np.sort(places[count // 2 :])
    return BadPixels(
        hot=hot,
        hot_levels=generator.uniform(*HOT_LEVELS, len(hot)).astype(np.float32),
        dead=dead,
        dead_answers=generator.uniform(*DEAD_ANSWERS, len(dead)).astype(np.float32),
    )


def turned(flaws: BadPixels, shape: tuple[int, int], hflip: bool, vflip: bool) -> BadPixels:
    """The same flaws as a flipped readout shows them."""
    hot, hot_levels = _turned(flaws.hot, flaws.hot_levels, shape, hflip, vflip)
    dead, dead_answers = _turned(flaws.dead, flaws.dead_answers, shape, hflip, vflip)
    return BadPixels(hot, hot_levels, dead, dead_answers)


def _turned(
    places: np.ndarray, values: np.ndarray, shape: tuple[int, int], hflip: bool, vflip: bool
) -> tuple[np.ndarray, np.ndarray]:
    height, width = shape
    y, x = np.divmod(places, width)
    moved = (height - 1 - y if vflip else y) * width + (width - 1 - x if hflip else x)
    order = np.argsort(moved)
    return moved[order], values[order]
