"""A live scene whose subject is known at every moment, and a network that wavers about it as real ones do."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import ndimage

SHAPE = (120, 160)
LOOK_NS = 100_000_000


class Live:
    """A subject before a background, both with texture; `picture` and `truth` at any place of the subject.

    noise_codes  of the camera, one deviation
    """

    def __init__(self, noise_codes: float = 3.0, seed: int = 3) -> None:
        self._generator = np.random.default_rng(seed)
        self._noise = noise_codes
        soft = [ndimage.gaussian_filter(self._generator.normal(size=SHAPE), 2.0) for _ in range(2)]
        self._behind, self._subject = 150 + 160 * soft[0], 70 + 160 * soft[1]

    def truth(self, moved_px: int = 0) -> np.ndarray:
        """(h, w) float, 1 in the subject: head and shoulders with an edge of hair."""
        y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]].astype(float)
        x = x - 53 - moved_px
        head = (x**2 + (y - 50) ** 2) < 21**2
        body = (abs(x) < 36) & (y > 76)
        return ndimage.gaussian_filter((head | body).astype(float), 1.0)

    def luma(self, moved_px: int = 0) -> np.ndarray:
        """(h, w) uint8 with fresh noise; the subject carries its texture with it."""
        share = self.truth(moved_px)
        light = share * np.roll(self._subject, moved_px, axis=1) + (1 - share) * self._behind
        return np.clip(light + self._generator.normal(0, self._noise, SHAPE), 0, 255).astype(np.uint8)

    def without_subject(self) -> np.ndarray:
        """(h, w) uint8: the background alone."""
        return np.clip(self._behind + self._generator.normal(0, self._noise, SHAPE), 0, 255).astype(np.uint8)

    def wavering(self, moved_px: int = 0, edge_px: float = 1.5, pops: float = 0.5) -> np.ndarray:
        """(h, w) uint8: the truth as a coarse network has it, another every time.

        edge_px  by how much its edge lies beside the true one
        pops     how often a chair beside the subject is taken for it
        """
        smooth = [ndimage.gaussian_filter(self._generator.normal(size=SHAPE), 6.0) for _ in range(2)]
        shifts = [edge_px * field / field.std() for field in smooth]
        y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]].astype(float)
        mask = ndimage.map_coordinates(self.truth(moved_px), [y + shifts[0], x + shifts[1]], order=1, mode="nearest")
        if self._generator.random() < pops:
            mask[80:114, 120:150] = np.maximum(mask[80:114, 120:150], 0.9)
        return np.clip(255 * mask, 0, 255).astype(np.uint8)


def overlap(mask: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of what is more than half inside."""
    ours, theirs = mask >= 128, truth >= 0.5
    return float((ours & theirs).sum() / (ours | theirs).sum())


def flicker(masks: list[np.ndarray]) -> float:
    """Mean change from one mask to the next, of 255, per pixel of the picture."""
    changes = [np.abs(after.astype(float) - before).mean() for before, after in pairwise(masks)]
    return float(np.mean(changes))
