"""The last raw frames in memory, so that a photo is the frame nearest the press and not the next one after it."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from firmware.errors import CameraStalled, SettingsError
from firmware.memory import MEGABYTE, MEMINFO, available_bytes
from isp.frames import RawFrame

logger = logging.getLogger(__name__)

# One frame may be just before the press and one just after it; choosing takes both.
FEWEST_FRAMES = 2


class Ring:
    """Frames in order of time, as many as fit the memory. One thread pushes, any thread may ask."""

    def __init__(self, memory_mb: int, frame_bytes: int, frame_interval_s: float) -> None:
        self.capacity = memory_mb * MEGABYTE // frame_bytes
        if self.capacity < FEWEST_FRAMES:
            needed_mb = -(-FEWEST_FRAMES * frame_bytes // MEGABYTE)
            raise SettingsError(
                f"[ring] memory_mb = {memory_mb} holds {self.capacity} frames of {frame_bytes / MEGABYTE:.1f} MB; the "
                f"ring needs {FEWEST_FRAMES}. Set memory_mb = {needed_mb} or more, or a smaller [camera] width_px."
            )
        self.frame_bytes = frame_bytes
        self._frames: deque[RawFrame] = deque(maxlen=self.capacity)
        self._for_photos: deque[bool] = deque(maxlen=self.capacity)
        self._interval_ns = int(frame_interval_s * 1e9)
        self._came = threading.Condition()
        self._newest_came_s = time.monotonic()
        self.pushed = 0
        logger.info(
            "Ring: %d frames of %.1f MB in %d MB, about %.1f s of the past",
            self.capacity,
            frame_bytes / MEGABYTE,
            memory_mb,
            self.capacity * frame_interval_s,
        )

    def __len__(self) -> int:
        return len(self._frames)

    def push(self, frame: RawFrame, for_photos: bool = True) -> None:
        """Take the newest frame in; the oldest leaves when the ring is full.

        for_photos  False for a frame whose exposure was chosen for a burst
        """
        with self._came:
            self._frames.append(frame)
            self._for_photos.append(for_photos)
            self._newest_came_s = time.monotonic()
            self.pushed += 1
            self._came.notify_all()

    def nearest(self, time_ns: int, timeout_s: float) -> RawFrame:
        """The frame for a photo whose exposure's middle is nearest `time_ns`.

        Waits until a frame at or after that time is in, so that the choice is between both neighbours. When none comes
        for `timeout_s`, the newest is good if it lies within one frame interval before the press; else raises
        CameraStalled: it would show what was before. Frames exposed for a burst are waited out.
        """
        return self._nearest(time_ns, timeout_s, self._photo_frames)

    def nearest_of_any(self, time_ns: int, timeout_s: float) -> RawFrame:
        """As `nearest`, whatever the frame was exposed for."""
        return self._nearest(time_ns, timeout_s, lambda: list(self._frames))

    def _nearest(self, time_ns: int, timeout_s: float, candidates: Callable[[], list[RawFrame]]) -> RawFrame:
        just_before_ns = time_ns - self._interval_ns
        with self._came:
            while not _reach(time_ns, found := candidates()):
                # The press's other neighbour is there already, and is no candidate: the one before it is near enough.
                if _reach(just_before_ns, found) and _reach(time_ns, self._frames):
                    break
                seen = self.pushed
                if not self._came.wait_for(lambda seen=seen: self.pushed > seen, timeout_s):
                    break
            if not _reach(just_before_ns, found):
                raise CameraStalled(
                    f"No frame came within {timeout_s:.1f} s of the press; the photo was not taken. Press again when "
                    "the light says ready, and see `nightjar status` for the camera."
                )
            return min(found, key=lambda frame: abs(frame_time_ns(frame) - time_ns))

    def _photo_frames(self) -> list[RawFrame]:
        return [frame for frame, fits in zip(self._frames, self._for_photos, strict=True) if fits]

    def newest(self) -> RawFrame | None:
        """The last frame that came, or None before the first."""
        with self._came:
            return self._frames[-1] if self._frames else None

    def frames(self) -> list[RawFrame]:
        """What the ring holds, in order of time. Whoever keeps them keeps their memory."""
        with self._came:
            return list(self._frames)

    def newer(self, seen: int, timeout_s: float) -> tuple[int, RawFrame] | None:
        """How many frames have come, and the last of them, once they are more than `seen`; None if none comes."""
        with self._came:
            if not self._came.wait_for(lambda: self.pushed > seen, timeout_s):
                return None
            return self.pushed, self._frames[-1]

    def after(self, seen: int, timeout_s: float) -> tuple[int, RawFrame] | None:
        """The frame that came after the first `seen`, and how many had come with it; None if none comes.

        One after the other every frame is had once. Who lags behind finds that some have left the ring: the number
        then grows by more than one.
        """
        with self._came:
            if not self._came.wait_for(lambda: self.pushed > seen, timeout_s):
                return None
            gone = self.pushed - len(self._frames)
            number = max(seen, gone)
            return number + 1, self._frames[number - gone]

    def came_before(self, time_ns: int) -> int:
        """How many frames came that were exposed before this moment: a `seen` for `after`."""
        with self._came:
            since = sum(frame_time_ns(frame) >= time_ns for frame in self._frames)
            return self.pushed - since

    def newest_age_s(self) -> float:
        """Seconds since a frame last came; since the ring was made, before the first."""
        return time.monotonic() - self._newest_came_s


def _reach(time_ns: int, frames: Sequence[RawFrame]) -> bool:
    return bool(frames) and frame_time_ns(frames[-1]) >= time_ns


def frame_time_ns(frame: RawFrame) -> int:
    """The middle of the exposure: the moment that the picture shows. Replayed frames may not know their exposure."""
    return frame.shot.timestamp_ns + int((frame.shot.exposure_us or 0.0) * 500)


def check_memory(needed_bytes: int, meminfo: Path = MEMINFO) -> None:
    """Refuse to start with less free memory than the ring and the darkroom will take. Raises SettingsError."""
    available = available_bytes(meminfo)
    if available is not None and available < needed_bytes:
        raise SettingsError(
            f"The ring and the photos in work take {needed_bytes / MEGABYTE:.0f} MB, and {available / MEGABYTE:.0f} MB "
            "of memory are free. Lower [ring] memory_mb or [darkroom] queue, or choose a smaller [camera] width_px."
        )
