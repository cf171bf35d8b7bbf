"""Which frames show a burst's exposure, or metering on its way back from it: a photo should be none of them.

A camera shows an exposure some frames after it was asked for, and says so in no other way than by the frames' own
facts. Metering gives no notice either: it is back when frames are exposed as before the burst, or all alike again.
"""

from __future__ import annotations

import threading

from firmware.night.plan import is_same
from isp.frames import Shot


class Lending:
    """The exposure as lent to bursts. One thread asks about each frame in order; any thread lends and takes back.

    patience  frames after the burst at which the exposure is taken for metering's own, whatever it is
    """

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._lent: tuple[float, float] | None = None
        self._is_back = True
        self._left = 0
        self._has_shown = False
        self._own: Shot | None = None
        self._last: Shot | None = None

    def lend(self, exposure_us: int, analogue_gain: float) -> None:
        """A burst asks for this exposure now."""
        with self._lock:
            self._lent, self._is_back, self._has_shown = (exposure_us, analogue_gain), False, False

    def take_back(self) -> None:
        """The camera is asked to meter again; what is on its way still comes first."""
        with self._lock:
            self._is_back, self._left = True, self._patience

    def shows(self, shot: Shot) -> bool:
        """True if this frame, the next one that came, is not exposed as metering or a hand would have it."""
        with self._lock:
            last, self._last = self._last, shot
            if self._lent is None:
                self._own = shot
                return False
            return self._shows(shot, last)

    def _shows(self, shot: Shot, last: Shot | None) -> bool:
        is_lent, is_own = _is_exposed(shot, *self._lent), _is_alike(shot, self._own)
        self._has_shown = self._has_shown or is_lent
        if not self._is_back:
            return not is_own
        self._left -= 1
        rests = is_own or (not is_lent and _is_alike(shot, last))
        if (rests and self._has_shown) or self._left <= 0:
            self._lent, self._own = None, shot
            return False
        return not rests


def _is_alike(shot: Shot, other: Shot | None) -> bool:
    return other is not None and _is_exposed(shot, other.exposure_us, other.analogue_gain)


def _is_exposed(shot: Shot, exposure_us: float | None, analogue_gain: float | None) -> bool:
    if exposure_us is None or analogue_gain is None:
        return False
    return is_same(shot.exposure_us, exposure_us) and is_same(shot.analogue_gain, analogue_gain)
