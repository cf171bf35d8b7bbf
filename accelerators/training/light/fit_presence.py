"""The filter that finds the light in histograms of present colours, and what brightness alone says: one convex problem.

Source: Barron and Tsai 2017 (FFCC), section 2: logistic regression over the candidates, a filter that is held smooth.
We depart in labels that are a little uncertain, and in a prior that is a smooth table of lux and temperature, held to
nothing else. Being convex, the problem has one answer, whatever the seed.
"""

from __future__ import annotations

import numpy as np

from accelerators.training.layers import Layer
from accelerators.training.light.examples import Examples
from accelerators.white_balance.candidates import MIRED
from accelerators.white_balance.posterior import LUX_KNOTS, MIRED_KNOTS, MIRED_TENTS, lux_weights
from accelerators.white_balance.presence import BINS, FEATURES, KINDS

# A person who compares cards is unsure by about this; 4 and 6 did as well.
LABEL_MIRED = 5.0
# Weights of a small filter, of a smooth one, and of a smooth prior. Neighbours by a factor of 2 are as good.
SMALL, SMOOTH, SMOOTH_PRIOR = 5e-4, 2e-3, 1e-4
# The prior's level is free, for it means nothing; this keeps it near 0.
LEVEL = 0.03
STEPS, MEMORY = 60, 15
# A label outside a mask would cost without end.
LEAST_LOG = -60.0
FORBIDDEN = -1e4


def fit_presence(examples: Examples) -> tuple[list[Layer], np.ndarray]:
    """The filter as a network of one layer, and the prior (11, 17): a row for each of LUX_KNOTS."""
    import torch

    torch.set_num_threads(1)  # more would add in another order, and other weights come out

    def floats(array: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(np.asarray(array, np.float32))

    present, closed = floats(examples.presence), floats(np.where(examples.on_curve, 0.0, FORBIDDEN))
    rows = floats(np.stack([lux_weights(lux) for lux in examples.lux]))
    away = floats(MIRED) - floats(examples.mired)[:, None]
    wanted = torch.softmax(-0.5 * (away / LABEL_MIRED) ** 2 + closed, 1)
    of_candidate = floats(MIRED_TENTS).T
    kernel = torch.zeros(FEATURES, requires_grad=True)
    table = torch.zeros(len(LUX_KNOTS), len(MIRED_KNOTS), requires_grad=True)
    search = torch.optim.LBFGS([kernel, table], max_iter=STEPS, history_size=MEMORY, line_search_fn="strong_wolfe")

    def cost() -> torch.Tensor:
        search.zero_grad()
        likely = torch.log_softmax(present @ kernel + rows @ table @ of_candidate + closed, 1).clamp(min=LEAST_LOG)
        missed = -(wanted * likely).sum(1).mean()
        total = missed + _roughness(kernel.view(KINDS, BINS, BINS)) + SMOOTH_PRIOR * _bends(table)
        total.backward()
        return total

    search.step(cost)
    weights = kernel.detach().numpy()[np.newaxis]
    return [Layer(weights, np.zeros(1, np.float32), relu=False)], table.detach().numpy().astype(np.float64)


def _roughness(filters):
    steps = [filters.diff(dim=axis).pow(2).sum() for axis in (1, 2)]
    return SMALL * filters.pow(2).sum() + SMOOTH * sum(steps)


def _bends(table):
    return table.diff(n=2, dim=1).pow(2).sum() + table.diff(dim=0).pow(2).sum() + LEVEL * table.pow(2).sum()
