"""Who judges the light: the learned judge, loaded late and once. Where it fails the classical one, and that is said."""

from __future__ import annotations

import dataclasses
import logging
import textwrap
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from accelerators.errors import AcceleratorError

if TYPE_CHECKING:
    from isp.light_estimate import Judge, LightEstimate
    from isp.light_statistics import LightStatistics

logger = logging.getLogger(__name__)

NAME = "white-balance"
# In letters: a photo's recipe holds a few sentences (`isp.stage`), and no error of any library.
LONGEST_REASON, LONGEST_WHY = 160, 380
# What files and runtimes raise, beside our own: a network that fails must not cost the photo. A library of another age
# lacks names (AttributeError) and parameters (TypeError).
FAILURES = (AcceleratorError, ImportError, OSError, RuntimeError, ValueError)
FAILURES += (AttributeError, TypeError, LookupError, ArithmeticError, MemoryError)


def load_learned() -> Judge:
    """The judge that came with the package. Raises ModelError for a damaged one."""
    from accelerators.white_balance.judge import load_judge

    return load_judge()


class Judging:
    """A Judge for any thread, one frame at a time: a network is not made for two.

    load  gives the learned judge; called when a light is first to be judged, and once
    """

    def __init__(self, load: Callable[[], Judge] = load_learned) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._judge: Judge | None = None
        self._lacking = ""

    def __call__(self, statistics: LightStatistics) -> LightEstimate:
        """See `isp.light_estimate.Judge`."""
        from isp.light import classical

        with self._lock:
            found = self._asked(statistics)
        if found is None:
            found = classical(statistics)
            without = _shortened(self._lacking, LONGEST_REASON)
            found = dataclasses.replace(found, why=f"{found.why} The learned judge is not available: {without}.")
        return dataclasses.replace(found, why=_shortened(found.why, LONGEST_WHY))

    def warm_up(self) -> None:
        """Load now, beside everything else, what the first photo would wait for."""
        if self._judge is None and not self._lacking:
            threading.Thread(target=self._load_now, name=NAME, daemon=True).start()

    def try_again(self) -> None:
        """The package may have been mended: load anew with the next light."""
        with self._lock:
            self._lacking = ""

    def report(self) -> dict[str, Any]:
        """Plain values for `nightjar status`; `lacking` says why the classical judge answers."""
        name = "classical" if self._lacking else "learned"
        return {"name": name, "loaded": self._judge is not None, "lacking": self._lacking or None}

    def _asked(self, statistics: LightStatistics) -> LightEstimate | None:
        judge = self._learned()
        try:
            return None if judge is None else judge(statistics)
        except FAILURES as error:
            self._say_lacking(error)
            return None

    def _load_now(self) -> None:
        with self._lock:
            self._learned()

    def _learned(self) -> Judge | None:
        if self._judge is None and not self._lacking:
            try:
                self._judge = self._load()
            except FAILURES as error:
                self._say_lacking(error)
        return None if self._lacking else self._judge

    def _say_lacking(self, error: BaseException) -> None:
        # Of its own a KeyError says no more than the key.
        why = str(error) if isinstance(error, AcceleratorError) else f"{type(error).__name__}: {error}"
        logger.warning("The learned white balance is not available, the classical one judges: %s", why)
        self._judge, self._lacking = None, why.rstrip(".: ")


def _shortened(words: str, longest: int) -> str:
    return textwrap.shorten(words, longest, placeholder=" ...")
