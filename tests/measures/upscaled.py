"""Pictures that were reduced by half and drawn at twice the size again: how near to what they were?

The protocol of the literature since Timofte et al. 2013: bicubic reduction without aliases, rounded to 8 bits; peak
signal over noise of luma, 8 bits, edges cut off. Pillow reduces (as Matlab does), so that ours is not its own judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from measures.shared_folder import SHARED
from PIL import Image

WHITE = 255


@dataclass(frozen=True)
class Pair:
    """A picture's luma and its half, both (H, W) uint8."""

    name: str
    whole: np.ndarray
    half: np.ndarray


@dataclass(frozen=True)
class PictureSet:
    """Where pictures lie. `studio` luma is 16 to 235, as the literature has it; so many pixels do not count."""

    name: str
    folder: str
    studio: bool
    border_px: int

    def files(self) -> list[Path]:
        """Its pictures; none where the shared folder is not there."""
        return sorted((SHARED / "data" / self.folder).glob("*.png"))

    def pairs(self) -> list[Pair]:
        """All of them."""
        return [halved(file.stem, luma_in(file, self.studio)) for file in self.files()]

    def decibels(self, drawn: np.ndarray, pair: Pair) -> float:
        """PSNR of an (H, W) picture that was drawn from the half."""
        inside = np.s_[self.border_px : -self.border_px, self.border_px : -self.border_px]
        error = np.clip(np.round(drawn), 0, WHITE)[inside].astype(np.float64) - pair.whole[inside]
        return float(10 * np.log10(WHITE**2 / np.square(error).mean()))

    def mean_decibels(self, draw: Callable[[np.ndarray], np.ndarray], pairs: list[Pair]) -> float:
        """Mean over pictures; `draw` makes (H, W) uint8 luma twice as large."""
        return float(np.mean([self.decibels(draw(pair.half), pair) for pair in pairs]))


KODAK = PictureSet("Kodak 24", "kodak24", False, 4)
SETS = (KODAK, PictureSet("Set5", "set5", True, 2), PictureSet("Set14", "set14", True, 2))


def luma_in(file: Path, studio: bool) -> np.ndarray:
    """(H, W) uint8 luma by BT.601, both sides even."""
    with Image.open(file) as picture:
        colours = np.asarray(picture.convert("RGB"), np.float64)
    weights, least = (
        (np.array([65.481, 128.553, 24.966]) / WHITE, 16) if studio else (np.array([0.299, 0.587, 0.114]), 0)
    )
    height, width = (2 * (side // 2) for side in colours.shape[:2])
    return np.round(least + colours[:height, :width] @ weights).astype(np.uint8)


def halved(name: str, whole: np.ndarray) -> Pair:
    """A picture and its half."""
    return Pair(name, whole, in_8_bits(resized(whole, 0.5, Image.Resampling.BICUBIC)))


def resized(picture: np.ndarray, times: float, how: Image.Resampling) -> np.ndarray:
    """(H, W) by Pillow, in floats."""
    height, width = (round(side * times) for side in picture.shape)
    return np.asarray(Image.fromarray(picture.astype(np.float32)).resize((width, height), how))


def in_8_bits(picture: np.ndarray) -> np.ndarray:
    """Rounded and held to 0..255."""
    return np.clip(np.round(picture), 0, WHITE).astype(np.uint8)


def as_grey_photo(luma: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8."""
    return np.repeat(luma[..., None], 3, axis=2)
