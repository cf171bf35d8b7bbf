"""The thread that moves frames from the camera into the ring, and brings the camera back when it falls silent."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable

from firmware.camera_report import CameraReport
from firmware.cameras.base import Camera, ExposureLimits, open_camera
from firmware.cameras.whole_frames import WholeFrames
from firmware.errors import CameraError, CameraHung, FrameRepeated, FrameTorn, NightjarError
from firmware.memory import MEGABYTE, available_bytes
from firmware.night.lending import Lending
from firmware.night.memory import merge_bytes
from firmware.ring import Ring, check_memory, frame_time_ns
from firmware.service.heartbeat import Heartbeats
from firmware.service.thread_name import tell_kernel
from firmware.settings import Settings
from isp.errors import IspError
from isp.frames import RawFrame

logger = logging.getLogger(__name__)

# Opening a camera module loads its tuning and restarts its sensor: seconds on a Zero 2 W, never this long.
OPEN_LIMIT_S = 60.0
FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 30.0
# How late the thread may wake when a busy board has no time for it; beyond that it is stuck.
WAKING_LIMIT_S = 3.0
# Frames in work beside those in the camera's buffers.
ON_THE_SENSOR = 6
# What developing one photo takes beside the frames in ring and queue, in frames: bench says 130 MB at 12 Mpix.
DEVELOPING_FRAMES = 5


class CameraThread:
    """Only this thread touches the camera. Others read `report` and `ring`, and wait for `changed`."""

    def __init__(
        self,
        settings: Settings,
        heartbeats: Heartbeats,
        changed: Callable[[], None],
        opener: Callable[[Settings], Camera] = open_camera,
        takes_bursts: bool = False,
    ) -> None:
        self.report = CameraReport("starting")
        self.ring: Ring | None = None
        self.failure: NightjarError | IspError | None = None
        self.frame_limit_s = OPEN_LIMIT_S
        self._settings = settings
        self._heartbeats = heartbeats
        self._changed = changed
        self._opener = opener
        self._takes_bursts = takes_bursts
        self._stop = threading.Event()
        self._camera: Camera | None = None
        self.exposure_limits: ExposureLimits | None = None
        self._wanted_exposure: tuple[int, float] | None = None
        self._borrowed_exposure: tuple[int, float] | None = None
        self._lending = Lending(frames_on_their_way(settings))
        self._applied_exposure: tuple[int, float] | None = None
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)

    def start(self) -> None:
        """Open the camera and stream, in the thread."""
        self._thread.start()

    def set_exposure(self, exposure_us: int, analogue_gain: float) -> None:
        """Ask for this exposure from one of the next frames on, also after reopening; 0 meters."""
        self._wanted_exposure = (exposure_us, analogue_gain)

    def borrow_exposure(self, exposure_us: int, analogue_gain: float) -> None:
        """For a burst: ask for this exposure until it is given back, whatever `set_exposure` says meanwhile."""
        self._lending.lend(exposure_us, analogue_gain)
        self._borrowed_exposure = (exposure_us, analogue_gain)

    def give_exposure_back(self) -> None:
        """After the burst: what `set_exposure` said last holds again; if it never did, the settings' exposure."""
        if self._borrowed_exposure is not None:
            by_hand = self._settings.exposure
            self._wanted_exposure = self._wanted_exposure or (by_hand.fixed_us, by_hand.fixed_gain)
            self._borrowed_exposure = None
            self._lending.take_back()

    def newest(self) -> RawFrame | None:
        """The newest frame, None before the first."""
        return self.ring.newest() if self.ring else None

    def memory_to_come_bytes(self, ring: Ring) -> int:
        """What the ring still takes until it is full, the photos of a full queue, and a burst where there are any."""
        bursts = merge_bytes(ring.frame_bytes) if self._takes_bursts else 0
        return self.photos_to_come_bytes(ring) + bursts

    def photo_to_come_bytes(self, ring: Ring) -> int:
        """What the ring still takes, and one more photo."""
        return (ring.capacity - len(ring) + 1 + DEVELOPING_FRAMES) * ring.frame_bytes

    def photos_to_come_bytes(self, ring: Ring) -> int:
        """The same without the burst."""
        waiting = self._settings.darkroom.queue + 1
        return (ring.capacity - len(ring) + waiting + DEVELOPING_FRAMES) * ring.frame_bytes

    def close(self, timeout_s: float) -> None:
        """Stop streaming. A camera in the middle of a long exposure is left to the kernel after `timeout_s`."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if self._thread.is_alive():
            logger.warning("The camera is in the middle of something; it is left to the kernel to close.")

    def _run(self) -> None:
        tell_kernel()
        try:
            if self._bring_up(self._open):
                self._make_ring(self._camera)
                self._move_frames(self._camera)
        except (NightjarError, IspError) as error:
            self.failure = error
        finally:
            self._heartbeats.beat("camera", within_s=OPEN_LIMIT_S)
            if self._camera is not None:
                self._camera.close()
            self._heartbeats.forget("camera")
            self._say("closed", self.report.reason)

    def _open(self) -> None:
        camera = self._opener(self._settings)
        try:
            camera.start()
        except CameraError:
            camera.close()
            raise
        self._camera = camera
        self.exposure_limits = camera.exposure_limits
        self.report = dataclasses.replace(self.report, name=camera.name, sensor=camera.sensor)

    def _bring_up(self, attempt: Callable[[], None]) -> bool:
        """Call `attempt` until it succeeds, waiting longer each time; False when told to stop meanwhile.

        Raises CameraHung: what hangs still holds the camera, so this process cannot open it again.
        """
        pause_s = FIRST_RETRY_S
        while not self._stop.is_set():
            self._heartbeats.beat("camera", within_s=OPEN_LIMIT_S)
            try:
                attempt()
            except CameraHung:
                raise
            except CameraError as error:
                if self.report.reason != str(error):
                    logger.error("No camera: %s Trying again, at most every %.0f s.", error, LONGEST_RETRY_S)
                self._say("no camera", str(error))
                self._pause(pause_s)
                pause_s = min(2 * pause_s, LONGEST_RETRY_S)
            else:
                return True
        return False

    def _make_ring(self, camera: Camera) -> None:
        height, width = camera.frame_shape
        ring = Ring(self._settings.ring.memory_mb, 2 * height * width, camera.frame_interval_s)
        check_memory(self.photos_to_come_bytes(ring))
        available, with_bursts = available_bytes(), self.memory_to_come_bytes(ring)
        if available is not None and available < with_bursts:
            logger.warning(
                "Bursts will be refused: with them %.0f MB of memory are taken, and %.0f MB are free. Lower [ring] "
                "memory_mb or [camera] width_px.",
                with_bursts / MEGABYTE,
                available / MEGABYTE,
            )
        self.ring = ring
        logger.info("Camera %s, sensor %s, %d x %d", camera.name, camera.sensor, width, height)

    def _move_frames(self, camera: Camera) -> None:
        silent_tries, whole_s = 0, time.monotonic()
        frames = WholeFrames(frames_on_their_way(self._settings), camera.is_noisy)
        while not self._stop.is_set():
            self._apply_exposure(camera)
            # The first frame of another exposure comes at another pace than the last one did.
            pace_s = max(camera.frame_interval_s, self._asked_s())
            self.frame_limit_s = pace_s + self._settings.camera.frame_timeout_s
            self._heartbeats.beat("camera", within_s=self.frame_limit_s + WAKING_LIMIT_S)
            try:
                frame = camera.next_frame(self.frame_limit_s)
                frames.check(frame)
            except CameraError as error:  # CameraStalled, FrameTorn and FrameRepeated are some
                reason = str(error)
                if isinstance(error, FrameTorn | FrameRepeated):
                    self._leave_out(error)
                    if time.monotonic() - whole_s < self.frame_limit_s:
                        continue
                    reason = f"No whole frame for {self.frame_limit_s:.1f} s. {error}"
                self._recover(camera, reason, silent_tries)
                silent_tries, whole_s = silent_tries + 1, time.monotonic()
            else:
                silent_tries, whole_s = 0, time.monotonic()
                self.ring.push(frame, for_photos=not self._lending.shows(frame.shot))
                if self.report.state != "streaming":
                    self._say("streaming")

    def _leave_out(self, error: FrameTorn | FrameRepeated) -> None:
        """Count a frame that is not worth having. Logged when it begins, not each time."""
        log = logger.debug if self.report.leaves_out else logger.warning
        log("A frame is left out: %s", error)
        self.report = self.report.leaving_out(error)
        self._changed()

    def _recover(self, camera: Camera, reason: str, silent_tries: int) -> None:
        """Reopen a camera that fell silent. Silent again after reopening, it is given more time before the next try."""
        self.report = dataclasses.replace(self.report, stalls=self.report.stalls + 1)
        logger.warning("No frames (%d times since the start): %s Reopening the camera.", self.report.stalls, reason)
        self._say("stalled", reason)
        if silent_tries:
            self._pause(min(FIRST_RETRY_S * 2**silent_tries, LONGEST_RETRY_S))
        self._bring_up(camera.recover)
        self._applied_exposure = None

    def _apply_exposure(self, camera: Camera) -> None:
        borrowed = self._borrowed_exposure
        wanted = borrowed or self._wanted_exposure
        if wanted == self._applied_exposure:
            return
        self._applied_exposure = wanted
        try:
            camera.set_exposure(*wanted)
        except CameraError as error:
            whose = "[exposure] fixed_us, fixed_gain" if borrowed is None else "The burst's exposure"
            logger.error("%s: %s The exposure stays as it was.", whose, error)

    def _asked_s(self) -> float:
        return self._applied_exposure[0] / 1e6 if self._applied_exposure else 0.0

    def _pause(self, seconds: float) -> None:
        self._heartbeats.beat("camera", within_s=seconds + WAKING_LIMIT_S)
        self._stop.wait(seconds)

    def _say(self, state: str, reason: str = "") -> None:
        self.report = dataclasses.replace(self.report, state=state, reason=reason)
        self._changed()


def frames_on_their_way(settings: Settings) -> int:
    """At most so many frames of the old exposure come after another one was asked for."""
    return settings.camera.buffer_count + ON_THE_SENSOR


def frame_age_s(ring: Ring | None, now_ns: int | None = None) -> float | None:
    """How long ago the newest frame was exposed, or None before the first."""
    frame = ring.newest() if ring else None
    now_ns = time.monotonic_ns() if now_ns is None else now_ns
    return None if frame is None else (now_ns - frame_time_ns(frame)) / 1e9
