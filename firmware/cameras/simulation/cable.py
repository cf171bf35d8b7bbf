"""The ribbon cable of the simulated camera: a file whose first line says how it sits. Faults come and go as it does.

The faults are a real module's: not found, silent, a frame that is cut short and ends with what lay in memory before,
and a frame that is handed over twice.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from firmware.errors import CameraError
from isp.frames import RawFrame

FINE, OUT, SILENT, TORN, REPEATING = "fine", "out", "silent", "torn", "repeating"
WORDS = (FINE, SILENT, TORN, REPEATING)
# Where a frame is torn, as a share of its height.
TEAR = 0.6


class Cable:
    """Follows the file at `path`; without one the cable sits well."""

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None
        self._before: RawFrame | None = None

    def require_plugged_in(self) -> None:
        """Raises CameraError while the file is not there, as libcamera does of a module it does not find."""
        if self.fault(0) == OUT:
            raise CameraError(
                f"No camera module: {self._path}, which stands for its ribbon cable, is not there. Make that file, or "
                'set [simulated] cable = "".'
            )

    def fault(self, number: int) -> str:
        """What is wrong with the frame of this number; FINE where nothing is."""
        if self._path is None:
            return FINE
        try:
            word, _, every = self._path.read_text(encoding="utf-8").partition("\n")[0].partition(" ")
        except FileNotFoundError:
            return OUT
        except (OSError, UnicodeDecodeError) as error:
            raise CameraError(f"{self._path} cannot be read: {error}.") from None
        if (word and word not in WORDS) or (every and not (every.isdigit() and int(every))):
            raise CameraError(
                f"{self._path} says {f'{word} {every}'.strip()!r}; it may say {', '.join(WORDS)}, and a number: "
                "torn 3 is every third frame."
            )
        return word or FINE if number % int(every or 1) == 0 else FINE

    def carried(self, frame: RawFrame, fault: str) -> RawFrame:
        """The frame as it comes out at the other end."""
        if self._path is None:
            return frame
        before = self._before or frame
        if fault == TORN:
            tear = round(TEAR * len(frame.pixels))
            frame = RawFrame(np.concatenate([frame.pixels[:tear], before.pixels[tear:]]), frame.shot)
        self._before = before if fault == REPEATING else frame
        return self._before
