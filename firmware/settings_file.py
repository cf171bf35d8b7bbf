"""Change one setting in a file and keep its comments. The whole result is checked before anything is written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from firmware.configuration import check_stage_key, check_tables, parse_tables, split_name, value_from_text
from firmware.errors import SettingsError
from firmware.settings import TABLES
from firmware.storage.durable import make_folders, write_over


def set_value(file: Path, name: str, text: str) -> Any:
    """Write "table.key" = text into the file and return the value as read back.

    Raises SettingsError and writes nothing where the result would be wrong. A file that does not exist yet is made.
    Imports numpy only for the table of a stage.
    """
    table, key = split_name("config set", name)
    # Refuse the new value alone first, so that the message does not blame a file that is still right.
    value = _check("config set", {table: {key: value_from_text("config set", table, key, text)}})[table][key]
    before = _read(file)
    after = _edited(file, before, table, key, value)
    _check(str(file), parse_tables(str(file), after))
    replace_text(file, after)
    return value


def replace_text(file: Path, text: str) -> None:
    """Put text in the file's place in one step; a link stays a link, and the file keeps who may read it."""
    try:
        _refuse_planted_link(file)
        target = file.resolve()
        mode = target.stat().st_mode & 0o777 if target.exists() else None
        make_folders(target.parent)
        write_over(target, text.encode())
        if mode is not None:
            target.chmod(mode)
    except PermissionError:
        raise SettingsError(
            f"{file} cannot be written: permission denied. Run the command with sudo, or join the camera's group with "
            "`sudo usermod -aG nightjar $USER` and log in again."
        ) from None
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {error.strerror}.") from None


def _refuse_planted_link(file: Path) -> None:
    """The folder belongs to the camera's group: no member may send root's pen to another file."""
    if file.is_symlink() and (owner := file.lstat().st_uid) not in (0, os.geteuid()):
        raise SettingsError(
            f"{file} is a link that user number {owner} made; only root's links and your own are followed. "
            f"Look where it leads with `ls -l {file}`, and remove it."
        )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file} is not UTF-8 text: {error.reason} at byte {error.start}.") from None


def _edited(file: Path, text: str, table: str, key: str, value: Any) -> str:
    import tomlkit

    parse_tables(str(file), text)
    document = tomlkit.parse(text)
    if table not in document:
        if document.body:
            document.add(tomlkit.nl())
        document.add(table, tomlkit.table())
    document[table][key] = value
    return tomlkit.dumps(document)


def _check(origin: str, tables: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    result = check_tables(origin, tables)
    for table, values in result.items():
        if table not in TABLES:
            for key, value in values.items():
                check_stage_key(origin, table, key, value)
    return result
