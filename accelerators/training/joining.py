"""Several networks in one file: what an ensemble says, at the price of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from accelerators.errors import ModelError
from accelerators.training.layers import Layer


def joined(networks: Sequence[Sequence[Layer]]) -> list[Layer]:
    """Networks of one form that take the same features, as one whose scores are the mean of theirs.

    The mean of scores stands for the geometric mean of the distributions. Raises ModelError where forms differ.
    """
    forms = {tuple((layer.taps.shape[1], layer.relu) for layer in network) for network in networks}
    if len(forms) != 1 or forms == {()} or any(network[-1].relu for network in networks):
        raise ModelError(
            f"Networks of {len(forms)} forms cannot be joined: layers, taps and RELU must be alike, no RELU last."
        )
    ranks = list(zip(*networks, strict=True))
    if len(ranks) == 1:
        return [_averaged(ranks[0])]
    return [_stacked(ranks[0]), *(_side_by_side(rank) for rank in ranks[1:-1]), _summed(ranks[-1])]


def _stacked(rank: Sequence[Layer]) -> Layer:
    """All look at the same features."""
    return replace(
        rank[0],
        weights=np.concatenate([layer.taps for layer in rank]).astype(np.float32),
        bias=np.concatenate([layer.bias for layer in rank]),
    )


def _side_by_side(rank: Sequence[Layer]) -> Layer:
    """Each looks at what its own network said before, and at nobody else's."""
    outputs, inputs = (np.cumsum([0, *(layer.taps.shape[axis] for layer in rank)]) for axis in (0, 2))
    weights = np.zeros((outputs[-1], rank[0].taps.shape[1], inputs[-1]), np.float32)
    for number, layer in enumerate(rank):
        weights[outputs[number] : outputs[number + 1], :, inputs[number] : inputs[number + 1]] = layer.taps
    return replace(rank[0], weights=weights, bias=np.concatenate([layer.bias for layer in rank]))


def _summed(rank: Sequence[Layer]) -> Layer:
    return replace(
        rank[0],
        weights=(np.concatenate([layer.taps for layer in rank], axis=2) / len(rank)).astype(np.float32),
        bias=np.mean([layer.bias for layer in rank], axis=0),
    )


def _averaged(rank: Sequence[Layer]) -> Layer:
    return replace(
        rank[0],
        weights=np.mean([layer.taps for layer in rank], axis=0).astype(np.float32),
        bias=np.mean([layer.bias for layer in rank], axis=0),
    )
