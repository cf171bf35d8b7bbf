"""Blur by brute force: each pixel strews its own disc, the nearer hides the farther. Slow, and independent of layers.

This is what a renderer is measured against: no pixel is joined with another, no radius rounded by more than a tenth of
a pixel, and discs have the exact share of each pixel that they touch.
"""

from __future__ import annotations

import numpy as np

# Radii are rounded to so many steps a pixel: pixels of one step share a disc.
STEPS_PER_PX = 8
SUBROWS = 64
SHARP_PX = 0.5


def disc(radius_px: float) -> np.ndarray:
    """(2 n + 1, 2 n + 1) share of a disc's light in each pixel: exact across, 64 rows to the pixel down; sum 1."""
    if radius_px <= SHARP_PX:
        return np.ones((1, 1))
    reach = int(np.ceil(radius_px + 0.5))
    rows = (np.arange((2 * reach + 1) * SUBROWS) + 0.5) / SUBROWS - reach - 0.5
    half = np.sqrt(np.maximum(radius_px**2 - rows**2, 0.0))[:, None]
    columns = np.arange(-reach, reach + 1)[None, :]
    share = np.clip(np.minimum(columns + 0.5, half) - np.maximum(columns - 0.5, -half), 0, 1)
    share = share.reshape(2 * reach + 1, SUBROWS, -1).mean(axis=1)
    return share / share.sum()


def strewn(picture: np.ndarray, radius_px: np.ndarray) -> np.ndarray:
    """What a lens makes of a picture whose pixels have these radii; no subject's mask.

    picture    (H, W, 3) linear light
    radius_px  (H, W), above 0 behind the plane of focus, below 0 before it
    Each pixel's light falls evenly on its disc. From the nearest pixels to the farthest, light reaches a place until
    it is full. What is before the plane of focus hides by its share; behind it a place that does not get full (there
    something hidden would show) is made up of what did reach it.
    """
    height, width = radius_px.shape
    steps = np.round(radius_px * STEPS_PER_PX).astype(int)
    light, full = np.zeros((height * width, 3)), np.zeros(height * width)
    near = None
    for step in np.unique(steps):
        if step > -SHARP_PX * STEPS_PER_PX and near is None:
            near = light, full
            light, full = np.zeros_like(light), np.zeros_like(full)
        places = np.flatnonzero(steps == step)
        cast, share = _cast(picture.reshape(-1, 3)[places], places, disc(abs(step) / STEPS_PER_PX), (height, width))
        seen = np.where(share > 0, np.minimum(share, 1 - full) / np.maximum(share, 1e-300), 0)
        light, full = light + seen[:, None] * cast, full + seen * share
    if near is None:
        near, light, full = (light, full), np.zeros_like(light), np.zeros_like(full)
    front, hidden = near
    nothing = full < 1e-9
    behind = light / np.maximum(full, 1e-9)[:, None]
    behind[nothing] = front[nothing] / np.maximum(hidden[nothing], 1e-9)[:, None]
    return (front + (1 - hidden)[:, None] * behind).reshape(height, width, 3)


def _cast(light: np.ndarray, places: np.ndarray, shares: np.ndarray, shape: tuple[int, int]):
    """(H * W, 3) light and (H * W,) share that some pixels strew over a picture of this shape."""
    height, width = shape
    y, x = np.divmod(places, width)
    reach = len(shares) // 2
    cast, covered = np.zeros((height * width, 3)), np.zeros(height * width)
    for dy, dx in np.argwhere(shares > 0) - reach:
        inside = (y + dy >= 0) & (y + dy < height) & (x + dx >= 0) & (x + dx < width)
        # Of pixels of one radius no two reach the same place by the same way.
        to, share = ((y + dy) * width + x + dx)[inside], shares[dy + reach, dx + reach]
        cast[to] += share * light[inside]
        covered[to] += share
    return cast, covered


def decibels(made: np.ndarray, true: np.ndarray, white: float = 1.0) -> float:
    """Peak signal to noise ratio of linear light."""
    return float(10 * np.log10(white**2 / np.mean((made.astype(float) - true) ** 2)))


def shown_decibels(made: np.ndarray, true: np.ndarray) -> float:
    """The same of what a display shows of it: sRGB codes, 0 to 1."""
    return decibels(shown(made), shown(true))


def shown(light: np.ndarray) -> np.ndarray:
    """SRGB display values of linear light, IEC 61966-2-1."""
    light = np.clip(np.asarray(light, float), 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def linear(codes: np.ndarray) -> np.ndarray:
    """(H, W, 3) float32 light of 8-bit sRGB."""
    value = np.asarray(codes, float) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)
