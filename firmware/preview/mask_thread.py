"""The thread that finds the preview's subject, as often as the device allows and never in the preview's way."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accelerators.errors import MaskError
from accelerators.subject.subject import NoSubject
from firmware.preview.priority import give_way
from firmware.preview.tally import Tally
from isp.ground import INSIDE

if TYPE_CHECKING:
    import numpy as np

    from firmware.preview.steady_mask import SteadyMask

logger = logging.getLogger(__name__)

# Gives the (H, W) uint8 mask of a small (H, W, 3) uint8 sRGB picture, of its size, or says that it shows no subject.
FindMask = Callable[["np.ndarray"], "np.ndarray | NoSubject"]

NAME = "preview-masks"
LOOK_S = 0.5
# What failed is tried again: a device is plugged in, a model installed.
AFTER_FAILURE_S = 5.0


@dataclass(frozen=True)
class _Look:
    """A picture to find the subject in. Its memory is the look's own."""

    picture: np.ndarray
    time_ns: int


class MaskThread:
    """Finds masks of the pictures it is given while it is idle; all methods but `_run` are the preview thread's.

    find_mask        see FindMask
    may_look         waits so many seconds for photos in work; False where one still is
    after_failure_s  until it is tried again
    """

    def __init__(
        self, find_mask: FindMask, may_look: Callable[[float], bool], after_failure_s: float = AFTER_FAILURE_S
    ) -> None:
        from firmware.preview.steady_mask import Steadying

        self._find_mask = find_mask
        self._may_look = may_look
        self._after_failure_s = after_failure_s
        self._steadying = Steadying()
        self._tally = Tally()
        self._why_plain = "the first look at the scene is not done yet"
        self._look: _Look | None = None
        self._is_looking = False
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=NAME, daemon=True)
        self._thread.start()

    def wants(self) -> bool:
        """True when it would begin with a picture at once."""
        with self._changed:
            return self._look is None and not self._is_looking

    def take(self, picture: np.ndarray, time_ns: int) -> None:
        """The newest picture, small; nobody draws into it any more."""
        with self._changed:
            self._look = _Look(picture, time_ns)
            self._changed.notify_all()

    def at(self, time_ns: int) -> SteadyMask | None:
        """What to blur by at this time; None for nothing."""
        return self._steadying.at(time_ns)

    def why_plain(self) -> str:
        """Why nothing is blurred; empty while something is."""
        with self._changed:
            return self._why_plain

    def looks_per_second(self, now_s: float) -> float:
        """How often a mask was found or not found, lately."""
        return self._tally.rates(now_s)[0]

    def wait_until_idle(self, timeout_s: float) -> bool:
        """True when what it was given is looked at within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._look is None and not self._is_looking, timeout_s)

    def close(self, timeout_s: float) -> None:
        """End after the look in work; a network is not interrupted."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        give_way()
        while look := self._next():
            try:
                self._find(look)
            except Exception as error:  # boundary: a mask that fails must cost neither preview nor photo
                self._failed(error)
            finally:
                look = None
                with self._changed:
                    self._is_looking = False
                    self._changed.notify_all()

    def _next(self) -> _Look | None:
        """The next picture, once no photo is in work; None at the end."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._look or self._closing)
                if self._closing:
                    return None
            if self._may_look(LOOK_S):
                with self._changed:
                    look, self._look, self._is_looking = self._look, None, True
                    return look

    def _find(self, look: _Look) -> None:
        from firmware.preview.blur import luma_of

        began_s = time.thread_time()
        answer = self._find_mask(look.picture)
        if not isinstance(answer, NoSubject) and answer.max(initial=0) < INSIDE:
            answer = NoSubject("the subject has no place in the picture that is surely its own")
        is_plain = isinstance(answer, NoSubject)
        if not is_plain and answer.shape != look.picture.shape[:2]:
            raise MaskError(f"The mask is {answer.shape}; for this preview it must be {look.picture.shape[:2]}.")
        self._steadying.take(None if is_plain else answer, luma_of(look.picture), look.time_ns)
        self._tally.count(time.monotonic(), time.thread_time() - began_s, 0)
        with self._changed:
            self._why_plain = answer.reason if is_plain else ""

    def _failed(self, error: Exception) -> None:
        reason = str(error) or repr(error)
        self._steadying.lose()
        with self._changed:
            if reason != self._why_plain:
                logger.warning("The preview shows no blur: %s", reason, exc_info=error)
            self._why_plain = reason
            self._changed.wait_for(lambda: self._closing, self._after_failure_s)
