"""What a photographer chose for the white balance: auto, a preset, a temperature, a grey card. Imports no numpy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from firmware.errors import WhiteBalanceError

AUTO, TEMPERATURE, CUSTOM = "auto", "temperature", "custom"
# The names of `isp.white_balance`'s knob `preset`, which cannot be asked without numpy; a test compares the two.
PRESETS = ("daylight", "cloudy", "shade", "tungsten", "fluorescent", "led", "flash")
KINDS = (AUTO, *PRESETS, TEMPERATURE, CUSTOM)
# The ranges of that stage's knobs `temperature_k` and `tint`.
LOWEST_K, HIGHEST_K = 1500.0, 15000.0
MOST_TINT = 30.0
KELVIN = re.compile(r"(\d{1,9}(?:\.\d{0,9})?) ?k?", re.IGNORECASE)


@dataclass(frozen=True)
class Choice:
    """One choice; a new one takes the place of the last.

    kind           one of KINDS
    temperature_k  of the light, with TEMPERATURE only
    tint           in percent; above 0 the light is greener than chosen, or than judged, and the picture turns pinker
    """

    kind: str = AUTO
    temperature_k: float | None = None
    tint: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise WhiteBalanceError(f"There is no white balance {self.kind!r}. {HOW_TO_CHOOSE}")
        if (self.temperature_k is not None) != (self.kind == TEMPERATURE):
            raise WhiteBalanceError(f"{self.kind} with {self.temperature_k!r} K: only a temperature has kelvins.")
        if self.temperature_k is not None and not is_within(self.temperature_k, LOWEST_K, HIGHEST_K):
            raise WhiteBalanceError(f"{self.temperature_k} K is not allowed; allowed: {LOWEST_K:g} to {HIGHEST_K:g} K.")
        if not is_within(self.tint, -MOST_TINT, MOST_TINT):
            raise WhiteBalanceError(f"A tint of {self.tint} is not allowed; allowed: -{MOST_TINT:g} to {MOST_TINT:g}.")

    @classmethod
    def of_words(cls, words: str, tint: float = 0.0) -> Choice:
        """ "tungsten", "4200K" or "4200". Raises WhiteBalanceError saying what there is."""
        kelvin = KELVIN.fullmatch(words.strip())
        if kelvin:
            return cls(TEMPERATURE, float(kelvin[1]), tint)
        kind = words.strip().lower()
        if kind == TEMPERATURE:
            raise WhiteBalanceError("Which temperature? For example: nightjar wb 4200K")
        return cls(kind, tint=tint)

    @classmethod
    def from_dict(cls, stored: Any) -> Choice:
        """The choice that `to_dict` described. Raises WhiteBalanceError for what is none."""
        if not isinstance(stored, Mapping) or set(stored) != {"kind", "temperature_k", "tint"}:
            raise WhiteBalanceError(f"{stored!r} is no choice of a white balance.")
        return cls(**stored)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"kind": self.kind, "temperature_k": self.temperature_k, "tint": self.tint}

    @property
    def in_words(self) -> str:
        """As a photographer says it."""
        named = f"{self.temperature_k:.0f} K" if self.kind == TEMPERATURE else self.kind
        if self.kind == CUSTOM:
            named = "custom (a grey card)"
        return f"{named}, tint {self.tint:+g}" if self.tint else named


HOW_TO_CHOOSE = (
    f"Choose {AUTO}, {', '.join(PRESETS)}, {CUSTOM}, or a temperature such as 4200K. Other words: lock, unlock, reset."
)


def is_within(value: Any, low: float, high: float) -> bool:
    """Whether what was stored or asked for is a number of this range."""
    is_number = isinstance(value, float | int) and not isinstance(value, bool)
    return is_number and low <= value <= high  # NaN is not
