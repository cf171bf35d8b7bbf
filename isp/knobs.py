"""A setting with its default, range and meaning in one place.

    @dataclass(frozen=True)
    class Sharpen(Knobs):
        amount: float = knob(0.5, 0.0, 2.0, "0 leaves the picture alone")

Stages and the daemon's configuration tables are both made of these. This file imports no numpy: the command line reads
settings over SSH in a blink.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from isp.errors import KnobError


@dataclass(frozen=True)
class KnobFacts:
    """What `knob()` remembers beside the default."""

    meaning: str
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] | None = None

    @property
    def allowed(self) -> str:
        """The allowed values in words, for error messages and `nightjar knobs`."""
        if self.choices is not None:
            return "one of " + ", ".join(repr(choice) for choice in self.choices)
        if self.low is not None:
            return f"{self.low:.10g} to {self.high:.10g}"
        return "any"


def knob(
    default: Any,
    low: float | None = None,
    high: float | None = None,
    meaning: str = "",
    *,
    choices: tuple[Any, ...] | None = None,
) -> Any:
    """A dataclass field that carries its range and meaning. A knob whose type allows None is decided by measurement."""
    return dataclasses.field(default=default, metadata={"knob": KnobFacts(meaning, low, high, choices)})


def knob_fields(owner: type | Knobs) -> Iterator[tuple[dataclasses.Field, KnobFacts]]:
    """The knobs of a `Knobs` class in the order they were written."""
    for field in dataclasses.fields(owner):
        if "knob" in field.metadata:
            yield field, field.metadata["knob"]


class Knobs:
    """Base of frozen dataclasses made of knobs: refuses values of the wrong type or outside the range."""

    def __post_init__(self) -> None:
        hints = _types_of(type(self))
        for field, facts in knob_fields(self):
            where = f"{type(self).__name__}.{field.name}"
            value = checked(where, getattr(self, field.name), hints[field.name], facts)
            object.__setattr__(self, field.name, value)

    @classmethod
    def from_table(cls, table: Mapping[str, Any], where: str = "") -> typing.Self:
        """Build from a TOML table; `where` names the file and table in errors."""
        names = [field.name for field, _ in knob_fields(cls)]
        for key in table:
            if key not in names:
                raise KnobError(f"{where}: unknown key '{key}'. Allowed: {', '.join(names)}.")
        try:
            return cls(**table)
        except KnobError as error:
            raise KnobError(f"{where}: {error}" if where else str(error)) from None


@functools.cache
def _types_of(owner: type) -> dict[str, Any]:
    """The types of a class's fields; read once, for planning a photo makes thirty stages."""
    return typing.get_type_hints(owner)


def checked(where: str, value: Any, hint: Any, facts: KnobFacts) -> Any:
    """The value converted to the knob's type, or a KnobError that says what is allowed."""
    kinds = typing.get_args(hint) or (hint,)
    if value is None and type(None) in kinds:
        return None
    kind = next(kind for kind in kinds if kind is not type(None))
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) < 2**1024 else math.inf  # TOML and JSON know larger ones
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        raise KnobError(f"{where} = {value!r} is a {type(value).__name__}; it must be a {kind.__name__}.")
    if kind is float and not math.isfinite(value):
        raise KnobError(f"{where} = {value!r} is not a finite number; allowed: {facts.allowed}.")
    in_choices = facts.choices is None or value in facts.choices
    in_range = facts.low is None or facts.low <= value <= facts.high
    if not (in_choices and in_range):
        raise KnobError(f"{where} = {value!r} is not allowed; allowed: {facts.allowed}.")
    return value
