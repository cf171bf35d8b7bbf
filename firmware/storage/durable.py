"""Files that survive a pulled plug: written under a hidden name, made durable, then named, and the name made durable.

Without the last step an SD card can lose the name of a file whose bytes it holds (ext4 and FAT alike).
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterable
from pathlib import Path

from firmware.storage.pieces import Pieces

NEW_FILE_MODE = 0o644
# FAT and exFAT know no hard links and say one of these.
NO_HARD_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def partial_of(path: Path) -> Path:
    """The hidden name in the same folder under which a file grows."""
    return path.with_name(f".{path.name}.partial")


def write_new(path: Path, parts: Iterable[bytes], pieces: Pieces | None = None) -> None:
    """Write a file that did not exist. Raises FileExistsError if it does; leaves nothing behind when it fails.

    pieces  how much of it is made durable at a time, and who is told
    """
    partial = partial_of(path)
    if os.path.lexists(path):  # Told before 24 MB are written.
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    try:
        _write_durably(partial, parts, pieces or Pieces())
        _name_without_clobber(partial, path)
    except BaseException:
        sweep(path)
        raise
    sync_folder(path.parent)


def write_over(
    path: Path, data: bytes | Iterable[bytes], mode: int | None = None, pieces: Pieces | None = None
) -> None:
    """Replace a file by its new self, bytes or parts in order: after a power cut it is the old one or the new one.

    mode  who may read and write the new one; None as for any new file
    Leaves nothing behind when it fails.
    """
    partial = partial_of(path)
    parts = [data] if isinstance(data, bytes | bytearray | memoryview) else data
    try:
        _write_durably(partial, parts, pieces or Pieces(), mode)
        os.replace(partial, path)
    except BaseException:
        sweep(path)
        raise
    sync_folder(path.parent)


def sweep(path: Path) -> bool:
    """Remove what a cut-off writing of this file left behind, if anything. Returns whether there was something."""
    try:
        partial_of(path).unlink()
    except OSError:  # Nothing there, or nothing that can be removed: then the next writing says why.
        return False
    return True


def make_folders(folder: Path, levels: int | None = None) -> None:
    """Make a folder and what is missing above it (at most `levels` of them), each durable in its parent."""
    if folder.is_dir():
        return
    if levels != 1:
        make_folders(folder.parent, None if levels is None else levels - 1)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    sync_folder(folder.parent)


def keep_folders(folder: Path, levels: int) -> None:
    """Make a folder durable that is there, and so many above it: what made it may have been cut off before that.

    Those that we may not open we have not made.
    """
    for made in [folder, *folder.parents][: levels + 1]:
        with contextlib.suppress(PermissionError):
            sync_folder(made)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_durably(path: Path, parts: Iterable[bytes], pieces: Pieces, mode: int | None = None) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, NEW_FILE_MODE)
    given, began_s = 0, time.monotonic()
    try:
        if mode is not None:
            os.fchmod(handle, mode)
        for part in parts:
            rest = memoryview(part).cast("B")
            while rest:
                written = os.write(handle, rest[: pieces.at_once_bytes - given])
                given, rest = given + written, rest[written:]
                if given >= pieces.at_once_bytes:
                    os.fdatasync(handle)
                    pieces.took(given, time.monotonic() - began_s)
                    given, began_s = 0, time.monotonic()
        os.fsync(handle)
        pieces.took(given, time.monotonic() - began_s)
    finally:
        os.close(handle)


def _name_without_clobber(partial: Path, path: Path) -> None:
    """A link refuses an existing name in one step. Without links, look and rename: the card's lock keeps others out."""
    try:
        os.link(partial, path)
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        os.rename(partial, path)
    else:
        partial.unlink()
