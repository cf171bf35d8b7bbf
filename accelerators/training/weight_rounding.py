"""Weights and biases to whole steps, so that what is rounded off one weight is made up for by those after it.

Source: Frantar et al. 2022, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers",
sections 3.2 and 3.3, algorithm 1 without its blocks. Departs: inputs with the most energy go first, when the most are
left to make up for them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelerators.models.quantisation import Quantisation
from accelerators.training.layers import Trained

# Stored weights keep to -127..127: the specification leaves -128 out, so that products are symmetric.
MOST_WEIGHT = 127
# Of the mean energy, added to each input's own: without it inputs that always move together have no one solution.
# The paper's value.
DAMPING = 0.01


@dataclass(frozen=True)
class WholeSteps:
    """A layer's numbers as they are stored.

    weights  of the layer's shape, int8
    bias     (out,) int32, in steps of the input's scale * scales
    scales   (out,) float32 of the weights
    """

    weights: np.ndarray
    bias: np.ndarray
    scales: np.ndarray


def in_whole_steps(layer: Trained, floats: np.ndarray, coarse: np.ndarray, taken: Quantisation) -> WholeSteps:
    """A layer's weights and bias in whole steps.

    floats  (n, ..., in) what it takes in floats
    coarse  the same as the integers before it give it
    taken   how that is stored
    """
    flat = layer.taps.reshape(len(layer.taps), -1)
    most = np.abs(flat).max(axis=1)
    scales = (np.where(most > 0, most, 1) / MOST_WEIGHT).astype(np.float32)
    steps = scales.astype(np.float64)[:, np.newaxis]
    seen = layer.seen(coarse).reshape(-1, flat.shape[1]).astype(np.float64)
    whole = rounded_weights(flat / steps, seen)
    # What rounding adds to the mean of the sums is taken back here.
    meant = layer.seen(floats)
    meant = meant.mean(axis=tuple(range(meant.ndim - 1)))
    bias = np.rint((layer.bias + meant @ flat.T - seen.mean(axis=0) @ (whole * steps).T) / (taken.scale * steps[:, 0]))
    return WholeSteps(whole.reshape(layer.taps.shape).astype(np.int8), bias.astype(np.int32), scales)


def rounded_weights(steps: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """The whole numbers whose sums over these inputs are nearest to those of `steps`, found greedily.

    steps   (out, in) float64, weights in units of their stored step
    inputs  (n, in) float64
    Returns (out, in) float64 whole numbers, -127 to 127.
    """
    energy = inputs.T @ inputs / len(inputs)
    # No input moved at all: any solution is as good.
    energy += np.eye(len(energy)) * (DAMPING * np.diag(energy).mean() or 1.0)
    order = np.argsort(-np.diag(energy), kind="stable")
    making_up = np.linalg.cholesky(np.linalg.inv(energy[np.ix_(order, order)])).T
    left, whole = steps[:, order], np.zeros_like(steps)
    for place, column in enumerate(order):
        whole[:, column] = np.clip(np.rint(left[:, place]), -MOST_WEIGHT, MOST_WEIGHT)
        lost = (left[:, place] - whole[:, column]) / making_up[place, place]
        left[:, place:] -= np.outer(lost, making_up[place, place:])
    return whole
