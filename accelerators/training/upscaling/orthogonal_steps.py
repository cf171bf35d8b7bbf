"""Steps of training that move all directions of a layer alike, so that a few minutes of training are enough.

Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks": the momentum of a layer's
weights, as a matrix, is replaced by the nearest one whose singular values are alike, by a Newton-Schulz iteration. The
last layer and all biases are left to Adam (Kingma and Ba 2015).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

MOMENTUM = 0.95
# Jordan's: five rounds bring singular values between a thousandth and one to 0.7 to 1.2.
ROUNDS, FIRST, THIRD, FIFTH = 5, 3.4445, -4.7750, 2.0315
# A step's length in orthogonal matrices beside Adam's in single weights; 5 learns slower.
BESIDE_ADAM = 10.0
ADAM_BETAS = (0.9, 0.99)


class OrthogonalSteps:
    """Updates weights (out, ...) by orthogonal steps and the other parameters by Adam."""

    def __init__(self, weights: Sequence[torch.Tensor], others: Sequence[torch.Tensor]) -> None:
        self._weights = list(weights)
        self._momenta = [torch.zeros_like(weight) for weight in weights]
        self._adam = torch.optim.Adam(others, lr=0.0, betas=ADAM_BETAS)

    def step(self, rate: float) -> None:
        """One step by the gradients that are there, which are forgotten then. `rate`: as for Adam."""
        for group in self._adam.param_groups:
            group["lr"] = rate
        self._adam.step()
        self._adam.zero_grad(set_to_none=True)
        with torch.no_grad():
            for weight, momentum in zip(self._weights, self._momenta, strict=True):
                momentum.mul_(MOMENTUM).add_(weight.grad)
                ahead = weight.grad + MOMENTUM * momentum
                weight -= BESIDE_ADAM * rate * orthogonal(ahead.reshape(len(weight), -1)).reshape(weight.shape)
                weight.grad = None


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """(rows, columns): the same directions, all of about the same length."""
    if matrix.shape[0] > matrix.shape[1]:
        return orthogonal(matrix.T).T
    made = matrix / (matrix.norm() + 1e-12)
    for _ in range(ROUNDS):
        squared = made @ made.T
        made = FIRST * made + (THIRD * squared + FIFTH * squared @ squared) @ made
    return made
