"""What the operating system says about a card, in words and with the command that mends it."""

from __future__ import annotations

import contextlib
import errno
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from firmware.errors import StorageError


@contextlib.contextmanager
def explained(doing: str, path: Path) -> Iterator[None]:
    """Turn an OSError of the block into a StorageError that says what was found and what to do."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        found, mending = _diagnosis(error.errno, path)
        explanation = StorageError(f"Cannot {doing} {path}: {found}. {mending}")
        explanation.errno = error.errno
        raise explanation from error


def _diagnosis(number: int | None, path: Path) -> tuple[str, str]:
    """(what was found, what to do) for one error number."""
    there = _nearest_existing(path)
    mount = mount_point(there)
    diagnoses = {
        errno.ENOSPC: ("the card is full", f"See what fills it: df -h {there}; then move photos off it"),
        errno.EDQUOT: ("the disk quota is used up", f"See it: quota -s; then move photos out of {there}"),
        errno.EROFS: (
            f"{mount} is read-only, often the sign of a failing card",
            f"Try: sudo mount -o remount,rw {mount}; if it turns read-only again, copy the photos and replace it",
        ),
        errno.EACCES: _not_allowed(there),
        errno.EPERM: _not_allowed(there),
        errno.ENOENT: (
            f"{there} is there, what lies below it is not: the card was pulled or never mounted",
            f"Mount it, or make the folder: sudo mkdir -p {path.parent}",
        ),
        errno.ENOTDIR: (f"{there} is a file where a folder should be", f"Move it away: sudo mv {there} {there}.old"),
        errno.EEXIST: ("that name is taken", "Photos are never overwritten; move the file away if it is not wanted"),
        errno.EFBIG: ("the file system or a limit refuses files this large", "See the limit: ulimit -f"),
        errno.EIO: ("the card fails to read or write", "See: sudo dmesg | tail; copy the photos and replace the card"),
        errno.ELOOP: (f"{path.name} is a symbolic link", f"Remove it: rm {path}"),
    }
    unknown = (os.strerror(number) if number else "unknown trouble", f"See: df -h {there}; sudo dmesg | tail")
    return diagnoses.get(number, unknown)


def _not_allowed(there: Path) -> tuple[str, str]:
    user = _user()
    return f"{user} may not write in {there}", f"Let it: sudo chown -R {user}: {there}"


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # A user without a name, as containers have them.
        return str(os.geteuid())


def _nearest_existing(path: Path) -> Path:
    """The path itself or the closest one above it that is there."""
    for candidate in (path, *path.parents):
        with contextlib.suppress(OSError):
            if candidate.exists():
                return candidate
    return Path("/")


def mount_point(path: Path) -> Path:
    """The folder at or above this one where another file system begins."""
    return next((candidate for candidate in (path, *path.parents) if os.path.ismount(candidate)), Path("/"))
