"""Which model files are installed, and whether they are whole."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from accelerators.errors import ModelError
from accelerators.models.catalogue import CATALOGUE, KnownFile, KnownModel, find_model, read_catalogue
from accelerators.models.files import ModelFiles

HASH_STEP_BYTES = 1 << 20
MISSING, UNREADABLE = "is missing", "cannot be read"


def installed(name: str, folder: Path, catalogue: Path = CATALOGUE) -> ModelFiles:
    """The files of a model: cut, or as published and then to be cut when they are loaded.

    name    as in configs/models.toml, or what it serves as: "fast", "quality"
    folder  where `nightjar models fetch` put them
    Raises ModelError where a file is missing or not the known one, with the command that fetches it. Both networks are
    of one kind. The files' hashes are taken once.
    """
    model = find_model(name, read_catalogue(catalogue))
    is_cut = is_there(folder, model.cpu.cut) or not is_there(folder, model.cpu.original)
    cpu = _whole(folder, model.cpu.cut if is_cut else model.cpu.original, model)
    edge_tpu = None
    if model.edge_tpu is not None:
        known = model.edge_tpu.cut if is_cut else model.edge_tpu.original
        edge_tpu = _whole(folder, known, model) if is_there(folder, known) else None
    labels = read_labels(_whole(folder, model.labels, model), model)
    return ModelFiles(model.name, cpu, edge_tpu, model.input, labels, uncut=not is_cut)


def is_there(folder: Path, file: KnownFile) -> bool:
    """Whether a file of that name can be seen, whole or not."""
    return os.path.exists(folder / file.name)  # Path.exists raises where the folder may not be looked into


def fault_of(folder: Path, file: KnownFile) -> str:
    """What is wrong with an installed file; empty where nothing is."""
    path = folder / file.name
    try:
        facts = path.stat()
        if not path.is_file():
            return "is no file"
        if facts.st_size != file.bytes:
            how = "is truncated: it has" if facts.st_size < file.bytes else "is another file: it has"
            return f"{how} {facts.st_size} bytes, not {file.bytes}"
        found = _sha256_once(path, facts.st_size, facts.st_mtime_ns, facts.st_ino)
    except FileNotFoundError:
        return MISSING
    except OSError as error:
        return f"{UNREADABLE}: {error.strerror}"
    return "" if found == file.sha256 else f"is another file: its SHA-256 is {found}, not {file.sha256}"


def read_labels(path: Path, model: KnownModel) -> tuple[str, ...]:
    """The names of the classes, one on each line up to an empty one. Raises ModelError where their number is wrong."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read: {error}.") from None
    names = tuple(line.strip() for line in lines)
    names = names[: names.index("")] if "" in names else names
    if len(names) != model.classes:
        raise ModelError(f"{path} names {len(names)} classes; model {model.name} has {model.classes}.")
    return names


def sha256_of(pieces: Iterable[bytes]) -> str:
    """SHA-256 in hexadecimal of bytes that come piece by piece."""
    known = hashlib.sha256()
    for piece in pieces:
        known.update(piece)
    return known.hexdigest()


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        return sha256_of(iter(functools.partial(file.read, HASH_STEP_BYTES), b""))


@functools.lru_cache(maxsize=64)
def _sha256_once(path: Path, size: int, mtime_ns: int, inode: int) -> str:
    """A file that keeps its size, time and place is read once a process."""
    return sha256_of_file(path)


def _whole(folder: Path, file: KnownFile, model: KnownModel) -> Path:
    if fault := fault_of(folder, file):
        raise ModelError(
            f"Model {model.name} cannot be used: {folder / file.name} {fault}. "
            f"Fetch it: sudo nightjar models fetch {model.name}"
        )
    return folder / file.name
