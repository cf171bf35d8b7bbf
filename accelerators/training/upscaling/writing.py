"""From layers of floats to the file that ships: rounded by what they see of pictures of all kinds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from accelerators.training.filter_file import write_int8_filters
from accelerators.training.layers import Filter
from accelerators.training.upscaling.drawings import drawings
from accelerators.training.upscaling.patches import Patches

# Other pieces and drawings than those that taught.
SEED = 21
PIECES, PIECE_PX, DRAWINGS = 96, 48, 16
FLAT_GREYS = (0, 64, 128, 192, 255)
# The inner part of a tile: what a layer makes of it stays in a Pi's cache, and a tenth is computed twice.
INNER_PX = 128
DESCRIPTION = "nightjar upscaling x2: what to add to a bicubic enlargement"


def written(path: Path, layers: Sequence[Filter], photographs: Sequence[np.ndarray]) -> None:
    """Round a network by (H, W) uint8 photographs, which should be those that taught it, and write it."""
    side = INNER_PX + 2 * halo_px(layers)
    write_int8_filters(path, layers, samples(photographs), (side, side), DESCRIPTION)


def halo_px(layers: Sequence[Filter]) -> int:
    """Pixels around one that its answer depends on."""
    return sum(layer.weights.shape[1] // 2 for layer in layers)


def samples(photographs: Sequence[np.ndarray]) -> np.ndarray:
    """(n, h, w, 1) float32, 0 to 1: pieces as in training, and flat ones."""
    shown, _ = Patches(photographs, drawings(DRAWINGS, SEED), SEED).drawn(PIECES, PIECE_PX)
    flat = np.stack([np.full_like(shown[0], grey) for grey in FLAT_GREYS])
    return (np.concatenate([shown, flat]) / np.float32(255))[..., np.newaxis].astype(np.float32)
