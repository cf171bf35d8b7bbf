"""Channels inside a network, made alike in size before they share the levels of eight bits.

Source: Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", section 4.1.
Departs: what is made alike is what samples show, not the weights, for those have one scale for each output anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from accelerators.training.layers import Trained

# Half of the difference in size, in logarithms: the weights after a channel take over what the channel loses. On three
# networks half and all of it were as good, and both a sixth better than none.
STRENGTH = 0.5
# A channel that hardly ever speaks is not blown up to the size of the others.
SMALLEST = 0.02


def equalised(layers: Sequence[Trained], samples: np.ndarray) -> list[Trained]:
    """The same function, in which the channels that a RELU ends are nearer to each other in size.

    samples  (n, candidates, in), or (n, high, wide, in) of pictures
    """
    made, sizes = [], np.ones(samples.shape[-1])
    for layer in layers:
        samples = layer(samples)
        taking = layer.taps * sizes
        most = samples.max(axis=tuple(range(samples.ndim - 1)))
        # Only a RELU hands a factor on unchanged.
        alike = layer.relu and most.max() > 0
        sizes = np.maximum(most / most.max(), SMALLEST) ** STRENGTH if alike else np.ones(len(taking))
        of_outputs = sizes.reshape(-1, *[1] * (taking.ndim - 1))
        made.append(replace(layer, weights=taking / of_outputs, bias=layer.bias / sizes))
    return made
