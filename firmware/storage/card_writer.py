"""The thread that owns the card: files are written one after the other, each durable before its future is done."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from firmware.service.heartbeat import Heartbeats
from firmware.service.worker import Worker

if TYPE_CHECKING:
    from firmware.storage.card import Card

logger = logging.getLogger(__name__)

# A worn card can pause for tens of seconds; beyond this it hangs, and the watchdog may restart us.
WRITE_LIMIT_S = 120.0


@dataclass(frozen=True)
class _Write:
    path: Path
    data: bytes | Iterable[bytes]
    save: Callable[[Path, bytes | Iterable[bytes]], None]
    done: Future


class CardWriter:
    """A queue of files to write. `write` returns at once; its future is done when the file is durable, or failed."""

    def __init__(self, card: Card, heartbeats: Heartbeats) -> None:
        self._card = card
        self._writes: Worker[_Write] = Worker("card", heartbeats, WRITE_LIMIT_S, self._write)

    def start(self) -> None:
        """Begin to write."""
        self._writes.start()

    def write(self, path: Path, data: bytes | Iterable[bytes]) -> Future:
        """Queue one file. Its future gives the time.monotonic_ns() at which it was durable, or StorageError."""
        return self._put(path, data, self._card.write)

    def replace(self, path: Path, data: bytes | Iterable[bytes]) -> Future:
        """Queue a file that takes the place of the one of its name; else as `write`."""
        return self._put(path, data, self._card.replace)

    def close(self, timeout_s: float) -> None:
        """Write what is queued, then end."""
        self._writes.close(timeout_s)

    def _put(self, path: Path, data: bytes | Iterable[bytes], save: Callable) -> Future:
        done: Future = Future()
        self._writes.queue.put(_Write(path, data, save, done))
        return done

    def _write(self, write: _Write) -> None:
        try:
            write.save(write.path, write.data)
        except OSError as error:  # StorageError is one
            logger.error("%s was not written: %s", write.path, error)
            write.done.set_exception(error)
        else:
            write.done.set_result(time.monotonic_ns())
