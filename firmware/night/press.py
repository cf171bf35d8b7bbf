"""One press in a mode that takes bursts: what is known of it from the press to the picture."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from isp.frames import RawFrame

if TYPE_CHECKING:
    from firmware.night.plan import BurstPlan
    from firmware.settings import Settings
    from firmware.storage.photo_name import PhotoName
    from firmware.zoom.press import ZoomPress
    from isp.light_estimate import Judge
    from isp.pipeline import Pipeline
    from isp.tuning import Tuning


@dataclass
class BurstPress:
    """What the press meant, held fast: a reload or another mode meanwhile is for the next press.

    judge   of the light; None takes the classical one
    frame   a photo of this moment, whatever happens: of the press, then the burst's first
    files   the photo's name, or why the card gives none
    first   the burst's first frame
    kept    when that frame was durable on the card, or why it is not; None where no raw files are wanted
    zoom    in modes that zoom: how far, and which part
    done    the photo's report, or why there is none
    """

    press_ns: int
    mode: str
    settings: Settings
    pipeline: Pipeline
    tuning: Tuning | None
    frame: RawFrame
    judge: Judge | None = None
    zoom: ZoomPress | None = None
    plan: BurstPlan | None = None
    collected: int = 0
    is_collecting: bool = True
    files: Future[PhotoName] = field(default_factory=Future)
    first: Future[RawFrame] = field(default_factory=Future)
    kept: Future[int | None] = field(default_factory=Future)
    done: Future[dict[str, Any]] = field(default_factory=Future)
    _why_end: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def end(self, why: str) -> None:
        """Finish with the frames at hand. Who says so first is remembered."""
        with self._lock:
            self._why_end = self._why_end or why

    @property
    def why_end(self) -> str:
        """Why it ends early; empty as long as nobody said so."""
        return self._why_end

    @property
    def state(self) -> str:
        """planning, collecting or merging."""
        if not self.is_collecting:
            return "merging"
        return "planning" if self.plan is None else "collecting"

    @property
    def in_words(self) -> str:
        """How far it is, for a person."""
        if self.plan is None or not self.is_collecting:
            return f"{self.state} a burst" if self.plan is None else f"merging {self.collected} frames"
        return f"collecting {self.collected} of {self.plan.frames}"

    def report(self) -> dict[str, Any]:
        """Plain values for `nightjar status`."""
        planned = self.plan.frames if self.plan else None
        return {
            "state": self.state,
            "in_words": self.in_words,
            "collected": self.collected,
            "planned": planned,
        }
