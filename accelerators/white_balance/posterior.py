"""How likely each candidate is, what that makes of the temperature, and how sure it is.

Two networks, each for itself, score the candidates; the mean of the logarithms of what they hold likely is softened
until a stated 90 % region holds 90 % of photographers' scenes that neither was trained on. The answer is the median:
of all answers it is least far off on average.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelerators.white_balance.candidates import COARSE_MIRED, MIRED, Candidates

# The prior is a table, linear between these: ln (lux + 1), and mired.
LUX_KNOTS = np.linspace(1.0, 11.0, 11)
MIRED_KNOTS = np.linspace(MIRED[0], MIRED[-1], 17)
# Nobody's lux is exact, least of all behind a lens without electronics: the table is blurred by this, in ln.
LUX_BLUR = 0.3
BLUR_STEPS = np.linspace(-2.0, 2.0, 9)
BLUR_WEIGHTS = np.exp(-0.5 * BLUR_STEPS**2) / np.exp(-0.5 * BLUR_STEPS**2).sum()
# No posterior knows better: labels are cards chosen by hand.
LEAST_DEVIATION_MIRED = 4.0

# The median is taken of sharper probabilities. Lights heap at the ends of curves, where softness has one side only and
# draws the median inwards; .5 to 1 err alike on scenes not trained on, beyond 1 more, most of all in the dark.
ANSWER_TEMPERATURE = 0.7


@dataclass(frozen=True)
class Posterior:
    """probabilities (63,) of the candidates, 1 together; mired is the median; deviation_mired about it."""

    probabilities: np.ndarray
    mired: float
    deviation_mired: float


def tents(places: np.ndarray | float, knots: np.ndarray) -> np.ndarray:
    """(..., knots): weights that interpolate between evenly spaced knots."""
    away = np.abs(np.asarray(places)[..., np.newaxis] - knots) / (knots[1] - knots[0])
    return np.maximum(1.0 - away, 0.0)


# (63, 17): what each candidate has of the table's columns.
MIRED_TENTS = tents(MIRED, MIRED_KNOTS)


def lux_weights(lux: float) -> np.ndarray:
    """(11,) by which the table's rows are added up."""
    places = np.log(lux + 1.0) + LUX_BLUR * BLUR_STEPS
    return BLUR_WEIGHTS @ tents(np.clip(places, LUX_KNOTS[0], LUX_KNOTS[-1]), LUX_KNOTS)


def prior(table: np.ndarray, lux: float) -> np.ndarray:
    """(63,) what the brightness says of the candidates, natural log up to a constant. table (11, 17)"""
    return lux_weights(lux) @ table @ MIRED_TENTS.T


def log_likely(scores: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """(...) scores less a constant, so that their exponentials are 1 together; -inf where not allowed."""
    scores = np.where(allowed, scores, -np.inf)
    scores = scores - scores.max(axis=-1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))


def joined(
    presence_scores: np.ndarray,
    clue_scores: np.ndarray,
    candidates: Candidates,
    clue_weight: float,
    temperature: float,
) -> np.ndarray:
    """(63,) probabilities.

    presence_scores  (63,) with the prior added
    clue_scores      (32,)
    clue_weight      0 to 1, how much of the two the clues are
    temperature      logarithms are divided by this
    """
    known = candidates.coarse_on_curve
    between = np.interp(MIRED, COARSE_MIRED[known], clue_scores[known])
    likely = [log_likely(scores, candidates.on_curve) for scores in (presence_scores, between)]
    both = np.full(len(MIRED), -np.inf)
    possible = candidates.on_curve
    both[possible] = (1.0 - clue_weight) * likely[0][possible] + clue_weight * likely[1][possible]
    return np.exp(log_likely(both / temperature, possible))


def posterior(probabilities: np.ndarray, candidates: Candidates, temperature: float) -> Posterior:
    """The answer of these probabilities, within the ends of the curve.

    temperature  by which they were softened: the deviation is meant so, the median not
    """
    known = candidates.on_curve
    sharp = probabilities[known] ** (temperature / ANSWER_TEMPERATURE)
    held = sharp / sharp.sum()
    median = np.interp(0.5, np.cumsum(held) - 0.5 * held, MIRED[known])
    mired = float(np.clip(median, *candidates.ends))
    away = np.clip(MIRED, *candidates.ends) - mired
    deviation = float(np.sqrt(probabilities @ away**2))
    return Posterior(probabilities, mired, max(deviation, LEAST_DEVIATION_MIRED))
