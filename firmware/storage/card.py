"""The card: names that are never used twice, and files that are whole or not there at all.

A power cut at any moment leaves no torn file: each is written under a hidden name, made durable, then named, and the
name made durable too.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from firmware.errors import StorageError
from firmware.memory import MEGABYTE
from firmware.settings import StorageSettings
from firmware.storage.card_errors import explained
from firmware.storage.durable import NEW_FILE_MODE, keep_folders, make_folders, write_new, write_over
from firmware.storage.photo_name import COUNTER, OUR_FILE, OUR_FOLDER, PhotoName, number_of
from firmware.storage.pieces import Pieces
from firmware.storage.room import Room
from firmware.storage.slot import Slot

logger = logging.getLogger(__name__)

PICTURES = "DCIM"


class Card:
    """One card and its counter; only one process may have it open. Safe to use from several threads."""

    def __init__(self, settings: StorageSettings) -> None:
        self.pieces = Pieces()
        self._folder = Path(settings.folder)
        self._pictures = self._folder / PICTURES
        self._state = Path(settings.state_folder)
        self._slot = Slot(self._folder, self._pictures, self._state)
        self._room = Room(self._slot.free_bytes)  # which knows nothing of this card: it must not keep its locks
        self._floor_bytes = settings.free_space_floor_mb * MEGABYTE
        self._numbering = threading.Lock()
        self._last_number = 0
        # Numbers given since the start: files of these may be growing.
        self._first_number, self._in_work = 0, range(0)
        self._locks: list[int] = []

    def open(self) -> None:
        """Make the folders, take the card for this process, sweep half-written files, find the last number.

        Raises StorageError with the command that mends it. Opening again looks again: another card may be in.
        """
        self.close()
        for folder in (self._pictures, self._state):
            if not folder.is_absolute():
                # The service works in /run, which is memory.
                raise StorageError(f"'{folder}' would be lost: give [storage] folders that begin with /.")
            with explained("make", folder):
                make_folders(folder)
                keep_folders(folder, levels=2)
        try:
            # The pictures' folder is locked too: two daemons may share a card without sharing the state.
            for path in (self._state / "lock", self._pictures):
                self._take(path)
            on_card = self._sweep()
            self._slot.take()
        except BaseException:
            self.close()
            raise
        self._last_number = max(self._stored_number(), on_card)
        self._first_number = self._first_number or self._last_number + 1
        with explained("write", self._state / COUNTER):
            self._store(self._last_number)  # A state folder that cannot be written is told now, not at a press.

    def close(self) -> None:
        """Leave the card to others; safe to call twice."""
        self._slot.leave()
        while self._locks:
            os.close(self._locks.pop())

    def __del__(self) -> None:
        self.close()

    def free_bytes(self) -> int:
        """Room left on the card for this user. Raises StorageError if the card is gone or read-only.

        Of a card that hangs it is what was left last; `silent_s` says for how long it has not answered.
        """
        try:
            return self._room.free_bytes()
        finally:
            self._let_go()

    @property
    def silent_s(self) -> float:
        """For how long the card has not answered; 0.0 for one that does."""
        return self._room.silent_s

    def check_space(self, bytes_needed: int) -> None:
        """Raise StorageError if writing so much would leave less than the floor free."""
        free = self.free_bytes()
        if free - bytes_needed < self._floor_bytes:
            raise StorageError(
                f"The card at {self._folder} has {free / MEGABYTE:.0f} MB free; a photo of "
                f"{bytes_needed / MEGABYTE:.0f} MB would leave less than the floor of "
                f"{self._floor_bytes / MEGABYTE:.0f} MB ([storage] free_space_floor_mb). "
                f"Make room: move photos out of {self._pictures}"
            )

    def set_floor(self, free_space_floor_mb: int) -> None:
        """Another floor from now on, after the settings were read again."""
        self._floor_bytes = free_space_floor_mb * MEGABYTE

    def reserve(self) -> PhotoName:
        """The next name. Its number is durable before this returns, and never given again."""
        with self._numbering:
            self._take_another()
            name = PhotoName.of(self._last_number + 1, self._pictures)
            while any(map(os.path.lexists, name.files)):
                name = PhotoName.of(name.number + 1, self._pictures)  # The card was exchanged while we ran.
            with explained("write", self._state / COUNTER):
                self._store(name.number)
            self._last_number = name.number
            self._slot.give(name.number)
            return name

    def write(self, path: Path, data: bytes | Iterable[bytes]) -> None:
        """Write one file whole and durable, under a name that no file has yet.

        data  the bytes, or parts of them in order; views are not copied
        """
        parts = [data] if isinstance(data, bytes | bytearray | memoryview) else data
        with explained("write", path):
            self._slot.check(number_of(path), path)
            # Only the numbered folder is made: a DCIM that is gone is a card that was pulled.
            make_folders(path.parent, levels=1)
            write_new(path, parts, pieces=self.pieces)

    def replace(self, path: Path, data: bytes | Iterable[bytes]) -> None:
        """Write a file of this name in the place of the one that is there, in one step: it is always one or the other.

        When it cannot be written the old one stays. Raises StorageError.
        """
        with explained("replace", path):
            self._slot.check(number_of(path), path)
            write_over(path, data, pieces=self.pieces)

    def unfinished(self) -> list[Path]:
        """DNGs without a JPEG, in order: developing was cut off."""
        with explained("look at", self._pictures):
            found = {(path.parent.name, path.stem.upper(), path.suffix.upper()): path for path in self._ours()}
        raws = [(key, path) for key, path in found.items() if key[2] == ".DNG"]
        return sorted(path for (folder, stem, _), path in raws if (folder, stem, ".JPG") not in found)

    def newest(self) -> PhotoName | None:
        """The photo of the largest number of which anything is on the card; None on an empty one."""
        with explained("look at", self._pictures):
            largest = max(map(number_of, self._ours()), default=0)
        return PhotoName.of(largest, self._pictures) if largest else None

    def _let_go(self) -> None:
        """Of a card that was pulled: as long as we hold its lock, the system cannot bring it back whole."""
        if self._slot.is_empty and len(self._locks) > 1 and self._numbering.acquire(blocking=False):
            try:
                os.close(self._locks.pop())
            finally:
                self._numbering.release()

    def _take_another(self) -> None:
        """A card that was exchanged, or is back, is taken as at the start; numbers go on."""
        if not self._slot.has_another():
            return
        last_number, self._in_work = self._last_number, range(self._first_number, self._last_number + 1)
        self.open()
        self._last_number = max(self._last_number, last_number)
        logger.warning("Another card is in %s, or the same one again; it is used from now on", self._folder)

    def _take(self, path: Path) -> None:
        with explained("lock", path):
            flags = os.O_RDONLY | (0 if path.is_dir() else os.O_CREAT)
            self._locks.append(os.open(path, flags | os.O_CLOEXEC, NEW_FILE_MODE))
            try:
                fcntl.flock(self._locks[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StorageError(
                    f"{path} is in use by another Nightjar: one card, one daemon. "
                    f"Stop it (sudo systemctl stop nightjar), or see who it is: fuser {path}"
                ) from None

    def _sweep(self) -> int:
        """Remove our half-written files; the largest number on the card, those included."""
        largest, swept = 0, []
        with explained("sweep", self._pictures):
            for path in self._ours(hidden=True):
                largest = max(largest, number_of(path))
                if path.name.startswith(".") and number_of(path) not in self._in_work:
                    path.unlink()
                    swept.append(path.name[1:].removesuffix(".partial"))
        if swept:
            # Nobody was told of these: their photos were still being written.
            logger.warning("Swept what was half-written in %s: %s", self._pictures, ", ".join(sorted(swept)))
        return largest

    def _ours(self, hidden: bool = False) -> Iterator[Path]:
        """Our photos' files, and the half-written ones where asked for; other cameras' are theirs."""
        for folder in self._pictures.iterdir():
            if OUR_FOLDER.fullmatch(folder.name) and folder.is_dir():
                for path in folder.iterdir():
                    file = OUR_FILE.fullmatch(path.name)
                    if file and (hidden or not file["hidden"]):
                        yield path

    def _stored_number(self) -> int:
        """The counter's last number; 0 if it was lost, then what is on the card decides."""
        path = self._state / COUNTER
        try:
            text = path.read_text(encoding="ascii")
            return int(re.fullmatch(r"(\d{1,9})\n", text)[1])
        except FileNotFoundError:
            return 0
        except (TypeError, UnicodeDecodeError):
            logger.warning("%s holds no number; the numbering goes on after the last photo on the card", path)
            return 0
        except OSError as error:
            with explained("read", path):
                raise error

    def _store(self, number: int) -> None:
        write_over(self._state / COUNTER, f"{number}\n".encode())
