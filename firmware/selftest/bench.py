"""What every check is given, and the camera as checks use it: opened, asked for an exposure, left as it was found."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from firmware.camera_thread import frames_on_their_way
from firmware.cameras.base import Camera, open_camera
from firmware.doctor.examination import Machine
from firmware.errors import CameraError, FrameTorn
from firmware.settings import Settings
from isp.frames import RawFrame

# Gain and exposure come in steps of the sensor's own.
TOLERANCE = 0.1
# In a row: more is a cable that nothing can be measured through.
MOST_TORN = 20


@dataclass(frozen=True)
class Bench:
    """The camera that is tested: its settings, the machine under it, and whether there is little time."""

    settings: Settings
    machine: Machine
    quick: bool = False
    opener: Callable[[Settings], Camera] = open_camera
    doing: Callable[[str], None] = field(default=lambda _: None)

    @property
    def is_computed(self) -> bool:
        """Whether frames come from a program: their pace says nothing of a sensor."""
        return self.settings.camera.backend in ("simulated", "replay")

    def with_camera(self, **changes: object) -> Bench:
        """The same with other values in [camera]."""
        camera = dataclasses.replace(self.settings.camera, **changes)
        return dataclasses.replace(self, settings=dataclasses.replace(self.settings, camera=camera))


@contextlib.contextmanager
def camera_of(bench: Bench) -> Iterator[Camera]:
    """The camera, streaming. Afterwards, whatever happened, its exposure is the settings' again and it is closed."""
    camera = bench.opener(bench.settings)
    try:
        camera.start()
        try:
            yield camera
        finally:
            by_hand = bench.settings.exposure
            with contextlib.suppress(CameraError):
                camera.set_exposure(by_hand.fixed_us, by_hand.fixed_gain)
    finally:
        camera.close()


def next_frame(camera: Camera, bench: Bench, not_before_ns: int | None = None) -> RawFrame:
    """The next whole frame, waited for as long as the daemon would. Raises CameraError."""
    limit_s = camera.frame_interval_s + bench.settings.camera.frame_timeout_s
    for _ in range(MOST_TORN):
        with contextlib.suppress(FrameTorn):  # which the check of frames counts
            return camera.next_frame(limit_s, not_before_ns)
    return camera.next_frame(limit_s, not_before_ns)


def metered(camera: Camera, bench: Bench) -> RawFrame:
    """A frame of the exposure on which metering settles, or the last of those that it is given for that."""
    before = next_frame(camera, bench)
    for _ in range(2 * frames_on_their_way(bench.settings)):
        frame = next_frame(camera, bench)
        if _near(_light(frame), _light(before)):
            break
        before = frame
    return frame


def exposed(camera: Camera, bench: Bench, exposure_us: float, gain: float) -> RawFrame | None:
    """The first frame of this exposure; None where the camera does not give it, or nobody can set one."""
    limits = camera.exposure_limits
    if limits is None:
        return None
    wanted_us = min(max(exposure_us, limits.exposure_us[0]), limits.exposure_us[1])
    wanted_gain = min(max(gain, limits.analogue_gain[0]), limits.analogue_gain[1])
    camera.set_exposure(round(wanted_us), wanted_gain)
    for _ in range(2 * frames_on_their_way(bench.settings)):
        frame = next_frame(camera, bench)
        if _near(frame.shot.exposure_us, wanted_us) and _near(frame.shot.analogue_gain, wanted_gain):
            return frame
    return None


def _light(frame: RawFrame) -> float:
    """What exposure and gain make of the same scene."""
    return (frame.shot.exposure_us or 0.0) * (frame.shot.analogue_gain or 0.0)


def _near(found: float | None, wanted: float) -> bool:
    return found is not None and abs(found - wanted) <= TOLERANCE * wanted
