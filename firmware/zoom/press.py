"""What a press in a mode that zooms asked for."""

from __future__ import annotations

from dataclasses import dataclass

from isp.zoom.crop import Crop


@dataclass(frozen=True)
class ZoomPress:
    """Held fast at the press: another zoom meanwhile is for the next one.

    factor  that was asked for, 1 to 3
    crop    the part of the frame that this is
    """

    factor: float
    crop: Crop
