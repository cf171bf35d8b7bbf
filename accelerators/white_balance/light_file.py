"""light.json: what the judge of the light learned beside its two networks, and of which networks it was measured."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from accelerators.errors import ModelError
from accelerators.white_balance.network_file import MOST_BYTES, REPAIR
from accelerators.white_balance.posterior import LUX_KNOTS, MIRED_KNOTS
from accelerators.white_balance.tint import NUMBERS
from isp.plain_values import read_json

HASH_LETTERS = 64
# The entry that is the SHA-256 of all others.
SUM = "sha256"


@dataclass(frozen=True)
class LearnedNumbers:
    """What stands in the file.

    prior            11 rows by lux of 17 by mired, see `posterior.prior`
    clue_weight      0 to 1, how much of the two networks the clues are
    temperature      logarithms of probabilities are divided by this
    tint_weights     6, see `tint`
    tint_middle      tint of a scene that says nothing
    tint_deviation   standard deviation of the tint
    presence_sha256  of presence.tflite, in hexadecimal
    clues_sha256     of clues.tflite
    """

    prior: list[list[float]]
    clue_weight: float
    temperature: float
    tint_weights: list[float]
    tint_middle: float
    tint_deviation: float
    presence_sha256: str
    clues_sha256: str

    def __post_init__(self) -> None:
        _check_numbers("prior", self.prior, (len(LUX_KNOTS), len(MIRED_KNOTS)), -1e3, 1e3)
        _check_numbers("clue_weight", self.clue_weight, (), 0, 1)
        _check_numbers("temperature", self.temperature, (), 0.1, 10)
        _check_numbers("tint_weights", self.tint_weights, (NUMBERS,), -1e3, 1e3)
        _check_numbers("tint_middle", self.tint_middle, (), -1, 1)
        _check_numbers("tint_deviation", self.tint_deviation, (), 1e-4, 1)
        for name in ("presence_sha256", "clues_sha256"):
            written = getattr(self, name)
            if not isinstance(written, str) or len(written) != HASH_LETTERS:
                raise ModelError(f"{name} is {written!r}; it must be a SHA-256 in {HASH_LETTERS} letters.")

    def text(self) -> str:
        """The file; the same numbers make the same text."""
        return json.dumps({**asdict(self), SUM: self._sum()}, indent=1) + "\n"

    def _sum(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @classmethod
    def of(cls, entries: dict) -> LearnedNumbers:
        """The numbers of a file's entries. Raises ModelError where one is not as it was written."""
        written = entries.pop(SUM, None)
        numbers = cls(**entries)
        if written != numbers._sum():
            raise ModelError("Its numbers are not the ones that were written: their SHA-256 differs.")
        return numbers


def read_numbers(path: Path) -> LearnedNumbers:
    """The file, checked. Raises ModelError, which begins with the file's name, where it is missing or damaged."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode) or not 0 < facts.st_size <= MOST_BYTES:
            raise ModelError(f"It is no file of 1 to {MOST_BYTES} bytes.")
        entries = read_json(path.read_text(encoding="utf-8"))
        if not isinstance(entries, dict):
            raise ModelError(f"It is {type(entries).__name__}, not a table of names and numbers.")
        return LearnedNumbers.of(entries)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}). {REPAIR}") from None
    # JSON's and Unicode's errors are ValueErrors; too few or unknown entries are TypeErrors.
    except (ValueError, TypeError) as error:
        raise ModelError(f"{path} is damaged or not for this: {error} {REPAIR}") from None


def _check_numbers(name: str, written: object, shape: tuple[int, ...], least: float, most: float) -> None:
    try:
        numbers = np.asarray(written, np.float64)
    except (TypeError, ValueError, OverflowError):
        numbers = np.full((), np.nan)
    if numbers.shape != shape or not ((numbers >= least) & (numbers <= most)).all():
        size = f"{' x '.join(map(str, shape))} numbers" if shape else "a number"
        raise ModelError(f"{name} must be {size} from {least:g} to {most:g}.")
