"""By how much the judge must doubt itself: its 90 % region shall hold 90 % of the truths of new photographers.

Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2 (temperature scaling). We depart in
what is asked for: the share of truths within the stated region, not the likelihood.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from accelerators.white_balance.candidates import Candidates
from accelerators.white_balance.posterior import joined, posterior
from isp.light_estimate import WITHIN_90

# A little more than is asked: this is chosen on pictures on which the form was chosen too.
WANTED = 0.915
TEMPERATURES = np.arange(1.0, 2.01, 0.02)


@dataclass(frozen=True)
class Scored:
    """What the two networks of a fold say of a picture they have not seen: presence with the prior added."""

    presence: np.ndarray
    clues: np.ndarray
    candidates: Candidates
    mired: float


def softened(scored: Sequence[Scored], clue_weight: float) -> float:
    """The least temperature at which the 90 % regions hold that share of the truths; the last where none does."""
    # The softer, the wider the regions: the search may halve.
    place = bisect.bisect_left(TEMPERATURES, WANTED, key=lambda softer: _inside(scored, clue_weight, softer))
    return round(float(TEMPERATURES[min(place, len(TEMPERATURES) - 1)]), 2)


def _inside(scored: Sequence[Scored], clue_weight: float, temperature: float) -> float:
    answers = [
        posterior(
            joined(one.presence, one.clues, one.candidates, clue_weight, temperature), one.candidates, temperature
        )
        for one in scored
    ]
    away = [abs(answer.mired - one.mired) for answer, one in zip(answers, scored, strict=True)]
    return float(
        np.mean([far <= WITHIN_90 * answer.deviation_mired for far, answer in zip(away, answers, strict=True)])
    )
