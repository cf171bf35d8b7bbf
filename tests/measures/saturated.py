"""Saturated pictures, made hard for a demosaic: details of red, green and blue that hardly agree.

The usual set of this kind (McMaster) may not be handed on, so this one is made to be like it: on McMaster bilinear
interpolation has about 32.5 dB, Malvar 34.5, and Menon, who trusts that colours agree, 34.2; here 31.5, 34.8 and 34.2.
The constants of `isp/kernels/demosaic_*` were chosen on other photographs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

LARGEST_PX = 300
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# File under data/, share of each neighbour in a pixel, and factor of the distance from grey.
RECIPES = (
    ("cbsd68/105025.png", 0.1, 1.8),
    ("cbsd68/109053.png", 0.1, 2.2),
    ("cbsd68/126007.png", 0.1, 2.2),
    ("cbsd68/134035.png", 0.25, 1.8),
    ("cbsd68/148089.png", 0.1, 2.2),
    ("cbsd68/208001.png", 0.1, 1.4),
    ("cbsd68/236037.png", 0.1, 2.2),
    ("cbsd68/253027.png", 0.25, 2.2),
    ("cbsd68/271035.png", 0.25, 1.8),
    ("cbsd68/295087.png", 0.1, 1.8),
    ("cbsd68/296059.png", 0.1, 2.2),
    ("cbsd68/300091.png", 0.1, 2.2),
    ("cbsd68/33039.png", 0.25, 2.2),
    ("coco-subjects/000000000307.jpg", 0.1, 1.8),
    ("coco-subjects/000000000415.jpg", 0.1, 1.8),
)


def saturated_pictures(shared: Path) -> list[np.ndarray]:
    """(H, W, 3) float32 in 8-bit steps, 0..1, each; empty where the photographs are not at hand."""
    if not all((shared / "data" / name).exists() for name, _, _ in RECIPES):
        return []
    return [_saturated(shared / "data" / name, neighbour, factor) for name, neighbour, factor in RECIPES]


def _saturated(path: Path, neighbour: float, factor: float) -> np.ndarray:
    with Image.open(path) as opened:
        # Half size, because the colour of these JPEGs is real only there.
        half = opened.convert("RGB").resize((opened.width // 2, opened.height // 2), Image.Resampling.LANCZOS)
    picture = np.asarray(half, dtype=np.float32)[:LARGEST_PX, :LARGEST_PX] / 255
    picture = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
    for axis in (0, 1):
        beside = np.roll(picture, 1, axis) + np.roll(picture, -1, axis)
        picture = (1 - 2 * neighbour) * picture + neighbour * beside
    luma = (picture @ LUMA)[..., None]
    return np.round(np.clip(luma + factor * (picture - luma), 0, 1) * 255).astype(np.float32) / 255
