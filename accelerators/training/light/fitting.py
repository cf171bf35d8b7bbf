"""One training: from examples to the three files that a judge reads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from accelerators.training.int8_file import write_int8
from accelerators.training.layers import Layer
from accelerators.training.light.examples import Examples
from accelerators.training.light.fit_clues import fit_clues
from accelerators.training.light.fit_presence import fit_presence
from accelerators.training.light.fit_tint import Tint
from accelerators.white_balance.judge import CLUES_FILE, NUMBERS, PRESENCE
from accelerators.white_balance.light_file import LearnedNumbers
from accelerators.white_balance.tint import NUMBERS as TINT_NUMBERS

# .2 to .4 are as good on labelled pictures within .1 mired; a blue sky that fills the picture is judged better by less.
CLUE_WEIGHT = 0.25
# Pictures shown when ranges are taken for int8: every so many of the examples; with copies for the clues.
SAMPLE_EVERY_PRESENCE, SAMPLE_EVERY_CLUES = 3, 9
# Until it is measured on simulated scenes.
NO_TINT = {"tint_weights": [0.0] * TINT_NUMBERS, "tint_middle": 0.0, "tint_deviation": 0.03}
DECIMALS = 6


@dataclass(frozen=True)
class Trained:
    """Layers of both networks, what they are shown when rounded to int8, and the prior (11, 17)."""

    presence: list[Layer]
    clues: list[Layer]
    prior: np.ndarray
    presence_samples: np.ndarray
    clue_samples: np.ndarray

    def write(self, folder: Path, temperature: float = 1.0) -> None:
        """The networks and the numbers; tint is none yet."""
        write_int8(folder / PRESENCE, self.presence, self.presence_samples, "light by the colours that are present")
        write_int8(folder / CLUES_FILE, self.clues, self.clue_samples, "light by clues")
        sums = [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (PRESENCE, CLUES_FILE)]
        table = np.round(self.prior, DECIMALS).tolist()
        write_numbers(folder, LearnedNumbers(table, CLUE_WEIGHT, temperature, **NO_TINT, **_named(sums)))


def trained(examples: Examples) -> Trained:
    """Both networks, trained on all of these examples."""
    presence, prior = fit_presence(examples)
    versions = examples.clues.reshape(-1, *examples.clues.shape[2:])
    return Trained(
        presence,
        fit_clues(examples),
        prior,
        examples.presence[::SAMPLE_EVERY_PRESENCE].astype(np.float32),
        versions[::SAMPLE_EVERY_CLUES].astype(np.float32),
    )


def write_numbers(folder: Path, numbers: LearnedNumbers) -> None:
    """light.json."""
    (folder / NUMBERS).write_text(numbers.text(), encoding="utf-8")


def with_tint(numbers: LearnedNumbers, tint: Tint) -> LearnedNumbers:
    """The same numbers with this tint."""
    return replace(
        numbers,
        tint_weights=np.round(tint.weights, DECIMALS).tolist(),
        tint_middle=round(tint.middle, DECIMALS),
        tint_deviation=round(tint.deviation, DECIMALS),
    )


def _named(sums: list[str]) -> dict[str, str]:
    return dict(zip(("presence_sha256", "clues_sha256"), sums, strict=True))
