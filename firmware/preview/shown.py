"""The newest picture of the preview, and what is told of it."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isp.frames import Shot

if TYPE_CHECKING:
    from firmware.preview.picture import Picture


@dataclass(frozen=True)
class Shown:
    """A picture and the facts of its frame.

    middle_ns  the middle of the exposure, on `time.monotonic_ns()`'s clock
    size       (height, width)
    portrait   what came of the blur, in modes that blur; see `firmware.preview.portrait`
    zoom       how far, in modes that zoom
    """

    picture: Picture
    shot: Shot
    middle_ns: int
    size: tuple[int, int]
    portrait: dict[str, Any] | None = None
    zoom: float | None = None

    def frame_age_s(self) -> float:
        """How long ago the picture was so."""
        return round((time.monotonic_ns() - self.middle_ns) / 1e9, 3)

    def as_answer(self) -> dict[str, Any]:
        """Plain values for the control socket; "jpeg" is the file in base64, some hundred kilobytes."""
        from firmware.preview.picture import encode_picture

        height, width = self.size
        return {
            "jpeg": base64.b64encode(encode_picture(self.picture, self.shot)).decode("ascii"),
            "width": width,
            "height": height,
            "timestamp_ns": self.shot.timestamp_ns,
            "frame_age_s": self.frame_age_s(),
            "exposure_us": self.shot.exposure_us,
            "analogue_gain": self.shot.analogue_gain,
            "portrait": self.portrait,
            "zoom": self.zoom,
        }
