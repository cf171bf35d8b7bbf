"""Which card is in: the one that was taken, another one, or none. A card that comes back is used again by itself.

A photo belongs to the card that its number was given for. Another one that was put in meanwhile may have other photos
of the same names: what is still to be written of ours would go beside those, or in their place.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from firmware.errors import StorageError
from firmware.storage.card_errors import explained, mount_point

# Of the folder DCIM, and the file system's own: exchanged in one reader, two cards may agree in the first two.
Identity = tuple[int, int, int]


@dataclass(frozen=True)
class _Taken:
    """What could be seen of the card when it was taken."""

    mount: Path
    device: int
    pictures: Identity


class Slot:
    """Where the photos go.

    folder    [storage] folder; the card is mounted there, or above it
    pictures  the folder DCIM in it
    state     where the last number is written: without it there is no photo either
    `is_empty` once ours was seen to be gone, until another one is taken.
    """

    def __init__(self, folder: Path, pictures: Path, state: Path) -> None:
        self._folder, self._pictures, self._state = folder, pictures, state
        self._taken: _Taken | None = None
        self._is_ours = self.is_empty = False
        # For which card numbers were given, each from a first number on.
        self._given: list[tuple[int, Identity]] = []

    def take(self) -> None:
        """The card that is in now is ours."""
        mount = mount_point(self._folder)
        self._taken = _Taken(mount, os.stat(mount).st_dev, self._identity())
        self._is_ours, self.is_empty = True, False

    def leave(self) -> None:
        """The card that is in is not ours any more."""
        self._is_ours = False

    def free_bytes(self) -> int:
        """Room left on the card for this user, as the system says. Raises StorageError where nothing can be saved."""
        with explained("look at", self._pictures):
            # A blank card that was put in gets its folders with the next photo.
            status = os.statvfs(mount_point(self._folder) if self._has_new() else self._pictures)
            _refuse_read_only(status)
        free_bytes = status.f_bavail * status.f_frsize
        with explained("write in", self._state):
            status = os.statvfs(self._state)
            _refuse_read_only(status)
            if free_bytes and not status.f_bavail:  # where the card is full, too, that is what has to be told
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return free_bytes

    def has_another(self) -> bool:
        """Whether another card is in than ours, or ours anew: it is to be taken first. Raises StorageError."""
        with explained("look at", self._pictures):
            if self._has_new():
                return True
            same = self._taken is not None and self._taken.pictures == self._identity()
        return not (same and self._is_ours)

    def give(self, number: int) -> None:
        """This number, and those that follow, are for the card that was taken."""
        if not self._given or self._given[-1][1] != self._taken.pictures:
            self._given.append((number, self._taken.pictures))

    def check(self, number: int, path: Path) -> None:
        """Raise StorageError where the photo of this number belongs to another card than the one that is in."""
        cards = [card for first, card in self._given if first <= number]
        if cards and cards[-1] != self._identity():
            raise StorageError(
                f"{path} was not written: its photo began before the card was exchanged. What was saved of it is on "
                "the card that was in. Leave a card in until the camera is ready."
            )

    def _identity(self) -> Identity:
        facts = os.stat(self._pictures)
        return facts.st_dev, facts.st_ino, os.statvfs(self._pictures).f_fsid

    def _has_new(self) -> bool:
        """Whether the card that is in is a blank, another or the same one again. Raises FileNotFoundError without one.

        Its folder is one of the system's own then, and may hold photos of a start without a card: those are hidden as
        soon as there is one, and no more are to follow them.
        """
        if self._taken is None:
            return False
        mount = mount_point(self._folder)
        if len(mount.parts) < len(self._taken.mount.parts):
            self.is_empty = True
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self._taken.mount))
        was_emptied = self._folder.is_dir() and not self._pictures.exists()
        return was_emptied or self.is_empty or os.stat(mount).st_dev != self._taken.device


def _refuse_read_only(status: os.statvfs_result) -> None:
    if status.f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))
