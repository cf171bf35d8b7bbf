"""A small network as an int8 .tflite: layers of floats and samples of what they will see go in, a file comes out.

Form of the network: input (1, 1, candidates, features) int8, convolutions along the candidates, each with RELU inside
where it has one, output (1, 1, candidates, 4) int8: four roundings of each score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from accelerators.training.file_parts import FileParts
from accelerators.training.layers import Layer
from accelerators.training.rounding import Rounded, rounded
from accelerators.white_balance.network_file import FEATURES, SCORE_MIDDLE


def write_int8(path: Path, layers: Sequence[Layer], samples: np.ndarray, name: str) -> None:
    """Round a network to int8 and write it.

    layers   in the order they run
    samples  (n, candidates, features) float32, as varied as what the network will see
    name     what the file is, for the person that opens it
    Raises ModelError where layers and samples do not fit together.
    """
    network = rounded(layers, samples)
    path.write_bytes(_packed(network, samples.shape[1], name))


def _packed(network: Rounded, candidates: int, name: str) -> bytes:
    parts = FileParts(name)
    now = start = parts.computed(
        "features", (1, 1, candidates, network.layers[0].weights.shape[2]), network.layers[0].taken
    )
    for number, layer in enumerate(network.layers, 1):
        over_a_row = replace(layer, weights=layer.weights[:, np.newaxis])
        now = parts.convolution(f"layer{number}", over_a_row, now, (1, 1, candidates, len(layer.weights)))
    parts.metadata(FEATURES, np.stack([network.features.middles, network.features.halves]).astype("<f4").tobytes())
    parts.metadata(SCORE_MIDDLE, np.array(network.score_middle, "<f4").tobytes())
    return parts.whole(start, now)
