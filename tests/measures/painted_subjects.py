"""Painted subjects whose true alpha is known, and what a small network would say of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelerators.opencv import opencv

CELLS = 32  # of DeepLab across the picture: 33 numbers
FINER = 4  # painted so much larger, for soft edges
SHAPE = (300, 400)
SKIN, CLOTH, WALL = (205, 150, 120), (60, 80, 150), (120, 125, 105)


@dataclass(frozen=True)
class Painted:
    """A picture, its truth and the network's idea of it.

    picture      (H, W, 3) uint8 sRGB
    truth        (H, W) float32 alpha, 0 to 1
    probability  (33, 33) float32
    """

    picture: np.ndarray
    truth: np.ndarray
    probability: np.ndarray


class Canvas:
    """Shapes in fractions of the frame's height around its middle, (y, x); drawn finer, then reduced: soft edges."""

    def __init__(self, shape: tuple[int, int] = SHAPE) -> None:
        self.shape = shape
        self.mask = np.zeros((shape[0] * FINER, shape[1] * FINER), np.uint8)

    def disc(self, y: float, x: float, radius: float, value: int = 255) -> Canvas:
        opencv().circle(self.mask, self._at(y, x), round(radius * self.mask.shape[0]), value, -1)
        return self

    def line(self, start: tuple[float, float], end: tuple[float, float], width_px: float, value: int = 255) -> Canvas:
        thick = max(1, round(width_px * FINER))
        opencv().line(self.mask, self._at(*start), self._at(*end), value, thick)
        return self

    def box(self, top: float, left: float, bottom: float, right: float, value: int = 255) -> Canvas:
        opencv().rectangle(self.mask, self._at(top, left), self._at(bottom, right), value, -1)
        return self

    def alpha(self) -> np.ndarray:
        """(H, W) float32, 0 to 1."""
        size = self.shape[1], self.shape[0]
        return opencv().resize(self.mask, size, interpolation=opencv().INTER_AREA).astype(np.float32) / 255

    def _at(self, y: float, x: float) -> tuple[int, int]:
        height, width = self.mask.shape
        return round(width / 2 + x * height), round(height / 2 + y * height)


def bust(shape: tuple[int, int] = SHAPE) -> Canvas:
    """A head on shoulders that the frame cuts off."""
    return Canvas(shape).disc(-0.12, 0, 0.2).box(0.05, -0.08, 0.3, 0.08).disc(0.55, 0, 0.36)


def coloured(*colour: float, shape: tuple[int, int] = SHAPE, texture_dn: float = 0.0, seed: int = 0) -> np.ndarray:
    """(H, W, 3) float32: one colour with smooth texture and a little noise of the sensor."""
    random = np.random.default_rng(seed)
    grain = random.normal(size=(*shape, 3)).astype(np.float32)
    smooth = opencv().GaussianBlur(grain, (0, 0), 5)
    return np.float32(colour) + texture_dn * smooth / max(float(smooth.std()), 1e-6) + 1.5 * grain


def over(subject: np.ndarray, background: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8: the subject before the background."""
    mixed = background + (subject - background) * alpha[..., None]
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def seen_by_network(alpha: np.ndarray, off_px: tuple[float, float] = (0, 0), surest: float = 0.97) -> np.ndarray:
    """(33, 33) float32: alpha as blurred cells, `off_px` (y, x) beside the truth."""
    cv2, (height, width) = opencv(), alpha.shape
    shifted = cv2.warpAffine(
        alpha, np.float64([[1, 0, off_px[1]], [0, 1, off_px[0]]]), (width, height), borderMode=cv2.BORDER_REPLICATE
    )
    blurred = cv2.GaussianBlur(shifted, (0, 0), sigmaX=width / CELLS * 0.7, sigmaY=height / CELLS * 0.7)
    rows = np.rint(np.linspace(0, height - 1, CELLS + 1)).astype(int)
    columns = np.rint(np.linspace(0, width - 1, CELLS + 1)).astype(int)
    return (1 - surest) + (2 * surest - 1) * blurred[np.ix_(rows, columns)]


def upsampled(grid: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The raw score at the picture's size: bilinear between numbers that stand at the outermost pixels."""
    rows = np.linspace(0, grid.shape[0] - 1, shape[0])
    columns = np.linspace(0, grid.shape[1] - 1, shape[1])
    tall = np.stack([np.interp(rows, np.arange(grid.shape[0]), column) for column in grid.T], axis=1)
    wide = np.stack([np.interp(columns, np.arange(grid.shape[1]), row) for row in tall])
    return wide.astype(np.float32)
