"""The thread that owns the card: files are written one after the other, each durable before its future is done.

A worn card may write 50 kB in a second: minutes for a raw file. Who waits for it proves meanwhile that it lives, and
this thread proves it by every piece that became durable.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from firmware.service.heartbeat import BEAT_S, Heartbeats
from firmware.service.worker import Worker

if TYPE_CHECKING:
    from firmware.storage.card import Card

logger = logging.getLogger(__name__)

# A worn card can pause for tens of seconds; beyond this it hangs, and the watchdog may restart us.
WRITE_LIMIT_S = 120.0
# A card in good health has a photo's largest file by then.
SLOW_S = 5.0
NAME = "card"


@dataclass(frozen=True)
class _Write:
    path: Path
    data: bytes | Iterable[bytes]
    save: Callable[[Path, bytes | Iterable[bytes]], None]
    done: Future


@dataclass
class _InHand:
    """The file that is being written."""

    name: str
    began_s: float
    durable_bytes: int = 0


class CardWriter:
    """A queue of files to write. `write` returns at once; its future is done when the file is durable, or failed."""

    def __init__(self, card: Card, heartbeats: Heartbeats) -> None:
        self._card = card
        self._heartbeats = heartbeats
        self._in_hand: _InHand | None = None
        # Why the last file was not written; empty when it was. A failing card may look as if it could be written.
        self.last_refusal = ""
        # When a piece of a file became durable last.
        self.moved_s = float("-inf")
        self._writes: Worker[_Write] = Worker(NAME, heartbeats, WRITE_LIMIT_S, self._write)
        card.pieces.moved = self._moved

    def start(self) -> None:
        """Begin to write."""
        self._writes.start()

    def write(self, path: Path, data: bytes | Iterable[bytes]) -> Future:
        """Queue one file. Its future gives the time.monotonic_ns() at which it was durable, or StorageError."""
        return self._put(path, data, self._card.write)

    def replace(self, path: Path, data: bytes | Iterable[bytes]) -> Future:
        """Queue a file that takes the place of the one of its name; else as `write`."""
        return self._put(path, data, self._card.replace)

    def finished(self, done: Future, thread: str, within_s: float) -> BaseException | None:
        """Wait until a file is durable, however long the card takes; None, or why it was not written.

        thread    who waits: its proof of life goes on
        within_s  and what it promises for what it does next
        """
        while True:
            self._heartbeats.beat(thread, within_s)
            try:
                return done.exception(BEAT_S)
            except TimeoutError:
                continue

    def slowness(self) -> str:
        """What a person is told of a card that has not finished a file for long; empty for one in good health."""
        file = self._in_hand
        if file is None or (took_s := time.monotonic() - file.began_s) < SLOW_S:
            return ""
        waiting = self._writes.queue.qsize()
        return (
            f"The card is slow: {file.durable_bytes / 1e6:.1f} MB of {file.name} in {took_s:.0f} s"
            + (f", and {waiting} more files wait" if waiting else "")
            + ". Leave the camera switched on until they are written; another card will be faster."
        )

    def close(self, timeout_s: float) -> None:
        """Write what is queued, then end."""
        self._writes.close(timeout_s)

    def _put(self, path: Path, data: bytes | Iterable[bytes], save: Callable) -> Future:
        done: Future = Future()
        self._writes.queue.put(_Write(path, data, save, done))
        return done

    def _write(self, write: _Write) -> None:
        self._in_hand = _InHand(write.path.name, time.monotonic())
        try:
            write.save(write.path, write.data)
        except OSError as error:  # StorageError is one
            logger.error("%s was not written: %s", write.path, error)
            self._in_hand, self.last_refusal = None, str(error)
            write.done.set_exception(error)
        else:
            self._in_hand, self.last_refusal = None, ""
            write.done.set_result(time.monotonic_ns())

    def _moved(self, size: int) -> None:
        """In this thread, for each piece that is durable."""
        self._heartbeats.beat(NAME, within_s=WRITE_LIMIT_S)
        self.moved_s = time.monotonic()
        if self._in_hand is not None:
            self._in_hand.durable_bytes += size
