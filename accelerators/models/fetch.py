"""Getting models: from a local folder or the pinned address, whole and of the known SHA-256, then cut.

Nothing else in Nightjar downloads anything.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from accelerators.errors import ModelError
from accelerators.models.catalogue import DOWNLOAD_FROM, KnownFile, KnownModel, Twins
from accelerators.models.cut import cut
from accelerators.models.download import SILENCE_S, download
from accelerators.models.keeping import explained, keep, keep_partial, make_folder, partial_of
from accelerators.models.registry import fault_of, sha256_of, sha256_of_file

Moved = Callable[[KnownFile, int], None]


@dataclass(frozen=True)
class Sources:
    """Where files may come from.

    folders    searched first, recursively, by name; what counts is the hash
    address    where to download what they lack; None: nowhere
    silence_s  a server that says nothing for so long has gone
    """

    folders: tuple[Path, ...] = ()
    address: str | None = DOWNLOAD_FROM
    silence_s: float = SILENCE_S


@dataclass(frozen=True)
class Fetched:
    """One file that is installed now, and how: "was there", "cut", a path or an address."""

    model: str
    file: str
    how: str


def fetch(models: Sequence[KnownModel], folder: Path, sources: Sources, moved: Moved) -> list[Fetched]:
    """Install these models; what is there and whole stays.

    moved  is called with a file and how many bytes of it are here
    Raises ModelError that says which file failed and why. What was finished before stays, and a download that broke is
    gone on with the next time.
    """
    with explained(folder):
        make_folder(folder)
    done = []
    with _alone(folder):
        for model in models:
            done += [
                Fetched(model.name, file.name, _get(model, file, folder, sources, moved)) for file in model.published
            ]
            done += [Fetched(model.name, twins.cut.name, _cut(model, twins, folder)) for twins in model.networks]
    return done


def _get(model: KnownModel, file: KnownFile, folder: Path, sources: Sources, moved: Moved) -> str:
    """Install one published file. Returns how."""
    if not fault_of(folder, file):
        return "was there"
    path = folder / file.name
    refused = []
    for found in _of_that_name(sources.folders, file.name):
        try:
            other = sha256_of_file(found)
        except OSError as error:
            refused.append(f"{found} cannot be read: {error.strerror}.")
            continue
        if other == file.sha256:
            with explained(folder):
                keep(path, found.read_bytes())
            moved(file, file.bytes)
            return str(found)
        refused.append(f"{found} has SHA-256 {other}, not {file.sha256}: another version, or damaged. Copy it anew.")
    if sources.address is None:
        where = ", ".join(map(str, sources.folders))
        raise ModelError(" ".join(refused) or f"There is no {file.name} in {where}.")
    return _downloaded(model.url(file, sources.address), path, file, sources, moved)


def _downloaded(url: str, path: Path, file: KnownFile, sources: Sources, moved: Moved) -> str:
    """Download one file. A hash that is wrong because an old part did not fit is told apart by loading it whole."""
    partial = partial_of(path)
    with explained(path.parent):
        resumed = partial.exists()
    found = ""
    for _ in range(2 if resumed else 1):
        _check_room(path.parent, file.bytes)
        download(url, partial, file.bytes, lambda count: moved(file, count), sources.silence_s)
        with explained(path.parent):
            found = sha256_of_file(partial)
            if found == file.sha256:
                keep_partial(path)
                return url
            partial.unlink()
    raise ModelError(f"{url} is another file: its SHA-256 is {found}, not {file.sha256}. Nothing of it was kept.")


def _check_room(folder: Path, wanted: int) -> None:
    """Refuse before anything is sent. A file that grows is counted twice: to leave a little is right."""
    with explained(folder):
        facts = os.statvfs(folder)
    if (free := facts.f_bavail * facts.f_frsize) < wanted:
        raise ModelError(f"{folder} has {free} bytes free; {wanted} are needed. See what fills it: df -h {folder}")


def _cut(model: KnownModel, twins: Twins, folder: Path) -> str:
    """Make the cut twin of an installed network. Returns how."""
    if not fault_of(folder, twins.cut):
        return "was there"
    with explained(folder):
        edited = cut((folder / twins.original.name).read_bytes())
    if (found := sha256_of([edited])) != twins.cut.sha256:
        raise ModelError(
            f"Cutting {twins.original.name} of {model.name} gave SHA-256 {found}, not {twins.cut.sha256} as "
            "configs/models.toml says. One of them is wrong; the file was not kept."
        )
    with explained(folder):
        keep(folder / twins.cut.name, edited)
    return "cut"


def _of_that_name(folders: Iterable[Path], name: str) -> Iterator[Path]:
    """Files of that name in and below the folders. Raises ModelError where a folder is none."""
    for folder in folders:
        if not folder.is_dir():
            raise ModelError(f"{folder} is no folder. Name one that holds the model files.")
        yield from (found for found in sorted(folder.rglob(name)) if found.is_file())


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two commands that fetch into one folder would write the same files."""
    with explained(folder):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ModelError(f"Another command fetches models into {folder}. Wait until it is done.") from None
        yield
    finally:
        os.close(handle)
