"""Photographs as grey pictures: Kodak's, which teach, and sets that only measure.

Kodak's 24 are "for unrestricted usage". The other sets name no such licence: nothing is learned from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

TEACHING = "kodak24"
# Neighbours in the set are often one scene or one roll, so folds are not runs of it.
FOLDS = 4
# ITU-R BT.601 in steps 16 to 235, as Matlab's rgb2ycbcr has it and the literature measures.
STUDIO, STUDIO_BLACK = (65.481, 128.553, 24.966), 16.0
WHITE = 255


@dataclass(frozen=True)
class Photograph:
    """name, and (H, W) uint8 luma with even sides."""

    name: str
    luma: np.ndarray


def photographs_of(shared: Path, name: str, studio: bool = False) -> list[Photograph]:
    """All pictures of one set in the order of their names; `studio`: luma from 16 to 235."""
    files = sorted((shared / "data" / name).rglob("*.png"))
    return [Photograph(file.stem, luma_of(file, studio)) for file in files]


def luma_of(file: Path, studio: bool = False) -> np.ndarray:
    """(H, W) uint8 luma of BT.601 in display encoding, an odd row or column left out."""
    with Image.open(file) as image:
        if studio:
            colours = np.asarray(image.convert("RGB"), np.float64) / WHITE
            luma = np.rint(STUDIO_BLACK + colours @ STUDIO).astype(np.uint8)
        else:
            luma = np.asarray(image.convert("RGB").convert("L"))
    height, width = luma.shape
    return np.ascontiguousarray(luma[: height // 2 * 2, : width // 2 * 2])


def held_out(photographs: Sequence[Photograph], fold: int) -> list[Photograph]:
    """Those of one fold: every FOLDS-th, so that each is held out exactly once."""
    return list(photographs[fold::FOLDS])


def taught(photographs: Sequence[Photograph], fold: int) -> list[Photograph]:
    """Those that are not in this fold."""
    names = {photograph.name for photograph in held_out(photographs, fold)}
    return [photograph for photograph in photographs if photograph.name not in names]
