"""Weights to whole steps, so that what is rounded off one weight is made up for by those after it.

Source: Frantar et al. 2022, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers",
sections 3.2 and 3.3, algorithm 1 without its blocks. Departs: inputs with the most energy go first, when the most are
left to make up for them.
"""

from __future__ import annotations

import numpy as np

# Stored weights keep to -127..127: the specification leaves -128 out, so that products are symmetric.
MOST_WEIGHT = 127
# Of the mean energy, added to each input's own: without it inputs that always move together have no one solution.
# The paper's value.
DAMPING = 0.01


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
