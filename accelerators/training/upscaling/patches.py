"""What training is shown: small pieces of pictures, reduced by half as the camera's own reduction does it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from isp.zoom.projection import reduced_by_half

WHITE = 255
# Kodak's pictures are scans, soft at full size; smaller ones have the crispness of a good lens.
SCALES = (1.0, 0.85, 0.7)
# What share of the pieces is drawn here, and what share is not as the bars have it: enough to be learned, too little to
# be felt on clean photographs. A camera's photo has noise, was sharpened, and its pixels sum light over their areas.
DRAWN_SHARE = 0.25
NOISY_SHARE, SHARPENED_SHARE, SUMMED_SHARE = 0.15, 0.2, 0.2
DRAWINGS = 120
# Standard deviation in levels of 8 bits; developed photographs of this camera have less than that up to ISO 800.
MOST_NOISE = 3.0
MOST_SHARPENING = 1.0  # of what a blur of the next two pixels takes away
BLUR = np.array([1, 4, 6, 4, 1]) / 16
# Measured pixels at a piece's edge that mix with what lies beyond it, by reduction and blur.
EDGE_PX = 4


class Patches:
    """Pieces without end, drawn anew from pictures; the same seed gives the same."""

    def __init__(self, photographs: Sequence[np.ndarray], drawings: Sequence[np.ndarray], seed: int) -> None:
        """Pictures (H, W) uint8 with even sides."""
        self._photographs = [_scaled(picture, scale) for picture in photographs for scale in SCALES]
        areas = np.array([picture.size for picture in self._photographs], float)
        self._chances = areas / areas.sum()
        self._drawings = list(drawings)
        self._generator = np.random.default_rng(seed)

    def drawn(self, count: int, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Some pieces.

        side  of what the network is shown, in its pixels
        Returns (count, side, side) uint8 and the truth (count, 2 * side, 2 * side) uint8.
        """
        generator = self._generator
        whole = np.stack([self._piece(2 * (side + 2 * EDGE_PX)) for _ in range(count)], axis=-1).astype(np.float32)
        amounts = generator.uniform(0, MOST_SHARPENING, count) * (generator.random(count) < SHARPENED_SHARE)
        whole = _in_8_bits(whole + amounts * (whole - _blurred(whole))).astype(np.float32)
        summed = whole.reshape(len(whole) // 2, 2, len(whole) // 2, 2, count).mean(axis=(1, 3))
        reduced = np.where(generator.random(count) < SUMMED_SHARE, summed, reduced_by_half(whole, 1))
        noise = generator.uniform(0, MOST_NOISE, count) * (generator.random(count) < NOISY_SHARE)
        shown = _in_8_bits(reduced + noise * generator.standard_normal(reduced.shape))
        truth = whole[2 * EDGE_PX : -2 * EDGE_PX, 2 * EDGE_PX : -2 * EDGE_PX].astype(np.uint8)
        return np.moveaxis(shown[EDGE_PX:-EDGE_PX, EDGE_PX:-EDGE_PX], -1, 0), np.moveaxis(truth, -1, 0)

    def _piece(self, side: int) -> np.ndarray:
        """Cut anywhere, turned and mirrored in one of eight ways."""
        generator = self._generator
        if self._drawings and generator.random() < DRAWN_SHARE:
            picture = self._drawings[generator.integers(len(self._drawings))]
        else:
            picture = self._photographs[generator.choice(len(self._photographs), p=self._chances)]
        top, left = (generator.integers(length - side + 1) for length in picture.shape)
        turned = np.rot90(picture[top : top + side, left : left + side], generator.integers(4))
        return turned.T if generator.random() < 0.5 else turned


def _scaled(picture: np.ndarray, scale: float) -> np.ndarray:
    if scale == 1:
        return picture
    height, width = (round(scale * side / 2) * 2 for side in picture.shape)
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC))


def _blurred(pieces: np.ndarray) -> np.ndarray:
    """(h, w, count); what lies beyond an edge is taken from the other one."""
    for axis in (0, 1):
        pieces = sum(weight * np.roll(pieces, shift, axis) for shift, weight in enumerate(BLUR, -2))
    return pieces


def _in_8_bits(pieces: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(pieces), 0, WHITE).astype(np.uint8)
