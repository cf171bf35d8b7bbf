"""What the camera thread says of the camera."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass

from firmware.errors import FrameRepeated, FrameTorn

# A frame that was left out is told of for so long.
LEFT_OUT_SHOWS_S = 60.0


@dataclass(frozen=True)
class CameraReport:
    """`state` is starting, streaming, stalled, no camera or closed.

    torn, repeated  frames that were left out since the start
    left_out_s      time.monotonic() of the last of them; `left_out_why` says what was wrong with it
    """

    state: str
    reason: str = ""
    name: str = ""
    sensor: str = ""
    stalls: int = 0
    torn: int = 0
    repeated: int = 0
    left_out_s: float = float("-inf")
    left_out_why: str = ""

    @property
    def leaves_out(self) -> bool:
        """Lately frames came that were not worth having."""
        return time.monotonic() - self.left_out_s < LEFT_OUT_SHOWS_S

    @property
    def left_out_in_words(self) -> str:
        """For the status."""
        return f"{self.torn} torn and {self.repeated} repeated frames were left out, the last: {self.left_out_why}"

    def leaving_out(self, error: FrameTorn | FrameRepeated) -> CameraReport:
        """The report with one more frame that was left out."""
        is_torn = isinstance(error, FrameTorn)
        return dataclasses.replace(
            self,
            torn=self.torn + is_torn,
            repeated=self.repeated + (not is_torn),
            left_out_s=time.monotonic(),
            left_out_why=str(error),
        )
