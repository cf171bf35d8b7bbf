"""One training: from pictures to layers of floats. One thread, so that the same pictures give the same weights."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from accelerators.training.layers import Filter
from accelerators.training.upscaling.drawings import drawings
from accelerators.training.upscaling.form import HALO_PX
from accelerators.training.upscaling.network import Network, Projection
from accelerators.training.upscaling.orthogonal_steps import OrthogonalSteps
from accelerators.training.upscaling.patches import DRAWINGS, Patches
from isp.zoom.projection import FACTOR, WHITE, enlarged_twice

SEED = 20
PIECES, PIECE_PX = 8, 64  # a step; pixels of the small picture for which there is an answer
# The rate rises over so many steps, then falls along half a cosine to a hundredth.
HIGHEST_RATE, WARM_UP_STEPS, LAST_PART = 2e-3, 100, 0.01
# Weights are averaged over about the last thousand steps (Polyak and Juditsky 1992).
AVERAGING = 0.999
# Of the errors of an enlargement, added to all: a flat piece has no say. Two levels of 8 bits.
LEAST_ERROR = 2 / WHITE
TOLD_EVERY = 500


def fitted(photographs: Sequence[np.ndarray], steps: int, name: str) -> list[Filter]:
    """The layers of a network, trained on these pictures and on drawings.

    photographs  (H, W) uint8 luma
    steps        of training
    name         what is trained, for the lines that tell how far it is
    """
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    network, projection = Network(), Projection(PIECE_PX)
    patches = Patches(photographs, drawings(DRAWINGS, SEED), SEED)
    averaged = [parameter.detach().clone() for parameter in network.parameters()]
    stepper = OrthogonalSteps(network.hidden_weights, network.other_parameters)
    told = 0.0
    for step in range(steps):
        shown, enlarged, truth = _examples(patches)
        measured = shown[..., HALO_PX:-HALO_PX, HALO_PX:-HALO_PX]
        loss = _loss(projection(enlarged + network(shown), measured) - truth, enlarged - truth)
        loss.backward()
        stepper.step(_rate(step, steps))
        _average(averaged, list(network.parameters()), step)
        told += loss.item() * WHITE
        if (step + 1) % TOLD_EVERY == 0:
            print(f"{name}: step {step + 1} of {steps}, {told / TOLD_EVERY:.3f} levels", flush=True)
            told = 0.0
    with torch.no_grad():
        for parameter, mean in zip(network.parameters(), averaged, strict=True):
            parameter.copy_(mean)
    return network.layers()


def _loss(errors: torch.Tensor, of_enlargement: torch.Tensor) -> torch.Tensor:
    """Squares, each piece's as parts of the enlargement's error.

    Squares lead to the mean of what may be there: a stroke of a letter that cannot be known is left undecided. Absolute
    differences lead to the likelier of two strokes, and "region" was read "rogion". Undivided, the squares of a few
    pieces of high contrast would outweigh all others.
    """
    expected = torch.sqrt(of_enlargement.square().mean(dim=(1, 2, 3)) + LEAST_ERROR**2)
    return (errors.square().mean(dim=(1, 2, 3)) / expected).mean()


def _examples(patches: Patches) -> list[torch.Tensor]:
    """0 to 1: small pieces; of what the network answers for, their bicubic enlargements; and the truth."""
    shown, truth = patches.drawn(PIECES, PIECE_PX + 2 * HALO_PX)
    enlarged = np.moveaxis(enlarged_twice(np.ascontiguousarray(np.moveaxis(shown, 0, -1)), 1), -1, 0)
    inner = slice(FACTOR * HALO_PX, -FACTOR * HALO_PX)
    return [_tensor(pieces) for pieces in (shown, enlarged[:, inner, inner], truth[:, inner, inner])]


def _tensor(pieces: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(pieces, np.float32) / np.float32(WHITE)).unsqueeze(1)


def _rate(step: int, steps: int) -> float:
    falling = LAST_PART + (1 - LAST_PART) * (1 + math.cos(math.pi * step / steps)) / 2
    return HIGHEST_RATE * falling * min(1.0, (step + 1) / WARM_UP_STEPS)


def _average(averaged: list[torch.Tensor], now: list[torch.Tensor], step: int) -> None:
    """A mean that at first forgets fast."""
    kept = min(AVERAGING, step / (step + 10))
    with torch.no_grad():
        torch._foreach_mul_(averaged, kept)
        torch._foreach_add_(averaged, now, alpha=1 - kept)
