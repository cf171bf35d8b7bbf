"""Putting a model's file into its folder so that it is there whole or not at all, also after a power cut."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from accelerators.errors import ModelError

# The daemon reads them as another user than the one who fetched them.
FILE_MODE, FOLDER_MODE = 0o644, 0o755
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def partial_of(path: Path) -> Path:
    """The hidden name under which a file grows: no .tflite, so that nobody takes it for a model."""
    return path.with_name(f".{path.name}.partial")


def keep(path: Path, data: bytes) -> None:
    """Write a file whole. Raises OSError and leaves the old file, or none."""
    partial = partial_of(path)
    try:
        partial.unlink(missing_ok=True)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        with open(handle, "wb") as file:
            file.write(data)
        keep_partial(path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def keep_partial(path: Path) -> None:
    """Give the file that has grown its name, its bytes and its name durable."""
    partial = partial_of(path)
    handle = os.open(partial, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchmod(handle, FILE_MODE)
        os.fsync(handle)
    finally:
        os.close(handle)
    os.replace(partial, path)
    _sync(path.parent)


def make_folder(folder: Path) -> None:
    """The folder of models, and what is missing above it. Raises OSError."""
    missing = [above for above in (folder, *folder.parents) if not above.exists()]
    for new in reversed(missing):
        new.mkdir()
        new.chmod(FOLDER_MODE)  # whatever the umask of the one who fetches
        _sync(new.parent)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


@contextlib.contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn an OSError of writing there into a ModelError that says what to do."""
    try:
        yield
    except PermissionError:
        raise ModelError(f"{folder} cannot be written: permission denied. Run the command with sudo.") from None
    except OSError as error:
        full = f"See what fills it: df -h {folder}; or name" if error.errno in FULL else "Name"
        what = error.strerror or error
        raise ModelError(f"{folder} cannot be written: {what}. {full} another place with --folder.") from None


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
