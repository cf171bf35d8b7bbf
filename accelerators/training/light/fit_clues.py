"""The small network that weighs the clues: the same for every candidate, trained to single out the true one.

Several are trained from different starts and joined: their mean is steadier than any.
"""

from __future__ import annotations

import functools
import itertools
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from accelerators.training.joining import joined
from accelerators.training.layers import Layer
from accelerators.training.light.examples import Examples
from accelerators.white_balance.candidates import COARSE_MIRED

HIDDEN = (64, 64)
# Six seeds were no better on held-out pictures than two, and each makes the file larger.
SEEDS = (0, 1)
CORES = 2
EPOCHS, BATCH, RATE, DECAY = 15, 128, 3e-3, 1e-2
# On the clues, each of spread 1, and the share of hidden answers left out: against learning pictures by heart.
NOISE, LEFT_OUT = 0.1, 0.1
LABEL_MIRED = 6.0
# Of the expected error in mired, beside the logarithm of the truth's probability.
ERROR_WEIGHT = 0.1
# Added to a clue's spread, so that one that hardly changes does not become loud.
LEAST_SPREAD = 0.02
FORBIDDEN = -30.0


def fit_clues(examples: Examples, seeds: Sequence[int] = SEEDS) -> list[Layer]:
    """The joined networks of these seeds."""
    versions = examples.clues.shape[1]
    clues = examples.clues.reshape(-1, *examples.clues.shape[2:]).astype(np.float32)
    mean, spread = clues.mean(axis=(0, 1)), clues.std(axis=(0, 1)) + LEAST_SPREAD
    truth = examples.clues_mired.ravel(), examples.clues_curve.reshape(-1, len(COARSE_MIRED))
    counts = np.repeat(examples.weights, versions)
    fit = functools.partial(_fit, (clues - mean) / spread, *truth, counts)
    # A network is trained by one core, for whose sums the order is always the same; two train beside each other.
    with ProcessPoolExecutor(CORES, multiprocessing.get_context("spawn")) as cores:
        networks = list(cores.map(fit, seeds))
    return joined([_for_plain(network, mean, spread) for network in networks])


def _fit(clues: np.ndarray, mired: np.ndarray, on_curve: np.ndarray, counts: np.ndarray, seed: int) -> list[Layer]:
    import torch
    from torch import nn

    torch.set_num_threads(1)  # more would add in another order, and other weights come out
    torch.manual_seed(seed)
    sizes = (clues.shape[-1], *HIDDEN)
    hidden = [part for pair in itertools.pairwise(sizes) for part in _hidden(*pair)]
    network = nn.Sequential(*hidden, nn.Linear(sizes[-1], 1))
    steps = EPOCHS * -(-len(clues) // BATCH)
    search = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(search, RATE, total_steps=steps)
    x, truth, possible, weight = (torch.as_tensor(array) for array in (clues, mired, on_curve, counts))
    away = (torch.tensor(COARSE_MIRED, dtype=torch.float32) - truth[:, None]).abs()
    wanted = torch.exp(-0.5 * (away / LABEL_MIRED) ** 2) * possible + 1e-9
    wanted = wanted / wanted.sum(-1, keepdim=True)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x)).split(BATCH):
            noisy = x[batch] + NOISE * torch.randn(len(batch), 1, x.shape[-1])
            likely = network(noisy).squeeze(-1).masked_fill(~possible[batch], FORBIDDEN).log_softmax(-1)
            missed = -(wanted[batch] * likely).sum(-1) + ERROR_WEIGHT * (likely.exp() * away[batch]).sum(-1)
            search.zero_grad()
            ((missed * weight[batch]).sum() / weight[batch].sum()).backward()
            search.step()
            schedule.step()
    linear = [part for part in network if isinstance(part, nn.Linear)]
    weights = [(part.weight.detach().numpy().copy(), part.bias.detach().numpy().copy()) for part in linear]
    return [Layer(kernel, bias, relu=rank < len(linear) - 1) for rank, (kernel, bias) in enumerate(weights)]


def _hidden(before: int, after: int) -> list:
    from torch import nn

    return [nn.Linear(before, after), nn.ReLU(), nn.Dropout(LEFT_OUT)]


def _for_plain(network: list[Layer], mean: np.ndarray, spread: np.ndarray) -> list[Layer]:
    """The same network for clues that are not brought to mean 0 and spread 1."""
    first = network[0]
    weights = first.weights / spread
    return [
        Layer(weights.astype(np.float32), (first.bias - weights @ mean).astype(np.float32), first.relu),
        *network[1:],
    ]
