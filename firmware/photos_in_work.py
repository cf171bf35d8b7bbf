"""How many photos were accepted and are not yet done; no more are accepted than may wait."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from firmware.errors import PressRefused


class PhotosInWork:
    """Safe to use from several threads.

    changed  called when the count changes
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.count = 0
        self._changed = changed
        self._all_done = threading.Condition()
        self._closing = False

    def enter(self, queue: int) -> None:
        """One more. Raises PressRefused where `queue` wait already, or none is taken any more."""
        with self._all_done:
            if self._closing:
                raise PressRefused("The camera is being switched off; no more photos.")
            # One is being developed, the others wait.
            if self.count > queue:
                raise PressRefused(
                    f"{self.count} photos are in work already; wait for one to be saved, or raise [darkroom] queue "
                    f"(now {queue})."
                )
            self.count += 1
        self._changed()

    def leave(self) -> None:
        """One is done, or will not be."""
        with self._all_done:
            self.count -= 1
            self._all_done.notify_all()
        self._changed()

    @contextlib.contextmanager
    def leaving_if_refused(self) -> Iterator[None]:
        """What entered leaves where the block raises."""
        with contextlib.ExitStack() as on_refusal:
            on_refusal.callback(self.leave)
            yield
            on_refusal.pop_all()

    def refuse_more(self) -> None:
        """What was accepted is finished, nothing new is taken."""
        with self._all_done:
            self._closing = True

    def wait_until_done(self, timeout_s: float) -> bool:
        """True when every accepted photo is done within the time."""
        with self._all_done:
            return self._all_done.wait_for(lambda: self.count == 0, timeout_s)
