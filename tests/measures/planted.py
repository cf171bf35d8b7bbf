"""People and animals as plain shapes on a floor in perspective: where they stand is known."""

from __future__ import annotations

import numpy as np

HEIGHT, WIDTH = 480, 640
HORIZON = 0.5


def figure(feet: float, tall: float, middle: float, far_foot: float = 0.0, arm: bool = True) -> np.ndarray:
    """(HEIGHT, WIDTH) bool: a person.

    feet      where the nearer foot ends, share of the height; beyond 1 the frame cuts it
    tall      share of the height
    middle    share of the width
    far_foot  so much higher the other foot ends
    """
    y, x = (np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5).astype(float)
    y, x = y / HEIGHT, (x - middle * WIDTH) / HEIGHT
    top = feet - tall
    head = (y - top - 0.07 * tall) ** 2 + x**2 < (0.07 * tall) ** 2
    body = (abs(x) < 0.12 * tall) & (y > top + 0.13 * tall) & (y < top + 0.55 * tall)
    near_leg = (x > -0.09 * tall) & (x < -0.03 * tall) & (y > top + 0.5 * tall) & (y < feet)
    far_leg = (x < 0.09 * tall) & (x > 0.03 * tall) & (y > top + 0.5 * tall) & (y < feet - far_foot)
    arms = (abs(x) > 0.14 * tall) & (abs(x) < 0.18 * tall) & (y > top + 0.15 * tall) & (y < top + 0.6 * tall)
    shoulders = (abs(x) < 0.18 * tall) & (y > top + 0.13 * tall) & (y < top + 0.18 * tall)
    return head | body | near_leg | far_leg | ((arms | shoulders) if arm else False)


def as_mask(*figures: np.ndarray) -> np.ndarray:
    """(HEIGHT, WIDTH) uint8, 255 inside any of them."""
    return np.where(np.any(figures, axis=0), 255, 0).astype(np.uint8)


def distance_of_row(y: np.ndarray, camera_m: float = 1.4, focal: float = 1.2, horizon: float = HORIZON) -> np.ndarray:
    """How far the floor is that a camera held level sees at these heights (shares); infinite at the horizon and above.

    focal  in heights of the picture
    """
    below = np.maximum(y - horizon, 1e-12)
    return np.where(y > horizon, focal * camera_m / below, np.inf)


def floor_and_wall(wall: float = 0.58) -> np.ndarray:
    """(HEIGHT, WIDTH, 3) linear light: a checkerboard in perspective, and a wall that stands on it at this height."""
    y, x = (np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5).astype(float)
    y, x = y / HEIGHT, (x - WIDTH / 2) / HEIGHT
    far_m = np.minimum(distance_of_row(np.maximum(y, wall)), 1e3)
    aside_m = x * far_m / 1.2
    squares = (np.floor(far_m / 0.3) + np.floor(aside_m / 0.3)) % 2
    stripes = np.where((np.floor(x * 24) + np.floor(y * 24)) % 2 == 0, 0.12, 0.5)
    light = np.where(y < wall, stripes, 0.08 + 0.5 * squares)
    return (light[:, :, None] * np.array([1.0, 0.9, 0.75])).astype(np.float32)
