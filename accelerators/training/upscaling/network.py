"""The network while it learns: filters one after another, and what of its answer the projection leaves.

Source: Shi et al. 2016, "Real-time single image super-resolution using an efficient sub-pixel convolutional network":
all work at the small size, four answers a pixel. Differs: it answers what is to be added to a bicubic enlargement, and
learns by what becomes of it in the projection (see isp/zoom/projection.py), so it need not learn what the
projection does anyway.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from accelerators.training.layers import Filter
from accelerators.training.upscaling.form import CHANNELS, HIDDEN, TAPS
from isp.zoom.projection import FACTOR, ROUNDED_OFF, STEPS, WHITE
from isp.zoom.taps import Filter as Kernel
from isp.zoom.taps import taps_for

# Nearly nothing is added at first: the enlargement is a good start.
FIRST_ANSWERS = 0.05


class Network(nn.Module):
    """(n, 1, h, w), 0 to 1, to (n, 1, 2 * (h - 2 * HALO_PX), ...): what is added to the bicubic enlargement."""

    def __init__(self) -> None:
        super().__init__()
        widths = [1, *[CHANNELS] * (HIDDEN + 1), FACTOR * FACTOR]
        self.filters = nn.ModuleList([nn.Conv2d(inputs, outputs, TAPS) for inputs, outputs in pairwise(widths)])
        with torch.no_grad():
            for layer in self.filters:
                layer.weight.normal_(0, math.sqrt(2 / layer.weight[0].numel()))
                layer.bias.zero_()
            self.filters[-1].weight *= FIRST_ANSWERS
        self.to(memory_format=torch.channels_last)

    def forward(self, shown: torch.Tensor) -> torch.Tensor:
        for layer in self.filters[:-1]:
            shown = functional.relu(layer(shown), inplace=True)
        return functional.pixel_shuffle(self.filters[-1](shown), FACTOR)

    @property
    def hidden_weights(self) -> list[torch.Tensor]:
        """Of all layers but the last."""
        return [layer.weight for layer in self.filters[:-1]]

    @property
    def other_parameters(self) -> list[torch.Tensor]:
        """The last layer's weights and all biases."""
        return [self.filters[-1].weight, *(layer.bias for layer in self.filters)]

    def layers(self) -> list[Filter]:
        """As the int8 writer takes them."""
        last = len(self.filters) - 1
        return [
            Filter(
                np.ascontiguousarray(layer.weight.detach().permute(0, 2, 3, 1).numpy()),
                layer.bias.detach().numpy().copy(),
                number != last,
            )
            for number, layer in enumerate(self.filters)
        ]


class Projection:
    """What isp/zoom/projection.py makes of square pieces (n, 1, 2 * side, 2 * side), 0 to 1; it cuts at white, too."""

    def __init__(self, side: int) -> None:
        self._reduced = _matrix(FACTOR * side, side)
        self._enlarged = _matrix(side, FACTOR * side)

    def __call__(self, drawn: torch.Tensor, measured: torch.Tensor) -> torch.Tensor:
        """What a drawn picture becomes when it is held to the measured one, (n, 1, side, side)."""
        for step in STEPS:
            missing = functional.softshrink(measured - self._reduced @ drawn @ self._reduced.T, ROUNDED_OFF / WHITE)
            drawn = drawn + step * (self._enlarged @ missing @ self._enlarged.T)
        return drawn


def _matrix(length: int, new_length: int) -> torch.Tensor:
    """(new_length, length) float32: one axis of the camera's own bicubic."""
    taps = taps_for(length, new_length, Kernel.BICUBIC)
    matrix = np.zeros((new_length, length), np.float32)
    for row, start in enumerate(taps.starts):
        matrix[row, start : start + taps.weights.shape[1]] = taps.weights[row]
    return torch.from_numpy(matrix)
