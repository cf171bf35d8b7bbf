"""Which card is in: the one that was taken, another one, or none. A card that comes back is used again by itself."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from firmware.storage.card_errors import explained, mount_point


@dataclass(frozen=True)
class _Taken:
    """What could be seen of the card when it was taken."""

    mount: Path
    device: int
    pictures: tuple[int, int]


class Slot:
    """Where the photos go.

    folder    [storage] folder; the card is mounted there, or above it
    pictures  the folder DCIM in it
    `is_empty` once ours was seen to be gone, until another one is taken.
    """

    def __init__(self, folder: Path, pictures: Path) -> None:
        self._folder, self._pictures = folder, pictures
        self._taken: _Taken | None = None
        self._is_ours = self.is_empty = False

    def take(self) -> None:
        """The card that is in now is ours."""
        mount = mount_point(self._folder)
        facts = os.stat(self._pictures)
        self._taken = _Taken(mount, os.stat(mount).st_dev, (facts.st_dev, facts.st_ino))
        self._is_ours, self.is_empty = True, False

    def leave(self) -> None:
        """The card that is in is not ours any more."""
        self._is_ours = False

    def free_bytes(self) -> int:
        """Room left on the card for this user, as the system says. Raises StorageError if it is gone or read-only."""
        with explained("look at", self._pictures):
            # A blank card that was put in gets its folders with the next photo.
            status = os.statvfs(mount_point(self._folder) if self._has_blank() else self._pictures)
            if status.f_flag & os.ST_RDONLY:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return status.f_bavail * status.f_frsize

    def has_another(self) -> bool:
        """Whether another card is in than ours, or ours anew: it is to be taken first. Raises StorageError."""
        with explained("look at", self._pictures):
            try:
                facts = os.stat(self._pictures)
            except FileNotFoundError:
                return self._has_blank()
        same = self._taken is not None and self._taken.pictures == (facts.st_dev, facts.st_ino)
        return not (same and self._is_ours) or self.is_empty

    def _has_blank(self) -> bool:
        """Whether another card than ours is in. Without a card, its folder is one of the system's own."""
        if self._taken is None:
            return False
        mount = mount_point(self._folder)
        if len(mount.parts) < len(self._taken.mount.parts):
            self.is_empty = True
            return False
        return self.is_empty or os.stat(mount).st_dev != self._taken.device
