"""The facts of a shot as they stand in files (DNG, sidecar, TOML), checked before they are believed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from isp.errors import FrameError
from isp.frames import Shot

WHOLE = ("timestamp_ns", "wall_time_ns", "frames")
NUMBERS = ("white_dn", "exposure_us", "analogue_gain", "temperature_k", "lens_position", "lux")
LISTS = {"black_dn": 4, "field_of_view": 4, "colour_gains": 2}
FLAGS = ("hflip", "vflip")
WORDS = ("sensor", "bayer")
FACTS = tuple(item.name for item in dataclasses.fields(Shot))
REQUIRED = tuple(item.name for item in dataclasses.fields(Shot) if item.default is dataclasses.MISSING)
LARGEST_WHOLE = 2**63
OPTIONAL = tuple(item.name for item in dataclasses.fields(Shot) if item.default is None)


def shot_from_facts(facts: Mapping[str, Any]) -> Shot:
    """The Shot that these facts describe. Raises FrameError naming the fact that is missing, unknown or malformed."""
    if not isinstance(facts, Mapping):
        raise FrameError(f"The facts of a shot are a {type(facts).__name__}; they must be a table.")
    missing = [name for name in REQUIRED if name not in facts]
    if missing:
        raise FrameError(f"A shot lacks facts: {', '.join(missing)}.")
    for name, value in facts.items():
        expected = _expectation(name, value)
        if expected:
            raise FrameError(f"{name} = {value!r}; it must be {expected}.")
    try:
        return Shot.from_dict(dict(facts))
    except TypeError as error:
        raise FrameError(f"The facts of a shot are malformed: {error}.") from None


def facts_to_json(facts: Any, **layout: Any) -> bytes:
    """Deterministic JSON: keys sorted, ASCII only, every float exactly as it is."""
    return json.dumps(facts, sort_keys=True, ensure_ascii=True, default=_plain_number, **layout).encode()


def _expectation(name: str, value: Any) -> str | None:
    """What the fact should have been, or None if it is well-formed."""
    if value is None and (name in OPTIONAL or name in ("exposure_us", "analogue_gain", "noise")):
        return None
    if name in WHOLE and (not isinstance(value, int) or isinstance(value, bool)):
        return "a whole number"
    if name in NUMBERS and not _is_number(value):
        return "a number"
    if name in FLAGS and not isinstance(value, bool):
        return "true or false"
    if name in WORDS and not isinstance(value, str):
        return "text"
    if name in LISTS and not (
        isinstance(value, list | tuple) and len(value) == LISTS[name] and all(map(_is_number, value))
    ):
        return f"a list of {LISTS[name]} numbers"
    if name == "noise" and not (isinstance(value, Mapping) and set(value) == {"shot", "read"}):
        return "a table of shot and read"
    return None


def _is_number(value: Any) -> bool:
    # A whole number in a file can be larger than any float.
    return isinstance(value, float) or (
        isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_WHOLE
    )


def _plain_number(value: Any) -> Any:
    """numpy's scalars, which cameras hand over, as Python's; a float32 becomes the float64 of the same value."""
    return value.item()
