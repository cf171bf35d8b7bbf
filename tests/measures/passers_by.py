"""What moves or lights up in a test burst: drawn anew for each frame, so that its place is exactly known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ORANGE, GREY, SODIUM = (0.55, 0.22, 0.06), (0.35, 0.34, 0.32), (1.0, 0.55, 0.16)


@dataclass(frozen=True)
class Ball:
    """A patterned ball; `start` (y, x) is its centre in frame 0, it moves by `step` (y, x) px in every frame."""

    start: tuple[float, float]
    step: tuple[float, float]
    radius_px: float = 45.0
    colour: tuple[float, float, float] = ORANGE

    def shown(self, number: int, y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shares of the pixels that it covers, and how much light of its colour each then gets."""
        down, across = (
            place - np.float32(start + number * step)
            for place, start, step in zip((y, x), self.start, self.step, strict=True)
        )
        share = np.clip(np.float32(self.radius_px + 0.5) - np.hypot(down, across), 0, 1)
        wave = np.float32(4 * np.pi / self.radius_px)
        return share, share * (0.7 + 0.3 * np.sin(down * wave) * np.sin(across * wave)).astype(np.float32)


@dataclass(frozen=True)
class Occluder:
    """Somebody walks in from the left: an edge that stands at `start_px` in frame 0 and moves on by `step_px`."""

    start_px: float
    step_px: float
    colour: tuple[float, float, float] = GREY

    def shown(self, number: int, y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shares of the pixels that it covers, and how much light of its colour each then gets."""
        edge = np.float32(self.start_px + number * self.step_px)
        share = np.clip(edge - x + np.float32(0.5), 0, 1)
        folds = 0.6 + 0.4 * np.sin((edge - x) * np.float32(2 * np.pi / 24)) * np.cos(y * np.float32(2 * np.pi / 40))
        return share, share * folds.astype(np.float32)


@dataclass(frozen=True)
class Lamp:
    """A lamp at `centre` (y, x) lit from frame `lit_from` until before `lit_until`, and its pool of light."""

    centre: tuple[float, float]
    lit_from: int
    lit_until: int = 1000
    radius_px: float = 10.0
    level: float = 4.0
    pool: float = 0.15
    pool_px: float = 70.0
    colour: tuple[float, float, float] = SODIUM

    def shown(self, number: int, y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shares of the pixels that it covers, and how much light of its colour each then gets."""
        distance = np.hypot(y - np.float32(self.centre[0]), x - np.float32(self.centre[1]))
        share = np.clip(np.float32(self.radius_px + 0.5) - distance, 0, 1)
        if not self.lit_from <= number < self.lit_until:
            return share, share * np.float32(0.05)
        pool = np.float32(self.pool) * np.exp(-np.square(distance / np.float32(self.pool_px)))
        return share, share * np.float32(self.level) + pool.astype(np.float32)
