"""What a preview does in modes that blur: looks for the subject beside the pictures, and blurs each as far as known."""

from __future__ import annotations

import dataclasses
import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from accelerators.errors import RuntimeMissing
from firmware.preview.mask_thread import FindMask, MaskThread
from isp.bokeh import Bokeh
from isp.ground import INSIDE, NO_GROUND, ground_of

if TYPE_CHECKING:
    import numpy as np

    from firmware.preview.blur import Blur
    from firmware.preview.picture import Picture
    from isp.ground import Ground
    from isp.tone import Tone

# When somebody asks for one picture, it waits so long for the subject: a Pi 4 finds it in a third of that.
ON_REQUEST_S = 1.0
# Where the subject stands is followed as slowly as its mask: a foot that comes and goes must not move the blur.
GROUND_SETTLING_NS = 500_000_000


class PortraitView:
    """Blurs previews. `draw` is the preview thread's; `rest`, for any thread, ends the search and frees the memory.

    find_mask  see `firmware.preview.mask_thread`; None where nothing can find one
    may_look   waits so many seconds for photos in work; False where one still is
    """

    def __init__(self, find_mask: FindMask | None, may_look: Callable[[float], bool]) -> None:
        self._find_mask = find_mask
        self._may_look = may_look
        self._lock = threading.Lock()
        self._masks: MaskThread | None = None
        self._blur: Blur | None = None
        self._ground = SteadyGround()

    @property
    def is_resting(self) -> bool:
        """True when it holds no memory."""
        return self._masks is None

    def draw(self, picture: Picture, bokeh: Bokeh, tone: Tone, time_ns: int, patience_s: float = 0.0) -> dict[str, Any]:
        """Blur a preview in place by what is known of its subject, and look again as soon as the last look is done.

        bokeh       planned for a frame of this size
        tone        what the picture was developed with
        patience_s  how long to wait for a look at this very picture
        Returns plain values for whoever views it: blurred, why not, and how often the subject is looked for.
        """
        if self._find_mask is None:
            return _plain("nothing here can find a subject")
        try:
            return self._blurred(picture, bokeh, tone, time_ns, patience_s)
        except RuntimeMissing as error:
            return _plain(str(error))

    def _blurred(self, picture: Picture, bokeh: Bokeh, tone: Tone, time_ns: int, patience_s: float) -> dict[str, Any]:
        from firmware.preview.moving import follow
        from firmware.preview.picture import views_of

        masks, blur = self._working()
        planes = views_of(picture)
        if masks.wants():
            masks.take(blur.in_small(planes), time_ns)
            if patience_s:
                masks.wait_until_idle(patience_s)
        steady = masks.at(time_ns)
        if steady is not None and steady.mask.max() < INSIDE:
            steady = None
        if steady is not None:
            here = follow(steady.mask, steady.luma, blur.luma_in_small(planes))
            steady = dataclasses.replace(steady, mask=here)
            blur.draw(planes, steady, self._ground.under(steady.mask, bokeh, time_ns), tone)
        return {
            "blurred": steady is not None,
            "why_plain": None if steady is not None else masks.why_plain() or "the subject has only just come",
            "looks_per_second": round(masks.looks_per_second(time.monotonic()), 1),
        }

    def rest(self, timeout_s: float = 0.0) -> None:
        """Look no more; the look in work is waited for so long."""
        with self._lock:
            masks, self._masks, self._blur = self._masks, None, None
            self._ground = SteadyGround()
        if masks is not None:
            masks.close(timeout_s)

    def _working(self) -> tuple[MaskThread, Blur]:
        from firmware.preview.blur import Blur

        with self._lock:
            if self._masks is None:
                self._masks, self._blur = MaskThread(self._find_mask, self._may_look), Blur()
            return self._masks, self._blur


def _plain(why: str) -> dict[str, Any]:
    return {"blurred": False, "why_plain": why, "looks_per_second": 0.0}


class SteadyGround:
    """Where the subject stands, followed slowly. One thread uses it."""

    def __init__(self) -> None:
        self._ground: Ground | None = None
        self._goal: Ground | None = None
        self._mask: np.ndarray | None = None
        self._known_ns = 0

    def under(self, mask: np.ndarray, bokeh: Bokeh, time_ns: int) -> Bokeh:
        """The blur knowing the ground under this mask; a recipe that knows it already stays as it is."""
        if bokeh.ground is not None:
            return bokeh
        if mask is not self._mask:
            self._mask = mask
            self._goal = ground_of(mask) if mask.max() >= INSIDE else (self._goal or NO_GROUND)
        share = 1.0 - math.exp(-max(time_ns - self._known_ns, 0) / GROUND_SETTLING_NS)
        before = self._goal if self._ground is None else self._ground
        self._ground = tuple(old + share * (new - old) for old, new in zip(before, self._goal, strict=True))
        self._known_ns = time_ns
        return dataclasses.replace(bokeh, ground=self._ground)
