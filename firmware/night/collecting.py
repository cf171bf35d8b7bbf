"""The frames of one burst, out of the ring: each is had once and in order, and its own facts say whether it belongs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from firmware.camera_thread import CameraThread
from firmware.night.plan import SAME, BurstPlan, is_same
from firmware.settings import Settings
from isp.burst.fitting import ALIKE
from isp.frames import RawFrame, Shot

# Somebody who ends the burst is heard within this time.
LOOK_S = 0.1
# Frames that were in work when the exposure was asked for come first: the camera's buffers, and so many on the sensor.
ON_THE_SENSOR = 6


@dataclass
class Counts:
    """What became of the frames that came."""

    collected: int = 0
    other_exposure: int = 0
    lost: int = 0
    exposure_kept: bool = False
    refused: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the sidecar."""
        return {
            "collected": self.collected,
            "frames_refused": self.refused,
            "frames_of_another_exposure": self.other_exposure,
            "frames_lost": self.lost,
            "camera_kept_its_exposure": self.exposure_kept,
        }


class Collecting:
    """Gives the burst's frames until it is whole or somebody says why it ends; `ended` then says so.

    Make it right after the camera was asked for the plan's exposure.

    since_ns   frames exposed before this moment are not looked at
    why_end    asked before each frame; words end the burst
    """

    def __init__(
        self, camera: CameraThread, plan: BurstPlan, since_ns: int, settings: Settings, why_end: Callable[[], str]
    ) -> None:
        self.counts = Counts()
        self.ended = ""
        self._camera = camera
        self._ring = camera.ring
        self._seen = self._ring.came_before(since_ns)
        self._total_ns = int(settings.night.total_s * 1e9)
        self._patience = settings.camera.buffer_count + ON_THE_SENSOR
        self._why_end = why_end
        self._planned = plan.frames
        self._exposure = (plan.exposure_us, plan.analogue_gain)
        self._tolerance = SAME
        self._first_ns: int | None = None
        # The exposure has just been asked for: what the ring holds already cannot have heard of it.
        self._before_asking = self._ring.pushed
        self._strangers = 0

    def next_frame(self) -> RawFrame | None:
        """The next frame that belongs to the burst, or None at its end."""
        while not self._is_over():
            came = self._ring.after(self._seen, LOOK_S)
            if came is None:
                continue
            number, frame = came
            self.counts.lost += number - self._seen - 1
            self._seen = number
            if self._belongs(frame):
                return frame
        return None

    def leave_out(self, why: str) -> None:
        """The frame that was given last does not count."""
        self.counts.collected -= 1
        self.counts.refused.append(why)
        if len(self.counts.refused) > self._patience:
            self.ended = self.ended or f"{len(self.counts.refused)} frames did not fit the burst"

    def _is_over(self) -> bool:
        if self.counts.collected >= self._planned:
            return True
        self.ended = self.ended or self._why_end() or self._silence()
        return bool(self.ended)

    def _silence(self) -> str:
        report = self._camera.report
        if report.state != "streaming":
            return f"the camera fell silent ({report.state})" + (f": {report.reason}" if report.reason else "")
        silent_s = self._ring.newest_age_s()
        # The camera thread says so itself at this limit; later than that it hangs.
        return f"no frame came for {silent_s:.1f} s" if silent_s > 2 * self._camera.frame_limit_s else ""

    def _belongs(self, frame: RawFrame) -> bool:
        shot = frame.shot
        if self._first_ns is not None and shot.timestamp_ns - self._first_ns > self._total_ns:
            self.ended = f"the {self._total_ns / 1e9:g} s that a burst may take are over"
            return False
        if not (self._is_planned(shot) or self._settles_for(shot)):
            self.counts.other_exposure += 1
            return False
        self._strangers = 0
        if self._first_ns is None:
            self._first_ns = shot.timestamp_ns
            # What the sensor made of the exposure that was asked for is what all the others have to have.
            self._exposure, self._tolerance = (shot.exposure_us, shot.analogue_gain), ALIKE
        self.counts.collected += 1
        return True

    def _is_planned(self, shot: Shot) -> bool:
        planned_us, planned_gain = self._exposure
        tolerance = self._tolerance
        return is_same(shot.exposure_us, planned_us, tolerance) and is_same(shot.analogue_gain, planned_gain, tolerance)

    def _settles_for(self, shot: Shot) -> bool:
        """The exposure asked for does not come. A burst that has begun ends; else it is made of what does come."""
        if self._seen <= self._before_asking:
            return False
        self._strangers += 1
        if self._strangers <= self._patience:
            return False
        if self.counts.collected:
            self.ended = "the camera changed its exposure"
            return False
        self.counts.exposure_kept = True
        self._exposure = (shot.exposure_us, shot.analogue_gain)
        return True
