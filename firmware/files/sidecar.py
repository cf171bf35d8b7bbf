"""The sidecar: what was measured, the recipe and the numbers of one photo, as JSON beside it.

The recipe on the photo's DNG gives the photo's JPEG again, byte for byte. Keys are sorted and floats exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firmware.errors import SidecarError
from firmware.files.shot_facts import facts_to_json, shot_from_facts
from firmware.portrait import entry as of_portrait
from firmware.version import VERSION
from firmware.white_balance.story import light_of
from firmware.zoom import entry as of_zoom
from isp.errors import FrameError
from isp.frames import Photo, Shot
from isp.plain_values import read_json

FORMAT = 1
# A recipe holds shading tables of up to 3 x 32 x 32 numbers; a thousand times that is not one of ours.
LARGEST_BYTES = 16_000_000


@dataclass(frozen=True)
class Sidecar:
    """What a sidecar tells; `recipe` is for `Pipeline.from_dict`, `burst` is None for a photo of one frame, `portrait`
    for one of which nothing was to be blurred, `zoom` for one that was not to be zoomed."""

    shot: Shot
    recipe: list[dict[str, Any]]
    jpeg_quality: int
    mode: str
    numbers: dict[str, Any]
    software: str
    burst: dict[str, Any] | None = None
    portrait: dict[str, Any] | None = None
    zoom: dict[str, Any] | None = None


def encode_sidecar(
    photo: Photo,
    numbers: Mapping[str, Any],
    jpeg_quality: int,
    mode: str,
    burst: Mapping[str, Any] | None = None,
    portrait: Mapping[str, Any] | None = None,
    zoom: Mapping[str, Any] | None = None,
) -> bytes:
    """The file. `burst` says what a photo of many frames was made of, `portrait` what was blurred, or why nothing was,
    `zoom` how far it was zoomed, and by what.

    How the light was found, and how sure that is, the photo's own recipe says.
    Raises SidecarError for a photo without recipe.
    """
    if photo.recipe is None:
        raise SidecarError("The photo came without its recipe; a sidecar is there to keep it.")
    facts = {
        "format": FORMAT,
        "software": f"Nightjar {VERSION}",
        "shot": photo.shot.to_dict(),
        "recipe": photo.recipe.to_dict(),
        "jpeg_quality": jpeg_quality,
        "mode": mode,
        "numbers": {**numbers, **merge_numbers(photo)},
    }
    stories = {"white_balance": light_of(photo.recipe), "burst": burst, "portrait": portrait, "zoom": zoom}
    facts |= {name: dict(told) for name, told in stories.items() if told is not None}
    return facts_to_json(facts, indent=1) + b"\n"


def merge_numbers(photo: Photo) -> dict[str, Any]:
    """What a merge came to, for the sidecar's numbers; nothing for a single exposure."""
    behind = photo.frames_behind
    if behind is None:
        return {}
    few = float(np.mean(behind < photo.shot.frames / 2))
    return {
        "frames_merged": photo.shot.frames,
        "frames_behind_median": round(float(np.median(behind)), 2),
        "frames_behind_least": round(float(behind.min()), 2),
        "share_with_less_than_half": round(few, 4),
    }


def read_sidecar(path: Path | str) -> Sidecar:
    """The sidecar in this file. Raises SidecarError naming what is wrong with it."""
    path = Path(path)
    stored = _read_json(path)
    if stored.get("format") != FORMAT:
        raise SidecarError(
            f"{path} has format {stored.get('format')!r}; this version reads {FORMAT}. Is it a sidecar of Nightjar?"
        )
    kinds = {"recipe": list, "jpeg_quality": int, "mode": str, "numbers": dict, "software": str}
    for name, kind in kinds.items():
        if not isinstance(stored.get(name), kind):
            raise SidecarError(f"{path}: {name} is {stored.get(name)!r}; it must be a {kind.__name__}.")
    told = {name: stored.get(name) for name in ("burst", "portrait", "zoom")}
    for name, value in told.items():
        if not isinstance(value, dict | None):
            raise SidecarError(f"{path}: {name} is {value!r}; it must be a dict, or not be there.")
    for name, entries in {"portrait": of_portrait, "zoom": of_zoom}.items():
        if told[name] is not None and (fault := entries.fault_of(told[name])):
            raise SidecarError(f"{path}: {fault}")
    if not 1 <= stored["jpeg_quality"] <= 100:
        raise SidecarError(f"{path}: jpeg_quality is {stored['jpeg_quality']}; allowed: 1 to 100.")
    try:
        shot = shot_from_facts(stored.get("shot"))
    except FrameError as error:
        raise SidecarError(f"{path}: {error}") from error
    return Sidecar(shot=shot, **told, **{name: stored[name] for name in kinds})


def _read_json(path: Path) -> dict[str, Any]:
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise SidecarError(f"{path} has {size} bytes; a sidecar has at most {LARGEST_BYTES}.")
        stored = read_json(path.read_bytes())
    except OSError as error:
        raise SidecarError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # json's and Unicode's errors are ValueErrors
        if isinstance(error, SidecarError):
            raise
        raise SidecarError(f"{path} is not JSON: {error}.") from None
    if not isinstance(stored, dict):
        raise SidecarError(f"{path} holds a {type(stored).__name__}; a sidecar is a table of facts.")
    return stored
