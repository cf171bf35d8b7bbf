"""A thread with a queue: it does one thing after the other, and proves between two that it lives."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from firmware.service.heartbeat import BEAT_S, Heartbeats
from firmware.service.thread_name import tell_kernel

Item = TypeVar("Item")


class Worker(Generic[Item]):
    """Calls `do` with each item, in order. Who puts things into `queue` never waits.

    name     of the thread, and of its heartbeat
    limit_s  how long one item, or `prepare`, may take; beyond it the thread hangs, and the watchdog may act
    do       handles what it expects to go wrong: an error that leaves it ends the daemon
    prepare  called in the thread before the first item
    rest     called in the thread when nothing is left to do
    """

    def __init__(
        self,
        name: str,
        heartbeats: Heartbeats,
        limit_s: float,
        do: Callable[[Item], None],
        prepare: Callable[[], None] = lambda: None,
        rest: Callable[[], None] = lambda: None,
    ) -> None:
        self.queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._name = name
        self._heartbeats = heartbeats
        self._limit_s = limit_s
        self._do = do
        self._prepare = prepare
        self._rest = rest
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def close(self, timeout_s: float) -> bool:
        """Do what is queued, then end. False when that takes longer; what it is doing then goes on."""
        self.queue.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        tell_kernel()
        self._heartbeats.beat(self._name, within_s=self._limit_s)
        self._prepare()
        while True:
            self._heartbeats.beat(self._name)
            try:
                item = self.queue.get(timeout=BEAT_S)
            except queue.Empty:
                continue
            if item is None:
                break
            self._heartbeats.beat(self._name, within_s=self._limit_s)
            self._do(item)
            del item  # a photo's 24 MB should not wait for the next one
            if self.queue.empty():
                self._rest()
        self._heartbeats.forget(self._name)
