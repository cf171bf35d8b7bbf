"""What the daemon asks of a camera, whichever it is.

Only the camera thread calls these. Timestamps are `time.monotonic_ns()`'s clock, the same that button presses carry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from firmware.settings import Settings
from isp.frames import RawFrame


@dataclass(frozen=True)
class ExposureLimits:
    """What `set_exposure` can be asked for in the mode in use: (least, greatest), and the shortest time for a frame."""

    exposure_us: tuple[float, float]
    analogue_gain: tuple[float, float]
    shortest_frame_s: float

    @property
    def are_one(self) -> bool:
        """Nothing is left to choose."""
        return self.exposure_us[0] == self.exposure_us[1] and self.analogue_gain[0] == self.analogue_gain[1]


@dataclass(frozen=True)
class ModeFacts:
    """One way of reading a sensor out, as a camera offers or gives it.

    raw_format    in the library's own words, "SRGGB12"
    rows_take_s   from the reading of the first row to that of the last, at most; 0 where all rows are read at once
    """

    width: int
    height: int
    bits: int
    raw_format: str
    frames_per_second: float
    rows_take_s: float = 0.0


class Camera(Protocol):
    """A source of raw frames. Made closed; `start` opens the hardware."""

    name: str
    sensor: str
    # Its pixels have a sensor's noise, so that no two frames are alike.
    is_noisy: bool

    def start(self) -> None:
        """Open and stream. After it `frame_shape` and `frame_interval_s` are true. Raises CameraError."""

    @property
    def frame_shape(self) -> tuple[int, int]:
        """(height, width) of the frames that will come."""

    @property
    def frame_interval_s(self) -> float:
        """Expected seconds between frames, the exposure included."""

    @property
    def exposure_limits(self) -> ExposureLimits | None:
        """What can be asked for; None of a camera whose exposure nobody can set."""

    @property
    def granted(self) -> ModeFacts:
        """The mode that was really given."""

    @property
    def offered(self) -> tuple[ModeFacts, ...]:
        """Every mode that could be asked for; empty of a camera that has only the one."""

    def next_frame(self, timeout_s: float, not_before_ns: int | None = None) -> RawFrame:
        """The next frame; with `not_before_ns` the first whose exposure began at or after it.

        The pixels are the caller's own copy. Raises CameraStalled after `timeout_s` seconds, FrameTorn for a frame of
        which the camera itself says that it is damaged.
        """

    def set_exposure(self, exposure_us: int, analogue_gain: float) -> None:
        """Fix exposure and gain from one of the next frames on; 0 hands either back to metering."""

    def recover(self) -> None:
        """After CameraStalled: drop what is stuck, close, open again and stream. Raises CameraError if it cannot.

        CameraHung says that no further try in this process can succeed.
        """

    def close(self) -> None:
        """Stop and free the hardware; safe to call twice."""


def open_camera(settings: Settings) -> Camera:
    """The camera that `[camera] backend` names; each backend is imported only when chosen."""
    return CAMERAS[settings.camera.backend](settings)


def _picamera2(settings: Settings) -> Camera:
    from firmware.cameras.picamera2 import PiCamera

    return PiCamera(settings)


def _simulated(settings: Settings) -> Camera:
    from firmware.cameras.simulated import SimulatedCamera

    return SimulatedCamera(settings)


def _replay(settings: Settings) -> Camera:
    from firmware.cameras.replay import ReplayCamera

    return ReplayCamera(settings)


# "auto" is picamera2, which says how to choose the simulated camera when no module is present.
CAMERAS: dict[str, Callable[[Settings], Camera]] = {
    "auto": _picamera2,
    "picamera2": _picamera2,
    "simulated": _simulated,
    "replay": _replay,
}
