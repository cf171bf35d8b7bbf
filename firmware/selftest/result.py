"""What a check says: what it did, what it measured, the bar it holds that to, the verdict, and the way to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from firmware.doctor.examination import OK, PROBLEM, WARNING

SKIPPED = "skipped"
VERDICTS = (OK, WARNING, PROBLEM, SKIPPED)


@dataclass(frozen=True)
class Measured:
    """One number or fact, its unit, and the bar: `least` and `most` where there is one."""

    name: str
    value: float | str
    unit: str = ""
    least: float | None = None
    most: float | None = None

    @property
    def holds(self) -> bool:
        """Whether it is within its bar; always, without one. No number (NaN) holds no bar."""
        above = self.least is None or self.value >= self.least
        return above and (self.most is None or self.value <= self.most)

    @property
    def bar(self) -> str:
        """In words."""
        ends = [f"at least {in_digits(self.least)}" if self.least is not None else ""]
        ends += [f"at most {in_digits(self.most)}" if self.most is not None else ""]
        return ", ".join(filter(None, ends)) or "no bar"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, which has no word for what is no number."""
        value = None if self.value != self.value else self.value
        return {"name": self.name, "value": value, "unit": self.unit, "bar": self.bar, "holds": self.holds}


@dataclass(frozen=True)
class Result:
    """One check. `why` says what is amiss or why it was skipped, `mend` what to do then."""

    area: str
    title: str
    did: str
    measured: tuple[Measured, ...] = ()
    verdict: str = OK
    why: str = ""
    mend: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        plain = {key: getattr(self, key) for key in ("area", "title", "did", "verdict", "why", "mend")}
        return plain | {"measured": [item.to_dict() for item in self.measured]}


def judged(
    area: str, title: str, did: str, measured: Iterable[Measured], missed: str = WARNING, why: str = "", mend: str = ""
) -> Result:
    """A check whose verdict is what its bars say.

    missed     the verdict where a bar is missed
    why, mend  said then, beside the numbers that miss
    """
    measured = tuple(measured)
    misses = [f"{item.name}: {in_words(item.value, item.unit)} ({item.bar})" for item in measured if not item.holds]
    if not misses:
        return Result(area, title, did, measured)
    return Result(area, title, did, measured, missed, "; ".join([*misses, *filter(None, [why])]), mend)


def skipped(area: str, title: str, did: str, why: str, mend: str = "") -> Result:
    """A check that could not be made here; that is no verdict on the board."""
    return Result(area, title, did, (), SKIPPED, why, mend)


def in_words(value: float | str | None, unit: str) -> str:
    """A value with its unit; None and NaN could not be measured."""
    return "not measured" if value is None or value != value else f"{in_digits(value)} {unit}".rstrip()


def in_digits(value: float | str) -> str:
    """Whole numbers whole, others with three digits that count."""
    if isinstance(value, str | bool):
        return str(value)
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"
