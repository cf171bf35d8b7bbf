"""What a scene is asked to draw, and how its edges are drawn without steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class View:
    """One look at a scene: the frame's size, the light, and how far the picture has moved.

    shift_px  (y, x); the picture moves down and right by it
    band      which rows are drawn, of a picture that is drawn band by band: it then stays in the processor's cache
    """

    height: int
    width: int
    illuminant_k: float
    shift_px: tuple[float, float] = (0.0, 0.0)
    band: range | None = None

    @property
    def drawn_rows(self) -> range:
        """Those of the band; without one, all."""
        return self.band or range(self.height)

    @property
    def drawn_shape(self) -> tuple[int, int]:
        """(height, width) of the planes that a scene gives."""
        return len(self.drawn_rows), self.width

    def rows(self) -> np.ndarray:
        """(drawn, 1) float32: where each pixel's centre falls in the unmoved picture, in pixels from the top."""
        drawn = np.arange(self.drawn_rows.start, self.drawn_rows.stop, dtype=np.float32)
        return (drawn + np.float32(0.5 - self.shift_px[0]))[:, None]

    def columns(self) -> np.ndarray:
        """(1, width) float32: the same from the left."""
        return (np.arange(self.width, dtype=np.float32) + np.float32(0.5 - self.shift_px[1]))[None, :]


def covered(centres: np.ndarray, start: float, end: float) -> np.ndarray:
    """The share of each pixel (a unit wide) that lies between start and end: a box edge's anti-aliasing."""
    share = np.minimum(centres + 0.5, end) - np.maximum(centres - 0.5, start)
    return np.clip(share, 0.0, 1.0).astype(np.float32)


def covered_disc(rows: np.ndarray, columns: np.ndarray, centre: tuple[float, float], radius: float) -> np.ndarray:
    """The share of each pixel inside a disc, taking its rim as straight within one pixel."""
    distance = np.hypot(rows - np.float32(centre[0]), columns - np.float32(centre[1]))
    return np.clip(np.float32(radius + 0.5) - distance, 0.0, 1.0)


def covered_half_plane(rows: np.ndarray, columns: np.ndarray, point: tuple[float, float], angle: float) -> np.ndarray:
    """The exact share of each pixel right of a line through `point`, `angle` radians off the vertical (not 0)."""
    across, along = np.cos(angle), np.sin(angle)
    distance = (columns - np.float32(point[1])) * np.float32(across) + (rows - np.float32(point[0])) * np.float32(along)
    # Beyond one pixel the answer is 0 or 1; the clip keeps the squares below small enough for float32.
    near = np.clip(distance, -1.0, 1.0)
    wide, narrow = (across + abs(along)) / 2, (across - abs(along)) / 2
    area = sum(
        sign * np.square(np.maximum(near + np.float32(offset), 0)) / 2
        for sign, offset in ((1, wide), (-1, narrow), (-1, -narrow), (1, -wide))
    )
    return np.clip(area / np.float32(across * abs(along)), 0.0, 1.0).astype(np.float32)
