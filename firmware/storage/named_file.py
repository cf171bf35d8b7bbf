"""A file that a person named for an answer: never replaced unasked, and errors in that person's words."""

from __future__ import annotations

from pathlib import Path

from firmware.errors import StorageError
from firmware.storage.durable import make_folders, write_new, write_over


def refuse_existing(file: Path, replace: bool) -> None:
    """Raise StorageError where this file must not be written; asked before the work for it begins."""
    if file.is_dir():
        raise StorageError(f"{file} is a folder. Name a file in it.")
    if file.exists() and not replace:
        raise StorageError(f"{file} exists. Name another file, or replace it with --force.")


def write_named(file: Path, content: bytes, replace: bool) -> None:
    """Write it, with its folders. Raises StorageError."""
    try:
        make_folders(file.parent)
        if replace:
            write_over(file, content)
        else:
            write_new(file, [content])
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}.") from None
