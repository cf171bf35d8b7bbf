"""Headerless raw: little-endian uint16, row by row, with a small TOML of facts of the same stem beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from firmware.errors import RawFileError
from firmware.files.shot_facts import FACTS, shot_from_facts
from isp.frames import RawFrame
from isp.plain_values import read_toml

NEEDED = ("width", "height", "bayer", "black_dn", "white_dn", "sensor")
ALLOWED = (*NEEDED, *(name for name in FACTS if name not in NEEDED))
LONGEST_SIDE_PX = 100_000
# Facts that a Shot must hold and that a lone raw file seldom has; 0 marks a clock that is not known.
UNSTATED: dict[str, Any] = {
    "exposure_us": None,
    "analogue_gain": None,
    "noise": None,
    "timestamp_ns": 0,
    "wall_time_ns": 0,
}


def read_headerless(path: Path) -> RawFrame:
    """The frame in a .raw file. Raises RawFileError, and FrameError for a fact that is malformed."""
    facts = _read_facts(path)
    width, height = facts.pop("width"), facts.pop("height")
    if not isinstance(facts["black_dn"], list):
        facts["black_dn"] = [facts["black_dn"]] * 4
    shot = shot_from_facts(UNSTATED | facts)
    size, expected = path.stat().st_size, 2 * width * height
    if size != expected:
        raise RawFileError(
            f"{path} holds {size} bytes; {width} x {height} pixels of 16 bits are {expected}. "
            f"Correct width and height in {path.with_suffix('.toml').name}, or copy the file again."
        )
    pixels = np.fromfile(path, dtype="<u2").reshape(height, width)
    return RawFrame(pixels.astype(np.uint16, copy=False), shot)


def _read_facts(path: Path) -> dict[str, Any]:
    beside = path.with_suffix(".toml")
    if not beside.is_file():
        raise RawFileError(f"{path} needs its facts in {beside.name} beside it: {', '.join(NEEDED)}.")
    try:
        facts = read_toml(beside.read_text(encoding="utf-8"))
    except ValueError as error:  # TOML's, Unicode's and a number of 5000 digits are ValueErrors
        raise RawFileError(f"{beside} is not TOML: {error}.") from None
    unknown = [key for key in facts if key not in ALLOWED]
    if unknown:
        raise RawFileError(f"{beside}: unknown key '{unknown[0]}'. Allowed: {', '.join(ALLOWED)}.")
    missing = [key for key in NEEDED if key not in facts]
    if missing:
        raise RawFileError(f"{beside} lacks {', '.join(missing)}.")
    for key in ("width", "height"):
        if isinstance(facts[key], bool) or not isinstance(facts[key], int) or not 2 <= facts[key] <= LONGEST_SIDE_PX:
            raise RawFileError(
                f"{beside}: {key} = {facts[key]!r}; it must be a whole number of pixels, 2 to {LONGEST_SIDE_PX}."
            )
    return facts
