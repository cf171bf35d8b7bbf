"""From layers of floats to layers of int8, by what goes through them when samples are shown.

Source: Nagel et al. 2021, "A White Paper on Neural Network Quantization", section 3 (post-training quantisation):
ranges from samples, means corrected by the bias. Departs: each score is rounded four times, a quarter of a step apart,
and the mean of the four has ten bits; only scores that can matter have levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from accelerators.errors import ModelError
from accelerators.models.quantisation import INT8, Quantisation
from accelerators.training.equalising import equalised
from accelerators.training.layers import Layer
from accelerators.training.weight_rounding import in_whole_steps
from accelerators.white_balance.integer_layer import IntegerLayer
from accelerators.white_balance.network_file import FeatureRange

LEVELS = INT8.max - INT8.min
# Other photographers' pictures go beyond the samples. On 670 held-out ones rounding moved the posterior's mean by up to
# 4.8 mired without this room, by 1.8 with it, and the usual move was no larger.
ROOM = 1.25
# Roundings of each score; the error of four is a quarter of one's.
ROUNDINGS = 4
# A candidate so many natural logarithms below the best has a 160,000th of its probability, and no say.
LOWEST_BELOW_BEST = 12.0


@dataclass(frozen=True)
class Rounded:
    """What a file holds: its layers, and what of the real numbers around them they leave out (see NetworkFile)."""

    layers: tuple[IntegerLayer, ...]
    features: FeatureRange
    score_middle: float


def rounded(layers: Sequence[Layer], samples: np.ndarray) -> Rounded:
    """The network in integers. Raises ModelError where layers and samples do not fit together."""
    _check(layers, samples)
    features = _feature_range(samples, keeps_zero=layers[0].taps.shape[1] > 1)
    floats = features.scaled(samples).astype(np.float64)
    taken = Quantisation(float(np.float32(1 / INT8.max)), 0)
    stored = taken.stored(floats)
    made: list[IntegerLayer] = []
    middle = 0.0
    for layer in equalised([_for_scaled(layers[0], features), *layers[1:]], floats):
        if len(made) + 1 < len(layers):
            given = _answer_range(layer(floats))
        else:
            given, middle = _score_range(layer(floats))
            layer = replace(layer, bias=layer.bias - middle)
        whole = in_whole_steps(layer, floats, taken.real(stored), taken)
        made.append(IntegerLayer(whole.weights, whole.bias, whole.scales, taken, given, layer.relu))
        stored = np.stack([made[-1](one) for one in stored])
        floats, taken = layer(floats), given
    return Rounded((*made[:-1], _four_times(made[-1])), features, middle)


def _four_times(last: IntegerLayer) -> IntegerLayer:
    """The same sums, each a quarter of a stored step from the next, around the true one."""
    offsets = (np.arange(ROUNDINGS) + 0.5) / ROUNDINGS - 0.5
    in_sums = np.rint(offsets * last.given.scale / (last.taken.scale * float(last.scales[0])))
    return replace(
        last,
        weights=last.weights.repeat(ROUNDINGS, axis=0),
        bias=(last.bias + in_sums).astype(np.int32),
        scales=last.scales.repeat(ROUNDINGS),
    )


def _feature_range(samples: np.ndarray, keeps_zero: bool) -> FeatureRange:
    """The middle and half the width of what each feature was, with room.

    keeps_zero  zero stays zero, which is what taps beyond the ends read
    """
    least, most = samples.min(axis=(0, 1)).astype(np.float64), samples.max(axis=(0, 1)).astype(np.float64)
    middles = np.zeros_like(least) if keeps_zero else (least + most) / 2
    halves = np.maximum(most - middles, middles - least) * ROOM
    return FeatureRange(middles.astype(np.float32), np.where(halves > 0, halves, 1).astype(np.float32))


def _for_scaled(first: Layer, features: FeatureRange) -> Layer:
    """The same layer for features that are scaled."""
    bias = first.bias + first.taps.sum(axis=1) @ features.middles
    return Layer(first.taps * features.halves, bias, first.relu)


def _answer_range(answers: np.ndarray) -> Quantisation:
    """Levels for what a layer gives on the samples, with room; zero is one of them, for RELU and for the ends."""
    least, most = min(0.0, answers.min() * ROOM), max(0.0, answers.max() * ROOM)
    scale = float(np.float32((most - least) / LEVELS or 1))
    return Quantisation(scale, int(np.clip(np.rint(INT8.min - least / scale), INT8.min, INT8.max)))


def _score_range(scores: np.ndarray) -> tuple[Quantisation, float]:
    """Levels around the middle of the scores that can matter, (n, candidates, 1), with room; and that middle."""
    best = scores.max(axis=(1, 2))
    room = (ROOM - 1) * (best.max() - best.min())
    least, most = max(scores.min(), best.min() - LOWEST_BELOW_BEST) - room, best.max() + room
    return Quantisation(float(np.float32((most - least) / LEVELS or 1)), 0), float(np.float32((most + least) / 2))


def _check(layers: Sequence[Layer], samples: np.ndarray) -> None:
    if samples.ndim != 3 or 0 in samples.shape or not np.isfinite(samples).all():
        raise ModelError(f"Samples are {samples.shape}; finite ones of shape (n, candidates, features) are needed.")
    channels = samples.shape[2]
    for number, layer in enumerate(layers, 1):
        fits = layer.taps.ndim == 3 and layer.taps.shape[2] == channels and layer.bias.shape == layer.taps.shape[:1]
        if not fits or not (np.isfinite(layer.taps).all() and np.isfinite(layer.bias).all()):
            raise ModelError(
                f"Layer {number} has weights {layer.weights.shape} and bias {layer.bias.shape}; finite ones that take "
                f"{channels} numbers are needed."
            )
        channels = len(layer.taps)
    if not layers or channels != 1 or layers[-1].relu:
        raise ModelError("The last layer gives one number for each candidate, without RELU.")
