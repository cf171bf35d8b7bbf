"""What stands out: places that are unlike the picture's borders.

Yang et al. 2013, "Saliency detection via graph-based manifold ranking". Borders are seldom the subject: each place is
ranked by how easily one gets to it from each border over places of like colour, and what is hard to get to from all
four is ranked once more from within. Differs: places are a plain grid instead of superpixels, which costs their edges
(GrabCut finds those afterwards) and makes it one small matrix; and a place may vote for itself.
"""

from __future__ import annotations

import numpy as np

from accelerators.opencv import opencv
from accelerators.subject.grids import squashed

PLACES = 24
# Pixels averaged into a place, a side: as large as the details that it should not see.
AVERAGED = 4
# Lab distance over which likeness falls to 1/e: the paper's tenth of the range.
LIKENESS = 10.0
# How far a rank travels; the paper's value.
TRAVELS = 0.99
# Places within so many steps are neighbours: the paper's neighbours of neighbours.
REACH = 2


def standing_out(picture: np.ndarray) -> np.ndarray:
    """How much each place stands out, from 0 to 1.

    picture  (H, W, 3) uint8, sRGB
    Returns (24, 24) float32, outermost places at the picture's borders. Something always stands out most: of one colour
    it is the middle, which is farthest from the borders.
    """
    ranks = _Ranks(_mean_colours(picture))
    y, x = np.divmod(np.arange(PLACES**2), PLACES)
    borders = np.stack([y == 0, y == PLACES - 1, x == 0, x == PLACES - 1])
    unlike = np.prod(1 - ranks.from_places(borders), axis=0)
    inside = unlike > unlike.mean()
    return ranks.from_places(inside[None])[0].reshape(PLACES, PLACES).astype(np.float32)


class _Ranks:
    """Ranking over a graph: who is near to whom, solved once for all questions."""

    def __init__(self, colours: np.ndarray) -> None:
        y, x = np.divmod(np.arange(PLACES**2), PLACES)
        is_border = (np.minimum(y, x) == 0) | (np.maximum(y, x) == PLACES - 1)
        linked = (abs(y[:, None] - y) <= REACH) & (abs(x[:, None] - x) <= REACH) | (is_border[:, None] & is_border)
        np.fill_diagonal(linked, False)
        apart = np.sqrt(sum((plane[:, None] - plane) ** 2 for plane in colours.T))
        weights = np.where(linked, np.exp(-apart / LIKENESS), 0)
        self._system = np.diag(weights.sum(axis=1) + 1e-6) - TRAVELS * weights

    def from_places(self, sources: np.ndarray) -> np.ndarray:
        """Rank of all places from each of (questions, places) sources, stretched to 0..1."""
        cv2 = opencv()
        # Symmetric and positive definite: a fifth of the time of a general solver.
        ranks = cv2.solve(self._system, sources.T.astype(np.float64), flags=cv2.DECOMP_CHOLESKY)[1].T
        lowest, highest = ranks.min(axis=1, keepdims=True), ranks.max(axis=1, keepdims=True)
        return (ranks - lowest) / np.maximum(highest - lowest, 1e-9)


def _mean_colours(picture: np.ndarray) -> np.ndarray:
    cv2 = opencv()
    side = PLACES * AVERAGED
    lab = cv2.cvtColor(squashed(picture, (side, side)).astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    return lab.reshape(PLACES, AVERAGED, PLACES, AVERAGED, 3).mean(axis=(1, 3)).reshape(-1, 3).astype(np.float64)
