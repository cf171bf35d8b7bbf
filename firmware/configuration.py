"""Where each setting comes from. Later wins:

    defaults < /etc/nightjar/config.toml < /etc/nightjar/config.d/*.toml < NIGHTJAR_TABLE__KEY=value
    < --set table.key=value

An unknown table or key, or a value outside its range, is refused with the file, the table and the key named. Stage
tables ([sharpen] ...) are known here by name only; `check_pictures` checks their values where numpy may be imported.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.errors import SettingsError
from firmware.paths import CONFIGS, SYSTEM_SETTINGS
from firmware.settings import TABLES, Settings
from isp.errors import KnobError
from isp.knobs import checked, knob_fields
from isp.plain_values import read_toml

EVERY_SETTING = CONFIGS / "camera.toml"
DEFAULT = "default"
COMMAND_LINE = "--set"
ENVIRONMENT_PREFIX = "NIGHTJAR_"
FOLDER_VARIABLE = "NIGHTJAR_CONFIG"

Tables = dict[str, dict[str, Any]]
# Each file's path and tables, in the order they are laid over each other.
Files = list[tuple[str, Tables]]


@dataclass(frozen=True)
class Loaded:
    """The settings, and for each "table.key" where its value came from."""

    settings: Settings
    origins: dict[str, str]

    def by_hand(self) -> Tables:
        """Stage tables that the command line named: they win over the mode."""
        named = {key for key, origin in self.origins.items() if origin == COMMAND_LINE}
        kept = {
            table: {key: value for key, value in values.items() if f"{table}.{key}" in named}
            for table, values in self.settings.pictures.items()
        }
        return {table: values for table, values in kept.items() if values}


def load(
    command_line: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
    system_folder: Path | str | None = None,
    file: Path | str | None = None,
    files: Files | None = None,
) -> Loaded:
    """Read all layers. Raises SettingsError.

    command_line   "table.key=value" texts
    environment    os.environ when None; NIGHTJAR_CONFIG names another folder than /etc/nightjar
    system_folder  wins over NIGHTJAR_CONFIG
    file           one file to read in the place of the folder's
    files          what was read already, in the place of all of them
    """
    environment = os.environ if environment is None else environment
    merged: Tables = {}
    origins: dict[str, str] = {}

    def lay(origin: str, tables: Tables) -> None:
        for table, values in check_tables(origin, tables).items():
            merged.setdefault(table, {}).update(values)
            origins.update({f"{table}.{key}": origin for key in values})

    if files is None:
        files = (
            [(str(file), read_tables(Path(file)))] if file else read_files(settings_folder(environment, system_folder))
        )
    for path, tables in files:
        lay(path, tables)
    for name, text in sorted(environment.items()):
        table, between, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
        if name.startswith(ENVIRONMENT_PREFIX) and between:
            lay(name, _one_key(name, table, key, text))
    for assignment in command_line:
        lay(COMMAND_LINE, parse_assignment(assignment))
    return Loaded(_settings(merged), _default_origins() | origins)


def settings_folder(environment: Mapping[str, str] | None = None, named: Path | str | None = None) -> Path:
    """The folder of config.toml. A folder that was named must exist; /etc/nightjar need not."""
    environment = os.environ if environment is None else environment
    chosen = named or environment.get(FOLDER_VARIABLE)
    if not chosen:
        return SYSTEM_SETTINGS
    if not Path(chosen).is_dir():
        who = "--config" if named else FOLDER_VARIABLE
        raise SettingsError(f"{who} names {chosen}, which is no folder. Name the folder that holds config.toml.")
    return Path(chosen)


def setting_files(folder: Path) -> list[Path]:
    """The folder's config.toml and config.d/*.toml, in the order they are laid over each other."""
    main = folder / "config.toml"
    return ([main] if main.exists() else []) + sorted((folder / "config.d").glob("*.toml"))


def read_files(folder: Path) -> Files:
    """What the folder's files hold. Raises SettingsError."""
    return [(str(path), read_tables(path)) for path in setting_files(folder)]


def read_tables(path: Path) -> Tables:
    """The tables of a TOML file. Raises SettingsError with the line of a syntax error."""
    try:
        return parse_tables(str(path), path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}.") from None


def parse_tables(origin: str, text: str) -> Tables:
    """The tables of TOML text. Raises SettingsError where a key stands outside every table."""
    try:
        tables = read_toml(text)
    except ValueError as error:  # TOML's own error is a ValueError; so is a number of 5000 digits
        raise SettingsError(f"{origin}: not TOML: {error}. Mend it there in an editor.") from None
    for name, value in tables.items():
        if not isinstance(value, dict):
            raise SettingsError(
                f"{origin}: the key '{name}' stands outside any table; put it below one, e.g. [camera]."
            )
    return tables


def parse_assignment(assignment: str) -> Tables:
    """The table of "table.key=value". Raises SettingsError where it has another form."""
    name, equals, text = assignment.partition("=")
    if not equals:
        raise SettingsError(f"{COMMAND_LINE}: {assignment!r} is not table.key=value, e.g. camera.backend=simulated.")
    return _one_key(COMMAND_LINE, *split_name(COMMAND_LINE, name), text.strip())


def check_tables(origin: str, tables: Tables) -> Tables:
    """The tables with every value checked; stage tables by name only. Raises SettingsError."""
    return {name: _check_table(origin, name, values) for name, values in tables.items()}


def stage_tables() -> Tables:
    """The stage tables of configs/camera.toml: their names and defaults, known without importing numpy."""
    return {name: values for name, values in read_tables(EVERY_SETTING).items() if name not in TABLES}


def measured_knobs() -> list[tuple[str, str]]:
    """(table, key) of the knobs that are measured until they are set; configs/camera.toml marks them with #~."""
    found, table = [], ""
    for line in EVERY_SETTING.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            table = line.strip("[]")
        elif line.startswith("#~ "):
            found.append((table, line.split()[1]))
    return found


def check_pictures(loaded: Loaded) -> None:
    """Check the values of the stage tables; imports numpy. Raises SettingsError naming origin, table and key."""
    for table, values in loaded.settings.pictures.items():
        for key, value in values.items():
            check_stage_key(loaded.origins[f"{table}.{key}"], table, key, value)


def check_stage_key(origin: str, table: str, key: str, value: Any) -> None:
    """Check one knob of a stage; imports numpy."""
    from isp.photo import PORTRAIT_STAGES

    knobs = [field.name for field, _ in knob_fields(PORTRAIT_STAGES[table])] if table in PORTRAIT_STAGES else []
    if key not in knobs:
        raise SettingsError(f"{origin}: [{table}] has no key '{key}'.{did_you_mean(key, knobs)}")
    try:
        PORTRAIT_STAGES[table].from_table({key: value})
    except KnobError as error:
        raise SettingsError(f"{origin}: [{table}] {str(error).partition('.')[2]}") from None


def value_from_text(origin: str, table: str, key: str, text: str) -> Any:
    """One value written as text: TOML where it reads as TOML (true, 12, 0.5, "text"), else the text itself."""
    try:
        read = read_toml(f"value = {text}")
    except ValueError:
        return text
    if list(read) != ["value"]:
        raise SettingsError(f"{origin}: the value of {table}.{key} spans several lines; give one value.")
    wants_text = table in TABLES and typing.get_type_hints(TABLES[table]).get(key) is str
    return text if wants_text and not isinstance(read["value"], str) else read["value"]


def split_name(origin: str, name: str) -> tuple[str, str]:
    """The table and the key of "table.key". Raises SettingsError where it has another form."""
    table, dot, key = name.strip().partition(".")
    if not (dot and table and key):
        raise SettingsError(f"{origin}: {name!r} is not table.key, e.g. camera.backend.")
    return table, key


def did_you_mean(found: str, allowed: list[str]) -> str:
    """The nearest right name, and all right names: the end of a refusal."""
    near = difflib.get_close_matches(found, allowed, n=1)
    guess = f" Did you mean '{near[0]}'?" if near else ""
    return f"{guess} Allowed: {', '.join(allowed)}."


def _check_table(origin: str, name: str, values: Any) -> dict[str, Any]:
    if name not in TABLES:
        stages = stage_tables()
        if name not in stages:
            raise SettingsError(f"{origin}: there is no table [{name}].{did_you_mean(name, [*TABLES, *stages])}")
        return dict(values)
    hints = typing.get_type_hints(TABLES[name])
    facts = {field.name: knob_facts for field, knob_facts in knob_fields(TABLES[name])}
    for key in values:
        if key not in facts:
            raise SettingsError(f"{origin}: [{name}] has no key '{key}'.{did_you_mean(key, list(facts))}")
    try:
        return {key: checked(key, value, hints[key], facts[key]) for key, value in values.items()}
    except KnobError as error:
        raise SettingsError(f"{origin}: [{name}] {error}") from None


def _one_key(origin: str, table: str, key: str, text: str) -> Tables:
    return {table: {key: value_from_text(origin, table, key, text)}}


def _settings(merged: Tables) -> Settings:
    tables = {name: kind(**merged.get(name, {})) for name, kind in TABLES.items()}
    pictures = {name: values for name, values in merged.items() if name not in TABLES}
    return Settings(**tables, pictures=pictures)


def _default_origins() -> dict[str, str]:
    return {f"{table}.{field.name}": DEFAULT for table, kind in TABLES.items() for field in dataclasses.fields(kind)}
