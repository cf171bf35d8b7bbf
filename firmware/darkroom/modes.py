"""The modes of the camera: `configs/modes.toml`. A mode says only in which knobs it differs. Imports no numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware.errors import SettingsError
from firmware.paths import CONFIGS
from isp.errors import KnobError
from isp.plain_values import read_toml

if TYPE_CHECKING:
    from isp.pipeline import Pipeline

MODES_FILE = CONFIGS / "modes.toml"
# What sets a mode apart beside its knobs; a mode is one of these, or a photo of one frame.
KINDS = {"burst": "many frames merged", "portrait": "a blurred background", "zoom": "the middle, enlarged"}


@dataclass(frozen=True)
class Mode:
    """One way of making a photo.

    tables    the knobs that differ, by stage table
    burst     many short frames merged into one clean picture; else a photo is one frame
    portrait  what is not the subject is blurred as by a fast lens; the plain photo is kept beside it
    zoom      the middle of the frame, with the detail that many frames measured between the pixels of one
    """

    name: str
    meaning: str
    tables: Mapping[str, Mapping[str, Any]]
    burst: bool = False
    portrait: bool = False
    zoom: bool = False


def load_modes(file: Path = MODES_FILE) -> dict[str, Mode]:
    """The modes by name, in the order of the mode button. Raises SettingsError naming file and mode."""
    try:
        tables = read_toml(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}. Nightjar needs its modes; install it again.") from None
    except ValueError as error:  # TOML's and Unicode's are ValueErrors; so is that of 5000 digits
        raise SettingsError(f"{file}: not TOML: {error}.") from None
    if not tables:
        raise SettingsError(f"{file} holds no mode; it needs at least one table, such as [photo].")
    return {name: _mode(file, name, table) for name, table in tables.items()}


def choose_mode(name: str, modes: Mapping[str, Mode]) -> Mode:
    """The mode of this name. Raises SettingsError listing the modes."""
    if name not in modes:
        raise SettingsError(f"There is no mode {name!r}. Modes: {', '.join(modes)}.")
    return modes[name]


def mode_pipeline(
    mode: Mode, pictures: Mapping[str, Mapping[str, Any]], by_hand: Mapping[str, Mapping[str, Any]] | None = None
) -> Pipeline:
    """The chain of stages for this mode: the settings' look, then the mode's differences, then what was set by hand.

    pictures  stage tables of the settings (`Settings.pictures`)
    by_hand   stage tables that win over the mode: `nightjar develop --set`
    Raises KnobError naming table and key.
    """
    from isp.photo import photo_pipeline, portrait_pipeline

    tables: dict[str, dict[str, Any]] = {}
    for layer in (pictures, mode.tables, by_hand or {}):
        for table, values in layer.items():
            tables.setdefault(table, {}).update(values)
    chain = portrait_pipeline if mode.portrait else photo_pipeline
    return chain(tables, where=f"mode {mode.name}")


def check_modes(modes: Mapping[str, Mode], file: Path = MODES_FILE) -> None:
    """Refuse a mode that names a stage or knob that does not exist. Raises SettingsError."""
    for mode in modes.values():
        try:
            mode_pipeline(mode, {})
        except KnobError as error:
            raise SettingsError(f"{file}: {error}") from None


def _mode(file: Path, name: str, table: Any) -> Mode:
    if not isinstance(table, dict) or not isinstance(table.get("meaning"), str):
        raise SettingsError(f'{file}: [{name}] needs a line meaning = "..." that says what the mode is for.')
    kinds = {key: _flag(file, name, table, key, meaning) for key, meaning in KINDS.items()}
    chosen = [key for key, holds in kinds.items() if holds]
    if len(chosen) > 1:
        raise SettingsError(f"{file}: [{name}] has {' and '.join(chosen)}; a mode is one of them, or none.")
    differences = {key: value for key, value in table.items() if key not in ("meaning", *KINDS)}
    for key, value in differences.items():
        if not isinstance(value, dict):
            raise SettingsError(
                f"{file}: [{name}] has the key '{key}'. Allowed: meaning, {', '.join(KINDS)}, and stages' tables such "
                f"as [{name}.sharpen]."
            )
    return Mode(name, table["meaning"], differences, **kinds)


def _flag(file: Path, name: str, table: Mapping[str, Any], key: str, meaning: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise SettingsError(f"{file}: [{name}] has {key} = {value!r}. Allowed: true for {meaning}, or false.")
    return value
