"""Recorded raw files in the place of a camera: played in order of name, again and again, on today's clock."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from pathlib import Path

from firmware.cameras.base import ModeFacts
from firmware.errors import CameraError, CameraStalled, RawFileError
from firmware.files.raw_files import SUFFIXES, list_raw_files, read_raw
from firmware.settings import Settings
from isp.frames import UNKNOWN_SENSOR, RawFrame

logger = logging.getLogger(__name__)

SECOND_NS = 1_000_000_000


class ReplayCamera:
    """Plays a folder of raw files. A frame keeps its facts and its wall time; its timestamp is the play's."""

    name = "replay"
    is_noisy = False  # A short folder is played again and again.

    def __init__(self, settings: Settings) -> None:
        self._folder = Path(settings.replay.folder)
        self._interval_ns = round(SECOND_NS / settings.replay.frames_per_second)
        self._files: list[Path] = []
        self._position = 0
        self._due_ns = 0
        self._shape = (0, 0)
        self._closed = threading.Event()
        self.sensor = UNKNOWN_SENSOR

    def start(self) -> None:
        """Look at every file once, so that a bad one is named now. Raises CameraError when nothing can be played."""
        found = self._find()
        self._files = []
        for path in found:
            self._admit(path)
        if not self._files:
            raise CameraError(f"None of the {len(found)} raw files in {self._folder} can be read; see the warnings.")
        self._position = 0
        self._closed.clear()
        self._due_ns = time.monotonic_ns() + self._interval_ns
        logger.info("replaying %d files from %s, %d x %d", len(self._files), self._folder, *self._shape[::-1])

    @property
    def frame_shape(self) -> tuple[int, int]:
        """(height, width) of every frame."""
        return self._shape

    @property
    def frame_interval_s(self) -> float:
        """Seconds between frames, as the settings say."""
        return self._interval_ns / SECOND_NS

    @property
    def exposure_limits(self) -> None:
        """None: what was recorded stays as it was exposed."""
        return None

    @property
    def granted(self) -> ModeFacts:
        """Of the files; raw files do not tell how many bits the sensor was read out with."""
        height, width = self._shape
        return ModeFacts(width, height, 0, "raw files", 1.0 / self.frame_interval_s)

    @property
    def offered(self) -> tuple[ModeFacts, ...]:
        """None: the files have one size."""
        return ()

    def next_frame(self, timeout_s: float, not_before_ns: int | None = None) -> RawFrame:
        """The next file at its time; with `not_before_ns` the first whose exposure began at or after it."""
        deadline_ns = time.monotonic_ns() + round(timeout_s * SECOND_NS)
        while True:
            self._wait_until(min(self._due_ns, deadline_ns))
            if self._due_ns > deadline_ns:
                raise CameraStalled(
                    f"No frame within {timeout_s:g} s; {self._folder} plays one every {self.frame_interval_s:g} s. "
                    "Raise [replay] frames_per_second or [camera] frame_timeout_s."
                )
            began_ns = self._due_ns - self._interval_ns
            self._advance()
            if not_before_ns is None or began_ns >= not_before_ns:
                return self._play(began_ns)

    def set_exposure(self, exposure_us: int, analogue_gain: float) -> None:
        """Nothing: what was recorded stays as it was exposed."""

    def recover(self) -> None:
        """Begin again with the first file."""
        self.start()

    def close(self) -> None:
        """Stop; a waiting `next_frame` ends with CameraError."""
        self._closed.set()

    def _find(self) -> list[Path]:
        where = "Set [replay] folder to a folder of .dng, .raw + .toml or other raw files."
        if not self._folder.parts:
            raise CameraError(f"The replay camera has no folder. {where}")
        try:
            found = list_raw_files(self._folder)
        except OSError as error:
            raise CameraError(f"Cannot look into {self._folder}: {error.strerror}. {where}") from error
        if not found:
            raise CameraError(f"{self._folder} holds no raw files ({', '.join(SUFFIXES[:3])}, ...). {where}")
        return found

    def _admit(self, path: Path) -> None:
        """Take a file into the play; a camera has one size and one sensor."""
        try:
            frame = read_raw(path)
        except RawFileError as error:
            logger.warning("left out of the replay: %s", error)
            return
        if not self._files:
            self._shape, self.sensor = frame.pixels.shape, frame.shot.sensor
        if (frame.pixels.shape, frame.shot.sensor) != (self._shape, self.sensor):
            found, first = (f"{shape[1]} x {shape[0]}" for shape in (frame.pixels.shape, self._shape))
            raise CameraError(
                f"{path.name} is {found} from sensor {frame.shot.sensor}, {self._files[0].name} is {first} from "
                f"{self.sensor}. A camera has one size and one sensor: put them into folders of their own."
            )
        self._files.append(path)

    def _wait_until(self, moment_ns: int) -> None:
        remaining_s = max(moment_ns - time.monotonic_ns(), 0) / SECOND_NS
        if self._closed.wait(remaining_s):
            raise CameraError("The replay camera is closed. Start it first.")

    def _advance(self) -> None:
        """The next moment of the play; moments that nobody waited for are skipped, as a camera drops frames."""
        late_ns = max(time.monotonic_ns() - self._due_ns, 0)
        self._due_ns += (1 + late_ns // self._interval_ns) * self._interval_ns

    def _play(self, began_ns: int) -> RawFrame:
        """The next file that can be read, as if its exposure had begun at this moment."""
        while self._files:
            path = self._files[self._position % len(self._files)]
            try:
                frame = read_raw(path)
            except RawFileError as error:
                logger.warning("left out of the replay from now on: %s", error)
                self._files.remove(path)
                continue
            self._position += 1
            return dataclasses.replace(frame, shot=dataclasses.replace(frame.shot, timestamp_ns=began_ns))
        raise CameraError(f"No file in {self._folder} can be read any more; see the warnings.")
