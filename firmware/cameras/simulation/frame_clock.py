"""When each frame of a free-running sensor begins and ends, and which exposure it has.

A sensor reads its registers while an earlier frame is still exposing, so a new exposure shows some frames later.
Nothing runs between calls: the clock is reckoned forward when somebody asks.
"""

from __future__ import annotations

from firmware.cameras.simulation.exposure import Exposure

# libcamera's delay for exposure on Sony sensors (CamHelper::getDelays): two frames.
PIPELINE_DELAY_FRAMES = 2


class FrameClock:
    """Stands on one frame: `number`, `began_ns`, `exposure`. It only moves forward."""

    def __init__(self, number: int, began_ns: int, exposure: Exposure, shortest_interval_ns: int) -> None:
        self.number = number
        self.began_ns = began_ns
        self.exposure = exposure
        self._shortest_interval_ns = shortest_interval_ns
        self._coming: dict[int, Exposure] = {}

    @property
    def interval_ns(self) -> int:
        """From this frame's beginning to the next one's."""
        return max(self._shortest_interval_ns, self.exposure.exposure_us * 1000)

    @property
    def ended_ns(self) -> int:
        """When this frame's exposure is over and it can be read."""
        return self.began_ns + self.exposure.exposure_us * 1000

    @property
    def last_requested(self) -> Exposure:
        """The newest exposure asked for, already showing or not."""
        return self._coming[max(self._coming)] if self._coming else self.exposure

    def request(self, exposure: Exposure, now_ns: int) -> None:
        """Have an exposure from a few frames after the one on the sensor now."""
        self.catch_up(now_ns)
        on_sensor = self.number + (self.ended_ns <= now_ns)
        self._coming[on_sensor + PIPELINE_DELAY_FRAMES] = exposure

    def catch_up(self, now_ns: int) -> None:
        """Go to the newest frame that has ended by now; stay if none later has."""
        while True:
            ended = now_ns - self.interval_ns - self.exposure.exposure_us * 1000 - self.began_ns
            if ended < 0:
                return
            self.step(1 + ended // self.interval_ns)

    def go_to_start(self, not_before_ns: int) -> None:
        """Go to the first frame whose exposure begins at or after this instant."""
        while self.began_ns < not_before_ns:
            self.step(-(-(not_before_ns - self.began_ns) // self.interval_ns))

    def step(self, frames: int = 1) -> None:
        """Go on by at most so many frames, stopping where the exposure changes."""
        if self._coming:
            frames = min(frames, max(1, min(self._coming) - self.number))
        self.began_ns += frames * self.interval_ns
        self.number += frames
        self.exposure = self._coming.pop(self.number, self.exposure)
