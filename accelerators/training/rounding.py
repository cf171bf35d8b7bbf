"""From layers of floats to layers of int8, by what goes through them when samples are shown.

Source: Nagel et al. 2021, "A White Paper on Neural Network Quantization", section 3 (post-training quantisation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from accelerators.errors import ModelError
from accelerators.white_balance.integer_layer import INT8, IntegerLayer, Quantisation

# Stored weights keep to -127..127: the specification leaves -128 out, so that products are symmetric.
MOST_WEIGHT = 127
LEVELS = INT8.max - INT8.min


@dataclass(frozen=True)
class Layer:
    """A convolution along the candidates.

    weights  (out, in) or (out, taps, in) float32; taps are centred, an even count has one more after than before
    bias     (out,) float32
    relu     whether answers below zero become zero
    """

    weights: np.ndarray
    bias: np.ndarray
    relu: bool

    @property
    def taps(self) -> np.ndarray:
        """(out, taps, in) float64."""
        weights = np.asarray(self.weights, np.float64)
        return weights[:, np.newaxis] if weights.ndim == 2 else weights

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """(n, candidates, in) to (n, candidates, out), float64."""
        return np.maximum(self.sums(samples), 0) if self.relu else self.sums(samples)

    def sums(self, samples: np.ndarray) -> np.ndarray:
        """Before RELU."""
        return windows(samples, self.taps.shape[1]) @ self.taps.reshape(len(self.taps), -1).T + self.bias


@dataclass(frozen=True)
class Rounded:
    """What a file holds. feature_steps: (features,) float32, see NetworkFile."""

    layers: tuple[IntegerLayer, ...]
    feature_steps: np.ndarray


def windows(samples: np.ndarray, taps: int) -> np.ndarray:
    """(n, candidates, in) to (n, candidates, taps * in): what each candidate's taps see, zeros beyond the ends."""
    before, candidates = (taps - 1) // 2, samples.shape[1]
    padded = np.pad(samples, ((0, 0), (before, taps - 1 - before), (0, 0)))
    return np.concatenate([padded[:, tap : tap + candidates] for tap in range(taps)], axis=2)


def rounded(layers: Sequence[Layer], samples: np.ndarray) -> Rounded:
    """The network in integers. Raises ModelError where layers and samples do not fit together."""
    _check(layers, samples)
    steps = np.maximum(np.abs(samples).max(axis=(0, 1)), np.finfo(np.float32).tiny).astype(np.float32)
    first = replace(layers[0], weights=layers[0].taps * steps)
    now = samples / np.float64(steps)
    taken, made = _range(now.min(), now.max()), []
    for layer in (first, *layers[1:]):
        now = layer(now)
        given = _range(now.min(), now.max())
        made.append(_integers(layer, taken, given))
        taken = given
    return Rounded(tuple(made), steps)


def _integers(layer: Layer, taken: Quantisation, given: Quantisation) -> IntegerLayer:
    most = np.abs(layer.taps).max(axis=(1, 2))
    scales = (np.where(most > 0, most, 1) / MOST_WEIGHT).astype(np.float32)
    weights = np.clip(np.rint(layer.taps / scales[:, np.newaxis, np.newaxis]), -MOST_WEIGHT, MOST_WEIGHT)
    bias = np.rint(layer.bias / (taken.scale * scales.astype(np.float64))).astype(np.int32)
    return IntegerLayer(weights.astype(np.int8), bias, scales, taken, given, layer.relu)


def _range(least: float, most: float) -> Quantisation:
    """Levels for all from the least to the most; zero is among them, and has a level of its own."""
    least, most = min(least, 0.0), max(most, 0.0)
    scale = float(np.float32((most - least) / LEVELS or 1))
    return Quantisation(scale, int(np.clip(np.rint(INT8.min - least / scale), INT8.min, INT8.max)))


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
