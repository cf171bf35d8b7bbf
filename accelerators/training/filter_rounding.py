"""From filters of floats to filters of int8, by what goes through them when pictures are shown.

Source: Nagel et al. 2021, "A White Paper on Neural Network Quantization", section 3: each range is the one of the least
squared error on the samples, and means are corrected by the bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from accelerators.errors import ModelError
from accelerators.models.quantisation import INT8, Quantisation
from accelerators.training.equalising import equalised
from accelerators.training.layers import Filter
from accelerators.training.weight_rounding import in_whole_steps

# A picture of 8 bits, 0 to 1, as it is stored: its levels are the file's.
PICTURE = Quantisation(float(np.float32(1 / 255)), INT8.min)
LEVELS = INT8.max - INT8.min
# What part of all that was seen may be clipped away, for finer steps of the rest.
PARTS = np.linspace(0.3, 1.0, 15)


@dataclass(frozen=True)
class WholeFilter:
    """A filter in integers.

    weights  (out, high, wide, in) int8, -127 to 127
    bias     (out,) int32, in steps of taken.scale * scales
    scales   (out,) float32 of the weights
    taken    how its input is stored
    given    how its output is stored
    """

    weights: np.ndarray
    bias: np.ndarray
    scales: np.ndarray
    taken: Quantisation
    given: Quantisation
    relu: bool

    def __call__(self, real: np.ndarray) -> np.ndarray:
        """What it makes of real numbers that `taken` can store: those that `given` can, to a step of its rounding."""
        scales = self.scales.astype(np.float64)
        floats = Filter(self.weights * scales.reshape(-1, 1, 1, 1), self.bias * (self.taken.scale * scales), self.relu)
        return self.given.real(self.given.stored(floats(real).astype(np.float32)))


def rounded_filters(layers: Sequence[Filter], samples: np.ndarray) -> list[WholeFilter]:
    """The network in integers.

    samples  (n, height, width, in) float32, 0 to 1 in steps of 1/255
    Raises ModelError where layers and samples do not fit together.
    """
    _check(layers, samples)
    floats, coarse = samples.astype(np.float64), PICTURE.real(PICTURE.stored(samples))
    taken, made = PICTURE, []
    for number, layer in enumerate(equalised(layers, floats), 1):
        answers = layer(floats)
        given = _around_zero(answers) if number == len(layers) else _from_zero(answers, layer.relu)
        whole = in_whole_steps(layer, floats, coarse, taken)
        made.append(WholeFilter(whole.weights, whole.bias, whole.scales, taken, given, layer.relu))
        floats, coarse, taken = answers, made[-1](coarse), given
    return made


def _from_zero(answers: np.ndarray, relu: bool) -> Quantisation:
    """Levels for what a filter inside the network gives; zero is one of them."""
    least, most = (0.0 if relu else min(0.0, answers.min())), max(0.0, answers.max())
    return _best(answers, [_between(part * least, part * most) for part in PARTS])


def _around_zero(answers: np.ndarray) -> Quantisation:
    """Levels for what the network gives: as far up as down, and nothing stays nothing."""
    most = np.abs(answers).max()
    return _best(answers, [Quantisation(_scale(part * most / INT8.max), 0) for part in PARTS])


def _between(least: float, most: float) -> Quantisation:
    scale = _scale((most - least) / LEVELS)
    return Quantisation(scale, int(np.clip(np.rint(INT8.min - least / scale), INT8.min, INT8.max)))


def _scale(step: float) -> float:
    return float(np.float32(step or 1))


def _best(answers: np.ndarray, choices: Sequence[Quantisation]) -> Quantisation:
    values = answers.astype(np.float32)
    return min(
        choices, key=lambda levels: float(np.square(levels.real(levels.stored(values)) - values).sum(dtype=float))
    )


def _check(layers: Sequence[Filter], samples: np.ndarray) -> None:
    if samples.ndim != 4 or 0 in samples.shape or not np.isfinite(samples).all():
        raise ModelError(f"Samples are {samples.shape}; finite ones of shape (n, height, width, channels) are needed.")
    if samples.min() < 0 or samples.max() > 1:
        raise ModelError(f"Samples reach from {samples.min():.3g} to {samples.max():.3g}; pictures are 0 to 1.")
    height, width, channels = samples.shape[1:]
    for number, layer in enumerate(layers, 1):
        fits = layer.taps.ndim == 4 and layer.taps.shape[3] == channels and layer.bias.shape == layer.taps.shape[:1]
        if not fits or not (np.isfinite(layer.taps).all() and np.isfinite(layer.bias).all()):
            raise ModelError(
                f"Layer {number} has weights {layer.weights.shape} and bias {layer.bias.shape}; finite ones that take "
                f"{channels} channels are needed."
            )
        channels, high, wide, _ = layer.taps.shape
        height, width = height - high + 1, width - wide + 1
    if not layers or layers[-1].relu:
        raise ModelError("A network of filters ends with one without RELU.")
    if min(height, width) < 1:
        raise ModelError(f"Samples of {samples.shape[1]} x {samples.shape[2]} are smaller than what the network sees.")
