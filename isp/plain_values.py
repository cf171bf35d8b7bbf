"""TOML and JSON that anybody may have written, as plain values. Standard library only.

Whatever cannot be read is a ValueError. Python's own readers also end in a RecursionError, and take tables in tables in
tables that then no message can show.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from typing import Any

# A recipe in a sidecar, the deepest file there is, has 6.
DEEPEST = 32


def read_toml(text: str) -> dict[str, Any]:
    """The tables of TOML text. Raises ValueError."""
    try:
        return _not_too_deep(tomllib.loads(text))
    except RecursionError:
        raise _too_deep() from None


def read_json(text: str | bytes, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """The value of JSON text, or of its UTF-8 bytes. Raises ValueError; `parse_constant` as json.loads has it."""
    try:
        return _not_too_deep(json.loads(text, parse_constant=parse_constant))
    except RecursionError:
        raise _too_deep() from None


def _not_too_deep(value: Any) -> Any:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _parts(outer)]
        if not level:
            return value
    raise _too_deep()


def _parts(outer: dict | list) -> Any:
    return outer.values() if isinstance(outer, dict) else outer


def _too_deep() -> ValueError:
    return ValueError(f"lists and tables lie in one another more than {DEEPEST} deep")
