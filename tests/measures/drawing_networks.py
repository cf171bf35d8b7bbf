"""Small networks over pictures, with weights from a lottery: what any network does, whatever it has learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from accelerators.training.filter_file import write_int8_filters
from accelerators.training.layers import Filter

WIDTHS, SIZES = (1, 8, 8, 4), (3, 3, 3)
HALO = sum(size // 2 for size in SIZES)


def random_filters(widths=WIDTHS, sizes=SIZES, seed=1, loudness=0.03) -> list[Filter]:
    """Filters as training leaves them: RELU inside, and an answer that is small beside a picture."""
    rng = np.random.default_rng(seed)
    shapes = list(zip(widths[:-1], widths[1:], sizes, strict=True))
    return [
        Filter(
            rng.normal(0, (2 / (given * size**2)) ** 0.5, (made, size, size, given)).astype(np.float32)
            * (loudness if number == len(shapes) else 1),
            rng.normal(0, 0.01, made).astype(np.float32),
            relu=number < len(shapes),
        )
        for number, (given, made, size) in enumerate(shapes, 1)
    ]


def eight_bit_pictures(count=6, side=24, seed=2) -> np.ndarray:
    """(count, side, side, 1) float32, 0 to 1: edges, slopes and noise, in levels of 8 bits."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    turns = rng.uniform(0, 2 * np.pi, count)
    slopes = np.stack([np.cos(turn) * (x - 0.5) + np.sin(turn) * (y - 0.5) for turn in turns])
    pictures = np.where(np.arange(count)[:, None, None] % 2, slopes > 0, slopes + 0.5) + rng.normal(
        0, 0.05, slopes.shape
    )
    return (np.rint(255 * np.clip(pictures, 0, 1)) / 255).astype(np.float32)[..., np.newaxis]


def drawing_network(folder: Path, tile=(32, 32), filters=None) -> Path:
    """A folder with a network that an Upscaler runs."""
    folder.mkdir(exist_ok=True)
    write_int8_filters(
        folder / "upscaling.tflite", filters or random_filters(), eight_bit_pictures(), tile, "a lottery"
    )
    return folder
