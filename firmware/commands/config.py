"""Get, set or show settings, and where each value comes from; have the running camera read them anew."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from firmware.configuration import (
    DEFAULT,
    Loaded,
    did_you_mean,
    load,
    measured_knobs,
    settings_folder,
    split_name,
    stage_tables,
)
from firmware.console import UsageError, answer, coloured, columns, note
from firmware.errors import SettingsError
from firmware.settings import TABLES

# How many words each action takes, at least and at most, and which.
WORDS_OF = {
    "get": (1, 1, "one TABLE.KEY"),
    "set": (2, 2, "TABLE.KEY and VALUE"),
    "show": (0, 1, "at most one TABLE"),
    "reload": (0, 0, "nothing more"),
}
# Reading the settings anew builds every mode's pipeline.
RELOAD_LIMIT_S = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`get NAME`, `set NAME VALUE`, `show [TABLE]`, `reload`."""
    parser.usage = "nightjar config get TABLE.KEY | set TABLE.KEY VALUE | show [TABLE] [--origin] | reload"
    parser.add_argument("action", choices=tuple(WORDS_OF), help="set writes into config.toml; comments stay")
    parser.add_argument("words", nargs="*", metavar="TABLE.KEY [VALUE]", help="which setting, and its new value")
    parser.add_argument("--origin", action="store_true", help="with show: say where each value comes from")


def run(arguments: argparse.Namespace) -> int:
    """Do the chosen one."""
    fewest, most, takes = WORDS_OF[arguments.action]
    if not fewest <= len(arguments.words) <= most:
        raise UsageError(f"config {arguments.action} takes {takes}")
    if arguments.action == "set":
        return _set(arguments, *arguments.words)
    loaded = load(arguments.set, system_folder=arguments.config)
    if arguments.action == "reload":
        return _reload(loaded, arguments)
    return _get(loaded, arguments, *arguments.words) if arguments.action == "get" else _show(loaded, arguments)


def _get(loaded: Loaded, arguments: argparse.Namespace, name: str) -> int:
    values = all_values(loaded)
    table, key = split_name("config get", name)
    if (table, key) not in values:
        keys = [known_key for known, known_key in values if known == table]
        tables = list(dict.fromkeys(known for known, _ in values))
        hint = did_you_mean(key, keys) if keys else did_you_mean(table, tables)
        raise SettingsError(f"There is no setting {name}.{hint}")
    value, origin = values[table, key]
    answer(arguments.json, {"name": name, "value": value, "origin": origin}, [plain(value)])
    return 0


def _show(loaded: Loaded, arguments: argparse.Namespace) -> int:
    values = all_values(loaded)
    tables = list(dict.fromkeys(table for table, _ in values))
    chosen = arguments.words or tables
    if not set(chosen) <= set(tables):
        raise SettingsError(f"There is no table [{chosen[0]}]. Tables: {', '.join(tables)}.")
    shown = {name: found for name, found in values.items() if name[0] in chosen}
    data: dict[str, dict[str, Any]] = {}
    rows = []
    for (table, key), (value, origin) in shown.items():
        data.setdefault(table, {})[key] = {"value": value, "origin": origin} if arguments.origin else value
        rows.append(
            [f"{table}.{key} = {plain(value)}", origin] if arguments.origin else [f"{table}.{key} = {plain(value)}"]
        )
    answer(arguments.json, data, (_marked(line) for line in columns(rows)))
    return 0


def _set(arguments: argparse.Namespace, name: str, text: str) -> int:
    from firmware.settings_file import set_value

    file = _file_to_change(arguments.config)
    value = set_value(file, name, text)
    answer(
        arguments.json,
        {"name": name, "value": value, "file": str(file)},
        [f"{name} = {plain(value)} in {file}"],
    )
    now = load((), system_folder=arguments.config).origins[name]
    if now != str(file):
        note(f"Without effect for now: {now} sets {name} too, and is read later.")
    elif not arguments.json:
        note("A running camera reads it after: nightjar config reload")
    return 0


def _reload(loaded: Loaded, arguments: argparse.Namespace) -> int:
    """As SIGHUP does, but for members of the camera's group, who need no sudo for it."""
    from firmware.control.client import call

    change = call(loaded.settings.control.socket, "reload", {}, RELOAD_LIMIT_S)
    lines = [f"changed: {', '.join(change['changed']) or 'nothing'}"]
    if change["not_reloaded"]:
        waiting = ", ".join(change["not_reloaded"])
        lines.append(f"in force only after `sudo systemctl restart nightjar`: {waiting}")
    answer(arguments.json, change, lines)
    return 0


def all_values(loaded: Loaded) -> dict[tuple[str, str], tuple[Any, str]]:
    """(table, key) -> (value, origin) of every setting, the stages' included; no numpy needed."""
    values = {
        (table, field.name): getattr(getattr(loaded.settings, table), field.name)
        for table, kind in TABLES.items()
        for field in dataclasses.fields(kind)
    }
    for table, keys in stage_tables().items():
        values |= {
            (table, key): keys.get(key) for key in [*keys, *(key for at, key in measured_knobs() if at == table)]
        }
    for table, keys in loaded.settings.pictures.items():
        values |= {(table, key): value for key, value in keys.items()}
    return {name: (value, loaded.origins.get(".".join(name), DEFAULT)) for name, value in values.items()}


def plain(value: Any) -> str:
    """A value as TOML and as `--set` take it; a knob that is measured has none."""
    if value is None:
        return "(measured)"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if str(value) else '""'


def _file_to_change(folder: str | None) -> Path:
    return settings_folder(named=folder) / "config.toml"


def _marked(line: str) -> str:
    return coloured(line, "grey") if line.endswith(f"  {DEFAULT}") else line
