"""A small network over pictures as an int8 .tflite: filters of floats and pictures go in, a file comes out.

Form of the network: input (1, height, width, channels) int8, the picture's 8 bits less 128; CONV_2D after CONV_2D,
each with RELU inside where it has one, only where all taps lie on the tile; output (1, height - 2 * halo,
width - 2 * halo, answers) int8. So each answer depends on the same pixels around it wherever the tile lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from accelerators.errors import ModelError
from accelerators.training.file_parts import FileParts
from accelerators.training.filter_rounding import WholeFilter, rounded_filters
from accelerators.training.layers import Filter


def write_int8_filters(
    path: Path, layers: Sequence[Filter], samples: np.ndarray, tile: tuple[int, int], name: str
) -> list[WholeFilter]:
    """Round a network to int8 and write it.

    layers   in the order they run
    samples  (n, height, width, channels) float32, 0 to 1, as varied as what the network will see; of any size
    tile     (height, width) that the file takes
    name     what the file is, for the person that opens it
    Returns what was written. Raises ModelError where layers, samples and tile do not fit together.
    """
    filters = rounded_filters(layers, samples)
    path.write_bytes(_packed(filters, tile, name))
    return filters


def _packed(filters: Sequence[WholeFilter], tile: tuple[int, int], name: str) -> bytes:
    height, width = tile
    parts = FileParts(name)
    now = start = parts.computed("picture", (1, height, width, filters[0].weights.shape[3]), filters[0].taken)
    for number, layer in enumerate(filters, 1):
        outputs, high, wide, _ = layer.weights.shape
        height, width = height - high + 1, width - wide + 1
        if min(height, width) < 1:
            raise ModelError(f"A tile of {tile[0]} x {tile[1]} is smaller than what the network sees.")
        now = parts.convolution(f"filter{number}", layer, now, (1, height, width, outputs))
    return parts.whole(start, now)
